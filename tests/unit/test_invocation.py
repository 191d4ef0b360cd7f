"""Advice names the program as it was started, and the installer that this installation came by."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana import invocation


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("UV_RUN_RECURSION_DEPTH", raising=False)
    invocation.program.cache_clear()
    yield
    invocation.program.cache_clear()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "my tools" / "aiana"
    path.parent.mkdir()
    path.touch(mode=0o755)
    return path


def test_a_program_on_the_path_is_named_by_its_name(
    monkeypatch: pytest.MonkeyPatch, script: Path
) -> None:
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setattr(sys, "argv", [str(script), "status"])
    assert invocation.command("model", "compile") == "aiana model compile"


def test_command_off_the_path(monkeypatch: pytest.MonkeyPatch, script: Path) -> None:
    """A program that is not on the path is named as it was started."""
    other = script.parent.parent / "aiana"  # another one is
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    monkeypatch.setattr(sys, "argv", [str(script)])
    assert shlex.split(invocation.command("search", "two words")) == [
        str(script),
        "search",
        "two words",
    ]
    monkeypatch.chdir(script.parent.parent)
    monkeypatch.setattr(sys, "argv", ["my tools/aiana"])
    invocation.program.cache_clear()
    assert invocation.program() == "'my tools/aiana'"


def test_a_module_is_named_with_its_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/some/where/aiana/__main__.py"])
    monkeypatch.setenv("PATH", "")
    assert invocation.program() == f"{shlex.quote(sys.executable)} -m aiana"


def test_command_within_another_program(monkeypatch: pytest.MonkeyPatch, script: Path) -> None:
    """A server within another program is named by the script beside its python."""
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
    monkeypatch.setattr(sys, "executable", str(script.with_name("python3")))
    assert invocation.program() == "aiana"
    script.unlink()
    invocation.program.cache_clear()
    assert invocation.program().endswith("python3' -m aiana")


def test_uv_runs_it_as_it_was_run(monkeypatch: pytest.MonkeyPatch, script: Path) -> None:
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setenv("UV_RUN_RECURSION_DEPTH", "1")
    assert invocation.program() == "uv run aiana"


@pytest.mark.parametrize(
    ("receipt", "direct", "expected"),
    [
        (None, None, "PYTHON -m pip install 'aiana[semantic]'"),
        (None, {"url": "file:///src/a%20b", "dir_info": {"editable": True}},
         "PYTHON -m pip install -e '/src/a b[semantic]'"),
        (None, {"url": "file:///src/aiana", "dir_info": {}},
         "PYTHON -m pip install '/src/aiana[semantic]'"),
        (None, {"url": "https://example.org/aiana.git", "vcs_info": {"vcs": "git"}},
         "PYTHON -m pip install 'aiana[semantic] @ git+https://example.org/aiana.git'"),
        ("uv-receipt.toml", None, "uv tool install 'aiana[semantic]'"),
        ("pipx_metadata.json", {"url": "file:///src/aiana", "dir_info": {"editable": True}},
         "pipx install --force --editable '/src/aiana[semantic]'"),
    ],
)  # fmt: skip
def test_install_command(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    receipt: str | None,
    direct: dict[str, object] | None,
    expected: str,
) -> None:
    class Installed:
        def read_text(self, name: str) -> str | None:
            return json.dumps(direct) if direct else None

    monkeypatch.setattr("importlib.metadata.distribution", lambda name: Installed())
    monkeypatch.setattr(invocation, "missing", lambda modules: list(modules))
    monkeypatch.setattr(invocation, "find_spec", lambda name: object())
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    if receipt:
        (tmp_path / receipt).touch()
    python = shlex.quote(sys.executable)
    assert invocation.install("semantic") == expected.replace("PYTHON", python)


def test_an_extra_that_is_there_already_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invocation, "missing", lambda modules: [m for m in modules if m != "redis"])
    assert "[redis,semantic]" in invocation.install("semantic")
