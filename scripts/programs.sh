#!/usr/bin/env bash
# Leaves programs of the examples in a language as FOLDER/LANGUAGE-NAME, to be started by that name and killed by that process:
# `scripts/programs.sh python|kotlin|swift FOLDER NAME...`, with the names of examples/: chat, worker, bench. Uses CONCLAVE_BUILT, as
# scripts/bindings.sh does; without it, the library is built. Fails, and says why, where the toolchain is missing. CONCLAVE_TESTED
# names a folder with a file for each language that has been built and tested over the same library, and is not to be built again.
set -euo pipefail
language=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
shift 2
cd "$(dirname "$0")/.."
root=$PWD

# wrap NAME COMMAND: a program that becomes the command.
wrap() {
  printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$folder/$language-$1"
  chmod +x "$folder/$language-$1"
}

command_of() {
  case $language in
    python) echo "env PYTHONPATH=$root/bindings/python/src ${CARGO_TARGET_DIR:-$root/target}/python/venv/bin/python $root/bindings/python/examples/$1.py" ;;
    kotlin) echo "$root/bindings/kotlin/examples/run $1" ;;
    swift) echo "$root/bindings/swift/examples/run $1" ;;
  esac
}

[ -n "${CONCLAVE_TESTED:-}" ] && [ -e "$CONCLAVE_TESTED/$language" ] || "scripts/test-$language.sh" build >&2
for name in "$@"; do wrap "$name" "$(command_of "$name")"; done
