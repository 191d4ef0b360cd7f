"""Texts to vectors: windows, batches, and the engine that suits the machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from aiana.embeddings.device import choose_device
from aiana.embeddings.locate import (
    DEFAULT_MODEL,
    INT8_PACKAGE,
    SERVING,
    ModelSource,
    canonical_name,
    default_model,
    is_rewritable,
    locate,
    locate_uncompiled,
    models_home,
    pad_token,
    sentence_length,
    verify_package,
)
from aiana.embeddings.manifest import (
    MODEL_FILE,
    TOKENIZER_FILE,
    Calibration,
    Prompts,
    check_digests,
    rebuild,
)
from aiana.embeddings.prompts import read_prompts
from aiana.embeddings.windows import BLOCK, cut, encodings, windows
from aiana.errors import ModelUnavailable
from aiana.invocation import missing, unavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

# Texts tokenized and sorted by length at a time: bounds memory for any number of texts.
_SLAB = 2048


class Engine(Protocol):
    """What runs a model: rows of word-piece ids in, L2-normalised float32 vectors out."""

    name: str
    device: str
    dimensions: int
    batch_tokens: int

    def run(self, rows: list[list[int]]) -> NDArray[np.float32]: ...


class Embedder:
    """A sentence-embedding model, loaded on first use; one instance may serve many threads.

    Vectors are numpy float32 arrays of L2 norm 1, so that a dot product is the cosine. A text
    longer than the model's window is read in overlapping windows; its vector is the normalised mean
    of theirs. Lone surrogates are read as U+FFFD. Many models read a query otherwise than what it
    may find: `embed_query` is for the one, the rest for the other.

    `device` is `cuda`, `mps` or `cpu`; None means the first of these that is there. `threads` is
    how many cores the CPU engine may use; one keeps background work polite.

    Every method that needs the model raises ModelUnavailable where it is missing or damaged; the
    message says which command fixes it.
    """

    def __init__(
        self,
        model_name: str = DEFAULT_MODEL,
        device: str | None = None,
        models_dir: str | Path | None = None,
        *,
        threads: int = 1,
    ) -> None:
        self.model_name = canonical_name(model_name)
        self._asked_device = device
        self.models_dir = models_home(models_dir)
        """Where compiled models are."""
        self._threads = threads
        self._lock = threading.RLock()
        self._reading_tokenizer = threading.Lock()
        self._engine: Engine | None = None
        self._source: ModelSource | None = None
        self._tokenizer: Tokenizer | None = None
        self._stop = threading.Event()
        self.is_loading = False
        """Whether the model is being loaded just now, by any thread."""
        self.is_compiling = False
        """Whether it is being compiled for that, which takes up to a minute, once."""
        self.on_compile: Callable[[], None] | None = None
        """Called right before that."""

    @property
    def is_loaded(self) -> bool:
        """Whether the model is in memory, so that the next call does not wait for it."""
        return self._engine is not None

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        source = self._located()
        return source.manifest.dimensions if source.manifest else self.load().dimensions

    @cached_property
    def max_tokens(self) -> int:
        """The model's window in word pieces, its special tokens included."""
        source = self._located()
        return source.manifest.max_tokens if source.manifest else sentence_length(source.folder)

    @property
    def least_cosine(self) -> float | None:
        """Texts that are less alike are so by chance; None where nobody measured it."""
        return self._calibration.least_cosine

    @property
    def _calibration(self) -> Calibration:
        manifest = self._located().manifest
        return manifest.calibration if manifest is not None else Calibration()

    @cached_property
    def _prompts(self) -> Prompts:
        source = self._located()
        if source.manifest is not None:
            return source.manifest.prompts
        return read_prompts(source.folder, self.model_name)

    @property
    def device(self) -> str:
        """The device the model runs on or, before it is loaded, would run on."""
        return self._engine.device if self._engine else choose_device(self._asked_device)

    def load(self) -> Engine:
        """Load the model now; compile it first where that was never done (seconds, once)."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self.is_loading = True
                    try:
                        self._engine = self._open_engine()
                    finally:
                        self.is_loading = self.is_compiling = False
        return self._engine

    def load_torch(self) -> None:
        """Load the model on torch, whatever the device; compile it first, as `load` does."""
        from aiana.embeddings.compile import compile_model

        with self._lock:
            self._source = compile_model(self.model_name, self.models_dir)
            self._engine = self._open_torch(self.device)

    def stop_loading(self) -> None:
        """End a compilation that is under way; who waits for it gets ModelUnavailable."""
        self._stop.set()

    def embed(self, text: str) -> NDArray[np.float32]:
        """The vector of one text to be found, shape (dimensions,)."""
        vector: NDArray[np.float32] = self.batch_embed([text])[0]
        return vector

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The vector of a text by which others are to be found, shape (dimensions,)."""
        prompt, centre = self._prompts.query, self._calibration.query_centre
        vector: NDArray[np.float32] = self._embed([text], prompt, centre, 1)[0]
        return vector

    def batch_embed(self, texts: Sequence[str], batch_size: int = 32) -> NDArray[np.float32]:
        """The vectors of texts to be found, shape (len(texts), dimensions), in their order.

        `batch_size` is the most texts that go through the model at once; fewer where they are long.
        """
        prompt, centre = self._prompts.passage, self._calibration.passage_centre
        return self._embed(texts, prompt, centre, batch_size)

    def _embed(
        self, texts: Sequence[str], prompt: str, centre: list[float], batch_size: int
    ) -> NDArray[np.float32]:
        import numpy as np

        from aiana.embeddings.calibration import centred, normalised

        engine = self.load()
        vectors = np.zeros((len(texts), engine.dimensions), dtype=np.float32)
        tokenize = self._rows if engine.device == "cpu" else self._rows_on_all_cores
        for start in range(0, len(texts), _SLAB):
            of_texts = tokenize(texts[start : start + _SLAB], prompt)
            rows = list(chain.from_iterable(of_texts))
            parts = np.empty((len(rows), engine.dimensions), dtype=np.float32)
            for batch in _batches(rows, max(batch_size, 1), engine.batch_tokens):
                parts[batch] = engine.run([rows[index] for index in batch])
            ends = np.cumsum([len(own) for own in of_texts])
            vectors[start : start + _SLAB] = np.add.reduceat(parts, [0, *ends[:-1]])
        vectors = normalised(vectors)
        return centred(vectors, centre) if centre else vectors

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the vectors of two texts, -1 to 1."""
        first, second = self.batch_embed([a, b])
        return float(first @ second)

    def count_tokens(self, text: str) -> int:
        """Word pieces in `text` without special tokens; needs the tokenizer only, not the model."""
        return sum(len(part) for _, part in encodings(_clean(text), self._tokens()))

    def count_tokens_batch(self, texts: Sequence[str]) -> list[int]:
        """Word pieces in each of `texts`."""
        return [self.count_tokens(text) for text in texts]

    def windows(self, text: str) -> list[str]:
        """`text` in overlapping pieces that fit the model's window; needs the tokenizer only."""
        return windows(_clean(text), self._tokens(), self._limit)

    def _located(self) -> ModelSource:
        if self._source is None:
            self._source = locate(self.model_name, self.models_dir)
        return self._source

    def load_tokenizer(self) -> None:
        """Read the tokenizer now; another thread may load the model meanwhile."""
        self._tokens()

    def _tokens(self) -> Tokenizer:
        if self._tokenizer is None:
            with self._reading_tokenizer:
                if self._tokenizer is None:
                    self._tokenizer = _open_tokenizer(self._located())
        return self._tokenizer

    @cached_property
    def _limit(self) -> int:
        """How many word pieces of a text fit into the model's window, beside its prompt."""
        tokenizer = self._tokens()
        prompts = (self._prompts.query, self._prompts.passage)
        longest = max(len(tokenizer.encode(p, add_special_tokens=False)) for p in prompts)
        return self.max_tokens - tokenizer.num_special_tokens_to_add(is_pair=False) - longest

    def _rows(self, texts: Sequence[str], prompt: str) -> list[list[list[int]]]:
        """The word-piece ids of each text: one row, or one per window; on one core."""
        tokenizer, most = self._tokens(), self.max_tokens
        found = []
        for text in map(_clean, texts):
            ids = tokenizer.encode(prompt + text).ids if len(text) <= BLOCK else None
            if ids is None or len(ids) > most:
                cuts = [prompt + part for part in self.windows(text)]
                found.append([_fitting(tokenizer.encode(part).ids, most) for part in cuts])
            else:
                found.append([ids])
        return found

    def _rows_on_all_cores(self, texts: Sequence[str], prompt: str) -> list[list[list[int]]]:
        """As `_rows`: a GPU would wait for one core."""
        tokenizer, most = self._tokens(), self.max_tokens
        texts = [_clean(text) for text in texts]
        short = [index for index, text in enumerate(texts) if len(text) <= BLOCK]
        ids = {
            index: encoding.ids
            for index, encoding in zip(
                short, tokenizer.encode_batch([prompt + texts[i] for i in short]), strict=True
            )
        }
        long = [index for index in short if len(ids[index]) > most]
        blocks = tokenizer.encode_batch([texts[i] for i in long], add_special_tokens=False)
        cuts = {
            i: cut(texts[i], [(0, block)], self._limit)
            for i, block in zip(long, blocks, strict=True)
        }
        for index, text in enumerate(texts):
            if len(text) > BLOCK:
                cuts[index] = self.windows(text)
        read = [prompt + part for parts in cuts.values() for part in parts]
        parts = iter(tokenizer.encode_batch(read))
        rows = {
            index: [_fitting(next(parts).ids, most) for _ in windows_of]
            for index, windows_of in cuts.items()
        }
        return [rows.get(index) or [ids[index]] for index in range(len(texts))]

    def _open_engine(self) -> Engine:
        if absent := missing(SERVING):
            raise ModelUnavailable(unavailable(absent[0]))
        source = self._source = locate(self.model_name, self.models_dir)
        device = choose_device(self._asked_device)
        if device != "cpu":
            try:
                return self._open_torch(device)
            except ModelUnavailable:
                if self._asked_device is not None:
                    raise
        if source.kind == "weights":
            from aiana.embeddings.compile import compile_model

            self._stop.clear()
            self.is_compiling = True
            if self.on_compile is not None:
                self.on_compile()
            source = self._source = compile_model(self.model_name, self.models_dir, stop=self._stop)
            self.is_compiling = False
        if source.manifest is None:
            file, pad_id = source.folder / "onnx" / MODEL_FILE, pad_token(source.folder)
        elif source.manifest.engine == "torch":
            return self._open_torch("cpu")
        else:
            check_digests(source.folder, source.manifest)
            file, pad_id = source.folder / MODEL_FILE, source.manifest.pad_id
        try:
            from aiana.embeddings.onnx import OnnxEngine
        except ImportError as error:
            raise ModelUnavailable(unavailable("onnxruntime", error)) from error
        return OnnxEngine(file, pad_id, self._threads)

    def _open_torch(self, device: str) -> Engine:
        weights = locate_uncompiled(self.model_name)
        verify_package(weights)
        try:
            if is_rewritable(weights.folder):
                from aiana.embeddings.bert_torch import BertEngine

                return BertEngine(weights.folder, device, self._threads)
            from aiana.embeddings.torch import TorchEngine
        except ImportError as error:
            raise ModelUnavailable(
                f"{self.model_name} cannot run on {device}: "
                + unavailable(error.name or "torch", error)
            ) from error
        return TorchEngine(weights.folder, device, self._threads)


def get_embedder(
    model_name: str | None = None,
    device: str | None = None,
    models_dir: str | Path | None = None,
    *,
    threads: int = 1,
) -> Embedder:
    """The process's embedder for these settings, always the same one, not loaded yet.

    `model_name` defaults to AIANA_EMBEDDING_MODEL, then to all-MiniLM-L6-v2.
    """
    name = model_name or default_model()
    return _embedder(canonical_name(name), device, models_home(models_dir), threads)


@lru_cache(maxsize=8)
def _embedder(name: str, device: str | None, models_dir: Path, threads: int) -> Embedder:
    return Embedder(name, device, models_dir, threads=threads)


def _open_tokenizer(source: ModelSource) -> Tokenizer:
    path = source.folder / TOKENIZER_FILE
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ModelUnavailable(unavailable("tokenizers", error)) from error
    if source.origin == INT8_PACKAGE:
        from aiana.embeddings.wordpiece import uncased_tokenizer

        return uncased_tokenizer()
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception
        raise ModelUnavailable(
            f"The tokenizer {path} cannot be read: {error}. {rebuild()}"
        ) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _batches(rows: Sequence[list[int]], most: int, tokens: int) -> Iterator[list[int]]:
    """Indices of `rows`, longest first, in batches of at most `most` rows and `tokens` pieces."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda i: -len(rows[i])):
        # The first is the longest: all others are padded to it.
        if batch and (len(batch) == most or (len(batch) + 1) * len(rows[batch[0]]) > tokens):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _fitting(row: list[int], most: int) -> list[int]:
    """Cutting inside an endless word may add a piece; the model's positions end at the window."""
    return row if len(row) <= most else row[: most - 1] + row[-1:]


def _clean(text: str) -> str:
    """`text` with surrogates paired where they pair and replaced where they are alone."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
