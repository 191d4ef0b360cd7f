"""pygls's protocol, taught to answer every request, once, whatever it looks like."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from lsprotocol import types
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage

from aiana.lsp.decoding import Undecodable, structure
from aiana.lsp.errors import response_error
from aiana.pipes import Unreadable
from aiana.protocol import methods as wire
from aiana.protocol.results import Result

if TYPE_CHECKING:
    from aiana.lsp.editor import Editor

logger = logging.getLogger(__name__)

COMMANDS = {method.command: method.name for method in wire.METHODS}
_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
"""In JSON: Emacs takes no message that holds one, which transcripts do."""
_TOKENS = ("workDoneToken", "partialResultToken")


class Server(Protocol):
    """What the protocol needs of the server that it serves."""

    editor: Editor
    announce: Callable[[types.ServerCapabilities, Any], None]
    leave: Callable[[int], None]

    @property
    def is_initialized(self) -> bool: ...

    async def finish(self) -> None: ...


class AianaProtocol(LanguageServerProtocol):
    """Decodes a message as a whole once its id is known, so that each request gets an answer."""

    _server: Server  # type: ignore[assignment]

    def handle_message(self, message: Any) -> None:
        """Serve one message, which may be anything that JSON can say, or Unreadable."""
        if isinstance(message, Unreadable):
            self._refuse(None, message.code, message.reason)
        elif not isinstance(message, dict):
            reason = "A message is one object: there are no batches in the protocol of editors."
            self._refuse(None, wire.INVALID_REQUEST, reason)
        elif "method" not in message and "id" in message and message.keys() & {"result", "error"}:
            self._server.editor.answered(message)
        elif wrong := _wrong_envelope(message):
            if "id" in message or "method" not in message:
                self._refuse(message.get("id"), wire.INVALID_REQUEST, wrong)
        elif "id" in message:
            self._take_request(message)
        else:
            self._take_notification(message)

    def _take_request(self, message: dict[str, Any]) -> None:
        number, method = message["id"], message["method"]
        if number in self._request_futures:
            reason = "A request with this id is still being served."
            self._refuse(number, wire.INVALID_REQUEST, reason)
        elif self._shutdown:
            self._refuse(number, wire.INVALID_REQUEST, "The server is shutting down.")
        elif method == types.INITIALIZE and self._server.is_initialized:
            self._refuse(number, wire.INVALID_REQUEST, "`initialize` is sent once.")
        elif method != types.INITIALIZE and not self._server.is_initialized:
            self._refuse(number, wire.SERVER_NOT_INITIALIZED, "Send `initialize` first.")
        elif _is_notification(method):
            reason = f"`{method}` is a notification: send it without an id."
            self._refuse(number, wire.INVALID_REQUEST, reason)
        else:
            self._serve(_unwrap_command(message))

    def _take_notification(self, message: dict[str, Any]) -> None:
        method = message["method"]
        if method == types.EXIT:
            self._serve(message)
        elif self._shutdown or not self._server.is_initialized or _is_request(method):
            logger.info("A notification is ignored: %s", method)
        else:
            self._serve(message)

    def _serve(self, message: dict[str, Any]) -> None:
        try:
            untyped = JsonRPCRequestMessage if "id" in message else JsonRPCNotification
            cls = self.get_message_type(message["method"]) or untyped
            structured = structure(self._converter, message, cls)
        except (Undecodable, RecursionError) as error:
            self._fail(message, error)
        else:
            super().handle_message(structured)

    def _fail(self, message: dict[str, Any], error: Exception) -> None:
        if "id" in message:
            self._send_response(message["id"], error=response_error(error))
        else:
            places = [place.partition(":")[0] for place in getattr(error, "errors", ["$"])]
            logger.warning("%s could not be decoded at %s", message["method"], ", ".join(places))

    def _execute_handler(
        self, msg_id: Any, handler: Any, callback: Any, *given: Any, **named: Any
    ) -> None:
        def done(future: Future[Any]) -> None:
            # pygls keeps what became of every notification for ever.
            self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, *given, **named)

    def _send_handler_result(self, future: Future[Any], *, msg_id: Any) -> None:
        if future.cancelled():
            error = types.ResponseError(wire.REQUEST_CANCELLED, "The request was cancelled.")
            self._send_response(msg_id, error=error)
        elif (failure := future.exception()) is not None:
            self._send_response(msg_id, error=response_error(failure))
        else:
            self._send_response(msg_id, result=future.result())

    def _refuse(self, msg_id: Any, code: int, message: str) -> None:
        error = {"code": code, "message": message}
        # Written out: pygls leaves out an id that is null, which makes it no message at all.
        number = msg_id if _is_id(msg_id) else None
        self._send_data({"jsonrpc": "2.0", "id": number, "error": error})

    def _send_data(self, data: Any) -> None:
        if self.writer is None:
            return
        try:
            body = self._encode(data)
        except Exception as error:
            if (number := getattr(data, "id", None)) is None:
                return
            reply = types.ResponseErrorMessage(id=number, error=response_error(error))
            body = json.dumps(reply, default=self._serialize_message).encode()
        if b"\\u0000" in body:
            body = _NUL.sub(rb"\1\\ufffd", body)
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _encode(self, data: Any) -> bytes:
        message = _of_result(data)
        if message is None:
            return json.dumps(data, default=self._serialize_message).encode()
        try:
            return msgspec.json.encode(message)
        except UnicodeEncodeError:  # half of a sign, in what was stored by another program
            return json.dumps(msgspec.to_builtins(message)).encode()

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        result = yield from super().lsp_initialize(params)
        capabilities = result.capabilities
        commands = [*COMMANDS, *self.fm.commands]
        capabilities.execute_command_provider = types.ExecuteCommandOptions(commands)
        capabilities.experimental = {
            "aiana": {
                "protocolVersion": wire.PROTOCOL_VERSION,
                "methods": [method.name for method in wire.METHODS],
            }
        }
        self._server.announce(capabilities, params.initialization_options)
        return result

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *_: Any) -> None:  # type: ignore[override]
        """Answered once everything that was asked before is."""
        self._shutdown = True
        await self._server.finish()

    @lsp_method(types.EXIT)
    def lsp_exit(self, *_: Any) -> None:  # type: ignore[override]
        """Leave the message loop, which ends the process."""
        self._server.leave(0 if self._shutdown else 1)

    @property
    def in_flight(self) -> int:
        """How many messages are being served."""
        return len(self._request_futures)

    def asked(self) -> set[asyncio.Future[Any]]:
        """What is being served, apart from the caller."""
        served: list[Any] = list(self._request_futures.values())
        asked = {future for future in served if isinstance(future, asyncio.Future)}
        return asked - {asyncio.current_task()}


def _wrong_envelope(message: dict[str, Any]) -> str | None:
    """Why this is no message; None if it is one."""
    if message.get("jsonrpc") != "2.0":
        return 'This is no message of JSON-RPC: "jsonrpc" must be "2.0".'
    if not isinstance(message.get("method"), str):
        return "The name of the method must be a text."
    if "id" in message and not _is_id(message["id"]):
        return "The id of a request must be a number without a fraction, or a text."
    return None


def _is_id(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _is_notification(method: str) -> bool:
    known = types.METHOD_TO_TYPES.get(method)
    return known is not None and known[1] is None


def _is_request(method: str) -> bool:
    known = types.METHOD_TO_TYPES.get(method)
    return known is not None and known[1] is not None


def _of_result(data: Any) -> dict[str, Any] | None:
    """An answer or partial answer that carries one of our results; None for anything else."""
    if isinstance(result := getattr(data, "result", None), Result):
        return {"jsonrpc": "2.0", "id": data.id, "result": result}
    params = getattr(data, "params", None)
    if isinstance(params, types.ProgressParams) and isinstance(params.value, Result):
        progress = {"token": params.token, "value": params.value}
        return {"jsonrpc": "2.0", "method": types.PROGRESS, "params": progress}
    return None


def _unwrap_command(message: dict[str, Any]) -> dict[str, Any]:
    """`workspace/executeCommand` with its one argument, or as the request that it stands for."""
    params = message.get("params")
    if message.get("method") != types.WORKSPACE_EXECUTE_COMMAND or not isinstance(params, dict):
        return message
    given = params.get("arguments") or {}  # Editors leave it out, or send null or an empty list.
    argument = given[0] if isinstance(given, list) else given
    method = COMMANDS.get(str(params.get("command")))
    if method is None:
        return {**message, "params": {**params, "arguments": [argument]}}
    if isinstance(argument, dict):
        tokens = {name: params[name] for name in _TOKENS if name in params}
        argument = {**tokens, **argument}
    return {**message, "method": method, "params": argument}
