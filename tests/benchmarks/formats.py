"""Import speed of every way in which an assistant keeps a conversation, without embedding.

    python -m tests.benchmarks.formats [MEGABYTES]

One conversation of some `MEGABYTES` (5) of text, people's and assistants' words alone, is told as
each keeps it, and imported (parse, redact, store) by a process of its own, which has read a short
one before. Baseline in the same process: `json.loads` of the same lines or documents; of a
database every row, its JSON decoded; of Markdown the text read. Times are processor time: the
machine may be busy with other things. Status 1 if messages are missing or lines were left out, or
if a row costs more than `MOST` times the median of all.
"""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from aiana.capture.importer import import_sources
from aiana.storage import AianaStorage
from tests.benchmarks import spent
from tests.benchmarks.searching import texts, vocabulary
from tests.told import MAKERS, Maker, Turn

MEGABYTES = 5.0
PARAGRAPHS = 6
"""Of an answer; a question is one."""
SHORT = 5
"""Turns of the conversation that is read before."""
OTHERS = 2
"""Messages that a way of keeping tells of other conversations, at most."""
MOST = 3.0
"""Times the median that a way of keeping may cost."""


class Row(NamedTuple):
    """What one import cost."""

    megabytes: float
    messages: int
    seconds: float
    baseline: float
    peak_mb: float


def conversation(megabytes: float) -> list[Turn]:
    chance = random.Random(1)
    paragraphs = texts(1_000_000, vocabulary(chance), chance)
    turns: list[Turn] = []
    size = 0
    while size < megabytes * 1e6:
        said = "\n\n".join(next(paragraphs) for _ in range(PARAGRAPHS))
        turns.append(Turn(len(turns) + 1, next(paragraphs), said))
        size += len(turns[-1].asked) + len(said)
    return turns


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def decode(paths: Iterable[Path]) -> None:
    """The least that a reader of these files must do."""
    for path in paths:
        data = path.read_bytes()
        if data.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
                decode_rows(database)
        elif path.suffix == ".md":
            data.decode()
        elif path.suffix == ".json":
            json.loads(data)
        else:
            for line in data.splitlines():
                json.loads(line)


def decode_rows(database: sqlite3.Connection) -> None:
    names = [
        name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
    ]
    for name in names:
        for row in database.execute(f'SELECT * FROM "{name}"'):
            for value in row:
                if isinstance(value, str | bytes) and value[:1] in ("{", "[", b"{", b"["):
                    json.loads(value)


def peak_mb() -> float:
    """The most memory that this program had."""
    if sys.platform == "linux":
        # What getrusage tells was perhaps that of the process that started this one.
        with Path("/proc/self/status").open(encoding="utf-8") as facts:
            return next(int(line.split()[1]) / 1024 for line in facts if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def imported(source: str, path: Path, home: Path) -> int:
    """Imports a file into a new store; how many messages came of it."""
    with AianaStorage(home / "conversations.db") as storage:
        result = import_sources(storage, [], [path])
        counts = result.sources[source]
        assert (result.failed, counts.failed, counts.skipped_lines) == ([], [], 0)
        return counts.messages


def measure(source: str, short: Path, folder: Path, path: Path, home: Path) -> Row:
    """Called in a process of its own."""
    imported(source, short, home / "short")
    start = spent()
    messages = imported(source, path, home / "long")
    seconds, peak = spent() - start, peak_mb()
    paths = files(folder)
    start = spent()
    decode(paths)
    baseline = spent() - start
    return Row(sum(each.stat().st_size for each in paths) / 1e6, messages, seconds, baseline, peak)


def measured(source: str, make: Maker, turns: list[Turn]) -> Row:
    """Of one way of keeping. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as temporary:
        folder, home = Path(temporary, "told"), Path(temporary, "home")
        short = make(Path(temporary, "short"), turns[:SHORT])
        given = [source, short, folder, make(folder, turns), home]
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.formats", "--one", *map(str, given)],
            stdout=subprocess.PIPE,
            check=True,
        )
    return Row(*json.loads(done.stdout))


def label(source: str, make: Maker) -> str:
    way = make.__name__.replace("_", " ")
    return source if len(MAKERS[source]) == 1 else f"{source}: {way}"


def main(megabytes: float) -> int:
    turns = conversation(megabytes)
    expected = 2 * len(turns)
    columns = ("MB", "messages", "s", "MB/s", "x baseline", "peak MB")
    print(f"{'':30}" + "".join(f"{name:>11}" for name in columns), flush=True)
    costs: dict[str, float] = {}
    missed: list[str] = []
    for source, makers in MAKERS.items():
        for make in makers:
            name = label(source, make)
            try:
                row = measured(source, make, turns)
            except subprocess.CalledProcessError:
                missed.append(name)
                continue
            speed, ratio = row.megabytes / row.seconds, row.seconds / row.baseline
            print(
                f"{name:30}{row.megabytes:11.1f}{row.messages:11,}{row.seconds:11.2f}"
                f"{speed:11.1f}{ratio:11.1f}{row.peak_mb:11.0f}",
                flush=True,
            )
            costs[name] = row.seconds
            if not expected <= row.messages <= expected + OTHERS:
                missed.append(name)
    median = statistics.median(costs.values()) if costs else 0.0
    missed += [name for name, cost in costs.items() if cost > MOST * median]
    if missed:
        print(f"missed: {', '.join(dict.fromkeys(missed))}")
    return bool(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        arguments: list[Any] = [sys.argv[2], *map(Path, sys.argv[3:])]
        print(json.dumps(measure(*arguments)))
    else:
        sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MEGABYTES))
