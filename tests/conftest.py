"""Fixtures for all tests."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from aiana.embeddings import DEFAULT_MODEL, compile_model
from aiana.errors import ModelUnavailable

# No test reads what assistants left on the machine.
for name in (
    "CODEX_HOME",
    "GEMINI_CLI_HOME",
    "QWEN_RUNTIME_DIR",
    "COPILOT_HOME",
    "VSCODE_USER_DATA_DIR",
    "CURSOR_USER_DATA_DIR",
    "CURSOR_CONFIG_DIR",
    "CLINE_DIR",
    "CONTINUE_GLOBAL_DIR",
    "XDG_DATA_HOME",
):
    os.environ[name] = str(Path(tempfile.gettempdir()) / "aiana-tests" / "no-assistant")
# What is shown in local time is the same on every machine.
os.environ["TZ"] = "UTC"
if hasattr(time, "tzset"):
    time.tzset()
# Nor does it follow the terminal that the tests are started from.
for name in ("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"):
    os.environ.pop(name, None)

# As in an activated environment: `aiana` is the one under test, and messages call it so.
os.environ["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))


@pytest.fixture(scope="session")
def compiled_model_home(request: pytest.FixtureRequest) -> Path:
    """A folder to use as AIANA_HOME whose `models` hold the compiled default model.

    It is compiled once and kept in pytest's cache; delete `.pytest_cache` to compile again.
    """
    home = Path(request.config.cache.mkdir("aiana-home"))
    try:
        compile_model(DEFAULT_MODEL, home / "models")
    except ModelUnavailable as error:
        pytest.skip(f"no compiled embedding model: {error}")
    return home
