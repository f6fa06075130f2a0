"""Three people: one adds, another removes, and everyone agrees on who is there."""

from __future__ import annotations

import conclave

from hello import person, text


def add(group: conclave.Group, others: list[conclave.Group], newcomer: conclave.Client) -> conclave.Group:
    """Adds someone, and takes the commit to the other members."""
    key_package = newcomer.create_key_packages(1)[0]
    added = group.new_commit().add(key_package.message).build()
    group.confirm_commit()
    for other in others:
        other.receive(added.commit)
    assert added.welcome is not None
    return newcomer.join(added.welcome)


def say(what: str, groups: list[conclave.Group]) -> None:
    """Tells how everyone sees the group; the epoch authenticator is equal only if all of it is."""
    agreed = len({group.epoch_authenticator() for group in groups}) == 1
    status = groups[0].status()
    verdict = "everyone agrees" if agreed else "they disagree"
    print(f"{what}: epoch {status.epoch}, {status.members} members, {verdict}")


def refused(call: str, error: conclave.Error) -> None:
    print(f"bob cannot {call}: error {error.code}")


def main() -> None:
    alice, bob, carol = person("alice"), person("bob"), person("carol")
    a = alice.create_group()
    b = add(a, [], bob)
    say("alice added bob", [a, b])
    c = add(a, [b], carol)
    say("alice added carol", [a, b, c])

    refreshed = c.new_commit().build().commit
    c.confirm_commit()
    for group in (a, b):
        group.receive(refreshed)
    say("carol refreshed her keys", [a, b, c])

    member = c.find_member(b"bob")
    assert member is not None
    removed = c.new_commit().remove(member.name.leaf).build().commit
    c.confirm_commit()
    for group in (a, b):
        group.receive(removed)
    say("carol removed bob", [a, c])

    message = a.encrypt(b"bob is gone")
    print(f"carol reads: {text(c.receive(message))}")
    try:
        b.receive(message)
    except conclave.Error.Epoch as error:
        refused("read it", error)
    try:
        b.encrypt(b"hello?")
    except conclave.Error.Epoch as error:
        refused("write", error)


if __name__ == "__main__":
    main()
