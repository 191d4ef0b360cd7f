"""The conformance client, against Aiana and against programs that are no Aiana."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aiana.protocol.methods import METHODS


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
    assert verdicts == ["ok"] * (len(METHODS) + 10), done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "print('hello', flush=True)"])
def test_other_programs_do_not(environ: dict[str, str], program: str) -> None:
    done = check(environ, sys.executable, "-c", program)
    assert done.returncode == 1
    assert "The server has gone before: refuses requests before initialize." in done.stderr
    assert "Traceback" not in done.stderr
    assert "ok" not in [line.split()[0] for line in done.stdout.splitlines()]


EMPTY = """
import json, sys
while header := sys.stdin.buffer.readline():
    sys.stdin.buffer.readline()
    message = json.loads(sys.stdin.buffer.read(int(header.split(b":")[1])))
    if message["method"] == "exit":
        sys.exit(2)
    body = {"jsonrpc": "2.0", "id": message.get("id"), "result": {"capabilities": {}}}
    text = json.dumps(body).encode()
    if "id" in message:
        sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(text), text))
        sys.stdout.buffer.flush()
"""


def test_findings_say_what_is_wrong(environ: dict[str, str]) -> None:
    done = check(environ, sys.executable, "-c", EMPTY)
    findings = [line.partition(" ms  ")[2] for line in done.stdout.splitlines()]
    for finding in (
        'refuses requests before initialize: an answer instead of error -32002: {"capabilities":'
        " {}}",
        "initialize advertises the protocol: the capabilities hold no `experimental.aiana`",
        "metadata comes back intact: the result is no MemoryAdded: Object missing required field "
        "`memory`",
        "aiana/memory/list and its command: the result is no MemoryPage: Object missing required "
        "field `memories`",
    ):
        assert finding in findings
    assert done.stdout.splitlines()[-1].split() == ["FAIL", "exit", "status:", "2"]
    assert done.returncode == 1


def test_output_that_is_no_message_is_shown(environ: dict[str, str]) -> None:
    noise = "print('starting\\nContent-Length: 2\\r\\n\\r\\n{}', flush=True); input()"
    done = check(environ, sys.executable, "-c", noise)
    assert "standard output holds what is no message: b'starting" in done.stdout


def test_a_program_that_is_not_there_is_named(environ: dict[str, str]) -> None:
    done = check(environ, "no-such-program")
    assert done.stderr == "error: `no-such-program` cannot be started: No such file or directory.\n"
