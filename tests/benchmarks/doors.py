"""What people and assistants start, from the start of a process: `search`, `mcp` and `hook`.

    python -m tests.benchmarks.doors [--messages 10000 100000] [--keep DIR]

The baseline of each row is `python -c pass`, run in turns with it. Vectors are random; the
query's own is the model's.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from aiana.embeddings import DEFAULT_MODEL, Embedder
from aiana.errors import ModelUnavailable
from aiana.indexing.chunking import chunks_of
from aiana.models import Message, Session
from aiana.storage import AianaStorage
from aiana.times import format_time
from tests.benchmarks.searching import TEXTS_A_SESSION, put_random_vectors, texts, vocabulary

ROUNDS = 15
CLIENT = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "b"}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--keep", type=Path, help="a folder for the databases, to be used again")
    arguments = parser.parse_args()
    late = False
    with tempfile.TemporaryDirectory() as passing:
        for count in arguments.messages:
            home = (arguments.keep or Path(passing)) / f"doors-{count}"
            project = home / "project"
            prompts = fill(home, project, count)
            late |= rows(home, project, prompts, count)
    return int(late)


def fill(home: Path, project: Path, count: int) -> list[str]:
    """So many embedded messages in one project; returns prompts, words of texts that are stored."""
    project.mkdir(parents=True, exist_ok=True)
    chance = random.Random(count)
    words = vocabulary(chance)
    with AianaStorage(home / "conversations.db") as storage:
        if storage.get_stats().messages < count:
            source = texts(count, words, chance)
            with storage.database.writing():
                for number in range(count // TEXTS_A_SESSION):
                    moment = format_time(datetime.fromtimestamp(1_760_000_000 + number * 60, UTC))
                    id = f"s{number}"
                    session = Session(
                        id=id,
                        source="bench",
                        project=str(project),
                        project_path=str(project),
                        started_at=moment,
                        title=f"Session {number}",
                    )
                    said = [next(source) for _ in range(TEXTS_A_SESSION)]
                    storage.sessions.record(
                        session,
                        [
                            Message(
                                id=f"{id}m{place}",
                                session_id=id,
                                type="assistant" if place % 2 else "user",
                                role="assistant" if place % 2 else "user",
                                content=text,
                                timestamp=moment,
                            )
                            for place, text in enumerate(said)
                        ],
                    )
        while storage.chunks.renew(chunks_of, 500):
            pass
        put_random_vectors(storage, DEFAULT_MODEL)
        found = storage.database.reader.execute(
            "SELECT content FROM messages WHERE key % 997 = 0 LIMIT 50"
        ).fetchall()
    return [" ".join(text.split()[:12]) for (text,) in found]


def rows(home: Path, project: Path, prompts: list[str], count: int) -> bool:
    """Print what each door takes; returns whether one takes longer than its goal."""
    with_model = {**os.environ, "AIANA_HOME": str(home)}
    # As an installed program runs: from files that were compiled before.
    with_model.pop("PYTHONDONTWRITEBYTECODE", None)
    environ = {**with_model, "AIANA_EMBEDDING_MODEL": "none"}

    def run(arguments: list[str], given: str = "", environ: dict[str, str] = environ) -> None:
        subprocess.run(
            [sys.executable, *arguments],
            input=given.encode(),
            capture_output=True,
            env=environ,
            cwd=project,
            check=True,
        )

    def hook(event: str) -> Callable[[int], None]:
        def once(number: int) -> None:
            asked = {
                "session_id": f"{time.time_ns()}",
                "cwd": str(project),
                "hook_event_name": "UserPromptSubmit",
                "prompt": prompts[number % len(prompts)],
            }
            run(["-m", "aiana", "hook", event], json.dumps(asked))

        return once

    def served(last: str) -> Callable[[int], None]:
        def once(number: int) -> None:
            asked = [("initialize", CLIENT)]
            if last == "tools/call":
                arguments = {"query": prompts[number % len(prompts)]}
                asked.append((last, {"name": "memory_search", "arguments": arguments}))
            with subprocess.Popen(
                [sys.executable, "-m", "aiana", "mcp"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=environ,
                cwd=project,
            ) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                for id, (method, params) in enumerate(asked):
                    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": params}
                    process.stdin.write(json.dumps(message).encode() + b"\n")
                    process.stdin.flush()
                    process.stdout.readline()
                took.append(time.perf_counter() - began)
                process.stdin.close()

        return once

    def searched(number: int) -> None:
        run(["-m", "aiana", "search", "--mode", "keyword", prompts[number % len(prompts)]])

    def mixed(number: int) -> None:
        run(["-m", "aiana", "search", prompts[number % len(prompts)]], environ=with_model)

    works: list[tuple[str, Callable[[int], None], int | None]] = [
        ("aiana search, by words", searched, 160),
        ("aiana search, by words and meaning", mixed, 350),
        ("aiana mcp answers initialize", served("initialize"), 250),
        ("aiana mcp answers its first search", served("tools/call"), None),
        ("aiana hook session-start", hook("session-start"), 120),
        ("aiana hook prompt", hook("prompt"), 120),
    ]
    try:
        Embedder(device="cpu", models_dir=home / "models").load()
    except ModelUnavailable as error:
        print(f"No search by meaning: {error}")
        del works[1]
    print(f"\n{count:,} messages, from the start of the process")
    print(f"{'':<44}{'best ms':>8}{'p50 ms':>8}{'of pass':>9}{'goal':>7}")
    late = False
    for name, work, goal in works:
        took: list[float] = []
        began = time.perf_counter()
        work(0)  # what is made once, as the files that all processes map
        bare, ours = [], []
        for number in range(ROUNDS):
            began = time.perf_counter()
            run(["-c", "pass"])
            bare.append(time.perf_counter() - began)
            took.clear()
            began = time.perf_counter()
            work(number)
            ours.append(took[0] if took else time.perf_counter() - began)
        median = statistics.median(ours) * 1000
        ratio = statistics.median(ours) / statistics.median(bare)
        late |= goal is not None and median > goal
        best = min(ours) * 1000
        print(f"{name:<44}{best:>8.0f}{median:>8.0f}{ratio:>9.1f}{goal or '':>7}")
    return late


if __name__ == "__main__":
    sys.exit(main())
