#!/usr/bin/env bash
# The Swift package, from a clean checkout to all of its tests, the five scenarios among them. The last line is
# `swift: N passed, M failed`. Without Swift, and where none can be made (bindings/swift/with-swift.sh), one line says why, and the
# status is 3. What scripts/bindings.sh understands (PROFILE, CONCLAVE_BUILT) is understood here.
set -euo pipefail
cd "$(dirname "$0")/.."

package=$PWD/bindings/swift
scratch=$PWD/target/swift
log=$scratch/log
passed=0 failed=0
export CONCLAVE_SWIFT_ROOT=${CONCLAVE_SWIFT_ROOT:-$PWD/.cache/swift-root}

# test_package NAME FOLDER: builds a package with its tests, runs them, and counts.
test_package() {
  local name=$1 folder=$2 status=0 good bad start=$SECONDS
  "$package/with-swift.sh" swift test --package-path "$folder" --scratch-path "$scratch/$name" --disable-swift-testing \
    -j "$(getconf _NPROCESSORS_ONLN)" -Xlinker "-L$package/lib" -Xlinker -rpath -Xlinker "$package/lib" >"$log" 2>&1 || status=$?
  good=$(grep -c "^Test Case '.*' passed (" "$log" || true)
  bad=$(grep -c "^Test Case '.*' failed (" "$log" || true)
  # It may not have been built, or a test may have ended the process.
  if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
    bad=1
  fi
  if [ "$bad" != 0 ]; then
    grep -E "error:|' failed \(|Fatal" "$log" || true
    tail -n 20 "$log"
  fi
  passed=$((passed + good))
  failed=$((failed + bad))
  echo "$name: $good passed, $bad failed, $((SECONDS - start)) s"
}

mkdir -p "$scratch"
"$package/with-swift.sh" true
"$package/generate.sh"
test_package package "$package"
test_package examples "$package/examples"
echo "swift: $passed passed, $failed failed"
[ "$failed" = 0 ]
