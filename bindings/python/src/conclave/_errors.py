"""The errors of the library, as exceptions.

The generated module has classes of the same names and is given these instead: they tell what they mean when printed, and type
checkers know what is in them.
"""

from __future__ import annotations

from typing import ClassVar, Type

from ._native import conclave as _native


class Error(Exception):
    """Why a call failed. Its class says what to do about it: `except conclave.Error.Epoch`.

    `code` is stable across releases and never used twice, and `code // 100` is the category; `error_info(code)` has the name,
    and what to do, and docs/errors.md all of them. `detail` is for a developer's eyes: it never holds keys, plaintext or
    identities, except what the app's own callback said of its failure. If a callback raised an exception, that is the
    `__cause__`.
    """

    InvalidArgument: ClassVar[Type[Error]]
    """1xx: the call itself is wrong; fix its arguments."""
    Malformed: ClassVar[Type[Error]]
    """2xx: the bytes are not what they claim to be; drop them."""
    Rejected: ClassVar[Type[Error]]
    """3xx: the bytes are well formed and break a rule; drop them and report the sender."""
    Epoch: ClassVar[Type[Error]]
    """4xx: the message belongs to another epoch or group; keep it, fetch what is missing, or rejoin."""
    Usage: ClassVar[Type[Error]]
    """5xx: the group or the object is in a state that does not allow the call; finish the other thing first."""
    Conflict: ClassVar[Type[Error]]
    """6xx: another process changed the same records first; run the call again."""
    Storage: ClassVar[Type[Error]]
    """70x: the app's storage failed; nothing changed."""
    Signer: ClassVar[Type[Error]]
    """71x: the app's signer failed or refused; nothing changed."""
    Validator: ClassVar[Type[Error]]
    """72x to 74x: the app's validator, policy, observer or clock could not answer; nothing changed."""
    Unsupported: ClassVar[Type[Error]]
    """8xx: the library does not do this; another suite, extension, version or size has to be agreed on."""
    Internal: ClassVar[Type[Error]]
    """9xx: a fault of the library; please report it."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        info = _native.error_info(self.code)
        name = info.name if info else "unknown"
        return f"{name} ({self.code}): {self.detail}"


class StorageError(Exception):
    """What a storage raises. Whatever else it raises counts as `Unavailable`."""

    Conflict: ClassVar[Type[StorageError]]
    """`StorageError.Conflict()`: a guard of the batch did not match; nothing was written."""
    Unavailable: ClassVar[Type[StorageError]]
    """`StorageError.Unavailable(detail)`: the storage could not do it, or does not know whether it did."""
    Locked: ClassVar[Type[StorageError]]
    """`StorageError.Locked(detail)`: not before the device is unlocked; nothing was written."""

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        self.detail = str(detail)


def _variant(base: Type[Exception], name: str) -> Type[Exception]:
    """A class `Error.Epoch` that knows where it is to be found."""
    described = {"__module__": "conclave", "__qualname__": f"{base.__name__}.{name}"}
    return type(name, (base,), described)


def _take_the_place_of_the_generated() -> None:
    for base in (Error, StorageError):
        base.__module__ = "conclave"
        for name in base.__annotations__:
            setattr(base, name, _variant(base, name))
    _native.InternalError.__doc__ = "A fault of the library that it did not see itself: please report it."
    # The generated code looks both names up when it needs them.
    setattr(_native, "Error", Error)
    setattr(_native, "StorageError", StorageError)


_take_the_place_of_the_generated()
