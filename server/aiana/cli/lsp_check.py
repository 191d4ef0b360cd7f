"""`aiana lsp-check`: a language client that checks what an editor may rely on."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from aiana.cli.terminal import Piece, say
from aiana.protocol import methods as wire
from aiana.protocol.results import Page

ANSWER_WITHIN_S = 60
EXITS_WITHIN_S = 60
METHOD_NOT_FOUND = -32601
_METHODS = {method.name: method for method in wire.METHODS}


class Refused(Exception):
    """An error response."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.code = error.get("code")
        self.data = error.get("data") or {}


class Broken(Exception):
    """The server does not do what the protocol says."""


class Silent(Exception):
    """Nothing came in time: what is asked next would wait as long."""


def _require(holds: object, found: object) -> None:
    if not holds:
        raise Broken(str(found))


def _typed(value: Any, cls: Any) -> Any:
    """What a server answered as the type that the protocol promises. Raises Broken."""
    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        raise Broken(f"the result is no {cls.__name__}: {error}") from error


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

    async def call(self, method: str, params: Any) -> Any:
        """The result of a request of the protocol, checked. Raises Refused and Broken."""
        return _typed(await self.request(method, params), _METHODS[method].result)

    async def answer(self, message_id: int) -> Any:
        while True:
            try:
                message = await asyncio.wait_for(self._read(), ANSWER_WITHIN_S)
            except TimeoutError:
                raise Silent from None
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
        length = re.match(rb"Content-Length: *(\d+)\r\n", header, re.IGNORECASE)
        if length is None:
            raise Broken(f"standard output holds what is no message: {header[:80]!r}")
        return json.loads(await self._out.readexactly(int(length[1])))


class Announced(msgspec.Struct, rename="camel"):
    """`experimental.aiana` of the server's capabilities."""

    protocol_version: int
    methods: list[str]


async def _initialize(server: Wire) -> None:
    capabilities = {"window": {"workDoneProgress": True}}
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities}
    result = await server.request("initialize", params)
    server.notify("initialized", {})
    experimental = result["capabilities"].get("experimental") or {}
    _require("aiana" in experimental, "the capabilities hold no `experimental.aiana`")
    ours = _typed(experimental["aiana"], Announced)
    expected = wire.PROTOCOL_VERSION
    _require(ours.protocol_version == expected, f"protocolVersion is not {expected}")
    missing = _METHODS.keys() - set(ours.methods)
    _require(not missing, f"not in `methods`: {', '.join(sorted(missing))}")


async def _refuse_early(server: Wire) -> None:
    await _expect(server, "aiana/status", {}, wire.SERVER_NOT_INITIALIZED)


async def _expect(server: Wire, method: str, params: Any, code: int) -> Refused:
    try:
        result = await server.request(method, params)
    except Refused as error:
        _require(error.code == code, f"error {error.code} ({error}) instead of error {code}")
        return error
    raise Broken(f"an answer instead of error {code}: {json.dumps(result)[:80]}")


async def _refuse_wrong_params(server: Wire) -> None:
    for params in ({"query": 7}, {"query": "x", "limit": "many"}, ["x"], None):
        error = await _expect(server, "aiana/search", params, wire.INVALID_PARAMS)
        _require(error.data.get("errors"), f"no `data.errors` for the params {params}")


async def _refuse_unknown_method(server: Wire) -> None:
    await _expect(server, "aiana/nonesuch", {}, METHOD_NOT_FOUND)


async def _name_what_is_not_found(server: Wire) -> None:
    error = await _expect(server, "aiana/memory/get", {"id": "none"}, wire.REQUEST_FAILED)
    _require(error.data.get("kind") == "notFound", f"`data` is {error.data}, without its `kind`")


async def _keep_metadata(server: Wire) -> None:
    metadata = {"type_name": 1, "my-key": [None, True], "jsonrpc": "2.0"}
    params = {"content": "Kept by lsp-check", "metadata": metadata}
    added = await server.call("aiana/memory/add", params)
    got = await server.call("aiana/memory/get", {"id": added.memory.id})
    _require(got.memory.metadata == metadata, f"{metadata} came back as {got.memory.metadata}")


async def _find_what_was_added(server: Wire) -> None:
    found = await server.call("aiana/search", {"query": "lsp-check", "scope": "all"})
    snippets = [hit.snippet for hit in found.hits]
    _require(snippets == ["Kept by lsp-check"], f"the snippets are {snippets}")


async def _show_it_as_a_document(server: Wire) -> None:
    [hit] = (await server.call("aiana/search", {"query": "lsp-check", "scope": "all"})).hits
    page = await server.request("workspace/textDocumentContent", {"uri": hit.uri})
    _require("Kept by lsp-check" in _typed(page, Page).text, f"{hit.uri} does not show it")


async def _take_cancellation(server: Wire) -> None:
    number = server.send("aiana/search", {"query": "anything"})
    server.notify("$/cancelRequest", {"id": number})
    try:
        await server.answer(number)
    except Refused as error:
        _require(error.code == wire.REQUEST_CANCELLED, f"error {error.code} ({error})")


async def _end_well(server: Wire) -> None:
    await server.request("shutdown")
    try:
        await _expect(server, "aiana/status", {}, wire.INVALID_REQUEST)
    finally:
        server.notify("exit")


def _answer(method: wire.Method) -> Callable[[Wire], Awaitable[None]]:
    async def check(server: Wire) -> None:
        command = {"command": method.command, "arguments": [method.example]}
        for name, params in (
            (method.name, method.example),
            ("workspace/executeCommand", command),
        ):
            try:
                _typed(await server.request(name, params), method.result)
            except Refused as error:
                known = error.code == wire.REQUEST_FAILED and error.data.get("kind")
                _require(
                    known in method.errors,
                    f"{name} is answered with error {error.code} ({error}), which the protocol "
                    f"does not name for it",
                )

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
        ("what was found is a document", _show_it_as_a_document),
        ("a cancelled request is answered", _take_cancellation),
        *((f"{method.name} and its command", _answer(method)) for method in wire.METHODS),
        ("shutdown and exit", _end_well),
    ]


async def _end(process: asyncio.subprocess.Process) -> str:
    """The exit status of a server that was told to exit."""
    try:
        return str(await asyncio.wait_for(process.wait(), EXITS_WITHIN_S))
    except TimeoutError:
        return f"none, it still runs {EXITS_WITHIN_S} s after `exit`"


async def _run(command: tuple[str, ...], home: Path) -> int:
    environ = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "claude")}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environ,
            limit=1 << 26,
        )
    except OSError as error:
        raise click.ClickException(f"`{command[0]}` cannot be started: {error.strerror}.") from None
    server = Wire(process)
    failed = 0
    try:
        for name, check in _checks():
            begun = time.perf_counter()
            try:
                await check(server)
                verdict = Piece("ok  ", "green")
            except (EOFError, ConnectionError):
                raise click.ClickException(f"The server has gone before: {name}.") from None
            except Silent:
                raise click.ClickException(
                    f"No answer within {ANSWER_WITHIN_S} s, so that the rest was not tried: {name}."
                ) from None
            except Exception as error:  # A server that is no Aiana can answer anything.
                failed += 1
                verdict = Piece("FAIL", "red")
                name = f"{name}: {error or type(error).__name__}"
            say(verdict, f" {(time.perf_counter() - begun) * 1000:7.1f} ms  {name}")
        end = await _end(process)
        if end != "0":
            failed += 1
            say(Piece("FAIL", "red"), f"             exit status: {end}")
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
