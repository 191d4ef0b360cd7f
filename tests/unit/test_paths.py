"""Paths as people write them, wherever one is taken."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiana.embeddings import model_info
from aiana.paths import expanded
from aiana.projects import folders_of

NOBODY = "~nobody-of-that-name/x"


def test_a_home_is_put_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert expanded("~/x") == Path("/home/ada/x")


def test_the_home_of_nobody_is_an_error_of_no_kind(tmp_path: Path) -> None:
    assert expanded(NOBODY) == Path(NOBODY)
    assert folders_of(NOBODY) == [NOBODY]
    assert model_info(NOBODY, models_dir=tmp_path).state == "unavailable"
