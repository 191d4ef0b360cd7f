"""A client of MCP as bare as possible: a process, two pipes, and lines as they are."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANSWER_WITHIN_S = 60


class Client:
    """One server process."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "aiana", "mcp"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environ),
            cwd=folder,
        )
        self.answer_within_s = ANSWER_WITHIN_S
        self._next_id = 0
        self._lines: queue.Queue[Any] = queue.Queue()
        self.aside: list[Any] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def initialize(self, version: str = "2025-11-25", **capabilities: Any) -> Any:
        params = {
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": {"name": "test", "version": "1"},
        }
        result = self.request("initialize", params)["result"]
        self.write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return result

    def call(self, tool: str, **arguments: Any) -> Any:
        """The result of a tool."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})["result"]

    def text(self, tool: str, **arguments: Any) -> str:
        """What a tool says that did what it was asked for."""
        result = self.call(tool, **arguments)
        assert "isError" not in result, result
        return str(result["content"][0]["text"])

    def failure(self, tool: str, **arguments: Any) -> str:
        """Why a tool did not do what it was asked for."""
        result = self.call(tool, **arguments)
        assert result["isError"] is True
        return str(result["content"][0]["text"])

    def request(self, method: str, params: Any = None) -> Any:
        return self.answer(self.send(method, params))

    def send(self, method: str, params: Any = None) -> int:
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        self.write(message if params is None else {**message, "params": params})
        return self._next_id

    def write(self, message: Any) -> None:
        self.write_raw(json.dumps(message).encode() + b"\n")

    def write_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self, id: Any) -> Any:
        """The answer to a message; what else comes in before stands in `aside`."""
        while True:
            message = self.next()
            if "method" not in message and message.get("id") == id:
                return message
            self.aside.append(message)

    def next(self) -> Any:
        message = self._lines.get(timeout=self.answer_within_s)
        if message is None:
            raise EOFError("the server has gone")
        return message

    def rest(self) -> list[Any]:
        """All that still comes once the input has ended."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        found = []
        while (message := self._lines.get(timeout=self.answer_within_s)) is not None:
            found.append(message)
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(self.answer_within_s)
        finally:
            self.process.kill()
            self._thread.join()
            self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(json.loads(line))
        self._lines.put(None)
