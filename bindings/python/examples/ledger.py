"""The app's own tables, in the same file as the library's records: what was received, how far, and what is to be sent.

They are filled by `record`, which runs inside the transaction in which the library moves its keys. So a message is in the inbox
exactly if its key is used up, the cursor stands behind exactly what has been handled, and nothing was ever encrypted that is
not in the outbox. That is all it takes to survive a crash at any line.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import List, Optional, Union

from conclave import Effect, EpochChange, Event, MemberName

import tag as tags

_TABLES = """
    CREATE TABLE IF NOT EXISTS app_cursor (group_id BLOB PRIMARY KEY, number INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS app_inbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, number INTEGER NOT NULL, line TEXT NOT NULL,
        shown INTEGER NOT NULL DEFAULT 0, UNIQUE (group_id, number)) STRICT;
    CREATE TABLE IF NOT EXISTS app_outbox (
        id INTEGER PRIMARY KEY, group_id BLOB NOT NULL, tag TEXT NOT NULL, recipient TEXT, bytes BLOB NOT NULL,
        after INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0) STRICT;"""

# A letter keeps the cursor of the moment at which it was made: whatever is posted of it comes behind that.
_OUTBOX = (
    "INSERT INTO app_outbox (group_id, tag, recipient, bytes, after) VALUES (?1, ?2, ?3, ?4, "
    "coalesce((SELECT number FROM app_cursor WHERE group_id = ?1), 0))"
)

# A number that is there already is refused: no message is received twice.
_INBOX = "INSERT INTO app_inbox (group_id, number, line) VALUES (?, ?, ?)"


@dataclass(frozen=True)
class Letter:
    """Something to send: bytes that are sent as they are, as often as it takes, and never made again.

    `recipient` is who alone gets it, or None for the whole group; `after` is the last message that this device had handled when
    the letter was made. For a Welcome, the tag has the number of the commit that added the recipient.
    """

    id: int
    group_id: bytes
    tag: Union[tags.Cursor, tags.Message, tags.Commit]
    recipient: Optional[str]
    message: bytes
    after: int


class Ledger:
    """The app's own connection to the file, which a `SqliteStorage` has opened before."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(str(path), timeout=5, isolation_level=None)
        self._connection.executescript(_TABLES)

    def cursor(self, group_id: bytes) -> int:
        """The number of the last message that was handled."""
        row = self._connection.execute("SELECT number FROM app_cursor WHERE group_id = ?", (group_id,)).fetchone()
        return int(row[0]) if row else 0

    def skip(self, group_id: bytes, number: int, line: Optional[str]) -> None:
        """Steps over a message that changed nothing in the library, and so had no effect to write the cursor with.

        `line` is what the user should know of it. Does nothing if another process of this device did that or received the
        message.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            step = "UPDATE app_cursor SET number = ?2 WHERE group_id = ?1 AND number = ?2 - 1"
            stepped = self._connection.execute(step, (group_id, number)).rowcount == 1
            if stepped and line is not None:
                self._connection.execute(_INBOX, (group_id, number, line))

    def news(self) -> List[str]:
        """The lines that no process has shown yet, in order. Each is handed out once."""
        claim = "UPDATE app_inbox SET shown = 1 WHERE shown = 0 RETURNING id, line"
        return [line for _, line in sorted(self._connection.execute(claim).fetchall())]

    def inbox(self) -> List[str]:
        """Everything received, shown or not, in the order in which it came."""
        return [line for (line,) in self._connection.execute("SELECT line FROM app_inbox ORDER BY id")]

    def unsent(self) -> List[Letter]:
        """What has not been sent, oldest first."""
        query = "SELECT id, group_id, tag, recipient, bytes, after FROM app_outbox WHERE sent = 0 ORDER BY id"
        rows = self._connection.execute(query).fetchall()
        return [Letter(row[0], row[1], tags.parse(row[2].encode()), row[3], row[4], row[5]) for row in rows]

    def mark_sent(self, letter: Letter) -> None:
        """Notes that the delivery service has it."""
        self._connection.execute("UPDATE app_outbox SET sent = 1 WHERE id = ?", (letter.id,))

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()


def record(connection: sqlite3.Connection, effect: Effect) -> None:
    """Writes what a call of the library produced, in the transaction of that call: the store's `on_effect`."""
    if isinstance(effect, Effect.RECEIVED):
        _arrived(connection, effect.group_id, effect.tag, _words(effect.event))
    elif isinstance(effect, Effect.CONFIRMED):
        _arrived(connection, effect.group_id, effect.tag, _words(effect.event))
        if isinstance(effect.event, Event.EPOCH_CHANGED) and effect.welcome is not None:
            for member in effect.event.change.added:
                _send(connection, effect.group_id, effect.tag, _name(member), effect.welcome)
    elif isinstance(effect, Effect.OUTBOUND):
        _send(connection, effect.group_id, effect.tag, None, effect.message)
    elif isinstance(effect, Effect.JOINED):
        line = "* you made the group" if effect.epoch == 0 else "* you joined the group"
        _arrived(connection, effect.group_id, effect.tag, line)
    # The library lists unused key packages itself, so they need no row to be published from; and this app has no archives.


def _arrived(connection: sqlite3.Connection, group_id: bytes, tag: bytes, line: str) -> None:
    parsed = tags.parse(tag)
    if isinstance(parsed, tags.Cursor):
        connection.execute(_INBOX, (group_id, parsed.number, line))
        cursor = "INSERT OR REPLACE INTO app_cursor (group_id, number) VALUES (?, ?)"
        connection.execute(cursor, (group_id, parsed.number))


def _send(connection: sqlite3.Connection, group_id: bytes, tag: bytes, recipient: Optional[str], message: bytes) -> None:
    connection.execute(_OUTBOX, (group_id, bytes(tags.parse(tag)).decode(), recipient, message))


def _words(event: Event) -> str:
    """What the user reads."""
    if isinstance(event, Event.MESSAGE):
        return f"{_name(event.sender)}: {event.plaintext.decode(errors='replace')}"
    if isinstance(event, Event.EPOCH_CHANGED):
        return _changed(event.change)
    if isinstance(event, Event.REMOVED):
        return "* you were removed from the group"
    if isinstance(event, Event.REINIT):
        return "* the group was closed"
    return "* a change was proposed" if isinstance(event, Event.PROPOSAL) else "*"


def _changed(change: EpochChange) -> str:
    added = " and ".join(map(_name, change.added))
    removed = " and ".join(map(_name, change.removed))
    parts = [f"added {added}" if added else "", f"removed {removed}" if removed else ""]
    done = " and ".join(part for part in parts if part) or "refreshed the keys"
    lost = change.lost_commit is not None and any(not proposal.is_update() for proposal in change.lost_commit)
    return f"* {_name(change.committer)} {done}" + (" (your own change came too late: make it again)" if lost else "")


def _name(member: MemberName) -> str:
    return member.client_id.decode(errors="replace")
