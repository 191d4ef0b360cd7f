"""What Redis and Qdrant give and cost: over the pipe with and without each, dead ones included.

    python -m tests.benchmarks.tiers [--chunks 100000] [--queries 100] [--keep DIR]

Redis is a real one. Qdrant is the server at AIANA_TEST_QDRANT_URL; without it the part that needs
one is measured with 1,000 points over qdrant_client's local mode behind HTTP, which is exact
and slow: it tells of the outbox, not of the speed of a server. The baseline of each row is the
first one, SQLite alone.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from aiana.embeddings import DEFAULT_MODEL, compile_model, get_embedder
from aiana.models import SearchFilter
from aiana.search.qdrant_index import QdrantIndex
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage import AianaStorage
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.tier import ANSWER_S, QdrantTier
from tests.benchmarks.searching import fill, queries
from tests.integration.qdrant_endpoint import KEY, SERVER, SERVER_KEY, QdrantEndpoint
from tests.integration.servers import RedisServer
from tests.lsp.client import Client

DEAD = "127.0.0.1:9"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="a folder for the database, to be used again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.keep or Path(passing)
        home = folder / str(arguments.chunks)
        compile_model(DEFAULT_MODEL, home / "models")
        with AianaStorage(home / "conversations.db") as storage:
            fill(storage, arguments.chunks, DEFAULT_MODEL)
            rows = storage.database.reader.execute("SELECT content FROM messages LIMIT 5000")
            asked = queries([row[0] for row in rows], arguments.queries)
            stored = storage.get_stats()
        print(f"{stored.chunks:,} chunks, {stored.messages:,} messages: ", end="")
        print(f"{stored.database_bytes / stored.chunks:,.0f} bytes of SQLite a chunk")
        redis = RedisServer(Path(passing))
        redis.start()
        endpoint = QdrantEndpoint()
        endpoint.fault = "hang"
        endpoint.start()
        over_the_pipe(home, asked, redis, endpoint)
        endpoint.fault = "none"
        outbox(Path(passing), home, endpoint)
        endpoint.stop()
        redis.stop()
    return 0


def over_the_pipe(
    home: Path, asked: list[str], redis: RedisServer, endpoint: QdrantEndpoint
) -> None:
    """Milliseconds a search and a context, with each tier there, dead and hanging."""
    base = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "no")}
    hanging = {"QDRANT_URL": endpoint.url, "QDRANT_API_KEY": KEY}
    cases: list[tuple[str, dict[str, str], Callable[[], None]]] = [
        ("SQLite alone (baseline)", {}, lambda: None),
        ("with Redis", {"REDIS_URL": redis.url}, lambda: None),
        ("Redis refuses", {"REDIS_URL": f"redis://{DEAD}"}, lambda: None),
        ("Redis hangs from the 2nd request", {"REDIS_URL": redis.url}, redis.hang),
        ("Qdrant refuses", {"QDRANT_URL": f"http://{DEAD}"}, lambda: None),
        ("Qdrant hangs", hanging, lambda: None),
    ]
    if SERVER:
        cases.insert(2, ("with Qdrant", {"QDRANT_URL": SERVER}, lambda: None))
    print(f"\n{'over the pipe, milliseconds':<34}{'search':>8}{'p99':>8}", end="")
    print(f"{'context':>9}{'kept':>7}{'p99':>7}")
    for name, settings, then in cases:
        for file in home.glob("cache.db*"):
            file.unlink()
        with Client({**base, **settings}) as client:
            client.initialize()
            client.request("aiana/search", {"query": "login", "mode": "semantic"})
            client.request("aiana/context", {"query": "login", "scope": "all"})
            then()
            search = [
                timed(lambda q=text: client.request("aiana/search", {"query": q}))  # type: ignore[misc]
                for text in asked
            ]
            built: list[float] = []
            kept: list[float] = []
            for text in asked:
                for times in (built, kept):
                    params = {"query": text, "scope": "all"}
                    times.append(timed(lambda p=params: client.request("aiana/context", p)))  # type: ignore[misc]
        redis.go_on()
        print(
            f"{name:<34}{np.median(search):>8.1f}{np.percentile(search, 99):>8.1f}"
            f"{np.median(built):>9.1f}{np.median(kept):>7.1f}{np.percentile(kept, 99):>7.1f}",
            flush=True,
        )


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def outbox(folder: Path, home: Path, endpoint: QdrantEndpoint) -> None:
    """How fast the outbox is drained, and what the cosines of a query take."""
    chunks = 100_000 if SERVER else 1_000
    path = folder / "outbox.db"
    with closing(AianaStorage(path)) as storage:
        fill(storage, chunks, DEFAULT_MODEL)
        embedder = get_embedder(DEFAULT_MODEL, models_dir=home / "models")
        user = f"bench-{uuid.uuid4()}"
        key = SERVER_KEY if SERVER else KEY
        qdrant = QdrantStorage(SERVER or endpoint.url, embedder, api_key=key, user=user)
        tier = QdrantTier(storage.database, qdrant, DEFAULT_MODEL, answer_s=10)
        tier.link.wait(60)
        began = time.perf_counter()
        sent = tier.drain()
        seconds = time.perf_counter() - began
        tier.check()
        where = "a server" if SERVER else "the local mode behind HTTP"
        print(f"\noutbox to {where}: {sent:,} points in {seconds:.1f} s, {sent / seconds:,.0f} a s")
        points = tier.outbox.points(list(tier.outbox.sample(DEFAULT_MODEL, 500)), DEFAULT_MODEL, "")
        payload = sum(len(str(point.payload).encode()) for point in points.values()) / len(points)
        print(f"a point: {4 * 384:,} bytes of vector, {payload:,.0f} of payload")
        catalogue = TextIndex(storage.database).catalogue()
        everything = np.ones(len(catalogue), bool)
        nothing = np.zeros(len(catalogue), np.float32)
        embedded = VectorIndex(storage.database, DEFAULT_MODEL)
        numbers = np.random.default_rng(11)
        times: dict[str, list[float]] = {"Qdrant": [], "embedded": []}
        for _ in range(50):
            query = numbers.standard_normal(384).astype(np.float32)
            for name, index in (
                ("Qdrant", QdrantIndex(tier, embedded, SearchFilter())),
                ("embedded", embedded),
            ):
                ask = partial(index.cosines, query, catalogue, everything, lambda: nothing)
                times[name].append(timed(ask))
        medians = [f"{name} {np.median(took):.1f} ms" for name, took in times.items()]
        print(f"cosines of a query: {', '.join(medians)}")
        if not SERVER:
            endpoint.fault, tier._answer_s = "hang", ANSWER_S
            hanging = QdrantIndex(tier, embedded, SearchFilter())
            took = [
                timed(partial(hanging.cosines, query, catalogue, everything, lambda: nothing))
                for _ in range(200)
            ]
            endpoint.fault = "none"
            median, late, slowest = np.percentile(took, (50, 99, 100))
            print(f"Qdrant begins to hang, 200 queries: {median:.1f} ms, ", end="")
            print(f"p99 {late:.1f} ms, slowest {slowest:.1f} ms")
        tier.close()


if __name__ == "__main__":
    sys.exit(main())
