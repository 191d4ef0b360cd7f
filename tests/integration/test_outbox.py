"""Qdrant as a tier of the store: nothing is lost on the way, whatever happens to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.config import Config
from aiana.embeddings import Embedder
from aiana.errors import TierUnavailable
from aiana.models import Message, SearchFilter, Session
from aiana.service import Aiana
from aiana.storage import AianaStorage
from aiana.storage.catalogue import Catalogue
from aiana.storage.outbox import MOST_ATTEMPTS, Outbox
from aiana.storage.points import COLLECTION
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant_index import QdrantIndex
from aiana.storage.qdrant_tier import QdrantTier
from aiana.storage.text_index import TextIndex
from aiana.storage.vectors import VectorIndex, to_bytes
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.servers import until

MODEL = "all-MiniLM-L6-v2"
SERVER = os.environ.get("AIANA_TEST_QDRANT_URL")
SERVER_KEY = os.environ.get("AIANA_TEST_QDRANT_API_KEY")


class Store:
    """A database with made-up vectors, and its tier."""

    def __init__(self, path: Path, url: str, key: str | None, embedder: Embedder) -> None:
        self.storage = AianaStorage(path)
        self.numbers = np.random.default_rng(5)
        self.user = f"test-{uuid.uuid4()}"
        self.embedder = embedder
        self.url, self.key = url, key
        self.outbox = Outbox(self.storage.database)

    def open_tier(self, answer_s: float = 0.15) -> QdrantTier:
        qdrant = QdrantStorage(
            self.url, self.embedder, api_key=self.key, user=self.user, timeout_s=1
        )
        tier = QdrantTier(self.storage.database, qdrant, MODEL, 0.05, 0.02, answer_s)
        assert tier.link.wait(30) or tier.link.down
        return tier

    def add(self, text: str, project: str = "p") -> str:
        memory, _ = self.storage.memories.add(text, project=project)
        self.embed()
        return memory.id

    def embed(self) -> None:
        while self.storage.chunks.renew():
            pass
        waiting = self.storage.chunks.waiting(MODEL, 10_000)
        rows = [self.vector() for _ in waiting]
        self.storage.chunks.put_vectors(
            MODEL, [(text, to_bytes(row)) for text, row in zip(waiting, rows, strict=True)]
        )

    def vector(self) -> NDArray[np.float32]:
        row = self.numbers.standard_normal(384).astype(np.float32)
        return np.asarray(row / np.linalg.norm(row), np.float32)

    def sync(self, tier: QdrantTier) -> int:
        """What the indexer does."""
        sent = tier.drain()
        tier.check()
        return sent

    def wanted(self) -> dict[str, str]:
        return self.outbox.sample(MODEL, 1_000_000)

    def held(self, tier: QdrantTier) -> dict[str, str]:
        qdrant = tier._qdrant
        ids = [id for page in qdrant.ids(tier._scope) for id in page]
        return qdrant.hashes(ids)


def cosines(
    index: QdrantIndex, query: NDArray[np.float32], catalogue: Catalogue
) -> NDArray[np.float32]:
    """Of all documents, none of which was found by words."""
    everything = np.ones(len(catalogue), bool)
    return index.cosines(query, catalogue, everything, np.zeros(len(catalogue), np.float32))


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path, embedder: Embedder) -> Iterator[Store]:
    path = tmp_path / "conversations.db"
    if SERVER:
        store = Store(path, SERVER, SERVER_KEY, embedder)
    else:
        endpoint: QdrantEndpoint = request.getfixturevalue("endpoint")
        store = Store(path, endpoint.url, KEY, embedder)
    yield store
    store.storage.close()


class TestOutbox:
    """What is noted, when."""

    def test_nothing_is_noted_before_qdrant_is_used(self, store: Store) -> None:
        store.add("one")
        assert store.outbox.waiting() == 0
        store.outbox.enable(MODEL)
        assert store.outbox.waiting() == 1

    def test_changes_are_noted_once_each_and_with_their_transaction(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        memory = store.add("one")
        store.storage.memories.feedback(memory, "helpful")
        store.storage.memories.update(memory, content="two")
        store.embed()
        assert [change.id for change in store.outbox.batch(10)] == [memory]
        store.outbox.done(store.outbox.batch(10))
        store.storage.memories.delete([memory])
        assert [change.id for change in store.outbox.batch(10)] == [memory]
        store.outbox.done(store.outbox.batch(10))

        def fail() -> None:
            with store.storage.database.writing():
                store.storage.memories.add("never stored")
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert store.outbox.waiting() == 0

    def test_chunks_of_a_session_are_noted_when_they_come_move_and_go(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        session = Session(id="s", source="test", project="p", started_at="2026-01-01T00:00:00.000Z")
        message = Message(
            id="m", session_id="s", type="user", content="hello", timestamp=session.started_at
        )
        store.storage.sessions.record(session, [message])
        store.embed()
        (added,) = store.outbox.batch(10)
        point = store.outbox.points([added.id], MODEL, "x")[added.id]
        assert str(uuid.UUID(point.id)) == point.id
        assert point.payload["project"] == "p"
        assert point.payload["session_id"] == "s"
        assert point.payload["source"] == "test"
        store.outbox.done([added])
        moved = Session(id="s", source="test", project="q", started_at=session.started_at)
        store.storage.sessions.record(moved, [])
        (moved_change,) = store.outbox.batch(10)
        assert store.outbox.points([added.id], MODEL, "x")[added.id].payload["project"] == "q"
        store.outbox.done([moved_change])
        store.storage.sessions.delete(["s"])
        assert [change.id for change in store.outbox.batch(10)] == [added.id]
        assert store.outbox.points([added.id], MODEL, "x") == {}

    def test_change_during_sending_is_sent_again(self, store: Store) -> None:
        store.outbox.enable(MODEL)
        memory = store.add("one")
        being_sent = store.outbox.batch(10)
        store.storage.memories.delete([memory])
        store.outbox.done(being_sent)
        assert [change.id for change in store.outbox.batch(10)] == [memory]


class TestTier:
    """Qdrant is kept in step, and answers as the embedded index does."""

    def test_adds_updates_and_deletes_arrive(self, store: Store) -> None:
        tier = store.open_tier()
        memories = [store.add(f"text {number}") for number in range(5)]
        assert store.sync(tier) == 5
        store.storage.memories.update(memories[0], content="changed")
        store.storage.memories.delete(memories[1:3])
        store.embed()
        assert store.sync(tier) == 3
        assert store.held(tier) == store.wanted()
        assert set(store.held(tier)) == {memories[0], *memories[3:]}
        assert tier.behind is None
        tier.close()

    def test_results_are_those_of_the_embedded_index(self, store: Store) -> None:
        tier = store.open_tier(answer_s=20)
        for number in range(200):
            store.storage.memories.add(f"text {number}", project=f"p{number % 2}")
        store.embed()
        store.sync(tier)
        text_index = TextIndex(store.storage.database)
        catalogue = text_index.catalogue()
        embedded = VectorIndex(store.storage.database, MODEL)
        agreeing = 0
        for _ in range(20):
            query = store.vector()
            exact = embedded.cosines(query, catalogue)
            remote = QdrantIndex(tier, embedded, SearchFilter())
            found = cosines(remote, query, catalogue)
            assert remote.degraded is None
            np.testing.assert_allclose(found, exact, atol=0.003)
            agreeing += len({*np.argsort(-found)[:10]} & {*np.argsort(-exact)[:10]})
        within = QdrantIndex(tier, embedded, SearchFilter(project="p1"))
        assert np.count_nonzero(~np.isnan(cosines(within, store.vector(), catalogue))) == 200
        assert within.degraded is None
        assert agreeing >= 0.99 * 200
        tier.close()

    def test_what_is_not_sent_yet_is_found_by_the_embedded_index(self, store: Store) -> None:
        tier = store.open_tier()
        store.add("one")
        store.sync(tier)
        store.add("two")
        assert tier.behind == "1 texts still to be sent"
        catalogue = TextIndex(store.storage.database).catalogue()
        index = QdrantIndex(tier, VectorIndex(store.storage.database, MODEL), SearchFilter())
        assert np.count_nonzero(~np.isnan(cosines(index, store.vector(), catalogue))) == 2
        assert index.degraded is None
        tier.close()

    def test_rebuild_needs_no_model_and_removes_strays(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tier = store.open_tier()
        memory = store.add("one")
        stray = tier._qdrant.add_memory("left over", memory_id=str(uuid.uuid4()))
        point = store.outbox.points([memory], MODEL, tier._store)[memory]
        from msgspec.structs import replace

        tier._qdrant.put([replace(point, id=stray)])
        monkeypatch.setattr(Embedder, "load", lambda self: pytest.fail("the model was loaded"))
        assert tier.rebuild() == 1
        assert store.held(tier) == store.wanted()
        tier.close()


@pytest.mark.skipif(bool(SERVER), reason="a real server is not broken for a test")
class TestFaults:
    """What the tier does to Aiana when it fails."""

    @pytest.mark.parametrize("fault", ["refused", "hang", "cut", "broken", "emptied", "key"])
    def test_fault_in_the_middle_of_1000_writes(
        self, store: Store, endpoint: QdrantEndpoint, fault: Any
    ) -> None:
        tier = store.open_tier()
        embedded = VectorIndex(store.storage.database, MODEL)
        text_index = TextIndex(store.storage.database)
        for number in range(1000):
            if number == 500:
                endpoint.do(fault)
            store.storage.memories.add(f"text {number}")
            if number % 20 == 19:
                store.embed()
                catalogue = text_index.catalogue()
                index = QdrantIndex(tier, embedded, SearchFilter())
                found = cosines(index, store.vector(), catalogue)
                assert np.count_nonzero(~np.isnan(found)) == number + 1
                if number < 500 or fault in ("emptied", "key"):
                    tier.drain()
        store.storage.memories.delete(store.storage.memories.matching(SearchFilter())[:100])
        if fault != "emptied":
            tier.drain()
            until(lambda: tier.link.down is not None)
        endpoint.mend()
        until(lambda: tier.link.is_up)

        def settled() -> bool:
            store.sync(tier)
            return tier.behind is None

        until(settled)
        assert len(store.wanted()) == 900
        assert store.held(tier) == store.wanted()
        tier.close()

    @pytest.mark.parametrize("fault", ["refused", "hang", "cut", "broken", "key"])
    def test_fault_at_the_start(self, store: Store, endpoint: QdrantEndpoint, fault: Any) -> None:
        endpoint.do(fault)
        tier = store.open_tier()
        assert tier.link.is_up is False
        for number in range(50):
            store.storage.memories.add(f"text {number}")
        store.embed()
        catalogue = TextIndex(store.storage.database).catalogue()
        index = QdrantIndex(tier, VectorIndex(store.storage.database, MODEL), SearchFilter())
        assert np.count_nonzero(~np.isnan(cosines(index, store.vector(), catalogue))) == 50
        assert index.degraded == tier.link.down
        assert index.degraded is not None
        assert store.sync(tier) == 0
        assert store.outbox.waiting() == 50
        endpoint.mend()
        until(lambda: tier.link.is_up)
        assert store.sync(tier) == 50
        assert store.held(tier) == store.wanted()
        assert tier.behind is None
        tier.close()

    def test_search_that_hangs_is_answered_and_said_and_few_wait(
        self, store: Store, endpoint: QdrantEndpoint
    ) -> None:
        tier = store.open_tier()
        for number in range(50):
            store.storage.memories.add(f"text {number}")
        store.embed()
        store.sync(tier)
        embedded = VectorIndex(store.storage.database, MODEL)
        catalogue = TextIndex(store.storage.database).catalogue()
        query = store.vector()
        exact = embedded.cosines(query, catalogue)
        endpoint.fault = "hang"

        def ask(_: int) -> bool:
            index = QdrantIndex(tier, embedded, SearchFilter())
            np.testing.assert_array_equal(cosines(index, query, catalogue), exact)
            return index.degraded is not None

        before = endpoint.searches
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(200)))
        assert all(answers)
        # One of each thread may wait; then it is known that nobody answers.
        assert 1 <= endpoint.searches - before <= 4
        endpoint.fault = "none"
        until(lambda: tier.link.is_up)
        assert ask(0) is False
        tier.close()

    def test_text_that_is_refused_holds_up_no_other(
        self, store: Store, endpoint: QdrantEndpoint
    ) -> None:
        tier = store.open_tier()
        for number in range(30):
            store.storage.memories.add("poison" if number == 7 else f"text {number}")
        store.embed()
        endpoint.fault, endpoint.refused_content = "refuse-one", "poison"
        tier.drain()
        assert store.outbox.refused() == 1
        assert store.outbox.waiting() == 0
        assert len(store.held(tier)) == 29
        assert "1 texts were refused" in (tier.behind or "")
        assert MOST_ATTEMPTS == 5
        endpoint.fault = "none"
        assert tier.rebuild() == 30
        assert tier.behind is None
        tier.close()

    def test_drift_is_found_and_repaired(self, store: Store, endpoint: QdrantEndpoint) -> None:
        from qdrant_client import models

        tier = store.open_tier()
        memories = [store.add(f"text {number}") for number in range(10)]
        store.sync(tier)
        assert tier.behind is None
        endpoint.local.set_payload(
            COLLECTION, {"content_hash": "00"}, models.PointIdsList(points=[*memories[:2]])
        )
        tier._checked_at = -1e9
        tier.check()
        assert store.outbox.fact("drift") == "2 of 10 sampled points differ"
        assert store.outbox.waiting() == 10
        store.sync(tier)
        assert store.outbox.fact("drift") is None
        assert store.held(tier) == store.wanted()
        tier.close()

    def test_drain_goes_on_after_a_kill(self, store: Store, endpoint: QdrantEndpoint) -> None:
        for number in range(600):
            store.storage.memories.add(f"text {number}")
        store.embed()
        store.outbox.enable(MODEL)
        script = (
            "import sys; from pathlib import Path; from aiana.embeddings import Embedder;"
            "from aiana.storage import AianaStorage;"
            "from aiana.storage.qdrant import QdrantStorage;"
            "from aiana.storage.qdrant_tier import QdrantTier;"
            "db, url, key, user = sys.argv[1:];"
            "s = QdrantStorage(url, Embedder(), api_key=key, user=user);"
            "t = QdrantTier(AianaStorage(Path(db)).database, s, 'all-MiniLM-L6-v2');"
            "t.link.wait(60); t.drain()"
        )
        path = store.storage.database.path
        environ = os.environ | {"AIANA_HOME": str(store.embedder._models_dir).rsplit("/", 1)[0]}
        drainer = subprocess.Popen(
            [sys.executable, "-c", script, str(path), endpoint.url, KEY, store.user], env=environ
        )
        until(lambda: store.outbox.waiting() < 600)
        drainer.send_signal(signal.SIGKILL)
        drainer.wait()
        left = store.outbox.waiting()
        assert 0 < left < 600
        tier = store.open_tier()
        assert tier.drain() == left
        assert store.held(tier) == store.wanted()
        tier.close()


@pytest.mark.skipif(bool(SERVER), reason="a real server is not broken for a test")
def test_service_with_qdrant(
    tmp_path: Path, compiled_model_home: Path, endpoint: QdrantEndpoint
) -> None:
    (tmp_path / "models").symlink_to(compiled_model_home / "models")
    config = Config(data_dir=tmp_path, qdrant_url=endpoint.url, qdrant_api_key=KEY)
    aiana = Aiana(config)
    tier = aiana.qdrant
    assert tier is not None
    assert tier.link.wait(30)
    fixed = aiana.add_memory("Fixed the flaky login test by freezing the clock.", project="shop")
    aiana.add_memory("Bananas are yellow.", project="shop")
    assert aiana.index_pending() == 2
    assert aiana.status().tiers.qdrant.state == "ok"
    assert KEY not in aiana.status().tiers.qdrant.detail
    assert aiana.activity().servers[-2:] == (True, True)

    def search() -> tuple[list[tuple[str, float]], list[str]]:
        found = aiana.search("why did the authentication spec fail", mode="semantic", limit=1)
        return [(hit.id, hit.score) for hit in found.hits], [d.tier for d in found.degraded]

    before = endpoint.requests
    hits, degraded = search()
    assert endpoint.requests > before
    assert hits[0][0] == fixed.memory.id
    assert degraded == []
    endpoint.stop()
    hits_without, degraded = search()
    assert [id for id, _ in hits_without] == [id for id, _ in hits]
    assert hits_without[0][1] == pytest.approx(hits[0][1], abs=0.003)
    assert degraded == ["qdrant"]
    status = aiana.status()
    assert status.tiers.qdrant.state == "unavailable"
    assert status.health == "warning"
    with pytest.raises(TierUnavailable):
        aiana.reindex(["qdrant"])
    endpoint.start()
    until(lambda: tier.link.is_up)
    assert search() == (hits, [])
    assert aiana.reindex(["qdrant"]).qdrant == 2
    receipt = aiana.delete_memories([fixed.memory.id]).receipt
    assert receipt is not None
    assert receipt.qdrant == 1
    assert tier._qdrant.hashes([fixed.memory.id]) == {}
    aiana.close()
