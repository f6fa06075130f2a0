# Sourced by scripts/test-c.sh: the examples and the tests in C and C++, with gcc and clang, through pkg-config and CMake, with
# the shared and the static library.

# The compiler of a language that belongs to gcc or clang.
compiler() {
  case $1-$2 in
    c-*) echo "$2" ;;
    cpp-gcc) echo g++ ;;
    cpp-clang) echo clang++ ;;
  esac
}

# What make has to be told: the language's variable for the compiler, and that warnings are errors.
tools() { if [ "$1" = c ]; then echo "CC=$2 CFLAGS=-Werror"; else echo "CXX=$2 CXXFLAGS=-Werror"; fi; }

by_make() {
  local language=$1 compiler=$2 build=$3 static=""
  [ "$4" = shared ] || static=STATIC=1
  # shellcheck disable=SC2046,SC2086
  make --no-print-directory -j2 -C "examples/$language" BUILD="$build" $(tools "$language" "$compiler") $static
}

by_cmake() {
  local language=$1 compiler=$2 build=$3 static=OFF variable=CXX
  [ "$4" = shared ] || static=ON
  [ "$language" = cpp ] || variable=C
  cmake -S "examples/$language" -B "$build" -DCMAKE_PREFIX_PATH="$prefix" -DCONCLAVE_STATIC="$static" \
    "-DCMAKE_${variable}_COMPILER=$compiler" "-DCMAKE_${variable}_FLAGS=-Werror"
  cmake --build "$build" --parallel 2
}

# A program that was to have the library inside must not look for it outside, and the other way round.
holds_library() {
  if [ "$2" = static ]; then ! ldd "$1" | grep libconclave; else ldd "$1" | grep "$prefix.*libconclave"; fi
}

prints_what_it_should() { "$1/$2" | diff -u "examples/expected/$2.txt" -; }

scenarios() {
  local build=$1 name
  shift
  for name in "$@"; do prints_what_it_should "$build" "$name"; done
}

all_scenarios() { for expected in examples/expected/*.txt; do basename "$expected" .txt; done; }

# What CMake built differs only in how it was found, so it need not run everything once more.
combination() {
  local how=$1 language=$2 compiler=$3 kind=$4 build=$scratch/$2-$3-$1-$4 names=hello
  rm -rf "$build"
  "by_$how" "$language" "$compiler" "$build" "$kind"
  holds_library "$build/hello" "$kind"
  [ "$how" = cmake ] || names=$(all_scenarios)
  # shellcheck disable=SC2086
  scenarios "$build" $names
  [ "$how" = cmake ] || "$build/check_store"
}

language_examples() {
  local language=$1 family how kind tool
  for family in gcc clang; do
    for how in make cmake; do
      tool=pkg-config
      [ "$how" = make ] || tool=cmake
      possible "$language" "examples/$language with $family by $how" "$family" "$tool" pkg-config sqlite || continue
      for kind in shared static; do
        check "examples/$language, $family, $how, $kind" combination "$how" "$language" "$(compiler "$language" "$family")" "$kind"
      done
    done
  done
}

test_examples() {
  language_examples c
  language_examples cpp
}

# The tests print how many passed.
one_test_folder() {
  local language=$1 compiler=$2
  # shellcheck disable=SC2046
  make --no-print-directory -j2 -C "tests/$language" BUILD="$scratch/tests-$language-$compiler" $(tools "$language" "$compiler") run
}

test_tests() {
  local language family
  for language in c cpp; do
    for family in gcc clang; do
      possible "$language" "tests/$language with $family" "$family" pkg-config sqlite || continue
      check "tests/$language, $family" one_test_folder "$language" "$(compiler "$language" "$family")"
      grep -E '[0-9]+ passed' "$scratch/log" | tail -n 1 | sed 's/^/   /' || true
    done
  done
}
