"""One data folder, the processes on it, and how they are stopped, copied and ended."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil

from tests.lsp.client import Client, ServerError
from tests.mcp.client import Client as McpClient
from tests.stress.clock import Clock
from tests.stress.disk import DISK, Disk
from tests.stress.notes import Notes

_AnyClient = TypeVar("_AnyClient", Client, McpClient)
COMMAND_WITHIN_S = 300
ALONE_WITHIN_S = 300
ANSWER_WITHIN_S = 300
"""A machine that is crowded by others may take as long to start a server; one that hangs takes
longer."""
TRACEBACK = "Traceback (most recent call last)"
GONE = (EOFError, BrokenPipeError)
"""What it looks like to talk to a process that was killed."""


def patient(client: _AnyClient) -> _AnyClient:
    """The same client, which waits as long as a crowded machine may take."""
    client.answer_within_s = ANSWER_WITHIN_S
    return client


class Faults(Exception):
    """What was found to be wrong."""


class Ended(Exception):
    """Something has failed elsewhere, and all stop."""


class Gate:
    """Lets many through at a time, or one alone; nobody once it has ended.

    `over` is set when it has, and when all is done that was to be done.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._shut = False
        self.ended = False
        self.over = threading.Event()

    def _wait(self, until: Callable[[], bool]) -> None:
        if not self._changed.wait_for(lambda: self.ended or until(), ALONE_WITHIN_S):
            raise TimeoutError("something does not come to an end")
        if self.ended:
            raise Ended

    @contextlib.contextmanager
    def step(self) -> Iterator[None]:
        with self._changed:
            self._wait(lambda: not self._shut)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        with self._changed:
            self._wait(lambda: not self._shut)
            self._shut = True
        try:
            with self._changed:
                self._wait(lambda: not self._inside)
            yield
        finally:
            with self._changed:
                self._shut = False
                self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self.ended = True
            self.over.set()
            self._changed.notify_all()

    def rest(self, seconds: float) -> None:
        """Do nothing for so long. Raises Ended."""
        with self._changed:
            self._changed.wait_for(lambda: self.ended, seconds)
            if self.ended:
                raise Ended


class Crowd:
    """The processes on one store, and what they acknowledged.

    What goes wrong, and what goes on beside the servers, comes `calm` times less often than in a
    run of 1, so that many more operations are done in the same time.
    """

    def __init__(self, folder: Path, disk: Disk | None = None, calm: int = 1) -> None:
        self.folder = folder
        self.calm = calm
        self.disk = disk or Disk(folder / DISK)
        self.clock = Clock(folder)
        self.home = folder / DISK / "aiana"
        self.database = self.home / "conversations.db"
        self.environ = self.environ_of(self.home)
        self.notes = Notes()
        self.gate = Gate()
        self.lock = threading.Lock()
        self.running: dict[object, Client | McpClient] = {}
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []
        self.failures: list[BaseException] = []

    def environ_of(self, home: Path) -> dict[str, str]:
        # As where it is installed: else each start compiles every module anew, which takes seconds.
        inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return {
            **inherited,
            "AIANA_HOME": str(home),
            "CLAUDE_CONFIG_DIR": str(self.folder / "claude"),
            "AIANA_EMBEDDING_MODEL": "no-such-model",
            "PYTHONFAULTHANDLER": "1",
            **self.clock.environ,
        }

    def count(self, what: str) -> None:
        with self.lock:
            self.done[what] += 1

    def rest(self, seconds: float) -> None:
        """Do nothing for so long, and the longer the calmer it is, or until all is over.

        Raises Ended.
        """
        self.gate.over.wait(seconds * self.calm)
        self.gate.rest(0)

    def fault(self, what: str) -> None:
        """Something is wrong: it is told, and all stop."""
        with self.lock:
            if not self.gate.ended:
                self.faults.append(what)
        self.gate.end()

    def server(self, who: object) -> Client:
        """The server of a thread, started if it has none that runs."""
        client = self.running.get(who)
        if isinstance(client, Client) and client.process.poll() is None:
            return client
        client = self._started(who, lambda: Client(self.environ))
        client.initialize()
        return client

    def mcp_server(self, who: object) -> McpClient:
        """The same, by the Model Context Protocol."""
        client = self.running.get(who)
        if isinstance(client, McpClient) and client.process.poll() is None:
            return client
        client = self._started(who, lambda: McpClient(self.environ, self.folder))
        client.initialize()
        return client

    def _started(self, who: object, start: Callable[[], _AnyClient]) -> _AnyClient:
        self.leave(who)
        client = patient(start())
        with self.lock:
            self.running[who] = client
        if self.gate.ended:
            client.process.kill()
        return client

    def leave(self, who: object) -> None:
        """End a server as an editor does."""
        with self.lock:
            client = self.running.pop(who, None)
        if client is None:
            return
        with contextlib.suppress(BrokenPipeError):
            client.close()
        client.process.kill()  # one that has broken the pipe ends just now
        status = client.process.wait()
        if not self.gate.ended and status not in (0, -signal.SIGKILL):
            stderr = getattr(client, "stderr", b"").decode(errors="replace")
            self.fault(f"a server ended with {status}: {stderr[-3000:]}")

    def excuses(self, error: ServerError, filled: int) -> bool:
        """Whether it is the fault of the disk, which had been full that many times before."""
        kind = (error.data or {}).get("kind")
        return kind in ("storageUnavailable", "readOnly") and self.disk.was_full(filled)

    def command(
        self, *arguments: str, input: str = "", home: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the command line to its end; it never ends with a traceback."""
        done = subprocess.run(
            [sys.executable, "-m", "aiana", *arguments],
            env=self.environ_of(home) if home else self.environ,
            input=input,
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN_S,
            check=False,
        )
        if not self.gate.ended and (TRACEBACK in done.stderr or done.returncode < 0):
            self.fault(f"{arguments} ended with {done.returncode}: {done.stderr[-3000:]}")
        return done

    def guarded(self, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        """A thread whose failure ends everything."""

        def run() -> None:
            try:
                work(self, *arguments)
            except Ended:
                pass
            except BaseException as error:
                if not self.gate.ended:
                    self.failures.append(error)
                    self.gate.end()
                    if isinstance(error, TimeoutError | queue.Empty):
                        self._tell_stacks()
                self.end()

        thread = threading.Thread(target=run, name=work.__name__)
        thread.start()
        return thread

    def _tell_stacks(self) -> None:
        """What each server is at, of which one is silent."""
        for who, client in list(self.running.items()):
            sys.stderr.write(f"the server of {who!r}:\n")
            sys.stderr.flush()
            client.process.send_signal(signal.SIGABRT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.process.wait(10)
            if isinstance(client, Client):
                sys.stderr.write(client.stderr.decode(errors="replace"))

    def end(self) -> None:
        """Have all stop at once: whoever waits for an answer sees that its server has gone."""
        self.gate.end()
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()

    def power_cut(self) -> None:
        """Copy what would be left if the machine stopped now, and compare it."""
        copy = Path(tempfile.mkdtemp(dir=self.folder)) / "cut.db"
        stopped = psutil.Process().children(recursive=True)
        for process in stopped:
            with contextlib.suppress(psutil.Error):
                process.suspend()
        try:
            # What a hook started is no child any more: where it moved the file, this is no such
            # cut.
            before = self.database.stat().st_mtime_ns
            moment, gone = self.notes.now(), self.notes.gone()
            for end in ("", "-wal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(f"{self.database}{end}", f"{copy}{end}")
            whole = before == self.database.stat().st_mtime_ns
            possible = self.notes.possible(moment, self.notes.now())._replace(gone=gone)
        finally:
            for process in stopped:
                with contextlib.suppress(psutil.Error):
                    process.resume()
        if whole:
            self.count("power cuts")
            for each in self.notes.faults(copy, possible):
                self.fault(f"after a power cut: {each}")
        shutil.rmtree(copy.parent)
