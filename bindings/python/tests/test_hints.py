"""Type checkers find nothing to complain of in the package, the examples and the tests, and something in wrong programs."""

from __future__ import annotations

import ast
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import List

import pytest

_ROOT = Path(__file__).parent.parent

_FILES = sorted(file for folder in ("src/conclave", "examples", "tests", "backend") for file in (_ROOT / folder).glob("*.py"))


def _mypy(*arguments: str) -> "subprocess.CompletedProcess[str]":
    pytest.importorskip("mypy")
    run = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", *arguments]
    return subprocess.run(run, cwd=_ROOT, capture_output=True, encoding="utf-8", check=False)


def test_the_package_and_its_examples_and_tests_are_typed_strictly() -> None:
    done = _mypy()
    assert done.returncode == 0, done.stdout


_APP = """
    import conclave
    from conclave import aio

    class Validator(conclave.CredentialValidator):
        def validate(self, candidates: list[conclave.Candidate]) -> list[conclave.Verdict]:
            return [conclave.accept(b"", b"") for _ in candidates]

    def use(client: conclave.Client) -> bytes:
        with client.create_group(conclave.GroupOptions(tag=b"")) as group:
            try:
                event = group.receive(group.encrypt(b"hello"))
            except conclave.Error.Epoch as error:
                return str(error.code + 1).encode()
            match event:
                case conclave.Event.MESSAGE(plaintext=plaintext):
                    return plaintext
                case _:
                    return b""

    async def use_later(client: aio.Client) -> bytes:
        group = await client.create_group()
        built = await group.new_commit().add(b"").build()
        return await group.encrypt(built.commit)
"""

_WRONG = [
    ("client.create_group(5)", "arg-type"),
    ("client.create_group().encrypt('text')", "arg-type"),
    ("client.create_group().nonsense()", "attr-defined"),
    ("conclave.Error(1, '').nonsense", "attr-defined"),
]


def test_an_app_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(textwrap.dedent(_APP))
    done = _mypy(str(file))
    assert done.returncode == 0, done.stdout


def test_a_wrong_app_is_found_out(tmp_path: Path) -> None:
    file = tmp_path / "wrong.py"
    lines = ["import conclave", "def use(client: conclave.Client) -> None:", *(f"    {line}" for line, _ in _WRONG)]
    file.write_text("\n".join(lines))
    complaints: List[str] = [line for line in _mypy(str(file)).stdout.splitlines() if ": error: " in line]
    assert [complaint.rsplit("[")[-1].rstrip("]") for complaint in complaints] == [kind for _, kind in _WRONG]


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_a_file_is_written_in_python_3_9(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 9))
    # What is not looked at when the program runs may be of later versions.
    assert any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body) or "backend" in str(
        file
    ) or file.name in ("__init__.py", "conftest.py")
