"""When objects end: by `close`, by `with`, or when nothing refers to them; and that memory stays flat."""

from __future__ import annotations

import gc
import os
import threading
import weakref
from pathlib import Path

import pytest

import conclave
from conclave._native import conclave as native
from conftest import Pair, person, plaintext
from test_callbacks import Memory

_GROUPS = 100_000

# What may come and go by itself, in bytes. Of handles that stayed, the first half would fill what lay free, and the second half
# would take 17 MB more.
_SLACK = 2 * 2**20


def _memory() -> int:
    """The memory of this process that is in use."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_a_closed_object_says_so_and_crashes_nothing(pair: Pair) -> None:
    builder, secret = pair.alice.new_commit(), pair.alice.export_secret("label", b"", 16)
    for handle, call in (
        (builder, builder.build),
        (secret, secret.copy),
        (pair.alice, pair.alice.status),
        (pair.clients[0], pair.clients[0].identity),
    ):
        assert not handle.closed
        handle.close()
        handle.close()
        assert handle.closed and repr(handle).endswith(", closed>")
        with pytest.raises(ValueError, match="is closed"):
            call()


def test_with_closes_and_groups_outlive_their_client() -> None:
    with person("alice") as client, client.create_group() as group:
        client.close()
        assert group.status().epoch == 0
    assert group.closed


def test_a_class_of_the_app_can_follow_from_a_client() -> None:
    class Mine(conclave.Client):
        pass

    host = conclave.Host(storage=conclave.memory_storage(), validator=conclave.accept_all())
    with Mine(conclave.basic_config("alice"), host) as client:
        assert client.create_group().status().members == 1


def test_what_was_lent_is_given_back() -> None:
    gc.collect()
    lent = len(native._UniffiFfiConverterTypeStorage._handle_map)
    storage = Memory()
    gone = weakref.ref(storage)
    client = person("alice", storage)
    group = client.create_group()
    del storage
    client.close()
    assert gone() is not None
    group.close()
    del client, group
    gc.collect()
    assert gone() is None
    assert len(native._UniffiFfiConverterTypeStorage._handle_map) == lent


def test_a_call_that_runs_while_its_object_is_closed_comes_to_its_end() -> None:
    storage = Memory()
    pair = Pair(person("alice", storage), person("bob"))
    inside, closed = threading.Event(), threading.Event()

    def wait(callback: str) -> None:
        inside.set()
        assert closed.wait(30)

    storage.fails = wait
    messages = []
    thread = threading.Thread(target=lambda: messages.append(pair.alice.encrypt(b"last words")))
    thread.start()
    assert inside.wait(30)
    pair.alice.close()
    pair.clients[0].close()
    closed.set()
    thread.join()
    assert plaintext(pair.bob.receive(messages[0])) == b"last words"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="how much memory is in use is read from /proc")
def test_a_hundred_thousand_groups_opened_and_dropped_leave_memory_flat() -> None:
    client = person("alice", Memory())
    ids = [client.create_group().id() for _ in range(10)]

    def half() -> None:
        for number in range(_GROUPS // 2):
            group = client.open_group(ids[number % len(ids)])
            # Every second one is closed, and the others are dropped.
            if number % 2:
                group.close()
        gc.collect()

    half()
    before = _memory()
    half()
    assert _memory() - before < _SLACK
