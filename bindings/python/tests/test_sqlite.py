"""The store over SQLite: its contract, the app's rows in the same transaction, several processes, and what is deleted."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any, List

import pytest

import conclave
from conclave import Effect, StorageError
from conclave.sqlite import SqliteStorage
from conftest import Pair, joined, person, plaintext


def _fill(connection: sqlite3.Connection, effect: Effect) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS told (kind TEXT NOT NULL)")
    connection.execute("INSERT INTO told VALUES (?)", (type(effect).__name__,))


def _rows(path: Path, query: str = "SELECT kind FROM told") -> List[Any]:
    connection = sqlite3.connect(str(path))
    try:
        return [row[0] for row in connection.execute(query)]
    finally:
        connection.close()


def _records(path: Path) -> List[Any]:
    connection = sqlite3.connect(str(path))
    try:
        return connection.execute("SELECT key, value FROM conclave_records ORDER BY key").fetchall()
    finally:
        connection.close()


def test_the_store_keeps_the_whole_contract(tmp_path: Path) -> None:
    with SqliteStorage(tmp_path / "store.db") as storage:
        assert conclave.check_storage(storage) == []


def test_the_check_finds_what_is_broken(tmp_path: Path) -> None:
    class Blind(SqliteStorage):
        """Looks at no guards."""

        def write(self, batch: conclave.WriteBatch) -> None:
            blind: Any = type("Batch", (), {"guards": list, "next_chunk": batch.next_chunk, "effect": batch.effect})()
            super().write(blind)

    with Blind(tmp_path / "store.db") as storage:
        assert conclave.check_storage(storage)


def test_effects_are_told_in_the_transaction_of_the_call(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    pair = Pair(person("alice", SqliteStorage(path, on_effect=_fill)), person("bob"))
    pair.alice.receive(pair.bob.encrypt(b"hello"))
    told = [kind.rsplit(".")[-1] for kind in _rows(path)]
    assert told == ["JOINED", "OUTBOUND", "CONFIRMED", "RECEIVED"]


def test_what_on_effect_raises_takes_everything_back_and_comes_out_of_the_call(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    failing: List[BaseException] = []

    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        _fill(connection, effect)
        if failing:
            raise failing[0]

    pair = Pair(person("alice", SqliteStorage(path, on_effect=on_effect)), person("bob"))
    message = pair.bob.encrypt(b"hello")
    before = (_records(path), _rows(path))
    for error in (ValueError("no room in the inbox"), sqlite3.IntegrityError("no room in the inbox")):
        failing[:] = [error]
        with pytest.raises(conclave.Error.Storage, match="no room in the inbox") as raised:
            pair.alice.receive(message)
        assert raised.value.code == 701
        assert (_records(path), _rows(path)) == before
    failing[:] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        pair.alice.receive(message)
    assert (_records(path), _rows(path)) == before
    failing.clear()
    assert plaintext(pair.alice.receive(message)) == b"hello"


@pytest.mark.parametrize("way", ["ON CONFLICT ROLLBACK", "a full disk", "another transaction"])
def test_a_transaction_that_sqlite_took_back_is_not_taken_for_written(tmp_path: Path, way: str) -> None:
    path = tmp_path / "store.db"
    spoiling: List[bool] = []

    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        if not spoiling:
            return
        try:
            if way == "a full disk":
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
                connection.execute(f"PRAGMA max_page_count = {pages + 1}")
                connection.execute("INSERT INTO app VALUES (zeroblob(1000000))")
            else:
                connection.execute("INSERT INTO app VALUES (1), (1)")
        except sqlite3.Error:
            if way == "another transaction":
                connection.set_authorizer(None)
                connection.execute("BEGIN")

    storage = SqliteStorage(path, on_effect=on_effect)
    with sqlite3.connect(path) as app:
        app.execute("CREATE TABLE app (id PRIMARY KEY ON CONFLICT ROLLBACK)")
    group = person("alice", storage).create_group()
    before = _records(path)
    spoiling.append(True)
    with pytest.raises(conclave.Error.Storage, match="no such savepoint"):
        group.encrypt(b"not stored, and so not sent")
    assert _records(path) == before
    storage.close()


def test_a_conflict_of_the_app_is_not_one_of_the_guards(tmp_path: Path) -> None:
    calls: List[Effect] = []

    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        calls.append(effect)
        raise conclave.StorageError.Conflict()

    with pytest.raises(conclave.Error.Storage, match="which only guards have"):
        person("alice", SqliteStorage(tmp_path / "store.db", on_effect=on_effect)).create_group()
    assert len(calls) == 1


@pytest.mark.parametrize("statement", ["COMMIT", "END", "ROLLBACK", "commit()", "rollback()", "executescript"])
def test_on_effect_cannot_end_the_transaction(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "store.db"

    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        if statement == "commit()":
            connection.commit()
        elif statement == "rollback()":
            connection.rollback()
        elif statement == "executescript":
            connection.executescript("SELECT 1")
        else:
            connection.execute(statement)

    client = person("alice", SqliteStorage(path, on_effect=on_effect))
    before = _records(path)
    with pytest.raises(conclave.Error.Storage, match="not authorized"):
        client.create_group()
    assert _records(path) == before


def test_on_effect_may_leave_the_connection_as_it_likes(tmp_path: Path) -> None:
    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        connection.row_factory = lambda cursor, row: {"row": row}

    pair = Pair(person("alice", SqliteStorage(tmp_path / "store.db", on_effect=on_effect)), person("bob"))
    assert plaintext(pair.bob.receive(pair.alice.encrypt(b"hello"))) == b"hello"


def test_on_effect_cannot_call_the_library(tmp_path: Path) -> None:
    groups: List[conclave.Group] = []

    def on_effect(connection: sqlite3.Connection, effect: Effect) -> None:
        if groups:
            groups[0].encrypt(b"again")

    client = person("alice", SqliteStorage(tmp_path / "store.db", on_effect=on_effect))
    groups.append(client.create_group())
    with pytest.raises(conclave.Error.Storage, match="Reentrant") as raised:
        groups[0].encrypt(b"once")
    assert isinstance(raised.value.__cause__, conclave.Error.Usage)


def test_a_store_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    bob = person("bob")
    with SqliteStorage(tmp_path / "store.db") as storage:
        group = person("alice", storage).create_group()
        theirs, group_id = joined(group, bob), group.id()
    with pytest.raises(conclave.Error.Storage, match="the store is closed"):
        group.encrypt(b"closed")
    assert not (tmp_path / "store.db-wal").exists()
    with SqliteStorage(tmp_path / "store.db") as storage:
        again = person("alice", storage).open_group(group_id)
        assert plaintext(theirs.receive(again.encrypt(b"again"))) == b"again"


def test_the_settings_are_those_of_the_reference_store(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "store.db")
    settings = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "busy_timeout": 0}
    for name, value in settings.items():
        assert storage._writer.execute(f"PRAGMA {name}").fetchone() == (value,), name
    assert stat.S_IMODE(os.stat(tmp_path / "store.db").st_mode) == 0o600
    assert os.stat(tmp_path / "store.db-wal").st_size == 0


def test_places_that_cannot_hold_a_store_are_refused(tmp_path: Path) -> None:
    for place in ("", ":memory:", str(tmp_path / "nowhere" / "store.db"), str(tmp_path)):
        with pytest.raises(StorageError.Unavailable):
            SqliteStorage(place)
    (tmp_path / "text").write_bytes(b"this is no database at all, and it is long enough to be looked at" * 20)
    with pytest.raises(StorageError.Unavailable, match="not a database"):
        SqliteStorage(tmp_path / "text")


def test_what_is_deleted_is_gone_from_the_file(tmp_path: Path) -> None:
    path, needle = tmp_path / "store.db", b"a secret that is to be forgotten"
    storage = SqliteStorage(path)
    client = person("alice", storage)
    client.put_psk(b"id", needle)
    assert _found(tmp_path, needle)
    client.delete_psk(b"id")
    storage.scrub()
    assert not _found(tmp_path, needle)


def test_scrubbing_writes_the_file_anew(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    storage = SqliteStorage(path)
    client = person("alice", storage)
    for number in range(50):
        client.put_psk(bytes([number]), bytes(1000))
    for number in range(50):
        client.delete_psk(bytes([number]))
    assert _rows(path, "PRAGMA freelist_count") != [0]
    storage.scrub()
    assert _rows(path, "PRAGMA freelist_count") == [0]
    assert os.stat(tmp_path / "store.db-wal").st_size == 0


def test_scrubbing_tells_if_another_reads(tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "store.db", busy_timeout=0.1)
    client = person("alice", storage)
    reader = sqlite3.connect(str(tmp_path / "store.db"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM conclave_records").fetchone()
    client.create_group()
    with pytest.raises(StorageError.Unavailable, match="scrubbing"):
        storage.scrub()
    reader.execute("COMMIT")
    storage.scrub()


def test_the_log_is_emptied_when_a_group_is_deleted(tmp_path: Path) -> None:
    group = person("alice", SqliteStorage(tmp_path / "store.db")).create_group()
    group.encrypt(b"hello")
    assert os.stat(tmp_path / "store.db-wal").st_size > 0
    group.delete()
    assert os.stat(tmp_path / "store.db-wal").st_size == 0


def _found(directory: Path, needle: bytes) -> bool:
    return any(needle in file.read_bytes() for file in directory.iterdir())


def test_a_writer_of_another_process_is_waited_for_and_given_up(tmp_path: Path) -> None:
    client = person("alice", SqliteStorage(tmp_path / "store.db", busy_timeout=0.2))
    other = sqlite3.connect(str(tmp_path / "store.db"), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(conclave.Error.Storage, match="locked"):
        client.create_group()
    patient = person("bob", SqliteStorage(tmp_path / "other.db"))
    waiting = sqlite3.connect(str(tmp_path / "other.db"), isolation_level=None, check_same_thread=False)
    waiting.execute("BEGIN IMMEDIATE")
    threading.Timer(0.3, waiting.rollback).start()
    assert patient.create_group().status().epoch == 0


_PROCESS = textwrap.dedent(
    """
    import sys, conclave
    from conclave.sqlite import SqliteStorage
    host = conclave.Host(storage=SqliteStorage(sys.argv[1]), validator=conclave.accept_all())
    client = conclave.Client(conclave.basic_config("alice"), host)
    group = client.open_group(client.groups(None, 1).groups[0].group_id)
    left = int(sys.argv[2])
    while left:
        try:
            print(group.encrypt(b"x").hex())
            left -= 1
        except conclave.Error.Conflict:
            pass
    """
)


def test_two_processes_on_one_file_use_no_key_twice(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    theirs = joined(person("alice", SqliteStorage(path)).create_group(), person("bob"))
    run = [sys.executable, "-c", _PROCESS, str(path), "40"]
    running = [subprocess.Popen(run, stdout=subprocess.PIPE, encoding="ascii") for _ in range(2)]
    messages = [bytes.fromhex(line) for process in running for line in process.communicate()[0].split()]
    generations = []
    for message in messages:
        event = theirs.receive(message)
        assert isinstance(event, conclave.Event.MESSAGE)
        generations.append(event.generation)
    assert sorted(generations) == list(range(80))


def test_two_workers_receive_every_message_once(tmp_path: Path) -> None:
    path, inbox = tmp_path / "store.db", tmp_path / "inbox"
    inbox.mkdir()
    alice = person("alice").create_group()
    joined(alice, person("bob", SqliteStorage(path)))
    connection = sqlite3.connect(str(path))
    connection.execute("CREATE TABLE received (text TEXT NOT NULL)")
    connection.close()
    for step in range(3):
        for number in range(20):
            (inbox / f"{step:03}-{number:04}.msg").write_bytes(alice.encrypt(f"{step} {number}".encode()))
        (inbox / f"{step:03}.commit").write_bytes(alice.new_commit().build().commit)
        alice.confirm_commit()
    worker = Path(__file__).parent.parent / "examples" / "worker.py"
    run = [sys.executable, str(worker), str(path), str(inbox)]
    running = [subprocess.Popen([*run, salt], stdout=subprocess.PIPE, encoding="ascii") for salt in "ab"]
    told = [process.communicate()[0].split() for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert sum(int(words[0]) for words in told) == 63 and sum(int(words[2]) for words in told) == 63
    expected = sorted(f"{step} {number}" for step in range(3) for number in range(20))
    assert sorted(_rows(path, "SELECT text FROM received")) == expected
