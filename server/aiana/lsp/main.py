"""`aiana lsp`: from the first byte to a clean end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Any

import msgspec
from lsprotocol import types

from aiana.config import load_config
from aiana.errors import AianaError
from aiana.lsp.methods import Methods
from aiana.lsp.server import AianaServer
from aiana.lsp.standard import OWN_SETTINGS, Standard
from aiana.lsp.stdio import serve, take_stdout
from aiana.protocol import methods as wire
from aiana.service import Aiana

logger = logging.getLogger(__name__)

WATCH_INTERVAL_S = 1.0


def make_server() -> AianaServer:
    """A server with every method of the protocol; the service opens at `initialize`."""
    server = AianaServer()
    handlers = Methods(server).table()
    for method in wire.METHODS:
        server.add_method(method, handlers[method.name])
    standard = Standard(server)
    standard.register()

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        options = params.initialization_options
        config = load_config(options if isinstance(options, dict) else None, others=OWN_SETTINGS)
        for problem in config.problems:
            logger.warning("%s", problem.message)
        server.service = Aiana(config)

    @server.feature(types.INITIALIZED)
    async def initialized(params: Any) -> None:
        server.executors["read"].submit(_start_indexer, server.service)
        if standard.notifies:
            server.watcher = asyncio.create_task(_watch(server))
        await standard.configure()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel_progress(params: types.WorkDoneProgressCancelParams) -> None:
        server.cancel_progress(params.token)

    return server


def _start_indexer(aiana: Aiana) -> None:
    """Begin the background work; the model is loaded when there is something to embed or find."""
    try:
        aiana.indexer.start()
    except AianaError as error:  # `aiana/status` says it to the user
        logger.warning("No background work: %s", error)


async def _watch(server: AianaServer) -> None:
    """Tell the client what changed in the store, by whichever process, and in Aiana's state."""
    loop = asyncio.get_running_loop()
    reads = server.executors["read"]
    revision: int | None = None
    activity = status = None
    while True:
        try:
            changes, revision = await loop.run_in_executor(
                reads, server.service.changes_since, revision
            )
            if changes.kinds:
                server.protocol.notify(wire.DID_CHANGE, msgspec.to_builtins(changes))
            latest = server.service.activity()
            if changes.kinds or latest != activity or latest.busy:
                activity = latest
                state = await loop.run_in_executor(reads, server.service.status)
                if state != status:
                    status = state
                    server.protocol.notify(wire.STATUS_CHANGED, msgspec.to_builtins(state))
        except Exception:
            logger.warning("The store could not be watched", exc_info=True)
        await asyncio.sleep(WATCH_INTERVAL_S)


def run(log_file: Path | None = None, log_level: str = "warning") -> int:
    """Serve one client on standard input and output; returns the exit status."""
    wire_out = take_stdout()
    _configure_logging(log_file, log_level)
    server = make_server()
    serve(server, wire_out)
    if server.service is not None:
        server.service.close()
    logging.shutdown()
    return server.exit_status


class _Formatter(logging.Formatter):
    """Takes secrets out of what is logged, tracebacks included."""

    def format(self, record: logging.LogRecord) -> str:
        from aiana.redaction.redact import redact

        return redact(super().format(record))[0]


def _configure_logging(log_file: Path | None, level: str) -> None:
    handler: logging.Handler
    if log_file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        os.close(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        handler = logging.FileHandler(log_file, encoding="utf-8")
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler])
    logging.captureWarnings(True)
    # pygls logs bodies, which hold what people wrote, and each expected error with a traceback.
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
