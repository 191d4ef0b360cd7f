"""Qdrant as a tier: kept in step with SQLite, asked where it is, left out where it is not."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import TYPE_CHECKING, Any

import numpy as np

from aiana.errors import AianaError, TierUnavailable
from aiana.models import Degraded, SearchFilter
from aiana.storage.link import EVERY_S, FIRST_RETRY_S, Link
from aiana.storage.outbox import Change, Outbox
from aiana.storage.qdrant import Layout, QdrantRefused, QdrantStorage, Scope
from aiana.storage.rows import matching_projects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aiana.config import Config
    from aiana.embeddings import Embedder
    from aiana.storage.catalogue import Catalogue
    from aiana.storage.database import Database
    from aiana.storage.sqlite import AianaStorage
    from aiana.storage.vectors import VectorIndex

logger = logging.getLogger(__name__)

ANSWER_S = 0.15
"""What a search waits for Qdrant before the embedded index answers it."""
MOST_NEAREST = 2000
"""Points that a search asks for. What words found beyond them counts with an average cosine."""
SAMPLE = 64
CHECK_EVERY_S = 600.0
FIRST_REPAIR_S = 30.0
"""Between two repairs, twice as long each time: two databases of one user that hold the same
sessions would else repair each other all day."""
DAY_S = 86_400.0
BATCH = 128
MEAN_OF = 1000
DRIFT = "drift"

Progress = Callable[[int, int, str], None]


class QdrantTier:
    """The points of one database in Qdrant. Safe to share between threads.

    `drain`, `check` and `rebuild` are for the process that holds the indexer's lock.
    """

    def __init__(
        self,
        database: Database,
        qdrant: QdrantStorage,
        model: str,
        every_s: float = EVERY_S,
        retry_s: float = FIRST_RETRY_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self.database = database
        self._qdrant = qdrant
        self._model = model
        self._answer_s = answer_s
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="aiana-qdrant")
        self._points = 0
        self._checked_at = self._repair_at = -1e9
        self._repairs = 0
        self._mean: NDArray[np.float32] | None = None
        self.outbox = Outbox(database)
        self.outbox.enable(model)
        self._store = self.outbox.fact("store") or ""
        self._scope = Scope(store=self._store, model=model)
        self.link = Link("qdrant", self._probe, every_s=every_s, retry_s=retry_s)

    @property
    def address(self) -> str:
        """Where Qdrant is."""
        return self._qdrant.address

    def close(self) -> None:
        self.link.close()
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._qdrant.close()

    def _probe(self) -> None:
        points = self._qdrant.prepare()
        if points < self._points or not points:
            self.suspect(f"it holds {points:,} points, fewer than before")
        self._points = points

    def suspect(self, why: str) -> None:
        """Have the one process that may repair it look at it; until then, do without."""
        if self.outbox.expected(self._model) and not self.outbox.fact(DRIFT):
            self.outbox.set_fact(DRIFT, why)

    @property
    def behind(self) -> str | None:
        """Why Qdrant does not know all that SQLite knows; None if it does."""
        drift = self.outbox.fact(DRIFT)
        waiting = self.outbox.waiting()
        if waiting:
            return f"{waiting:,} texts still to be sent" + (f"; {drift}" if drift else "")
        refused = self.outbox.refused()
        if refused:
            return f"{refused:,} texts were refused: `aiana reindex qdrant` tries again"
        return drift

    def search(
        self, vector: NDArray[np.float32], projects: Sequence[str]
    ) -> list[tuple[str, float]]:
        """Ids and cosines of the nearest points. Raises TierUnavailable after 150 ms at most."""
        scope = Scope(store=self._store, model=self._model, projects=list(projects))
        future: Future[list[tuple[str, float]]] = self._pool.submit(
            self._qdrant.nearest, vector.tolist(), MOST_NEAREST, scope
        )
        try:
            return future.result(self._answer_s)
        except FutureTimeout:
            future.cancel()
            error = TierUnavailable(
                f"Qdrant at {self.address} did not answer within {self._answer_s * 1000:.0f} ms."
            )
            self.link.failed(error)
            raise error from None
        except TierUnavailable as error:
            self.link.failed(error)
            raise
        except RuntimeError as error:
            raise TierUnavailable("Aiana is closing.") from error

    def mean_cosine(self, vector: NDArray[np.float32]) -> float:
        """The cosine of a vector with what is stored, on average, from a sample."""
        if self._mean is None:
            with self.database.reading() as connection:
                rows = connection.execute(
                    "SELECT vector FROM vectors WHERE model = ? ORDER BY random() LIMIT ?",
                    (self._model, MEAN_OF),
                ).fetchall()
            blob = b"".join(row[0] for row in rows)
            vectors = np.frombuffer(blob, "<f2").reshape(len(rows), -1).astype(np.float32)
            if len(rows) < MEAN_OF:
                return float((vectors @ vector).mean()) if len(rows) else 0.0
            self._mean = vectors.mean(axis=0)
        return float(self._mean @ vector)

    def forget(self, ids: Sequence[str] = (), session_id: str | None = None) -> bool:
        """Delete points now, for a receipt; returns whether they are verified gone.

        What is not done now is done with the outbox.
        """
        if not self.link.is_up:
            return False
        try:
            if session_id is not None:
                self._qdrant.delete(Scope(store=self._store, session_id=session_id))
            return self._qdrant.remove(ids) == len(ids)
        except AianaError as error:
            logger.warning("Qdrant is told of a deletion later: %s", error)
            return False

    def drain(
        self, cancelled: Callable[[], bool] = lambda: False, progress: Progress | None = None
    ) -> int:
        """Send what has changed; returns how many changes Qdrant knows now."""
        done, total = 0, self.outbox.waiting()
        while self.link.is_up and not cancelled() and (changes := self.outbox.batch(BATCH)):
            try:
                done += self._send(changes)
            except TierUnavailable as error:
                self.link.failed(error)
            if progress is not None:
                progress(done, max(total, done), "")
        return done

    def _send(self, changes: Sequence[Change]) -> int:
        """Make the points of some ids what they are to be; returns for how many that was done."""
        points = self.outbox.points([change.id for change in changes], self._model, self._store)
        try:
            self._qdrant.put(list(points.values()))
            self._qdrant.remove([change.id for change in changes if change.id not in points])
        except QdrantRefused as error:
            if len(changes) == 1:
                logger.warning("A text could not be sent: %s", error)
                self.outbox.put_off(changes[0])
                return 0
            half = len(changes) // 2
            return self._send(changes[:half]) + self._send(changes[half:])
        self.outbox.done(changes)
        return len(changes)

    def check(self) -> None:
        """Compare counts and a sample with SQLite; what differs is sent again, but not all day."""
        moment = time.monotonic()
        suspected = self.outbox.fact(DRIFT)
        if not self.link.is_up or self.outbox.waiting():
            return
        if not suspected and moment - self._checked_at < CHECK_EVERY_S:
            return
        self._checked_at = moment
        try:
            found = self._drift()
            if found and moment >= self._repair_at:
                self._repairs += 1
                self._repair_at = moment + min(FIRST_REPAIR_S * 2.0**self._repairs, DAY_S)
                self._repair()
            elif not found and moment >= self._repair_at:
                self._repairs = 0
        except TierUnavailable as error:
            self.link.failed(error)
            return
        if found != suspected:
            self.outbox.set_fact(DRIFT, found)

    def _drift(self) -> str | None:
        expected, found = self.outbox.expected(self._model), self._qdrant.count(self._scope)
        if expected != found:
            return f"it holds {found:,} of {expected:,} points"
        wanted = self.outbox.sample(self._model, SAMPLE)
        held = self._qdrant.hashes(list(wanted))
        wrong = sum(held.get(id) != digest for id, digest in wanted.items())
        return f"{wrong} of {len(wanted)} sampled points differ" if wrong else None

    def _repair(self) -> None:
        for page in self._qdrant.ids(self._scope):
            self.outbox.add(self.outbox.strays(page))
        self.outbox.add_all(self._model)

    def rebuild(
        self, cancelled: Callable[[], bool] = lambda: False, progress: Progress | None = None
    ) -> int:
        """Send everything again from SQLite; returns how many points there are then.

        Raises TierUnavailable if Qdrant does not answer, or holds something else at the end.
        """
        if not self.link.wait(30) and self.link.down is not None:
            raise TierUnavailable(self.link.down.reason)
        self._repair()
        self.drain(cancelled, progress)
        if self.link.down is not None:
            raise TierUnavailable(self.link.down.reason)
        drift = None if self.outbox.waiting() else self._drift()
        self.outbox.set_fact(DRIFT, drift)
        if drift:
            raise TierUnavailable(f"Qdrant at {self.address} was sent everything, but {drift}.")
        return self._qdrant.count(self._scope)


def open_tier(config: Config, storage: AianaStorage, embedder: Embedder) -> QdrantTier:
    """The tier as it is configured."""
    assert config.qdrant_url is not None
    layout = Layout(
        shards=config.qdrant_shards,
        replicas=config.qdrant_replicas,
        write_consistency=config.qdrant_write_consistency,
        on_disk=config.qdrant_on_disk,
        quantized=config.qdrant_quantized,
    )
    qdrant = QdrantStorage(
        config.qdrant_url,
        embedder,
        api_key=config.qdrant_api_key,
        user=config.user,
        grpc_port=config.qdrant_grpc_port,
        layout=layout,
    )
    return QdrantTier(storage.database, qdrant, embedder.model_name)


class QdrantIndex:
    """Cosines of one search's query with every document: Qdrant's where it is in step.

    Otherwise, and when it fails, the embedded index answers; `degraded` then says why.
    """

    def __init__(self, tier: QdrantTier, embedded: VectorIndex, filter: SearchFilter) -> None:
        self._tier = tier
        self._embedded = embedded
        self._filter = filter
        self.degraded: Degraded | None = None

    def cosines(self, query: NDArray[np.float32], catalogue: Catalogue) -> NDArray[np.float32]:
        """See VectorIndex.cosines."""
        tier = self._tier
        if tier.link.is_up and tier.behind is None:
            try:
                return self._from_qdrant(query, catalogue)
            except TierUnavailable:
                pass
        self.degraded = tier.link.down
        return self._embedded.cosines(query, catalogue)

    def _from_qdrant(self, query: NDArray[np.float32], catalogue: Catalogue) -> NDArray[np.float32]:
        tier = self._tier
        hits = tier.search(query, self._projects())
        if not hits:
            tier.suspect("it found nothing")
            return self._embedded.cosines(query, catalogue)
        found = np.full(len(catalogue), np.nan, np.float32)
        if len(hits) == MOST_NEAREST:
            # There is more, less alike than what came; ranking compares with the average of all.
            rest = min(tier.mean_cosine(query), hits[-1][1])
            found[catalogue.spoken] = rest
        first, last, cosines = self._documents(hits)
        start, end = catalogue.rows(first), catalogue.rows(last)
        lengths = np.where((start >= 0) & (end >= start), end - start + 1, 0)
        points = np.repeat(np.arange(len(lengths)), lengths)
        before = np.cumsum(lengths) - lengths
        rows = np.arange(len(points)) - np.repeat(before - start, lengths)
        spoken = catalogue.spoken[rows]
        np.fmax.at(found, rows[spoken], cosines[points[spoken]])
        return found

    def _projects(self) -> list[str]:
        """Identities of the projects that the search is restricted to."""
        if self._filter.project is None:
            return []
        with self._tier.database.reading() as connection:
            keys = matching_projects(connection, self._filter.project)
            rows = connection.execute(
                "SELECT id FROM projects WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(keys),),
            ).fetchall()
        return [row[0] for row in rows] or [self._filter.project]

    def _documents(
        self, hits: Sequence[tuple[str, float]]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
        """First and last document of each hit that SQLite holds, and its cosine."""
        known: dict[str, float] = dict(hits)
        wanted: Any = (json.dumps(list(known)),)
        within = "id IN (SELECT value FROM json_each(?))"
        with self._tier.database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, -key, -key FROM memories WHERE {within}", wanted
            ).fetchall()
            rows += connection.execute(
                f"SELECT id, first_message_key, last_message_key FROM chunks WHERE {within}", wanted
            ).fetchall()
        return (
            np.array([row[1] for row in rows], np.int64),
            np.array([row[2] for row in rows], np.int64),
            np.array([known[row[0]] for row in rows], np.float32),
        )
