"""What people and assistants start, from the start of a process: `search`, `mcp` and `hook`.

    python -m tests.benchmarks.doors [--messages 10000 100000] [--keep DIR]

The baseline of each row is `python -c pass`, run in turns with it.
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

from aiana.models import Message, Session
from aiana.storage import AianaStorage
from aiana.times import format_time
from tests.benchmarks.searching import TEXTS_A_SESSION, texts, vocabulary

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
    """So many messages in one project; returns prompts, words of texts that are stored."""
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
        found = storage.database.reader.execute(
            "SELECT content FROM messages WHERE key % 997 = 0 LIMIT 50"
        ).fetchall()
    return [" ".join(text.split()[:12]) for (text,) in found]


def rows(home: Path, project: Path, prompts: list[str], count: int) -> bool:
    """Print what each door takes; returns whether one takes longer than its goal."""
    environ = {**os.environ, "AIANA_HOME": str(home), "AIANA_EMBEDDING_MODEL": "none"}

    def run(arguments: list[str], given: str = "") -> None:
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

    print(f"\n{count:,} messages, from the start of the process")
    print(f"{'':<44}{'p50 ms':>8}{'of pass':>9}{'goal':>7}")
    late = False
    for name, work, goal in (
        ("aiana search, by words", searched, None),
        ("aiana mcp answers initialize", served("initialize"), 250),
        ("aiana mcp answers its first search", served("tools/call"), None),
        ("aiana hook session-start", hook("session-start"), 120),
        ("aiana hook prompt", hook("prompt"), 120),
    ):
        bare, ours = [], []
        for number in range(ROUNDS):
            began = time.perf_counter()
            run(["-c", "pass"])
            bare.append(time.perf_counter() - began)
            took: list[float] = []
            began = time.perf_counter()
            work(number)
            ours.append(took[0] if took else time.perf_counter() - began)
        median = statistics.median(ours) * 1000
        ratio = statistics.median(ours) / statistics.median(bare)
        late |= goal is not None and median > goal
        print(f"{name:<44}{median:>8.0f}{ratio:>9.1f}{goal or '':>7}")
    return late


if __name__ == "__main__":
    sys.exit(main())
