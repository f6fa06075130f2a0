#!/usr/bin/env bash
# Sees that what is named is here: `scripts/need.sh cargo cc perl`. What is missing is installed if this runs as root on a system
# with apt-get, as in CI; elsewhere it is said what to install.
set -euo pipefail
cargo=${CARGO:-cargo}

has() {
  case $1 in
    cargo) command -v "${cargo%% *}" ;;
    cc) command -v cc && command -v make ;;
    # The modules that the build of OpenSSL loads: Debian's perl-base lacks them.
    perl) perl -MFindBin -MIPC::Cmd -MTime::Piece -e 1 ;;
  esac >/dev/null 2>&1
}

packages() {
  case $1 in
    cc) echo gcc libc6-dev make ;;
    perl) echo perl ;;
  esac
}

advice() {
  case $1 in
    cargo) echo "install Rust, from https://rustup.rs" ;;
    cc) echo "install a C compiler, such as gcc or clang: the cryptography and SQLite are built with it" ;;
    perl) echo "install Perl: OpenSSL, on which the mls-rs of the interop stage runs, is built with it" ;;
  esac
}

for thing in "$@"; do
  has "$thing" && continue
  wanted=$(packages "$thing")
  if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing $wanted"
    # shellcheck disable=SC2086
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted; } >/dev/null || true
  fi
  has "$thing" || { echo "$thing is missing: $(advice "$thing")" >&2; exit 1; }
done
