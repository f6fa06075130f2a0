# Sourced by scripts/test-c.sh: what was installed is what it should be, can be moved, and gets along with the rest of a program.

exports() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }
visible() { nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort; }
nothing_else() { ! grep -vE '^(conclave_|uniffi_|ffi_|UNIFFI_)' || return 1; }

# Everything that the header declares, and nothing of what is inside; the same from both libraries.
right_symbols() {
  local shared=$prefix/lib/libconclave.so static=$prefix/lib/libconclave.a
  sed -nE '/^static inline/d; s/^[a-z][^(]*[ *](conclave_[a-z0-9_]+)\(.*/\1/p' "$prefix/include/conclave.h" | sort -u >"$scratch/declared"
  exports "$shared" >"$scratch/exported"
  nothing_else <"$scratch/exported"
  diff "$scratch/exported" <(visible "$static")
  diff "$scratch/declared" <(grep '^conclave_' "$scratch/exported")
}

right_names() {
  local version file
  version=$(sed -n 's/^Version: //p' "$prefix/lib/pkgconfig/conclave.pc")
  file=$(readlink -f "$prefix/lib/libconclave.so")
  [ "$(basename "$file")" = "libconclave.so.$version" ]
  readelf -d "$file" | grep -F "soname: [libconclave.so.${version%%.*}]"
  [ "$(readlink -f "$prefix/lib/libconclave.so.${version%%.*}")" = "$file" ]
  [ -f "$prefix/share/doc/conclave/LICENSE-MIT" ] && [ -f "$prefix/share/doc/conclave/LICENSE-APACHE" ]
}

# Nor do the libraries, in the names of source files for instance.
names_no_folder() { ! grep -rF -e "$prefix" -e "$root" -e "$target" -e "${CARGO_HOME:-$HOME/.cargo}" "$prefix"; }

small_enough() { scripts/size.sh "$prefix/lib/libconclave.so"; }

# A program that has functions of the same names as some inside the library, and an unwinder's view through it.
clash() {
  local compiler=$1 libs
  shift
  libs=$(pkg-config --static --libs conclave | sed "s|-lconclave|$prefix/lib/libconclave.a|")
  # shellcheck disable=SC2046,SC2086
  "$compiler" -std=c99 -Wall -Wextra -pedantic -Werror $(pkg-config --cflags conclave) "$@" tests/package/clash.c $libs \
    -o "$scratch/clash"
  "$scratch/clash"
}

# The archive of `make dist` serves from wherever it is unpacked, and from two levels deeper, as on Debian.
archive_can_be_moved() {
  local away
  away=$(mktemp -d)
  scripts/dist.sh
  (cd dist && sha256sum -c ./*.tar.gz.sha256)
  tar -xzf dist/conclave-*.tar.gz -C "$away"
  found_by_both "$away"/conclave-*
  rm -rf "$away"
}

deeper_libdir() {
  local away
  away=$(mktemp -d)
  PREFIX=/usr DESTDIR=$away LIBDIR=lib/deeper scripts/install.sh
  found_by_both "$away/usr" lib/deeper
  rm -rf "$away"
}

# found_by_both PREFIX [LIBDIR]: a program of three lines, by pkg-config and by CMake.
found_by_both() {
  local where=$1 libdir=${2:-lib}
  # shellcheck disable=SC2046
  PKG_CONFIG_PATH=$where/$libdir/pkgconfig sh -c "cc \$(pkg-config --cflags conclave) tests/package/version.c \
    \$(pkg-config --libs conclave) -o $where/version"
  LD_LIBRARY_PATH=$where/$libdir "$where/version"
  cmake -S tests/package -B "$where/build" -DConclave_DIR="$where/$libdir/cmake/Conclave"
  cmake --build "$where/build"
  "$where/build/shared" && "$where/build/static"
}

# Before 1.0 another minor version is another library.
refuses_other_versions() {
  local asked
  for asked in 0.2 1.0 0.0.9; do
    ! cmake -S tests/package -B "$scratch/refused" -DCMAKE_PREFIX_PATH="$prefix" -DASKED=$asked || return 1
    rm -rf "$scratch/refused"
  done
}

test_package() {
  [ "$(uname -s)" = Linux ] || { leave_out c "package" "the checks read ELF files"; return 0; }
  check "the libraries export what the header declares and the bindings use" right_symbols
  check "file names, SONAME and licences" right_names
  check "nothing installed names a folder" names_no_folder
  check "size and number of symbols" small_enough
  check "a static program with names of its own, gcc" clash gcc
  check "the same without what is not used" clash gcc -Wl,--gc-sections
  if possible c "the same with clang" clang; then check "the same with clang" clash clang -Wl,--gc-sections; fi
  if possible c "installed elsewhere" cmake pkg-config; then
    check "the archive of make dist can be moved" archive_can_be_moved
    check "libraries in a folder of their own" deeper_libdir
    check "CMake refuses other versions" refuses_other_versions
  fi
}
