"""A data folder with the sample sessions for each test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.service import open_aiana

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "fixtures" / "sample"


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that holds the sample sessions; copy it, do not write to it."""
    home = tmp_path_factory.mktemp("sample") / "aiana"
    aiana = open_aiana(Config(data_dir=home))
    aiana.import_sessions(paths=[str(SAMPLE)])
    aiana.close()
    return home


@pytest.fixture
def environ(tmp_path: Path, sample_home: Path) -> dict[str, str]:
    """An environment with a data folder of its own; no model, so that searches go by words."""
    home = tmp_path / "aiana"
    shutil.copytree(sample_home, home)
    folders = {name: str(tmp_path / name) for name in ("config", "data", "state", "cache")}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIANA_")},
        **{f"XDG_{name.upper()}_HOME": path for name, path in folders.items()},
        "HOME": str(tmp_path),
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": str(tmp_path / "no-model"),
        "HF_HUB_OFFLINE": "1",
    }
