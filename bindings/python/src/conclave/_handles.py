"""How long the library's objects live: until they are closed, or else until nothing refers to them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Type

from ._crossing import call_plainly
from ._native import conclave as _native

if TYPE_CHECKING:
    from typing_extensions import Self


class _Reference:
    """One reference of Rust's. It is given back when the last call that uses it has ended, so closing never pulls it away."""

    __slots__ = ("_clone", "_free", "_number")

    def __init__(self, kind: str, number: int) -> None:
        self._clone = getattr(_native._UniffiLib, f"uniffi_conclave_fn_clone_{kind}")
        self._free = getattr(_native._UniffiLib, f"uniffi_conclave_fn_free_{kind}")
        self._number = number

    def clone(self) -> int:
        number: int = call_plainly(self._clone, self._number)
        return number

    def __del__(self) -> None:
        call_plainly(self._free, self._number)


class Handle:
    """What the objects of the library have in common.

    `close()` gives back what an object holds, at once; `with` does so at its end. Without either, that happens when nothing
    refers to the object any more. A call that is running when its object is closed comes to its end. After that, calls raise
    ValueError.
    """

    _kind: ClassVar[str]
    _reference: Optional[_Reference] = None

    def close(self) -> None:
        """Gives back what this object holds. Does nothing the second time."""
        self._reference = None

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._reference is None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<conclave.{type(self).__name__}{', closed' if self.closed else ''}>"

    # What follows is called by the generated code.

    @property
    def _handle(self) -> Any:
        # Nothing that the generated destructor would give back: the reference does that.
        return None

    @_handle.setter
    def _handle(self, number: int) -> None:
        self._reference = _Reference(self._kind, number)

    def _uniffi_clone_handle(self) -> int:
        reference = self._reference
        if reference is None:
            raise ValueError(f"the {type(self).__name__} is closed")
        return reference.clone()
