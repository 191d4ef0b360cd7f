"""Lines in, lines out: the requests of one client, and a clean end."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from aiana.mcp.call import Call, Cancelled
from aiana.mcp.definitions import PROMPTS, TEMPLATES, TOOLS, VERSIONS, greeting
from aiana.pipes import LONGEST_MESSAGE, Outgoing, Unreadable, decode
from aiana.protocol import codes

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from aiana.mcp.desk import Desk

MOST_UNSENT = 64 * 1024 * 1024
"""Bytes that a client may leave unread before nothing more is taken from it."""
MOST_ASKED = 1_000
"""Requests that may be served at a time before no more are taken."""
FINISH_WITHIN_S = 30.0
"""What was asked before the end of the input is answered if it takes no longer."""
_ROOTS = "aiana-roots"
_READ_BYTES = 64 * 1024

Work = Callable[["Desk", Call], dict[str, Any]]


class Refused(Exception):
    """A request that is answered with an error of JSON-RPC."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Server:
    """One client over a pair of pipes. `make_desk` is called, once, when something is asked."""

    def __init__(self, output: int, make_desk: Callable[[], Desk]) -> None:
        self._outgoing = Outgoing(output, broken=self._client_left)
        self._make_desk = make_desk
        self._desk: Desk | None = None
        self._executors: dict[str, Executor] = {}
        self._running: dict[str | int, Call] = {}
        self._changed = threading.Condition()
        self._making = threading.Lock()
        self._asks_roots = False
        self._roots: list[str] | None = None

    def serve(self, input_: int) -> None:
        """Answer what comes in, and what was asked, until the input ends or a signal says so."""
        try:
            for line in lines(input_):
                message = line if isinstance(line, Unreadable) else decode(line)
                for each in message if isinstance(message, list) else [message]:
                    self._take(each)
        finally:
            self._finish()

    def _take(self, message: Any) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._running) < MOST_ASKED and self._outgoing.backlog < MOST_UNSENT,
                timeout=None if self._running else 0.0,
            )
        if isinstance(message, Unreadable):
            self._refuse(None, Refused(message.code, message.reason))
        elif not isinstance(message, dict):
            self._refuse(None, Refused(codes.INVALID_REQUEST, "A message is one JSON object."))
        elif "method" in message and "id" in message:
            self._request(message)
        elif "method" in message:
            self._notification(message["method"], _object(message.get("params")))
        elif message.get("id") == _ROOTS:
            self._take_roots(message.get("result"))

    def _request(self, message: dict[str, Any]) -> None:
        id, method = message["id"], message["method"]
        if not isinstance(id, str | int) or isinstance(id, bool):
            self._refuse(None, Refused(codes.INVALID_REQUEST, "An id is a text or a number."))
            return
        try:
            result = self._result(id, method, _params(message))
        except Refused as refusal:
            self._refuse(id, refusal)
        else:
            if result is not None:
                self._send({"jsonrpc": "2.0", "id": id, "result": result})

    def _result(self, id: str | int, method: Any, params: dict[str, Any]) -> dict[str, Any] | None:
        """What is known at once; None for what is being worked on. Raises Refused."""
        match method:
            case "initialize":
                return self._initialize(params)
            case "ping":
                return {}
            case "tools/list":
                return {"tools": TOOLS}
            case "resources/templates/list":
                return {"resourceTemplates": TEMPLATES}
            case "prompts/list":
                return {"prompts": PROMPTS}
            case "tools/call":
                self._call_tool(id, params)
            case "resources/list":
                cursor = _optional_text(params, "cursor")
                self._work(id, params, "read", lambda desk, call: _list(desk, cursor))
            case "resources/read":
                uri = _text(params, "uri")
                self._work(id, params, "read", lambda desk, call: _read(desk, uri))
            case "prompts/get":
                self._prompt(id, params)
            case _:
                raise Refused(codes.METHOD_NOT_FOUND, f"There is no method {str(method)[:100]}.")
        return None

    def _initialize(self, params: dict[str, Any]) -> dict[str, Any]:
        asked = params.get("protocolVersion")
        self._asks_roots = "roots" in _object(params.get("capabilities"))
        return greeting(asked if asked in VERSIONS else VERSIONS[-1])

    def _notification(self, method: Any, params: dict[str, Any]) -> None:
        match method:
            case "notifications/initialized" | "notifications/roots/list_changed":
                if self._asks_roots:
                    self._send({"jsonrpc": "2.0", "id": _ROOTS, "method": "roots/list"})
            case "notifications/cancelled":
                with self._changed:
                    id = params.get("requestId")
                    call = self._running.get(id) if isinstance(id, str | int) else None
                if call is not None:
                    call.cancel()

    def _take_roots(self, result: Any) -> None:
        roots = _object(result).get("roots")
        if isinstance(roots, list):
            uris = [root.get("uri") for root in roots if isinstance(root, dict)]
            self._roots = [uri for uri in uris if isinstance(uri, str) and uri]
            if self._desk is not None:
                self._desk.roots = self._roots

    def _call_tool(self, id: str | int, params: dict[str, Any]) -> None:
        name = _text(params, "name")
        arguments = params.get("arguments")

        def work(desk: Desk, call: Call) -> dict[str, Any]:
            from aiana.mcp.tools import call_tool

            return call_tool(desk, name, arguments, call)

        writes = name in ("memory_add", "memory_feedback", "preference_add")
        self._work(id, params, "write" if writes else "read", work)

    def _prompt(self, id: str | int, params: dict[str, Any]) -> None:
        name = _text(params, "name")
        if name != PROMPTS[0]["name"]:
            raise Refused(codes.INVALID_PARAMS, f"There is no prompt {name[:100]!r}, but `recall`.")
        topic = _optional_text(_object(params.get("arguments")), "topic")

        def work(desk: Desk, call: Call) -> dict[str, Any]:
            from aiana.mcp.resources import recall

            return recall(desk, topic)

        self._work(id, params, "read", work)

    def _work(self, id: str | int, params: dict[str, Any], queue: str, work: Work) -> None:
        """Serve a request aside. Raises Refused."""
        token = _object(params.get("_meta")).get("progressToken")
        call = Call(self._send, token if isinstance(token, str | int) else None)
        with self._changed:
            if id in self._running:
                raise Refused(codes.INVALID_REQUEST, f"A request {id!r} is being served already.")
            self._running[id] = call
        self._executor(queue).submit(self._serve_one, id, call, work)

    def _executor(self, queue: str) -> Executor:
        from concurrent.futures import ThreadPoolExecutor

        if queue not in self._executors:
            # One writer: writes keep the order in which they came.
            most = 1 if queue == "write" else 4
            self._executors[queue] = ThreadPoolExecutor(most, thread_name_prefix=f"aiana-{queue}")
        return self._executors[queue]

    def _serve_one(self, id: str | int, call: Call, work: Work) -> None:
        answer: dict[str, Any] | None = None
        try:
            if not call.cancelled():
                answer = {"result": work(self._opened(), call)}
        except Cancelled:
            pass
        except Refused as refusal:
            answer = {"error": {"code": refusal.code, "message": str(refusal)}}
        except Exception as error:
            from aiana.failures import failure_of

            failure = failure_of(error)
            answer = {"error": {"code": failure.code, "message": failure.message}}
        # A cancelled request is not answered, as the protocol says.
        if answer is not None and not call.cancelled():
            self._send({"jsonrpc": "2.0", "id": id, **answer})
        with self._changed:
            self._running.pop(id, None)
            self._changed.notify_all()

    def _opened(self) -> Desk:
        """The desk, whose modules import each other: one thread begins."""
        with self._making:
            if self._desk is None:
                self._desk = self._make_desk()
                self._desk.roots = self._roots
            return self._desk

    def _refuse(self, id: str | int | None, refusal: Refused) -> None:
        error = {"code": refusal.code, "message": str(refusal)}
        self._send({"jsonrpc": "2.0", "id": id, "error": error})

    def _send(self, message: dict[str, Any]) -> None:
        # One line a message: JSON escapes the line breaks of texts.
        self._outgoing.write(json.dumps(message, ensure_ascii=True).encode() + b"\n")

    def _finish(self) -> None:
        until = time.monotonic() + FINISH_WITHIN_S
        with self._changed:
            self._changed.wait_for(lambda: not self._running, FINISH_WITHIN_S)
            for call in self._running.values():
                call.cancel()
        self._outgoing.flush(max(1.0, until - time.monotonic()))
        if self._desk is not None:
            self._desk.aiana.close()

    def _client_left(self) -> None:
        """Nobody reads any more: what is being written is finished, and nothing else."""
        with self._changed:
            for call in self._running.values():
                call.cancel()
        writer = self._executors.get("write")
        if writer is not None:
            writer.shutdown(wait=True)
        os._exit(1)


def lines(descriptor: int) -> Iterator[bytes | Unreadable]:
    """The lines of a stream that are not blank; one that is too long is told and left behind."""
    buffer = bytearray()
    skipping = False
    while data := os.read(descriptor, _READ_BYTES):
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            buffer += data[start:end]
            start = end + 1
            if not skipping and buffer.strip():
                yield bytes(buffer)
            buffer.clear()
            skipping = False
        buffer += data[start:]
        if len(buffer) > LONGEST_MESSAGE:
            buffer.clear()
            if not skipping:
                most = LONGEST_MESSAGE // 1024 // 1024
                reason = f"A message of more than {most} MiB is not read."
                yield Unreadable(codes.INVALID_REQUEST, reason)
            skipping = True
    if buffer.strip() and not skipping:
        yield bytes(buffer)


def _list(desk: Desk, cursor: str | None) -> dict[str, Any]:
    from aiana.errors import AianaError
    from aiana.mcp.resources import list_resources

    try:
        return list_resources(desk, cursor)
    except AianaError as error:
        raise Refused(codes.INVALID_PARAMS, str(error)) from error


def _read(desk: Desk, uri: str) -> dict[str, Any]:
    from aiana.errors import AianaError
    from aiana.mcp.resources import read_resource

    try:
        return read_resource(desk, uri)
    except AianaError as error:
        raise Refused(codes.RESOURCE_NOT_FOUND, str(error)) from error


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _params(message: dict[str, Any]) -> dict[str, Any]:
    params = message.get("params")
    if params is not None and not isinstance(params, dict):
        raise Refused(codes.INVALID_PARAMS, "`params` is one object.")
    return params or {}


def _text(params: dict[str, Any], name: str) -> str:
    value = params.get(name)
    if not isinstance(value, str):
        raise Refused(codes.INVALID_PARAMS, f"`params.{name}` is a text, and needed.")
    return value


def _optional_text(params: dict[str, Any], name: str) -> str | None:
    return None if params.get(name) is None else _text(params, name)
