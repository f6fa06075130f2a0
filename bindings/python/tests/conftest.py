"""What the tests share: people, groups, and the errors that callbacks raise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Callable, List, Optional

import pytest

import conclave

EXAMPLES = Path(__file__).parent.parent / "examples"
sys.path.insert(0, str(EXAMPLES))


def person(name: str, storage: Optional[conclave.Storage] = None, **host: object) -> conclave.Client:
    """A client that keeps what it has in memory, if it is not told another place."""
    lent = {"storage": storage or conclave.memory_storage(), "validator": conclave.accept_all(), **host}
    return conclave.Client(conclave.basic_config(name), conclave.Host(**lent))  # type: ignore[arg-type]


def joined(group: conclave.Group, newcomer: conclave.Client) -> conclave.Group:
    """Adds someone to a group that nobody else is in."""
    added = group.new_commit().add(newcomer.create_key_packages(1)[0].message).build()
    group.confirm_commit()
    assert added.welcome is not None
    return newcomer.join(added.welcome)


def plaintext(event: conclave.Event) -> bytes:
    """What was written in a message."""
    assert isinstance(event, conclave.Event.MESSAGE), event
    return event.plaintext


class Pair:
    """Alice's and bob's view of one group."""

    def __init__(self, alice: conclave.Client, bob: conclave.Client) -> None:
        self.clients = (alice, bob)
        self.alice = alice.create_group()
        self.bob = joined(self.alice, bob)


@pytest.fixture
def pair() -> Pair:
    return Pair(person("alice"), person("bob"))
