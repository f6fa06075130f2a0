#!/usr/bin/env bash
# Puts the generated sources in their places, and the library that belongs to them into lib/. To be run before the first build, and
# after every change of the library. What scripts/bindings.sh understands (PROFILE, CONCLAVE_BUILT) is understood here.
set -euo pipefail
cd "$(dirname "$0")"
../../scripts/bindings.sh swift lib

# Copies what has changed only: a file that is newer makes everything above it compile again.
place() { cmp -s "$1" "$2" || cp "$1" "$2"; }

mkdir -p Sources/ConclaveFFI
place lib/Conclave.swift Sources/Conclave/Conclave.swift
place lib/ConclaveFFI.h Sources/ConclaveFFI/ConclaveFFI.h
place lib/ConclaveFFI.modulemap Sources/ConclaveFFI/module.modulemap
rm lib/Conclave.swift lib/ConclaveFFI.h lib/ConclaveFFI.modulemap
