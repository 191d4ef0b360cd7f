"""aiana.el in a real Emacs on the real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.editors.conftest import ROOT

LISP = ROOT / "editors" / "emacs" / "aiana.el"
EXITS_WITHIN_S = 200


def emacs(environ: dict[str, str], *arguments: str) -> str:
    """What Emacs says in batch mode; it must end well."""
    program = shutil.which("emacs")
    if program is None:
        pytest.skip("Emacs is not installed: apt-get install emacs-nox elpa-eglot")
    done = subprocess.run(
        [program, "--batch", "--eval", "(package-initialize)", "-L", str(LISP.parent), *arguments],
        env={**environ, "TEST_PYTHON": sys.executable},
        cwd=environ["AIANA_HOME"],
        capture_output=True,
        text=True,
        timeout=EXITS_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_commands(environ: dict[str, str]) -> None:
    script = Path(__file__).with_name("aiana-test.el")
    output = emacs(environ, "-l", str(script), "-f", "ert-run-tests-batch-and-exit")
    assert re.search(r"Ran 10 tests, \d+ results as expected", output)
    assert "Unknown notification" not in output


def test_it_compiles_without_a_warning(environ: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "aiana.el"
    shutil.copyfile(LISP, copy)
    strict = "(setq byte-compile-error-on-warn t)"
    emacs(environ, "--eval", strict, "-f", "batch-byte-compile", str(copy))
    assert copy.with_suffix(".elc").exists()
