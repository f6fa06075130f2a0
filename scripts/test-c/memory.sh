# Sourced by scripts/test-c.sh: the C programs under valgrind, and under AddressSanitizer with the library built for it.

# "Possibly lost" is what is only known by a pointer to its middle: so Rust keeps its handle of a thread that it did not begin.
under_valgrind() {
  local name=$1 build=$scratch/c-gcc-make-shared
  [ -x "$build/$name" ] || by_make c gcc "$build" shared
  valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=9 "$build/$name"
}

test_valgrind() {
  local name
  [ -d examples/c ] || { leave_out c "valgrind" "there is no folder examples/c"; return 0; }
  possible c "valgrind" valgrind gcc pkg-config sqlite || return 0
  for name in hello add_remove offline_join check_store; do check "$name under valgrind" under_valgrind "$name"; done
}

# The library with its names, as the tests of this repository have it: without them valgrind cannot tell one place from another.
test_threads() {
  possible c "threads" valgrind gcc pkg-config sqlite || return 0
  [ -f "$target/debug/deps/libconclave.so" ] || ${CARGO:-cargo} build --quiet --package conclave-mls
  scripts/tree.sh "$target/debug/deps/libconclave.so" "$scratch/debug"
  check "tests/c under valgrind" make_with_names memcheck
  check "threads of tests/c under helgrind" make_with_names helgrind
}

make_with_names() {
  PKG_CONFIG_PATH=$scratch/debug/lib/pkgconfig make --no-print-directory -C tests/c BUILD="$scratch/debug/tests" CC=gcc "$1"
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

sanitized_examples() {
  local build=$scratch/asan/c
  PKG_CONFIG_PATH=$scratch/asan/lib/pkgconfig make --no-print-directory -j2 -C examples/c BUILD="$build" CC=gcc \
    CFLAGS="-g -fsanitize=address -Werror"
  # shellcheck disable=SC2046
  scenarios "$build" $(all_scenarios)
  "$build/check_store"
}

sanitized_tests() {
  PKG_CONFIG_PATH=$scratch/asan/lib/pkgconfig make --no-print-directory -j2 -C tests/c BUILD="$scratch/asan/tests" CC=gcc \
    CFLAGS="-g -fsanitize=address -Werror" run
}

test_sanitizer() {
  possible c "address sanitizer" asan gcc pkg-config sqlite || return 0
  check "the library builds with AddressSanitizer" sanitized_library
  if [ -d examples/c ]; then check "examples/c under AddressSanitizer" sanitized_examples; fi
  if [ -f tests/c/Makefile ]; then check "tests/c under AddressSanitizer" sanitized_tests; fi
}
