#!/usr/bin/env bash
# The package for Python: builds the library and its Python sources, and runs the suite of bindings/python. With the argument
# `build` it runs no tests. The last line tells how many tests passed and failed. Where Python is missing and cannot be
# installed, one line says why, and the exit code is 3.
#
# CONCLAVE_BUILT names a folder with a library and a generator to be used instead of building them (see bindings.sh); PYTHON is
# the interpreter. WHEEL=1 builds and tries the wheel as well, and WHEEL=0 does not; without, it is built where most of what it
# takes has been compiled.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
mkdir -p "${CARGO_TARGET_DIR:-target}/python"
# pip builds elsewhere, and has to find the same folder.
[ -z "${CARGO_TARGET_DIR:-}" ] || CARGO_TARGET_DIR=$(cd "$CARGO_TARGET_DIR" && pwd)
scratch=$(cd "${CARGO_TARGET_DIR:-target}/python" && pwd)
log=$scratch/log
export PIP_CACHE_DIR=$scratch/pip PIP_DISABLE_PIP_VERSION_CHECK=1
export PROFILE=${PROFILE:-dev}
wheel=${WHEEL:-1}
if [ -n "${CONCLAVE_BUILT:-}" ] && [ ! -e "${CARGO_TARGET_DIR:-target}/debug/deps" ]; then wheel=${WHEEL:-0}; fi

impossible() {
  echo "python: $1"
  exit 3
}

can_make_environments() {
  "$python" -c 'import sys, sqlite3, venv, ensurepip; sys.exit(sys.version_info < (3, 9))' >/dev/null 2>&1
}

see_to_python() {
  can_make_environments && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    local install="apt-get install -y -qq --no-install-recommends"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive $install python3 python3-venv; } >"$log" 2>&1 || true
  fi
  can_make_environments || impossible "Python 3.9 or later with venv and sqlite3 is missing: install python3 and python3-venv"
}

see_to_tools() {
  "$scratch/venv/bin/python" -c 'import pytest, mypy' 2>/dev/null && return
  "$scratch/venv/bin/pip" install --quiet 'pytest>=8' 'mypy>=1.11' >"$log" 2>&1 \
    || impossible "pytest and mypy cannot be installed: $(tail -n 1 "$log")"
}

build_wheel() {
  rm -rf "$scratch/wheel"
  MATURIN_PEP517_ARGS="--profile $PROFILE" "$scratch/venv/bin/pip" wheel --quiet --no-deps --wheel-dir "$scratch/wheel" \
    ./bindings/python >"$log" 2>&1 || { cat "$log"; return 1; }
  CONCLAVE_WHEEL=$(echo "$scratch"/wheel/*.whl)
  export CONCLAVE_WHEEL
}

# Counts what JUnit's report tells: tests that were left out are neither.
count() {
  "$scratch/venv/bin/python" - "$scratch/report.xml" <<'PROGRAM'
import sys
import xml.etree.ElementTree as report

suite = report.parse(sys.argv[1]).getroot().find("testsuite")
number = lambda name: int(suite.get(name))
total, failed, left_out = number("tests"), number("failures") + number("errors"), number("skipped")
print(f"python: {total - failed - left_out} passed, {failed} failed")
PROGRAM
}

see_to_python
[ -x "$scratch/venv/bin/python" ] || "$python" -m venv "$scratch/venv"
[ "${1:-}" = build ] || see_to_tools
[ -n "${CONCLAVE_BUILT:-}" ] || scripts/need.sh cargo cc
scripts/bindings.sh python bindings/python/src/conclave/_native
[ "${1:-}" != build ] || exit 0
[ "$wheel" = 0 ] || build_wheel

export PYTHONPATH=$PWD/bindings/python/src
status=0
rm -f "$scratch/report.xml"
"$scratch/venv/bin/python" -m pytest --quiet --rootdir bindings/python -o cache_dir="$scratch/pytest" \
  --junitxml "$scratch/report.xml" bindings/python/tests || status=$?
count
exit "$status"
