"""Two people, one group, one message each way: the smallest program."""

from __future__ import annotations

import conclave


def person(name: str) -> conclave.Client:
    host = conclave.Host(storage=conclave.memory_storage(), validator=conclave.accept_all())
    return conclave.Client(conclave.basic_config(name), host)


def text(event: conclave.Event) -> str:
    assert isinstance(event, conclave.Event.MESSAGE)
    return event.plaintext.decode()


def main() -> None:
    alice, bob = person("alice"), person("bob")
    key_package = bob.create_key_packages(1)[0]
    print("bob published a key package")

    group = alice.create_group()
    added = group.new_commit().add(key_package.message).build()
    group.confirm_commit()
    print("alice created a group and added bob")

    assert added.welcome is not None
    joined = bob.join(added.welcome)
    print(f"bob joined: {joined.status().members} members, epoch {joined.status().epoch}")

    hello = group.encrypt(b"hello bob")
    print(f"bob reads: {text(joined.receive(hello))}")
    reply = joined.encrypt(b"hello alice")
    print(f"alice reads: {text(group.receive(reply))}")


if __name__ == "__main__":
    main()
