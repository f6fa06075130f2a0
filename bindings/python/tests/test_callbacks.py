"""What the app's callbacks raise and answer, and what becomes of it."""

from __future__ import annotations

import functools
import logging
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import pytest

import conclave
from conclave import StorageError
from conclave._host import guarded
from conclave._native import conclave as native
from conftest import Pair, joined, person, plaintext

_WORDS = "the app's own words"


class Memory(conclave.Storage):
    """A storage in a dictionary."""

    def __init__(self) -> None:
        self.records: Dict[bytes, bytes] = {}
        self._lock = threading.Lock()
        self.fails: Callable[[str], None] = lambda callback: None

    def read(self, keys: List[bytes]) -> List[Optional[bytes]]:
        self.fails("read")
        with self._lock:
            return [self.records.get(key) for key in keys]

    def scan(self, prefix: bytes, after: bytes, limit: int) -> List[conclave.StoredRecord]:
        self.fails("scan")
        with self._lock:
            found = sorted(key for key in self.records if key.startswith(prefix) and key > after)
            return [conclave.StoredRecord(key=key, value=self.records[key]) for key in found[:limit]]

    def write(self, batch: conclave.WriteBatch) -> None:
        self.fails("write")
        with self._lock:
            if any(self.records.get(guard.key) != guard.expected for guard in batch.guards()):
                raise StorageError.Conflict()
            for operation in iter_operations(batch):
                self._apply(operation)

    def _apply(self, operation: conclave.WriteOp) -> None:
        if isinstance(operation, conclave.WriteOp.PUT):
            self.records[operation.key] = operation.value
        elif isinstance(operation, conclave.WriteOp.DELETE):
            self.records.pop(operation.key, None)
        elif isinstance(operation, conclave.WriteOp.DELETE_RANGE):
            for key in [key for key in self.records if operation._from <= key < operation.to]:
                del self.records[key]


def iter_operations(batch: conclave.WriteBatch) -> Iterator[conclave.WriteOp]:
    while True:
        chunk = batch.next_chunk(100)
        if not chunk:
            return
        yield from chunk


class Validator(conclave.CredentialValidator):
    """Believes everyone."""

    def validate(self, candidates: List[conclave.Candidate]) -> List[conclave.Verdict]:
        return [self._judge(candidate.identity) for candidate in candidates]

    def _judge(self, identity: conclave.Identity) -> conclave.Verdict:
        assert isinstance(identity, conclave.Identity.BASIC)
        return conclave.accept(identity.identity, identity.identity)

    def is_successor(self, old: conclave.Candidate, new: conclave.Candidate) -> bool:
        return True


class Signer(conclave.Signer):
    def sign(self, key_id: bytes, purpose: conclave.SignPurpose, content: bytes) -> bytes:
        raise NotImplementedError


class Policy(conclave.Policy):
    def permit(self, request: conclave.ChangeRequest) -> bool:
        return True


class Clock(conclave.Clock):
    def now(self) -> int:
        return 1_800_000_000


class Observer(conclave.Observer):
    def progress(self, done: int, total: int) -> bool:
        return True


def _with(kind: Any, method: str, act: Callable[[], Any]) -> Any:
    """An object whose method does something else."""
    return type(kind.__name__, (kind,), {method: lambda self, *arguments: act()})()


def _signing_client(signer: conclave.Signer) -> conclave.Client:
    config = conclave.basic_config("alice")
    config.signing_keys = [conclave.SigningKey(cipher_suite=1, public_key=bytes(range(1, 33)), key_id=b"key")]
    host = conclave.Host(storage=conclave.memory_storage(), validator=conclave.accept_all(), signer=signer)
    return conclave.Client(config, host)


def _call(name: str, lent: Any) -> None:
    """A call that needs the callback."""
    if name == "storage":
        person("alice", lent)
    elif name == "signer":
        _signing_client(lent).create_key_packages(1)
    elif name == "observer":
        alice = person("alice")
        group, bob = alice.create_group(), person("bob", observer=lent)
        joined(group, bob)
    else:
        alice = person("alice", **{name: lent})
        joined(alice.create_group(), person("bob"))


_CALLBACKS: List[Tuple[str, Any, str, int]] = [
    ("storage", Memory, "read", 701),
    ("storage", Memory, "write", 701),
    ("signer", Signer, "sign", 711),
    ("validator", Validator, "validate", 721),
    ("policy", Policy, "permit", 721),
    ("clock", Clock, "now", 741),
    ("observer", Observer, "progress", 732),
]


@pytest.mark.parametrize("name, kind, method, code", _CALLBACKS)
def test_what_a_callback_raises_comes_out_of_the_call_with_its_words(name: str, kind: Any, method: str, code: int) -> None:
    exception = LookupError(_WORDS)

    def fail() -> None:
        raise exception

    with pytest.raises(conclave.Error) as raised:
        _call(name, _with(kind, method, fail))
    assert (raised.value.code, raised.value.__cause__) == (code, exception)
    assert _WORDS in raised.value.detail
    assert "Traceback" not in raised.value.detail and "LookupError" not in raised.value.detail


@pytest.mark.parametrize("name, kind, method, code", _CALLBACKS)
def test_what_ends_the_program_ends_it_and_is_no_success(name: str, kind: Any, method: str, code: int) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _call(name, _with(kind, method, interrupt))


_NONSENSE: List[Tuple[str, Any, str, Any, int]] = [
    ("storage", Memory, "read", ["not bytes"], 701),
    ("storage", Memory, "read", None, 701),
    ("signer", Signer, "sign", "not bytes", 711),
    ("validator", Validator, "validate", ["not a verdict"], 721),
    ("validator", Validator, "validate", None, 721),
    ("policy", Policy, "permit", None, 721),
    ("policy", Policy, "permit", "yes", 721),
    ("clock", Clock, "now", -1, 741),
    ("clock", Clock, "now", 2**64, 741),
    ("clock", Clock, "now", 1.5, 741),
    ("observer", Observer, "progress", None, 732),
]


@pytest.mark.parametrize("name, kind, method, answer, code", _NONSENSE)
def test_an_answer_of_the_wrong_kind_is_an_error_and_no_memory(
    name: str, kind: Any, method: str, answer: Any, code: int
) -> None:
    with pytest.raises(conclave.Error) as raised:
        _call(name, _with(kind, method, lambda: answer))
    assert raised.value.code == code and "must answer with" in raised.value.detail
    assert isinstance(raised.value.__cause__, TypeError)


def test_a_record_with_text_in_it_is_refused_also_where_no_guard_looks() -> None:
    class Scans(Memory):
        def scan(self, prefix: bytes, after: bytes, limit: int) -> List[conclave.StoredRecord]:
            return [conclave.StoredRecord(key=prefix + b"1", value="text")]  # type: ignore[arg-type]

    with pytest.raises(conclave.Error.Storage, match="must answer with bytes"):
        person("alice", Scans()).groups(None, 10)
    with pytest.raises(TypeError):
        native._UniffiFfiConverterBytes.lower("text")  # type: ignore[no-untyped-call]


def test_a_declared_error_keeps_its_kind() -> None:
    for error, code in ((StorageError.Locked("no finger"), 704), (StorageError.Unavailable("no disk"), 701)):
        storage = Memory()
        client = person("alice", storage)

        def fail(callback: str, error: Exception = error) -> None:
            raise error

        storage.fails = fail
        with pytest.raises(conclave.Error.Storage) as raised:
            client.create_group()
        assert raised.value.code == code and str(error) in raised.value.detail


def test_errors_that_rust_does_not_know_are_told_in_words() -> None:
    for error in (conclave.Error(711, "bare"), conclave.Error.Signer(2**32, "bare")):
        with pytest.raises(conclave.Error.Signer, match="bare|Signer$") as raised:
            _call("signer", _with(Signer, "sign", functools.partial(_raise, error)))
        assert raised.value.code == 711 and raised.value.__cause__ is error
    with pytest.raises(conclave.Error.Storage, match="bare"):
        person("alice", _with(Memory, "read", functools.partial(_raise, StorageError("bare"))))


def test_words_that_are_no_text_arrive_as_far_as_they_are(pair: Pair) -> None:
    class Silent(OSError):
        def __str__(self) -> str:
            raise ValueError

    for error, expected in ((OSError("half a pair \ud800"), "half a pair"), (OSError(""), "OSError"), (Silent(), "Silent")):
        with pytest.raises(conclave.Error.Storage, match=expected):
            person("alice", _with(Memory, "read", functools.partial(_raise, error)))


def _raise(error: Exception) -> None:
    raise error


def test_what_is_of_rust_is_called_without_python() -> None:
    host = conclave.Host(storage=conclave.memory_storage(), validator=conclave.accept_all(), clock=Clock())
    lent = guarded(host)
    assert lent.storage is host.storage and lent.validator is host.validator and lent.clock is not host.clock


def test_a_failed_call_changes_nothing_and_works_afterwards() -> None:
    storage = Memory()
    pair = Pair(person("alice", storage), person("bob"))
    before = dict(storage.records)

    def fail(callback: str) -> None:
        raise OSError(_WORDS)

    storage.fails = fail
    with pytest.raises(conclave.Error.Storage):
        pair.alice.encrypt(b"one")
    storage.fails = lambda callback: None
    assert storage.records == before
    assert plaintext(pair.bob.receive(pair.alice.encrypt(b"two"))) == b"two"


def test_a_storage_in_python_is_checked_and_found_fit() -> None:
    assert conclave.check_storage(Memory()) == []


def test_a_callback_that_calls_the_library_is_told_so() -> None:
    storage = Memory()
    client = person("alice", storage)
    group = client.create_group()
    codes: List[int] = []

    def call_back(callback: str) -> None:
        try:
            group.status()
        except conclave.Error.Usage as error:
            codes.append(error.code)

    storage.fails = call_back
    group.encrypt(b"hello")
    assert codes and set(codes) == {502}


def test_a_validator_can_reject_and_a_policy_can_forbid() -> None:
    rejecting = _with(Validator, "validate", lambda: [conclave.reject("a stranger")])
    with pytest.raises(conclave.Error.Rejected, match="a stranger"):
        person("alice", validator=rejecting).create_group()
    forbidding = _with(Policy, "permit", lambda: False)
    with pytest.raises(conclave.Error.Rejected) as raised:
        joined(person("alice", policy=forbidding).create_group(), person("bob"))
    assert raised.value.code == 313


def test_an_observer_can_cancel() -> None:
    with pytest.raises(conclave.Error) as raised:
        _call("observer", _with(Observer, "progress", lambda: False))
    assert raised.value.code == 731


def test_what_is_lent_must_be_what_it_is_lent_as() -> None:
    for name in ("storage", "validator", "signer", "policy", "clock", "observer"):
        with pytest.raises(TypeError, match=f"the {name} of a host"):
            person("alice", **{name: "nonsense"})  # type: ignore[arg-type]


def test_the_log_goes_to_the_loggers_of_the_standard_library(caplog: pytest.LogCaptureFixture) -> None:
    storage = Memory()
    pair, conflicts = Pair(person("alice", storage), person("bob")), [StorageError.Conflict()]

    def conflict_once(callback: str) -> None:
        if callback == "write" and conflicts:
            raise conflicts.pop()

    storage.fails = conflict_once
    conclave.log_to_logging(conclave.LogLevel.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="conclave"):
        pair.alice.encrypt(_WORDS.encode())
    assert [(record.name, record.levelname) for record in caplog.records] == [("conclave.call", "DEBUG")]
    assert _WORDS not in caplog.text


def test_the_log_goes_to_the_app_and_a_logger_that_fails_is_ignored(pair: Pair) -> None:
    lines: List[conclave.LogRecord] = []

    class Lines(conclave.Logger):
        def log(self, record: conclave.LogRecord) -> None:
            lines.append(record)
            raise RuntimeError("ignored")

    class Silent(conclave.Logger):
        def log(self, record: conclave.LogRecord) -> None:
            pass

    conclave.set_logger(Lines(), conclave.LogLevel.DEBUG)
    try:
        pair.bob.receive(pair.alice.encrypt(b"secret words"))
    finally:
        conclave.set_logger(Silent(), conclave.LogLevel.ERROR)
    assert all("secret words" not in record.message for record in lines)
