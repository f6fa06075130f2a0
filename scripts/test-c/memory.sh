# Sourced by scripts/test-c.sh: the C programs under valgrind, and under AddressSanitizer with the library built for it.

# "Possibly lost" is what is only known by a pointer to its middle: so Rust keeps its handle of a thread that it did not begin.
under_valgrind() {
  local name=$1 build=$scratch/c-gcc-make-shared
  by_make c gcc "$build" shared
  valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 "$build/$name"
}

test_valgrind() {
  local name
  possible c "valgrind" valgrind gcc pkg-config sqlite || return 0
  for name in hello add_remove offline_join check_store; do check "$name under valgrind" under_valgrind "$name"; done
}

# The library with its names, as the tests of this repository have it: without them valgrind cannot tell one place from another.
test_threads() {
  possible c "threads" valgrind gcc pkg-config sqlite || return 0
  library_with_names
  check "tests/c under valgrind" make_with_names c memcheck
  check "tests/cpp under valgrind" make_with_names cpp memcheck
  check "threads of tests/c under helgrind" make_with_names c helgrind
}

# The one of CONCLAVE_BUILT, as for the languages. Without that, whatever lies there may be older than the source: cargo knows.
library_with_names() {
  [ -n "${CONCLAVE_BUILT:-}" ] || ${CARGO:-cargo} build --quiet --package conclave-mls --lib
  scripts/tree.sh "${CONCLAVE_BUILT:-$target/debug/deps}/libconclave.so" "$scratch/debug"
}

make_with_names() {
  # shellcheck disable=SC2046
  PKG_CONFIG_PATH=$scratch/debug/lib/pkgconfig make --no-print-directory -C "tests/$1" BUILD="$scratch/debug/tests-$1" \
    $(tools "$1" "$(compiler "$1" gcc)") "$2"
}

# A tree like the installed one, with a library in which Rust looks at every access. Only what the compiler of Rust builds is
# watched, not AWS-LC. --target keeps the build scripts out of it.
sanitized_library() {
  local triple
  triple=$(${CARGO:-cargo} -vV | sed -n 's/^host: //p')
  RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=$target/asan \
    ${CARGO:-cargo} rustc --quiet --package conclave-mls --lib --crate-type cdylib --target "$triple" -- \
    -C link-arg=-Wl,-soname,libconclave.so.0
  rm -rf "$scratch/asan"
  mkdir -p "$scratch/asan/lib"
  cp -R "$prefix/include" "$scratch/asan/include"
  cp -R "$prefix/lib/pkgconfig" "$scratch/asan/lib/pkgconfig"
  cp "$target/asan/$triple/debug/libconclave.so" "$scratch/asan/lib/libconclave.so.0"
  ln -s libconclave.so.0 "$scratch/asan/lib/libconclave.so"
}

sanitized() { PKG_CONFIG_PATH=$scratch/asan/lib/pkgconfig make --no-print-directory -j2 "$@"; }

# What make has to be told, for programs that are watched as well.
watched() {
  if [ "$1" = c ]; then echo CC=gcc; else echo CXX=g++; fi
}

watched_flags() { if [ "$1" = c ]; then echo CFLAGS; else echo CXXFLAGS; fi; }

sanitized_examples() {
  local build=$scratch/asan/$1
  sanitized -C "examples/$1" BUILD="$build" "$(watched "$1")" "$(watched_flags "$1")=-g -fsanitize=address -Werror"
  # shellcheck disable=SC2046
  scenarios "$build" $(all_scenarios)
  "$build/check_store"
}

sanitized_tests() {
  sanitized -C "tests/$1" BUILD="$scratch/asan/tests-$1" "$(watched "$1")" \
    "$(watched_flags "$1")=-g -fsanitize=address -Werror" run
}

test_sanitizer() {
  possible c "address sanitizer" asan gcc pkg-config sqlite || return 0
  check "the library builds with AddressSanitizer" sanitized_library
  local language
  for language in c cpp; do
    check "examples/$language under AddressSanitizer" sanitized_examples "$language"
    check "tests/$language under AddressSanitizer" sanitized_tests "$language"
  done
}
