"""The real server with two more methods, which do what a careless library might do."""

from __future__ import annotations

import os
import threading
from typing import Any

from aiana.lsp import main
from aiana.lsp.call import Call
from aiana.lsp.server import AianaServer
from aiana.protocol import methods as protocol
from aiana.protocol.params import NoParams
from aiana.protocol.results import Result

released = threading.Event()


class Done(Result):
    """An empty answer."""


def noisy(aiana: Any, params: Any, call: Call) -> Done:
    print("a stray print")  # noqa: T201
    os.write(1, b"a stray write\n")
    os.system("echo a stray child")
    return Done()


def blocked(aiana: Any, params: Any, call: Call) -> Done:
    released.wait()
    return Done()


def release(aiana: Any, params: Any, call: Call) -> Done:
    released.set()
    return Done()


def working(aiana: Any, params: Any, call: Call) -> Done:
    while not call.cancelled():
        call.progress(1, 2, "working")
        released.wait(0.01)
    return Done()


def make_server() -> AianaServer:
    server = original()
    for name, handler, lane in (
        ("test/noisy", noisy, "read"),
        ("test/blocked", blocked, "read"),
        ("test/blockedWrite", blocked, "write"),
        ("test/release", release, "long"),
        ("test/working", working, "long"),
    ):
        method = protocol.Method(name, "", NoParams, Done, lane, {})  # type: ignore[arg-type]
        server.add_method(method, handler)
    return server


original = main.make_server
main.make_server = make_server
os._exit(main.run())
