"""Standard input and output belong to the protocol; everything else is kept away from them."""

from __future__ import annotations

import os
import sys
from typing import BinaryIO, cast

from pygls.lsp.server import LanguageServer


def take_stdout() -> BinaryIO:
    """A private copy of standard output; what anybody prints from now on goes to standard error.

    File descriptors are redirected, so that C libraries and child processes are caught as well.
    """
    sys.stdout.flush()
    wire = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return wire


class Input:
    """Standard input with header names spelt as pygls wants them: LSP ignores their case."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def readline(self) -> bytes:
        line = self._stream.readline()
        if line[:15].lower() == b"content-length:":
            return b"Content-Length: " + line[15:].strip() + b"\r\n"
        return line

    def read(self, size: int = -1) -> bytes:
        return self._stream.read(size)


def serve(server: LanguageServer, wire: BinaryIO) -> None:
    """Speak LSP until the client leaves. Returns at `exit` and at the end of input."""
    server.start_io(stdin=cast(BinaryIO, Input(sys.stdin.buffer)), stdout=wire)
