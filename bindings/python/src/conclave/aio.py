"""Conclave on asyncio: the same objects, whose calls are awaited and run on other threads meanwhile.

::

    from conclave import aio

    client = await aio.open_client(config, host)
    group = await client.create_group()
    message = await group.encrypt(b"hello")

A call that has begun comes to its end, even if the task that awaits it is cancelled: its effect is in the storage as if nothing
had happened, `on_effect` has run in the same transaction, and with `config.journal` it waits in `pending_effects`. What the
call gave back is handed to `late`, so that it is not lost to an app that stores no effects. A call that was cancelled while it
still waited for a thread has never happened.

Callbacks (storage, validator, signer, policy, clock, observer, `late`) run on the thread of the call, not on the event loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Generic, Optional, Type, TypeVar

import conclave

from ._handles import Handle

if TYPE_CHECKING:
    from typing_extensions import Concatenate, ParamSpec, Self

    P = ParamSpec("P")

__all__ = ["Client", "CommitBuilder", "ExternalProposer", "Group", "Late", "open_client"]

Late = Callable[[object], None]
"""Takes what a call gave back whose task was cancelled while it ran: the bytes to send, the event, the group."""

_T = TypeVar("_T")
_Object = TypeVar("_Object", bound=Handle)
_Wrapped = TypeVar("_Wrapped")

# Of its own: the end of an event loop does not cut calls off, and the end of the program waits for those that have begun.
_threads = ThreadPoolExecutor(thread_name_prefix="conclave")


async def _run(act: Callable[[], _T], late: Optional[Late]) -> _T:
    """Acts on another thread. Cancelling gives up what has not begun, and leaves alone what has."""
    work = _threads.submit(contextvars.copy_context().run, act)
    try:
        return await asyncio.shield(asyncio.wrap_future(work))
    except (asyncio.CancelledError, GeneratorExit):
        if not work.cancel() and late is not None:
            work.add_done_callback(functools.partial(_hand_over, late))
        raise


def _hand_over(late: Late, work: Future[Any]) -> None:
    # A call that failed has changed nothing, so there is nothing to hand over.
    if work.exception() is None:
        late(work.result())


def _later(call: Callable[Concatenate[Any, P], _T]) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, _T]]:
    """The method whose calls are awaited."""

    @functools.wraps(call)
    async def later(self: _Awaited[Any], *args: P.args, **kwargs: P.kwargs) -> _T:
        return await _run(functools.partial(call, self.blocking, *args, **kwargs), self._late)

    return later  # type: ignore[return-value]


def _later_as(
    wrapper: Callable[[Any, Optional[Late]], _Wrapped], call: Callable[Concatenate[Any, P], Any]
) -> Callable[Concatenate[Any, P], Coroutine[Any, Any, _Wrapped]]:
    """The method whose calls are awaited, and give an object of this module."""

    @functools.wraps(call)
    async def later(self: _Awaited[Any], *args: P.args, **kwargs: P.kwargs) -> _Wrapped:
        return wrapper(await _run(functools.partial(call, self.blocking, *args, **kwargs), self._late), self._late)

    return later  # type: ignore[return-value]


def _chained(call: Callable[Concatenate[Any, P], conclave.CommitBuilder]) -> Callable[Concatenate[Any, P], CommitBuilder]:
    """The method that only notes something, so that there is nothing to wait for."""

    @functools.wraps(call)
    def chained(self: _Awaited[Any], *args: P.args, **kwargs: P.kwargs) -> CommitBuilder:
        return CommitBuilder(call(self.blocking, *args, **kwargs), self._late)

    return chained  # type: ignore[return-value]


class _Awaited(Generic[_Object]):
    """An object of the library, as `blocking`, and who takes what comes late."""

    def __init__(self, blocking: _Object, late: Optional[Late] = None) -> None:
        self.blocking = blocking
        self._late = late

    def close(self) -> None:
        """Gives back what this object holds; a call that is running comes to its end."""
        self.blocking.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<conclave.aio.{type(self).__name__}{', closed' if self.blocking.closed else ''}>"


class CommitBuilder(_Awaited[conclave.CommitBuilder]):
    """`conclave.CommitBuilder`: only `build` is awaited."""

    aad = _chained(conclave.CommitBuilder.aad)
    add = _chained(conclave.CommitBuilder.add)
    custom = _chained(conclave.CommitBuilder.custom)
    extensions = _chained(conclave.CommitBuilder.extensions)
    psk = _chained(conclave.CommitBuilder.psk)
    reinit = _chained(conclave.CommitBuilder.reinit)
    remove = _chained(conclave.CommitBuilder.remove)
    resumption_psk = _chained(conclave.CommitBuilder.resumption_psk)
    tag = _chained(conclave.CommitBuilder.tag)
    tree_beside_welcome = _chained(conclave.CommitBuilder.tree_beside_welcome)
    tree_later = _chained(conclave.CommitBuilder.tree_later)
    without_path = _chained(conclave.CommitBuilder.without_path)
    without_pending = _chained(conclave.CommitBuilder.without_pending)
    build = _later(conclave.CommitBuilder.build)


class Group(_Awaited[conclave.Group]):
    """`conclave.Group`, awaited; `id` and `new_commit` are not, since they wait for nothing.

    A group that comes in a record is wrapped by `aio.Group(successor.group)`.
    """

    def id(self) -> bytes:
        """The id of the group."""
        return self.blocking.id()

    new_commit = _chained(conclave.Group.new_commit)
    branch = _later(conclave.Group.branch)
    clear_deferred = _later(conclave.Group.clear_deferred)
    clear_proposals = _later(conclave.Group.clear_proposals)
    confirm_commit = _later(conclave.Group.confirm_commit)
    create_successor = _later(conclave.Group.create_successor)
    delete = _later(conclave.Group.delete)
    discard_commit = _later(conclave.Group.discard_commit)
    encrypt = _later(conclave.Group.encrypt)
    epoch_authenticator = _later(conclave.Group.epoch_authenticator)
    export_archive = _later(conclave.Group.export_archive)
    export_secret = _later(conclave.Group.export_secret)
    export_tree = _later(conclave.Group.export_tree)
    extensions = _later(conclave.Group.extensions)
    find_member = _later(conclave.Group.find_member)
    find_members = _later(conclave.Group.find_members)
    group_info = _later(conclave.Group.group_info)
    members = _later(conclave.Group.members)
    next_deferred = _later(conclave.Group.next_deferred)
    pending_commit = _later(conclave.Group.pending_commit)
    pending_proposals = _later(conclave.Group.pending_proposals)
    preview = _later(conclave.Group.preview)
    propose_add = _later(conclave.Group.propose_add)
    propose_custom = _later(conclave.Group.propose_custom)
    propose_extensions = _later(conclave.Group.propose_extensions)
    propose_leave = _later(conclave.Group.propose_leave)
    propose_psk = _later(conclave.Group.propose_psk)
    propose_reinit = _later(conclave.Group.propose_reinit)
    propose_remove = _later(conclave.Group.propose_remove)
    propose_resumption_psk = _later(conclave.Group.propose_resumption_psk)
    propose_update = _later(conclave.Group.propose_update)
    prune = _later(conclave.Group.prune)
    receive = _later(conclave.Group.receive)
    status = _later(conclave.Group.status)


class ExternalProposer(_Awaited[conclave.ExternalProposer]):
    """`conclave.ExternalProposer`, awaited. Wrap one that was made: `aio.ExternalProposer(proposer)`."""

    at_epoch = _later_as(lambda moved, late: ExternalProposer(moved, late), conclave.ExternalProposer.at_epoch)
    place = _later(conclave.ExternalProposer.place)
    propose_add = _later(conclave.ExternalProposer.propose_add)
    propose_extensions = _later(conclave.ExternalProposer.propose_extensions)
    propose_psk = _later(conclave.ExternalProposer.propose_psk)
    propose_reinit = _later(conclave.ExternalProposer.propose_reinit)
    propose_remove = _later(conclave.ExternalProposer.propose_remove)


class Client(_Awaited[conclave.Client]):
    """`conclave.Client`, awaited. `open_client` opens one."""

    confirm_join = _later_as(Group, conclave.Client.confirm_join)
    create_group = _later_as(Group, conclave.Client.create_group)
    join = _later_as(Group, conclave.Client.join)
    open_group = _later_as(Group, conclave.Client.open_group)
    acknowledge = _later(conclave.Client.acknowledge)
    create_key_packages = _later(conclave.Client.create_key_packages)
    delete_key_packages = _later(conclave.Client.delete_key_packages)
    delete_psk = _later(conclave.Client.delete_psk)
    discard_join = _later(conclave.Client.discard_join)
    export_archive = _later(conclave.Client.export_archive)
    external_sender = _later(conclave.Client.external_sender)
    groups = _later(conclave.Client.groups)
    identity = _later(conclave.Client.identity)
    import_archive = _later(conclave.Client.import_archive)
    join_external = _later(conclave.Client.join_external)
    key_package_status = _later(conclave.Client.key_package_status)
    key_packages = _later(conclave.Client.key_packages)
    peek = _later(conclave.Client.peek)
    pending_effects = _later(conclave.Client.pending_effects)
    pending_join = _later(conclave.Client.pending_join)
    preview_welcome = _later(conclave.Client.preview_welcome)
    propose_join = _later(conclave.Client.propose_join)
    prune = _later(conclave.Client.prune)
    put_psk = _later(conclave.Client.put_psk)
    wipe = _later(conclave.Client.wipe)


async def open_client(config: conclave.ClientConfig, host: conclave.Host, late: Optional[Late] = None) -> Client:
    """Opens a client as `conclave.Client` does, on another thread.

    Raises what that raises.
    """
    return Client(await _run(functools.partial(conclave.Client, config, host), None), late)
