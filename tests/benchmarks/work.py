"""Questions about files and errors, in a store of sessions that worked with tools.

    python -m tests.benchmarks.work [--messages 100000] [--rounds 20] [--keep DIR]

Sessions read, edit and run things in three worktrees of a project. One file of many that share its
name is touched over and over; some errors stand in most sessions, are fixed in few of them, are
only quoted, or stand in outputs of a thousand lines.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from aiana.config import Config
from aiana.models import Message, Session
from aiana.projects import project_of
from aiana.service import Aiana, open_aiana
from aiana.times import format_time

MESSAGES_A_SESSION = 200
WORKTREES = ("shop", "shop-next", "shop-hotfix")
HOT = "src/cart/index.ts"
HISTORY_GOAL_MS = 50
FIXES_GOAL_MS = 100

FIXED = "src/a.ts(3,5): error TS2304: Cannot find name 'total'."
NEVER = "TypeError: Cannot read properties of undefined (reading 'price')"
QUOTED = "error: the kestrel index is stale"
LONG = "E   sqlite3.OperationalError: no such table: orders"
ASKED = {
    "fixed now and then": FIXED,
    "never fixed": NEVER,
    "only quoted": QUOTED,
    "in long outputs": LONG,
    "all of them": "\n".join((FIXED, NEVER, QUOTED, LONG)),
    "of common words": "Error: find name cart",
    "unknown": "error[E0308]: mismatched types in the ferret",
}


class Work:
    """Sessions at work, as they come about."""

    def __init__(self, folder: Path, aiana: Aiana) -> None:
        self.aiana = aiana
        self.chance = random.Random(5)
        self.folders = [self._worktree(folder / name) for name in WORKTREES]
        self.files = [HOT]
        for part in range(60):
            self.files += [f"src/part{part}/index.ts", f"src/part{part}/view.ts"]
        self.noise = [
            " ".join(
                self.chance.choices(("ok", "test", "src", "cart", "line", "find", "name"), k=9)
            )
            for _ in range(500)
        ]

    def _worktree(self, folder: Path) -> Path:
        (folder / ".git").mkdir(parents=True)
        (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        (folder / ".git" / "config").write_text(
            '[remote "origin"]\n\turl = https://git.example/ada/shop.git\n'
        )
        return folder

    def go_on(self, messages: int) -> None:
        """Until there are so many messages."""
        for number in range(messages // MESSAGES_A_SESSION):
            folder = self.folders[number % len(self.folders)]
            begun = 1_760_000_000 + number * 20_000
            session = Session(
                id=f"s{number}",
                source="codex",
                project=project_of(str(folder)).id,
                project_path=str(folder),
                started_at=_moment(begun),
            )
            said = []
            for place, (type, tool, text, about) in enumerate(self._turns(number, folder)):
                said.append(
                    Message(
                        id=f"s{number}-{place}",
                        session_id=session.id,
                        type=type,  # type: ignore[arg-type]
                        role="user" if type == "user" else None,
                        content="" if type == "tool_use" else text,
                        tool_name=tool,
                        tool_input=text if type == "tool_use" else None,
                        timestamp=_moment(begun + place * 30),
                        metadata=about,
                    )
                )
            self.aiana.record_messages(session, said[:MESSAGES_A_SESSION])

    def _turns(
        self, number: int, folder: Path
    ) -> Iterator[tuple[str, str | None, str, dict[str, object]]]:
        """Type, tool, text and metadata of the messages of a session."""
        chance = self.chance
        has_error = number % 2 == 0
        for turn in range(MESSAGES_A_SESSION):
            if turn % 10 == 0:
                yield "user", None, f"Please look at the cart, {turn}", {}
            is_hot = chance.random() < 0.6
            path = str(folder / (HOT if is_hot else chance.choice(self.files)))
            does = chance.random()
            answer, failed = "\n".join(chance.choices(self.noise, k=8)), False
            if does < 0.35:
                tool, given = "Read", {"file_path": path}
                if chance.random() < 0.1:
                    answer += f"\n12\tthrow '{QUOTED}'"
            elif does < 0.6:
                given = {"file_path": path, "old_string": "a" * 80, "new_string": "b" * 80}
                tool, answer = "Edit", "Done."
            else:
                tool, given = "Bash", {"command": chance.choice(("npx tsc", "npm test", "ls"))}
                if given["command"] == "npx tsc" and has_error:
                    failed = not (turn > MESSAGES_A_SESSION * 0.4 and number % 20 == 0)
                    answer = f"{answer}\n{FIXED}" if failed else ""
                elif given["command"] == "npm test":
                    failed = True
                    lines = chance.choices(self.noise, k=1000 if chance.random() < 0.1 else 20)
                    answer = "\n".join([*lines, LONG if len(lines) > 100 else NEVER])
            call: dict[str, object] = {"toolCallId": f"s{number}c{turn}"}
            yield "tool_use", tool, json.dumps(given), call
            yield "tool_result", tool, answer, call | ({"isError": True} if failed else {})


def _moment(seconds: int) -> str:
    return format_time(datetime.fromtimestamp(seconds, UTC))


def took(rounds: int, work: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds: the first time, and the median of all."""
    times = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return times[0], statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument(
        "--keep", type=Path, help="a folder for the store, made where it is missing"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        folder = arguments.keep or Path(passing)
        is_new = not (folder / "home").exists()
        aiana = open_aiana(Config(data_dir=folder / "home"))
        if is_new:
            Work(folder, aiana).go_on(arguments.messages)
        late = False
        for name in (HOT, "src/part7/index.ts", "src/none.ts"):
            path = folder / WORKTREES[0] / name
            first, usual = took(arguments.rounds, partial(aiana.file_history, path))
            entries = len(aiana.file_history(path, limit=100_000).entries)
            print(f"history, {name}, {entries} touches: first {first:.0f}, p50 {usual:.0f} ms")
            late |= usual > HISTORY_GOAL_MS
        for name, text in ASKED.items():
            first, usual = took(arguments.rounds, partial(aiana.fixes, text))
            count = len(aiana.fixes(text).fixes)
            print(f"fixes, {name}, {count} told: first {first:.0f}, p50 {usual:.0f} ms")
            late |= usual > FIXES_GOAL_MS
        aiana.close()
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
