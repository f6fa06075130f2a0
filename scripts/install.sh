#!/usr/bin/env bash
# Builds and installs the C library, the headers, and what pkg-config and CMake need to find them. Called by `make install`.
#
#   PREFIX   where it will be used from: /usr/local
#   LIBDIR   where the libraries go, within PREFIX: lib
#   DESTDIR  put in front of everything when files are written, for those who make packages
#
# What is installed may be moved: nothing in it names PREFIX.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-lib}
libdir=${libdir#"$prefix"/}
case $prefix in /*) ;; *) echo "PREFIX has to be an absolute path: $prefix" >&2; exit 1 ;; esac
case $libdir in /* | *..*) echo "LIBDIR has to lie within PREFIX: $libdir" >&2; exit 1 ;; esac
root=${DESTDIR:-}$prefix
lib=$root/$libdir

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
scripts/need.sh cargo cc
scripts/build-library.sh "$built"
version=$(cat "$built/version")
major=${version%%.*}
case $(uname -s) in
  Darwin) file=libconclave.$version.dylib soname=libconclave.$major.dylib link=libconclave.dylib ;; # not verified here
  *) file=libconclave.so.$version soname=libconclave.so.$major link=libconclave.so ;;
esac

# The way from libdir/pkgconfig, or libdir/cmake, up to PREFIX.
up=$(printf '%s/pkgconfig' "$libdir" | sed 's|[^/][^/]*|..|g')

put() { mkdir -p "$(dirname "$2")" && install -m "${3:-644}" "$1" "$2"; }

# CMake wants a list, in which "-framework Name" is one item.
cmake_libs() { sed 's/-framework /-framework@/g; s/ *$//; s/  */;/g; s/@/ /g' "$built/native-libs"; }

fill_in() {
  mkdir -p "$(dirname "$2")"
  sed -e "s|@VERSION@|$version|g" -e "s|@UP@|$up|g" -e "s|@LIBDIR@|$libdir|g" -e "s|@FILE@|$file|g" -e "s|@SONAME@|$soname|g" \
    -e "s|@POINTER@|$(($(getconf LONG_BIT) / 8))|g" -e "s|@NATIVE_LIBS@|$(cat "$built/native-libs")|g" -e "s|@CMAKE_LIBS@|$(cmake_libs)|g" "$1" >"$2"
  chmod 644 "$2"
}

libraries() {
  put "$built/$link" "$lib/$file" 755
  ln -sf "$file" "$lib/$soname"
  ln -sf "$soname" "$lib/$link"
  put "$built/libconclave.a" "$lib/libconclave.a"
}

headers() {
  local header
  for header in include/*.h include/*.hpp; do
    [ ! -e "$header" ] || put "$header" "$root/$header"
  done
}

descriptions() {
  fill_in packaging/conclave.pc.in "$lib/pkgconfig/conclave.pc"
  fill_in packaging/ConclaveConfig.cmake.in "$lib/cmake/Conclave/ConclaveConfig.cmake"
  fill_in packaging/ConclaveConfigVersion.cmake.in "$lib/cmake/Conclave/ConclaveConfigVersion.cmake"
}

licences() {
  local licence
  for licence in LICENSE-*; do put "$licence" "$root/share/doc/conclave/$licence"; done
}

libraries
headers
descriptions
licences
echo "conclave $version for $(cat "$built/target") is in $root"
