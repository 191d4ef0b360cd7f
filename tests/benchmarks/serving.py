"""`aiana lsp` as an editor sees it: start, first hits, searches over the pipe, memory.

    python -m tests.benchmarks.serving [--chunks 10000 100000] [--queries 100] [--keep DIR]

The baseline of the start is a pygls server without a method, started in turns with ours.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from aiana.embeddings import DEFAULT_MODEL, compile_model
from aiana.storage import AianaStorage
from tests.benchmarks.searching import fill, milliseconds, queries
from tests.lsp.client import Client

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
ROUNDS = 7
TURNS = 5_000
BARE = "from pygls.lsp.server import LanguageServer; LanguageServer('bare', '1').start_io()"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--keep", type=Path, help="a folder for the databases, to be used again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.keep or Path(passing)
        home = folder / "sample"
        compile_model(DEFAULT_MODEL, home / "models")
        environ = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(folder / "no")}
        imported = [sys.executable, "-m", "aiana", "import", str(SAMPLE)]
        subprocess.run(imported, env=environ, check=True, capture_output=True)
        starting(environ)
        for chunks in arguments.chunks:
            searching(folder, environ, chunks, arguments.queries)
        reading(folder, environ)
    return 0


def reading(folder: Path, environ: dict[str, str]) -> None:
    """What a client waits for the document of a long session, and what the server works for it."""
    transcript = folder / "long" / "long.jsonl"
    transcript.parent.mkdir(exist_ok=True)
    with transcript.open("w", encoding="utf-8") as file:
        for number in range(TURNS // 2):
            for record in _turns(number):
                file.write(json.dumps({"sessionId": "long", "cwd": "/work/shop", **record}) + "\n")
    environ = {**environ, "AIANA_HOME": str(folder / "reading")}
    subprocess.run(
        [sys.executable, "-m", "aiana", "import", str(transcript)],
        env=environ,
        check=True,
        capture_output=True,
    )
    far = {"uri": f"aiana:///session/long/claude-code#a{TURNS // 2 - 1}"}
    locate, read = "aiana/locate", "workspace/textDocumentContent"
    print(f"\na session of {TURNS:,} turns, their calls and answers, in ms")
    print(f"{'':<46}{'elapsed':>9}{'worked':>9}{'goal':>9}")
    for asked in (
        [("where its last turn stands", locate, "")],
        [("it is opened", read, "250"), ("it is read again, as when it grew", read, "")],
    ):
        took: list[list[tuple[float, float]]] = [[] for _ in asked]
        for _ in range(ROUNDS):
            with Client(environ) as client:
                client.initialize()
                client.request("aiana/session/list", {"limit": 1})
                wait_for_rest(client)
                for times, (_, method, _) in zip(took, asked, strict=True):
                    began, before = time.perf_counter(), processor_time(client)
                    client.request(method, far)
                    times.append((time.perf_counter() - began, processor_time(client) - before))
        for times, (name, _, goal) in zip(took, asked, strict=True):
            elapsed, worked = (statistics.median(each) * 1000 for each in zip(*times, strict=True))
            print(f"{name:<46}{elapsed:>9.0f}{worked:>9.0f}{goal:>9}")


def wait_for_rest(client: Client) -> None:
    """Until what the server does by itself when it starts is done."""
    before = -1.0
    while (now := processor_time(client)) > before + 0.01:
        before = now
        time.sleep(0.5)


def processor_time(client: Client) -> float:
    """Seconds that the server has worked so far."""
    import psutil

    times = psutil.Process(client.process.pid).cpu_times()
    return float(times.user + times.system)


def _turns(number: int) -> Iterator[dict[str, Any]]:
    """What was asked and what was answered, with an edit of a file."""
    edit = {
        "file_path": f"/work/shop/src/{number % 40}.ts",
        "old_string": f"const total{number} = sum(cart)",
        "new_string": f"const total{number} = sum(discounted(cart))",
    }
    call = {"type": "tool_use", "id": f"t{number}", "name": "Edit", "input": edit}
    answer = {"type": "tool_result", "tool_use_id": f"t{number}", "content": "It is updated."}
    said = {"type": "text", "text": f"Because of {number}: " + "it is summed too early. " * 12}
    for role, kind, content in (
        ("user", "u", f"Why is the total of cart {number} wrong after the discount?"),
        ("assistant", "a", [said, call]),
        ("user", "r", [answer]),
    ):
        yield {
            "type": role,
            "uuid": f"{kind}{number}",
            "timestamp": f"2026-02-03T10:{number // 60:02}:{number % 60:02}.000Z",
            "message": {"role": role, "content": content},
        }


def starting(environ: dict[str, str]) -> None:
    """Seconds from starting the process, the median of a few rounds."""
    bare, ours, words, meaning = [], [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        with Client(environ, "-c", BARE) as client:
            client.initialize()
            bare.append(time.perf_counter() - began)
        began = time.perf_counter()
        with Client(environ) as client:
            client.initialize()
            ours.append(time.perf_counter() - began)
            client.request("aiana/search", {"query": "flaky login test"})
            words.append(time.perf_counter() - began)
            client.request("aiana/search", {"query": "signed out", "mode": "semantic"})
            meaning.append(time.perf_counter() - began)
    base = statistics.median(bare)
    print(f"{'from the start of the process':<46}{'s':>7}{'ratio':>8}{'goal':>8}")
    for name, times, goal in (
        ("bare pygls answers initialize (baseline)", bare, ""),
        ("aiana answers initialize", ours, "1.3 x"),
        ("first hits by words", words, "0.7 s"),
        ("first hits by meaning", meaning, "1.2 s"),
    ):
        median = statistics.median(times)
        print(f"{name:<46}{median:>7.2f}{median / base:>8.2f}{goal:>8}")
    without = {**environ, "AIANA_EMBEDDING_MODEL": "none-at-all"}
    with Client(without) as client:
        client.initialize()
        client.request("aiana/search", {"query": "flaky login test"})
        print(f"memory without a model, after a search {resident(client):>6.0f} MB (goal 70)")


def searching(folder: Path, environ: dict[str, str], chunks: int, count: int) -> None:
    """Milliseconds a search over the pipe, and memory, with so many chunks stored."""
    home = folder / str(chunks)
    home.mkdir(parents=True, exist_ok=True)
    if not (home / "models").exists():
        shutil.copytree(Path(environ["AIANA_HOME"]) / "models", home / "models")
    with AianaStorage(home / "conversations.db") as storage:
        fill(storage, chunks, DEFAULT_MODEL)
        rows = storage.database.reader.execute("SELECT content FROM messages LIMIT 5000")
        asked = queries([row[0] for row in rows], count)
        stored = storage.get_stats()
    print(f"\n{stored.chunks:,} chunks, {stored.messages:,} messages: over the pipe")
    print(f"{'':<20}{'p50 ms':>9}{'p95 ms':>9}{'goal p50':>10}")
    with Client({**environ, "AIANA_HOME": str(home)}) as client:
        client.initialize()
        began = time.perf_counter()
        client.request("aiana/search", {"query": "login"})
        print(f"{'first search':<20}{(time.perf_counter() - began) * 1000:>9.1f}")
        client.request("aiana/search", {"query": "login", "mode": "semantic"})

        def ask(mode: str) -> Callable[[str], object]:
            return lambda text: client.request("aiana/search", {"query": text, "mode": mode})

        for mode, goal in (("keyword", "25"), ("semantic", ""), ("hybrid", "50")):
            median, late = milliseconds(ask(mode), asked)
            print(f"{mode:<20}{median:>9.1f}{late:>9.1f}{goal:>10}")
        print(f"memory with model and vectors {resident(client):>6.0f} MB (goal 400)")


def resident(client: Client) -> float:
    """Resident memory of the server in MB."""
    import psutil

    return float(psutil.Process(client.process.pid).memory_info().rss) / 2**20


if __name__ == "__main__":
    sys.exit(main())
