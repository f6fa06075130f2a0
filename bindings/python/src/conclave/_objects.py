"""The library's objects: as the generated module has them, with a `close` (see `_handles`), and with hints that know of it.

The generated module makes objects of these classes, since it looks their names up when it needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, List, Optional

from ._handles import Handle
from ._host import guarded, guarded_storage
from ._native import conclave as _native

if TYPE_CHECKING:
    # A record that holds a group, with a group that can be closed.
    class Successor(_native.Successor):
        group: Group

    # What a storage is given is what the generated `Storage` says.
    WriteBatch = _native.WriteBatch
else:
    Successor = _native.Successor

    class WriteBatch(Handle, _native.WriteBatch):
        __doc__ = _native.WriteBatch.__doc__
        _kind = "writebatch"


class Secret(Handle, _native.Secret):
    __doc__ = _native.Secret.__doc__
    _kind: ClassVar[str] = "secret"


class CommitBuilder(Handle, _native.CommitBuilder):
    __doc__ = _native.CommitBuilder.__doc__
    _kind: ClassVar[str] = "commitbuilder"

    if TYPE_CHECKING:

        def aad(self, aad: bytes) -> CommitBuilder: ...
        def add(self, key_package: bytes) -> CommitBuilder: ...
        def custom(self, proposal_type: int, content: bytes) -> CommitBuilder: ...
        def extensions(self, extensions: bytes) -> CommitBuilder: ...
        def psk(self, psk_id: bytes) -> CommitBuilder: ...
        def reinit(self, options: _native.ReinitOptions = ...) -> CommitBuilder: ...  # type: ignore[override]
        def remove(self, leaf: int) -> CommitBuilder: ...
        def resumption_psk(self, psk: _native.ResumptionPsk) -> CommitBuilder: ...
        def tag(self, tag: bytes) -> CommitBuilder: ...
        def tree_beside_welcome(self) -> CommitBuilder: ...
        def tree_later(self) -> CommitBuilder: ...
        def without_path(self) -> CommitBuilder: ...
        def without_pending(self) -> CommitBuilder: ...


class Group(Handle, _native.Group):
    __doc__ = _native.Group.__doc__
    _kind: ClassVar[str] = "group"

    if TYPE_CHECKING:

        def branch(self, options: _native.BranchOptions = ...) -> Successor: ...  # type: ignore[override]
        def create_successor(self, options: _native.SuccessorOptions = ...) -> Successor: ...  # type: ignore[override]
        def export_secret(self, label: str, context: bytes, length: int) -> Secret: ...
        def new_commit(self) -> CommitBuilder: ...
        def propose_reinit(self, options: _native.ReinitOptions = ..., tag: bytes = ...) -> bytes: ...  # type: ignore[override]


class Client(Handle, _native.Client):
    __doc__ = _native.Client.__doc__
    _kind: ClassVar[str] = "client"

    def __init__(self, config: _native.ClientConfig, host: _native.Host) -> None:
        super().__init__(config, guarded(host))

    __init__.__doc__ = _native.Client.__init__.__doc__

    if TYPE_CHECKING:

        def confirm_join(self, group_id: bytes, commit: Optional[bytes] = None, tag: bytes = b"") -> Group: ...
        def create_group(self, options: _native.GroupOptions = ...) -> Group: ...  # type: ignore[override]
        def create_key_packages(  # type: ignore[override]
            self, count: int, options: _native.KeyPackageOptions = ...
        ) -> List[_native.KeyPackageMessage]: ...
        def import_archive(  # type: ignore[override]
            self, archive: bytes, key: bytes, options: _native.ImportOptions = ...
        ) -> _native.Imported: ...
        def join(self, welcome: bytes, options: _native.JoinOptions = ...) -> Group: ...  # type: ignore[override]
        def join_external(  # type: ignore[override]
            self, group_info: bytes, options: _native.ExternalJoinOptions = ...
        ) -> _native.ExternalJoin: ...
        def open_group(self, group_id: bytes) -> Group: ...


class ExternalProposer(Handle, _native.ExternalProposer):
    __doc__ = _native.ExternalProposer.__doc__
    _kind: ClassVar[str] = "externalproposer"

    if TYPE_CHECKING:

        @classmethod
        def at_place(cls, client: _native.Client, place: _native.ExternalPlace) -> ExternalProposer: ...
        def at_epoch(self, epoch: int) -> ExternalProposer: ...


def check_storage(storage: _native.Storage) -> List[_native.Finding]:
    return _check_storage(guarded_storage(storage))


_check_storage = _native.check_storage
check_storage.__doc__ = _native.check_storage.__doc__


def accept(client_id: bytes, user_id: bytes) -> _native.Verdict:
    """A `Verdict.ACCEPT`: the key belongs to this client (device, unique in a group) of this user.

    Type checkers do not know that the variants of a generated class are of that class, which this function tells them.
    """
    return _native.Verdict.ACCEPT(client_id, user_id)  # type: ignore[return-value]


def reject(reason: str) -> _native.Verdict:
    """A `Verdict.REJECT`: the credential is not believed; the reason is for the error's detail."""
    return _native.Verdict.REJECT(reason)  # type: ignore[return-value]


def _replace_what_is_generated() -> None:
    for kind in (Client, CommitBuilder, ExternalProposer, Group, Secret, WriteBatch):
        kind.__module__ = "conclave"
        setattr(_native, kind.__name__, kind)


_replace_what_is_generated()
