"""`aiana lsp-check`: a language client that checks what an editor may rely on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click

from aiana.lsp import protocol as wire

ANSWER_WITHIN_S = 60


class Refused(Exception):
    """An error response."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.code = error.get("code")
        self.data = error.get("data") or {}


class Broken(Exception):
    """The server does not do what the protocol says."""


def _require(holds: object, found: object) -> None:
    if not holds:
        raise Broken(str(found))


class Wire:
    """One server process and the messages to and from it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin, process.stdout
        self._last_id = 0
        self.notifications: list[dict[str, Any]] = []

    async def request(self, method: str, params: Any = None) -> Any:
        """The result of a request. Raises Refused."""
        return await self.answer(self.send(method, params))

    def send(self, method: str, params: Any = None) -> int:
        self._last_id += 1
        self._write({"id": self._last_id, "method": method, "params": params})
        return self._last_id

    def notify(self, method: str, params: Any = None) -> None:
        self._write({"method": method, "params": params})

    async def answer(self, message_id: int) -> Any:
        while True:
            message = await asyncio.wait_for(self._read(), ANSWER_WITHIN_S)
            if "method" in message:
                self.notifications.append(message)
                if "id" in message:
                    self._write({"id": message["id"], "result": None})
            elif message.get("id") == message_id:
                if "error" in message:
                    raise Refused(message["error"])
                return message["result"]

    def _write(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._in.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _read(self) -> Any:
        header = await self._out.readuntil(b"\r\n\r\n")
        length = int(header.partition(b":")[2].split(b"\r\n")[0])
        return json.loads(await self._out.readexactly(length))


async def _initialize(server: Wire) -> None:
    capabilities = {"window": {"workDoneProgress": True}}
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities}
    result = await server.request("initialize", params)
    server.notify("initialized", {})
    ours = result["capabilities"]["experimental"]["aiana"]
    _require(ours["protocolVersion"] == wire.PROTOCOL_VERSION, ours)
    missing = {method.name for method in wire.METHODS} - set(ours["methods"])
    _require(not missing, f"not advertised: {', '.join(sorted(missing))}")


async def _refuse_early(server: Wire) -> None:
    await _expect(server, "aiana/status", {}, wire.SERVER_NOT_INITIALIZED)


async def _expect(server: Wire, method: str, params: Any, code: int) -> Refused:
    try:
        result = await server.request(method, params)
    except Refused as error:
        _require(error.code == code, f"code {error.code} instead of {code}: {error}")
        return error
    raise Broken(f"an answer instead of error {code}: {result}")


async def _refuse_wrong_params(server: Wire) -> None:
    for params in ({"query": 7}, {"query": "x", "limit": "many"}, ["x"], None):
        error = await _expect(server, "aiana/search", params, wire.INVALID_PARAMS)
        _require(error.data.get("errors"), "data.errors is empty")


async def _refuse_unknown_method(server: Wire) -> None:
    await _expect(server, "aiana/nonesuch", {}, -32601)


async def _name_what_is_not_found(server: Wire) -> None:
    error = await _expect(server, "aiana/memory/get", {"id": "none"}, wire.REQUEST_FAILED)
    _require(error.data.get("kind") == "notFound", error.data)


async def _keep_metadata(server: Wire) -> None:
    metadata = {"type_name": 1, "my-key": [None, True], "jsonrpc": "2.0"}
    params = {"content": "Kept by lsp-check", "metadata": metadata}
    added = await server.request("aiana/memory/add", params)
    got = await server.request("aiana/memory/get", {"id": added["memory"]["id"]})
    _require(got["memory"]["metadata"] == metadata, got["memory"]["metadata"])


async def _find_what_was_added(server: Wire) -> None:
    found = await server.request("aiana/search", {"query": "lsp-check", "scope": "all"})
    _require([hit["snippet"] for hit in found["hits"]] == ["Kept by lsp-check"], found["hits"])


async def _take_cancellation(server: Wire) -> None:
    number = server.send("aiana/search", {"query": "anything"})
    server.notify("$/cancelRequest", {"id": number})
    try:
        await server.answer(number)
    except Refused as error:
        _require(error.code == wire.REQUEST_CANCELLED, error.code)


async def _end_well(server: Wire) -> None:
    await server.request("shutdown")
    await _expect(server, "aiana/status", {}, wire.INVALID_REQUEST)
    server.notify("exit")


def _answer(method: wire.Method) -> Callable[[Wire], Awaitable[None]]:
    async def check(server: Wire) -> None:
        command = {"command": method.command, "arguments": [method.example]}
        for name, params in (
            (method.name, method.example),
            ("workspace/executeCommand", command),
        ):
            try:
                await server.request(name, params)
            except Refused as error:
                _require(error.data.get("kind") in method.errors, f"undocumented error: {error}")

    return check


def _checks() -> list[tuple[str, Callable[[Wire], Awaitable[None]]]]:
    return [
        ("refuses requests before initialize", _refuse_early),
        ("initialize advertises the protocol", _initialize),
        ("wrong params are answered with their path", _refuse_wrong_params),
        ("an unknown method is answered", _refuse_unknown_method),
        ("what is not found is named", _name_what_is_not_found),
        ("metadata comes back intact", _keep_metadata),
        ("what was added is found", _find_what_was_added),
        ("a cancelled request is answered", _take_cancellation),
        *((f"{method.name} and its command", _answer(method)) for method in wire.METHODS),
        ("shutdown and exit", _end_well),
    ]


async def _run(command: tuple[str, ...], home: Path) -> int:
    environ = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "claude")}
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environ,
        limit=1 << 26,
    )
    server = Wire(process)
    failed = 0
    try:
        for name, check in _checks():
            begun = time.perf_counter()
            try:
                await check(server)
                verdict = click.style("ok  ", fg="green")
            except (EOFError, ConnectionError):
                raise click.ClickException(f"The server has gone before: {name}.") from None
            except Exception as error:  # A server that is no Aiana can answer anything.
                failed += 1
                verdict = click.style("FAIL", fg="red")
                name = f"{name}: {error or type(error).__name__}"
            click.echo(f"{verdict} {(time.perf_counter() - begun) * 1000:7.1f} ms  {name}")
        status = await asyncio.wait_for(process.wait(), ANSWER_WITHIN_S)
        if status != 0:
            failed += 1
            click.echo(f"{click.style('FAIL', fg='red')}             exit status {status}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return failed


@click.command("lsp-check")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def lsp_check(command: tuple[str, ...]) -> None:
    """Check a language server against Aiana's protocol, in a data folder of its own.

    For authors of editor front ends: it says what a client may rely on, and how long each answer
    takes. COMMAND starts the server; default: this Aiana.

    \b
    Examples:
      aiana lsp-check
      aiana lsp-check -- uvx aiana lsp
    """
    with tempfile.TemporaryDirectory(prefix="aiana-lsp-check-") as home:
        default = (sys.executable, "-m", "aiana", "lsp")
        failed = asyncio.run(_run(command or default, Path(home)))
    if failed:
        raise click.ClickException(f"{failed} checks failed.")
