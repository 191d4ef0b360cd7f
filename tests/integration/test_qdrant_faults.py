"""Qdrant fails in every way, and the store goes on: nothing is lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiana.config import Config
from aiana.errors import TierUnavailable
from aiana.models import SearchFilter
from aiana.search.qdrant_index import QdrantIndex
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.service import open_aiana
from aiana.storage.qdrant.outbox import MOST_ATTEMPTS
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.qdrant_store import MODEL, Store, cosines
from tests.integration.servers import until


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

    def test_search_with_hanging_qdrant(self, store: Store, endpoint: QdrantEndpoint) -> None:
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
            np.testing.assert_allclose(cosines(index, query, catalogue), exact, atol=0.003)
            return index.degraded is not None

        before = endpoint.searches
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(ask, range(200)))
        assert answers == [True] * 200
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
        assert "1 text refused" in (tier.behind or "")
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
        endpoint.client.set_payload(
            endpoint.collection, {"content_hash": "00"}, models.PointIdsList(points=[*memories[:2]])
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
            "from aiana.storage.qdrant.tier import QdrantTier;"
            "db, url, key, user = sys.argv[1:];"
            "s = QdrantStorage(url, Embedder(), api_key=key, user=user);"
            "t = QdrantTier(AianaStorage(Path(db)).database, s, 'all-MiniLM-L6-v2');"
            "t.link.wait(60); t.drain()"
        )
        path = store.storage.database.path
        environ = os.environ | {"AIANA_HOME": str(store.embedder.models_dir.parent)}
        endpoint.hangs_after = 2  # so that it is in the middle when it is killed
        drainer = subprocess.Popen(
            [sys.executable, "-c", script, str(path), endpoint.url, KEY, store.user], env=environ
        )
        until(lambda: store.outbox.waiting() < 600)
        drainer.send_signal(signal.SIGKILL)
        drainer.wait()
        endpoint.mend()
        left = store.outbox.waiting()
        assert 0 < left < 600
        tier = store.open_tier()
        assert tier.drain() == left
        assert store.held(tier) == store.wanted()
        tier.close()


def test_service_with_qdrant(
    tmp_path: Path, compiled_model_home: Path, endpoint: QdrantEndpoint
) -> None:
    (tmp_path / "models").symlink_to(compiled_model_home / "models")
    config = Config(data_dir=tmp_path, qdrant_url=endpoint.url, qdrant_api_key=KEY)
    aiana = open_aiana(config)
    tier = aiana.container.qdrant
    assert tier is not None
    until(lambda: tier.link.is_up)
    # A search on a busy machine may take longer than a person would wait.
    tier._answer_s = 30
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
