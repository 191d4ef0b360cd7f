"""`aiana lsp`: from the first byte to a clean end."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

from lsprotocol import types

from aiana.config import load_config
from aiana.lsp.background import Watch, start_indexer
from aiana.lsp.features import add_features
from aiana.lsp.features.configuration import OWN_SETTINGS
from aiana.lsp.log import configure_logging
from aiana.lsp.loop import serve
from aiana.lsp.methods import Methods
from aiana.lsp.server import AianaServer
from aiana.pipes import take_stdout
from aiana.protocol import methods as wire
from aiana.service import open_aiana


def make_server() -> AianaServer:
    """A server with every method of the protocol; the service opens at `initialize`."""
    server = AianaServer()
    handlers = Methods(server).table()
    for method in wire.METHODS:
        server.add_method(method, handlers[method.name])
    configuration = add_features(server)
    watching: list[asyncio.Task[None]] = []

    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        server.editor.introduce(params)
        options = params.initialization_options
        config = load_config(options if isinstance(options, dict) else None, others=OWN_SETTINGS)
        server.open(open_aiana(config))
        if params.process_id is not None:
            server.when_client_ends(params.process_id)

    @server.feature(types.INITIALIZED)
    async def initialized(params: Any) -> None:
        if watching:
            return
        watching.append(asyncio.create_task(Watch(server).run(configuration.notifies)))
        server.executors["watch"].submit(start_indexer, server.service)
        await configuration.begin()

    @server.feature(types.WINDOW_WORK_DONE_PROGRESS_CANCEL)
    def cancel_progress(params: types.WorkDoneProgressCancelParams) -> None:
        server.cancel_progress(params.token)

    return server


def run(log_file: Path | None = None, log_level: str = "warning") -> int:
    """Serve one client on standard input and output; returns the exit status."""
    output = take_stdout()
    configure_logging(log_file, log_level)
    try:
        return serve(make_server(), sys.stdin.fileno(), output)
    except KeyboardInterrupt:
        return 130
    finally:
        logging.shutdown()
