"""The work in the background: what is captured waits for nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.embeddings import Embedder
from aiana.embeddings.embedder import Engine
from aiana.indexing import indexer as indexing
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, Session
from aiana.storage import AianaStorage
from tests.integration.servers import until


class SlowStart(Embedder):
    """A model that takes until it is told to be there."""

    def __init__(self) -> None:
        super().__init__("none-at-all")
        self.entered, self.ready = threading.Event(), threading.Event()

    def load(self) -> Engine:
        self.entered.set()
        self.ready.wait()
        return super().load()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "home" / "conversations.db") as opened:
        yield opened


def record(storage: AianaStorage, *texts: str) -> None:
    time = "2026-02-01T12:00:00.000Z"
    session = Session(id="s1", source="aiana", started_at=time)
    messages = [
        Message(id=f"m{n}", session_id="s1", type="user", content=text, timestamp=time)
        for n, text in enumerate(texts)
    ]
    storage.sessions.record(session, messages)


def test_capture_waits_for_no_model(
    storage: AianaStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "INTERVAL_S", 0.02)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    record(storage, "a text that waits for its vector")
    embedder = SlowStart()
    config = Config(data_dir=tmp_path / "home")
    indexer = indexing.Indexer(config, storage, embedder)
    indexer.start()
    try:
        assert embedder.entered.wait(60)
        transcript = tmp_path / "claude" / "projects" / "-x" / "s2.jsonl"
        transcript.parent.mkdir(parents=True)
        said = {"type": "user", "uuid": "u1", "sessionId": "s2", "message": {"content": "hello"}}
        transcript.write_text(json.dumps(said) + "\n")
        until(lambda: storage.get_stats().sessions == 2)
    finally:
        embedder.ready.set()
        indexer.stop()


def test_what_is_not_cut_yet_waits_as_well(storage: AianaStorage) -> None:
    record(storage, "first", "second", "third")
    assert storage.counts("model")[1].pending == 3
    while storage.chunks.renew(chunks_of):
        pass
    counts, indexing_state = storage.counts("model")
    assert indexing_state.pending == counts.chunks == 1


def test_a_lock_that_cannot_be_opened_is_told_once(
    storage: AianaStorage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As on a disk that became read-only."""
    monkeypatch.setattr(indexing, "INTERVAL_S", 0.02)
    rounds = threading.Semaphore(0)
    rest = indexing.Indexer._rest

    def counted(indexer: indexing.Indexer) -> None:
        rounds.release()
        rest(indexer)

    monkeypatch.setattr(indexing.Indexer, "_rest", counted)
    lock = tmp_path / "home" / "indexer.lock"
    lock.mkdir()
    indexer = indexing.Indexer(Config(data_dir=tmp_path / "home"), storage, Embedder("none-at-all"))
    indexer.start()
    try:
        assert all(rounds.acquire(timeout=60) for _ in range(3))
    finally:
        indexer.stop()
    assert [(record.levelname, record.message) for record in caplog.records] == [
        (
            "WARNING",
            f"Background work is put off: {lock} cannot be used: is a directory. Fix that, or set "
            "AIANA_HOME to another folder.",
        )
    ]
