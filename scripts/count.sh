#!/usr/bin/env bash
# Runs a command, shows what it prints, and sees that it ran no fewer tests than tests/counts.toml records for NAME:
# `scripts/count.sh NAME COMMAND...`. All numbers before the word `passed` are added up, except where the command ends with a line
# `NAME: N passed`, which then stands for all. CONCLAVE_WRITE_COUNTS=1 writes the number down instead. Where CI is not set to true,
# tests may have been left out for want of a tool, and a smaller number is only told.
set -euo pipefail
name=$1
shift
record=$(cd "$(dirname "$0")/.." && pwd)/tests/counts.toml
log=$(mktemp)
trap 'rm -f "$log"' EXIT

set +e
"$@" 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
set -e
[ "$status" = 0 ] || exit "$status"

total=$(grep -oiE "^$name[^:]*: [0-9]+ passed" "$log" | tail -n 1 | grep -oE '[0-9]+ passed' | cut -d' ' -f1 || true)
if [ -z "$total" ]; then
  total=$(grep -oE '[0-9]+ passed' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
fi
if [ "${CONCLAVE_WRITE_COUNTS:-}" = 1 ]; then
  touch "$record"
  { grep -v "^$name = " "$record" || true; echo "$name = $total"; } >"$log"
  cat "$log" >"$record"
  exit 0
fi
recorded=$(sed -n "s/^$name = \([0-9]*\).*/\1/p" "$record")
if [ -z "$recorded" ]; then
  echo "tests/counts.toml has no number for $name (CONCLAVE_WRITE_COUNTS=1 writes it)" >&2
  exit 1
fi
if [ "$total" -lt "$recorded" ]; then
  echo "$name: $total tests ran, and tests/counts.toml records $recorded: where are the others?" >&2
  [ "${CI:-}" != true ] || exit 1
fi
