"""Memory of `aiana import` on what is large: a long transcript, a long line, a huge database.

    python -m tests.benchmarks.large

Each is imported by a process of its own into a new store, without a model; its highest memory is
what the system says of the process when it has ended, its time is processor time.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

GOAL_MB, DATABASE_GOAL_MB = 150, 100
TRANSCRIPT_BYTES, LINE_BYTES, DATABASE_BYTES = 212_000_000, 64 << 20, 1 << 30
WORDS = [f"{a}{b}" for a in ("get", "user", "find", "path", "parse") for b in range(400)]


def said(rng: random.Random, number: int, size: int) -> str:
    """A line of Claude Code: the answer of a tool, which stands in it twice as in life."""
    content = " ".join(rng.choices(WORDS, k=size // 16))
    blocks = [{"type": "tool_result", "tool_use_id": f"c{number}", "content": content}]
    record = {
        "type": "user",
        "uuid": f"u{number}",
        "sessionId": "large",
        "timestamp": f"2026-02-01T12:{number // 60 % 60:02}:{number % 60:02}.000Z",
        "message": {"role": "user", "content": blocks},
        "toolUseResult": {"file": {"content": content}},
    }
    return json.dumps(record) + "\n"


def transcript(folder: Path) -> Path:
    path, rng = folder / "transcript.jsonl", random.Random(1)
    with path.open("w") as file:
        number = 0
        while file.tell() < TRANSCRIPT_BYTES:
            file.write(said(rng, number, 200_000 if number % 50 == 0 else 8_000))
            number += 1
    return path


def line(folder: Path) -> Path:
    path = folder / "line.jsonl"
    path.write_text(said(random.Random(1), 1, LINE_BYTES))
    return path


def database(folder: Path) -> Path:
    """Cursor's: one conversation, and what else the editor keeps in the same table."""
    path = folder / "Cursor" / "User" / "globalStorage" / "state.vscdb"
    path.parent.mkdir(parents=True)
    headers = [{"bubbleId": f"b{n:03}", "type": n % 2 + 1} for n in range(200)]
    rng = random.Random(1)
    composer = {"composerId": "c1", "_v": 3, "name": "A talk", "createdAt": 1769947200000}
    composer["fullConversationHeadersOnly"] = headers
    rows = [("composerData:c1", json.dumps(composer))]
    for header in headers:
        text = " ".join(rng.choices(WORDS, k=300))
        rows.append((f"bubbleId:c1:{header['bubbleId']}", json.dumps(header | {"text": text})))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE ItemTable (key TEXT UNIQUE, value BLOB)")
        connection.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE, value BLOB)")
        connection.executemany("INSERT INTO cursorDiskKV VALUES (?, ?)", rows)
        for n in range(DATABASE_BYTES >> 20):
            row = (f"checkpointId:c{n}:k", os.urandom(1 << 20))
            connection.execute("INSERT INTO cursorDiskKV VALUES (?, ?)", row)
        connection.commit()
    return path


LAUNCHED = """
import json, os, sys
null = os.open(os.devnull, os.O_RDWR)
out = os.dup(1)
os.dup2(null, 1), os.dup2(null, 2)
process = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, "-m", "aiana", *sys.argv[1:]])
_, status, used = os.wait4(process, 0)
facts = [status, used.ru_maxrss, used.ru_utime + used.ru_stime]
os.write(out, json.dumps(facts).encode())
"""
"""Runs Aiana from a small process: what is started counts the memory of its starter as its own."""


def imported(path: Path, home: Path) -> tuple[float, float, int]:
    """Highest memory in MB, processor time, and how many messages there are."""
    environ = os.environ | {
        "HOME": str(home),
        "AIANA_HOME": str(home / "aiana"),
        "AIANA_EMBEDDING_MODEL": "none-at-all",
    }
    done = subprocess.run(
        [sys.executable, "-c", LAUNCHED, "import", str(path)],
        env=environ,
        stdout=subprocess.PIPE,
        check=True,
    )
    status, peak, seconds = json.loads(done.stdout)
    assert status == 0
    unit = 1024 if sys.platform == "linux" else 1024**2
    with closing(sqlite3.connect(home / "aiana" / "conversations.db")) as connection:
        (messages,) = connection.execute("SELECT count(*) FROM messages").fetchone()
    return peak / unit, seconds, messages


def main() -> int:
    goals: dict[Callable[[Path], Path], int] = {
        transcript: GOAL_MB,
        line: GOAL_MB,
        database: DATABASE_GOAL_MB,
    }
    is_missed = False
    for make, goal in goals.items():
        with tempfile.TemporaryDirectory() as temporary:
            path = make(Path(temporary))
            size = path.stat().st_size / 1e6
            peak, seconds, messages = imported(path, Path(temporary, "home"))
        is_missed |= peak > goal or not messages
        print(
            f"{make.__name__:12} {size:7.0f} MB, {messages:6} messages, {seconds:6.1f} s: "
            f"highest memory {peak:4.0f} MB (goal {goal})",
            flush=True,
        )
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main())
