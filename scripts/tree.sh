#!/usr/bin/env bash
# A tree like the installed one round a shared library that cargo has built, for programs of this repository:
# `scripts/tree.sh LIBRARY DIRECTORY`. Such a library has no name for the loader, so it is found as libconclave.so.
set -euo pipefail
cd "$(dirname "$0")/.."

library=$1
tree=$2
rm -rf "$tree"
mkdir -p "$tree/include" "$tree/lib/pkgconfig"
cp include/*.h include/*.hpp "$tree/include/"
ln -s "$(cd "$(dirname "$library")" && pwd)/$(basename "$library")" "$tree/lib/libconclave.so"
sed -e 's|@UP@|../..|; s|@LIBDIR@|lib|; s|@VERSION@|0|; s|@NATIVE_LIBS@||' packaging/conclave.pc.in >"$tree/lib/pkgconfig/conclave.pc"
