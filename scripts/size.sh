#!/usr/bin/env bash
# How large the shared library is that apps ship, and how many symbols it exports, beside what docs/size.toml says. It fails if the
# library grew by more than 2 %, or past the limit, or exports another number of symbols. Called by `make size`;
# `make size WRITE=1` writes the ledger. With an argument, it looks at that library and builds none.
set -euo pipefail
cd "$(dirname "$0")/.."

ledger=docs/size.toml
target=$(${CARGO:-cargo} -vV | sed -n 's/^host: //p')
library=${1:-}
if [ -z "$library" ]; then
  built=$(mktemp -d)
  trap 'rm -rf "$built"' EXIT
  scripts/need.sh cargo cc
  scripts/build-library.sh "$built"
  library=$built/libconclave.so
fi

exported() { nm -D --defined-only "$library" | awk '{ print $3 }' | grep -cE "$@" || true; }

bytes=$(wc -c <"$library")
own=$(exported '^conclave_')
uniffi=$(exported '^(uniffi_|ffi_|UNIFFI_)')
other=$(exported -v '^(conclave_|uniffi_|ffi_|UNIFFI_)')
echo "$target: $bytes bytes; exports $own conclave_*, $uniffi for the bindings, $other other symbols"

recorded() { awk -v section="[$target]" -v name="$1" '/^\[/ { here = $0 == section } here && $1 == name { print $3 }' "$ledger"; }

# The entry of this target is replaced, those of others stay.
write_ledger() {
  local kept
  kept=$(awk -v section="[$target]" '/^\[/ { here = $0 == section } !here' "$ledger")
  printf '%s\n\n[%s]\nbytes = %d\nconclave = %d\nbindings = %d\n' "$kept" "$target" "$bytes" "$own" "$uniffi" >"$ledger"
  echo "written to $ledger"
}

failed=0
complain() { echo "FAILED: $*" >&2; failed=1; }

compare() {
  local before
  before=$(recorded bytes)
  if [ -z "$before" ]; then
    echo "$ledger has nothing about $target"
    return
  fi
  [ $((bytes * 100)) -le $((before * 102)) ] || complain "it had $before bytes and grew by more than 2 %"
  [ "$own" = "$(recorded conclave)" ] || complain "it exported $(recorded conclave) conclave_* symbols"
  [ "$uniffi" = "$(recorded bindings)" ] || complain "it exported $(recorded bindings) symbols for the bindings"
}

if [ -n "${WRITE:-}" ]; then write_ledger; else compare; fi
[ "$other" = 0 ] || complain "nothing else may be exported: $(nm -D --defined-only "$library" | awk '{ print $3 }' | grep -vE '^(conclave_|uniffi_|ffi_|UNIFFI_)' | head -n 3 | tr '\n' ' ')"
limit=$(sed -n 's/^limit = //p' "$ledger")
[ "$bytes" -lt "$limit" ] || complain "the limit is $limit bytes"
[ "$failed" = 0 ] || echo "if that is meant: make size WRITE=1" >&2
exit "$failed"
