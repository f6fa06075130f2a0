"""`python -m conclave inspect FILE`: shows what is in an MLS message or another MLS object, field by field."""

from __future__ import annotations

import argparse
import base64
import binascii
import string
import sys
from typing import List, Optional

from . import Error, ObjectKind, inspect, inspect_as, inspect_tree, version

# The names that RFC 9420 has for them, in small letters.
_KINDS = {kind.name.replace("_", "").lower(): kind for kind in ObjectKind}


def main(arguments: Optional[List[str]] = None) -> int:
    """Does what the command line says, and gives the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        print(_words(_decode(_read(asked.file)), asked.kind).rstrip())
    except (Error, OSError, ValueError) as error:
        print(f"conclave: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    about = version()
    parser = argparse.ArgumentParser(prog="python -m conclave", description="Conclave, encrypted groups with MLS (RFC 9420).")
    parser.add_argument("--version", action="version", version=f"conclave {about.release}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    inspecting = commands.add_parser(
        "inspect",
        help="show what is in an MLS message or another MLS object",
        description="Shows what is in an MLS object. Nothing is checked but the form. A GroupSecrets is refused.",
    )
    inspecting.add_argument("file", metavar="FILE", help="where the object is: hex, base64 or the bytes; - for standard input")
    inspecting.add_argument("--as", dest="kind", metavar="KIND", type=_kind, help=f"tree, or one of {', '.join(_KINDS)}")
    return parser


def _kind(name: str) -> str:
    if name.lower() != "tree" and name.lower() not in _KINDS:
        raise argparse.ArgumentTypeError(f"{name} is none of tree, {', '.join(_KINDS)}")
    return name.lower()


def _words(data: bytes, kind: Optional[str]) -> str:
    if kind is None:
        return inspect(data)
    return inspect_tree(data) if kind == "tree" else inspect_as(_KINDS[kind], data)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    with open(file, "rb") as opened:
        return opened.read()


def _decode(data: bytes) -> bytes:
    """The bytes that are meant: hex if there are hex digits only, or else base64 if it fits, or else what is there."""
    packed = b"".join(data.split())
    if not packed:
        raise ValueError("there is nothing to inspect")
    digits = packed[2:] if packed[:2].lower() == b"0x" else packed
    if not digits.strip(string.hexdigits.encode()):
        return bytes.fromhex(digits.decode())
    try:
        plain = packed.translate(bytes.maketrans(b"-_", b"+/"))
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        return data


if __name__ == "__main__":
    sys.exit(main())
