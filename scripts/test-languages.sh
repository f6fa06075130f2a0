#!/usr/bin/env bash
# The packages for Python, Kotlin and Swift, each built and tested over one build of the library, and then two processes of different
# languages on one store. Called by `make test-languages`, which takes languages: `scripts/test-languages.sh python kotlin`.
#
# A language whose toolchain is neither here nor can be installed is left out, and named; with CONCLAVE_REQUIRE=python,kotlin,swift, as
# in CI, that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=${CARGO:-cargo}
target=${CARGO_TARGET_DIR:-$PWD/target}
[ $# -gt 0 ] || set -- python kotlin swift

required() { case ",${CONCLAVE_REQUIRE:-}," in *",$1,"*) return 0 ;; *) return 1 ;; esac; }

# One build for all: the development one is as quick where it counts, in the cryptography.
if [ -z "${CONCLAVE_BUILT:-}" ]; then
  $cargo build --quiet --package conclave-check
  CONCLAVE_BUILT=$(scripts/built.sh)
  export CONCLAVE_BUILT
fi
built=$CONCLAVE_BUILT
# The wheel is built and tried as well.
export WHEEL=1
# What has been tested need not be built again for its programs.
export CONCLAVE_TESTED=$target/tested
rm -rf "$CONCLAVE_TESTED"
mkdir -p "$CONCLAVE_TESTED"

failed="" left_out="" ran=()
for language in "$@"; do
  start=$SECONDS
  printf '\n== %s\n' "$language"
  status=0
  scripts/count.sh "$language" "scripts/test-$language.sh" || status=$?
  if [ "$status" = 0 ]; then
    touch "$CONCLAVE_TESTED/$language"
    if scripts/programs.sh "$language" "$built" worker; then ran+=("$language"); else failed="$failed $language-worker"; fi
  elif [ "$status" = 3 ] && ! required "$language"; then
    left_out="$left_out $language"
  else
    failed="$failed $language"
  fi
  printf -- '-- %s: %d s\n' "$language" $((SECONDS - start))
done

# Each with the next, and the last with the first.
mixed() {
  local count=${#ran[@]} number messages
  [ "$count" -ge 2 ] || { echo "LEFT OUT: it takes two languages"; return 0; }
  for ((number = 0; number < count; number++)); do
    [ "$count" -gt 2 ] || [ "$number" = 0 ] || break
    messages=2000
    [ "$number" -gt 0 ] || messages=10000
    "$target/debug/mixed" "$messages" "$built/${ran[$number]}-worker" "$built/${ran[$(((number + 1) % count))]}-worker" || return 1
  done
}
start=$SECONDS
printf '\n== two languages on one store\n'
mixed || failed="$failed mixed"
printf -- '-- two languages on one store: %d s\n' $((SECONDS - start))

printf '\nlanguages: %d passed, %d failed%s\n' "${#ran[@]}" "$(echo "$failed" | wc -w)" "${left_out:+, left out:$left_out}"
[ -z "$failed" ] || { echo "failed:$failed" >&2; exit 1; }
