"""What following 10,000 transcripts costs while nothing happens, and how soon a turn is found.

    python -m tests.benchmarks.following [SECONDS]

Two processes that follow: `aiana watch`, and the language server as an editor runs it. Processor
time, descriptors and memory are those of the process over the given time (60 s); then turns are
appended to transcripts of any age, and each is searched for from another process until found.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2] / "server"))
from aiana.storage import AianaStorage

FILES, FOLDERS, TURNS = 10_000, 200, 20
MOST_IDLE, MOST_DESCRIPTORS, MOST_WAIT_S = 0.002, 200, 2.0


def turn(session: str, number: int, text: str, at: float) -> str:
    record = {
        "type": "user",
        "uuid": f"{session}-{number}",
        "sessionId": session,
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "cwd": f"/home/ada/{session[:4]}",
        "message": {"role": "user", "content": text},
    }
    return json.dumps(record) + "\n"


def made(projects: Path) -> list[Path]:
    paths = []
    for n in range(FILES):
        folder = projects / f"-home-ada-p{n % FOLDERS:03}"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"s{n:05}.jsonl"
        at = time.time() - n * 600
        path.write_text("".join(turn(path.stem, i, f"turn {i} of {n}", at) for i in range(3)))
        os.utime(path, (at, at))
        paths.append(path)
    return paths


def initialize() -> bytes:
    body = b""
    for message in (
        {"id": 1, "method": "initialize", "params": {"capabilities": {}, "processId": None}},
        {"method": "initialized", "params": {}},
    ):
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        body += b"Content-Length: %d\r\n\r\n%s" % (len(text), text)
    return body


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    missed = False
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        paths = made(home / "claude" / "projects")
        environ = os.environ | {
            "HOME": temporary,
            "AIANA_HOME": str(home / "aiana"),
            "CLAUDE_CONFIG_DIR": str(home / "claude"),
            "AIANA_EMBEDDING_MODEL": "none-at-all",
        }
        for name, arguments, first in (
            ("aiana watch", ["watch"], b""),
            ("aiana lsp", ["lsp"], initialize()),
        ):
            process = subprocess.Popen(
                [sys.executable, "-m", "aiana", *arguments],
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            assert process.stdin is not None
            process.stdin.write(first)
            process.stdin.flush()
            try:
                missed |= measure(name, process, home, paths, seconds)
            finally:
                process.terminate()
                process.wait()
    return missed


def measure(
    name: str, process: subprocess.Popen[bytes], home: Path, paths: list[Path], seconds: float
) -> bool:
    began = time.monotonic()
    first = 0.0
    with AianaStorage(home / "aiana" / "conversations.db") as storage:
        while (stored := storage.counts("")[0].sessions) < len(paths):
            first = first or (time.monotonic() - began if stored else 0.0)
            time.sleep(0.05)
        imported = time.monotonic() - began
        quiet(process)
        facts = psutil.Process(process.pid)
        before, at = facts.cpu_times(), time.monotonic()
        time.sleep(seconds)
        after = facts.cpu_times()
        used = (after.user + after.system - before.user - before.system) / (time.monotonic() - at)
        waits = []
        for n in range(TURNS):
            path = paths[n * 487 % len(paths)]
            word = f"heron{name.split()[1]}{n}"
            with path.open("a") as file:
                said = turn(path.stem, 1000 + n, f"where is the {word}", time.time())
                file.write(said * (n % 2 + 1))
            at = time.monotonic()
            while not storage.search(word):
                time.sleep(0.005)
            waits.append(time.monotonic() - at)
        descriptors, memory = facts.num_fds(), facts.memory_info().rss
    print(
        f"{name}: first session after {first:.1f} s, all {len(paths):,} after {imported:.1f} s; "
        f"idle {used:.2%} of a core, {descriptors} descriptors, {memory / 1e6:.0f} MB; "
        f"from write to hit {statistics.median(waits):.2f} s, at most {max(waits):.2f} s",
        flush=True,
    )
    return used > MOST_IDLE or descriptors > MOST_DESCRIPTORS or max(waits) > MOST_WAIT_S


def quiet(process: subprocess.Popen[bytes]) -> None:
    """Wait until what was imported is embedded, or as far as it can be."""
    facts = psutil.Process(process.pid)
    while facts.cpu_percent(5.0) > 2.0:
        pass


if __name__ == "__main__":
    sys.exit(main())
