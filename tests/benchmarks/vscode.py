"""The panel in the real VS Code: from a keystroke to hits, activation, sizes.

    python -m tests.benchmarks.vscode [--keep DIR]

Needs `tests/editors/vscode/install.sh` and the packed extension (`make vsix`), and is skipped
without them. The baseline is the server's own answer to the same keystrokes over a pipe.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiana.embeddings import DEFAULT_MODEL
from aiana.storage import AianaStorage
from tests.benchmarks.searching import fill, milliseconds, percentiles, queries
from tests.lsp.client import Client

ROOT = Path(__file__).parents[2]
CHUNKS = 100_000
QUERIES = 12
QUERY_CHARS = 30
LIMIT_S = 600


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--keep", type=Path, help="a folder for the database, to be used again")
    arguments = parser.parse_args()
    if missing := _missing():
        print(f"skipped: {missing}")
        return 0
    with tempfile.TemporaryDirectory() as passing:
        home = arguments.keep or Path(passing)
        typed = _fill(home)
        script = ROOT / "tests" / "editors" / "vscode" / "bench.mjs"
        ran = subprocess.run(
            ["node", str(script), str(home)],
            stdout=subprocess.PIPE,
            timeout=LIMIT_S,
            check=True,
        )
        return _report(json.loads(ran.stdout), _answers(home, typed))


def _missing() -> str | None:
    cache = Path(os.environ.get("AIANA_DEV_CACHE", Path.home() / ".cache" / "aiana-dev"))
    packed = os.environ.get("AIANA_TEST_VSIX", ROOT / "vscode-extension" / "aiana.vsix")
    if shutil.which("node") is None or not (cache / "code-server").exists():
        return "VS Code is not installed: tests/editors/vscode/install.sh"
    return None if Path(packed).exists() else "the extension is not packed: make vsix"


def _fill(home: Path) -> list[str]:
    """Store the texts, once; what will be typed, also in `queries.json`."""
    kept = home / "queries.json"
    if not kept.exists():
        home.mkdir(parents=True, exist_ok=True)
        with AianaStorage(home / "conversations.db") as storage:
            sample = fill(storage, CHUNKS, DEFAULT_MODEL)
        kept.write_text(json.dumps([q[:QUERY_CHARS] for q in queries(sample, QUERIES)]))
    return list(json.loads(kept.read_text()))


def _answers(home: Path, typed: list[str]) -> tuple[float, float]:
    """Median and 95th percentile of the server's answers by words to every keystroke."""
    keystrokes = [text[:end] for text in typed for end in range(1, len(text) + 1)]
    environ = {**os.environ, "AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(home / "none")}
    with Client(environ) as client:
        client.initialize()
        client.request("aiana/search", {"query": "warm up", "mode": "keyword"})
        return milliseconds(
            lambda text: client.request("aiana/search", {"query": text, "mode": "keyword"}),
            keystrokes,
        )


def _report(measured: dict[str, Any], server: tuple[float, float]) -> int:
    print(f"{CHUNKS:,} chunks stored, a key every {measured['keyMs']} ms")
    print(f"{'':<34}{'p50 ms':>8}{'p95 ms':>8}{'goal':>12}{'ratio':>7}")
    print(f"{'server, by words (baseline)':<34}{server[0]:>8.0f}{server[1]:>8.0f}")
    rendered, painted = (percentiles(measured[name]) for name in ("rendered", "painted"))
    for name, (median, late), goal in (
        ("keystroke to rendered hits", rendered, "60 / 150"),
        ("keystroke to painted hits", painted, ""),
    ):
        print(f"{name:<34}{median:>8.0f}{late:>8.0f}{goal:>12}{median / server[0]:>7.1f}")
    answered = len(measured["rendered"])
    print(f"{answered} of {measured['keys']} keystrokes were answered before the next one")
    print(
        f"activation in the extension host {measured['activation']:.0f} ms (goal 50); another "
        f"extension waited {measured['awaited']:.0f} ms for it"
    )
    sizes = {name: measured[name] / 1e3 for name in ("bundle", "vsix")}
    print(f"bundle {sizes['bundle']:.0f} kB, VSIX {sizes['vsix']:.0f} kB (goal 1000)")
    return int(rendered[0] > 60 or rendered[1] > 150 or measured["activation"] > 50)


if __name__ == "__main__":
    sys.exit(main())
