#!/usr/bin/env bash
# Calls Swift's package manager for this package or for the examples: build.sh package|examples build|test OPTION... It knows where
# generate.sh has put the library, and puts what it makes under target/swift.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
target=$(cd "$here/../.." && pwd)/target/swift
case $1 in
  package) folder=$here ;;
  examples) folder=$here/examples ;;
esac
name=$1 act=$2
shift 2
mkdir -p "$target"
exec "$here/with-swift.sh" swift "$act" --package-path "$folder" --scratch-path "$target/$name" -j "$(getconf _NPROCESSORS_ONLN)" \
  -Xlinker "-L$here/lib" -Xlinker -rpath -Xlinker "$here/lib" "$@"
