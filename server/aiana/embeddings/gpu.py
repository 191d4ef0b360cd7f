"""A backlog on a GPU, in a process of its own: no other process of Aiana ever loads torch for it.

`python -m aiana.embeddings.gpu NAME DEVICE MODELS` answers frames on its standard input with frames
on its standard output, in their order: a JSON list of texts in, their number and their float32
vectors out. `ready` comes first, once the model is loaded.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.child import Child, ChildEnded, answers, end_with_parent, read_frame, run, write_frame
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

    def __init__(self, model_name: str, device: str, models_dir: Path) -> None:
        self.device = device
        environment = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}
        words = (model_name, device, str(models_dir))
        self._child = Child(__name__, *words, environment=environment)
        self._is_ready = False

    def is_ready(self) -> bool:
        """Whether the model is loaded. Raises ModelUnavailable if it cannot be."""
        if not self._is_ready and self._child.has_answered():
            self._is_ready = self._next_answer() == _READY
        return self._is_ready

    def send(self, texts: Sequence[str]) -> None:
        """Have these embedded; `receive` gives their vectors. Raises ModelUnavailable."""
        try:
            self._child.send(json.dumps(list(texts)).encode())
        except ChildEnded as error:
            raise self._failure(error) from error

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
        self._child.close()

    def _next_answer(self) -> bytes:
        try:
            return self._child.receive(_GIVE_UP_S)
        except queue.Empty:
            raise ModelUnavailable(
                f"{self.device} has not answered for {_GIVE_UP_S:.0f} s."
            ) from None
        except ChildEnded as error:
            raise self._failure(error) from error

    def _failure(self, error: ChildEnded) -> ModelUnavailable:
        return ModelUnavailable(f"{self.device} cannot be used: {error}")


def _embed(embedder: Embedder, frame: bytes) -> bytes:
    texts = json.loads(frame)
    vectors = embedder.batch_embed(texts, batch_size=len(texts))
    return len(texts).to_bytes(4, "little") + vectors.tobytes()


def main(model_name: str, device: str, models_dir: str) -> None:
    """Answer requests until the input ends. Raises ModelUnavailable, and whatever torch raises."""
    end_with_parent(input_is_read=True)
    out = answers()
    from aiana.embeddings import Embedder

    embedder = Embedder(model_name, device=device, models_dir=models_dir)
    embedder.load_torch()
    write_frame(out, _READY)
    futures: queue.Queue[Future[bytes] | None] = queue.Queue()

    def read() -> None:
        # Two at a time: one text batch is tokenized while another is on the card.
        with ThreadPoolExecutor(2) as pool:
            while (frame := read_frame(sys.stdin.buffer)) is not None:
                futures.put(pool.submit(_embed, embedder, frame))
        futures.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (future := futures.get()) is not None:
        write_frame(out, future.result())


if __name__ == "__main__":
    run(lambda: main(*sys.argv[1:]))
