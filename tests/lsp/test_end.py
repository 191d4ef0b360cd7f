"""The server ends when its client does, in time, and not before what was asked is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.servers import heard
from tests.lsp.client import Client, ServerError

Start = Callable[..., Client]
ADDS = 10
IN_TIME_S = 60
"""Far more than the two seconds that it may take on a machine with nothing else to do."""


def add_many(client: Client) -> list[int]:
    client.request("aiana/memory/list", {})  # the store is open
    params = [{"content": f"memory number {number}"} for number in range(ADDS)]
    return [client.send("aiana/memory/add", given) for given in params]


def stored(start: Start) -> int:
    client = start()
    client.initialize()
    return len(client.request("aiana/memory/list", {"limit": 100})["memories"])


def test_shutdown_waits_for_earlier_requests(start: Start) -> None:
    """What was asked before shutdown is done before it is answered."""
    client = start()
    client.initialize()
    numbers = add_many(client)
    last = client.send("shutdown")
    client.notify("exit", None)
    assert client.answer(last) is None
    assert len([client.answer(number)["memory"]["id"] for number in numbers]) == ADDS
    assert client.process.wait(IN_TIME_S) == 0
    assert stored(start) == ADDS


def test_requests_before_end_of_input(start: Start) -> None:
    client = start()
    client.initialize()
    numbers = add_many(client)
    assert client.process.stdin is not None
    client.process.stdin.close()
    assert len([client.answer(number)["memory"]["id"] for number in numbers]) == ADDS
    assert client.process.wait(IN_TIME_S) == 0
    assert stored(start) == ADDS


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_told_to_end_it_answers_and_leaves_one_file(
    start: Start, environ: dict[str, str], name: str
) -> None:
    with heard(name):
        client = start()
    client.initialize()
    numbers = add_many(client)
    client.answer(numbers[0])
    client.process.send_signal(getattr(signal, name))
    assert client.process.wait(IN_TIME_S) == 128 + getattr(signal, name)
    assert not (Path(environ["AIANA_HOME"]) / "conversations.db-wal").exists()


def test_what_takes_too_long_is_cancelled_and_answered(start: Start) -> None:
    client = start("-m", "tests.lsp.awkward_server")
    client.initialize()
    number = client.send("test/blocked", {})
    assert client.request("shutdown") is None
    with pytest.raises(ServerError) as caught:
        client.answer(number)
    assert caught.value.code == -32800
    client.notify("exit", None)
    assert client.process.wait(IN_TIME_S) == 0


def test_exit_with_an_open_question(client: Client) -> None:
    memory = client.request("aiana/memory/add", {"content": "a habit"})["memory"]
    params = {"command": "aiana.forget", "arguments": [{"id": memory["id"]}]}
    number = client.send("workspace/executeCommand", params)
    while not any(m["method"] == "window/showMessageRequest" for m in client.notifications):
        client._take()
    assert client.exit() == 0
    assert client.answer(number) is None


def test_exit_with_the_editor(start: Start) -> None:
    editor = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    client = start()
    client.initialize(processId=editor.pid)
    editor.kill()  # and not waited for: its parent does not care
    assert client.process.wait(IN_TIME_S) == 1
    assert editor.wait() != 0
    assert editor.stdin is not None
    editor.stdin.close()


def test_remote_editor_is_not_watched(start: Start) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    client = start()
    client.initialize(processId=gone.pid)
    assert client.request("aiana/preference/list", {}) == {"static": [], "dynamic": []}


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="told by Linux alone")
def test_the_server_ends_when_nobody_reads_any_more(environ: dict[str, str]) -> None:
    command = [sys.executable, "-m", "aiana", "lsp"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environ, **pipes) as process:  # type: ignore[call-overload]
        process.stdout.close()
        assert process.wait(IN_TIME_S) == 1


def test_client_that_reads_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aiana", "lsp"]
    requests = b""
    start = '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"capabilities":{}}}'
    ask = '{"jsonrpc":"2.0","id":%d,"method":"aiana/none-%s"}'
    for body in [start, *(ask % (number, "x" * 1000) for number in range(1, 500))]:
        requests += b"Content-Length: %d\r\n\r\n%b" % (len(body), body.encode())
    reader, writer = os.pipe()
    pipes = {"stdin": subprocess.PIPE, "stdout": writer, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environ, **pipes) as process:  # type: ignore[call-overload]
        os.close(writer)
        process.stdin.write(requests)  # more answers than a pipe holds
        process.stdin.close()
        assert process.wait(IN_TIME_S) == 0
    os.close(reader)
