"""A language client as bare as possible: a process, two pipes, and messages as they are."""

from __future__ import annotations

import json
import queue
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ANSWER_WITHIN_S = 60
_LENGTH = re.compile(rb"Content-Length: *(\d+)\r\n", re.IGNORECASE)


class ServerError(Exception):
    """An error response."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error.get("message", ""))
        self.code = error.get("code")
        self.data: Any = error.get("data")


class NoMessage(Exception):
    """The server wrote something else than messages."""


class Client:
    """One server process; requests block until they are answered.

    Whatever waits raises EOFError when the server has gone, TimeoutError when it is silent, and
    NoMessage. The server's standard error is read into `stderr`, or is this process's own.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        *,
        cwd: Path | None = None,
        keep_stderr: bool = True,
    ) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if keep_stderr else None,
            env=dict(environ),
            cwd=cwd,
        )
        self.answer_within_s = ANSWER_WITHIN_S
        self._next_id = 0
        self._answers: dict[Any, dict[str, Any]] = {}
        self._messages: queue.Queue[dict[str, Any] | NoMessage | None] = queue.Queue()
        self.notifications: list[dict[str, Any]] = []
        """What came in beside answers: notifications, and the server's own requests."""
        self.stderr = b""
        self._threads = [threading.Thread(target=self._read)]
        if keep_stderr:
            self._threads.append(threading.Thread(target=self._drain))
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

    def request(self, method: str, params: Any = None) -> Any:
        """The result of a request. Raises ServerError."""
        return self.answer(self.send(method, params))

    def send(self, method: str, params: Any = None) -> int:
        """Send a request; returns its id."""
        self._next_id += 1
        message = {"jsonrpc": "2.0", "id": self._next_id, "method": method}
        self.write(message if params is None else {**message, "params": params})
        return self._next_id

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.write({"jsonrpc": "2.0", "method": method, "params": params})

    def write(self, message: Any) -> None:
        """Send any JSON as a message."""
        body = json.dumps(message).encode()
        self.write_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def write_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
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

    def close(self) -> None:
        """End the input; the server goes of itself."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.close()
            self.process.wait(self.answer_within_s)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join()
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    stream.close()

    def _take(self) -> None:
        try:
            message = self._messages.get(timeout=self.answer_within_s)
        except queue.Empty:
            raise TimeoutError(f"no answer within {self.answer_within_s} s") from None
        if isinstance(message, NoMessage):
            self._messages.put(message)  # nothing that comes after it can be told apart
            raise message
        if message is None:
            self._messages.put(None)
            raise EOFError(f"the server has gone: {self.stderr.decode(errors='replace')}")
        if "method" in message:
            self.notifications.append(message)
        else:
            self._answers[message.get("id")] = message

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        header = b""
        while line := stream.readline():
            header += line
            if line != b"\r\n":
                continue
            length = _LENGTH.match(header)
            body = stream.read(int(length[1])) if length else header
            try:
                message = json.loads(body) if length else None
            except ValueError:
                message = None
            if not isinstance(message, dict):
                shown = f"standard output holds what is no message: {body[:80]!r}"
                self._messages.put(NoMessage(shown))
                break
            self._messages.put(message)
            header = b""
        else:
            self._messages.put(None)
        while stream.read(1 << 16):  # or the server would wait for ever to be read
            pass

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.stderr += line
