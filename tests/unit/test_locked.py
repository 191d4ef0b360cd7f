"""The locked versions are those that the project asks for, each with hashes of its files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
UNLOCKED = {"torch"}
"""Which build of it serves differs from one system to another."""


def project() -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return found


def wanted(*extras: str) -> list[Requirement]:
    """What the project and its extras ask for."""
    found = [Requirement(each) for each in project()["dependencies"]] if extras else []
    for extra in extras:
        for text in project()["optional-dependencies"][extra]:
            requirement = Requirement(text)
            if requirement.name == "aiana":
                found += wanted(*sorted(requirement.extras))
            else:
                found.append(requirement)
    return found


def locked(name: str) -> list[tuple[Requirement, int]]:
    """Each locked version, with the number of its hashes."""
    text = (ROOT / "requirements" / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [
        (
            Requirement(line.split("--hash=")[0]),
            len(re.findall(r"--hash=sha256:[0-9a-f]{64}", line)),
        )
        for line in lines
    ]


@pytest.mark.parametrize(
    ("name", "extras"),
    [
        ("light.txt", ("semantic",)),
        ("app.txt", ("semantic", "redis", "qdrant", "zstd")),
        ("dev.txt", ("full", "offline-model", "dev")),
    ],
)
def test_what_is_asked_for_is_locked(name: str, extras: tuple[str, ...]) -> None:
    versions: dict[str, list[str]] = {}
    for requirement, hashes in locked(name):
        (version,) = requirement.specifier
        assert version.operator == "=="
        assert hashes > 0
        versions.setdefault(canonicalize_name(requirement.name), []).append(version.version)
    asked = [each for each in wanted(*extras) if each.name not in UNLOCKED]
    assert len(asked) > 10
    for requirement in asked:
        found = versions.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement} is not locked: run `make lock`"
        for one in found:
            assert one in requirement.specifier, f"{requirement}: run `make lock`"


@pytest.mark.parametrize("name", ["light.txt", "app.txt"])
def test_what_users_get_is_what_is_tested(name: str) -> None:
    def versions(file: str) -> set[tuple[str, str, int]]:
        return {(each.name, str(each.specifier), hashes) for each, hashes in locked(file)}

    assert versions(name) <= versions("dev.txt")
