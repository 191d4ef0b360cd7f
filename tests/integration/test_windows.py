"""What differs on Windows, run as far as another system can: no `fcntl`, `msvcrt` in its place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

AS_ON_WINDOWS = """
import asyncio, concurrent.futures, ctypes, fcntl, logging.handlers, multiprocessing, os, pathlib
import random, shutil, signal, socket, sqlite3, subprocess, sys, tempfile, threading, types, uuid
import click, filelock, lsprotocol.types, msgspec, numpy, pygls.lsp.server, rich.cells, watchfiles

# What msvcrt does, by the lock of this system.
locks = types.ModuleType("msvcrt")
locks.LK_NBLCK, locks.LK_UNLCK = 2, 0
flock, exclusive, free = fcntl.flock, fcntl.LOCK_EX | fcntl.LOCK_NB, fcntl.LOCK_UN
locks.locking = lambda descriptor, how, size: flock(
    descriptor, exclusive if how == locks.LK_NBLCK else free
)
sys.modules |= {"fcntl": None, "pwd": None, "grp": None, "resource": None, "msvcrt": locks}
sys.platform = "win32"
del signal.SIGKILL
"""


def as_on_windows(script: str, folder: Path, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS + script],
        env={
            **os.environ,
            "AIANA_HOME": str(folder / "aiana"),
            "CLAUDE_CONFIG_DIR": str(folder / "claude"),
            "AIANA_EMBEDDING_MODEL": "no-such-model",
            **environ,
        },
        capture_output=True,
        encoding=environ.get("PYTHONIOENCODING", "utf-8"),
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="what this imitates")
def test_every_module_can_be_imported(tmp_path: Path) -> None:
    script = """
import importlib, pkgutil, aiana
names = [m.name for m in pkgutil.walk_packages(aiana.__path__, "aiana.", onerror=lambda name: None)]
failed = []
for name in names:
    if name.endswith("__main__") or name.startswith("aiana.embeddings"):
        continue
    try:
        importlib.import_module(name)
    except ImportError as error:
        if error.name in ("fcntl", "pwd", "grp", "resource") or "SIGKILL" in str(error):
            failed.append((name, str(error)))
print(len(names) > 200, failed)
"""
    assert as_on_windows(script, tmp_path) == "True []\n"


@pytest.mark.skipif(sys.platform == "win32", reason="what this imitates")
def test_what_is_kept_found_forgotten_and_restored(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from aiana.config import Config
from aiana.service import open_aiana
aiana = open_aiana(Config(data_dir=Path(os.environ["AIANA_HOME"])))
added = aiana.add_memory("A zebra in the corridor.", project=r"C:\\Users\\ada\\shop").memory
print(added.project)
print([hit.id == added.id for hit in aiana.search("zebra", mode="keyword").hits])
for path in (r"c:\\Users\\ada\\shop", "C:/Users/ada/shop/", "file:///c%3A/Users/ada/shop"):
    print(aiana.project_named(path))
kept = aiana.back_up()
other = aiana.add_memory("A quagga.").memory
print(aiana.delete_memories([other.id]).deleted, len(aiana.list_memories().memories))
found = aiana.diagnose().findings
print({each.state for each in found if each.subject in ("database", "full text")})
aiana.close()
"""
    assert as_on_windows(script, tmp_path).splitlines() == [
        "C:/Users/ada/shop",
        "[True]",
        *["C:/Users/ada/shop"] * 3,
        "1 1",
        "{'ok'}",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="what this imitates")
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_consoles_of_windows_print(tmp_path: Path, encoding: str) -> None:
    # colorama, which Windows installs with click, is not here.
    colours = "types.SimpleNamespace(just_fix_windows_console=lambda: None)"
    script = f"""
sys.modules["colorama"] = {colours}
from aiana.__main__ import main
sys.argv = ["aiana", *os.environ["TYPED"].split("|")]
main()
"""
    plain = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    text = "naïve 認証 → 👩\u200d👩"
    as_on_windows(script, tmp_path, TYPED=f"remember|--project|/work/shop|{text}", **plain)
    assert "na" in as_on_windows(script, tmp_path, TYPED="search|naïve", **plain)
