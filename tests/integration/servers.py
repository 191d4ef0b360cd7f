"""Real servers for tests: each on a free port, in a folder of its own, gone with its test."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

PASSWORD = "s3cret-of-the-test"


class RedisServer:
    """A redis-server that can be stopped, started again, and made to hang."""

    def __init__(self, folder: Path, *options: str, tls: bool = False) -> None:
        binary = shutil.which("redis-server")
        if binary is None:
            pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
        self._binary = binary
        self._folder = folder
        self._options = options
        self._port_options = ("--port", "0", "--tls-port") if tls else ("--port",)
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def start(self, password: str = PASSWORD) -> None:
        self._process = subprocess.Popen(
            [
                *(self._binary, *self._port_options, str(self.port), *self._options),
                *("--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
                *("--dir", str(self._folder), "--requirepass", password),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "redis-server did not start"
                time.sleep(0.01)

    def stop(self) -> None:
        """End it as a crash does: what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """Let it take connections but answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
