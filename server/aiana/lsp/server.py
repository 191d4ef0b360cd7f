"""The language server: methods on executors, and a clean end whatever runs."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer

from aiana import __version__
from aiana.errors import InvalidParams
from aiana.lsp.call import Call
from aiana.lsp.decoding import converter
from aiana.lsp.editor import Editor
from aiana.lsp.protocol import AianaProtocol
from aiana.protocol import methods as wire
from aiana.protocol.params import Params, Token
from aiana.protocol.results import Result

if TYPE_CHECKING:
    from aiana.service import Aiana

logger = logging.getLogger(__name__)

FINISH_WITHIN_S = 1.5
"""What was asked before the end is answered if it takes no longer."""

_importing = threading.Lock()

Handler = Callable[[Any, Any, Call], Result]
Feature = Callable[[Any], Awaitable[Any]]


class AianaServer(LanguageServer):
    """The language server of one client; its service is made at `initialize`."""

    protocol: AianaProtocol

    def __init__(self) -> None:
        super().__init__(
            "aiana", __version__, protocol_cls=AianaProtocol, converter_factory=converter
        )
        self._service: Aiana | None = None
        self.editor = Editor(self.protocol._send_data, self.protocol._converter.unstructure)
        self.announce: Callable[[types.ServerCapabilities, Any], None] = lambda *_: None
        self.leave: Callable[[int], None] = lambda status: None
        """Set by what runs the server: end it with this exit status."""
        self.when_client_ends: Callable[[int], None] = lambda process_id: None
        """Set by what runs the server: leave when that process has ended."""
        self.context_max_tokens: int | None = None
        """What the client's settings say since the start, for contexts that name no budget."""
        self.methods: dict[str, Feature] = {}
        self.running: set[Call] = set()
        # One writer: writes keep the order in which they came.
        self.executors = {
            "read": ThreadPoolExecutor(4, thread_name_prefix="aiana-read"),
            "write": ThreadPoolExecutor(1, thread_name_prefix="aiana-write"),
            "long": ThreadPoolExecutor(1, thread_name_prefix="aiana-long"),
            "watch": ThreadPoolExecutor(1, thread_name_prefix="aiana-watch"),
        }

    @property
    def is_initialized(self) -> bool:
        return self._service is not None

    @property
    def service(self) -> Aiana:
        """What serves the requests; there is one from `initialize` on."""
        assert self._service is not None
        return self._service

    def open(self, service: Aiana) -> None:
        """Serve with this from now on."""
        self._service = service

    def add_method(self, method: wire.Method, handler: Handler) -> None:
        """Serve one method of the protocol with `handler(service, params, call)`."""

        async def serve(params: Any) -> Result:
            result: Result = await self.run(method.queue, handler, _decode(method, params))
            return result

        self.methods[method.name] = serve
        self.feature(method.name)(serve)

    def add_feature(self, name: str, feature: Feature) -> None:
        """Serve a method of LSP itself."""

        async def serve(params: Any = None) -> Any:  # pygls puts attributes on what it is given
            return await feature(params)

        self.feature(name)(serve)

    def add_command(self, name: str, feature: Feature, field: str) -> None:
        """Serve a command; a plain text, which people type, stands for `field` of its argument."""

        async def serve(argument: Any = None) -> Any:
            if isinstance(argument, str):
                argument = {field: argument}
            return await feature(argument if isinstance(argument, dict) else {})

        self.command(name)(serve)

    async def run(self, queue: str, handler: Callable[[Any, Any, Call], Any], params: Any) -> Any:
        """Serve one request on an executor."""
        call = Call(self.protocol.notify, params)
        self.running.add(call)
        offer = None
        if queue == "long" and call.work_done_token is None:
            offer = asyncio.ensure_future(self._offer_progress(call))
        work = asyncio.get_running_loop().run_in_executor(
            self.executors[queue], _served, handler, self.service, params, call
        )
        try:
            return await work
        finally:
            if offer is not None:
                offer.cancel()
            self.running.discard(call)
            call.end()

    async def _offer_progress(self, call: Call) -> None:
        """Show long work that nobody has asked to see, if the client can and once it agrees."""
        token = await self.new_progress()
        if token is not None:
            call.work_done_token = token

    async def new_progress(self) -> str | None:
        """A token under which the client shows progress; None if it does not."""
        if not self.editor.can("window.work_done_progress"):
            return None
        token = f"aiana-{uuid4()}"
        params = types.WorkDoneProgressCreateParams(token)
        answer = await self.editor.ask(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
        return None if answer.refused else token

    def cancel_progress(self, token: Token) -> None:
        """End the work that is shown under this token; its answer says how far it came."""
        for call in self.running:
            if call.work_done_token == token:
                call.cancel()

    async def finish(self, within_s: float = FINISH_WITHIN_S) -> None:
        """Let what was asked be answered; what takes longer is cancelled, and answered as such."""
        self.editor.leave()
        until = time.monotonic() + within_s
        while (asked := self.protocol.asked()) and (left := until - time.monotonic()) > 0:
            await asyncio.wait(asked, timeout=left)
        for call in list(self.running):
            call.cancel()
        for future in asked:
            future.cancel()
        if asked:
            await asyncio.wait(asked, timeout=0.1)
        await asyncio.sleep(0)  # the answers are sent by callbacks

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Errors go to the log, never into a popup."""
        if not isinstance(error, JsonRpcException) or error.code == wire.INTERNAL_ERROR:
            logger.warning("%s (%s)", source.__name__, type(error).__name__)


def load_storage() -> None:
    """Import the storage in one thread at a time.

    Its modules import each other: threads that begin at different ends get half of one.
    """
    with _importing:
        import aiana.storage  # noqa: F401


def _served(handler: Callable[[Any, Any, Call], Any], aiana: Aiana, params: Any, call: Call) -> Any:
    load_storage()
    return handler(aiana, params, call)


def _decode(method: wire.Method, params: Any) -> Params:
    from aiana.validation import checked_params

    try:
        return checked_params(params, method.params)
    except InvalidParams as error:
        raise JsonRpcException(
            f"Invalid params for {method.name}: {error}",
            code=wire.INVALID_PARAMS,
            data={"errors": error.errors},
        ) from error
