"""The conformance client, against Aiana and against programs that are no Aiana."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aiana.lsp.protocol import METHODS


def check(environ: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "aiana", "lsp-check", "--", *command],
        env=environ,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_this_server_conforms(environ: dict[str, str]) -> None:
    done = check(environ)
    verdicts = [line.split()[0] for line in done.stdout.splitlines()]
    assert verdicts == ["ok"] * (len(METHODS) + 9), done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "print('hello', flush=True)"])
def test_other_programs_do_not(environ: dict[str, str], program: str) -> None:
    done = check(environ, sys.executable, "-c", program)
    assert done.returncode == 1
    assert "The server has gone before: refuses requests before initialize." in done.stderr
    assert "Traceback" not in done.stderr
    assert "ok" not in [line.split()[0] for line in done.stdout.splitlines()]
