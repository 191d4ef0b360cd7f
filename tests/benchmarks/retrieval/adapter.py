"""Drives Aiana, through the service that all its front ends use, over short texts."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from aiana.config import Config
from aiana.embeddings import Embedder
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, Mode, SearchFilter, Session
from aiana.service import open_aiana
from aiana.storage.packing import pack
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

    def __init__(self, embedder: Embedder, cache: Path, imported: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._imported = imported
        self._aiana = open_aiana(Config(data_dir=Path(self._folder.name)))
        self._aiana.container.embedder = embedder
        self.storage = self._aiana.container.storage
        self._vectors = Vectors(embedder, cache)

    def close(self) -> None:
        self._aiana.close()
        self._folder.cleanup()

    def add(self, units: Sequence[Unit]) -> int:
        """Store, cut and embed the texts as the product does; returns the number of vectors.

        With `imported` they come in as transcripts on disk, as those of an assistant do.
        """
        sessions: dict[str, list[Unit]] = {}
        for unit in units:
            sessions.setdefault(unit["session"], []).append(unit)
        if self._imported:
            folder = Path(self._folder.name) / "transcripts"
            for number, (name, members) in enumerate(sessions.items()):
                write_transcript(folder / f"{number}.jsonl", name, members)
            counts = self._aiana.import_sessions(paths=[str(folder)]).sources["claude-code"]
            assert counts.messages == len(units), f"{counts.messages} of {len(units)} came in"
        else:
            with self.storage.database.writing():
                for name, members in sessions.items():
                    self.storage.sessions.record(*messages_of(name, members))
        while self.storage.chunks.renew(chunks_of, 500):
            pass
        waiting = self.storage.chunks.waiting(self._vectors.model, 10_000_000)
        vectors = self._vectors.of([text.content for text in waiting])
        return self.storage.chunks.put_vectors(
            self._vectors.model,
            [(text, pack(row)) for text, row in zip(waiting, vectors, strict=True)],
        )

    def search(
        self, text: str, mode: Mode = "hybrid", group: str | None = None, limit: int = 50
    ) -> list[tuple[str, str]]:
        """Unit and session of each hit, best first."""
        found = self._aiana.search(
            text,
            limit=limit,
            mode=mode,
            filter=SearchFilter(project=group and project_name(group, self._imported)),
            wait_for_model=True,
        )
        return [(hit.message_id or "", hit.session_id or "") for hit in found.hits]


def messages_of(name: str, members: Sequence[Unit]) -> tuple[Session, list[Message]]:
    """A session of a collection as Aiana stores it."""
    times = [_moment(unit["ts"]) for unit in members]
    session = Session(id=name, source=SOURCE, project=members[0]["group"], started_at=min(times))
    messages = [
        Message(
            id=unit["id"],
            session_id=name,
            type="user" if unit["role"] == "user" else "assistant",
            role=unit["role"],
            content=unit["text"],
            timestamp=moment,
        )
        for unit, moment in zip(members, times, strict=True)
    ]
    return session, messages


def project_name(group: str, imported: bool) -> str:
    """A group is a folder of its own where transcripts tell of it."""
    return f"/bench/{group}" if imported else group


def write_transcript(path: Path, name: str, members: Sequence[Unit]) -> None:
    """A session of a collection as Claude Code would have written it, with the data's own times."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for unit in members:
            kind = "user" if unit["role"] == "user" else "assistant"
            record = {
                "type": kind,
                "uuid": unit["id"],
                "sessionId": name,
                "cwd": project_name(unit["group"], True),
                "timestamp": _moment(unit["ts"]),
                "message": {"role": kind, "content": [{"type": "text", "text": unit["text"]}]},
            }
            file.write(json.dumps(record) + "\n")


class Vectors:
    """Vectors of texts, kept in a file between runs since embedding is the slow part."""

    def __init__(self, embedder: Embedder, cache: Path) -> None:
        self.model = embedder.model_name
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


def _moment(timestamp: str | None) -> str:
    """RFC 3339 in UTC; texts without a time share one, as those of many assistants do."""
    moment = EPOCH if timestamp is None else datetime.fromisoformat(timestamp)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return format_time(moment)
