"""How the library's values are printed and compared.

The generated classes print all they hold, keys and plaintext among it, and fail when compared with something else.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
from typing import Any, Iterator, Type

from ._native import conclave as _native


def _shown(value: object) -> str:
    """What may be printed of a value: of bytes, the length. Any of them may be a key, or what someone wrote."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return f"<{len(value)} bytes>"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_shown, value))}]"
    return repr(value)


def _show(self: object) -> str:
    fields = ", ".join(f"{name}={_shown(value)}" for name, value in vars(self).items())
    return f"{type(self).__qualname__}({fields})"


def _equal(self: object, other: object) -> Any:
    return vars(self) == vars(other) if type(self) is type(other) else NotImplemented


def _generated() -> Iterator[Type[Any]]:
    """The records, and the variants of what is one of several things."""
    for name in _native.__all__:
        named = getattr(_native, name)
        if not inspect.isclass(named) or issubclass(named, (enum.Enum, Exception)):
            continue
        within = (variant for _, variant in inspect.getmembers(named, inspect.isclass))
        yield from (kind for kind in (named, *within) if dataclasses.is_dataclass(kind))


def _replace_what_is_generated() -> None:
    for value in _generated():
        for name, method in (("__repr__", _show), ("__str__", _show), ("__eq__", _equal)):
            setattr(value, name, method)
        # Values can be changed, so they have no place in a set.
        setattr(value, "__hash__", None)
        setattr(value, "__module__", "conclave")


_replace_what_is_generated()
