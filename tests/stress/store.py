"""Many processes on one store, killed and stopped at random: what was acknowledged is there.

    python -m tests.stress.store [--operations N] [--servers N] [--seed N]

Each server is driven by one thread that adds, changes, deletes and searches memories of its own;
transcripts grow and are imported beside it. Every operation is noted when it is acknowledged; one
whose server was killed is sent again to the next. Now and then everything is stopped and the
database is copied with its WAL, as a power cut would leave them. What is left in the store and in
the copies is compared with the notes by plain SQL.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from tests.lsp.client import Client

KILLS, STOPS, CUTS = 0.02, 0.02, 0.01
"""How often in an operation a server is killed, stopped for a while, and all are copied."""
MOST_WAL = 64 * 1024 * 1024
MOST_GROWTH = 150 * 1024 * 1024
MOST_MORE_DESCRIPTORS = 30
Memories = dict[str, str]


class Faults(Exception):
    """What was found to be wrong."""


class Store:
    """A data folder, the processes on it, and what they acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "aiana" / "conversations.db"
        self.environ = {
            **os.environ,
            "AIANA_HOME": str(folder / "aiana"),
            "CLAUDE_CONFIG_DIR": str(folder / "claude"),
            "AIANA_EMBEDDING_MODEL": "no-such-model",
        }
        self.lock = threading.Lock()
        self.kept: Memories = {}
        self.gone: set[str] = set()
        self.pending: dict[int, tuple[str | None, str | None]] = {}
        """By thread: the memory that is being changed, or None for a new one, and its text."""
        self.lines: list[str] = []
        self.running: dict[int, Client] = {}
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []

    def start(self, number: int) -> Client:
        client = Client(self.environ)
        client.initialize()
        with self.lock:
            self.running[number] = client
        return client

    def power_cut(self) -> None:
        """Copy what would be left if the machine stopped now, and compare it."""
        copy = Path(tempfile.mkdtemp(dir=self.folder)) / "cut.db"
        with self.lock:
            stopped = [client.process for client in self.running.values()]
            stopped = [process for process in stopped if process.poll() is None]
            for process in stopped:
                process.send_signal(signal.SIGSTOP)
            try:
                # An import is not stopped: where it moved the file meanwhile, this is no such cut.
                before = self.database.stat().st_mtime_ns
                for end in ("", "-wal"):
                    with contextlib.suppress(FileNotFoundError):
                        shutil.copyfile(f"{self.database}{end}", f"{copy}{end}")
                whole = before == self.database.stat().st_mtime_ns
            finally:
                for process in stopped:
                    process.send_signal(signal.SIGCONT)
            kept, pending = dict(self.kept), list(self.pending.values())
        if whole:
            self.done["power cuts"] += 1
            self.faults += compare(copy, kept, pending)
        shutil.rmtree(copy.parent)


def compare(
    database: Path, kept: Memories, pending: list[tuple[str | None, str | None]]
) -> list[str]:
    """What a database lacks, or holds too much, by plain SQL."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        faults = [row for (row,) in connection.execute("PRAGMA integrity_check") if row != "ok"]
        stored = dict(connection.execute("SELECT id, content FROM memories"))
        connection.execute(
            "INSERT INTO messages_fts(messages_fts, rank) VALUES ('integrity-check', 1)"
        )
        connection.rollback()
    changing = {id: text for id, text in pending if id is not None}
    added = {text for id, text in pending if id is None}
    for id, text in kept.items():
        if id in changing and stored.get(id) in (text, changing[id]):
            continue
        if stored.get(id) != text:
            faults.append(f"lost: {text!r} is {stored.get(id)!r}")
    for id, text in stored.items():
        if id not in kept and text not in added:
            faults.append(f"came back: {text!r}")
    return faults


def drive(store: Store, number: int, operations: int, seed: int) -> None:
    """One thread: its server, its memories."""
    dice = random.Random(f"{seed} {number}")
    own: list[str] = []
    client = store.start(number)
    for step in range(operations):
        kind = dice.choices(("add", "update", "delete", "search"), (5, 3, 2, 2))[0]
        id = dice.choice(own) if own and kind in ("update", "delete") else None
        kind = "add" if kind in ("update", "delete") and id is None else kind
        text = f"the {step}. note of {number} is about {dice.randrange(10**6)} boats"
        forms: dict[str, dict[str, Any]] = {
            "add": {"content": text, "idempotencyKey": f"{seed}-{number}-{step}"},
            "update": {"id": id, "content": text},
            "delete": {"ids": [id]},
            "search": {"query": f"notes about {dice.randrange(100)} boats"},
        }
        params = forms[kind]
        method = "aiana/search" if kind == "search" else f"aiana/memory/{kind}"
        if kind != "search":
            with store.lock:
                store.pending[number] = (id, None if kind == "delete" else text)
        kill, stop, cut = (dice.random() < chance for chance in (KILLS, STOPS, CUTS))
        while True:
            try:
                sent = client.send(method, params)
                if kill:
                    client.process.kill()
                elif stop:
                    client.process.send_signal(signal.SIGSTOP)
                    time.sleep(dice.random() / 5)
                    client.process.send_signal(signal.SIGCONT)
                result = client.answer(sent)
                break
            except (EOFError, BrokenPipeError):
                kill = False
                with contextlib.suppress(BrokenPipeError):
                    client.close()
                client = store.start(number)
                with store.lock:
                    store.done["kills"] += 1
        with store.lock:
            store.done[kind] += 1
            store.pending.pop(number, None)
            if kind == "add":
                own.append(result["memory"]["id"])
            if kind in ("add", "update"):
                store.kept[result["memory"]["id"]] = text
            elif kind == "delete" and id is not None:
                own.remove(id)
                del store.kept[id]
        if cut:
            store.power_cut()
    client.close()


def grow(store: Store, seed: int, over: threading.Event) -> None:
    """Transcripts that grow, and command lines that import them."""
    dice = random.Random(f"{seed} transcripts")
    folder = store.folder / "claude" / "projects" / "-work-shop"
    folder.mkdir(parents=True)
    while not over.is_set():
        session = f"session-{dice.randrange(10)}"
        with (folder / f"{session}.jsonl").open("a") as transcript:
            for _ in range(dice.randrange(1, 20)):
                said = f"line {len(store.lines)} of the talk about {dice.randrange(10**6)} ships"
                record = {
                    "type": "user",
                    "uuid": f"u{len(store.lines)}",
                    "sessionId": session,
                    "timestamp": "2026-02-01T12:00:00.000Z",
                    "cwd": "/work/shop",
                    "message": {"role": "user", "content": said},
                }
                transcript.write(json.dumps(record) + "\n")
                store.lines.append(said)
        command = subprocess.Popen(
            [sys.executable, "-m", "aiana", "import"], env=store.environ,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if dice.random() < 0.3:
            with contextlib.suppress(subprocess.TimeoutExpired):
                command.wait(dice.random())
            command.kill()
        command.wait()
        with store.lock:
            store.done["imports"] += 1


def run(folder: Path, operations: int, servers: int, seed: int) -> Counter[str]:
    """What was done. Raises Faults."""
    store = Store(folder)
    over = threading.Event()
    with Client(store.environ) as lasting:  # lives through all of it
        lasting.initialize()
        lasting.request("aiana/status")
        process = psutil.Process(lasting.process.pid)
        memory, descriptors = process.memory_info().rss, process.num_fds()
        failures: list[BaseException] = []

        def driven(number: int) -> None:
            try:
                drive(store, number, operations // servers, seed)
            except BaseException as error:
                failures.append(error)

        growing = threading.Thread(target=grow, args=(store, seed, over))
        growing.start()
        threads = [threading.Thread(target=driven, args=(n,)) for n in range(servers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        over.set()
        growing.join()
        if failures:
            raise failures[0]
        lasting.request("aiana/search", {"query": "boats"})
        if process.memory_info().rss - memory > MOST_GROWTH:
            store.faults.append(f"memory grew to {process.memory_info().rss:,} bytes")
        if process.num_fds() - descriptors > MOST_MORE_DESCRIPTORS:
            store.faults.append(f"{process.num_fds()} descriptors, {descriptors} at first")
        wal = Path(f"{store.database}-wal")
        if wal.exists() and wal.stat().st_size > MOST_WAL:
            store.faults.append(f"the WAL has {wal.stat().st_size:,} bytes")
    subprocess.run(
        [sys.executable, "-m", "aiana", "import"], env=store.environ, check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    store.faults += compare(store.database, store.kept, [])
    with contextlib.closing(sqlite3.connect(store.database)) as connection:
        said = Counter(text for (text,) in connection.execute("SELECT content FROM messages"))
    store.faults += [f"message: {text}" for text in (Counter(store.lines) - said)]
    store.faults += [f"message twice: {text}" for text in (said - Counter(store.lines))]
    store.done["messages"] = len(store.lines)
    if store.faults:
        raise Faults(f"seed {seed}: " + "\n".join(store.faults[:20]))
    return store.done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--servers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    sys.stdout.flush()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = run(Path(folder), options.operations, options.servers, options.seed)
    sys.stdout.write(f"nothing lost in {time.monotonic() - start:.0f} s: {dict(done)}\n")


if __name__ == "__main__":
    main()
