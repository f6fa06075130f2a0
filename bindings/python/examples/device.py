"""One user's device: a client of the library, the app's ledger in the same file, and the delivery service.

It is in one group at most, which is all the examples need. Every act is built so that it can be cut off anywhere: first goes
out what lies in the outbox, then comes in what the delivery service has, and only then something new is made.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Callable, List, Optional, Type

import conclave
from conclave import CommitBuilder, Group, GroupOptions, JoinOptions, KeyPackageOptions
from conclave.sqlite import SqliteStorage

import ledger as tables
import tag as tags
from delivery import Entry, Invitation, Spool
from ledger import Ledger, Letter
from point import Point

# Key packages kept in stock at the delivery service.
_STOCK = 5

# How often a change is built again because someone else's came first.
_ATTEMPTS = 10

# What the library says of a Welcome that was answered before.
_ANSWERED = (408, 507)


class Refusal(Exception):
    """What a device will not do, in words for its user."""


@dataclass(frozen=True)
class Place:
    """Where a device lives, and how.

    `directory` is shared by everyone: the delivery service is in `spool`, each device's file in a directory of its name.
    `storage_key` is 32 bytes under which the library seals what it stores. At `stop_at` the device stops and waits to be
    killed.
    """

    directory: Path
    storage_key: Optional[bytes] = None
    stop_at: Optional[Point] = None


class Device:
    """A device that is running.

    It is made if it is new, and keeps key packages in stock, so that others can add it while it is off.
    """

    def __init__(self, name: str, place: Place) -> None:
        _check_name(name)
        self.name = name
        self._stop_at = place.stop_at
        home = place.directory / name
        home.mkdir(parents=True, exist_ok=True)
        self.spool = Spool(place.directory / "spool")
        self._storage = SqliteStorage(home / "store.db", on_effect=self._record)
        self._ledger = Ledger(home / "store.db")
        config = conclave.basic_config(name)
        config.storage_key = place.storage_key
        self._client = conclave.Client(config, conclave.Host(storage=self._storage, validator=conclave.accept_all()))
        self._publish()

    def __enter__(self) -> Device:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self._client.close()
        self._ledger.close()
        self._storage.close()

    def find_group(self) -> Optional[Group]:
        """The group, if the device is or was in one."""
        found = self._client.groups(None, 1).groups
        return self._client.open_group(found[0].group_id) if found else None

    def group(self) -> Group:
        """The group. Raises Refusal if there is none."""
        group = self.find_group()
        if group is None:
            raise Refusal("you are in no group yet")
        return group

    def create_group(self) -> None:
        """Makes a group with this device alone in it."""
        if self.find_group() is not None:
            raise Refusal("you are in a group already")
        self._client.create_group(GroupOptions(tag=bytes(tags.Cursor(0))))

    def add(self, names: List[str]) -> None:
        """Adds others by name, whether they are running or not."""
        group = self.group()
        for name in names:
            _check_name(name)
            if group.find_member(name.encode()) is not None:
                raise Refusal(f"{name} is in the group already")
        key_packages = [self._key_package(name) for name in names]

        def adding(builder: CommitBuilder) -> CommitBuilder:
            # The tree grows with the group: once beside the Welcomes is less than once inside each of them.
            builder = builder.tree_beside_welcome()
            for key_package in key_packages:
                builder = builder.add(key_package)
            return builder

        self._commit(adding)

    def remove(self, name: str) -> None:
        """Removes a member."""
        self.sync()
        group = self.group()

        def removing(builder: CommitBuilder) -> CommitBuilder:
            member = group.find_member(name.encode())
            if member is None:
                raise Refusal(f"{name} is not in the group")
            return builder.remove(member.name.leaf)

        self._commit(removing)

    def refresh(self) -> None:
        """Gives this device fresh keys, which shuts out whoever may have stolen the old ones."""
        self._commit(lambda builder: builder)

    def say(self, text: str) -> None:
        """Writes to the group: as it is now, not as it was when this device last looked."""
        self.sync()
        self.group().encrypt(text.encode(), b"", bytes(tags.Message()))
        # Nothing has left the device yet, but the bytes are in the outbox: from here on a crash loses nothing.
        self._flush()

    def sync(self) -> None:
        """Sends what is in the outbox and receives what the delivery service has."""
        self._flush()
        self._answer_invitations()
        group = self.find_group()
        while group is not None and self._receive_next(group):
            self._flush()

    def news(self) -> List[str]:
        """What has happened since anyone looked."""
        return self._ledger.news()

    def _publish(self) -> None:
        """Keeps key packages at the delivery service. What is there already is not put there again."""
        known = self._client.key_packages(None, _STOCK + 1)
        if not any(package.last_resort for package in known):
            known += self._client.create_key_packages(1, KeyPackageOptions(last_resort=True))
        missing = _STOCK + 1 - len(known)
        if missing > 0:
            known += self._client.create_key_packages(missing)
        for package in known:
            if package.last_resort:
                self.spool.publish_last_resort(self.name, package.message)
            else:
                self.spool.publish(self.name, package.reference, package.message)

    def _key_package(self, name: str) -> bytes:
        found = self.spool.take_key_package(name)
        if found is None:
            raise Refusal(f"{name} has published no key package: has {name} ever been here?")
        return found

    def _commit(self, change: Callable[[CommitBuilder], CommitBuilder]) -> None:
        """Builds a commit, posts it, and waits for it to come back: only then has it taken effect.

        If someone else's came first, that one is received instead, and ours is built anew on top of it.
        """
        for _ in range(_ATTEMPTS):
            self.sync()
            group = self.group()
            builder = group.new_commit().tag(bytes(tags.Commit(group.status().epoch)))
            built = change(builder).build()
            self.sync()
            if self._came_back(group, built.commit):
                return
        raise Refusal("others change the group all the time; try again later")

    def _came_back(self, group: Group, commit: bytes) -> bool:
        """Whether a commit of ours is among the messages of the group."""
        numbers = range(self._ledger.cursor(group.id()), 0, -1)
        entries = (self.spool.fetch(group.id(), number) for number in numbers)
        return any(entry is not None and entry.message == commit for entry in entries)

    def _flush(self) -> None:
        """Sends what is in the outbox, oldest first: bytes that exist, never new ones."""
        for letter in self._ledger.unsent():
            self._stop(Point.BEFORE_SENDING)
            self._send(letter)
            self._stop(Point.AFTER_SENDING)
            self._ledger.mark_sent(letter)

    def _send(self, letter: Letter) -> None:
        if isinstance(letter.tag, tags.Cursor):
            return self._welcome(letter, letter.tag.number)
        ends = letter.tag.epoch if isinstance(letter.tag, tags.Commit) else None
        # Another process of this device may have sent it already, and handled it since: so from where it was when it was made.
        # And if a commit is too late, the one that was quicker comes in with the next messages, and takes its place.
        self.spool.post(letter.group_id, letter.after, Entry(letter.message, ends))

    def _welcome(self, letter: Letter, number: int) -> None:
        """Sends a Welcome, and the tree that it goes with: nothing is received before, so the group is still in that epoch.

        (If a second process of the device has moved on meanwhile, the tree does not fit, and the member has to be added again.)
        """
        if letter.recipient is None:
            raise Refusal("a Welcome for nobody")
        tree = self._client.open_group(letter.group_id).export_tree()
        self.spool.put_tree(letter.group_id, number, tree)
        self.spool.invite(letter.recipient, Invitation(letter.group_id, number, letter.message))

    def _answer_invitations(self) -> None:
        """Joins the group that a Welcome leads into."""
        for invitation in self.spool.invitations(self.name):
            options = JoinOptions(tree=self.spool.tree(invitation), tag=bytes(tags.Cursor(invitation.number)))
            try:
                self._client.join(invitation.welcome, options)
                self._publish()
            except conclave.Error as error:
                # Answered before, by this device or by another process of it.
                if error.code not in _ANSWERED:
                    raise
            self.spool.forget(self.name, invitation)

    def _receive_next(self, group: Group) -> bool:
        """Receives the message after the cursor. The cursor goes along in the tag, and moves in the transaction of the call."""
        number = self._ledger.cursor(group.id()) + 1
        entry = self.spool.fetch(group.id(), number)
        if entry is None:
            return False
        line = self._receive(group, entry, number)
        self._stop(Point.AFTER_RECEIVING)
        self._ledger.skip(group.id(), number, line)
        return True

    def _receive(self, group: Group, entry: Entry, number: int) -> Optional[str]:
        try:
            group.receive(entry.message, bytes(tags.Cursor(number)))
            return None
        except (conclave.Error.Malformed, conclave.Error.Rejected, conclave.Error.Epoch) as error:
            # The bytes are of no use here and never will be: hostile, or for the members of a group that we are no longer in.
            # (Or another process of ours has read them; then the cursor has moved, and nothing is written here.)
            return f"! a message that cannot be read here (error {error.code})"

    def _record(self, connection: sqlite3.Connection, effect: conclave.Effect) -> None:
        if isinstance(effect, conclave.Effect.RECEIVED):
            self._stop(Point.INSIDE_RECEIVING)
        tables.record(connection, effect)

    def _stop(self, point: Point) -> None:
        if self._stop_at == point:
            point.stop()


def _check_name(name: str) -> None:
    """A name becomes a part of paths."""
    if not re.fullmatch("[a-z0-9-]{1,32}", name):
        raise Refusal(f'not a name: "{name}"; take 1 to 32 small letters, digits and hyphens')
