#!/usr/bin/env bash
# Everything a change has to pass, in stages, with the time each took. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
began=$SECONDS

# As many jobs as there are cores: the cryptography compiles C beside Rust, and more of both would not fit into memory.
export CARGO_BUILD_JOBS=${CARGO_BUILD_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

say() { printf '\n== %s\n' "$*"; }

stage() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@"
  printf -- '-- %s: %d s\n' "$name" $((SECONDS - start))
}

lint() {
  local missing=""
  $cargo fmt --version >/dev/null 2>&1 || missing="rustfmt"
  $cargo clippy --version >/dev/null 2>&1 || missing="$missing clippy"
  if [ -z "$missing" ]; then
    make --no-print-directory lint CARGO="$cargo"
  elif [ "${CI:-}" = true ]; then
    echo "missing, and needed here: $missing (rustup component add $missing)" >&2
    return 1
  else
    echo "SKIPPED, for want of: $missing (rustup component add $missing)"
  fi
}

vectors() {
  if [ -n "${MLS_VECTORS_DIR:-}" ] || [ -d .cache/mls-vectors ] || [ -d ../shared/mls-vectors ]; then
    echo "the official test vectors are here"
  else
    scripts/vectors.sh || echo "the official test vectors cannot be fetched: their test will fail, set MLS_VECTORS_DIR to a copy"
  fi
}

# The same scenarios exist in every language, and print the same.
scenarios() {
  local expected name
  for expected in examples/expected/*.txt; do
    name=$(basename "$expected" .txt)
    "$target/debug/$name" | diff -u "$expected" - || { echo "the scenario $name prints something else" >&2; return 1; }
    echo "$name prints what it should"
  done
}

end_of_interop() {
  local status=0
  wait "$interop" || status=$?
  cat "$target/interop.log"
  return "$status"
}

# What the mls-rs of the interop stage runs on. To compile it takes minutes, so that is only done where the system's cannot be had.
see_to_openssl() {
  if [ -z "${OPENSSL_NO_VENDOR:-}" ] && scripts/need.sh openssl >/dev/null 2>&1; then export OPENSSL_NO_VENDOR=1; fi
  if [ "${OPENSSL_NO_VENDOR:-0}" = 0 ]; then
    scripts/need.sh perl
    echo "OpenSSL will be compiled along"
  fi
}

set_up() {
  scripts/need.sh cargo cc
  see_to_openssl
  vectors
}

stage "set-up" set_up
# What Swift needs is fetched meanwhile, where it must not be left out: it takes the network more than the processor.
case ",${CONCLAVE_REQUIRE:-}," in *,swift,*) bindings/swift/with-swift.sh true >/dev/null 2>&1 & ;; esac
stage "lint" lint
# All but UniFFI's generator, which takes longest to compile of all, has no tests, and is built by scripts/built.sh: with it in the
# choice, UniFFI would bring it into the library as well.
packages="--workspace --exclude conclave-bindgen --all-features"
# shellcheck disable=SC2086
stage "build" $cargo build --quiet $packages --all-targets
# The languages and the demo take the library of this build: another choice of packages would build it anew.
CONCLAVE_BUILT=$(scripts/built.sh)
export CONCLAVE_BUILT
# shellcheck disable=SC2086
stage "tests" scripts/count.sh rust $cargo test --quiet $packages
stage "scenarios" scenarios
# It keeps one core busy, and so do most parts of the stage beside it.
"$target/debug/conclave-interop" >"$target/interop.log" 2>&1 &
interop=$!
trap 'kill "$interop" 2>/dev/null || true' EXIT
stage "c" scripts/count.sh c scripts/test-c.sh
stage "interop" end_of_interop
stage "languages" scripts/test-languages.sh
# The demo takes the programs of the languages as they were tested there.
export CONCLAVE_TESTED=$target/tested
stage "demo" scripts/count.sh demo scripts/demo.sh
printf '\nall stages passed in %d s\n' $((SECONDS - began))
