"""Processes are killed in the middle of sending and of receiving, and go on from their stores.

Nothing is lost, nothing comes twice, and what was encrypted is sent as it was encrypted.
"""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from delivery import Spool
from ledger import Ledger
from point import Point
from process import Actor


def kill(name: str, directory: Path, point: Point, command: str) -> None:
    """Has someone begin something, and kills the process in the middle of it."""
    with Actor(name, directory, point) as actor:
        actor.kill_at(point, command)


def start_and_end(name: str, directory: Path, command: str = "") -> list[str]:
    """Starts someone again, who finds out what there is to do; tells what was seen."""
    with Actor(name, directory) as actor:
        seen = actor.ask(command)
        actor.end()
        return seen


def waiting(directory: Path) -> bytes:
    """The one message in alice's outbox."""
    return Ledger(directory / "alice" / "store.db").unsent()[-1].message


def is_sent(directory: Path, message: bytes) -> bool:
    """Whether the newest message of the group is these bytes."""
    spool = Spool(directory / "spool")
    group_id = spool.groups()[-1]
    entries = (spool.fetch(group_id, number) for number in itertools.count(1))
    *_, newest = itertools.takewhile(lambda entry: entry is not None, entries)
    return newest is not None and newest.message == message


def sending(directory: Path, bob: Actor) -> None:
    kill("alice", directory, Point.BEFORE_SENDING, "one")
    print('alice encrypted "one" and was killed before it was sent')
    message = waiting(directory)
    print(f"bob sees {len(bob.ask(''))} messages")
    start_and_end("alice", directory)
    print(f"alice goes on; the same bytes were sent: {str(is_sent(directory, message)).lower()}")
    print(f"bob sees: {', '.join(bob.ask(''))}")

    kill("alice", directory, Point.AFTER_SENDING, "two")
    print('alice sent "two" and was killed before she could note it')
    print(f"bob sees: {', '.join(bob.ask(''))}")
    start_and_end("alice", directory)
    print(f"alice goes on and sends it again; bob sees {len(bob.ask(''))} messages")


def receiving(directory: Path) -> None:
    start_and_end("alice", directory, "three")
    kill("bob", directory, Point.INSIDE_RECEIVING, "")
    print('bob was killed inside the transaction that receives "three"')
    print(f"bob goes on and sees: {', '.join(start_and_end('bob', directory))}")

    start_and_end("alice", directory, "four")
    kill("bob", directory, Point.AFTER_RECEIVING, "")
    print('bob received "four" and was killed before he saw it')
    print(f"bob goes on and sees: {', '.join(start_and_end('bob', directory))}")


def building(directory: Path) -> None:
    kill("alice", directory, Point.BEFORE_SENDING, "/refresh")
    print("alice built a commit and was killed before it was sent")
    start_and_end("alice", directory)
    print(f"alice goes on; bob sees: {', '.join(start_and_end('bob', directory))}")
    start_and_end("alice", directory, "five")
    print(f"bob sees: {', '.join(start_and_end('bob', directory))}")


def play(directory: Path) -> None:
    with Actor("bob", directory) as bob:
        with Actor("alice", directory) as alice:
            alice.ask("/create")
            alice.ask("/add bob")
            alice.end()
        bob.ask("")
        sending(directory, bob)
        bob.end()
    receiving(directory)
    building(directory)
    print("everything bob ever received:")
    for line in Ledger(directory / "bob" / "store.db").inbox():
        print(f"  {line}")


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        play(Path(directory))


if __name__ == "__main__":
    main()
