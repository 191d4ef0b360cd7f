"""A backlog on a GPU, in a process of its own: no other process of Aiana ever loads torch for it.

`python -m aiana.embeddings.gpu NAME DEVICE` answers frames on its standard input with frames on its
standard output, in their order. A frame is its length (4 bytes, little-endian) and that many bytes:
a JSON list of texts in, their number and their float32 vectors out. `ready` comes first, once the
model is loaded.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from aiana.embeddings.child import REASON_MARK, end_with_parent, reason_of
from aiana.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aiana.embeddings import Embedder

GPU_BATCH = 2048
"""Texts in a request: the card is busy with fewer, and they are stored in one short transaction."""
IN_FLIGHT = 3
"""Requests sent ahead: one is tokenized, one is on the card, one comes back."""
_READY = b"ready"
_GIVE_UP_S = 120.0
"""What is waited for an answer that takes a second: a driver may hang."""


class GpuProcess:
    """A process that embeds on `device`; loading takes seconds, which nobody has to wait for.

    It ends with this process, and with `close`.
    """

    def __init__(self, model_name: str, device: str) -> None:
        self.device = device
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._child = subprocess.Popen(
            [sys.executable, "-m", "aiana.embeddings.gpu", model_name, device],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"},
        )
        self._answers: queue.Queue[bytes | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, name="aiana-gpu", daemon=True)
        self._reader.start()
        self._is_ready = False

    def is_ready(self) -> bool:
        """Whether the model is loaded. Raises ModelUnavailable if it cannot be."""
        if not self._is_ready and not self._answers.empty():
            self._is_ready = self._next_answer() == _READY
        return self._is_ready

    def send(self, texts: Sequence[str]) -> None:
        """Have these embedded; `receive` gives their vectors. Raises ModelUnavailable."""
        assert self._child.stdin
        try:
            _write_frame(self._child.stdin, json.dumps(list(texts)).encode())
        except OSError as error:
            raise self._failure() from error

    def receive(self) -> NDArray[np.float32]:
        """The vectors of the texts sent first of those still waiting, shape (texts, dimensions).

        Raises ModelUnavailable if the process has ended or does not answer for two minutes.
        """
        import numpy as np

        frame = self._next_answer()
        texts = int.from_bytes(frame[:4], "little")
        return np.frombuffer(frame, dtype="<f4", offset=4).reshape(texts, -1)

    def close(self) -> None:
        """End the process."""
        self._child.kill()
        self._reader.join()
        for pipe in (self._child.stdin, self._child.stdout, self._errors):
            assert pipe
            with suppress(OSError):
                pipe.close()
        self._child.wait()

    def _next_answer(self) -> bytes:
        try:
            frame = self._answers.get(timeout=_GIVE_UP_S)
        except queue.Empty:
            raise ModelUnavailable(
                f"{self.device} has not answered for {_GIVE_UP_S:.0f} s."
            ) from None
        if frame is None:
            self._answers.put(None)
            raise self._failure()
        return frame

    def _failure(self) -> ModelUnavailable:
        self._child.kill()
        self._child.wait()
        reason = reason_of(self._errors, self._child.returncode)
        return ModelUnavailable(f"{self.device} cannot be used: {reason}")

    def _read(self) -> None:
        assert self._child.stdout
        with suppress(OSError, ValueError):
            while (frame := _read_frame(self._child.stdout)) is not None:
                self._answers.put(frame)
        self._answers.put(None)


def _write_frame(pipe: IO[bytes], frame: bytes) -> None:
    pipe.write(len(frame).to_bytes(4, "little"))
    pipe.write(frame)
    pipe.flush()


def _read_frame(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None at the end of the input, be it in the middle of one."""
    header = pipe.read(4)
    length = int.from_bytes(header, "little")
    frame = pipe.read(length)
    return frame if len(header) == 4 and len(frame) == length else None


def _embed(embedder: Embedder, frame: bytes) -> bytes:
    texts = json.loads(frame)
    vectors = embedder.batch_embed(texts, batch_size=len(texts))
    return len(texts).to_bytes(4, "little") + vectors.tobytes()


def main(model_name: str, device: str) -> None:
    """Answer requests until the input ends. Raises ModelUnavailable, and whatever torch raises."""
    end_with_parent(input_is_read=True)
    # Libraries may print: the answers go out by a pipe that they do not know.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    from aiana.embeddings import Embedder

    embedder = Embedder(model_name, device=device)
    embedder.load_torch()
    _write_frame(answers, _READY)
    futures: queue.Queue[Future[bytes] | None] = queue.Queue()

    def read() -> None:
        # Two at a time: one text batch is tokenized while another is on the card.
        with ThreadPoolExecutor(2) as pool:
            while (frame := _read_frame(sys.stdin.buffer)) is not None:
                futures.put(pool.submit(_embed, embedder, frame))
        futures.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (future := futures.get()) is not None:
        _write_frame(answers, future.result())


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except BrokenPipeError:
        os._exit(1)
    except Exception as error:
        said = str(error).strip() or type(error).__name__
        sys.stderr.write(f"{REASON_MARK}{said.splitlines()[0]}\n")
        sys.stderr.flush()
        # A pool's threads, and a driver's, may never end.
        os._exit(1)
