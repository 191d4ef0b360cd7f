"""What Aiana is made of, each part made at its first use."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from aiana.arrays import arrays_on_one_thread
from aiana.config import Config, load_config
from aiana.errors import AianaError
from aiana.lazy import lazy

if TYPE_CHECKING:
    from aiana.context.builder import ContextBuilder
    from aiana.context.cache import ContextCache
    from aiana.context.tokens import TokenCounter
    from aiana.embeddings import Embedder
    from aiana.indexing.indexer import Indexer
    from aiana.render.drawn import Drawings
    from aiana.search.searcher import Searcher
    from aiana.storage import AianaStorage
    from aiana.storage.link import ServerLink
    from aiana.storage.qdrant.tier import QdrantTier
    from aiana.storage.tiered_cache import TieredCache

FIRST_ANSWERS_S = 8.0
"""Importing the client of Qdrant alone takes seconds on a cold machine."""


class Activity(NamedTuple):
    """What goes on in this process."""

    busy: bool
    """Texts are being embedded."""
    loading: bool
    """The model is being loaded."""
    compiling: bool
    """The model is being compiled, which is done once on a machine and takes up to a minute."""
    loaded: bool
    """The model is in memory."""
    scrubbing: bool
    """What was deleted is being taken out of files."""
    servers: tuple[bool, ...]
    """Whether each server that is in use answers, and last whether Qdrant is in step."""


class Container:
    """The database, its indexes, the servers and the embedder, each made at its first use.

    `on_compile` is called right before the model is compiled, which takes seconds, once.
    """

    def __init__(
        self, config: Config | None = None, *, on_compile: Callable[[], None] | None = None
    ) -> None:
        self.config = config or load_config()
        self._on_compile = on_compile
        self._lock = threading.RLock()

    @lazy
    def storage(self) -> AianaStorage:
        """The database. Raises StorageUnavailable."""
        from aiana.exclusions import Wishes
        from aiana.storage import AianaStorage

        wishes = Wishes(self.config.data_dir, self.config.excluded_beside_file)
        storage = AianaStorage(self.config.database, wishes)
        with suppress(AianaError):  # of a store that can only be read
            storage.note_exclusions()
        return storage

    @lazy
    def embedder(self) -> Embedder:
        """The model, which is loaded at its first use."""
        from aiana.embeddings import get_embedder

        embedder = get_embedder(
            self.config.embedding_model,
            device="cpu",
            models_dir=self.config.models_dir,
        )
        if self._on_compile is not None:
            embedder.on_compile = self._on_compile
        return embedder

    @lazy
    def searcher(self) -> Searcher:
        """Search, by words and by meaning."""
        with arrays_on_one_thread():
            from aiana.search.searcher import Searcher

        return Searcher(self.config, self.storage, self.embedder, self.qdrant)

    @lazy
    def tokens(self) -> TokenCounter:
        """What counts the tokens of contexts and quotations."""
        from aiana.context.tokens import TokenCounter
        from aiana.embeddings import model_info

        def find_tokenizer() -> Path | None:
            config = self.config
            info = model_info(config.embedding_model, config.models_dir)
            path = Path(info.path) / "tokenizer.json"
            return path if path.exists() else None

        return TokenCounter(find_tokenizer)

    @lazy
    def context_builder(self) -> ContextBuilder:
        """What builds context blocks."""
        from aiana.context.builder import ContextBuilder

        return ContextBuilder(self.storage, self.searcher, self.tokens)

    @lazy
    def indexer(self) -> Indexer:
        """The work that is done once for all processes: capture, chunks, vectors."""
        with arrays_on_one_thread():
            from aiana.embeddings.device import gpu_for_backlogs
            from aiana.indexing.indexer import Indexer

        find_gpu = partial(gpu_for_backlogs, self.config.embedding_device)
        return Indexer(self.config, self.storage, self.embedder, self.qdrant, find_gpu)

    @lazy
    def drawings(self) -> Drawings:
        """The messages that documents showed lately."""
        from aiana.render.drawn import Drawings

        return Drawings()

    @lazy
    def cache(self) -> TieredCache:
        """Active sessions, contexts and activities: in Redis if configured, else beside SQLite."""
        from aiana.storage.tiered_cache import open_cache

        return open_cache(self.config, self.storage)

    @lazy
    def qdrant(self) -> QdrantTier | None:
        """The vectors at scale, if a server is configured."""
        if self.config.qdrant_url is None:
            return None
        from aiana.storage.qdrant.tier import open_tier

        return open_tier(self.config, self.storage, self.embedder)

    @lazy
    def contexts(self) -> ContextCache:
        """Contexts that were built before."""
        from aiana.context.cache import ContextCache

        return ContextCache(self.storage, self.cache, self.config.user)

    def close(self) -> None:
        """Stop background work, a compilation too, and close the database."""
        if "embedder" in self.__dict__:
            self.embedder.stop_loading()
        if "indexer" in self.__dict__:
            self.indexer.stop()
        if "cache" in self.__dict__:
            self.cache.close()
        if "qdrant" in self.__dict__ and self.qdrant is not None:
            self.qdrant.close()
        if "storage" in self.__dict__:
            self.storage.close()

    def activity(self) -> Activity:
        """What goes on in this process; costs nothing, so that it can be asked all the time."""
        made = self.__dict__
        servers = [link.is_up for link in self.links()]
        if made.get("qdrant") is not None:
            servers.append(made["qdrant"].is_in_step)
        return Activity(
            busy="indexer" in made and self.indexer.busy,
            loading="embedder" in made and self.embedder.is_loading,
            compiling="embedder" in made and self.embedder.is_compiling,
            loaded="embedder" in made and self.embedder.is_loaded,
            scrubbing="indexer" in made and self.indexer.scrubbing,
            servers=tuple(servers),
        )

    def wait_for_servers(self, seconds: float = FIRST_ANSWERS_S) -> None:
        """Wait until each configured server was asked, for a command that ends soon."""
        deadline = time.monotonic() + seconds
        tiers = [self.cache, self.qdrant]
        for link in [tier.link for tier in tiers if tier is not None]:
            if link is not None:
                link.wait(max(0.0, deadline - time.monotonic()))

    def links(self) -> list[ServerLink]:
        """Those to the servers that are in use; opens none."""
        made = [self.__dict__.get("cache"), self.__dict__.get("qdrant")]
        return [tier.link for tier in made if tier is not None and tier.link is not None]
