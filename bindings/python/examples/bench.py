"""How long calls take, and how much memory a large join. Prints lines of `name<TAB>value<TAB>unit`.

    bench.py                                what it costs to encrypt 1 KiB
    bench.py DATABASE WELCOME TREE          the same, and what it costs the client "joiner", in DATABASE, to join
    bench.py key-package DATABASE FILE      makes DATABASE, with that client, and a key package of it
    bench.py group SIZE FILE WELCOME TREE   makes a group of that size with it, and what to join by
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional

import conclave
from conclave import StorageError, StoredRecord, WriteBatch, WriteOp
from conclave.sqlite import SqliteStorage

_CALLS = 2000

# How many members one commit adds.
_AT_ONCE = 500


class Dictionary(conclave.Storage):
    """The plainest storage there is. Only for one thread, and only to measure: it forgets everything."""

    def __init__(self) -> None:
        self._records: Dict[bytes, bytes] = {}

    def read(self, keys: List[bytes]) -> List[Optional[bytes]]:
        return [self._records.get(key) for key in keys]

    def scan(self, prefix: bytes, after: bytes, limit: int) -> List[StoredRecord]:
        found = sorted(key for key in self._records if key.startswith(prefix) and key > after)
        return [StoredRecord(key=key, value=self._records[key]) for key in found[:limit]]

    def write(self, batch: WriteBatch) -> None:
        if any(self._records.get(guard.key) != guard.expected for guard in batch.guards()):
            raise StorageError.Conflict()
        while True:
            chunk = batch.next_chunk(1024)
            if not chunk:
                return
            for operation in chunk:
                self._apply(operation)

    def _apply(self, operation: WriteOp) -> None:
        if isinstance(operation, WriteOp.PUT):
            self._records[operation.key] = operation.value
        elif isinstance(operation, WriteOp.DELETE):
            self._records.pop(operation.key, None)
        elif isinstance(operation, WriteOp.DELETE_RANGE):
            for key in [key for key in self._records if operation._from <= key < operation.to]:
                del self._records[key]


class Timed(SqliteStorage):
    """A store that knows how long it wrote."""

    wrote = 0.0
    operations = 0

    def write(self, batch: WriteBatch) -> None:
        began = time.perf_counter()
        super().write(batch)
        self.wrote += time.perf_counter() - began
        self.operations += batch.size().ops


def client(name: str, storage: conclave.Storage) -> conclave.Client:
    host = conclave.Host(storage=storage, validator=conclave.accept_all())
    return conclave.Client(conclave.basic_config(name), host)


def tell(name: str, value: float, unit: str) -> None:
    print(f"{name}\t{value:.1f}\t{unit}", flush=True)


def encrypt(name: str, storage: conclave.Storage) -> None:
    """Tells how long it takes to encrypt 1 KiB."""
    group, plaintext = client("alice", storage).create_group(), bytes(1024)
    for _ in range(_CALLS // 10):
        group.encrypt(plaintext)
    began = time.perf_counter()
    for _ in range(_CALLS):
        group.encrypt(plaintext)
    tell(name, (time.perf_counter() - began) / _CALLS * 1e6, "us")


def join(store: Path, welcome: Path, tree: Path) -> None:
    """Tells what it takes to join a large group."""
    with Timed(store) as storage:
        bob = client("joiner", storage)
        before, storage.wrote, storage.operations = peak(), 0.0, 0
        began = time.perf_counter()
        group = bob.join(welcome.read_bytes(), conclave.JoinOptions(tree=tree.read_bytes()))
        tell("join", (time.perf_counter() - began) * 1e3, "ms")
        tell("join, writing", storage.wrote * 1e3, "ms")
        tell("join, operations", storage.operations, "operations")
        tell("join, members", group.status().members, "members")
        tell("join, peak memory before", before, "MiB")
        tell("join, peak memory", peak(), "MiB")


def make_key_package(database: Path, file: Path) -> None:
    with SqliteStorage(database) as storage:
        file.write_bytes(client("joiner", storage).create_key_packages(1)[0].message)


def make_group(size: int, key_package: Path, welcome: Path, tree: Path) -> None:
    group, left = client("alice", conclave.memory_storage()).create_group(), size - 2
    while left > 0:
        builder = group.new_commit().tree_later()
        for number in range(left, max(left - _AT_ONCE, 0), -1):
            member = client(f"member {number}", conclave.memory_storage())
            builder = builder.add(member.create_key_packages(1)[0].message)
        builder.build()
        group.confirm_commit()
        left -= _AT_ONCE
    built = group.new_commit().tree_later().add(key_package.read_bytes()).build()
    group.confirm_commit()
    assert built.welcome is not None
    welcome.write_bytes(built.welcome)
    tree.write_bytes(group.export_tree())


def peak() -> float:
    """The most memory that this process has had."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def main() -> None:
    command, *files = sys.argv[1:] or [""]
    if command == "key-package" and len(files) == 2:
        return make_key_package(Path(files[0]), Path(files[1]))
    if command == "group" and len(files) == 4:
        return make_group(int(files[0]), Path(files[1]), Path(files[2]), Path(files[3]))
    if len(files) not in (0, 2):
        sys.exit(__doc__)
    if files:
        # First, while the peak is still its own.
        join(Path(command), Path(files[0]), Path(files[1]))
    with tempfile.TemporaryDirectory() as directory:
        encrypt("encrypt 1 KiB, storage of Rust", conclave.memory_storage())
        encrypt("encrypt 1 KiB, storage of Python", Dictionary())
        with SqliteStorage(Path(directory) / "alice.db") as storage:
            encrypt("encrypt 1 KiB, SQLite", storage)


if __name__ == "__main__":
    main()
