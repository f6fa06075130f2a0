#!/usr/bin/env bash
# NOT VERIFIED: written without an NDK at hand. Builds what the AAR is made of, into build/: the library for each ABI, the prefab package
# around it, and the Kotlin sources. Needs Rust with the targets, cargo-ndk, and ANDROID_NDK_HOME (r28 or later).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../..
build=$here/build/conclave
readelf=$(echo "${ANDROID_NDK_HOME:?names the NDK}"/toolchains/llvm/prebuilt/*/bin/llvm-readelf)
rm -rf "$build"
mkdir -p "$build/prefab/modules/conclave/libs" "$build/prefab/modules/conclave/include"

"$here/../../generate/generate.sh" "$build/generated"
cp "$root"/include/conclave.h "$root"/include/conclave.hpp "$build/prefab/modules/conclave/include/"
echo '{ "schema_version": 2, "name": "conclave", "version": "0.1.0", "dependencies": [] }' >"$build/prefab/prefab.json"
echo '{ "export_libraries": [], "library_name": "libconclave" }' >"$build/prefab/modules/conclave/module.json"

build_for() {
  local abi=$1 triple=$2 library
  # Android wants a name without a version. Google Play wants segments aligned to 16 KiB, which r28 does by itself.
  (cd "$root" && cargo ndk --target "$abi" --platform 28 rustc --package conclave-mls --lib --profile library --crate-type cdylib -- \
    -C link-arg=-Wl,-soname,libconclave.so -C link-arg=-Wl,-z,max-page-size=16384)
  library=$root/target/$triple/library/libconclave.so
  if "$readelf" --program-headers --wide "$library" | awk '$1 == "LOAD" && $NF != "0x4000" { bad = 1 } END { exit !bad }'; then
    echo "$abi: the segments are not aligned to 16 KiB" >&2
    return 1
  fi
  mkdir -p "$build/jniLibs/$abi" "$build/prefab/modules/conclave/libs/android.$abi"
  cp "$library" "$build/jniLibs/$abi/"
  cp "$library" "$build/prefab/modules/conclave/libs/android.$abi/"
  echo "{ \"abi\": \"$abi\", \"api\": 28, \"ndk\": 28, \"stl\": \"none\", \"static\": false }" \
    >"$build/prefab/modules/conclave/libs/android.$abi/abi.json"
}

build_for arm64-v8a aarch64-linux-android
build_for armeabi-v7a armv7-linux-androideabi
build_for x86_64 x86_64-linux-android
build_for x86 i686-linux-android
