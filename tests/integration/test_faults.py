"""Redis and Qdrant fail in every way, at the start and in the middle: nothing is lost.

What each fault does to Qdrant alone is in test_outbox.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from aiana.config import Config
from aiana.models import SearchFilter
from aiana.service import open_aiana
from aiana.storage import AianaStorage
from aiana.storage import redis as redis_module
from aiana.storage.cache import SqliteCache
from aiana.storage.packing import pack
from aiana.storage.qdrant.outbox import Outbox
from aiana.storage.redis import MOST_ACTIVITIES, RedisCache
from aiana.storage.tiered_cache import TieredCache
from tests.integration.qdrant_endpoint import KEY, QdrantEndpoint
from tests.integration.servers import PASSWORD, CuttingProxy, RedisServer, until

WRITES = 600
"""More than the activities that are kept."""
FAULTS = ["refused", "hanging", "cut off", "restarted empty", "emptied", "wrong password"]


class BreakableRedis:
    """A real Redis behind a proxy; knows how to break it in each way, and how to mend it."""

    def __init__(self, folder: Path) -> None:
        self._server = RedisServer(folder)
        self._server.start()
        self._proxy = CuttingProxy(self._server.port)
        self.url = f"redis://:{PASSWORD}@127.0.0.1:{self._proxy.port}/0"

    def do(self, fault: str) -> None:
        if fault == "refused":
            self._server.stop()
        elif fault == "hanging":
            self._server.hang()
        elif fault == "cut off":
            self._proxy.cut_after = 3
        elif fault == "restarted empty":
            self._server.stop()
            self._server.start()
        elif fault == "emptied":
            from redis import Redis

            with Redis.from_url(self._server.url) as redis:
                redis.flushall()
        else:
            self._server.stop()
            self._server.start(password="another")

    def mend(self, fault: str) -> None:
        self._proxy.cut_after = None
        if fault == "hanging":
            self._server.go_on()
        elif fault in ("refused", "wrong password"):
            self._server.stop()
            self._server.start()

    def close(self) -> None:
        self._proxy.close()
        self._server.stop()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[BreakableRedis]:
    redis = BreakableRedis(tmp_path)
    yield redis
    redis.close()


class Cache:
    """A cache over both tiers, and each tier by itself."""

    def __init__(self, folder: Path, redis: BreakableRedis, every_s: float = 0.02) -> None:
        storage = AianaStorage(folder / "conversations.db")
        self.preferences = storage.preferences
        self.embedded = SqliteCache(folder / "cache.db", storage.preferences)
        self.redis = RedisCache(redis.url, timeout_s=5)
        # A Redis that is well may take its time on a busy machine; one that hangs costs it once.
        remote = RedisCache(redis.url, timeout_s=2)
        self.tiered = TieredCache(self.embedded, remote, every_s, retry_s=0.02)
        assert self.tiered.link is not None
        self.link = self.tiered.link
        assert self.link.wait(60) or self.link.down

    def write(self, number: int) -> None:
        self.tiered.update_session("going on", {f"n{number}": number})
        self.tiered.record_activity({"kind": "memory", "number": number})
        self.preferences.add(f"Preference {number % 7}")
        self.tiered.publish_profile()

    def read(self) -> tuple[list[str], list[int]]:
        """The fields that were written, and the numbers of the activities."""
        session = self.tiered.get_active_session("going on") or {}
        activities = self.tiered.recent_activities(MOST_ACTIVITIES)
        return [name for name in session if name[1:].isdigit()], [a["number"] for a in activities]

    def same(self) -> bool:
        """Whether Redis holds what SQLite does."""
        tiers = (self.redis, self.embedded)
        states = [
            (
                tier.get_active_session("going on"),
                tier.get_active_session("ended"),
                tier.get_profile(),
                tier.recent_activities(MOST_ACTIVITIES),
                tier.get_cached_context("forgotten", "v"),
            )
            for tier in tiers
        ]
        return states[0] == states[1]

    def close(self) -> None:
        self.tiered.close()
        self.redis.close()


@pytest.mark.parametrize("start", [0, WRITES // 2], ids=["at the start", "in the middle"])
@pytest.mark.parametrize("fault", FAULTS)
def test_redis_fails(tmp_path: Path, redis: BreakableRedis, fault: str, start: int) -> None:
    if not start:
        redis.do(fault)
    cache = Cache(tmp_path, redis)
    for name in ("going on", "ended"):
        cache.tiered.set_active_session(name, "p")
    cache.tiered.cache_context("forgotten", "old", "v")
    for number in range(WRITES if start else 20):
        if start and number == start:
            redis.do(fault)
        cache.write(number)
    cache.tiered.end_session("ended")
    cache.tiered.invalidate_context("forgotten")
    assert cache.tiered.get_cached_context("forgotten", "v") is None
    assert cache.tiered.get_active_session("ended") is None
    if fault in ("refused", "hanging", "cut off", "wrong password"):
        until(lambda: cache.link.down is not None)
        assert cache.link.down is not None
        assert PASSWORD not in cache.link.down.reason
        assert not cache.link.is_up
        numbers = list(range(number, number - MOST_ACTIVITIES, -1))
        fields, activities = cache.read()
        assert fields == [f"n{n}" for n in range(number + 1)]
        assert activities == [n for n in numbers if n >= 0]
    redis.mend(fault)
    until(lambda: cache.link.is_up and cache.link.down is None and cache.same())
    fields, activities = cache.read()
    assert fields == [f"n{n}" for n in range(number + 1)]
    assert activities[0] == number
    assert len(activities) == min(number + 1, MOST_ACTIVITIES)
    cache.close()


def test_what_redis_missed_is_told_before_it_is_used(tmp_path: Path, redis: BreakableRedis) -> None:
    """Something may be written between the end of catching up and the moment it is used again."""
    cache = Cache(tmp_path, redis, every_s=3600)
    until(lambda: cache.link.is_up)
    cache.tiered.set_active_session("going on", "p")
    assert cache.same()
    cache.embedded.update_session("going on", {"n0": 0})
    cache.tiered._missed = True
    assert cache.read()[0] == ["n0"]
    until(cache.same)
    cache.close()


class Both:
    """The service over both servers, with made-up vectors."""

    def __init__(self, folder: Path, redis: BreakableRedis, qdrant: QdrantEndpoint) -> None:
        config = Config(
            data_dir=folder, redis_url=redis.url, qdrant_url=qdrant.url, qdrant_api_key=KEY
        )
        self.aiana = open_aiana(config)
        self._numbers = np.random.default_rng(5)
        assert self.aiana.container.qdrant is not None
        self.tier = self.aiana.container.qdrant
        assert self.tier.link.wait(60) or self.tier.link.down
        assert self.aiana.container.cache.link is not None
        self.link = self.aiana.container.cache.link
        self.embedder = self.aiana.container.embedder

    def vectors(self, count: int) -> NDArray[np.float32]:
        rows = self._numbers.standard_normal((count, 384))
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    def embed(self) -> None:
        chunks, model = self.aiana.container.storage.chunks, self.embedder.model_name
        waiting = chunks.waiting(model, 10_000)
        rows = self.vectors(len(waiting))
        chunks.put_vectors(model, [(t, pack(r)) for t, r in zip(waiting, rows, strict=True)])

    def ask(self, number: int) -> Any:
        """Everything that an editor asks, of what was written last."""
        mark = f"mark{number}"
        answer = self.aiana.search(mark, limit=3, wait_for_model=True)
        assert mark in (answer.hits[0].content or "")
        assert answer.modes == ["keyword", "semantic"]
        assert mark in self.aiana.context(mark, scope="all", wait_for_model=True).context
        assert self.aiana.container.cache.recent_activities(1)[0]["kind"] == "memory"
        return answer


FAULTS_OF_BOTH = [
    ("refused", "refused"),
    ("hanging", "hang"),
    ("cut off", "cut"),
    ("wrong password", "key"),
    ("restarted empty", "emptied"),
    ("hanging", "refused"),
    ("refused", "hang"),
]


@pytest.mark.parametrize(("of_redis", "of_qdrant"), FAULTS_OF_BOTH)
def test_both_fail_in_the_middle(
    tmp_path: Path,
    compiled_model_home: Path,
    redis: BreakableRedis,
    endpoint: QdrantEndpoint,
    monkeypatch: pytest.MonkeyPatch,
    of_redis: str,
    of_qdrant: Any,
) -> None:
    monkeypatch.setattr(redis_module, "TIMEOUT_S", 2)  # as above
    (tmp_path / "models").symlink_to(compiled_model_home / "models")
    both = Both(tmp_path, redis, endpoint)
    aiana, tier = both.aiana, both.tier
    ids = []
    for number in range(WRITES):
        if number == WRITES // 2:
            redis.do(of_redis)
            endpoint.do(of_qdrant)
        ids.append(aiana.add_memory(f"text mark{number}").memory.id)
        if number % 50 == 49:
            both.embed()
            tier.drain()
            both.ask(number)
    aiana.delete_memories(ids[:100])
    assert aiana.status().counts.memories == WRITES - 100
    redis.mend(of_redis)
    endpoint.mend()
    # The local mode compares with every point in Python: slower than anybody would wait for.
    tier._answer_s = 30
    until(lambda: tier.link.is_up and both.link.is_up)
    outbox = Outbox(aiana.container.storage.database)

    def settled() -> bool:
        tier.drain()
        tier.check()
        return tier.behind is None

    until(settled)
    held = tier._qdrant.hashes([id for page in tier._qdrant.ids(tier._scope) for id in page])
    assert held == outbox.sample(both.embedder.model_name, 10_000)
    assert set(held) == set(ids[100:])
    embedded = SqliteCache(tmp_path / "cache.db", aiana.container.storage.preferences)
    remote = RedisCache(redis.url, timeout_s=5)
    wanted = embedded.recent_activities(MOST_ACTIVITIES)
    assert [activity["id"] for activity in wanted] == ids[: -MOST_ACTIVITIES - 1 : -1]
    until(lambda: remote.recent_activities(MOST_ACTIVITIES) == wanted)
    until(lambda: both.ask(WRITES - 1).degraded == [])
    assert aiana.list_memories(SearchFilter(), limit=1).memories[0].id == ids[-1]
    until(lambda: aiana.status().health == "ok")
    embedded.close()
    remote.close()
    aiana.close()
