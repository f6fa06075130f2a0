#!/usr/bin/env bash
# The Swift package, from a clean checkout to all of its tests, the five scenarios among them. The last line is
# `swift: N passed, M failed`. With the argument `build` it runs none, and leaves the programs for bindings/swift/examples/run.
#
# It needs Swift 6, or root on a Debian, where bindings/swift/with-swift.sh makes a place that has it; and Rust, or CONCLAVE_BUILT in the
# place of Rust (see scripts/bindings.sh). Where that is missing, one line says so, and the script ends with 3.
set -euo pipefail
cd "$(dirname "$0")/.."

package=$PWD/bindings/swift
passed=0 failed=0

# test_package NAME: builds a package with its tests, runs them, and counts.
test_package() {
  local log=target/swift/$1.log status=0 good bad start=$SECONDS
  "$package/build.sh" "$1" test --disable-swift-testing >"$log" 2>&1 || status=$?
  good=$(grep -c "^Test Case '.*' passed (" "$log" || true)
  bad=$(grep -c "^Test Case '.*' failed (" "$log" || true)
  # It may not have been built, or a test may have ended the process, or there were none.
  if [ "$bad" = 0 ] && { [ "$status" != 0 ] || [ "$good" = 0 ]; }; then
    bad=1
  fi
  if [ "$bad" != 0 ]; then
    grep -E "error:|' failed \(|Fatal" "$log" || tail -n 20 "$log"
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "$1: $good passed, $bad failed, $((SECONDS - start)) s"
}

mkdir -p target/swift
# What it says where there is no Swift is all that there is to say.
"$package/with-swift.sh" true
if [ -z "${CONCLAVE_BUILT:-}" ] && ! scripts/need.sh cargo cc >&2; then
  echo "Swift is left out: Rust is needed to build the library (or CONCLAVE_BUILT)"
  exit 3
fi
"$package/generate.sh"

if [ "${1:-}" = build ]; then
  exec "$package/build.sh" examples build
fi
test_package package
test_package examples
echo "swift: $passed passed, $failed failed"
[ "$failed" = 0 ]
