"""The table in docs/assistants.md against the sources: all of them, their places and variables."""

from __future__ import annotations

import inspect
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from aiana.capture import Source, sources
from tests.unit.sources import TRANSCRIPTS

PAGE = Path(__file__).parents[2] / "docs" / "assistants.md"
COLUMNS = ["assistant", "where", "versions seen", "read", "not read"]
OF_THE_SYSTEM = {"APPDATA", "FLATPAK_XDG_DATA_HOME", "LOCALAPPDATA", "XDG_CONFIG_HOME"}
"""Variables that move the folders of all programs."""


class Line(NamedTuple):
    title: str
    name: str
    where: str
    versions: str


def lines() -> list[Line]:
    head, _, *rows = [line for line in PAGE.read_text().splitlines() if line.startswith("|")]
    assert [cell.strip() for cell in head.strip("|").split("|")] == COLUMNS
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    assert {len(each) for each in cells} == {len(COLUMNS)}
    named = [re.fullmatch(r"(.+) `([\w-]+)`", first) for first, *_ in cells]
    return [
        Line(found[1], found[2], where, versions)
        for found, (_, where, versions, *_) in zip(filter(None, named), cells, strict=True)
    ]


LINES = {line.name: line for line in lines()}
each = pytest.mark.parametrize("source", sources().values(), ids=sources())


def test_every_source_has_a_line() -> None:
    assert {(line.title, line.name) for line in LINES.values()} == {
        (source.title, name) for name, source in sources().items()
    }


@each
def test_every_variable_is_told(source: Source) -> None:
    """Those that the code asks for, and no other."""
    package = inspect.getmodule(type(source))
    assert package is not None
    assert package.__file__ is not None
    file = Path(package.__file__)
    files = [file] if file.parent.name == "capture" else sorted(file.parent.glob("*.py"))
    asked = {
        name
        for path in files
        for name in re.findall(r'\benviron\.get\(\s*f?"(\w+)"', path.read_text())
    }
    told = set(re.findall(r"`([A-Z][A-Z_]{4,})`", LINES[source.name].where))
    own = {name for name in asked if name in told or source.name[:4].upper() in name}
    assert own - told == set()
    assert told - asked - OF_THE_SYSTEM - {"VSCODE_USER_DATA_DIR"} == set()


@each
@pytest.mark.skipif(sys.platform != "linux", reason="the table tells where Linux has them")
def test_every_place_is_looked_at(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below its roots lies what the table names of a person's home."""
    for name in [*os.environ]:
        if re.search(r"_(HOME|DIR|PATH_ROOT|DB)$|^VSCODE_|^CURSOR_|^XDG_", name):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    where = LINES[source.name].where
    for place in re.findall(r"`~/([^`]+)`", where):
        path = tmp_path / re.sub(r"\*.*", "x", place)
        path.parent.mkdir(parents=True, exist_ok=True)
    if source.name == "crush":
        return  # a list of folders lies there
    roots = source.roots()
    for place in re.findall(r"`~/([^`]+)`", where):
        fixed = tmp_path / place.split("*")[0].rstrip("/")
        assert any(root in (fixed, *fixed.parents) or fixed in root.parents for root in roots), (
            place
        )


def test_versions_of_what_programs_wrote_are_told() -> None:
    """Each recording of a program is of a version that its line names, or lies between two."""
    recorded = [re.match(r"([a-z-]+)-(\d[\d.]*\d)", path.name) for path in TRANSCRIPTS.iterdir()]
    recorded.append(re.match(r"(vscode-chat)-(.*)", "vscode-chat-1.139.1"))
    for found in filter(None, recorded):
        told = LINES[found[1]].versions
        version = _numbers(found[2])
        spans = [
            (_numbers(first), _numbers(last or first))
            for first, last in re.findall(r"(\d+(?:\.\d+)+)(?: to (\d+(?:\.\d+)+))?", told)
        ]
        assert any(first <= version and version[: len(last)] <= last for first, last in spans), (
            found[0],
            told,
        )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
