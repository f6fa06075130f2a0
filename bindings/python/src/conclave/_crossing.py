"""What crosses the border to Rust and back: bytes, and what callbacks raise.

The generated code sends whatever memory it is pointed at, and it tells Rust that a callback went well if that was left by a
KeyboardInterrupt. For a storage that would be fatal: a key would count as used up that is not. So some of its functions are
replaced here.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Optional, Type

from ._errors import Error, StorageError
from ._native import conclave as _native

_FAILED_CALLBACKS = range(700, 800)

_ERROR = 1
_UNEXPECTED_ERROR = 2

_call_rust: Callable[..., Any] = _native._uniffi_rust_call_with_error
_lower_text: Callable[[str], Any] = _native._UniffiFfiConverterString.lower


def call_plainly(function: Any, *arguments: Any) -> Any:
    """Calls what cannot fail and calls nobody back."""
    return _call_rust(None, function, *arguments)


class _Thread(threading.local):
    """Where this thread is: so many calls of Rust deep, and what a callback of the call at which depth has raised."""

    depth: int = 0
    raised: Optional[BaseException] = None
    raised_at: int = 0

    def take_raised(self) -> Optional[BaseException]:
        """What a callback of the call raised that is running now."""
        if self.raised is None or self.raised_at != self.depth:
            return None
        raised, self.raised = self.raised, None
        return raised


_thread = _Thread()


def call(converter: Any, function: Any, *arguments: Any) -> Any:
    """Calls Rust. What a callback raised is the cause of the error, and goes on itself if it is to end the program."""
    _thread.depth += 1
    raised: Optional[BaseException] = None
    try:
        try:
            return _call_rust(converter, function, *arguments)
        finally:
            raised = _thread.take_raised()
            _thread.depth -= 1
            if raised is not None and not isinstance(raised, Exception):
                raise raised
    except Error as error:
        if raised is not None and error.code in _FAILED_CALLBACKS:
            raise error from raised
        raise


def words(raised: BaseException) -> str:
    """What an exception says: its text, or else its name. Never where it was raised."""
    try:
        text = str(raised)
    except Exception:
        text = ""
    text = text or type(raised).__name__
    return text.encode("utf-8", "replace").decode("utf-8")


def _answer(status: Any, make_call: Callable[[], Any], write_answer: Callable[[Any], None], *declared: Any) -> None:
    """Runs a callback for Rust, and tells Rust of whatever it raises. Declared are a class, and how to write its variants."""
    try:
        write_answer(make_call())
    except BaseException as raised:
        # First of all: nothing that goes wrong from here on can look like success.
        status.code = _UNEXPECTED_ERROR
        _thread.raised, _thread.raised_at = raised, _thread.depth
        if declared and _is_variant(raised, declared[0]):
            try:
                status.error_buf = declared[1](raised)
                status.code = _ERROR
                return
            except Exception:
                # Its number fits into no number of Rust's.
                pass
        status.error_buf = _lower_text(words(raised))


def _is_variant(raised: BaseException, declared: Type[Exception]) -> bool:
    """The bare `Error` and `StorageError` have no number that Rust would know them by."""
    return isinstance(raised, declared) and type(raised) not in (Error, StorageError)


def _write_bytes(value: Any, buffer: Any) -> None:
    """Writes what is certainly bytes: anything else would be read as raw memory."""
    data = value if type(value) is bytes else bytes(memoryview(value))
    buffer.write_i32(len(data))
    buffer.write(data)


def _replace_what_is_generated() -> None:
    setattr(_native, "_uniffi_rust_call", call_plainly)
    setattr(_native, "_uniffi_rust_call_with_error", call)
    setattr(_native, "_uniffi_trait_interface_call", _answer)
    setattr(_native, "_uniffi_trait_interface_call_with_error", _answer)
    setattr(_native._UniffiFfiConverterBytes, "write", staticmethod(_write_bytes))


_replace_what_is_generated()
