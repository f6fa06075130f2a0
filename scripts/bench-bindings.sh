#!/usr/bin/env bash
# What calls cost across the border, in each language beside Rust, on a release build: encrypting 1 KiB, the same with a storage in that
# language, and joining a group of MEMBERS (100000 unless given) through the language's SQLite store.
# Called by `make bench-bindings`.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$PWD/target}
scratch=$target/bench-bindings
members=${MEMBERS:-100000}
mkdir -p "$scratch/built"

$cargo build --quiet --package conclave-bindgen --profile tools
$cargo build --quiet --release --package conclave-check
for file in "$target"/release/deps/libconclave.so "$target"/release/deps/libconclave.dylib "$target"/tools/uniffi-bindgen; do
  if [ -e "$file" ]; then cp "$file" "$scratch/built/"; fi
done
export CONCLAVE_BUILT=$scratch/built
cp "$target/release/bench" "$scratch/rust-bench"

trap 'rm -rf "$scratch/large" "$scratch"/*.sqlite*' EXIT
"$target/release/large_group" "$members" "$scratch/large"
for language in rust python kotlin swift; do
  [ "$language" = rust ] || scripts/programs.sh "$language" "$scratch" bench || continue
  cp "$scratch/large/joiner.sqlite" "$scratch/$language.sqlite"
  printf '\n%s, joining %d members\n' "$language" "$members"
  "$scratch/$language-bench" "$scratch/$language.sqlite" "$scratch/large/welcome" "$scratch/large/tree"
  rm -f "$scratch/$language.sqlite"*
done
