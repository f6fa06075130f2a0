"""Calls that are awaited, and what becomes of them when their task is cancelled."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any, Coroutine, List, Optional

import pytest

import conclave
from conclave import Effect, aio
from conclave.sqlite import SqliteStorage
from conftest import joined, person, plaintext


def _run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 60))


def _host(storage: Optional[conclave.Storage] = None) -> conclave.Host:
    return conclave.Host(storage=storage or conclave.memory_storage(), validator=conclave.accept_all())


def test_two_people_on_asyncio() -> None:
    async def scenario() -> None:
        alice = await aio.open_client(conclave.basic_config("alice"), _host())
        async with await aio.open_client(conclave.basic_config("bob"), _host()) as bob:
            package = (await bob.create_key_packages(1))[0]
            group = await alice.create_group()
            added = await group.new_commit().tree_beside_welcome().add(package.message).build()
            await group.confirm_commit()
            assert added.welcome is not None
            theirs = await bob.join(added.welcome, conclave.JoinOptions(tree=added.tree))
            messages = await asyncio.gather(*(group.encrypt(b"hello") for _ in range(20)))
            received = await asyncio.gather(*(asyncio.create_task(theirs.receive(message)) for message in messages))
            assert [plaintext(event) for event in received] == [b"hello"] * 20
            again = await alice.open_group(group.id())
            assert await again.epoch_authenticator() == await theirs.epoch_authenticator()
            with pytest.raises(conclave.Error.Usage):
                await group.confirm_commit()
        with pytest.raises(ValueError, match="closed"):
            await bob.identity()

    _run(scenario())


def test_the_event_loop_goes_on_meanwhile() -> None:
    async def scenario() -> None:
        loop, beaten = asyncio.get_running_loop(), threading.Event()

        class Waiting(conclave.Clock):
            def now(self) -> int:
                assert beaten.wait(30)
                return 1_800_000_000

        host = conclave.Host(storage=conclave.memory_storage(), validator=conclave.accept_all(), clock=Waiting())
        client = await aio.open_client(conclave.basic_config("alice"), host)
        loop.call_soon(beaten.set)
        assert (await (await client.create_group()).status()).members == 1

    _run(scenario())


class _Held:
    """Alice, whose next effect waits in the middle of its transaction, and bob."""

    def __init__(self, path: Path) -> None:
        self.inside, self.go_on, self.holding = threading.Event(), threading.Event(), False
        self.outbox: List[bytes] = []
        self.late: List[object] = []
        self.handed_over = threading.Event()
        blocking = person("alice", SqliteStorage(path, on_effect=self._on_effect))
        group = blocking.create_group()
        self.bob = joined(group, person("bob"))
        self.group = aio.Group(group, self._late)
        self.holding = True

    def _late(self, result: object) -> None:
        self.late.append(result)
        self.handed_over.set()

    def _on_effect(self, connection: sqlite3.Connection, effect: Effect) -> None:
        if self.holding and isinstance(effect, Effect.OUTBOUND):
            self.inside.set()
            assert self.go_on.wait(30)
            connection.execute("CREATE TABLE IF NOT EXISTS outbox (message BLOB)")
            connection.execute("INSERT INTO outbox VALUES (?)", (effect.message,))


async def _until(event: threading.Event) -> None:
    assert await asyncio.get_running_loop().run_in_executor(None, event.wait, 30)


def _outbox(path: Path) -> List[bytes]:
    connection = sqlite3.connect(str(path))
    try:
        return [row[0] for row in connection.execute("SELECT message FROM outbox")]
    finally:
        connection.close()


def test_a_call_that_is_cancelled_while_it_runs_keeps_its_effect_and_its_result(tmp_path: Path) -> None:
    held = _Held(tmp_path / "store.db")

    async def scenario() -> None:
        task = asyncio.create_task(held.group.encrypt(b"cancelled"))
        await _until(held.inside)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        held.go_on.set()
        await _until(held.handed_over)

    _run(scenario())
    (message,) = _outbox(tmp_path / "store.db")
    assert held.late == [message]
    assert plaintext(held.bob.receive(message)) == b"cancelled"


def test_a_timeout_and_the_end_of_the_loop_keep_them_too(tmp_path: Path) -> None:
    held = _Held(tmp_path / "store.db")

    async def scenario() -> None:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(held.group.encrypt(b"too late"), 0.05)

    _run(scenario())
    held.go_on.set()
    assert held.handed_over.wait(30)
    assert held.late == _outbox(tmp_path / "store.db")
    assert plaintext(held.bob.receive(held.late[0])) == b"too late"  # type: ignore[arg-type]


def test_a_call_that_has_not_begun_when_it_is_cancelled_never_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    held = _Held(tmp_path / "store.db")
    monkeypatch.setattr(aio, "_threads", ThreadPoolExecutor(1))

    async def scenario() -> None:
        first = asyncio.create_task(held.group.encrypt(b"first"))
        await _until(held.inside)
        second = asyncio.create_task(held.group.encrypt(b"second"))
        await asyncio.sleep(0.05)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        held.go_on.set()
        assert plaintext(held.bob.receive(await first)) == b"first"
        # On the only thread, this comes after all that was asked before.
        await held.group.status()

    _run(scenario())
    assert len(_outbox(tmp_path / "store.db")) == 1 and held.late == []
