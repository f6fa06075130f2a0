"""The package as users meet it: its face, its hints, its command line."""

from __future__ import annotations

import ast
import base64
import inspect
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List

import pytest

import conclave
from conclave import __main__ as command
from conclave import aio
from conclave._native import conclave as native
from conftest import Pair, joined, person, plaintext


def test_the_programs_in_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    *programs, later = [part.split("```")[0] for part in readme.split("```python")[1:]]
    monkeypatch.chdir(tmp_path)
    names: Dict[str, Any] = {}
    for program in programs:
        exec(compile(program, "README.md", "exec"), names)
    connection = sqlite3.connect("alice.db")
    group = person("alice", names["storage"]).create_group()
    names["directory_of_keys"] = {}
    with pytest.raises(conclave.Error.Rejected, match="the directory has another key"):
        person("carol", validator=names["Validator"]()).create_group()
    group.receive(joined(group, person("bob")).encrypt(b"hello"))
    assert connection.execute("SELECT text FROM inbox").fetchall() == [("hello",)]
    compile(later, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_everything_public_that_is_generated_is_handed_on() -> None:
    apart = {name for name in native.__all__ if name.endswith(("Protocol", "Impl"))}
    assert set(native.__all__) - apart <= set(conclave.__all__)
    assert all(getattr(conclave, name) is getattr(native, name) for name in set(native.__all__) - apart - {"check_storage"})


def test_everything_public_is_documented() -> None:
    for name in conclave.__all__:
        documented = inspect.getdoc(getattr(conclave, name))
        assert documented and documented != Exception.__doc__, name
    for kind in (conclave.Client, conclave.Group, conclave.CommitBuilder, conclave.Secret, conclave.ExternalProposer):
        methods = inspect.getmembers(kind, inspect.isroutine)
        assert all(inspect.getdoc(method) for name, method in methods if not name.startswith("_")), kind


def test_the_configuration_of_the_generator_took_effect() -> None:
    assert Path(native._UniffiLib._name).name.startswith("libconclave.")


def test_bytes_can_come_in_other_shapes_and_nothing_else_can(pair: Pair) -> None:
    shapes: List[Any] = [bytearray(b"hello"), memoryview(b"hello")]
    for plain in shapes:
        shape: Any = memoryview(pair.alice.encrypt(plain))
        assert plaintext(pair.bob.receive(shape)) == b"hello"
    for wrong in ("hello", 5, None, [1, 2]):
        with pytest.raises(TypeError):
            pair.alice.encrypt(wrong)  # type: ignore[arg-type]


def test_an_error_tells_its_number_its_name_and_what_to_do(pair: Pair) -> None:
    with pytest.raises(conclave.Error.Usage) as raised:
        pair.alice.confirm_commit()
    error = raised.value
    assert error.code == 504 and str(error).startswith("NoPendingCommit (504): ")
    info = conclave.error_info(error.code)
    assert info is not None and info.name == "NoPendingCommit" and info.remedy
    assert repr(type(error)) == "<class 'conclave.Error.Usage'>"
    assert conclave.error_info(999) is None


def test_options_have_defaults_and_can_be_given(pair: Pair) -> None:
    carol = person("carol")
    package = carol.create_key_packages(1, conclave.KeyPackageOptions(last_resort=True))[0]
    assert package.last_resort
    built = pair.alice.new_commit().tree_beside_welcome().add(package.message).build()
    pair.alice.confirm_commit()
    assert built.welcome is not None and built.tree is not None
    assert carol.join(built.welcome, conclave.JoinOptions(tree=built.tree)).status().members == 3


def test_inspect_shows_a_message_from_a_file_in_any_form(pair: Pair, tmp_path: Path) -> None:
    message = pair.alice.encrypt(b"hello")
    file = tmp_path / "message"
    for form in (message, base64.b64encode(message), base64.urlsafe_b64encode(message).rstrip(b"="), message.hex().encode()):
        file.write_bytes(form)
        run = [sys.executable, "-m", "conclave", "inspect", str(file)]
        done = subprocess.run(run, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.strip() == conclave.inspect(message).strip()


def test_inspect_draws_trees_names_kinds_and_refuses_nonsense(
    pair: Pair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "tree"
    file.write_bytes(pair.alice.export_tree())
    assert command.main(["inspect", str(file), "--as", "tree"]) == 0
    assert command.main(["inspect", str(file), "--as", "RatchetTree"]) == 0
    assert "leaf" in capsys.readouterr().out
    file.write_bytes(b"\xff\x00")
    assert command.main(["inspect", str(file)]) == 1
    assert command.main(["inspect", str(tmp_path / "nothing")]) == 1
    assert capsys.readouterr().err.count("conclave: ") == 2


def test_asyncio_has_everything_that_blocks() -> None:
    for name in ("Client", "Group", "CommitBuilder", "ExternalProposer"):
        blocking = {method for method in vars(getattr(native, f"{name}Protocol")) if not method.startswith("_")}
        assert blocking <= set(dir(getattr(aio, name))), name


def test_a_member_is_found_by_name_and_the_tree_travels(pair: Pair) -> None:
    member = pair.bob.find_member(b"alice")
    assert member is not None and member.name.leaf == 0
    assert pair.bob.export_tree() == pair.alice.export_tree()
    assert pair.alice.epoch_authenticator() == pair.bob.epoch_authenticator()
    assert joined(person("carol").create_group(), person("dave")).status().epoch == 1
