"""Many threads on one client: nothing is lost and nothing comes twice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import List, Tuple

import pytest

import conclave
from conclave.sqlite import SqliteStorage
from conftest import joined, person, plaintext

_THREADS = 8
_GROUPS = 32
_MESSAGES = 4


@pytest.mark.parametrize("place", ["memory", "sqlite"])
def test_eight_threads_on_one_client_and_32_groups(place: str, tmp_path: Path) -> None:
    storage = SqliteStorage(tmp_path / "store.db", durable=False) if place == "sqlite" else None
    alice, bob = person("alice", storage), person("bob")
    pairs = [(group, joined(group, bob)) for group in (alice.create_group() for _ in range(_GROUPS))]
    start = threading.Barrier(_THREADS)

    def send(thread: int) -> List[Tuple[int, bytes]]:
        start.wait(30)
        sent = []
        for number in range(_MESSAGES):
            for place in range(_GROUPS):
                # Each thread begins elsewhere, so that all of them meet in every group.
                at = (place + thread * 4) % _GROUPS
                sent.append((at, pairs[at][0].encrypt(f"{thread} {number}".encode())))
        return sent

    def receive(batch: List[Tuple[int, bytes]]) -> List[Tuple[int, bytes]]:
        return [(at, plaintext(pairs[at][1].receive(message))) for at, message in batch]

    with ThreadPoolExecutor(_THREADS) as threads:
        sent = list(threads.map(send, range(_THREADS)))
        received = [pair for batch in threads.map(receive, sent) for pair in batch]
    texts = [f"{thread} {number}".encode() for thread in range(_THREADS) for number in range(_MESSAGES)]
    assert sorted(received) == sorted((at, text) for at in range(_GROUPS) for text in texts)


def test_others_run_while_a_call_does() -> None:
    """Python's lock is free during a call: a callback of one call can wait for another call."""
    called = threading.Event()

    class Waiting(conclave.Clock):
        def now(self) -> int:
            assert called.wait(30)
            return 1_800_000_000

    slow = person("alice", clock=Waiting())
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(slow.create_group)
        person("bob").create_group()
        called.set()
        assert waiting.result(30).status().epoch == 0
