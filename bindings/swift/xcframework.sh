#!/usr/bin/env bash
# NOT VERIFIED: written from documentation.
#
# Makes ConclaveFFI.xcframework, which Package.swift uses on Apple's systems: the library for devices, the simulator and macOS, as a
# dynamic framework; with STATIC=1 as a static library. Needs a Mac with Xcode, and the Rust targets below (`rustup target add`).
# PROFILE is cargo's (default: library). The generated sources are put in place as well: both belong together.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
project=$(cd ../.. && pwd)
cargo=${CARGO:-cargo}
profile=${PROFILE:-library}
target=${CARGO_TARGET_DIR:-$project/target}
scratch=$target/xcframework
version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$project/Cargo.toml" | head -n 1)
kind=$([ "${STATIC:-}" = 1 ] && echo staticlib || echo cdylib)
name=$([ "${STATIC:-}" = 1 ] && echo libconclave.a || echo libconclave.dylib)

# The platforms of the framework, and the Rust targets that each is joined from.
device="aarch64-apple-ios"
simulator="aarch64-apple-ios-sim x86_64-apple-ios"
macos="aarch64-apple-darwin x86_64-apple-darwin"

# join PLATFORM TARGET...: builds each, and joins the results into one file, whose name it prints.
join() {
  local platform=$1 each made=()
  shift
  for each in "$@"; do
    (cd "$project" && IPHONEOS_DEPLOYMENT_TARGET=13.0 MACOSX_DEPLOYMENT_TARGET=10.15 \
      $cargo rustc --quiet --package conclave-mls --lib --crate-type "$kind" --profile "$profile" --target "$each") >&2
    made+=("$target/$each/$([ "$profile" = dev ] && echo debug || echo "$profile")/$name")
  done
  mkdir -p "$scratch/$platform"
  lipo -create "${made[@]}" -output "$scratch/$platform/$name"
  echo "$scratch/$platform/$name"
}

headers() {
  mkdir -p "$1"
  cp Sources/ConclaveFFI/ConclaveFFI.h "$1/"
}

info() {
  sed -e "s/@VERSION@/$version/" -e "s/@PLATFORM@/$1/" -e "s/@MINIMUM@/$2/" apple/Info.plist
}

# framework PLATFORM LIBRARY NAME-OF-PLATFORM MINIMUM: a dynamic framework; prints its name.
framework() {
  local root=$scratch/$1/ConclaveFFI.framework inside resources
  rm -rf "$root"
  inside=$root resources=$root
  # On macOS a framework has versions, and links to the current one.
  if [ "$1" = macos ]; then
    inside=$root/Versions/A resources=$inside/Resources
  fi
  mkdir -p "$inside/Modules" "$resources"
  cp "$2" "$inside/ConclaveFFI"
  install_name_tool -id "@rpath/ConclaveFFI.framework/$([ "$1" = macos ] && echo Versions/A/)ConclaveFFI" "$inside/ConclaveFFI"
  headers "$inside/Headers"
  cp apple/framework.modulemap "$inside/Modules/module.modulemap"
  cp apple/PrivacyInfo.xcprivacy "$resources/"
  info "$3" "$4" >"$resources/Info.plist"
  if [ "$1" = macos ]; then
    ln -s A "$root/Versions/Current"
    for link in ConclaveFFI Headers Modules Resources; do ln -s "Versions/Current/$link" "$root/$link"; done
  fi
  echo "$root"
}

# add PLATFORM NAME-OF-PLATFORM MINIMUM TARGET...: adds what xcodebuild is to put together to `parts`.
add() {
  local platform=$1 named=$2 minimum=$3 library root
  shift 3
  library=$(join "$platform" "$@")
  if [ "$kind" = cdylib ]; then
    root=$(framework "$platform" "$library" "$named" "$minimum")
    parts+=(-framework "$root")
  else
    # In a folder of its own: a module map at the top would stand in the way of another library's.
    headers "$scratch/$platform/include/ConclaveFFI"
    cp Sources/ConclaveFFI/module.modulemap "$scratch/$platform/include/ConclaveFFI/module.modulemap"
    parts+=(-library "$library" -headers "$scratch/$platform/include")
  fi
}

[ "$(uname -s)" = Darwin ] || { echo "only a Mac with Xcode can make an XCFramework" >&2; exit 3; }
./generate.sh
rm -rf "$scratch" "$here/ConclaveFFI.xcframework"
parts=()
# shellcheck disable=SC2086
{
  add device iPhoneOS 13.0 $device
  add simulator iPhoneSimulator 13.0 $simulator
  add macos MacOSX 10.15 $macos
}
xcodebuild -create-xcframework "${parts[@]}" -output "$here/ConclaveFFI.xcframework"
