"""Why a line is so: how often the answer is right, how often there is one, how long it takes.

    python -m tests.benchmarks.lines [--commits 1000] [--sessions 200] [--long 10000] [--seed 1]

A repository is made as two people and assistants make one: edits by sessions and by hand, tweaks
before a commit, refused edits, what was taken away and written again, copies, formatters, moves of
files, branches that are squashed or rebased. Who wrote each line, and each text that it had before,
is noted beside.
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
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from aiana.config import Config
from aiana.models import Message, Session
from aiana.projects import project_of
from aiana.service import Aiana, open_aiana
from aiana.times import format_time

PEOPLE = (("Ada", "ada@shop.example"), ("Bob", "bob@shop.example"))
FILES = 12
SPAN = 8
"""Lines that are asked about at once."""
COMMON = (
    "    return None",
    "    }",
    "try:",
    "else:",
    "        pass",
    "import logging",
    "logger = logging.getLogger(__name__)",
    "    @property",
    "        continue",
)
GOAL_MS = 150
GOAL_PRECISION = 0.99


class Line(Struct):
    """A line of a file, and who wrote it."""

    text: str
    writers: tuple[str, ...]
    """Messages, or people, that wrote what it was before, and the one that wrote it last."""


class Story:
    """A repository and the sessions in it, as they come about."""

    def __init__(self, folder: Path, aiana: Aiana, seed: int, sessions: int) -> None:
        self.root = folder
        self.aiana = aiana
        self.chance = random.Random(seed)
        self.now = 1_750_000_000
        self.files: dict[str, list[Line]] = {}
        self.sessions = sessions
        self.begun = 0
        self.commits = 0
        self.said: dict[str, int] = Counter()
        self.gone: list[tuple[str, Line]] = []
        self.words = [
            f"{verb}_{noun}"
            for verb in ("load", "sum", "check", "send", "merge", "drop", "parse", "round")
            for noun in ("cart", "price", "order", "stock", "user", "token", "page", "tax")
        ]
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("remote", "add", "origin", "https://git.example/ada/shop.git")
        for number in range(FILES):
            path = f"src/part_{number}.py"
            self.files[path] = [Line(self.text(), ("Ada",)) for _ in range(25)]
            self.write(path)
        self.commit("Begin", 0)

    # -- what people and assistants do

    def go_on(self, commits: int) -> None:
        """Until there are so many commits."""
        while self.commits < commits:
            does = self.chance.random()
            path = self.chance.choice(sorted(self.files))
            if does < 0.42:
                self.work(path)
                self.commit("Change by an assistant", 0)
            elif does < 0.72:
                self.by_hand(path, self.chance.randrange(2))
            elif does < 0.78:
                self.format(path)
            elif does < 0.83:
                self.move(path)
            elif does < 0.88:
                self.write_again()
            elif does < 0.92:
                self.copy(path)
            else:
                self.branch(squash=does < 0.96)

    def work(self, path: str) -> None:
        """A session edits a file; now and then somebody touches it up before the commit."""
        id = f"s{self.chance.randrange(self.sessions)}"
        self.say(id, "user", f"Please look at {path}: {self.chance.choice(self.words)} is wrong.")
        for _ in range(self.chance.randint(1, 3)):
            kind = self.chance.random()
            if kind < 0.1:
                self.refused(id, path)
            elif kind < 0.2:
                self.rewrite(id, path)
            else:
                self.edit(id, path)
        if self.chance.random() < 0.15:
            self.touch_up(path, "Ada")
        self.write(path)

    def edit(self, id: str, path: str) -> None:
        lines = self.files[path]
        at = self.chance.randrange(len(lines) + 1)
        gone = self.chance.choice((0, 0, 1, 1, 2, 3))
        before, after = lines[max(0, at - 1) : at], lines[at + gone : at + gone + 1]
        new = [self.text() for _ in range(self.chance.randint(1, 5))]
        old = lines[at : at + gone]
        message = self.call(
            id,
            "Edit",
            {
                "file_path": str(self.root / path),
                "old_string": _joined([*before, *old, *after]),
                "new_string": "\n".join(
                    [*(x.text for x in before), *new, *(x.text for x in after)]
                ),
            },
        )
        self.replace(path, at, old, new, message)

    def rewrite(self, id: str, path: str) -> None:
        """The whole file is written, which says nothing of who wrote its lines."""
        lines = self.files[path]
        self.call(id, "Read", {"file_path": str(self.root / path)}, _joined(lines))
        at = self.chance.randrange(len(lines) + 1)
        new = [self.text() for _ in range(self.chance.randint(1, 4))]
        text = "\n".join([*(x.text for x in lines[:at]), *new, *(x.text for x in lines[at:])])
        message = self.call(id, "Write", {"file_path": str(self.root / path), "content": text})
        self.replace(path, at, [], new, message)

    def refused(self, id: str, path: str) -> None:
        """What was refused may be written by hand afterwards."""
        new = self.text()
        at = self.chance.randrange(len(self.files[path]))
        old = self.files[path][at]
        arguments = {
            "file_path": str(self.root / path),
            "old_string": old.text,
            "new_string": f"{old.text}\n{new}",
        }
        self.call(id, "Edit", arguments, "The user doesn't want to proceed: rejected.", failed=True)
        if self.chance.random() < 0.5:
            self.replace(path, at + 1, [], [new], "Ada")

    def by_hand(self, path: str, person: int) -> None:
        name = PEOPLE[person][0]
        lines = self.files[path]
        at = self.chance.randrange(len(lines))
        if self.chance.random() < 0.4:
            self.touch_up(path, name)
        else:
            gone = self.chance.choice((0, 1, 2, 4)) if len(lines) > 12 else 0
            new = [self.text() for _ in range(self.chance.randint(0 if gone else 1, 4))]
            self.replace(path, at, lines[at : at + gone], new, name)
        self.write(path)
        self.commit(f"Change by {name}", person)

    def touch_up(self, path: str, name: str) -> None:
        """A line becomes a slightly different one."""
        lines = self.files[path]
        at = self.chance.randrange(len(lines))
        old = lines[at]
        if len(old.text.strip()) > 12:
            lines[at] = Line(f"{old.text}  # {self.number()}", (*old.writers, name))

    def format(self, path: str) -> None:
        """White space only, or quotes, or long lines in two."""
        kind = self.chance.randrange(3)
        done = []
        for line in self.files[path]:
            text, writers = line.text, line.writers
            if kind == 0 and text.strip():
                done.append(Line("  " + text, writers))
            elif kind == 1 and "'" in text:
                done.append(Line(text.replace("'", '"'), (*writers, "format")))
            elif kind == 2 and len(text) > 50 and ", " in text:
                head, _, tail = text.partition(", ")
                done.append(Line(f"{head},", (*writers, "format")))
                done.append(Line(f"        {tail}", (*writers, "format")))
            else:
                done.append(line)
        self.files[path] = done
        self.write(path)
        self.commit("Format", 0)

    def move(self, path: str) -> None:
        new = f"{self.chance.choice(('src', 'lib', 'app'))}/moved_{self.commits}.py"
        (self.root / new).parent.mkdir(exist_ok=True)
        self.git("mv", path, new)
        self.files[new] = self.files.pop(path)
        self.commit("Move", 1)

    def write_again(self) -> None:
        """Somebody writes by hand what was taken away before, be it a session's."""
        known = [(path, line) for path, line in self.gone[-40:] if path in self.files]
        if known:
            path, line = self.chance.choice(known)
            lines = self.files[path]
            self.replace(path, self.chance.randrange(len(lines)), [], [line.text], "Bob")
            self.write(path)
            self.commit("Write it again", 1)

    def copy(self, path: str) -> None:
        """Somebody copies lines within a file, or into another."""
        other = self.chance.choice((path, *sorted(self.files)))
        lines = self.files[path]
        at = self.chance.randrange(len(lines))
        copied = [line.text for line in lines[at : at + self.chance.randint(1, 4)]]
        self.replace(other, self.chance.randrange(len(self.files[other])), [], copied, "Ada")
        self.write(other)
        self.commit("Copy", 0)

    def branch(self, squash: bool) -> None:
        """Sessions work on a branch while main goes on elsewhere; then it is brought in."""
        own, other = self.chance.sample(sorted(self.files), 2)
        name = f"topic-{self.commits}"
        self.git("checkout", "-q", "-b", name)
        for _ in range(self.chance.randint(1, 3)):
            self.work(own)
            self.commit("On a branch", 0)
        self.git("checkout", "-q", "main")
        self.by_hand(other, 1)
        if squash:
            self.git("merge", "-q", "--squash", name)
            self.commit("Squash", 0)
        else:
            self.git("checkout", "-q", name)
            self.git("rebase", "-q", "main")
            self.git("checkout", "-q", "main")
            self.git("merge", "-q", "--ff-only", name)
        self.git("branch", "-q", "-D", name)

    # -- how that is done

    def text(self) -> str:
        kind = self.chance.random()
        if kind < 0.25:
            return self.chance.choice(COMMON)
        name = self.chance.choice(self.words)
        if kind < 0.35:
            return f"    {name}({self.chance.choice(self.words)})"  # comes again now and then
        if kind < 0.6:
            return (
                f"    {name}_{self.number()} = {self.chance.choice(self.words)}('{self.number()}')"
            )
        other = f"{self.chance.choice(self.words)}_{self.number()}"
        return f"    result = {name}({other}, limit={self.number()}, strict=True)"

    def number(self) -> int:
        return self.chance.randrange(10_000)

    def replace(
        self, path: str, at: int, old: Sequence[Line], new: Sequence[str], writer: str
    ) -> None:
        lines = self.files[path]
        self.gone += [(path, line) for line in old if line.text not in new]
        made = []
        for text in new:
            # What stands in the place of another line came from that one, too.
            before = [w for line in old for w in line.writers] if old else []
            made.append(Line(text, (*before, writer)))
        lines[at : at + len(old)] = made

    def write(self, path: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(_joined(self.files[path]) + "\n", encoding="utf-8")

    def commit(self, subject: str, person: int) -> None:
        self.now += self.chance.randint(60, 4000)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, person=person)
        self.commits += 1

    def git(self, *arguments: str, person: int = 0) -> str:
        name, mail = PEOPLE[person]
        self.now += 1
        facts = {"NAME": name, "EMAIL": mail, "DATE": f"@{self.now} +0000"}
        who = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in facts.items()}
        quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        return subprocess.run(
            ["git", "-c", "gc.auto=0", *arguments],
            cwd=self.root,
            env={**os.environ, **who, **quiet},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def call(
        self,
        id: str,
        tool: str,
        arguments: dict[str, str],
        answer: str = "Done.",
        *,
        failed: bool = False,
    ) -> str:
        """A call and its result; returns the call's message."""
        number = self.said[id]
        about: dict[str, object] = {"toolCallId": f"{id}-{number}"}
        message = self.say(id, "assistant", "", tool, json.dumps(arguments), about)
        self.say(id, "tool", answer, tool, None, about | ({"isError": True} if failed else {}))
        return message

    def say(
        self,
        id: str,
        role: str,
        text: str,
        tool: str | None = None,
        arguments: str | None = None,
        about: dict[str, object] | None = None,
    ) -> str:
        self.now += self.chance.randint(5, 90)
        self.said[id] += 1
        message = f"{id}-m{self.said[id]}"
        kinds = {"user": "user", "assistant": "tool_use", "tool": "tool_result"}
        moment = format_time(datetime.fromtimestamp(self.now, UTC))
        session = Session(
            id=id,
            source="codex",
            project=project_of(str(self.root)).id,
            project_path=str(self.root),
            started_at=moment,
        )
        told = Message(
            id=message,
            session_id=id,
            type=kinds[role],  # type: ignore[arg-type]
            role=role,
            content=text,
            tool_name=tool,
            tool_input=arguments,
            timestamp=moment,
            metadata=about or {},
        )
        self.aiana.record_messages(session, [told])
        return message


class Score(Struct):
    """How answers compare with what is known."""

    right: int = 0
    wrong: int = 0
    written: int = 0
    """Lines as a session wrote them."""
    written_found: int = 0
    changed: int = 0
    """Lines of which a session wrote what they were before."""
    changed_found: int = 0
    mistakes: list[str] = []

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)


def score(story: Story) -> Score:
    """Ask about every line of every file."""
    found = Score(mistakes=[])
    for path, lines in sorted(story.files.items()):
        for first in range(1, len(lines) + 1, SPAN):
            last = min(len(lines), first + SPAN - 1)
            why = story.aiana.why(story.root / path, first, last, limit=1000)
            told: dict[int, list[tuple[str, str]]] = {}
            for reason in why.reasons:
                for begin, end in reason.lines:
                    for number in range(begin, end + 1):
                        told.setdefault(number, []).append((reason.kind, reason.message_id))
            for number in range(first, last + 1):
                _count(found, lines[number - 1], told.get(number, []), f"{path}:{number}")
    return found


def _count(found: Score, line: Line, told: Sequence[tuple[str, str]], place: str) -> None:
    sessions = [writer for writer in line.writers if "-m" in writer]
    is_written = bool(sessions) and line.writers[-1] == sessions[-1]
    found.written += is_written
    found.changed += bool(sessions) and not is_written
    for kind, message in told:
        right = line.writers[-1] == message if kind == "edited" else message in line.writers
        found.right += right
        found.wrong += not right
        if not right:
            found.mistakes.append(f"{place} {kind} {message}, not {line.writers}: {line.text}")
        found.written_found += is_written and right and kind == "edited"
        found.changed_found += bool(sessions) and not is_written and right


def _joined(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines)


def long_history(folder: Path, commits: int) -> None:
    """A repository with so many commits of 200 files, made at once."""
    folder.mkdir()
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    chance = random.Random(7)
    files = {
        f"src/d{n % 14}/part_{n}.py": [f"line_{n}_{k} = {k}" for k in range(300)]
        for n in range(200)
    }
    parts: list[bytes] = []
    for number in range(commits):
        paths = list(files) if number == 0 else chance.sample(sorted(files), 2)
        who = f"Ada <ada@shop.example> {1_700_000_000 + number * 600} +0000"
        head = f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata 1\nx\n"
        parts.append(head.encode())
        for path in paths:
            lines = files[path]
            if number:
                lines[chance.randrange(len(lines))] = f"changed_{number} = {number}"
            data = ("\n".join(lines) + "\n").encode()
            parts.append(f"M 644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
    subprocess.run(
        [*git, "fast-import", "--quiet"], input=b"".join(parts), check=True, capture_output=True
    )
    subprocess.run([*git, "checkout", "-q", "main"], check=True)


def latency(folder: Path, aiana: Aiana, commits: int, rounds: int) -> list[float]:
    """Milliseconds of answers about lines of files that a session edited in the middle of it."""
    long_history(folder, commits)
    chance = random.Random(3)
    paths = sorted((folder / "src").rglob("*.py"))[:20]
    messages = []
    moment = format_time(datetime.fromtimestamp(1_700_000_000 + commits * 300, UTC))
    for number, path in enumerate(paths):
        text = path.read_text(encoding="utf-8").splitlines()
        for place in range(0, 300, 10):
            arguments = {"file_path": str(path), "old_string": "", "new_string": text[place]}
            messages.append(
                Message(
                    id=f"{number}-{place}",
                    session_id="long",
                    type="tool_use",
                    tool_name="Edit",
                    tool_input=json.dumps(arguments),
                    timestamp=moment,
                )
            )
    project = project_of(str(folder)).id
    session = Session(
        id="long", source="codex", project=project, project_path=str(folder), started_at=moment
    )
    aiana.record_messages(session, messages)
    taken = []
    for _ in range(rounds):
        path, line = chance.choice(paths), chance.randrange(300)
        begun = time.perf_counter()
        aiana.why(path, line + 1, line + 1)
        taken.append((time.perf_counter() - begun) * 1000)
    return sorted(taken)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--long", type=int, default=10_000, help="commits of the second repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mistakes", action="store_true", help="tell each wrong answer")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as passing:
        home = Path(passing)
        aiana = open_aiana(Config(data_dir=home / "home"))
        story = Story(home / "shop", aiana, arguments.seed, arguments.sessions)
        story.go_on(arguments.commits)
        found = score(story)
        asked = found.right + found.wrong
        print(f"answers about a line: {asked}, precision {found.precision:.4f}")
        print(f"recall, as a session wrote it: {found.written_found} of {found.written}")
        print(f"recall, changed since: {found.changed_found} of {found.changed}")
        if arguments.mistakes:
            print("\n".join(found.mistakes))
        late = False
        if arguments.long:
            taken = latency(home / "long", aiana, arguments.long, 60)
            p50, p95 = statistics.median(taken), taken[len(taken) * 95 // 100]
            print(f"one line, {arguments.long} commits: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
            late = p50 > GOAL_MS
        aiana.close()
    return int(late or found.precision < GOAL_PRECISION)


if __name__ == "__main__":
    sys.exit(main())
