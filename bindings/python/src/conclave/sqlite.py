"""A store in a file of SQLite, over the standard library's `sqlite3`.

::

    from conclave.sqlite import SqliteStorage

    storage = SqliteStorage("conclave.db")
    client = conclave.Client(conclave.basic_config("alice"), conclave.Host(storage=storage, validator=MyValidator()))

One file in WAL mode, one table of keys and values, the same as in the stores of the other languages. Threads read in parallel;
writers, also of other processes, take turns. A write is on the disk when it returns.

Keep the file, and the `-wal` and `-shm` files beside it, out of every backup, and never restore one over it: an old store
encrypts new messages under keys that it has used before, which gives away their content. See "The storage contract" in the
README.

SQLite overwrites what it deletes in the file, and the write-ahead log is emptied after every write that clears a range, which
is how an epoch is forgotten; another process that reads at that moment delays this until a later write. One gap remains in
SQLite itself: when it packs a page anew, copies of that page's records can stay in its unused part. `SqliteStorage.scrub`
removes every trace.

The file may be opened by many processes, but within one process only through this module's copy of SQLite: not by plain file
access, nor by a library that brings its own SQLite along. Network file systems are not supported.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Callable, Iterator, List, Optional, Tuple, Type, Union

from ._errors import StorageError
from ._native import conclave as _native
from ._native.conclave import Effect, StoredRecord, WriteBatch, WriteOp
from ._sqlite_file import open_reader, open_writer, unavailable, while_busy

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["OnEffect", "SqliteStorage"]

OnEffect = Callable[[sqlite3.Connection, Effect], None]
"""Stores what a call produced, in the transaction that makes it so."""

_VALUE = "SELECT value FROM conclave_records WHERE key = ?"
_BOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? AND key < ? ORDER BY key LIMIT ?"
_UNBOUNDED = "SELECT key, value FROM conclave_records WHERE key >= ? ORDER BY key LIMIT ?"
_PUT = "INSERT OR REPLACE INTO conclave_records (key, value) VALUES (?, ?)"
_DELETE = "DELETE FROM conclave_records WHERE key = ?"
_DELETE_RANGE = "DELETE FROM conclave_records WHERE key >= ? AND key < ?"

# Operations pulled from a batch at a time.
_CHUNK = 1024

# Idle connections that are kept for the next reader.
_IDLE_READERS = 4

# How long, in seconds, a write that deleted secrets waits for readers, so as to empty the log.
_READERS_LEAVE = 0.1


class SqliteStorage(_native.Storage):
    """A file of SQLite as the storage of one or more clients.

    The file is created if it is not there, readable by its owner only. `busy_timeout` is how many seconds to wait for a writer
    in another process. Without `durable`, a crash of the machine can bring back old keys: for tests and measurements only.

    `on_effect(connection, effect)` runs in the transaction of every write that has an effect, after the library's own records
    are in it, so that the app's rows in the same file and the library's state can never disagree. What it raises takes the
    whole write back, and comes back as the error of the call. It must not end the transaction, nor call the library, nor leave
    a cursor half read, which would keep the log from being emptied.

    Raises `StorageError.Unavailable` if SQLite cannot open the file, or it lies in a place that cannot have a write-ahead log.
    """

    def __init__(
        self,
        path: Union[str, "os.PathLike[str]"],
        *,
        on_effect: Optional[OnEffect] = None,
        durable: bool = True,
        busy_timeout: float = 5.0,
    ) -> None:
        self._path = os.fspath(path)
        self._on_effect = on_effect
        self._busy_timeout = busy_timeout
        self._readers: List[sqlite3.Connection] = []
        self._closed = False
        self._readers_lock = threading.Lock()
        # Reentrant, so that a call from inside `on_effect` finds its own open transaction and is refused, not stuck.
        self._writer_lock = threading.RLock()
        self._writer = open_writer(self._path, durable, busy_timeout)
        self._in_effect = False
        self._writer.set_authorizer(self._authorize)
        # What an earlier run may have left. This also ends SQLite's own waiting, which `while_busy` does better.
        self._log_is_full = True
        self._empty_log(0)

    def read(self, keys: List[bytes]) -> List[Optional[bytes]]:
        """The values of `keys`, in their order; None for what is absent."""
        with self._reading(len(keys) > 1) as reader:
            return [_value(reader, key) for key in keys]

    def scan(self, prefix: bytes, after: bytes, limit: int) -> List[StoredRecord]:
        """Records whose keys begin with `prefix`, in order, strictly after `after`, at most `limit`."""
        # No key lies between `after` and `after` with a zero behind it. An empty key is none.
        first = prefix if after < prefix else after + b"\0"
        end = _end(prefix)
        with self._reading(False) as reader:
            if end is None:
                rows = reader.execute(_UNBOUNDED, (first, limit))
            else:
                rows = reader.execute(_BOUNDED, (first, end, limit))
            return [StoredRecord(key=key, value=value) for key, value in rows]

    def write(self, batch: WriteBatch) -> None:
        """Checks the guards of the batch, then applies it, in one transaction."""
        with self._writer_lock:
            self._refuse_inside_a_transaction()
            try:
                while_busy(lambda: self._writer.execute("BEGIN IMMEDIATE"), self._busy_timeout, "writing")
                cleared = self._apply(batch)
                # Not `commit()`, which is content where no transaction is left.
                # In words of its own, or an app that runs it would get this statement, which was let through.
                self._writer.execute("COMMIT /* of the library */")
            except sqlite3.Error as error:
                self._writer.rollback()
                raise unavailable("writing", error) from error
            except BaseException:
                self._writer.rollback()
                raise
            self._log_is_full |= cleared
            self._empty_log(_READERS_LEAVE if cleared else 0)

    def scrub(self) -> None:
        """Rewrites the whole file, so that no trace of a deleted record is left in it.

        SQLite itself leaves a few behind. Call it now and then, such as after a group is deleted or while the device is idle.
        It takes as long as copying the file, and keeps writers waiting meanwhile. Raises `StorageError.Unavailable` if another
        process was using the file; traces may be left, and nothing else has changed.
        """
        with self._writer_lock:
            self._refuse_inside_a_transaction()
            try:
                with self._waiting(self._busy_timeout):
                    self._writer.execute("VACUUM")
            except sqlite3.Error as error:
                raise unavailable("scrubbing", error) from error
            self._log_is_full = True
            self._empty_log(self._busy_timeout)
            if self._log_is_full:
                raise StorageError.Unavailable("scrubbing: another process is reading, and the log could not be emptied")

    def close(self) -> None:
        """Closes the file. Calls that still need it fail with `StorageError.Unavailable`. Does nothing the second time."""
        with self._writer_lock, self._readers_lock:
            self._closed = True
            while self._readers:
                self._readers.pop().close()
            # As the last to close, it empties and removes the log.
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"SqliteStorage({self._path!r})"

    def _apply(self, batch: WriteBatch) -> bool:
        """All of a batch, in the transaction that is open. Tells whether a range was cleared."""
        for guard in batch.guards():
            if _value(self._writer, guard.key) != guard.expected:
                raise StorageError.Conflict()
        cleared = False
        while True:
            chunk = batch.next_chunk(_CHUNK)
            if not chunk:
                break
            for operation in chunk:
                self._writer.execute(*_statement(operation))
                cleared |= operation.is_delete_range()
        self._tell(batch.effect())
        return cleared

    def _tell(self, effect: Optional[Effect]) -> None:
        if self._on_effect is None or effect is None:
            return
        # Released only in the transaction that it was set in: SQLite ends one by itself after some errors, such as a full disk, and the
        # app may have caught that.
        self._writer.execute("SAVEPOINT conclave_effect")
        self._in_effect = True
        try:
            self._on_effect(self._writer, effect)
        except sqlite3.Error as error:
            raise StorageError.Unavailable(f"on_effect: {error}") from error
        except StorageError.Conflict as error:
            raise StorageError.Unavailable("on_effect: a conflict, which only guards have") from error
        finally:
            self._in_effect = False
            # It may have set one.
            self._writer.row_factory = None
        self._writer.execute("RELEASE conclave_effect")

    def _authorize(self, action: int, *about: object) -> int:
        """Lets `on_effect` do everything but begin and end transactions."""
        return sqlite3.SQLITE_DENY if self._in_effect and action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK

    def _refuse_inside_a_transaction(self) -> None:
        if self._closed:
            raise StorageError.Unavailable("the store is closed")
        if not self._in_effect:
            # Left behind where taking it back has failed.
            self._writer.rollback()
        if self._writer.in_transaction:
            raise StorageError.Unavailable(
                "a transaction is open: the library was called from inside one, or one was left behind"
            )

    def _empty_log(self, patience: float) -> None:
        """Moves the log into the file and cuts it to nothing.

        As long as another process reads from the log this cannot be done, and is tried again after the next write.
        """
        if not self._log_is_full:
            return
        try:
            with self._waiting(patience):
                (busy, _, _) = self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._log_is_full = bool(busy)
        except sqlite3.Error:
            pass

    @contextmanager
    def _waiting(self, patience: float) -> Iterator[None]:
        """Has SQLite itself wait for others; after it, it does not."""
        self._writer.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
        try:
            yield
        finally:
            self._writer.execute("PRAGMA busy_timeout = 0")

    @contextmanager
    def _reading(self, often: bool) -> Iterator[sqlite3.Connection]:
        """A connection of its own, which serves others afterwards unless it failed. Who reads often sees one state."""
        with self._readers_lock:
            if self._closed:
                raise StorageError.Unavailable("the store is closed")
            reader = self._readers.pop() if self._readers else None
        if reader is None:
            reader = open_reader(self._path, self._busy_timeout)
        try:
            if often:
                reader.execute("BEGIN")
            yield reader
            if often:
                reader.execute("COMMIT")
        except BaseException as error:
            reader.close()
            if isinstance(error, sqlite3.Error):
                raise unavailable("reading", error) from error
            raise
        with self._readers_lock:
            if len(self._readers) < _IDLE_READERS and not self._closed:
                self._readers.append(reader)
                return
        reader.close()


def _value(connection: sqlite3.Connection, key: bytes) -> Optional[bytes]:
    row: Optional[Tuple[bytes]] = connection.execute(_VALUE, (key,)).fetchone()
    return row[0] if row else None


def _end(prefix: bytes) -> Optional[bytes]:
    """The first key past all those that begin with `prefix`, if there is any."""
    head = prefix.rstrip(b"\xff")
    return head[:-1] + bytes([head[-1] + 1]) if head else None


def _statement(operation: WriteOp) -> Tuple[str, Tuple[bytes, ...]]:
    if isinstance(operation, WriteOp.PUT):
        return _PUT, (operation.key, operation.value)
    if isinstance(operation, WriteOp.DELETE):
        return _DELETE, (operation.key,)
    if isinstance(operation, WriteOp.DELETE_RANGE):
        return _DELETE_RANGE, (operation._from, operation.to)
    raise StorageError.Unavailable(f"an operation that this store does not know: {type(operation).__name__}")
