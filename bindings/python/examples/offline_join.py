"""Someone is added while away, and catches up later, after a device restart in between, with values sealed in the store."""

from __future__ import annotations

import tempfile
from pathlib import Path

from delivery import Spool
from device import Device, Place


def on(directory: Path, name: str) -> Device:
    """Switches a device on; the end of `with` switches it off."""
    return Device(name, Place(directory, storage_key=bytes([7] * 32)))


def print_news(device: Device) -> None:
    for line in device.news():
        print(f"{device.name} sees: {line}")


def play(directory: Path) -> None:
    for name in ("bob", "carol"):
        with on(directory, name):
            pass
    print("bob and carol were here and left key packages")

    with on(directory, "alice") as alice:
        alice.create_group()
        alice.add(["bob"])
        alice.say("before carol")
        alice.add(["carol"])
        print(f"alice added bob, then carol, who is away: epoch {alice.group().status().epoch}")
        alice.say("welcome, carol")
    with on(directory, "bob") as bob:
        bob.say("hello carol")
        bob.refresh()
        bob.say("still there?")
        print_news(bob)
    spool = Spool(directory / "spool")
    print(f"the delivery service keeps {len(spool.invitations('carol'))} invitation for carol")

    with on(directory, "carol") as carol:
        carol.sync()
        print_news(carol)
        print(f"carol caught up: epoch {carol.group().status().epoch}")
        print(f"the delivery service keeps {len(spool.invitations('carol'))} invitations for carol")
        carol.say("I am back")
    with on(directory, "alice") as alice:
        alice.sync()
        print_news(alice)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        play(Path(directory))


if __name__ == "__main__":
    main()
