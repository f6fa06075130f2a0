#!/usr/bin/env bash
# The demo, with bob as the C program of examples/c. Where that cannot be built, it says so, and bob is a Rust program as well; with
# CONCLAVE_REQUIRE=c, as in CI, that is a failure. Called by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
scratch=$target/c/demo
mkdir -p "$scratch"
scratch=$(cd "$scratch" && pwd)

# The library for C comes with the one for Rust.
$cargo build --quiet --package conclave-examples --bin demo
library=$target/debug/deps/libconclave.so

program_in_c() {
  scripts/need.sh cc pkg-config sqlite
  scripts/tree.sh "$library" "$scratch/tree"
  PKG_CONFIG_PATH=$scratch/tree/lib/pkgconfig:${PKG_CONFIG_PATH:-} make --no-print-directory -C examples/c BUILD="$scratch/programs" "$scratch/programs/chat"
}

if log=$(program_in_c 2>&1); then
  export CONCLAVE_DEMO_C=$scratch/programs/chat
elif [[ ",${CONCLAVE_REQUIRE:-}," == *,c,* ]]; then
  echo "$log" >&2
  exit 1
else
  echo "bob's program in C cannot be built here, so bob is a Rust program too: $(echo "$log" | tail -n 1)"
fi
exec "$target/debug/demo"
