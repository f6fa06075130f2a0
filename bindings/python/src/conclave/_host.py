"""What the app lends a client, each thing inside a guard that looks at its answers.

Python answers with anything, and Rust takes it for what it should be: `None` from a policy would be a "no" that nobody has
said, and a negative time a very late one. An answer of the wrong kind is a TypeError here, and so an error of the call.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple, Type, TypeVar

from ._native import conclave as _native

_T = TypeVar("_T")

_LARGEST = 2**64


def _bool(answer: Any, who: str) -> bool:
    if not isinstance(answer, bool):
        raise TypeError(f"{who} must answer with a bool, not {type(answer).__name__}")
    return answer


def _bytes(answer: Any, who: str) -> bytes:
    if type(answer) is bytes:
        return answer
    if isinstance(answer, (bytes, bytearray, memoryview)):
        return bytes(answer)
    raise TypeError(f"{who} must answer with bytes, not {type(answer).__name__}")


def _list(answer: Any, who: str, kind: Type[_T]) -> List[_T]:
    if not isinstance(answer, (list, tuple)) or not all(isinstance(item, kind) for item in answer):
        raise TypeError(f"{who} must answer with a list of {kind.__name__}")
    return list(answer)


class _Storage(_native.Storage):
    def __init__(self, host: _native.Storage) -> None:
        self._host = host

    def read(self, keys: List[bytes]) -> List[Optional[bytes]]:
        values = _list(self._host.read(keys), "Storage.read", object)
        return [value if value is None else _bytes(value, "Storage.read") for value in values]

    def scan(self, prefix: bytes, after: bytes, limit: int) -> List[_native.StoredRecord]:
        records = _list(self._host.scan(prefix, after, limit), "Storage.scan", _native.StoredRecord)
        for record in records:
            _bytes(record.key, "Storage.scan")
            _bytes(record.value, "Storage.scan")
        return records

    def write(self, batch: _native.WriteBatch) -> None:
        self._host.write(batch)


class _Validator(_native.CredentialValidator):
    def __init__(self, host: _native.CredentialValidator) -> None:
        self._host = host

    def validate(self, candidates: List[_native.Candidate]) -> List[_native.Verdict]:
        return _list(self._host.validate(candidates), "CredentialValidator.validate", _native.Verdict)

    def is_successor(self, old: _native.Candidate, new: _native.Candidate) -> bool:
        return _bool(self._host.is_successor(old, new), "CredentialValidator.is_successor")


class _Signer(_native.Signer):
    def __init__(self, host: _native.Signer) -> None:
        self._host = host

    def sign(self, key_id: bytes, purpose: _native.SignPurpose, content: bytes) -> bytes:
        return _bytes(self._host.sign(key_id, purpose, content), "Signer.sign")


class _Policy(_native.Policy):
    def __init__(self, host: _native.Policy) -> None:
        self._host = host

    def permit(self, request: _native.ChangeRequest) -> bool:
        return _bool(self._host.permit(request), "Policy.permit")


class _Clock(_native.Clock):
    def __init__(self, host: _native.Clock) -> None:
        self._host = host

    def now(self) -> int:
        answer = self._host.now()
        if not isinstance(answer, int) or not 0 <= answer < _LARGEST:
            raise TypeError("Clock.now must answer with an int of seconds since 1970")
        return answer


class _Observer(_native.Observer):
    def __init__(self, host: _native.Observer) -> None:
        self._host = host

    def progress(self, done: int, total: int) -> bool:
        return _bool(self._host.progress(done, total), "Observer.progress")


_GUARDS: Dict[str, Tuple[Type[Any], Callable[[Any], Any]]] = {
    "storage": (_native.Storage, _Storage),
    "validator": (_native.CredentialValidator, _Validator),
    "signer": (_native.Signer, _Signer),
    "policy": (_native.Policy, _Policy),
    "clock": (_native.Clock, _Clock),
    "observer": (_native.Observer, _Observer),
}

# Objects of the library itself, such as memory_storage(): Rust calls them without Python.
_OURS = (_native.StorageImpl, _native.CredentialValidatorImpl)

_OPTIONAL = ("signer", "policy", "clock", "observer")


def guarded(host: _native.Host) -> _native.Host:
    """The same host, with a guard around everything that is written in Python."""
    if not isinstance(host, _native.Host):
        raise TypeError(f"a Host is wanted, not {type(host).__name__}")
    return _native.Host(**{name: _guarded(name, getattr(host, name)) for name in _GUARDS})


def guarded_storage(storage: _native.Storage) -> _native.Storage:
    """The same storage, with a guard around it."""
    guard: _native.Storage = _guarded("storage", storage)
    return guard


def _guarded(name: str, lent: Any) -> Any:
    kind, guard = _GUARDS[name]
    if isinstance(lent, _OURS) or (lent is None and name in _OPTIONAL):
        return lent
    if not isinstance(lent, kind):
        raise TypeError(f"the {name} of a host must be a {kind.__name__}, not {type(lent).__name__}")
    return guard(lent)
