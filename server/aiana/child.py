"""Processes for heavy work, which never outlive the one that needs them.

A frame, of which those are made that go to and fro, is its length (4 bytes, little-endian) and that
many bytes.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import IO

_REASON_MARK = "aiana: "
"""Before what a child says of its end; libraries write progress and warnings beside it."""
_LOOK_EVERY_S = 0.05
_NOT_STARTED = 126
_PARENT_DEATH_SIGNAL = 1
"""Linux's PR_SET_PDEATHSIG."""


def run_child(command: list[str], stop: threading.Event | None = None) -> tuple[int, str]:
    """Run a command whose program calls `end_with_parent`; its status, and what it said of errors.

    It is killed when `stop` is set. Its input is a pipe of which this process holds the other end.
    Where no process can be started, the status is that of a shell.
    """
    try:
        return _run(command, stop or threading.Event())
    except OSError as error:
        return _NOT_STARTED, f"no process could be started ({error.strerror or error})"


def _run(command: list[str], stop: threading.Event) -> tuple[int, str]:
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            # Standard output may be a protocol's: the child does not get it.
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"},
        )
        with child:
            try:
                _wait(child, stop)
            finally:
                child.kill()
        errors.seek(0)
        return child.returncode, errors.read().decode("utf-8", "replace")


def cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ChildEnded(Exception):
    """A process has ended before its work; says why."""


class Child:
    """`python -m MODULE ARGUMENT...`, which answers frames on its input with frames on its output.

    It ends with this process, and with `close`. `room` is how many answers may wait until somebody
    takes them, before it has to wait itself; none of them is lost.
    """

    def __init__(
        self, module: str, *arguments: str, room: int = 0, environment: Mapping[str, str]
    ) -> None:
        """Raises OSError where no process can be started."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env={**os.environ, **environment},
            )
        except OSError:
            self._errors.close()
            raise
        self._answers: queue.Queue[bytes | None] = queue.Queue(room)
        self._reader = threading.Thread(target=self._read, name=module, daemon=True)
        self._reader.start()

    def has_answered(self) -> bool:
        """Whether `receive` would not wait."""
        return not self._answers.empty()

    def send(self, frame: bytes) -> None:
        """Raises ChildEnded."""
        assert self._child.stdin
        try:
            write_frame(self._child.stdin, frame)
        except OSError as error:
            raise self._end() from error

    def receive(self, timeout: float | None = None) -> bytes:
        """The next answer. Raises ChildEnded, and queue.Empty after `timeout` seconds."""
        frame = self._answers.get(timeout=timeout)
        if frame is None:
            self._answers.put(None)
            raise self._end()
        return frame

    def close(self) -> None:
        """End the process."""
        self._child.kill()
        while self._reader.is_alive():
            with contextlib.suppress(queue.Empty):  # what it reads may have no room left
                self._answers.get(timeout=_LOOK_EVERY_S)
        for pipe in (self._child.stdin, self._child.stdout, self._errors):
            assert pipe
            with contextlib.suppress(OSError):
                pipe.close()
        self._child.wait()

    def _end(self) -> ChildEnded:
        self._child.kill()
        self._child.wait()
        self._errors.seek(0)
        _, mark, said = self._errors.read().decode("utf-8", "replace").rpartition(_REASON_MARK)
        status = f"its process ended with status {self._child.returncode}"
        return ChildEnded(said.strip() if mark else status)

    def _read(self) -> None:
        assert self._child.stdout
        with contextlib.suppress(OSError, ValueError):
            while (frame := read_frame(self._child.stdout)) is not None:
                self._answers.put(frame)
        self._answers.put(None)


def write_frame(pipe: IO[bytes], frame: bytes) -> None:
    """Raises OSError."""
    pipe.write(len(frame).to_bytes(4, "little"))
    pipe.write(frame)
    pipe.flush()


def read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None at the end of the input, be it in the middle of one."""
    header = pipe.read(4)
    length = int.from_bytes(header, "little")
    frame = pipe.read(length)
    return frame if len(header) == 4 and len(frame) == length else None


def answers() -> IO[bytes]:
    """In a child, where its answers go: libraries may print, by a pipe that is not that one."""
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return pipe


def run(main: Callable[[], None]) -> None:
    """The program of a child: whoever waits for its answers is told why it ended too early."""
    try:
        main()
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        said = str(error).strip() or type(error).__name__
        sys.stderr.write(f"{_REASON_MARK}{said.splitlines()[0]}\n")
        sys.stderr.flush()
        # A pool's threads, and a driver's, may never end.
        os._exit(1)


def end_with_parent(*, input_is_read: bool = False, is_awaited: bool = False) -> None:
    """End this process when the one that started it has ended, however that came about.

    Its input has to be a pipe from that one; `input_is_read` says that the process itself reads it
    and sees its end. Whoever types on this machine goes first, unless it `is_awaited` by a person.
    """
    if hasattr(os, "nice") and not is_awaited:
        os.nice(10)
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            # At once, even in the middle of a library's work.
            ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if not input_is_read:
        threading.Thread(target=_end_with_input, name="aiana-parent", daemon=True).start()


def _end_with_input() -> None:
    """Nothing is ever sent: the input ends when nobody is left who could."""
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    os._exit(1)


def _wait(child: subprocess.Popen[bytes], stop: threading.Event) -> None:
    while child.poll() is None:
        if stop.wait(_LOOK_EVERY_S):
            return
