#!/usr/bin/env bash
# Packs an installed tree, which may be unpacked anywhere: dist/conclave-VERSION-TARGET.tar.gz, with its SHA-256 beside it.
# Called by `make dist`.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
scripts/need.sh cargo cc
PREFIX=/conclave DESTDIR=$scratch LIBDIR=lib scripts/install.sh >/dev/null
version=$(sed -n 's/^Version: //p' "$scratch/conclave/lib/pkgconfig/conclave.pc")
target=$(${CARGO:-cargo} -vV | sed -n 's/^host: //p')
name=conclave-$version-$target
mv "$scratch/conclave" "$scratch/$name"

# The same tree gives the same bytes: no names, no order and no times of this machine. Other tars than GNU's lack the options.
same=""
if tar --version 2>/dev/null | grep -q "GNU tar"; then
  written=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
  same="--sort=name --owner=0 --group=0 --numeric-owner --mtime=@$written"
fi
mkdir -p dist
# shellcheck disable=SC2086
tar -C "$scratch" $same -cf - "$name" | gzip -9n >"dist/$name.tar.gz"
cd dist
if command -v sha256sum >/dev/null; then sha256sum "$name.tar.gz"; else shasum -a 256 "$name.tar.gz"; fi >"$name.tar.gz.sha256"
echo "dist/$name.tar.gz: $(wc -c <"$name.tar.gz") bytes"
