"""The app's word on a call: the library hands it back in the effect, so that the ledger knows what to write beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cursor:
    """The call handled the message of this number, and all before it: where to go on after a restart."""

    number: int

    def __bytes__(self) -> bytes:
        return f"cursor {self.number}".encode()


@dataclass(frozen=True)
class Message:
    """The call encrypted a message."""

    def __bytes__(self) -> bytes:
        return b"message"


@dataclass(frozen=True)
class Commit:
    """The call built a commit that ends this epoch."""

    epoch: int

    def __bytes__(self) -> bytes:
        return f"commit {self.epoch}".encode()


def parse(tag: bytes) -> Cursor | Message | Commit:
    """The tag as the library gives it back. Raises ValueError for one that this app never wrote."""
    kind, _, number = tag.partition(b" ")
    if tag == b"message":
        return Message()
    if kind == b"cursor":
        return Cursor(int(number))
    if kind == b"commit":
        return Commit(int(number))
    raise ValueError("a tag that this app never wrote")
