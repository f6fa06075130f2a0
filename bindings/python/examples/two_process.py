"""A messenger and its notification extension: two processes, one SQLite file, one member of the group.

Whoever is quicker receives a message; nothing is received twice, nothing is lost, and no key is used twice.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ledger import Ledger
from process import Actor

_RACE = 20


def merged(app: Actor, extension: Actor, to_app: str, to_extension: str) -> list[str]:
    """What two processes show when told at the same moment: each a part of it, so sorted."""
    app.tell(to_app)
    extension.tell(to_extension)
    return sorted(app.answer() + extension.answer())


def say_all(actor: Actor, commands: list[str]) -> None:
    for command in commands:
        actor.ask(command)


def print_all(lines: list[str]) -> None:
    for line in lines:
        print(f"  {line}")


def race(alice: Actor, app: Actor, extension: Actor, database: Path) -> None:
    print("both look at the same moment:")
    say_all(alice, [f"message {n:02}" for n in range(1, _RACE + 1)])
    shown = merged(app, extension, "", "")
    received = Ledger(database).inbox()[-_RACE:]
    print_all(received)
    same = str(shown == received).lower()
    print(f"{len(received)} received, {len(shown)} shown, by one of the two each: {same}")
    print("both write at the same moment:")
    merged(app, extension, "from the app", "from the extension")
    print_all(sorted(alice.ask("")))


def play(directory: Path) -> None:
    with Actor("alice", directory) as alice, Actor("bob", directory) as app, Actor("bob", directory) as extension:
        say_all(alice, ["/create", "/add bob"])
        print("the extension is awake, the app is not:")
        say_all(alice, ["one", "two", "three"])
        print_all(extension.ask(""))
        print("the app is awake, the extension is not:")
        say_all(alice, ["four", "/refresh", "five"])
        print_all(app.ask(""))
        race(alice, app, extension, directory / "bob" / "store.db")
        for actor in (alice, app, extension):
            actor.end()


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        play(Path(directory))


if __name__ == "__main__":
    main()
