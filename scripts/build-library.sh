#!/usr/bin/env bash
# Builds the C library as it is shipped: `scripts/build-library.sh DIRECTORY` leaves there the shared library, the static one, and
# `version`, `target` and `native-libs` (what a program that takes the static one has to link besides).
#
# This is our own recipe and not cargo-c's: cargo-c names the library for itself, by the minor version too while that is 0.x, and
# where the name is set anywhere else the links it makes do not match it, so programs do not start. It takes minutes to build, too.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
profile=${PROFILE:-library}
built=${CARGO_TARGET_DIR:-target}/$profile
out=${1:?the directory to build into}
mkdir -p "$out"

# AES-GCM by AVX-512 is unrolled so far that it takes an eighth of the library, and AES-GCM by AVX and AES-NI is quick: this is how
# AWS-LC is told to go without.
[ "$profile" != library ] || export CFLAGS="${CFLAGS:-} -DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX"

# No folder of this machine gets into the libraries: panics name source files as they are called here. (AWS-LC does so by itself
# for its C.) The flags are passed in the form that bears spaces; of several that fit, rustc takes the last one.
names_of_sources() {
  local separator=$'\x1f' source flags
  flags=${CARGO_ENCODED_RUSTFLAGS-$(printf '%s' "${RUSTFLAGS:-}" | tr -s ' ' "$separator")}
  source=$(${RUSTC:-rustc} --print sysroot)/lib/rustlib/src/rust
  set -- "$PWD=/conclave" "$(absolute "${CARGO_TARGET_DIR:-target}")=/built" "${CARGO_HOME:-$HOME/.cargo}=/cargo" "$source=/rust"
  printf '%s' "$flags" "${@/#/${separator}--remap-path-prefix=}" | sed "s/^$separator//"
}

absolute() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }

CARGO_ENCODED_RUSTFLAGS=$(names_of_sources)
export CARGO_ENCODED_RUSTFLAGS

version() { sed -n '/^\[workspace.package\]/,/^\[package\]/s/^version = "\(.*\)"$/\1/p' Cargo.toml; }

# The name under which programs look for the shared library is given to the linker here and not in build.rs: the library in
# target/ has none, so Rust, Python and Kotlin find it there as it is.
name_for_loader() {
  case $(uname -s) in
    Linux) echo "-Wl,-soname,libconclave.so.$major" ;;
    Darwin) echo "-Wl,-install_name,@rpath/libconclave.$major.dylib" ;; # not verified here
    *) echo "no recipe for $(uname -s): see docs/embedding.md" >&2; return 1 ;;
  esac
}

# The compiler says which system libraries the static library needs; it says so again when there is nothing to build.
compile() {
  local said=$out/compiler.log name
  name=$(name_for_loader)
  $cargo rustc --quiet --color never --profile "$profile" --package conclave-mls --lib --crate-type cdylib,staticlib -- \
    -C "link-arg=$name" --print native-static-libs 2>"$said" || { cat "$said" >&2; return 1; }
  sed -n 's/^note: native-static-libs: //p' "$said" | tail -n 1 >"$out/native-libs"
  rm "$said"
  [ -s "$out/native-libs" ] || { echo "the compiler did not say what the static library needs" >&2; return 1; }
}

finish_linux() {
  strip --strip-unneeded -o "$out/libconclave.so" "$built/libconclave.so"
  nm -D --defined-only "$out/libconclave.so" | awk '{ print $3 }' >"$out/symbols"
  join_objects "$built/libconclave.a" "$out/libconclave.a"
}

# The compiler's archive holds the standard library of Rust and AWS-LC with all their symbols, some of them under plain names such
# as sha3_keccak4_f1600: they would clash with another copy in the same program. So its objects become one, in which only what
# the shared library exports is visible. Sections stay apart, so that --gc-sections still works. .llvmbc is bitcode of Rust's own
# standard library, of no use here, and damaged by being joined.
join_objects() {
  local object=$out/conclave.o
  sed 's/^/--undefined=/' "$out/symbols" >"$out/roots"
  ld -r --gc-sections --force-group-allocation "@$out/roots" "$1" -o "$object"
  objcopy --remove-section=.llvmbc --remove-section=.llvmcmd --strip-unneeded --keep-global-symbols="$out/symbols" "$object"
  rm -f "$2"
  ar rcsD "$2" "$object"
  rm "$object" "$out/roots" "$out/symbols"
}

# Not verified here.
finish_darwin() {
  cp "$built/libconclave.dylib" "$built/libconclave.a" "$out/"
  strip -x "$out/libconclave.dylib"
}

version=$(version)
major=${version%%.*}
compile
case $(uname -s) in Darwin) finish_darwin ;; *) finish_linux ;; esac
echo "$version" >"$out/version"
$cargo -vV | sed -n 's/^host: //p' >"$out/target"
