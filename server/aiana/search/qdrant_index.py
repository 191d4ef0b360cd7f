"""Meaning by way of Qdrant: it names the texts most alike, the embedded vectors say how much."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from aiana.errors import TierUnavailable
from aiana.models import Degraded, SearchFilter
from aiana.search.engine import MOST_BY_MEANING
from aiana.storage.qdrant.points import PointFilter
from aiana.storage.rows import matching_projects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from aiana.search.catalogue import Catalogue
    from aiana.search.vector_index import VectorIndex
    from aiana.storage.database import Database
    from aiana.storage.qdrant.tier import QdrantTier

MOST_NEAREST = 1000
"""Points that a search asks for: of long texts several stand for one document."""
MOST_BY_WORDS = 1000
"""Documents found by words whose cosine is looked up, though Qdrant did not name them."""
SAMPLE = 1000
"""Other documents, by which the average of all of them is known well enough."""


class QdrantIndex:
    """Cosines of one search's query: of what Qdrant names, and of the best that words found.

    The rest is taken to be as alike as it is on average. Where Qdrant is not in step or fails, the
    embedded index looks at everything, and where it names little of what the search is restricted
    to, at all of that; `degraded` says what failed.
    """

    def __init__(
        self,
        tier: QdrantTier,
        embedded: VectorIndex,
        filter: SearchFilter,
        nearest: int = MOST_NEAREST,
    ) -> None:
        self._tier = tier
        self._embedded = embedded
        self._filter = filter
        self._nearest = nearest
        self.degraded: Degraded | None = None

    def cosines(
        self,
        query: NDArray[np.float32],
        catalogue: Catalogue,
        admitted: NDArray[np.bool_],
        words: Callable[[], NDArray[np.float32]],
    ) -> NDArray[np.float32]:
        """See MeaningIndex."""
        tier = self._tier
        named: list[str] = []
        if tier.link.is_up and tier.is_in_step:
            with suppress(TierUnavailable):
                named = tier.nearest(query, self._nearest, scope_of(tier.database, self._filter))
        self.degraded = tier.link.down
        if not named:
            return self._embedded.cosines(query, catalogue)
        near = admitted & self._documents(named, catalogue)
        if len(named) < self._nearest or np.count_nonzero(near) < MOST_BY_MEANING:
            return self._embedded.cosines_of(query, catalogue, admitted)
        others = admitted & catalogue.spoken & ~near
        worded = _greatest(words() * others, MOST_BY_WORDS)
        rest = np.flatnonzero(others & ~worded)
        sample = np.zeros(len(catalogue), bool)
        sample[rest[:: max(1, len(rest) // SAMPLE)]] = True
        found = self._embedded.cosines_of(query, catalogue, near | worded | sample)
        known = found[sample]
        known = known[~np.isnan(known)]
        found[rest] = known.mean() if len(known) else np.nan
        return found

    def _documents(self, ids: list[str], catalogue: Catalogue) -> NDArray[np.bool_]:
        """The rows that points speak for."""
        wanted: Any = (json.dumps(ids),)
        within = "IN (SELECT value FROM json_each(?))"
        with self._tier.database.reading() as connection:
            keys = connection.execute(
                f"SELECT -key FROM memories WHERE id {within}", wanted
            ).fetchall()
            keys += connection.execute(
                f"SELECT m.value FROM chunks c, json_each(c.message_keys) m WHERE c.id {within}",
                wanted,
            ).fetchall()
        rows = np.zeros(len(catalogue), bool)
        rows[catalogue.present(np.array(keys, np.int64).reshape(-1))] = True
        return rows


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
