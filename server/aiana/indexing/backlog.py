"""The texts that wait for a vector: the processor embeds them, or a GPU where that is sooner."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from aiana.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aiana.embeddings import Embedder
    from aiana.embeddings.gpu import GpuProcess
    from aiana.storage import AianaStorage
    from aiana.storage.chunks import Backlog, Waiting

logger = logging.getLogger(__name__)

BATCH = 32
"""Texts embedded on the processor between two looks at whether to stop: about a second."""
WORTH_A_GPU = 4_000
"""Texts from which on a GPU is asked for: loading takes 6.5 s (measured beside an H100), more where
torch was not read lately, in which a core embeds some 1,000."""


class _Batch(Struct):
    """Texts on their way, and what is known of their vectors."""

    texts: Sequence[Waiting]
    known: dict[str, bytes]
    """Vectors that equal texts have already."""
    new: list[str]
    """What has to be embedded, each text once."""


class BacklogEmbedder:
    """Embeds what waits: memories first, the newest first, equal texts once.

    `find_gpu` tells the device that a big backlog goes to, None if there is none; it may load a
    driver, and is asked for a big backlog only.
    """

    def __init__(
        self, storage: AianaStorage, embedder: Embedder, find_gpu: Callable[[], str | None]
    ) -> None:
        self._chunks = storage.chunks
        self._embedder = embedder
        self._find_gpu = find_gpu
        self.gpu_failure: str | None = None
        """Why the GPU is not used; it is not tried again in this process."""

    def run(self, total: int, cancelled: Callable[[], bool]) -> Iterator[int]:
        """Embed `total` texts; gives how many, batch by batch. Raises ModelUnavailable."""
        model = self._embedder.model_name
        backlog = self._chunks.backlog(model)
        gpu = self._start_gpu(total)
        sent: deque[_Batch] = deque()
        done = 0
        try:
            while done < total and not cancelled():
                try:
                    # The processor goes on while torch is being loaded.
                    if gpu is not None and gpu.is_ready():
                        step = self._step_on_gpu(gpu, backlog, sent)
                    else:
                        step = self._step_on_processor(backlog)
                except ModelUnavailable as error:
                    if gpu is None:
                        raise
                    logger.warning("%s The processor embeds instead.", error)
                    self.gpu_failure = str(error)
                    gpu.close()
                    gpu = None
                    # A new one, for what was sent has no vector yet.
                    backlog = self._chunks.backlog(model)
                    continue
                if not step:
                    return
                done += step
                yield step
        finally:
            if gpu is not None:
                gpu.close()

    def _start_gpu(self, total: int) -> GpuProcess | None:
        if self.gpu_failure is not None or total < WORTH_A_GPU or (gpu := self._find_gpu()) is None:
            return None
        from aiana.embeddings.gpu import GpuProcess

        return GpuProcess(self._embedder.model_name, gpu, self._embedder.models_dir)

    def _step_on_processor(self, backlog: Backlog) -> int:
        batch = self._prepare(backlog.next(BATCH))
        return self._store(batch, self._embedder.batch_embed(batch.new) if batch.new else ())

    def _step_on_gpu(self, gpu: GpuProcess, backlog: Backlog, sent: deque[_Batch]) -> int:
        """`sent` is what the GPU was asked for and has not answered yet, the oldest first."""
        from aiana.embeddings.gpu import GPU_BATCH, IN_FLIGHT

        while len(sent) < IN_FLIGHT and (texts := backlog.next(GPU_BATCH)):
            sent.append(self._prepare(texts))
            if sent[-1].new:
                gpu.send(sent[-1].new)
        if not sent:
            return 0
        vectors = gpu.receive() if sent[0].new else ()
        return self._store(sent.popleft(), vectors)

    def _prepare(self, texts: Sequence[Waiting]) -> _Batch:
        contents = list(dict.fromkeys(text.content for text in texts))
        known = self._chunks.known_vectors(self._embedder.model_name, contents)
        return _Batch(texts, known, [content for content in contents if content not in known])

    def _store(self, batch: _Batch, vectors: Iterable[NDArray[np.float32]]) -> int:
        from aiana.storage.packing import pack

        of = batch.known | {
            text: pack(vector) for text, vector in zip(batch.new, vectors, strict=True)
        }
        self._chunks.put_vectors(
            self._embedder.model_name, [(text, of[text.content]) for text in batch.texts]
        )
        return len(batch.texts)
