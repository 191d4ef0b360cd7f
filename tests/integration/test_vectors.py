"""The embedded vector index, over a real database."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.models import Message, Session
from aiana.storage import AianaStorage
from aiana.storage.catalogue import CatalogueReader
from aiana.storage.vectors import VectorIndex, from_bytes, to_bytes

MODEL = "all-MiniLM-L6-v2"
START = "2026-05-01T00:00:00.000Z"


def unit(count: int, dimensions: int = 384, seed: int = 1) -> NDArray[np.float32]:
    found = np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def record(storage: AianaStorage, session: str, count: int, length: int = 400) -> None:
    storage.sessions.record(
        Session(id=session, source="codex", project="p", started_at=START),
        [
            Message(
                id=f"{session}-{place}",
                session_id=session,
                type="user",
                content=f"{session} {place} ".ljust(length, "x"),
                timestamp=START,
            )
            for place in range(count)
        ],
    )
    while storage.chunks.renew():
        pass


def embed(storage: AianaStorage, seed: int, model: str = MODEL) -> dict[int, NDArray[np.float32]]:
    """Random vectors for all that waits, by owner."""
    waiting = storage.chunks.waiting(model, 10_000)
    vectors = unit(len(waiting), seed=seed)
    stored = storage.chunks.put_vectors(
        model, [(text, to_bytes(row)) for text, row in zip(waiting, vectors, strict=True)]
    )
    assert stored == len(waiting)
    return {text.owner: row for text, row in zip(waiting, vectors, strict=True)}


@pytest.fixture
def storage(tmp_path: Path) -> AianaStorage:
    return AianaStorage(tmp_path / "conversations.db")


def cosines(storage: AianaStorage, index: VectorIndex, query: NDArray[np.float32]) -> list[float]:
    catalogue = CatalogueReader(storage.database).current()
    return [float(value) for value in index.cosines(query, catalogue)]


def test_cosines_agree_with_exact_ones(storage: AianaStorage) -> None:
    record(storage, "a", 1500)
    exact = embed(storage, seed=1)
    query = unit(1, seed=2)[0]
    found = cosines(storage, VectorIndex(storage.database, MODEL), query)
    with storage.database.reading() as connection:
        owners = connection.execute(
            "SELECT c.key FROM messages m JOIN chunks c ON c.first_message_key = m.key "
            "ORDER BY m.session_key, m.key"
        ).fetchall()
    wanted = [float(exact[owner] @ query) for (owner,) in owners]
    assert len(wanted) == 1500
    assert np.abs(np.array(found) - np.array(wanted)).max() < 0.002


def test_all_turns_of_a_chunk_have_its_cosine(storage: AianaStorage) -> None:
    record(storage, "a", 3, length=50)
    (vector,) = embed(storage, seed=1).values()
    found = cosines(storage, VectorIndex(storage.database, MODEL), vector)
    assert found == pytest.approx([1, 1, 1], abs=0.002)


def test_new_removed_and_changed_vectors_are_seen(storage: AianaStorage) -> None:
    index = VectorIndex(storage.database, MODEL)
    assert index.refresh() == 0
    record(storage, "a", 2)
    embed(storage, seed=1)
    assert index.refresh() == 2
    record(storage, "b", 3)
    embed(storage, seed=2)
    assert index.refresh() == 5
    storage.sessions.delete(["a"])
    assert index.refresh() == 3
    memory, _ = storage.memories.add("a fact")
    (vector,) = embed(storage, seed=3).values()
    assert cosines(storage, index, vector)[0] == pytest.approx(1, abs=0.002)
    storage.memories.update(memory.id, content="another fact")
    assert np.isnan(cosines(storage, index, vector)[0])


def test_vectors_of_another_model_are_never_used(storage: AianaStorage) -> None:
    record(storage, "a", 2)
    embed(storage, seed=1, model="other")
    index = VectorIndex(storage.database, MODEL)
    assert index.refresh() == 0
    assert storage.chunks.count_waiting(MODEL) == 2
    assert np.isnan(cosines(storage, index, unit(1)[0])).all()


def test_a_text_that_changed_meanwhile_gets_no_vector(storage: AianaStorage) -> None:
    memory, _ = storage.memories.add("a fact")
    (waiting,) = storage.chunks.waiting(MODEL, 10)
    storage.memories.update(memory.id, content="another fact")
    assert storage.chunks.put_vectors(MODEL, [(waiting, to_bytes(unit(1)[0]))]) == 0
    assert [text.content for text in storage.chunks.waiting(MODEL, 10)] == ["another fact"]


def test_unchanged_chunks_keep_their_vectors(storage: AianaStorage) -> None:
    record(storage, "a", 3)
    embed(storage, seed=1)
    record(storage, "a", 4)
    assert [text.content[:3] for text in storage.chunks.waiting(MODEL, 10)] == ["a 3"]


def test_vectors_are_stored_in_half_precision() -> None:
    vector = unit(1)[0]
    assert len(to_bytes(vector)) == 768
    assert np.abs(from_bytes(to_bytes(vector)) - vector).max() < 2e-4
