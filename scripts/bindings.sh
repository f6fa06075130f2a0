#!/usr/bin/env bash
# Builds the library and writes its sources for another language: scripts/bindings.sh python|kotlin|swift FOLDER. What lies in FOLDER
# afterwards: the sources, and the library that belongs to them. Both are released together only.
# PROFILE is cargo's (default: library, the small one that is shipped; `dev` builds quicker). CONCLAVE_BUILT names a folder with
# `libconclave.so` and `uniffi-bindgen` to be used instead of building them, so that several languages share one build.
set -euo pipefail
language=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
cargo=${CARGO:-cargo}
profile=${PROFILE:-library}
target=${CARGO_TARGET_DIR:-target}
case $(uname -s) in
  Darwin) name=libconclave.dylib ;;
  *) name=libconclave.so ;;
esac

if [ -n "${CONCLAVE_BUILT:-}" ]; then
  library=$CONCLAVE_BUILT/$name
  bindgen=$CONCLAVE_BUILT/uniffi-bindgen
else
  $cargo build --quiet --package conclave-mls --lib --profile "$profile"
  $cargo build --quiet --package conclave-bindgen --profile tools
  [ "$profile" = dev ] && built=debug || built=$profile
  library=$target/$built/$name
  bindgen=$target/tools/uniffi-bindgen
fi
if ! said=$("$bindgen" generate "$library" --language "$language" --out-dir "$folder" --no-format 2>&1); then
  echo "the sources for $language cannot be written: $said" >&2
  exit 1
fi
cp "$library" "$folder/$name"
