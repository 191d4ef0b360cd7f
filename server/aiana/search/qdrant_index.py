"""Meaning by way of Qdrant: it says what is most alike, the database of what words found."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from aiana.errors import TierUnavailable
from aiana.models import Degraded, SearchFilter
from aiana.search.engine import MOST_BY_MEANING
from aiana.storage.guarded import Admitted
from aiana.storage.qdrant.points import PointFilter, Search
from aiana.storage.rows import matching_projects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aiana.search.catalogue import Catalogue
    from aiana.search.vector_index import VectorIndex
    from aiana.storage.database import Database
    from aiana.storage.qdrant.tier import Alike, QdrantTier

MOST_NEAREST = 200
"""Points that a search asks for: what a list of hits can show of those that are alike."""
STEP = 5
"""How many times as many are asked for where these were too few, once."""
MOST_BY_WORDS = 500
"""Documents found by words whose cosine is looked up, though Qdrant did not name them."""
MOST_READ = 2000
"""Documents whose vectors are read one by one, where a search is restricted to no more."""


class QdrantIndex:
    """Cosines of one search's query: of what Qdrant names, and of the best that words found.

    The rest is taken to be as alike as it is on average. What Qdrant does not know yet as it is,
    is read from the database. Where it is further behind, or fails, the embedded index looks at
    everything; `degraded` says what failed.
    """

    def __init__(
        self,
        tier: QdrantTier,
        embedded: VectorIndex,
        filter: SearchFilter,
        nearest: int = MOST_NEAREST,
        shared: Search | None = None,
    ) -> None:
        self._tier = tier
        self._embedded = embedded
        self._stored = embedded.stored
        self._filter = filter
        self._nearest = nearest
        self._asked_of_colleagues = shared
        self._answer: Alike | None = None
        self._asked: Callable[[], Alike] | None = None
        self._changed: list[str] | None = None
        self.degraded: Degraded | None = None

    def shared(self, query: NDArray[np.float32]) -> list[dict[str, Any]]:
        """The points of colleagues most like the query; with the own ones it is one request."""
        if self._asked_of_colleagues is None:
            return []
        answer = self._first(query)
        return answer.shared if answer is not None else []

    def ask(self, query: NDArray[np.float32]) -> None:
        """Ask Qdrant, once, and go on; see MeaningIndex."""
        if self._asked is None and self._tier.link.is_up:
            self._changed = self._tier.changed()
            own = None
            if self._changed is not None:
                own = Search(scope=self._scope, limit=self._nearest)
            with suppress(TierUnavailable):
                self._asked = self._tier.ask_alike(query, own, self._asked_of_colleagues)

    def _first(self, query: NDArray[np.float32]) -> Alike | None:
        """What Qdrant answers; None if it does not."""
        self.ask(query)
        if self._answer is None and self._asked is not None and self._tier.link.is_up:
            with suppress(TierUnavailable):
                self._answer = self._asked()
        self.degraded = self._tier.link.down
        return self._answer

    @cached_property
    def _scope(self) -> PointFilter:
        return scope_of(self._tier.database, self._filter)

    def cosines(
        self,
        query: NDArray[np.float32],
        catalogue: Catalogue,
        admitted: NDArray[np.bool_],
        words: Callable[[], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """See MeaningIndex."""
        try:
            found = self._of_what_is_alike(query, catalogue, admitted)
        except TierUnavailable:
            found = None
            self.degraded = self._tier.link.down
        if found is None:
            return self._embedded.cosines(query, catalogue)
        self._embedded.release()
        others = admitted & catalogue.spoken & np.isnan(found)
        worded = _greatest(words() * others, MOST_BY_WORDS)
        of_words = self._stored.cosines(query, catalogue, worded)
        found = np.where(np.isnan(found), of_words, found)
        rest = others & ~worded
        if rest.any():
            sample = self._stored.sampled(query, catalogue, rest)
            if len(sample):
                found[rest] = sample.mean()
        return found

    def _of_what_is_alike(
        self,
        query: NDArray[np.float32],
        catalogue: Catalogue,
        admitted: NDArray[np.bool_],
    ) -> NDArray[np.float32] | None:
        """The cosines of what is most alike, NaN for all others; None if Qdrant cannot tell."""
        answer, changed = self._first(query), self._changed
        if answer is None or changed is None:
            return None
        points, limit = answer.own, self._nearest
        found = self._documents(points, catalogue, changed)
        if self._are_too_few(found, admitted, points, limit):
            if np.count_nonzero(admitted) <= MOST_READ:
                return self._stored.cosines(query, catalogue, admitted)
            if len(points) < limit:  # It named all that it has: it has lost some.
                return None
            limit *= STEP
            points = self._tier.alike(query, Search(scope=self._scope, limit=limit)).own
            found = self._documents(points, catalogue, changed)
            if self._are_too_few(found, admitted, points, limit):
                return None
        if changed:
            rows = self._rows(catalogue, changed)[1]
            stale = np.zeros(len(catalogue), bool)
            stale[rows] = True
            found = np.where(stale, self._stored.cosines(query, catalogue, stale), found)
        return found

    @staticmethod
    def _are_too_few(
        found: NDArray[np.float32],
        admitted: NDArray[np.bool_],
        points: Sequence[dict[str, Any]],
        limit: int,
    ) -> bool:
        near = np.count_nonzero(admitted & ~np.isnan(found))
        return bool(len(points) < limit or near < MOST_BY_MEANING / 2)

    def _documents(
        self, points: Sequence[dict[str, Any]], catalogue: Catalogue, changed: Sequence[str]
    ) -> NDArray[np.float32]:
        """The best score of each row of the catalogue that the points speak for."""
        stale = set(changed)
        scores = {point["id"]: point["score"] for point in points if point["id"] not in stale}
        found = np.full(len(catalogue), np.nan, np.float32)
        ids, rows = self._rows(catalogue, list(scores))
        best = np.full(len(catalogue), -2, np.float32)
        np.maximum.at(best, rows, np.array([scores[id] for id in ids], np.float32))
        found[rows] = best[rows]
        return found

    def _rows(
        self, catalogue: Catalogue, ids: Sequence[str]
    ) -> tuple[list[str], NDArray[np.int32]]:
        """Points, and the row of the catalogue that each speaks for, one beside the other."""
        wanted: Any = (Admitted(json.dumps(list(ids))),)
        with self._tier.database.reading() as connection:
            pairs = connection.execute(_MEMORIES, wanted).fetchall()
            pairs += connection.execute(_CHUNKS, wanted).fetchall()
        rows = catalogue.rows(np.array([key for _, key in pairs], np.int64))
        known = rows >= 0
        return [id for (id, _), held in zip(pairs, known, strict=True) if held], rows[known]


_MEMORIES = """
SELECT m.id, -m.key FROM json_each(?) wanted CROSS JOIN memories m ON m.id = wanted.value
"""
_CHUNKS = """
SELECT c.id, turn.value FROM json_each(?) wanted
    CROSS JOIN chunks c ON c.id = wanted.value CROSS JOIN json_each(c.message_keys) turn
"""


def scope_of(database: Database, filter: SearchFilter) -> PointFilter:
    """What a filter says of points; it may let through more than the filter does."""
    projects: list[str] = []
    if filter.project is not None:
        with database.reading() as connection:
            keys = matching_projects(connection, filter.project)
            rows = connection.execute(
                "SELECT id FROM projects WHERE key IN (SELECT value FROM json_each(?))",
                (json.dumps(keys),),
            ).fetchall()
        projects = [row[0] for row in rows] or [filter.project]
    # A chunk has the time of its last message: it may begin before what `before` names.
    return PointFilter(
        projects=projects,
        sources=filter.sources,
        session_id=filter.session_id,
        after=filter.after,
    )


def _greatest(scores: NDArray[np.float32], most: int) -> NDArray[np.bool_]:
    """The rows with the greatest scores above zero."""
    rows = np.flatnonzero(scores)
    if len(rows) > most:
        rows = rows[np.argpartition(-scores[rows], most)[:most]]
    chosen = np.zeros(len(scores), bool)
    chosen[rows] = True
    return chosen
