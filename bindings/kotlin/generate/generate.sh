#!/usr/bin/env bash
# Writes what is generated into FOLDER: the Kotlin sources, finished by Finish.java, into kotlin/, and the library into resources/, in
# the folder where JNA looks for it on this machine. Maven calls it; it needs Rust, or CONCLAVE_BUILT (see scripts/bindings.sh).
set -euo pipefail
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"

case $(uname -s)-$(uname -m) in
  Linux-x86_64) platform=linux-x86-64 ;;
  Linux-aarch64) platform=linux-aarch64 ;;
  Darwin-arm64) platform=darwin-aarch64 ;;
  Darwin-x86_64) platform=darwin-x86-64 ;;
  *) echo "conclave: no name is known for libraries of this machine: $(uname -sm)" >&2; exit 1 ;;
esac

rm -rf "$folder/kotlin" "$folder/resources"
mkdir -p "$folder/resources/$platform"
../../../scripts/bindings.sh kotlin "$folder/kotlin"
mv "$folder"/kotlin/libconclave.* "$folder/resources/$platform/"
"${JAVA_HOME:+$JAVA_HOME/bin/}java" Finish.java "$folder/kotlin/org/conclave/mls/conclave.kt"
