"""The interface that users were promised, used as they were promised it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiana.capture.importer import import_sources

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"


def test_storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIANA_HOME", str(tmp_path))
    from aiana.storage import AianaStorage

    storage = AianaStorage()
    import_sources(storage, paths=[SAMPLE])
    assert storage.database.path == tmp_path / "conversations.db"
    sessions = storage.list_sessions(project="shop", limit=10)
    assert [session.message_count for session in sessions] == [5, 6, 8, 8]
    messages = storage.get_messages(sessions[-1].id)
    assert messages[0].content.startswith("Since yesterday's deploy")
    results = storage.search("CREATE INDEX CONCURRENTLY", limit=20)
    assert results[0].session_title == "Add an index without locking the orders table"
    assert storage.search("CONCURRENTLY", project="infra") == []
    assert len(storage.search("the", limit=3)) == 3
    stats = storage.get_stats()
    assert (stats.sessions, stats.messages, stats.sources) == (6, 38, {"claude-code": 6})
    storage.close()


def test_the_schema_has_the_promised_columns(tmp_path: Path) -> None:
    from aiana.storage import AianaStorage

    promised = {
        "sessions": "id project_path transcript_path started_at ended_at summary message_count "
        "token_count metadata",
        "messages": "id type role content tool_name tool_input parent_id timestamp tokens metadata",
    }
    with AianaStorage(tmp_path / "a.db") as storage:
        for table, columns in promised.items():
            rows = storage.database.reader.execute(f"PRAGMA table_info({table})")
            assert set(columns.split()) <= {row[1] for row in rows}
        tables = storage.database.reader.execute("SELECT name FROM sqlite_schema").fetchall()
        assert ("messages_fts",) in tables


def test_embeddings(compiled_model_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIANA_HOME", str(compiled_model_home))
    from aiana.embeddings import Embedder, get_embedder

    embedder = get_embedder()
    assert len(embedder.embed("Fix security vulnerability")) == 384
    vectors = embedder.batch_embed(["First memory", "Second memory", "Third memory"], batch_size=32)
    assert len(vectors) == 3
    close = embedder.similarity("security fix", "vulnerability patch")
    assert close > embedder.similarity("security fix", "banana bread")
    assert Embedder(model_name="all-MiniLM-L6-v2", device="cpu").model_name == "all-MiniLM-L6-v2"
