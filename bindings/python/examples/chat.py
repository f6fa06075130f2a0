#!/usr/bin/env python3
"""The chat: a line is a message, a line that begins with a slash is a command.

    chat.py NAME DIRECTORY                           on the terminal
    chat.py --as NAME --dir DIRECTORY [--stop POINT] with another program, see `process`
"""

from __future__ import annotations

import queue
import sys
import threading
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Optional, TextIO

import conclave

from device import Device, Place, Refusal
from point import Point

# Ends the answer to one command.
END = "."

_COMMANDS = """\
Anything that does not begin with a slash is sent to the group. Commands:
  /create          make a group with you alone in it
  /add NAME...     add people; they must have been here once, and may be away now
  /remove NAME     remove someone, who can then read nothing that is said afterwards
  /members         tell who is in the group
  /epoch           tell the epoch and its authenticator: equal for all members, and for nobody else
  /refresh         take fresh keys, which shuts out whoever may have stolen the old ones
  /help            show this
  /quit            leave the program; the group stays"""

# How often the delivery service is asked for news, in seconds.
_LOOK = 0.1


def on_terminal(device: Device, out: TextIO) -> None:
    """A chat on the terminal, until `/quit` or the end of the input. What others say appears as it comes."""
    _say(out, f"* you are {device.name}; /help tells what you can do")
    device.sync()
    if device.find_group() is None:
        _say(out, "* you are in no group yet: /create one, or wait until someone adds you")
    lines = _typed()
    while True:
        try:
            line = lines.get(timeout=_LOOK)
        except queue.Empty:
            line = ""
        if line is None or not _obey(device, line.strip(), out):
            return


def by_script(device: Device, lines: Iterator[str], out: TextIO) -> None:
    """A chat with a program: a line with a dot says that it is ready, and each command is answered by some lines and a dot."""
    while True:
        _say(out, END)
        line = next(lines, None)
        if line is None or not _obey(device, line.strip(), out):
            return


def played_a_role() -> bool:
    """If the program was started by `process.Actor`, plays that role, and tells so when done."""
    arguments = sys.argv[1:]
    if len(arguments) not in (4, 6) or arguments[0::2] not in (["--as", "--dir"], ["--as", "--dir", "--stop"]):
        return False
    stop_at = Point(arguments[5]) if len(arguments) == 6 else None
    with Device(arguments[1], Place(Path(arguments[3]), stop_at=stop_at)) as device:
        by_script(device, iter(sys.stdin), sys.stdout)
    return True


def _typed() -> "queue.Queue[Optional[str]]":
    """Reads the terminal on a thread of its own, since nothing else can be done while waiting for it. None is the end."""
    lines: "queue.Queue[Optional[str]]" = queue.Queue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _obey(device: Device, line: str, out: TextIO) -> bool:
    """Does what the line says, and tells the news. A command that fails is told of, and ends nothing. False ends the chat."""
    if line == "/quit":
        return False
    try:
        _act(device, line, out)
    except (conclave.Error, Refusal, OSError) as error:
        _say(out, f"! {_plain(error)}")
    for news in device.news():
        _say(out, news)
    return True


def _act(device: Device, line: str, out: TextIO) -> None:
    command, *names = line.split() or [""]
    simple: Dict[str, Callable[[], None]] = {
        "": device.sync,
        "/create": device.create_group,
        "/members": lambda: _members(device, out),
        "/epoch": lambda: _epoch(device, out),
        "/refresh": device.refresh,
        "/help": lambda: _say(out, _COMMANDS),
    }
    if command in simple and not names:
        simple[command]()
    elif command == "/add" and names:
        device.add(names)
    elif command == "/remove" and len(names) == 1:
        device.remove(names[0])
    elif command.startswith("/"):
        raise Refusal(f"{command} is not understood; /help tells more")
    else:
        device.say(line)


def _members(device: Device, out: TextIO) -> None:
    device.sync()
    names: List[str] = [member.name.client_id.decode(errors="replace") for member in device.group().members(None, 1000)]
    _say(out, f"members: {', '.join(names)}")


def _epoch(device: Device, out: TextIO) -> None:
    device.sync()
    group = device.group()
    _say(out, f"epoch {group.status().epoch}: {group.epoch_authenticator().hex()}")


def _plain(error: Exception) -> str:
    """An error of the library in the words of its table, with what to do about it; any other as it is."""
    info = conclave.error_info(error.code) if isinstance(error, conclave.Error) else None
    return f"{info.summary} ({info.code}): {info.remedy}" if info else str(error)


def _say(out: TextIO, line: str) -> None:
    print(line, file=out, flush=True)


def main() -> None:
    """The program."""
    if played_a_role():
        return
    if len(sys.argv) != 3:
        sys.exit("usage: chat.py NAME DIRECTORY")
    with Device(sys.argv[1], Place(Path(sys.argv[2]))) as device:
        on_terminal(device, sys.stdout)


if __name__ == "__main__":
    main()
