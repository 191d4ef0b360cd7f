"""What the hook of a prompt is worth: how often the right session is in its block, at what price.

    python -m tests.benchmarks.retrieval.injected SETS [--only NAME ...]

Each query of a collection is taken for a prompt in its project. For prompts that have nothing to
find, those of every other collection are asked in this one: a good hook says nothing to them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.retrieval.adapter import Unit, messages_of
from tests.benchmarks.retrieval.run import read

from aiana.embeddings.wordpiece import uncased_tokenizer
from aiana.hooks.blocks import of_prompt
from aiana.hooks.words import about
from aiana.protocol.uris import SessionAddress, parse
from aiana.storage import AianaStorage

STRANGE = 300
"""Prompts of other collections that are asked in one."""


class Injections:
    """A collection in a store, and what the hook says in it."""

    def __init__(self, units: Sequence[Unit]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._storage = AianaStorage(Path(self._folder.name) / "conversations.db")
        self._tokenizer = uncased_tokenizer()
        sessions: dict[str, list[Unit]] = {}
        for unit in units:
            sessions.setdefault(unit["session"], []).append(unit)
        with self._storage.database.writing():
            for name, members in sessions.items():
                self._storage.sessions.record(*messages_of(name, members))
        with self._storage.database.reading() as connection:
            self._projects = dict(connection.execute("SELECT id, key FROM projects"))

    def close(self) -> None:
        self._storage.close()
        self._folder.cleanup()

    def say(self, prompt: str, group: str | None) -> tuple[set[str], int, float]:
        """The sessions in the block, its tokens, and the milliseconds it took."""
        projects = [self._projects[group]] if group in self._projects else []
        began = time.perf_counter()
        with self._storage.database.reading() as connection:
            found = about(connection, prompt, projects or list(self._projects.values()), "this")
            block, uris = of_prompt(connection, found, set())
        took = (time.perf_counter() - began) * 1000
        sessions = {at.id for at in map(parse, uris) if isinstance(at, SessionAddress)}
        tokens = len(self._tokenizer.encode(block, add_special_tokens=False).ids)
        return sessions, tokens, took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("sets", type=Path)
    parser.add_argument("--only", nargs="*", default=["entire", "devmem", "locomo"])
    arguments = parser.parse_args()
    found = sorted(path.parent for path in arguments.sets.glob("*/units.jsonl"))
    if not found:
        print(f"{arguments.sets} holds no collections.", file=sys.stderr)
        return 1
    asked: dict[str, list[Any]] = {f.name: read(f / "queries.dev.jsonl") for f in found}
    print(f"{'':<10}{'prompts':>8}{'told':>7}{'right':>7}{'of told':>8}{'tokens':>8}{'ms':>6}")
    for folder in found:
        if folder.name not in arguments.only:
            continue
        store = Injections(read(folder / "units.jsonl"))
        said = [(query, *store.say(query["text"], query["group"])) for query in asked[folder.name]]
        report(folder.name, [(set(q["rel_sessions"]), s, t, ms) for q, s, t, ms in said])
        for kind in sorted({str(q.get("cat")) for q, *_ in said}):
            some = [row for row in said if str(row[0].get("cat")) == kind]
            report(f"  {kind}"[:10], [(set(q["rel_sessions"]), s, t, ms) for q, s, t, ms in some])
        strange = [q for name, qs in asked.items() if name != folder.name for q in qs]
        step = max(1, len(strange) // STRANGE)
        report("  strange", [(set[str](), *store.say(q["text"], None)) for q in strange[::step]])
        store.close()
    return 0


def report(name: str, rows: Sequence[tuple[set[str], set[str], int, float]]) -> None:
    told = [row for row in rows if row[2]]
    right = sum(bool(wanted & shown) for wanted, shown, _, _ in told)
    tokens = statistics.mean(row[2] for row in told) if told else 0
    print(
        f"{name:<10}{len(rows):>8}{len(told) / len(rows):>7.0%}{right / len(rows):>7.0%}"
        f"{right / max(1, len(told)):>8.0%}{tokens:>8.0f}"
        f"{statistics.median(row[3] for row in rows):>6.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
