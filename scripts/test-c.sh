#!/usr/bin/env bash
# The C library as others get it: installs it into a scratch folder, looks at what is there, and builds and runs the examples and
# tests in C and C++ against it. Called by `make test-c`.
#
# What needs a tool that is absent is left out, and named; with CONCLAVE_REQUIRE=c,cpp, as in CI, that is a failure.
# `scripts/test-c.sh STAGE...` runs those stages only (install once before): install, package, examples, tests, valgrind,
# threads, sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD
target=${CARGO_TARGET_DIR:-$root/target}
scratch=$target/c
prefix=$scratch/prefix
passed=0 failed=0 left_out=0
began=$SECONDS
unset LD_LIBRARY_PATH
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig

# Runs a function apart, and counts how it ended. What it printed is shown if it failed.
check() {
  local name=$1 log=$scratch/log status
  shift
  set +e
  (set -e; "$@") >"$log" 2>&1
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    passed=$((passed + 1))
    echo "ok $name"
  else
    failed=$((failed + 1))
    echo "FAILED $name"
    tail -n 30 "$log" | sed 's/^/   | /'
  fi
}

required() { case ",${CONCLAVE_REQUIRE:-}," in *",$1,"*) return 0 ;; *) return 1 ;; esac; }

# leave_out LANGUAGE WHAT WHY
leave_out() {
  if required "$1"; then
    failed=$((failed + 1))
    echo "FAILED $2: $3 (CONCLAVE_REQUIRE has $1)"
  else
    left_out=$((left_out + 1))
    echo "LEFT OUT $2: $3"
  fi
}

# possible LANGUAGE WHAT TOOL...: whether all tools are here, or could be installed.
possible() {
  local language=$1 what=$2 why
  shift 2
  why=$(scripts/need.sh "$@" 2>&1) && return 0
  leave_out "$language" "$what" "$(echo "$why" | tail -n 1)"
  return 1
}

. scripts/test-c/package.sh
. scripts/test-c/examples.sh
. scripts/test-c/memory.sh

install_library() {
  rm -rf "$prefix"
  PREFIX=$prefix DESTDIR="" LIBDIR=lib scripts/install.sh
}

stage() {
  local start=$SECONDS
  printf '\n== %s\n' "$1"
  "$2"
  printf -- '-- %s: %d s\n' "$1" $((SECONDS - start))
}

run() {
  case $1 in
    install) stage install install_library ;;
    package) stage package test_package ;;
    examples) stage examples test_examples ;;
    tests) stage tests test_tests ;;
    valgrind) stage valgrind test_valgrind ;;
    threads) stage "valgrind with names" test_threads ;;
    sanitizer) stage "address sanitizer" test_sanitizer ;;
    *) echo "no such stage: $1" >&2; exit 2 ;;
  esac
}

mkdir -p "$scratch"
[ $# -gt 0 ] || set -- install package examples tests valgrind threads sanitizer
for name in "$@"; do run "$name"; done
printf '\nC library: %d passed, %d failed, %d left out, in %d s\n' "$passed" "$failed" "$left_out" $((SECONDS - began))
[ "$failed" = 0 ]
