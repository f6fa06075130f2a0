#!/usr/bin/env bash
# Puts the library as it was last built for development, and the generator that belongs to it, into a folder, and prints its name: the
# CONCLAVE_BUILT of the other scripts.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
built=$target/built
${CARGO:-cargo} build --quiet --package conclave-bindgen --profile tools
mkdir -p "$built"
rm -f "$built"/libconclave.*
for file in "$target"/debug/deps/libconclave.so "$target"/debug/deps/libconclave.dylib "$target"/tools/uniffi-bindgen; do
  if [ -e "$file" ]; then cp "$file" "$built/"; fi
done
ls "$built"/libconclave.* >/dev/null || { echo "the library has not been built: cargo build --package conclave-mls" >&2; exit 1; }
echo "$built"
