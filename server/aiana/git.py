"""What git knows of lines: which commit touched them last, and what that commit replaced.

Git itself is asked, without anything that a repository's settings could make it run or fetch.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from aiana.text import unquoted

_WAIT_S = 0.02
_COMMIT = re.compile(r"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.M)
# Options before the command: nothing is run, fetched, locked or paged, whatever is configured.
_QUIET = (
    *("--no-pager", "--no-optional-locks", "--literal-pathspecs"),
    *("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false"),
    *("-c", "core.hooksPath=/dev/null", "-c", "blame.showEmail=false"),
)


class Unanswered(Exception):
    """Git is not there, failed, was given up, or took too long."""


class Commit(Struct, frozen=True):
    """Who made a commit, and when."""

    hash: str
    """Zeros for what is not committed yet."""
    author: str
    subject: str
    authored: int
    """Seconds since 1970."""
    committed: int

    @property
    def is_made(self) -> bool:
        return bool(self.hash.strip("0"))


class Blamed(Struct, frozen=True):
    """A line, and the commit that touched it last."""

    line: int
    """From 1, in the text that was asked about."""
    commit: Commit
    path: str
    """What the file was called in that commit, below the root."""
    there: int
    """The line's number in that commit."""
    before: tuple[str, str] | None
    """The commit before that one, and the file's name in it; None where there was no such file."""


class Hunk(Struct, frozen=True):
    """Lines that a commit replaced, by first line and number."""

    old: tuple[int, int]
    new: tuple[int, int]

    def has(self, line: int) -> bool:
        """Whether it put a line there, by its number afterwards."""
        return self.new[0] <= line < sum(self.new)


class Git:
    """One repository, asked within a span of time; afterwards, and once cancelled, it fails."""

    def __init__(
        self, root: Path, within_s: float, cancelled: Callable[[], bool], since: str | None = None
    ) -> None:
        """`since`: what is older than this time is of no interest, and not looked at."""
        self.root = root
        self._since = [] if since is None else [_since(_seconds(since))]
        self._until = time.monotonic() + within_s
        self._cancelled = cancelled

    def blame(
        self, path: str, first: int, last: int, commit: str | None = None, text: str | None = None
    ) -> list[Blamed]:
        """The last commit of each of some lines of a file: as it lies there, or in a commit.

        White space does not count, and lines are followed where they moved from. `text` is what
        the file holds instead of what lies there. Raises Unanswered.
        """
        contents = [] if text is None else ["--contents", "-"]
        told = self._ask(
            [
                "blame",
                "-w",
                "-C",
                "--no-textconv",
                "--porcelain",
                *self._since,
                *contents,
                "-L",
                f"{first},{last}",
            ]
            + ([commit] if commit else [])
            + ["--", path],
            text,
        )
        return _blamed(told)

    def hunks(self, before: tuple[str, str], after: tuple[str, str] | None) -> list[Hunk]:
        """What was replaced between a file in one commit and in another; None: as it lies there.

        Raises Unanswered.
        """
        old = ":".join(before)
        options = ["diff", "-w", "-U0", "--no-ext-diff", "--no-textconv", "--no-color"]
        if after is None:
            told = self._ask([*options, before[0], "--", before[1]])
        else:
            told = self._ask([*options, old, ":".join(after)])
        return [
            Hunk((int(m[1]), int(m[2] or 1)), (int(m[3]), int(m[4] or 1)))
            for m in _HUNK.finditer(told)
        ]

    def text(self, commit: str, path: str) -> str:
        """A file as it was in a commit. Raises Unanswered."""
        return self._ask(["cat-file", "blob", f"{commit}:{path}"])

    def touched(self, line: str, path: str, upto: str, since: int) -> bool:
        """Whether a commit up to this one, made since a moment, added a line or took it away.

        Raises Unanswered.
        """
        options = ["-1", "--format=%H", _since(since), f"-S{line}"]
        found = self._ask(["log", *options, upto, "--", path])
        return bool(found.strip())

    def _ask(self, arguments: Sequence[str], given: str | None = None) -> str:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "LC_ALL": "C"}
        flags = 0x08000000 if sys.platform == "win32" else 0  # no window
        try:
            process = subprocess.Popen(
                ["git", *_QUIET, *arguments],
                cwd=self.root,
                env=environment,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=flags,
            )
        except (OSError, ValueError) as error:
            raise Unanswered(f"git cannot be run ({error}).") from error
        with process:
            data = None if given is None else given.encode("utf-8", "surrogateescape")
            while True:
                if self._cancelled():
                    process.kill()
                    raise Unanswered("It was cancelled.")
                if time.monotonic() > self._until:
                    process.kill()
                    raise Unanswered("git took too long.")
                try:
                    out, why = process.communicate(data, timeout=_WAIT_S)
                    break
                except subprocess.TimeoutExpired:
                    data = None
        if process.returncode:
            lines = why.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"]
            raise Unanswered(f"git failed: {lines[-1].removeprefix('fatal: ')}.")
        told: str = out.decode("utf-8", "replace")
        return told


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())


def _since(moment: int) -> str:
    # Git reads a small number as something else than seconds.
    return f"--since=@{max(moment, 100_000_000)}"


def _blamed(told: str) -> list[Blamed]:
    commits: dict[str, dict[str, str]] = {}
    found: list[Blamed] = []
    facts: dict[str, str] = {}
    head = None
    for line in told.split("\n"):
        if line.startswith("\t"):
            if head is not None:
                found.append(_blamed_line(head, facts))
            head = None
        elif head is None:
            if head := _COMMIT.fullmatch(line):
                facts = commits.setdefault(head[1], {})
        else:
            name, _, value = line.partition(" ")
            facts[name] = value
    return found


def _blamed_line(head: re.Match[str], facts: dict[str, str]) -> Blamed:
    commit = Commit(
        hash=head[1],
        author=facts.get("author", ""),
        subject=facts.get("summary", ""),
        authored=int(facts.get("author-time", 0)),
        committed=int(facts.get("committer-time", 0)),
    )
    hash, _, before = facts.get("previous", "").partition(" ")
    return Blamed(
        line=int(head[3]),
        commit=commit,
        path=unquoted(facts.get("filename", "")),
        there=int(head[2]),
        before=(hash, unquoted(before)) if before else None,
    )
