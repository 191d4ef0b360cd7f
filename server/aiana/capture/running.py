"""Whether an assistant runs on this machine, as far as its processes tell."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_EDITORS = (
    "code",
    "code-insiders",
    "code-oss",
    "codium",
    "vscodium",
    "code-server",
    "visual studio code",
    "visual studio code - insiders",
)
_PROGRAMS: dict[str, tuple[str, ...]] = {
    "claude-code": ("claude", "claude-code"),
    "copilot-cli": ("copilot",),
    "vscode-chat": (*_EDITORS, "cursor", "windsurf"),
    "cursor": ("cursor", "cursor-agent"),
    "openclaw": ("openclaw", "clawdbot", "moltbot"),
    "pi": ("pi", "omp"),
    "antigravity": ("antigravity", "agy"),
}
"""How the programs are called whose name is not that of the source."""
_INTERPRETERS = re.compile(r"(?:node|bun|deno|python|pythonw|ruby|sh|bash)[\d.]*")
_BUNDLE = re.compile(r"/([^/]+)\.app/Contents/MacOS/")
_PACKAGE = re.compile(r"node_modules[/\\](?:@[^/\\]+[/\\])?([^/\\]+)")


def running(source: str) -> int | None:
    """The id of a process of this assistant; None if there is none that can be seen."""
    names = frozenset(_PROGRAMS.get(source, (source,)))
    for pid, arguments in _processes():
        if pid != os.getpid() and names & set(_names(arguments)):
            return pid
    return None


def _names(arguments: list[str]) -> Iterator[str]:
    """What a process is called: its program's name, or that of what an interpreter runs."""
    for place, argument in enumerate(arguments[:3]):
        name = re.split(r"[/\\]", argument)[-1].lower()
        name = re.sub(r"\.(?:exe|cmd|m?js|cjs|py)$", "", name)
        yield name
        if package := _PACKAGE.search(argument):
            yield package[1].lower()
        if place == 0 and not _INTERPRETERS.fullmatch(name):
            return


def _processes() -> Iterator[tuple[int, list[str]]]:
    """The processes that can be seen, with what they were started with."""
    if sys.platform.startswith("linux"):
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    line = (folder / "cmdline").read_bytes()
                    arguments = line.decode("utf-8", "replace").split("\0")
                    if not arguments[0]:
                        # One that is just starting: it is its program before it is given any.
                        arguments = [str((folder / "exe").readlink())]
                except OSError:
                    continue
                yield int(folder.name), arguments
        return
    is_windows = sys.platform == "win32"
    listing = "tasklist /fo csv /nh" if is_windows else "ps -axo pid=,command="
    try:
        told = subprocess.run(listing.split(), capture_output=True, timeout=10, check=False).stdout
    except (OSError, subprocess.SubprocessError):
        return
    for line in told.decode("utf-8", "replace").splitlines():
        if is_windows:
            found = re.match(r'"([^"]+)","(\d+)"', line)
            if found:
                yield int(found[2]), [found[1]]
        elif found := re.match(r"\s*(\d+)\s+(.*)", line):
            bundle = _BUNDLE.search(found[2])
            yield int(found[1]), [bundle[1]] if bundle else found[2].split()
