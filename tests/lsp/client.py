"""A language client as bare as possible: a process, two pipes, and messages as they are."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ANSWER_WITHIN_S = 60


class ServerError(Exception):
    """An error response."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.data: Any = error.get("data")


class Client:
    """One server process; requests block until they are answered."""

    def __init__(self, environ: Mapping[str, str], *command: str, cwd: Path | None = None) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *(command or ("-m", "aiana", "lsp"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environ),
            cwd=cwd,
        )
        self._next_id = 0
        self._answers: dict[Any, dict[str, Any]] = {}
        self._messages: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.notifications: list[dict[str, Any]] = []
        self.stderr = b""
        self._threads = [threading.Thread(target=self._read), threading.Thread(target=self._drain)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def initialize(self, *folders: Path, options: dict[str, Any] | None = None, **more: Any) -> Any:
        named = [{"uri": folder.as_uri(), "name": folder.name} for folder in folders]
        params = {"processId": None, "rootUri": None, "capabilities": {}, **more}
        result = self.request(
            "initialize",
            {**params, "workspaceFolders": named or None, "initializationOptions": options},
        )
        self.notify("initialized", {})
        return result

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request. Raises ServerError."""
        return self.answer(self.send(method, params))

    def send(self, method: str, params: Any = None) -> int:
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        self.write(message if params is None else {**message, "params": params})
        return self._next_id

    def notify(self, method: str, params: Any) -> None:
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message: Any) -> None:
        body = json.dumps(message).encode()
        self.write_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def write_raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self, message_id: Any) -> Any:
        """Wait for the answer to a message. Raises ServerError."""
        while message_id not in self._answers:
            self._take()
        answer = self._answers.pop(message_id)
        if "error" in answer:
            raise ServerError(answer["error"])
        return answer["result"]

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

    def close(self) -> None:
        """End the input; the server goes of itself."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(ANSWER_WITHIN_S)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join()
            for stream in (self.process.stdout, self.process.stderr):
                assert stream is not None
                stream.close()

    def _take(self) -> None:
        message = self._messages.get(timeout=ANSWER_WITHIN_S)
        if message is None:
            raise EOFError(f"the server has gone: {self.stderr.decode(errors='replace')}")
        if "method" in message:
            self.notifications.append(message)
        else:
            self._answers[message["id"]] = message

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            length = int(header.removeprefix(b"Content-Length: "))
            while stream.readline() != b"\r\n":
                pass
            self._messages.put(json.loads(stream.read(length)))
        self._messages.put(None)

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line
