"""Search latency on made-up sessions, in this process: words, meaning, and both.

    python -m tests.benchmarks.searching [--chunks 10000 100000] [--queries 200] [--keep DIR]

Texts follow Zipf's law over the vocabulary of this repository, vectors are random, and queries are
words of a random text, stop words included. The baseline of each row is SQLite's own
`ORDER BY rank` over any word of the query, in the same database.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import re
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from aiana.embeddings import get_embedder
from aiana.errors import ModelUnavailable
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, Mode, SearchFilter, Session
from aiana.search.engine import Request, search
from aiana.search.query import parse
from aiana.search.stop_words import STOP_WORDS
from aiana.search.text_index import TextIndex
from aiana.search.vector_index import VectorIndex
from aiana.storage import AianaStorage
from aiana.storage.packing import pack
from aiana.times import format_time

ROOT = Path(__file__).resolve().parents[2]
WORDS_A_TEXT = 75
VOCABULARY = 60_000
TEXTS_A_SESSION = 40
DIMENSIONS = 384
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def vocabulary(chance: random.Random) -> list[str]:
    """Words, the most frequent first: stop words, the repository's own, then rarer made-up ones."""
    counts: dict[str, int] = {}
    for path in sorted([*ROOT.glob("server/**/*.py"), *ROOT.glob("**/*.md")]):
        if ".venv" in path.parts or "node_modules" in path.parts:
            continue
        for word in re.findall(r"[A-Za-z_]{2,}", path.read_text(encoding="utf-8")):
            counts[word] = counts.get(word, 0) + 1
    words = list(dict.fromkeys([*sorted(STOP_WORDS), *sorted(counts, key=lambda w: -counts[w])]))
    while len(words) < VOCABULARY:
        words.append(chance.choice(words[:2000]) + chance.choice(words[:2000]).capitalize())
    return words


def texts(count: int, words: Sequence[str], chance: random.Random) -> Iterator[str]:
    weights = 1 / (np.arange(len(words)) + 2.7) ** 1.05
    borders = np.cumsum(weights / weights.sum())
    numbers = np.random.default_rng(7)
    for _ in range(count):
        length = max(5, int(chance.lognormvariate(4.0, 0.7) * WORDS_A_TEXT / 70))
        places = np.searchsorted(borders, numbers.random(length))
        yield " ".join(words[min(place, len(words) - 1)] for place in places)


def fill(storage: AianaStorage, chunks: int, model: str) -> list[str]:
    """Store sessions until they make up `chunks` chunks; returns a sample of the texts."""
    chance = random.Random(chunks)
    source = texts(4 * chunks, vocabulary(chance), chance)
    sample: list[str] = []
    number = 0
    while storage.get_stats().chunks < chunks:
        with storage.database.writing():
            for _ in range(50):
                number += 1
                moment = format_time(datetime.fromtimestamp(1_760_000_000 + number * 60, UTC))
                said = [next(source) for _ in range(TEXTS_A_SESSION)]
                sample += said[:1]
                storage.sessions.record(
                    Session(
                        id=f"s{number}",
                        source="bench",
                        project=f"project-{number % 10}",
                        started_at=moment,
                    ),
                    [
                        Message(
                            id=f"s{number}m{place}",
                            session_id=f"s{number}",
                            type="user" if place % 2 == 0 else "assistant",
                            role="user" if place % 2 == 0 else "assistant",
                            content=text,
                            timestamp=moment,
                        )
                        for place, text in enumerate(said)
                    ],
                )
        while storage.chunks.renew(chunks_of, 500):
            pass
    put_random_vectors(storage, model)
    return sample


def put_random_vectors(storage: AianaStorage, model: str) -> None:
    """A vector for every chunk that has none."""
    numbers = np.random.default_rng(11)
    while waiting := storage.chunks.waiting(model, 5000):
        vectors = numbers.standard_normal((len(waiting), DIMENSIONS), dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        storage.chunks.put_vectors(
            model, [(text, pack(row)) for text, row in zip(waiting, vectors, strict=True)]
        )


def queries(sample: Sequence[str], count: int) -> list[str]:
    """Two to nine words that stand together in a text."""
    chance = random.Random(3)
    found = []
    for _ in range(count):
        words = chance.choice(sample).split()
        start = chance.randrange(max(1, len(words) - 9))
        found.append(" ".join(words[start : start + chance.randint(2, 9)]))
    return found


def plain(storage: AianaStorage, text: str) -> None:
    """What SQLite does by itself: any word, best BM25 first."""
    words = re.findall(r"\w+", text.lower())
    with storage.database.reading() as connection:
        connection.execute(
            "SELECT rowid FROM messages_fts WHERE messages_fts MATCH ? ORDER BY rank LIMIT 20",
            (" OR ".join(f'"{word}"' for word in words),),
        ).fetchall()


def milliseconds(work: Callable[[str], object], asked: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile."""
    times = []
    for text in asked:
        began = time.perf_counter()
        work(text)
        times.append((time.perf_counter() - began) * 1000)
    return percentiles(times)


def percentiles(times: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(times), sorted(times)[int(len(times) * 0.95)]


def measure(folder: Path, chunks: int, count: int) -> None:
    embedder = get_embedder()
    storage = AianaStorage(folder / f"{chunks}.db")
    sample = fill(storage, chunks, embedder.model_name) or [
        row[0]
        for row in storage.database.reader.execute(
            "SELECT content FROM messages ORDER BY key LIMIT 2000"
        )
    ]
    asked = queries(sample, count)
    stats = storage.get_stats()
    text_index = TextIndex(storage.database)
    vector_index = VectorIndex(storage.database, embedder.model_name)
    print(
        f"\n## {stats.chunks} chunks, {stats.messages} messages, {stats.sessions} sessions, "
        f"{stats.database_bytes / 1e6:.0f} MB"
    )
    began = time.perf_counter()
    text_index.catalogue()
    print(f"catalogue read in {(time.perf_counter() - began) * 1000:.0f} ms", end="; ")
    began = time.perf_counter()
    vector_index.refresh()
    print(f"vectors read in {(time.perf_counter() - began) * 1000:.0f} ms")

    def run(mode: Mode, project: str | None = None) -> Callable[[str], object]:
        return lambda text: search(
            Request(query=parse(text), filter=SearchFilter(project=project), mode=mode, now=NOW),
            text_index,
            vector_index,
            embedder.embed,
        )

    rows: dict[str, Callable[[str], object]] = {
        "plain FTS5 OR (baseline)": lambda text: plain(storage, text),
        "keyword": run("keyword"),
        "keyword, one project": run("keyword", "project-3"),
    }
    try:
        embedder.load()
        rows |= {"hybrid": run("hybrid"), "the query's embedding alone": embedder.embed}
    except ModelUnavailable as error:
        print(f"No semantic search: {error}")
    base = 0.0
    print(f"{'':<30}{'p50 ms':>9}{'p95 ms':>9}{'ratio':>8}")
    for name, work in rows.items():
        median, late = milliseconds(work, asked)
        base = base or median
        print(f"{name:<30}{median:>9.1f}{late:>9.1f}{median / base:>8.2f}")
    storage.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="a folder for the databases, to be used again")
    arguments = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.keep or Path(passing)
        folder.mkdir(parents=True, exist_ok=True)
        for chunks in arguments.chunks:
            measure(folder, chunks, arguments.queries)
    return 0


if __name__ == "__main__":
    sys.exit(main())
