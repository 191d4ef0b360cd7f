"""What each background job costs a text, in stores of different sizes: it must stay level.

    python -m tests.benchmarks.jobs [--texts 10000 100000 300000] [--keep DIR]

Transcripts are made and imported, cut, embedded, sent, imported again, a memory and a session are
forgotten (until the answer, and until no file holds a word of them), and the file is vacuumed.
Vectors are drawn by chance, so that what is measured is everything but the model. Sending needs the
server at AIANA_TEST_QDRANT_URL. Times are processor time of this process: the machine may be busy
with other things; of sending also the time that passed is shown. Status 1 if a job costs more than
`MOST` times as much a text in the greatest store as in the smallest, or if what is forgotten is
answered later than `ANSWERED_MS`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from aiana.capture.importer import import_sources
from aiana.config import Config
from aiana.embeddings import DEFAULT_MODEL
from aiana.indexing.chunking import chunks_of
from aiana.indexing.indexer import Indexer
from aiana.protocol.results import Deleted
from aiana.service import Aiana, open_aiana
from aiana.storage import AianaStorage
from aiana.storage.forgetting import scrub
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.tier import QdrantTier
from tests.benchmarks import spent
from tests.benchmarks.searching import texts, vocabulary
from tests.integration.drawn import Drawn

MOST = 1.5
ANSWERED_MS = 50
"""Of processor time, in a store of any size."""
TURNS = 40
"""Messages of a session."""


def transcripts(folder: Path, count: int) -> None:
    """Sessions of made-up texts as Claude Code keeps them."""
    if folder.exists():
        return
    chance = random.Random(count)
    source = texts(count, vocabulary(chance), chance)
    for number in range(count // TURNS):
        project = folder / f"-work-project-{number % 10}"
        project.mkdir(parents=True, exist_ok=True)
        session = f"{count:08x}-0000-4000-8000-{number:012x}"
        with (project / f"{session}.jsonl").open("w", encoding="utf-8") as file:
            for turn in range(TURNS):
                person = turn % 2 == 0
                moment = f"2026-0{1 + number % 9}-{1 + number % 28:02}T10:{turn:02}:00.000Z"
                content = next(source)
                record = {
                    "type": "user" if person else "assistant",
                    "uuid": f"{number:08x}-{turn:04x}-4000-8000-{count:012x}",
                    "sessionId": session,
                    "timestamp": moment,
                    "cwd": f"/work/project-{number % 10}",
                    "message": {
                        "role": "user" if person else "assistant",
                        "content": [{"type": "text", "text": content}],
                    },
                }
                file.write(json.dumps(record) + "\n")


class Costs:
    """Microseconds of processor time a text, of each job in one store."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.of: dict[str, float] = {}
        self.whole: dict[str, float] = {}
        """Milliseconds, of what has to do with one text or session alone."""

    @contextmanager
    def measured(self, job: str, whole: bool = False) -> Iterator[None]:
        gc.collect()
        began, wall = spent(), time.perf_counter()
        yield
        took = spent() - began
        if whole:
            self.whole[job] = took * 1e3
            print(f"{self._count:>9,}  {job:<34}{took * 1e3:>9.1f} ms", flush=True)
            return
        self.of[job] = took / self._count * 1e6
        print(
            f"{self._count:>9,}  {job:<14}{took:>9.2f} s{self.of[job]:>9.1f} us a text"
            f"{time.perf_counter() - wall:>9.2f} s passed",
            flush=True,
        )


def jobs(home: Path, count: int) -> Costs:
    made = home / "transcripts"
    transcripts(made, count)
    for file in home.glob("*.db*"):
        file.unlink()
    costs = Costs(count)
    config = Config(data_dir=home)
    storage = AianaStorage(config.database)
    with costs.measured("import"):
        import_sources(storage, paths=[made])
    with costs.measured("cut"):
        while storage.chunks.renew(chunks_of):
            pass
    indexer = Indexer(config, storage, Drawn())
    with costs.measured("embed"):
        indexer.index_pending()
    if server := os.environ.get("AIANA_TEST_QDRANT_URL"):
        send(storage, server, costs)
    with costs.measured("import again"):
        import_sources(storage, paths=[made])
    storage.close()
    aiana = open_aiana(config)
    forget(aiana, costs)
    with costs.measured("vacuum"), aiana.container.storage.database.maintaining() as connection:
        connection.execute("VACUUM")
    aiana.close()
    return costs


def forget(aiana: Aiana, costs: Costs) -> None:
    """A memory and a session: as a server answers, and what it does afterwards."""
    database = aiana.container.storage.database
    memory = aiana.add_memory("the word zanzibarium must go, said quinkelberg").memory
    (session,) = aiana.list_sessions(limit=1).sessions
    aiana.start_indexing()  # so that what the deletion owes is left to it
    aiana.container.indexer.stop()
    deletions: dict[str, Callable[[], Deleted]] = {
        "a memory": lambda: aiana.delete_memories([memory.id]),
        "a session": lambda: aiana.delete_session(session.id),
    }
    for what, delete in deletions.items():
        with costs.measured(f"forget {what}", whole=True):
            deleted = delete()
        assert deleted.receipt is not None
        assert deleted.receipt.pending
        with costs.measured(f"forget {what}: afterwards", whole=True):
            left = scrub(database)
        assert not left.pending


def send(storage: AianaStorage, server: str, costs: Costs) -> None:
    key = os.environ.get("AIANA_TEST_QDRANT_API_KEY")
    qdrant = QdrantStorage(server, Drawn(), api_key=key, user=f"bench-{uuid.uuid4()}")
    tier = QdrantTier(storage.database, qdrant, DEFAULT_MODEL)
    assert tier.link.wait(60), tier.link.down
    with costs.measured("send"):
        began = time.perf_counter()
        sent = tier.drain()
        print(f"{'':11}sent {sent / (time.perf_counter() - began):,.0f} texts a second")
    tier.check()
    assert tier.behind is None, tier.behind
    tier.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--texts", type=int, nargs="+", default=[10_000, 100_000, 300_000])
    parser.add_argument("--keep", type=Path, help="a folder for the transcripts, to be used again")
    arguments = parser.parse_args()
    found: dict[int, Costs] = {}
    with tempfile.TemporaryDirectory() as passing:
        for count in arguments.texts:
            home = (arguments.keep or Path(passing)) / str(count)
            home.mkdir(parents=True, exist_ok=True)
            found[count] = jobs(home, count)
    first, last = found[min(found)], found[max(found)]
    steep = [job for job in first.of if last.of[job] > MOST * first.of[job]]
    late = [
        job
        for job, took in last.whole.items()
        if took > ANSWERED_MS and not job.endswith("afterwards")
    ]
    print(f"\nmicroseconds a text\n{'':14}" + "".join(f"{count:>11,}" for count in found))
    for job in first.of:
        print(f"{job:<14}" + "".join(f"{costs.of[job]:>11.1f}" for costs in found.values()))
    print(f"\nmilliseconds\n{'':30}" + "".join(f"{count:>11,}" for count in found))
    for job in first.whole:
        print(f"{job:<30}" + "".join(f"{costs.whole[job]:>11.1f}" for costs in found.values()))
    if steep:
        print(f"missed: {', '.join(steep)} cost more than {MOST} times as much in a great store")
    if late:
        print(f"missed: {', '.join(late)} is answered later than {ANSWERED_MS} ms")
    return bool(steep or late)


if __name__ == "__main__":
    sys.exit(main())
