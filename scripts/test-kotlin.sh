#!/usr/bin/env bash
# The package for Kotlin and Java: builds it with Maven, and runs its tests and the scenarios. Called by `make test`. With the argument
# `build` it runs none.
#
# It needs a JDK (11 or later), Maven, and Rust, or CONCLAVE_BUILT in the place of Rust (see scripts/bindings.sh). What is missing is
# installed if this runs as root where there is apt-get; elsewhere it is named, and the script ends with 3. Maven keeps what it
# fetches in ~/.m2. The last line is the count of tests; they fail if Surefire reports none.
set -euo pipefail
cd "$(dirname "$0")/../bindings/kotlin"

has() { command -v "$1" >/dev/null 2>&1; }

# Maven by itself brings only the runtime of Java, with which nothing can be compiled.
see_to() {
  local missing=""
  has javac || missing="default-jdk-headless"
  has mvn || missing="$missing maven"
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" = 0 ] && has apt-get; then
    # shellcheck disable=SC2086
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } >&2 || true
  fi
  has javac && has mvn
}

if ! see_to; then
  echo "Kotlin is left out: a JDK and Maven are needed (Debian: default-jdk-headless maven)"
  exit 3
fi
if [ -z "${CONCLAVE_BUILT:-}" ] && ! ../../scripts/need.sh cargo cc >&2; then
  echo "Kotlin is left out: Rust is needed to build the library (or CONCLAVE_BUILT)"
  exit 3
fi

if [ "${1:-}" = build ]; then
  exec mvn --batch-mode --no-transfer-progress --quiet package -DskipTests
fi

# The sum of an attribute over the reports of all modules.
sum() {
  find . -path '*/surefire-reports/TEST-*.xml' -exec sed -n 's/.*<testsuite .* '"$1"'="\([0-9]*\)".*/\1/p' {} + | awk '{ n += $1 } END { print n + 0 }'
}

find . -path '*/surefire-reports/TEST-*.xml' -delete
status=0
# In this phase the examples run on the jar that is shipped, and not on the classes that it is made of.
mvn --batch-mode --no-transfer-progress --fail-at-end package || status=$?
rm -rf examples/target/unpacked
ran=$(sum tests) skipped=$(sum skipped) failed=$(($(sum failures) + $(sum errors)))
# A build that breaks before its tests have run is one failure.
if [ "$failed" = 0 ] && { [ "$status" != 0 ] || [ "$ran" = 0 ]; }; then
  failed=1 ran=$((ran + 1))
fi
# Maven leaves its last line open.
printf '\nkotlin: %d passed, %d failed\n' $((ran - skipped - failed)) "$failed"
[ "$failed" = 0 ]
