"""aiana.el in a real Emacs on the real server."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.editors.conftest import ROOT

LISP = ROOT / "editors" / "emacs"
EXITS_WITHIN_S = 400


def emacs(environ: dict[str, str], *arguments: str) -> str:
    """What Emacs says in batch mode; it must end well."""
    program = shutil.which("emacs")
    if program is None:
        pytest.skip("Emacs is not installed: apt-get install emacs-nox elpa-eglot")
    done = subprocess.run(
        [program, "--batch", "--eval", "(package-initialize)", "-L", str(LISP), *arguments],
        env={**environ, "TEST_PYTHON": sys.executable},
        cwd=environ["AIANA_HOME"],
        capture_output=True,
        text=True,
        timeout=EXITS_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_commands(environ: dict[str, str], tmp_path: Path) -> None:
    script = Path(__file__).with_name("aiana-test.el")
    programs = tmp_path / "programs"
    programs.mkdir()
    assistant = programs / "claude"
    assistant.write_text('#!/bin/sh\necho "started in $PWD with [$*]"\nexec cat\n')
    assistant.chmod(0o700)
    environ = {**environ, "PATH": f"{programs}:{environ['PATH']}"}
    written = script.read_text(encoding="utf-8").count("(ert-deftest ")
    output = emacs(environ, "-l", str(script), "-f", "ert-run-tests-batch-and-exit")
    assert re.search(rf"Ran {written} tests, \d+ results as expected", output)
    assert "Unknown notification" not in output


def test_it_compiles_without_a_warning(environ: dict[str, str], tmp_path: Path) -> None:
    copies = [str(shutil.copy(file, tmp_path)) for file in sorted(LISP.glob("*.el"))]
    strict = "(setq byte-compile-error-on-warn t load-prefer-newer t)"
    emacs(environ, "-L", str(tmp_path), "--eval", strict, "-f", "batch-byte-compile", *copies)
    assert len(list(tmp_path.glob("*.elc"))) == len(copies) > 1


def test_autoloads(environ: dict[str, str], tmp_path: Path) -> None:
    for file in LISP.glob("*.el"):
        shutil.copy(file, tmp_path)
    made = tmp_path / "aiana-autoloads.el"
    emacs(
        environ,
        *("--eval", "(require 'autoload)"),
        *(
            "--eval",
            f'(let ((generated-autoload-file "{made}")) (update-directory-autoloads "{tmp_path}"))',
        ),
    )
    loaded = emacs(
        environ,
        *("-l", str(made)),
        *(
            "--eval",
            "(princ (list (featurep 'aiana) (autoloadp (symbol-function 'aiana-map))"
            " (commandp 'aiana-search) (commandp 'aiana-undo)))",
        ),
    )
    assert "(nil t t t)" in loaded
