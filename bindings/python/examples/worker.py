#!/usr/bin/env python3
"""`worker.py DATABASE INBOX SALT`: one of several processes, also of other languages, that receive for bob from one database.

INBOX holds files `EEE-NNNN.msg`, the messages of step EEE, and `EEE.commit`, the commit that ends step EEE. The messages of a
step come in an order that SALT decides, then its commit. What is received goes to the table `received`, in the transaction that
receives it.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from pathlib import Path

import conclave
from conclave import Effect, Event
from conclave.sqlite import SqliteStorage

# What `receive` says of a message whose key is gone, or whose epoch is past: another process was quicker.
_HAD_BEEN = (403, 405)

# Longest time that a call is run again, in seconds.
_PATIENCE = 60.0


class Tally:
    """What became of the messages."""

    received = 0
    had_been = 0


def record(connection: sqlite3.Connection, effect: Effect) -> None:
    """The store's `on_effect`."""
    event = getattr(effect, "event", None)
    if isinstance(event, Event.MESSAGE):
        connection.execute("INSERT INTO received (text) VALUES (?)", (event.plaintext.decode(),))


def open_group(database: str) -> conclave.Group:
    storage = SqliteStorage(database, on_effect=record)
    client = conclave.Client(conclave.basic_config("bob"), conclave.Host(storage=storage, validator=conclave.accept_all()))
    return client.open_group(client.groups(None, 1).groups[0].group_id)


def receive(group: conclave.Group, message: bytes, tally: Tally) -> None:
    """Receives a message; again, as long as another process is in the way."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            event = group.receive(message)
            break
        except conclave.Error.Conflict:
            if time.monotonic() > deadline:
                raise
        except conclave.Error as error:
            if error.code in _HAD_BEEN:
                tally.had_been += 1
                return
            if error.code != 501 or time.monotonic() > deadline:
                raise
    if isinstance(event, Event.DUPLICATE):
        tally.had_been += 1
    else:
        tally.received += 1


def work(group: conclave.Group, inbox: Path, salt: str) -> Tally:
    tally = Tally()
    order = random.Random(salt)
    for step in sorted({file.name[:3] for file in inbox.iterdir() if file.suffix in (".msg", ".commit")}):
        messages = sorted(inbox.glob(f"{step}-*.msg"))
        order.shuffle(messages)
        for file in messages + sorted(inbox.glob(f"{step}.commit")):
            receive(group, file.read_bytes(), tally)
    return tally


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit("usage: worker.py DATABASE INBOX SALT")
    try:
        tally = work(open_group(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    except Exception as error:
        sys.exit(f"worker: {error}")
    print(f"{tally.received} received, {tally.had_been} had been")


if __name__ == "__main__":
    main()
