#!/usr/bin/env bash
# Sees that what is named is here: `scripts/need.sh cargo cc perl`. What is missing is installed if this runs as root on a system
# with apt-get, as in CI; elsewhere it is said what to install.
set -euo pipefail
cargo=${CARGO:-cargo}

has() {
  case $1 in
    cargo) command -v "${cargo%% *}" ;;
    cc) command -v cc && command -v make ;;
    gcc) command -v gcc && command -v g++ ;;
    clang) command -v clang && command -v clang++ ;;
    cmake | pkg-config | valgrind) command -v "$1" ;;
    sqlite) pkg-config --exists sqlite3 ;;
    # Whether a program can be linked with it, not only whether the compiler knows the option.
    asan) echo 'int main(void) { return 0; }' | gcc -fsanitize=address -x c - -o /dev/null ;;
    openssl) pkg-config --exists 'openssl >= 3' ;;
    # The modules that the build of OpenSSL loads: Debian's perl-base lacks them.
    perl) perl -MFindBin -MIPC::Cmd -MTime::Piece -e 1 ;;
  esac >/dev/null 2>&1
}

packages() {
  case $1 in
    cc) echo gcc libc6-dev make ;;
    gcc | asan) echo gcc g++ libc6-dev ;;
    clang) echo clang ;;
    cmake) echo cmake ;;
    pkg-config) echo pkg-config ;;
    valgrind) echo valgrind libc6-dbg ;;
    sqlite) echo pkg-config libsqlite3-dev ;;
    openssl) echo pkg-config libssl-dev ;;
    perl) echo perl ;;
  esac
}

advice() {
  case $1 in
    cargo) echo "install Rust, from https://rustup.rs" ;;
    cc) echo "install a C compiler, such as gcc or clang: the cryptography and SQLite are built with it" ;;
    gcc) echo "install gcc and g++: the C and C++ examples are tried with them" ;;
    asan) echo "install gcc with its AddressSanitizer (libasan): the C library is tried under it" ;;
    clang) echo "install clang: the C and C++ examples are tried with it" ;;
    cmake) echo "install CMake: the examples are built by it, too" ;;
    pkg-config) echo "install pkg-config: the examples find the library by it" ;;
    valgrind) echo "install valgrind: the C examples are run under it" ;;
    sqlite) echo "install SQLite with its header (libsqlite3-dev): the C examples store in it" ;;
    openssl) echo "install OpenSSL 3 with its headers (libssl-dev): the mls-rs of the interop stage runs on it" ;;
    perl) echo "install OpenSSL 3 with its headers and pkg-config, for the mls-rs of the interop stage; or Perl, with which it is built along" ;;
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
