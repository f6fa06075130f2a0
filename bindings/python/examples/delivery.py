"""The delivery service: a directory that several processes share.

It orders the messages of a group, keeps what offline members have not fetched, and hands out key packages. It is trusted with
nothing: it holds only ciphertext and public keys.

    groups/<group>/<number>     messages and commits, numbered without gaps; a file that exists never changes
    trees/<group>/<number>      the public tree after the commit of that number, for those whom it added
    welcomes/<name>/...         what lets a new member in
    keys/<name>/fresh, used     key packages; moving one from the first to the second hands it out, to one taker only
    keys/<name>/last-resort     handed out when no fresh one is left, as often as needed

A draft becomes a message by a hard link to the next free number, which succeeds for one writer only; and nothing is locked, so
a process that is killed leaves nothing locked behind. A real service would also look at who is asking.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional


@dataclass(frozen=True)
class Entry:
    """A message as it lies in the group's directory; `ends` is the epoch that it ends, if it is a commit."""

    message: bytes
    ends: Optional[int] = None

    def encoded(self) -> bytes:
        """One line that tells the kind, then the bytes."""
        kind = "message" if self.ends is None else f"commit {self.ends}"
        return kind.encode() + b"\n" + self.message


@dataclass(frozen=True)
class Invitation:
    """What lets a new member in: the group, the number of the commit that added the member, and the Welcome."""

    group_id: bytes
    number: int
    welcome: bytes

    @property
    def file_name(self) -> str:
        """What the file of the invitation is called."""
        return f"{self.group_id.hex()}-{self.number}"


class Spool:
    """A place where processes meet."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._directory("drafts")

    def post(self, group_id: bytes, after: int, entry: Entry) -> bool:
        """Posts a message to a group, behind all that are there. Gives False for a commit that another one was quicker than.

        The sender has read everything up to `after`, so a commit is compared with what came since: if the epoch it wants to end
        has been ended, it is too late. Bytes that are there already are not added again, so a sender in doubt simply posts once
        more.
        """
        draft = self._draft(entry.encoded())
        try:
            return self._append(group_id, after, entry, draft)
        finally:
            draft.unlink()

    def _append(self, group_id: bytes, after: int, entry: Entry, draft: Path) -> bool:
        for number in itertools.count(after + 1):
            try:
                os.link(draft, self._numbered("groups", group_id, number))
                return True
            except FileExistsError:
                there = self.fetch(group_id, number)
            if there == entry:
                return True
            if there is not None and entry.ends is not None and there.ends == entry.ends:
                return False
        raise AssertionError("numbers do not end")

    def fetch(self, group_id: bytes, number: int) -> Optional[Entry]:
        """The message of this number, if it is there yet."""
        stored = _if_there(self._numbered("groups", group_id, number))
        if stored is None:
            return None
        line, _, message = stored.partition(b"\n")
        kind, _, epoch = line.partition(b" ")
        return Entry(message, int(epoch) if kind == b"commit" else None)

    def groups(self) -> List[bytes]:
        """The groups that anyone has posted to."""
        return [bytes.fromhex(name) for name in _names(self._directory("groups"))]

    def put_tree(self, group_id: bytes, number: int, tree: bytes) -> None:
        """Publishes the tree that goes with the invitations of this number."""
        self._put(tree, self._numbered("trees", group_id, number))

    def tree(self, invitation: Invitation) -> bytes:
        """The tree that goes with an invitation."""
        return self._numbered("trees", invitation.group_id, invitation.number).read_bytes()

    def invite(self, name: str, invitation: Invitation) -> None:
        """Leaves an invitation for someone, online or not."""
        self._put(invitation.welcome, self._directory("welcomes", name) / invitation.file_name)

    def invitations(self, name: str) -> List[Invitation]:
        """The invitations for someone, oldest first."""
        directory = self._directory("welcomes", name)
        found = []
        for file in _names(directory):
            group, _, number = file.partition("-")
            welcome = _if_there(directory / file)
            if welcome is not None:
                found.append(Invitation(bytes.fromhex(group), int(number), welcome))
        return sorted(found, key=lambda invitation: invitation.number)

    def forget(self, name: str, invitation: Invitation) -> None:
        """Takes an invitation away once it has been dealt with."""
        try:
            (self._directory("welcomes", name) / invitation.file_name).unlink()
        except FileNotFoundError:
            pass

    def publish(self, name: str, reference: bytes, key_package: bytes) -> None:
        """Publishes a key package under its reference, unless it has been published before."""
        fresh, used = self._directory("keys", name, "fresh"), self._directory("keys", name, "used")
        file = reference.hex()
        if not (fresh / file).exists() and not (used / file).exists():
            self._put(key_package, fresh / file)

    def publish_last_resort(self, name: str, key_package: bytes) -> None:
        """Publishes the key package that is handed out when no other is left."""
        self._put(key_package, self._directory("keys", name) / "last-resort")

    def take_key_package(self, name: str) -> Optional[bytes]:
        """Hands out a key package of someone: a fresh one, which nobody else gets, or the one of last resort."""
        fresh, used = self._directory("keys", name, "fresh"), self._directory("keys", name, "used")
        for file in _names(fresh):
            try:
                # Of several takers, one finds the file to move.
                os.rename(fresh / file, used / file)
            except FileNotFoundError:
                continue
            return (used / file).read_bytes()
        return _if_there(self._directory("keys", name) / "last-resort")

    def _numbered(self, kind: str, group_id: bytes, number: int) -> Path:
        return self._directory(kind, group_id.hex()) / f"{number:08}"

    def _directory(self, *parts: str) -> Path:
        directory = self._root.joinpath(*parts)
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def _put(self, data: bytes, place: Path) -> None:
        """Puts a whole file in place at once: a reader sees all of it or nothing."""
        os.replace(self._draft(data), place)

    def _draft(self, data: bytes) -> Path:
        """A file of our own. A name is never used twice: what a killed process left may be linked to a message."""
        for attempt in itertools.count():
            path = self._directory("drafts") / f"{os.getpid()}-{attempt}"
            try:
                with open(path, "xb") as file:
                    file.write(data)
                return path
            except FileExistsError:
                pass
        raise AssertionError("numbers do not end")


def _if_there(path: Path) -> Optional[bytes]:
    """Absence is an answer."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _names(directory: Path) -> List[str]:
    """The files in a directory, in order."""
    return sorted(os.listdir(directory))
