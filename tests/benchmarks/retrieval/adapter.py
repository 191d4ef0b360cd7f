"""Drives Aiana's own storage, indexes and embedder over a collection of short texts."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.models import Message, Mode, SearchFilter, Session
from aiana.retrieval.engine import Request, search
from aiana.retrieval.query import Query
from aiana.storage import AianaStorage
from aiana.storage.text_index import TextIndex
from aiana.storage.vectors import VectorIndex, to_bytes
from aiana.times import format_time

SOURCE = "bench"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Unit(TypedDict):
    """A text of a collection; `group` is a project, `ts` when it was said if that is known."""

    id: str
    session: str
    group: str
    ts: str | None
    role: str
    text: str


class Store:
    """A database of its own, and searches in it."""

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.storage = AianaStorage(Path(self._folder.name) / "conversations.db")
        self.embedder = embedder
        self.text_index = TextIndex(self.storage.database)
        self.vector_index = VectorIndex(self.storage.database, embedder.model_name)
        self._vectors = Vectors(embedder, cache)
        self._names: dict[int, tuple[str, str]] = {}
        self._now = EPOCH

    def close(self) -> None:
        self.storage.close()
        self._folder.cleanup()

    def add(self, units: Sequence[Unit]) -> int:
        """Store the texts, cut and embed them as the product does; returns the number of vectors.

        Searches take place on the day of the newest text, where recency weighs most.
        """
        sessions: dict[str, list[Unit]] = {}
        for unit in units:
            sessions.setdefault(unit["session"], []).append(unit)
        with self.storage.database.writing():
            for name, members in sessions.items():
                self._record(name, members)
        while self.storage.chunks.renew(500):
            pass
        with self.storage.database.reading() as connection:
            for key, unit_id, session in connection.execute(
                "SELECT m.key, m.id, s.id FROM messages m JOIN sessions s ON s.key = m.session_key"
            ):
                self._names[key] = (unit_id, session)
            (newest,) = connection.execute("SELECT max(timestamp) FROM messages").fetchone()
        self._now = datetime.fromisoformat(newest)
        waiting = self.storage.chunks.waiting(self.embedder.model_name, 10_000_000)
        vectors = self._vectors.of([text.content for text in waiting])
        return self.storage.chunks.put_vectors(
            self.embedder.model_name,
            [(text, to_bytes(row)) for text, row in zip(waiting, vectors, strict=True)],
        )

    def _record(self, name: str, members: Sequence[Unit]) -> None:
        times = [_moment(unit["ts"], place) for place, unit in enumerate(members)]
        self.storage.sessions.record(
            Session(id=name, source=SOURCE, project=members[0]["group"], started_at=min(times)),
            [
                Message(
                    id=unit["id"],
                    session_id=name,
                    type="user" if unit["role"] == "user" else "assistant",
                    role=unit["role"],
                    content=unit["text"],
                    timestamp=moment,
                )
                for unit, moment in zip(members, times, strict=True)
            ],
        )

    def search(
        self, text: str, mode: Mode = "hybrid", group: str | None = None, limit: int = 50
    ) -> list[tuple[str, str]]:
        """Unit and session of each hit, best first. The text is searched for as it stands."""
        request = Request(
            query=Query(words=tuple(text.split())),
            filter=SearchFilter(project=group),
            mode=mode,
            now=self._now,
        )
        found = search(request, self.text_index, self.vector_index, self.embedder.embed)
        return [self._names[hit.key] for hit in found.hits[:limit]]


class Vectors:
    """Vectors of texts, kept in a file between runs since embedding is the slow part."""

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self._embedder = embedder
        self._folder = cache
        cache.mkdir(parents=True, exist_ok=True)

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One vector a text; (texts, dimensions)."""
        digest = hashlib.sha256("\0".join([self._embedder.model_name, *texts]).encode())
        path = self._folder / f"{digest.hexdigest()[:24]}.npy"
        if not path.exists():
            np.save(path, self._embedder.batch_embed(texts))
        return np.asarray(np.load(path), np.float32)


def _moment(timestamp: str | None, place: int) -> str:
    """RFC 3339 in UTC; texts without a time are a millisecond apart, in order."""
    moment = EPOCH if timestamp is None else datetime.fromisoformat(timestamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return format_time(moment + timedelta(milliseconds=place))
