"""Meaning over a real database: one contract for the embedded index and for Qdrant."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.embeddings import Embedder
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, MessageType, SearchFilter, Session
from aiana.search.catalogue import CatalogueReader
from aiana.search.meaning import MeaningIndex
from aiana.search.qdrant_index import QdrantIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage import AianaStorage
from aiana.storage.packing import pack, unpack
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.points import PointFilter, Search
from aiana.storage.qdrant.tier import QdrantTier
from tests.integration.qdrant_endpoint import KEY
from tests.integration.servers import until

MODEL = "all-MiniLM-L6-v2"
START = "2026-05-01T00:00:00.000Z"


def unit(count: int, dimensions: int = 384, seed: int = 1) -> NDArray[np.float32]:
    found = np.random.default_rng(seed).standard_normal((count, dimensions), dtype=np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def record(
    storage: AianaStorage, session: str, count: int, length: int = 400, project: str = "p"
) -> None:
    storage.sessions.record(
        Session(id=session, source="codex", project=project, started_at=START),
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
    while storage.chunks.renew(chunks_of):
        pass


def embed(storage: AianaStorage, seed: int, model: str = MODEL) -> dict[int, NDArray[np.float32]]:
    """Random vectors for all that waits, by owner."""
    waiting = storage.chunks.waiting(model, 10_000)
    vectors = unit(len(waiting), seed=seed)
    stored = storage.chunks.put_vectors(
        model, [(text, pack(row)) for text, row in zip(waiting, vectors, strict=True)]
    )
    assert stored == len(waiting)
    return {text.owner: row for text, row in zip(waiting, vectors, strict=True)}


@pytest.fixture
def storage(tmp_path: Path) -> AianaStorage:
    return AianaStorage(tmp_path / "conversations.db")


class Index:
    """What answers by meaning, in step with what is stored."""

    def __init__(self, storage: AianaStorage, tier: QdrantTier | None) -> None:
        self._storage = storage
        self._tier = tier
        self._embedded = VectorIndex(storage.database, MODEL)

    def cosines(self, query: NDArray[np.float32]) -> list[float]:
        """Of every document in the order of the catalogue, none being found by words."""
        catalogue = CatalogueReader(self._storage.database).current()
        index: MeaningIndex = self._embedded
        if self._tier is not None:
            self._tier.drain()
            assert self._tier.behind is None
            # Named by Qdrant: all that it holds.
            held = self._tier.alike(query, Search(scope=PointFilter(), limit=10_000)).own
            assert len(held) == self._tier.outbox.expected(MODEL)
            index = QdrantIndex(self._tier, self._embedded, SearchFilter(), nearest=len(held) or 1)
        everything = np.ones(len(catalogue), bool)
        nothing = np.zeros(len(catalogue), np.float32)
        found = index.cosines(query, catalogue, everything, lambda: nothing)
        return [float(value) for value in found]

    def known(self) -> int:
        """How many documents have a cosine."""
        return int(np.count_nonzero(~np.isnan(self.cosines(unit(1)[0]))))


@pytest.fixture(params=["embedded", "qdrant"])
def index(request: pytest.FixtureRequest, storage: AianaStorage) -> Iterator[Index]:
    """The same contract for both."""
    if request.param == "embedded":
        yield Index(storage, None)
        return
    url = request.getfixturevalue("endpoint").url
    embedder: Embedder = request.getfixturevalue("embedder")
    qdrant = QdrantStorage(url, embedder, api_key=KEY, user=f"test-{uuid.uuid4()}")
    tier = QdrantTier(storage.database, qdrant, MODEL, answer_s=30)
    until(lambda: tier.link.is_up)
    yield Index(storage, tier)
    qdrant.delete(PointFilter())
    tier.close()


def test_cosines_agree_with_exact_ones(storage: AianaStorage, index: Index) -> None:
    record(storage, "a", 1500)
    exact = embed(storage, seed=1)
    query = unit(1, seed=2)[0]
    with storage.database.reading() as connection:
        owners = connection.execute(
            "SELECT c.key FROM chunks c, json_each(c.message_keys) m ORDER BY m.value"
        ).fetchall()
    wanted = [float(exact[owner] @ query) for (owner,) in owners]
    assert len(wanted) == 1500
    assert np.abs(np.array(index.cosines(query)) - np.array(wanted)).max() < 0.002


def test_all_turns_of_a_chunk_have_its_cosine(storage: AianaStorage, index: Index) -> None:
    record(storage, "a", 3, length=50)
    (vector,) = embed(storage, seed=1).values()
    assert index.cosines(vector) == pytest.approx([1, 1, 1], abs=0.002)


def test_cosine_goes_to_the_messages_of_the_chunk(storage: AianaStorage, index: Index) -> None:
    kinds: list[MessageType] = ["assistant", "tool_result", "user", "tool_use", "summary"]
    storage.sessions.record(
        Session(id="a", source="codex", project="p", started_at=START),
        [
            Message(
                id=f"m{place}",
                session_id="a",
                type=kinds[place % 5],
                content=f"{place} ".ljust(350 + 37 * (place % 7), "x"),
                timestamp=START,
            )
            for place in range(40)
        ],
    )
    while storage.chunks.renew(chunks_of):
        pass
    exact = embed(storage, seed=1)
    query = unit(1, seed=2)[0]
    with storage.database.reading() as connection:
        owners = dict(
            connection.execute(
                "SELECT m.value, c.key FROM chunks c, json_each(c.message_keys) m"
            ).fetchall()
        )
        spoken = connection.execute(
            "SELECT key, type IN ('user', 'assistant', 'summary') FROM messages ORDER BY key"
        ).fetchall()
    wanted = [float(exact[owners[key]] @ query) if said else np.nan for key, said in spoken]
    assert index.cosines(query) == pytest.approx(wanted, abs=0.002, nan_ok=True)


def test_new_removed_and_changed_vectors_are_seen(storage: AianaStorage, index: Index) -> None:
    assert index.known() == 0
    record(storage, "a", 2)
    embed(storage, seed=1)
    assert index.known() == 2
    record(storage, "b", 3)
    embed(storage, seed=2)
    assert index.known() == 5
    storage.sessions.delete("a")
    assert index.known() == 3
    memory, _ = storage.memories.add("a fact")
    (vector,) = embed(storage, seed=3).values()
    assert index.cosines(vector)[0] == pytest.approx(1, abs=0.002)
    storage.memories.update(memory.id, content="another fact")
    assert np.isnan(index.cosines(vector)[0])


def test_vectors_of_another_model_are_never_used(storage: AianaStorage, index: Index) -> None:
    record(storage, "a", 2)
    embed(storage, seed=1, model="other")
    assert index.known() == 0
    assert storage.chunks.count_waiting(MODEL) == 2


def test_a_text_that_changed_meanwhile_gets_no_vector(storage: AianaStorage) -> None:
    memory, _ = storage.memories.add("a fact")
    (waiting,) = storage.chunks.waiting(MODEL, 10)
    storage.memories.update(memory.id, content="another fact")
    assert storage.chunks.put_vectors(MODEL, [(waiting, pack(unit(1)[0]))]) == 0
    assert [text.content for text in storage.chunks.waiting(MODEL, 10)] == ["another fact"]


def test_unchanged_chunks_keep_their_vectors(storage: AianaStorage) -> None:
    record(storage, "a", 3)
    embed(storage, seed=1)
    record(storage, "a", 4)
    assert [text.content[:3] for text in storage.chunks.waiting(MODEL, 10)] == ["a 3"]


def test_turns_that_tell_a_secret_together_are_embedded_without_it(storage: AianaStorage) -> None:
    def say(*said: str) -> None:
        storage.sessions.record(
            Session(id="s", source="codex", project="p", started_at=START),
            [
                Message(id=text, session_id="s", type="user", content=text, timestamp=START)
                for text in said
            ],
        )
        while storage.chunks.renew(chunks_of):
            pass

    value = "q8Zk39" + "f" * 3 + "Xq81mmZ"
    say("What is the password of the shop? password:", value, "x" * 900)
    embed(storage, seed=1)
    assert storage.chunks.waiting(MODEL, 10) == []
    say("x" * 901)
    assert [text.content for text in storage.chunks.waiting(MODEL, 10)] == ["x" * 901]
    with storage.database.reading() as connection:
        chunks = [text for (text,) in connection.execute("SELECT content FROM chunks")]
    assert chunks[0] == "What is the password of the shop? password:\n[redacted:password]"


def test_vectors_are_stored_in_half_precision() -> None:
    vector = unit(1)[0]
    assert len(pack(vector)) == 768
    assert np.abs(unpack(pack(vector)) - vector).max() < 2e-4
