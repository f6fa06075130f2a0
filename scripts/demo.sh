#!/usr/bin/env bash
# The demo: alice, bob, carol and dave run programs in Python, C, Swift and Kotlin. Where one cannot be built, it says so, and a Rust
# program takes part instead; with the language in CONCLAVE_REQUIRE, as in CI, that is a failure. Called by `make demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-target}
scratch=$target/demo
mkdir -p "$scratch"
target=$(cd "$target" && pwd)
scratch=$target/demo

required() { case ",${CONCLAVE_REQUIRE:-}," in *",$1,"*) return 0 ;; *) return 1 ;; esac; }

# The library for the other languages comes with the one for Rust.
if [ -z "${CONCLAVE_BUILT:-}" ]; then
  $cargo build --quiet --package conclave-examples --bin demo
  CONCLAVE_BUILT=$(scripts/built.sh)
  export CONCLAVE_BUILT
fi

program_in_c() {
  # Joined, since bash does not stop at a failure in here. Never the program of an earlier run.
  rm -f "$scratch/c-chat" \
    && scripts/need.sh cc pkg-config sqlite \
    && scripts/tree.sh "$CONCLAVE_BUILT/libconclave.so" "$scratch/tree" \
    && PKG_CONFIG_PATH=$scratch/tree/lib/pkgconfig:${PKG_CONFIG_PATH:-} \
      make --no-print-directory -C examples/c BUILD="$scratch/programs" "$scratch/programs/chat" \
    && cp "$scratch/programs/chat" "$scratch/c-chat"
}

# cast LANGUAGE VARIABLE COMMAND...: builds the program of a language, and names it to the demo.
cast() {
  local language=$1 variable=$2 log
  shift 2
  if log=$("$@" 2>&1); then
    export "$variable=$scratch/$language-chat"
  elif required "$language"; then
    echo "$log" >&2
    return 1
  else
    echo "The program in $language cannot be built here, and a Rust program takes its part: $(echo "$log" | tail -n 1)"
  fi
}

cast c CONCLAVE_DEMO_C program_in_c
cast python CONCLAVE_DEMO_PYTHON scripts/programs.sh python "$scratch" chat
cast kotlin CONCLAVE_DEMO_KOTLIN scripts/programs.sh kotlin "$scratch" chat
# Swift takes more than a gigabyte where it is not installed: more than a demonstration may fetch without being asked.
if command -v swift >/dev/null 2>&1 || [ -e .cache/swift-root/usr/bin/swift ] || required swift; then
  cast swift CONCLAVE_DEMO_SWIFT scripts/programs.sh swift "$scratch" chat
else
  echo "Swift is not installed here, and a Rust program takes its part."
fi
exec "$target/debug/demo"
