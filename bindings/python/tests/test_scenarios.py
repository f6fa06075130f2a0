"""Every scenario prints what examples/expected says, as in every language; and the chat works at two terminals."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import List

import pytest

from conftest import EXAMPLES

_EXPECTED = EXAMPLES.parent.parent.parent / "examples" / "expected"

_NO_GROUP = "* you are in no group yet: /create one, or wait until someone adds you"


@pytest.mark.parametrize("name", ["hello", "add_remove", "offline_join", "two_process", "crash"])
def test_a_scenario_prints_what_is_expected(name: str) -> None:
    run = [sys.executable, str(EXAMPLES / f"{name}.py")]
    done = subprocess.run(run, capture_output=True, encoding="utf-8", check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (_EXPECTED / f"{name}.txt").read_text(encoding="utf-8")


class Terminal:
    """Someone at a terminal."""

    def __init__(self, name: str, directory: Path) -> None:
        run = [sys.executable, str(EXAMPLES / "chat.py"), name, str(directory)]
        self._child = subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._screen: "queue.Queue[str]" = queue.Queue()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            self._screen.put(line.rstrip("\n"))

    def type_line(self, line: str) -> None:
        print(line, file=self._child.stdin, flush=True)

    def shows(self, *lines: str) -> None:
        assert [self._screen.get(timeout=30) for _ in lines] == list(lines)

    def close(self) -> None:
        self.type_line("/quit")
        assert self._child.wait(30) == 0
        assert self._screen.empty()


def test_two_people_chat_and_one_comes_back(tmp_path: Path) -> None:
    terminals: List[Terminal] = [Terminal(name, tmp_path) for name in ("alice", "bob")]
    alice, bob = terminals
    alice.shows("* you are alice; /help tells what you can do", _NO_GROUP)
    bob.shows("* you are bob; /help tells what you can do", _NO_GROUP)
    bob.type_line("anyone?")
    bob.shows("! you are in no group yet")

    alice.type_line("/create")
    alice.type_line("/add bob")
    alice.shows("* you made the group", "* alice added bob")
    bob.shows("* you joined the group")
    alice.type_line("hello bob")
    bob.shows("alice: hello bob")
    bob.type_line("hello alice")
    alice.shows("bob: hello alice")
    alice.type_line("/members")
    alice.shows("members: alice, bob")
    bob.close()

    alice.type_line("are you gone?")
    alice.type_line("/add nobody")
    alice.shows("! nobody has published no key package: has nobody ever been here?")
    bob = Terminal("bob", tmp_path)
    bob.shows("* you are bob; /help tells what you can do", "alice: are you gone?")
    alice.type_line("/remove bob")
    alice.shows("* alice removed bob")
    bob.shows("* you were removed from the group")
    bob.type_line("hello?")
    bob.shows("! this client is no longer a member of the group (409): ask to be added again")
    bob.close()
    alice.close()
