"""What Aiana is compared with: plain FTS5, and reciprocal rank fusion with the same vectors."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from tests.benchmarks.retrieval.adapter import Unit

from aiana.search.stop_words import STOP_WORDS

DEPTH = 100


class PlainText:
    """SQLite's own BM25 over the texts: porter, any word, stop words dropped."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._units = units
        self._connection = sqlite3.connect(":memory:")
        self._connection.execute(
            "CREATE VIRTUAL TABLE texts USING "
            "fts5(text, project UNINDEXED, tokenize='porter unicode61')"
        )
        self._connection.executemany(
            "INSERT INTO texts(rowid, text, project) VALUES (?, ?, ?)",
            ((row, unit["text"], unit["group"]) for row, unit in enumerate(units)),
        )

    def search(self, text: str, group: str | None = None) -> list[tuple[str, str]]:
        """Unit and session of each hit, best first."""
        words = list(dict.fromkeys(re.findall(r"\w+", text.lower())))
        words = [word for word in words if word not in STOP_WORDS] or words
        if not words:
            return []
        rows = self._connection.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ?1 AND (?2 IS NULL OR project = ?2) "
            "ORDER BY rank LIMIT ?3",
            (" OR ".join(f'"{word}"' for word in words), group, DEPTH),
        )
        return [(self._units[row]["id"], self._units[row]["session"]) for (row,) in rows]


def reciprocal_ranks(*lists: Sequence[tuple[str, str]], k: int = 60) -> list[tuple[str, str]]:
    """Reciprocal rank fusion with equal weights (Cormack, Clarke and Buettcher 2009)."""
    scores: dict[tuple[str, str], float] = defaultdict(float)
    for ranked in lists:
        for place, hit in enumerate(ranked):
            scores[hit] += 1 / (k + place + 1)
    return sorted(scores, key=lambda hit: -scores[hit])
