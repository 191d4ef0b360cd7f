"""From a question to hits: the lanes that can serve, and what each of them lacks."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from aiana.config import Config
from aiana.embeddings import DEFAULT_MODEL, Embedder, ModelInfo, model_info
from aiana.errors import AianaError, ModelUnavailable
from aiana.models import Degraded, Memory, Mode, SearchFilter, SearchReasons
from aiana.protocol.results import Outside, Searched, SearchResult
from aiana.search.engine import MOST_EMBEDDED_CHARS, Ranking, Request, search
from aiana.search.meaning import LEAST_COSINE
from aiana.search.notes import described, of_answer, of_unread_files
from aiana.search.page import HitPage
from aiana.search.query import Query, merge_filters, parse
from aiana.search.spelling import corrected
from aiana.search.vector_index import VectorIndex
from aiana.storage.chunks import vectors_of
from aiana.times import LOCAL, now

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from aiana.search.qdrant_index import QdrantIndex
    from aiana.search.team import Candidate
    from aiana.storage import AianaStorage
    from aiana.storage.qdrant.tier import QdrantTier

logger = logging.getLogger(__name__)

RETRY_S = 30.0
"""A model that cannot be loaded, though it is there, is not tried again before."""
Embed = Callable[[str], "NDArray[np.float32]"]
FIRST_HITS = 10
"""Hits of a partial answer that a whole one follows at once: what a list shows unscrolled."""


class Searcher:
    """Finds what is stored. Safe to share between threads."""

    def __init__(
        self,
        config: Config,
        storage: AianaStorage,
        embedder: Embedder,
        qdrant: QdrantTier | None = None,
    ) -> None:
        self._config = config
        self._storage = storage
        self._embedder = embedder
        self._text_index = storage.text_index
        self._vector_index = VectorIndex(storage.database, embedder.model_name)
        self._qdrant = qdrant
        self._loading = threading.Lock()
        self._failure: Degraded | None = None
        self._retry_at = 0.0

    @property
    def is_loading(self) -> bool:
        """Whether the model is being loaded just now."""
        return self._loading.locked()

    @property
    def vectors_problem(self) -> str | None:
        """Why this process holds all vectors by itself; None if nothing is wrong."""
        problem = self._vector_index.problem
        return problem and f"each process holds all vectors by itself: {problem}"

    def warm_up(self, meanwhile: Callable[[], object] | None = None) -> None:
        """Load the model and the vectors now, so that the next search does not wait for them.

        `meanwhile` is done, if there is time for it, while another thread opens the model.
        """
        with self._loading:
            if self._embedder.is_loaded:
                return
            try:
                self._load(meanwhile)
            except ModelUnavailable as error:
                self._failure = Degraded(tier="embedder", reason=str(error), since=now())
                self._retry_at = time.monotonic() + RETRY_S
            else:
                self._failure = None

    def _load(self, meanwhile: Callable[[], object] | None) -> None:
        """The model and the vectors, at the same time if the model is ready to be opened."""
        if self._qdrant is not None:
            self._embedder.load()
        elif self._model_info().state == "ready":
            from concurrent.futures import ThreadPoolExecutor

            with ThreadPoolExecutor(1, "aiana-model") as aside:
                loading = aside.submit(self._embedder.load)
                self._embedder.load_tokenizer()
                self._vector_index.refresh(self._text_index.catalogue())
                if meanwhile is not None:
                    meanwhile()
                loading.result()
        else:
            self._embedder.load()
            self._vector_index.refresh()

    def _warm_up_aside(self) -> None:
        try:
            self.warm_up()
        except AianaError as error:  # the next search meets it, or everything is closed by now
            logger.info("The vectors were not read ahead: %s", error)

    def search(
        self,
        text: str,
        *,
        limit: int,
        cursor: str | None,
        mode: Mode,
        filter: SearchFilter,
        reference: datetime | None = None,
        group_by_session: bool = False,
        partial: Callable[[SearchResult], None] | None = None,
        wait_for_model: bool = False,
        explain: bool = False,
        stays: bool = False,
    ) -> SearchResult:
        """See `Aiana.search`; `7d` in the query counts back from `reference`, now by default.

        With `stays` no `project:` in the query leads out of the filter's project: the text is one
        that was pasted, or that others wrote.
        """
        began = time.perf_counter()
        reference = reference or datetime.now(LOCAL)
        query = corrected(parse(text, reference), self._text_index)
        wanted = merge_filters(filter, query.filter)
        if stays:
            wanted = replace(wanted, project=filter.project)
        query = replace(query, filter=wanted)
        page = HitPage(self._storage.database, query, group_by_session, cursor, reference)
        embed: Embed | None = None
        degraded: list[Degraded] = []
        reads_english_only = self._embedder.model_name == DEFAULT_MODEL

        def answer(mode: Mode, limit: int) -> SearchResult:
            missing: list[Degraded] = []
            remote = self._remote_index(query)
            # What they hold decides on every page what is demanded, though the first shows them.
            colleagues: list[Candidate] = []
            if remote is not None and embed is not None and (cursor is None or query.phrases):
                from aiana.search.team import of_colleagues

                shared = remote.shared(embed(query.text[:MOST_EMBEDDED_CHARS]))
                colleagues = of_colleagues(shared, query, self._text_index, self._least_cosine)
            request = Request(
                query=query,
                filter=wanted,
                mode=mode,
                reads_english_only=reads_english_only,
                least_cosine=self._least_cosine,
                now=reference,
                colleagues=[each.phrases for each in colleagues],
                explain=explain,
            )
            ranking = search(request, self._text_index, remote or self._vector_index, embed)
            if remote is not None and remote.degraded:
                missing.append(remote.degraded)
            if embed is not None and "semantic" not in ranking.lanes:
                missing += self._without_vectors()
            hits, more = page.of(ranking, limit)
            if colleagues and cursor is None:
                from aiana.search.team import among, hits_of

                if theirs := hits_of(colleagues, query, ranking.demanded):
                    hits = among(hits, theirs, limit)
                    own = sum(hit.user is None for hit in hits)
                    _, more = page.of(ranking, own)
            excludes = not hits and any(self._storage.hidden())
            notes = of_answer(
                query,
                wanted,
                ranking,
                found=bool(hits),
                excludes=excludes,
                english_only=DEFAULT_MODEL if reads_english_only and embed is not None else None,
            )
            if wanted.files or any(each.files for each in query.without):
                notes += of_unread_files(self._storage.files.unread())
            return SearchResult(
                hits=hits,
                modes=ranking.lanes,
                searched=Searched(messages=ranking.messages, memories=ranking.memories),
                took_ms=round((time.perf_counter() - began) * 1000, 1),
                next_cursor=more,
                degraded=degraded + missing,
                notes=notes,
                total=ranking.total,
                outside=Outside(**asdict(ranking.outside)),
                reasons=_reasons(query, wanted, ranking) if explain else None,
            )

        if partial is not None and mode == "hybrid":
            follows = self._embedder.is_loaded
            partial(answer("keyword", min(limit, FIRST_HITS) if follows else limit))
        if query.text:  # filters alone are answered without the model
            follows = partial is not None and mode == "hybrid"

            def words() -> None:  # what is read for them is remembered
                request = Request(query=query, filter=wanted, mode="keyword", now=reference)
                search(request, self._text_index)

            embed, degraded = self._embed_query(mode, wait_for_model, follows, words)
        return answer(mode, limit)

    @property
    def _least_cosine(self) -> float:
        """As measured of the model; of the default with the queries of development."""
        if self._embedder.model_name == DEFAULT_MODEL or not self._embedder.is_loaded:
            return LEAST_COSINE
        return self._embedder.least_cosine or LEAST_COSINE

    def _without_vectors(self) -> list[Degraded]:
        """Why meaning did not answer though the model did."""
        with self._storage.database.reading() as connection:
            if vectors_of(connection, self._embedder.model_name):
                return []
        reason = "No text has a vector yet, so that nothing is found by meaning."
        return [Degraded(tier="index", reason=reason, since=now())]

    def memory_of_colleague(self, memory_id: str) -> Memory | None:
        """A memory that a colleague shares; None if there is none. Raises TierUnavailable."""
        if self._qdrant is None:
            return None
        from aiana.search.team import memory_of_colleague

        return memory_of_colleague(self._qdrant, memory_id)

    def _remote_index(self, query: Query) -> QdrantIndex | None:
        """Qdrant, with the embedded index behind it, if a server is configured."""
        tier = self._qdrant
        if tier is None:
            return None
        from aiana.search.qdrant_index import QdrantIndex
        from aiana.search.team import asked_of_colleagues

        shared = asked_of_colleagues(tier, query) if self._config.team else None
        return QdrantIndex(tier, self._vector_index, query.filter, shared=shared)

    def _embed_query(
        self, mode: Mode, wait: bool, wait_if_short: bool, meanwhile: Callable[[], object]
    ) -> tuple[Embed | None, list[Degraded]]:
        """The way to embed a query, or why there is none just now.

        With `wait` this takes as long as it takes, if there is a vector to compare with;
        `wait_if_short`, or search by meaning alone, waits for a model to be loaded, but not for one
        to be compiled. `meanwhile` is done beside that.
        """
        if mode == "keyword":
            return None, []
        if wait and not self._embedder.is_loaded and self._qdrant is None:
            lacking = self._without_vectors()
            if lacking and self._missing_model() is None:
                return None, lacking
        short = wait_if_short or mode == "semantic"
        if not self._embedder.is_loaded and (wait or (short and not self._needs_compiling())):
            self.warm_up(meanwhile)
        if self._embedder.is_loaded:
            return self._embedder.embed_query, []
        missing = self._missing_model()
        if missing is not None:
            if mode == "semantic":
                raise ModelUnavailable(missing.reason)
            return None, [missing]
        if not self.is_loading:
            threading.Thread(target=self._warm_up_aside, name="aiana-model", daemon=True).start()
        reason = "The embedding model is being loaded; these hits were found by words alone."
        if self._needs_compiling():
            reason = (
                "The embedding model is being prepared for this machine, once, which takes up to "
                "a minute; meanwhile words find."
            )
            if mode == "semantic":
                raise ModelUnavailable(reason)
        return None, [Degraded(tier="embedder", reason=reason, since=now())]

    def _needs_compiling(self) -> bool:
        return self._model_info().state == "uncompiled"

    def _missing_model(self) -> Degraded | None:
        """Why there is no model; looked at anew, since the user may have fixed it."""
        info = self._model_info()
        if info.state == "unavailable":
            reason = info.reason or "There is no embedding model."
            if self._failure is None or self._failure.reason != reason:
                self._failure = Degraded(tier="embedder", reason=reason, since=now())
        elif time.monotonic() >= self._retry_at:
            self._failure = None
        return self._failure

    def _model_info(self) -> ModelInfo:
        config = self._config
        return model_info(config.embedding_model, config.models_dir)


def _reasons(query: Query, restriction: SearchFilter, ranking: Ranking) -> SearchReasons:
    """What a ranking went by, and what the request demanded and left out."""
    return replace(
        ranking.reasons or SearchReasons(words={}, weights={}),
        demanded=ranking.demanded,
        restriction=described(restriction, query.without),
    )
