"""The wheel that `pip install` makes, in an environment of its own. Its path is in CONCLAVE_WHEEL."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from conftest import EXAMPLES

_WHEEL = os.environ.get("CONCLAVE_WHEEL", "")

pytestmark = pytest.mark.skipif(not _WHEEL, reason="no wheel was built: CONCLAVE_WHEEL names none")


def test_the_wheel_is_for_every_python_3_and_typed() -> None:
    name = Path(_WHEEL).name
    assert "-py3-none-" in name and not name.endswith("-any.whl")
    files = set(zipfile.ZipFile(_WHEEL).namelist())
    for file in ("py.typed", "__init__.py", "__main__.py", "aio.py", "sqlite.py", "_native/conclave.py", "_native/__init__.py"):
        assert f"conclave/{file}" in files, file
    assert any(file.startswith("conclave/_native/libconclave.") for file in files)
    assert not any("test" in file or "example" in file for file in files)


def test_the_wheel_can_be_installed_and_used_without_anything_else(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-index", _WHEEL], check=True)
    elsewhere = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for program, expected in (
        ([str(EXAMPLES / "hello.py")], "alice reads: hello alice"),
        (["-m", "conclave", "--version"], "conclave 0."),
    ):
        run = [str(python), *program]
        done = subprocess.run(run, env=elsewhere, cwd=tmp_path, stdout=subprocess.PIPE, encoding="utf-8", check=True)
        assert expected in done.stdout
