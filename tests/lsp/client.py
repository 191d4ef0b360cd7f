"""The language client of the tests: it also speaks for an editor."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiana.cli import client
from aiana.cli.client import ANSWER_WITHIN_S, ServerError

__all__ = ["ANSWER_WITHIN_S", "Client", "ServerError"]


class Client(client.Client):
    """This Aiana's server, or what else Python runs; requests block until they are answered."""

    def __init__(self, environ: Mapping[str, str], *command: str, cwd: Path | None = None) -> None:
        super().__init__([sys.executable, *(command or ("-m", "aiana", "lsp"))], environ, cwd=cwd)

    def initialize(self, *folders: Path, options: dict[str, Any] | None = None, **more: Any) -> Any:
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        params = {"processId": None, "rootUri": None, "capabilities": {}, **more}
        result = self.request(
            "initialize",
            {**params, "workspaceFolders": named or None, "initializationOptions": options},
        )
        self.notify("initialized", {})
        return result

    def notification(self, method: str) -> Any:
        """Wait for the next notification of this kind; returns its params."""
        while True:
            for index, message in enumerate(self.notifications):
                if message["method"] == method:
                    return self.notifications.pop(index)["params"]
            self._take()

    def reply(self, method: str, result: Any) -> Any:
        """Wait for the server's next request of this kind and answer it; returns its params."""
        while True:
            for index, message in enumerate(self.notifications):
                if message["method"] == method and "id" in message:
                    self.write({"jsonrpc": "2.0", "id": message["id"], "result": result})
                    return self.notifications.pop(index)["params"]
            self._take()

    def refuse(self, method: str) -> None:
        """Wait for the server's next request of this kind and answer it with an error."""
        while True:
            for index, message in enumerate(self.notifications):
                if message["method"] == method and "id" in message:
                    error = {"code": -32601, "message": "no such method"}
                    self.write({"jsonrpc": "2.0", "id": message["id"], "error": error})
                    self.notifications.pop(index)
                    return
            self._take()

    def exit(self) -> int:
        """Leave as the specification says; returns the exit status."""
        self.request("shutdown")
        self.notify("exit", None)
        return self.process.wait(ANSWER_WITHIN_S)
