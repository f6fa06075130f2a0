#!/bin/sh
# Fetches the official test vectors of the MLS working group, at a pinned commit, into .cache/mls-vectors.
set -eu

repository=https://github.com/mlswg/mls-implementations
commit=cfd450286d1bfd9cd2519b95c80f9771f94a5b1a

root=$(cd "$(dirname "$0")/.." && pwd)
target=$root/.cache/mls-vectors
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

git -C "$scratch" init --quiet
git -C "$scratch" fetch --quiet --depth 1 "$repository" "$commit"
git -C "$scratch" archive FETCH_HEAD test-vectors | tar -xf - -C "$scratch"
rm -rf "$target"
mkdir -p "$target"
cp "$scratch"/test-vectors/*.json "$target"/
echo "$(ls "$target" | wc -l) files in $target"
