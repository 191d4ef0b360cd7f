"""pygls, taught to answer every request: decoding, errors, cancellation and executors."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import msgspec
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method

from aiana import __version__
from aiana.errors import AianaError, InvalidQuery
from aiana.protocol import methods as wire
from aiana.protocol.params import Params, Token
from aiana.protocol.results import Result

logger = logging.getLogger(__name__)

_COMMANDS = {method.command: method.name for method in wire.METHODS}


def _converter() -> Any:
    """lsprotocol's converter, but params of methods it does not know stay as they came."""
    converter = get_converter()

    def raw(message: dict[str, Any], cls: type[Any]) -> Any:
        known = {key: message[key] for key in ("id", "method", "jsonrpc") if key in message}
        return cls(**known, params=message.get("params"))

    from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage

    converter.register_structure_hook(JsonRPCRequestMessage, raw)
    converter.register_structure_hook(JsonRPCNotification, raw)
    return converter


class AianaProtocol(LanguageServerProtocol):
    """Decodes a message as a whole once its id is known, so that each request gets an answer."""

    _server: AianaServer

    def structure_message(self, data: dict[str, Any]) -> Any:
        # json.loads calls this for every object in a body, nested ones included.
        return data

    def handle_message(self, message: Any) -> None:
        if not isinstance(message, dict) or "jsonrpc" not in message:
            self._refuse(None, wire.INVALID_REQUEST, "This is no JSON-RPC 2.0 message.")
            return
        if message.get("method") == types.EXIT:
            self._server.exit_status = 0 if self._shutdown else 1
        is_request = "id" in message and "method" in message
        if is_request and self._shutdown:
            self._refuse(message["id"], wire.INVALID_REQUEST, "The server is shutting down.")
            return
        try:
            structured = super().structure_message(_unwrap_command(message))
        except JsonRpcException as error:
            if is_request:
                reason = str(error.__cause__ or error).partition("\n")[0]
                data = {"errors": [f"$: {reason}"]}
                self._refuse(message["id"], wire.INVALID_PARAMS, "Invalid params.", data)
            else:
                logger.warning("A message could not be decoded: %s", error.__cause__ or error)
            return
        super().handle_message(structured)

    def _refuse(self, msg_id: Any, code: int, message: str, data: Any = None) -> None:
        error = types.ResponseError(code=code, message=message, data=data)
        self._send_response(msg_id, error=error)

    def _send_data(self, data: Any) -> None:
        message = _of_result(data)
        if self.writer is None or message is None:
            super()._send_data(data)
            return
        body = msgspec.json.encode(message)
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Any:
        result = yield from super().lsp_initialize(params)
        capabilities = result.capabilities
        commands = [*_COMMANDS, *self.fm.commands]
        capabilities.execute_command_provider = types.ExecuteCommandOptions(commands)
        capabilities.experimental = {
            "aiana": {
                "protocolVersion": wire.PROTOCOL_VERSION,
                "methods": [method.name for method in wire.METHODS],
            }
        }
        self._server.announce(capabilities, params.initialization_options)
        return result


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
    method = _COMMANDS.get(str(params.get("command")))
    if method is None:
        return {**message, "params": {**params, "arguments": [argument]}}
    return {**message, "method": method, "params": argument}


class Call:
    """One request while it is being served: its cancellation, progress and partial results."""

    def __init__(self, server: AianaServer, params: Params) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._cancelled = threading.Event()
        self.work_done_token: Token | None = getattr(params, "work_done_token", None)
        self._partial_token = getattr(params, "partial_result_token", None)
        self._begun = False

    @property
    def wants_partial(self) -> bool:
        return self._partial_token is not None

    def cancel(self) -> None:
        self._cancelled.set()

    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def partial(self, result: Result) -> None:
        """Send what is known already; ends the work if nobody waits for the rest any more."""
        if self.cancelled():
            raise asyncio.CancelledError
        self._send(self._partial_token, result)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell the client how far the work is."""
        if self.work_done_token is None or self.cancelled():
            return
        if not self._begun:
            self._begun = True
            begin = {"kind": "begin", "title": "Aiana", "cancellable": True, "percentage": 0}
            self._send(self.work_done_token, begin)
        percentage = min(100, done * 100 // total) if total else 0
        report = {"kind": "report", "percentage": percentage, "message": message}
        self._send(self.work_done_token, report)

    def end(self) -> None:
        if self._begun:
            self._send(self.work_done_token, {"kind": "end"})

    def _send(self, token: Any, value: Any) -> None:
        self._server.notify_soon(
            self._loop, types.PROGRESS, types.ProgressParams(token=token, value=value)
        )


Handler = Callable[[Any, Any, Call], Result]


class AianaServer(LanguageServer):
    """The language server; `open_service` makes the service from the client's options."""

    def __init__(self) -> None:
        super().__init__(
            "aiana",
            __version__,
            protocol_cls=AianaProtocol,
            converter_factory=_converter,
        )
        self.service: Any = None
        self.announce: Callable[[types.ServerCapabilities, Any], None] = lambda *_: None
        self.watcher: asyncio.Task[None] | None = None
        self.exit_status = 0
        self.methods: dict[str, Callable[[Any], Awaitable[Any]]] = {}
        self.running: set[Call] = set()
        # One writer: writes keep the order in which they came. pygls's own pool reads stdin.
        self.executors = {
            "read": ThreadPoolExecutor(4, thread_name_prefix="aiana-read"),
            "write": ThreadPoolExecutor(1, thread_name_prefix="aiana-write"),
            "long": ThreadPoolExecutor(1, thread_name_prefix="aiana-long"),
        }

    def add_method(self, method: wire.Method, handler: Handler) -> None:
        """Serve one method of the protocol with `handler(service, params, call)`."""

        async def serve(params: Any) -> Result:
            return await self.run(method.lane, handler, _decode(method, params))

        self.methods[method.name] = serve
        self.feature(method.name)(serve)

    async def run(self, lane: str, handler: Handler, params: Any) -> Result:
        """Serve one request on an executor. Raises JsonRpcException."""
        if self.service is None:
            raise JsonRpcException("Send `initialize` first.", code=wire.SERVER_NOT_INITIALIZED)
        call = Call(self, params)
        self.running.add(call)
        if lane == "long" and call.work_done_token is None:
            self._offer_progress(call)
        work = asyncio.get_running_loop().run_in_executor(
            self.executors[lane], handler, self.service, params, call
        )
        try:
            return await work
        except asyncio.CancelledError:
            call.cancel()
            raise
        except AianaError as error:
            raise _failed(error) from error
        except Exception as error:
            logger.exception("A request failed unexpectedly")
            raise JsonRpcException(
                f"Aiana failed unexpectedly ({type(error).__name__}). The log says more; please "
                "report it.",
                code=wire.INTERNAL_ERROR,
            ) from error
        finally:
            self.running.discard(call)
            call.end()

    def _offer_progress(self, call: Call) -> None:
        """Show long work that nobody has asked to see, if the client can and once it agrees."""
        if not get_capability(self.client_capabilities, "window.work_done_progress"):
            return
        token = f"aiana-{uuid4()}"

        def answered(answer: Future[None]) -> None:
            if not answer.cancelled() and answer.exception() is None:
                call.work_done_token = token

        params = types.WorkDoneProgressCreateParams(token)
        self.window_work_done_progress_create(params).add_done_callback(answered)

    def cancel_progress(self, token: Token) -> None:
        """End the work that is shown under this token; its answer says how far it came."""
        for call in self.running:
            if call.work_done_token == token:
                call.cancel()

    def shutdown(self) -> None:
        """Leave the message loop; unlike pygls, do not wait for the thread that reads stdin."""
        if self._stop_event is not None:
            self._stop_event.set()
        for executor in (self.thread_pool, *self.executors.values()):
            executor.shutdown(wait=False, cancel_futures=True)
        for call in list(self.running):
            call.cancel()

    def notify_soon(self, loop: asyncio.AbstractEventLoop, method: str, params: Any) -> None:
        """Send a notification from any thread."""
        if not loop.is_closed():
            loop.call_soon_threadsafe(self.protocol.notify, method, params)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors go to the log, never into a popup; an unreadable body is answered as such."""
        if isinstance(error, ValueError | RecursionError):
            reason = types.ResponseError(wire.PARSE_ERROR, "This message is no JSON.")
            self.protocol._send_response(None, error=reason)  # type: ignore[arg-type]
        elif not isinstance(error, JsonRpcException):
            logger.error("%s: %s", source.__name__, error, exc_info=error)


def _decode(method: wire.Method, params: Any) -> Params:
    try:
        return msgspec.convert({} if params is None else params, method.params, strict=True)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        raise JsonRpcException(
            f"Invalid params for {method.name}: {error}",
            code=wire.INVALID_PARAMS,
            data={"errors": [f"{path.rstrip('`') or '$'}: {reason}"]},
        ) from error


def _failed(error: AianaError) -> JsonRpcException:
    if isinstance(error, InvalidQuery):
        return JsonRpcException(
            str(error), code=wire.INVALID_PARAMS, data={"errors": [f"$: {error}"]}
        )
    return JsonRpcException(str(error), code=wire.REQUEST_FAILED, data={"kind": error.kind})
