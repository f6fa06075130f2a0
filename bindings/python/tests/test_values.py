"""Printing shows no secret and no plaintext; values are compared by what is in them."""

from __future__ import annotations

import inspect
from typing import Any, Iterator, List

import conclave
from conclave._values import _generated
from conftest import Pair, person

_SECRET = b"hunter2 hunter2 hunter2 hunter2!"


def _printed(value: object) -> List[str]:
    return [str(value), repr(value), f"{value}", f"{value!r}", "%s %r" % (value, value), repr([value]), repr({"x": value})]


def _shows_nothing(value: object) -> bool:
    forms = (_SECRET.decode(), _SECRET.hex(), str(list(_SECRET))[1:-1], _SECRET[:7].decode())
    return not any(form in text for text in _printed(value) for form in forms)


def test_a_configuration_shows_no_storage_key() -> None:
    config = conclave.basic_config("alice")
    config.storage_key = _SECRET
    assert _shows_nothing(config) and "storage_key=<32 bytes>" in str(config)


def test_events_and_effects_show_no_plaintext(pair: Pair) -> None:
    event = pair.bob.receive(pair.alice.encrypt(_SECRET))
    assert _shows_nothing(event) and "plaintext=<32 bytes>" in repr(event)
    effects: List[conclave.Effect] = [
        conclave.Effect.RECEIVED(group_id=b"", tag=_SECRET, event=event),  # type: ignore[list-item]
        conclave.Effect.OUTBOUND(group_id=b"", tag=b"", message=_SECRET),  # type: ignore[list-item]
    ]
    assert all(map(_shows_nothing, effects))
    assert _shows_nothing(conclave.PendingEffect(id=1, effect=effects[0]))


def test_what_a_storage_sees_shows_nothing() -> None:
    assert _shows_nothing(conclave.StoredRecord(key=_SECRET, value=_SECRET))
    assert _shows_nothing(conclave.Guard(key=_SECRET, expected=_SECRET))
    assert _shows_nothing(conclave.WriteOp.PUT(key=_SECRET, value=_SECRET))
    assert _shows_nothing(conclave.WriteOp.DELETE_RANGE(_SECRET, _SECRET))


def test_a_secret_shows_nothing_and_gives_its_bytes_when_asked(pair: Pair) -> None:
    secret = pair.alice.export_secret("label", b"context", 16)
    assert secret.copy() == pair.bob.export_secret("label", b"context", 16).copy()
    assert _printed(secret)[0] == "<conclave.Secret>"


def test_no_value_of_any_kind_shows_bytes() -> None:
    for kind in _generated():
        value = object.__new__(kind)
        names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
        for name in names:
            setattr(value, name, [_SECRET, bytearray(_SECRET)])
        assert _shows_nothing(value), kind
        assert all(f"{name}=" in repr(value) for name in names), kind


def _values() -> Iterator[Any]:
    for _ in range(2):
        yield conclave.StoredRecord(key=b"key", value=b"value")


def test_values_are_equal_if_what_is_in_them_is() -> None:
    first, second = _values()
    assert first == second and not first != second
    second.value = b"other"
    assert first != second
    assert first != 3 and first != None  # noqa: E711
    assert conclave.Verdict.REJECT(reason="no") == conclave.reject("no") != conclave.accept(b"", b"")
    assert conclave.basic_config("alice") == conclave.basic_config("alice") != conclave.basic_config("bob")


def test_errors_and_tracebacks_show_no_plaintext(pair: Pair) -> None:
    message = bytearray(pair.alice.encrypt(_SECRET))
    message[-1] ^= 1
    try:
        pair.bob.receive(bytes(message))
    except conclave.Error as error:
        assert _shows_nothing(error)
    else:
        raise AssertionError("a broken message was received")


def test_objects_show_nothing() -> None:
    client = person(_SECRET.decode())
    assert _shows_nothing(client) and repr(client.create_group()) == "<conclave.Group>"
