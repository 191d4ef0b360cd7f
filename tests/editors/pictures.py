"""Pictures of Neovim and Emacs for the documentation: what a terminal shows, as SVG.

    python -m tests.editors.pictures [FOLDER]

Needs tmux, Emacs and Neovim with snacks.nvim, which `make test-server` puts where it is looked
for. The sessions are the samples.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tests.editors.conftest import ROOT, SAMPLE

WIDTH, HEIGHT = 118, 34
PLUGINS = Path.home() / ".cache" / "aiana-dev" / "retronvim" / "data" / "nvim" / "plugins"
WITHIN_S = 60
NEOVIM = f"""
vim.opt.runtimepath:prepend('{ROOT}/editors/nvim')
vim.opt.runtimepath:append('{PLUGINS}/snacks.nvim')
vim.o.termguicolors = true
vim.o.shortmess = vim.o.shortmess .. 'I'
require('snacks').setup({{ picker = {{ prompt = '> ', icons = {{ ui = {{ live = '' }} }} }} }})
vim.lsp.config('aiana', {{ cmd = {{ '{sys.executable}', '-m', 'aiana', 'lsp' }} }})
vim.lsp.enable('aiana')
"""
EMACS = f"""
(menu-bar-mode -1)
(setq inhibit-startup-screen t aiana-command '("{sys.executable}" "-m" "aiana" "lsp"))
(add-to-list 'load-path "{ROOT}/editors/emacs")
(require 'aiana)
"""


class Screen:
    """A program in a terminal of its own."""

    def __init__(self, folder: Path, program: Sequence[str], environ: dict[str, str]) -> None:
        self._socket = str(folder / "tmux")
        size = ("-x", str(WIDTH), "-y", str(HEIGHT))
        settings = ("-f", os.devnull)
        command = shlex.join(program)
        self._tmux(*settings, "new-session", "-d", *size, "-c", str(folder), command, env=environ)

    def keys(self, *keys: str) -> None:
        """Press these, as tmux names them."""
        self._tmux("send-keys", *keys)

    def shows(self, words: str) -> str:
        """The screen with its colours, once these words stand on it."""
        until = time.monotonic() + WITHIN_S
        while words not in self._tmux("capture-pane", "-p"):
            if time.monotonic() > until:
                raise TimeoutError(f"{words!r} is not on:\n{self._tmux('capture-pane', '-p')}")
            time.sleep(0.05)
        return self._tmux("capture-pane", "-p", "-e", "-N")

    def close(self) -> None:
        self._tmux("kill-server")

    def _tmux(self, *words: str, env: dict[str, str] | None = None) -> str:
        command = ["tmux", "-S", self._socket, "-T", "RGB", *words]
        done = subprocess.run(command, env=env, check=True, capture_output=True, text=True)
        return done.stdout


def draw(screen: str, title: str, path: Path) -> None:
    """A screen as SVG."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere, force_terminal=True)
        console.print(Text.from_ansi(screen.rstrip("\n")))
        # Whose reader has no such font takes another one: nothing is fetched for a picture.
        text = re.sub(r"\s*@font-face \{.*?\}", "", console.export_svg(title=title), flags=re.S)
        path.write_text(re.sub(r"\s*<!--.*?-->", "", text) + "\n", encoding="utf-8")


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environ = {
            **os.environ,
            "HOME": name,
            "AIANA_HOME": str(folder / "aiana"),
            "CLAUDE_CONFIG_DIR": str(folder / "claude"),
            "AIANA_EMBEDDING_MODEL": "none",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
        }
        imported = [sys.executable, "-m", "aiana", "import", str(SAMPLE)]
        subprocess.run(imported, env=environ, check=True, capture_output=True)
        (folder / "init.lua").write_text(NEOVIM)
        (folder / "init.el").write_text(EMACS)
        neovim = str(Path(sys.executable).with_name("nvim"))
        screen = Screen(folder, [neovim, "-u", str(folder / "init.lua")], environ)
        screen.shows("[No Name]")
        screen.keys(":Aiana! search flaky login test", "Enter")
        draw(
            screen.shows("# Make the login"), "Neovim: :Aiana! search", target / "neovim-search.svg"
        )
        screen.close()
        screen = Screen(folder, ["emacs", "-nw", "-q", "-l", str(folder / "init.el")], environ)
        screen.shows("*scratch*")
        screen.keys("C-u", "M-x", "aiana-list-sessions", "Enter")
        screen.shows("messages")
        screen.keys("v")
        draw(
            screen.shows("## User"), "Emacs: M-x aiana-list-sessions", target / "emacs-sessions.svg"
        )
        screen.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
