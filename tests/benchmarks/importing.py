"""Import speed without embedding: parse, redact and store.

    python -m tests.benchmarks.importing [FOLDER OF TRANSCRIPTS]

Without a folder, sessions are made. Files are repeated, with ids of their own, up to 100 MB.
Baseline of the same run: `json.loads` of every line, nothing stored. Times are processor time,
that of the processes which read ahead included: the machine may be busy with other things.
"""

from __future__ import annotations

import json
import platform
import random
import re
import resource
import sys
import tempfile
import time
from pathlib import Path

from aiana.capture.claude_code.source import ClaudeCode
from aiana.capture.importer import import_sources
from aiana.child import cores
from aiana.redaction.door import admit_batch
from aiana.storage import AianaStorage
from tests.benchmarks import spent

TARGET = 100_000_000
_IDS = re.compile(rb'("(?:uuid|parentUuid|sessionId|leafUuid)":")')


def made(folder: Path) -> None:
    """A long session: prompts, answers, calls, and files read (each twice, as in life)."""
    rng = random.Random(1)
    words = [f"{a}{b}" for a in ("get", "user", "find", "path", "parse") for b in range(200)] + [
        "token"
    ]
    with (folder / "made.jsonl").open("w") as file:
        for n in range(400):
            base = {
                "sessionId": "made",
                "timestamp": f"2026-02-01T12:{n // 60:02}:{n % 60:02}.000Z",
            }
            content = "\n".join(" ".join(rng.choices(words, k=9)) for _ in range(120))
            call = {"type": "tool_use", "id": f"c{n}", "name": "Read", "input": {"file_path": "/a"}}
            result = {"type": "tool_result", "tool_use_id": f"c{n}", "content": content}
            for kind, block, extra in (
                ("user", {"type": "text", "text": content[:300]}, {}),
                ("assistant", {"type": "text", "text": content[300:1500]}, {}),
                ("assistant", call, {}),
                ("user", result, {"toolUseResult": {"file": {"content": content}}}),
            ):
                record = base | extra | {"type": kind, "uuid": f"{n}-{kind}-{block['type']}"}
                message = {"role": kind, "content": [block]}
                file.write(json.dumps(record | {"message": message}, separators=(",", ":")) + "\n")


def repeated(source: Path, target: Path) -> int:
    """Copies of all files until there are `TARGET` bytes; returns how many there are."""
    size = copy = 0
    originals = sorted(source.rglob("*.jsonl"))
    while size < TARGET:
        for path in originals:
            data = _IDS.sub(rb"\g<1>" + str(copy).encode() + b"-", path.read_bytes())
            (target / f"{copy}-{path.name}").write_bytes(data)
            size += len(data)
            if size >= TARGET:
                break
        copy += 1
    return size


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder, originals = Path(temporary, "transcripts"), Path(temporary, "made")
        folder.mkdir()
        originals.mkdir()
        if len(sys.argv) == 1:
            made(originals)
        size = repeated(Path(sys.argv[1]) if len(sys.argv) > 1 else originals, folder)
        files = sorted(folder.iterdir())

        start = spent()
        for path in files:
            for line in path.read_bytes().splitlines():
                try:
                    json.loads(line)
                except ValueError:
                    continue
        baseline = spent() - start

        source = ClaudeCode()
        start = spent()
        batches = [batch for path in files for batch in source.read(path, None)]
        parsing = spent() - start
        start = spent()
        for batch in batches:
            admit_batch(batch)
        cleaning = spent() - start
        del batches

        with AianaStorage(Path(temporary, "data", "conversations.db")) as storage:
            start, wall = spent(), time.perf_counter()
            counts = import_sources(storage, paths=[folder]).sources["claude-code"]
            whole, wall = spent() - start, time.perf_counter() - wall
            start = spent()
            again = import_sources(storage, paths=[folder]).sources["claude-code"]
            second = spent() - start
        assert again.bytes == 0
        print(f"{platform.machine()}, Python {platform.python_version()}, {cores()} cores")
        print(f"{size / 1e6:.0f} MB in {counts.found} files, {counts.messages:,} messages")
        print(f"{'':34}{'s':>8}{'MB/s':>8}{'ratio':>8}")
        for name, seconds in (
            ("json.loads of every line (baseline)", baseline),
            ("parsing", parsing),
            ("redaction and our own blocks", cleaning),
            ("import: parse, redact, store", whole),
            ("the same import again", second),
        ):
            speed = size / 1e6 / max(seconds, 0.01)
            print(f"{name:35}{seconds:7.2f}{speed:8.1f}{seconds / baseline:8.2f}")
        print(f"wall time of the import {wall:.2f} s ({size / 1e6 / wall:.1f} MB/s)")
        for of, who in (
            ("this process", resource.RUSAGE_SELF),
            ("one that reads", resource.RUSAGE_CHILDREN),
        ):
            print(f"peak memory of {of} {resource.getrusage(who).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
