"""Whole processes for the demonstrations: a program starts the chat in the role of someone, talks to it line by line, and kills
it where it likes."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import List, Optional, Type

from chat import END
from point import Point

# Longest wait for a line, in seconds.
_PATIENCE = 30

_CHAT = Path(__file__).with_name("chat.py")


class Actor:
    """A process in the role of someone, which is ready when this has been made. It stops at the point, if there is one."""

    def __init__(self, name: str, directory: Path, stop_at: Optional[Point] = None) -> None:
        command = [sys.executable, str(_CHAT), "--as", name, "--dir", str(directory)]
        if stop_at is not None:
            command += ["--stop", stop_at.value]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8")
        self._lines: "queue.Queue[Optional[str]]" = queue.Queue()
        threading.Thread(target=self._hear, daemon=True).start()
        self.answer()

    def __enter__(self) -> Actor:
        return self

    def __exit__(
        self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        # No process outlives the program that started it. One that has ended already cannot be killed, which is as well.
        self._child.kill()
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                pipe.close()

    def ask(self, command: str) -> List[str]:
        """Gives a command, and waits for the whole answer."""
        self.tell(command)
        return self.answer()

    def tell(self, command: str) -> None:
        """Gives a command, and does not wait."""
        assert self._child.stdin is not None
        print(command, file=self._child.stdin, flush=True)

    def answer(self) -> List[str]:
        """Waits for the answer to a command."""
        return list(iter(self._line, END))

    def kill_at(self, point: Point, command: str) -> None:
        """Gives a command, waits until the process stops at the point in the middle of it, and kills it there.

        With SIGKILL, which a process does not notice and cannot delay.
        """
        self.tell(command)
        line = self._line()
        if line != f"stopped {point.value}":
            raise RuntimeError(f"the process said {line!r} and did not stop {point.value}")
        self._child.kill()
        self._child.wait()

    def end(self) -> None:
        """Lets the process end by itself."""
        self.tell("/quit")
        if self._child.wait(_PATIENCE) != 0:
            raise RuntimeError("a process failed")

    def _line(self) -> str:
        line = self._lines.get(timeout=_PATIENCE)
        if line is None:
            raise RuntimeError("a process has ended")
        return line

    def _hear(self) -> None:
        assert self._child.stdout is not None
        try:
            for line in self._child.stdout:
                self._lines.put(line.rstrip("\n"))
        except ValueError:
            # The pipe was closed by the end of `with`.
            pass
        self._lines.put(None)
