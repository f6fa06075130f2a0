"""Connections to a store's file: the settings that each has, and the words for what went wrong."""

from __future__ import annotations

import os
import sqlite3
import time
from typing import Callable, TypeVar

from ._errors import StorageError

_T = TypeVar("_T")

# The same table as in the stores of the other languages. Without a row id, a record is found in one search of one tree.
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS conclave_records "
    "(key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"
)

# Of SQLite, for strict tables.
_OLDEST = (3, 37)

# How often a busy database is asked again, in seconds. SQLite's own waiting asks ever more rarely, up to ten times a second:
# beside a process that writes one message after the other, it hardly ever comes to its turn.
_RETRY = 0.001

_BUSY, _LOCKED = 5, 6


def open_writer(path: str, durable: bool, busy_timeout: float) -> sqlite3.Connection:
    """A connection that may write, with the table in place."""
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StorageError.Unavailable(f"opening: SQLite {sqlite3.sqlite_version} is too old, 3.37 is needed")
    if path in ("", ":memory:"):
        raise StorageError.Unavailable("opening: the store needs a file on a local disk")
    _create_private(path)
    writer = _connect(path, busy_timeout)
    try:
        while_busy(lambda: _prepare(writer, durable), busy_timeout, "opening")
    except BaseException:
        writer.close()
        raise
    return writer


def open_reader(path: str, busy_timeout: float) -> sqlite3.Connection:
    """A connection that only reads."""
    reader = _connect(path, busy_timeout)
    reader.execute("PRAGMA query_only = ON")
    return reader


def while_busy(act: Callable[[], _T], busy_timeout: float, doing: str) -> _T:
    """Acts, again and again while the database is busy and time is left."""
    deadline = time.monotonic() + busy_timeout
    while True:
        try:
            return act()
        except sqlite3.Error as error:
            if not _is_busy(error) or time.monotonic() >= deadline:
                raise unavailable(doing, error) from error
        time.sleep(_RETRY)


def unavailable(doing: str, error: sqlite3.Error) -> StorageError:
    """What SQLite said, and while doing what."""
    code = getattr(error, "sqlite_errorcode", None)
    return StorageError.Unavailable(f"{doing}: {error}" + (f" (SQLite code {code})" if code else ""))


def _connect(path: str, busy_timeout: float) -> sqlite3.Connection:
    try:
        # Without isolation_level, the module opens and ends no transactions of its own.
        return sqlite3.connect(path, timeout=busy_timeout, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise unavailable("opening", error) from error


def _prepare(writer: sqlite3.Connection, durable: bool) -> None:
    """Sets what a connection forgets when it is closed, and makes the table."""
    writer.execute("PRAGMA secure_delete = ON")
    writer.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
    # Only Apple's systems know the difference: there a plain fsync does not reach the disk.
    writer.execute(f"PRAGMA fullfsync = {int(durable)}")
    writer.execute(f"PRAGMA checkpoint_fullfsync = {int(durable)}")
    (mode,) = writer.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StorageError.Unavailable(
            "opening: the place cannot have a write-ahead log; the store needs a file on a local disk"
        )
    writer.execute(_SCHEMA)


def _create_private(path: str) -> None:
    """Creates the file for its owner alone; SQLite gives the files beside it the same permissions.

    A file that is there is never opened here: to close it again would drop the locks that SQLite holds on it in this process.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError:
        # SQLite's own attempt says why.
        pass


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection held a lock for too long."""
    code = getattr(error, "sqlite_errorcode", None)
    # Before Python 3.11 there is nothing but the text.
    return "is locked" in str(error) if code is None else code & 0xFF in (_BUSY, _LOCKED)
