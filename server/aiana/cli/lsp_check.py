"""`aiana lsp-check`: a language client that checks what an editor may rely on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from aiana.cli.client import ANSWER_WITHIN_S, Client, ServerError
from aiana.cli.terminal import Piece, say
from aiana.protocol import methods as wire
from aiana.protocol.results import Page

EXITS_WITHIN_S = 60
METHOD_NOT_FOUND = -32601
_METHODS = {method.name: method for method in wire.METHODS}


class Broken(Exception):
    """The server does not do what the protocol says."""


def _require(holds: object, found: object) -> None:
    if not holds:
        raise Broken(str(found))


def _typed(value: Any, cls: Any) -> Any:
    """What a server answered as the type that the protocol promises. Raises Broken."""
    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        raise Broken(f"the result is no {cls.__name__}: {error}") from error


class Wire(Client):
    """One server process, whose own requests are answered with nothing."""

    def call(self, method: str, params: Any) -> Any:
        """The result of a request of the protocol, checked. Raises ServerError and Broken."""
        return _typed(self.request(method, params), _METHODS[method].result)

    def _take(self) -> None:
        known = len(self.notifications)
        super()._take()
        for message in self.notifications[known:]:
            if "id" in message:
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": None})


Check = Callable[[Wire], None]


class Announced(msgspec.Struct, rename="camel"):
    """`experimental.aiana` of the server's capabilities."""

    protocol_version: int
    methods: list[str]


def _initialize(server: Wire) -> None:
    capabilities = {"window": {"workDoneProgress": True}}
    params = {"processId": os.getpid(), "rootUri": None, "capabilities": capabilities}
    result = server.request("initialize", params)
    server.notify("initialized", {})
    experimental = result["capabilities"].get("experimental") or {}
    _require("aiana" in experimental, "the capabilities hold no `experimental.aiana`")
    ours = _typed(experimental["aiana"], Announced)
    expected = wire.PROTOCOL_VERSION
    _require(ours.protocol_version == expected, f"protocolVersion is not {expected}")
    missing = _METHODS.keys() - set(ours.methods)
    _require(not missing, f"not in `methods`: {', '.join(sorted(missing))}")


def _refuse_early(server: Wire) -> None:
    _expect(server, "aiana/status", {}, wire.SERVER_NOT_INITIALIZED)


def _expect(server: Wire, method: str, params: Any, code: int) -> ServerError:
    try:
        result = server.request(method, params)
    except ServerError as error:
        _require(error.code == code, f"error {error.code} ({error}) instead of error {code}")
        return error
    raise Broken(f"an answer instead of error {code}: {json.dumps(result)[:80]}")


def _refuse_wrong_params(server: Wire) -> None:
    for params in ({"query": 7}, {"query": "x", "limit": "many"}, ["x"], None):
        error = _expect(server, "aiana/search", params, wire.INVALID_PARAMS)
        _require((error.data or {}).get("errors"), f"no `data.errors` for the params {params}")


def _refuse_unknown_method(server: Wire) -> None:
    _expect(server, "aiana/nonesuch", {}, METHOD_NOT_FOUND)


def _name_what_is_not_found(server: Wire) -> None:
    error = _expect(server, "aiana/memory/get", {"id": "none"}, wire.REQUEST_FAILED)
    _require(
        (error.data or {}).get("kind") == "notFound", f"`data` is {error.data}, without its `kind`"
    )


def _keep_metadata(server: Wire) -> None:
    metadata = {"type_name": 1, "my-key": [None, True], "jsonrpc": "2.0"}
    params = {"content": "Kept by lsp-check", "metadata": metadata}
    added = server.call("aiana/memory/add", params)
    got = server.call("aiana/memory/get", {"id": added.memory.id})
    _require(got.memory.metadata == metadata, f"{metadata} came back as {got.memory.metadata}")


def _find_what_was_added(server: Wire) -> None:
    found = server.call("aiana/search", {"query": "lsp-check", "scope": "all"})
    snippets = [hit.snippet for hit in found.hits]
    _require(snippets == ["Kept by lsp-check"], f"the snippets are {snippets}")


def _show_it_as_a_document(server: Wire) -> None:
    [hit] = (server.call("aiana/search", {"query": "lsp-check", "scope": "all"})).hits
    page = server.request("workspace/textDocumentContent", {"uri": hit.uri})
    _require("Kept by lsp-check" in _typed(page, Page).text, f"{hit.uri} does not show it")


def _take_cancellation(server: Wire) -> None:
    number = server.send("aiana/search", {"query": "anything"})
    server.notify("$/cancelRequest", {"id": number})
    try:
        server.answer(number)
    except ServerError as error:
        _require(error.code == wire.REQUEST_CANCELLED, f"error {error.code} ({error})")


def _end_well(server: Wire) -> None:
    server.request("shutdown")
    try:
        _expect(server, "aiana/status", {}, wire.INVALID_REQUEST)
    finally:
        server.notify("exit")


def _answer(method: wire.Method) -> Check:
    def check(server: Wire) -> None:
        command = {"command": method.command, "arguments": [method.example]}
        for name, params in (
            (method.name, method.example),
            ("workspace/executeCommand", command),
        ):
            try:
                _typed(server.request(name, params), method.result)
            except ServerError as error:
                known = error.code == wire.REQUEST_FAILED and (error.data or {}).get("kind")
                _require(
                    known in method.errors,
                    f"{name} is answered with error {error.code} ({error}), which the protocol "
                    f"does not name for it",
                )

    return check


def _checks() -> list[tuple[str, Check]]:
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


def _end(process: subprocess.Popen[bytes]) -> str:
    """The exit status of a server that was asked to exit."""
    try:
        return str(process.wait(EXITS_WITHIN_S))
    except subprocess.TimeoutExpired:
        return f"none, it still runs {EXITS_WITHIN_S} s after `exit`"


def _run(command: tuple[str, ...], home: Path) -> int:
    environ = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "claude")}
    try:
        server = Wire(command, environ, keep_stderr=False)
    except OSError as error:
        raise click.ClickException(f"`{command[0]}` cannot be started: {error.strerror}.") from None
    failed = 0
    try:
        for name, check in _checks():
            begun = time.perf_counter()
            try:
                check(server)
                verdict = Piece("ok  ", "green")
            except (EOFError, ConnectionError):
                raise click.ClickException(f"The server has gone before: {name}.") from None
            except TimeoutError:
                # What is asked next would wait as long.
                raise click.ClickException(
                    f"No answer within {ANSWER_WITHIN_S} s, so that the rest was not tried: {name}."
                ) from None
            except Exception as error:  # A server that is no Aiana can answer anything.
                failed += 1
                verdict = Piece("FAIL", "red")
                name = f"{name}: {error or type(error).__name__}"
            say(verdict, f" {(time.perf_counter() - begun) * 1000:7.1f} ms  {name}")
        end = _end(server.process)
        if end != "0":
            failed += 1
            say(Piece("FAIL", "red"), f"             exit status: {end}")
    finally:
        server.process.kill()
        with contextlib.suppress(ConnectionError):
            server.close()
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
        failed = _run(command or default, Path(home))
    if failed:
        raise click.ClickException(f"{failed} checks failed.")
