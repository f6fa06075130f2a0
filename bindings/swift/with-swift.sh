#!/usr/bin/env bash
# Runs a command where there is Swift: with-swift.sh COMMAND ARGUMENT...
#
# With a `swift` on the PATH, right here. Otherwise in a Debian of its own, in the folder CONCLAVE_SWIFT_ROOT (.cache/swift-root of the
# project if that is not set), which is made the first time: 535 MB to download, 3.3 GB on the disk, root and apt-get needed. The
# project and /tmp lie there under the same paths, and the process keeps its number, so it can be talked to and killed as if it
# ran here. Where neither is possible, it says why in one line on standard output and exits with 3.
set -euo pipefail

if command -v swift >/dev/null 2>&1; then
  exec "$@"
fi

project=$(cd "$(dirname "$0")/../.." && pwd)
root=${CONCLAVE_SWIFT_ROOT:-$project/.cache/swift-root}
log=$root.log
# Written last. (What is in there cannot be looked for from here: its links are meant for whoever is inside.)
ready=$root/swift-is-ready

impossible() {
  echo "Swift is left out: there is no swift on the PATH, and $*"
  exit 3
}

# The packages of this machine come from there, so those of the other Debian do, too.
mirror() {
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '/^URIs:/ { print $2; exit }'
}

install() {
  apt-get update
  apt-get install -y --no-install-recommends debootstrap
  rm -rf --one-file-system "$root"
  debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$(mirror)"
  # In a namespace of its own: what is mounted goes when it ends, however that comes about.
  unshare --mount --propagation private bash -euc '
    trap "umount $0/dev $0/proc" EXIT
    mount -t proc proc "$0/proc"
    mount --bind /dev "$0/dev"
    DEBIAN_FRONTEND=noninteractive chroot "$0" apt-get install -y --no-install-recommends \
      swiftlang libc6-dev libstdc++-14-dev binutils libsqlite3-dev
  ' "$root"
  touch "$ready"
}

make_root() {
  [ "$(id -u)" = 0 ] || impossible "only root could make a folder with it; see bindings/swift/README.md"
  command -v apt-get >/dev/null 2>&1 || impossible "no apt-get to make a folder with it; see bindings/swift/README.md"
  mkdir -p "$(dirname "$root")"
  (
    # One at a time: whoever comes second finds it made.
    flock 9
    [ -e "$ready" ] || "$0" --install >"$log" 2>&1
  ) 9>"$root.lock" || impossible "a folder with it could not be made: $(tail -n 1 "$log")"
}

# A process of its own, so that what fails in it ends it.
if [ "${1:-}" = --install ]; then
  install
  exit
fi

if [ "${1:-}" != --inside ]; then
  [ -e "$ready" ] || make_root
  unshare --mount true 2>/dev/null || impossible "not allowed to mount anything: $root cannot be entered"
  exec unshare --mount --propagation private "$0" --inside "$@"
fi

shift
for place in "$project" /tmp; do
  mkdir -p "$root$place"
  mount --bind "$place" "$root$place"
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
# Nothing is left to be unmounted: the namespace ends with the program that takes the place of this one.
exec chroot "$root" env --chdir="$PWD" HOME=/root "$@"
