"""What is answered of files, lines and errors: which turns had to do with them."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.protocol.results.base import Result


class FileEntry(Result):
    """A turn in which a session had to do with a file."""

    uri: str
    """Of the turn."""
    kind: Literal["edit", "read", "named"]
    """Of what a session only read or named, the last time is told."""
    touch: Literal["read", "edited", "created", "deleted", "named"]
    """The same more exactly."""
    path: str
    """What the file was called then, and where that session had it."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    session_title: str | None = None
    lines: tuple[int, int] | None = None
    """The first and the last line, from 1, where the call named them."""


class FileHistory(Result):
    """What happened to a file, newest first."""

    entries: list[FileEntry]
    names: list[str]
    """What the file is called, and was called before sessions moved it."""
    next_cursor: str | None = None
    notes: list[str] = field(default_factory=list)
    """Why it may be incomplete."""


class Quoted(Result):
    """A turn, and the beginning of what it says."""

    uri: str
    text: str


class LineCommit(Result):
    """A commit that touched a line."""

    hash: str | None
    """None for what is not committed yet."""
    author: str
    subject: str
    time: str


class Reason(Result):
    """A turn that wrote, changed or discussed lines."""

    uri: str
    """Of the turn."""
    kind: Literal["edited", "changed", "discussed"]
    """`edited`: the turn's text stands there today; `changed`: what it wrote was changed since;
    `discussed`: it quotes the line."""
    how: str
    """How that is known, for people: `edited here`, `edited, then changed by 1a2b3c4 (Ada)`."""
    lines: list[tuple[int, int]]
    """First and last, from 1, of those that were asked about."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    path: str
    """What the file was called then, and where that session had it."""
    session_title: str | None = None
    asked: Quoted | None = None
    """The person's prompt before the turn."""
    rejected: list[Quoted] = field(default_factory=list)
    """Edits of the file that were refused between that prompt and the turn."""
    changed_by: LineCommit | None = None
    """With `changed`: the commit that touched the lines last."""


class Why(Result):
    """Why lines are as they are, as far as it is sure; the newest turn first."""

    reasons: list[Reason]
    lines: tuple[int, int]
    """The first and the last line, from 1, that were asked about."""
    notes: list[str] = field(default_factory=list)
    """What could not be looked into, and why."""


class Fix(Result):
    """A session in which an error stood and went away after something was changed."""

    uri: str
    """Of the answer of a tool in which the error stood last."""
    message: str
    """The line that told of it."""
    exact: bool
    """Whether the names in quotes are those that were asked about, too."""
    how: Literal["succeeded", "said"]
    """`succeeded`: what was run then was run again, without it; `said`: the person said so next."""
    proof: str
    """URI of the turn that shows it."""
    edits: int
    """Texts that were changed in between."""
    files: list[str]
    """In which files."""
    turns: list[str]
    """URIs of these turns, the first 100."""
    commands: list[Quoted]
    """What was installed, moved or started in between."""
    source: str
    session_id: str
    message_id: str
    timestamp: str
    """When it was gone."""
    command: str | None = None
    """The command line that told of the error; None for a tool that is no shell."""
    session_title: str | None = None


class Fixes(Result):
    """What made an error go away, as far as it is sure; the newest first."""

    fixes: list[Fix]
    sought: list[str]
    """The lines that were taken for the error; none where they say too little."""


class ChangedPart(Result):
    """A stretch of a file that turns changed, or the whole of it."""

    line: int
    """Zero-based line of `after` on which it begins."""
    turns: list[str]
    """URIs of the turns, the last one last."""


class ChangedFile(Result):
    """What became of a file, as far as the calls of the session show its text."""

    path: str
    kind: Literal["edited", "created", "deleted", "moved"]
    turns: list[str]
    """URIs of the turns that changed it, in their order."""
    old_path: str | None = None
    """Where it was before it was moved."""
    binary: bool = False
    """It is no text but a picture, an archive, a program: neither side is shown."""
    before: str | None = None
    """None where the calls do not show what stood there."""
    after: str | None = None
    whole: bool = False
    """The texts are the file from its first line to its last. Otherwise they are the parts that
    calls showed, a line `⋯` between two."""
    parts: list[ChangedPart] = field(default_factory=list)
    diff_line: int = 0
    """Zero-based line on which it begins in `diff`, where that was asked for."""


class ChangedFiles(Result):
    """What a session and its sub-agents changed, file by file in the order of the first change."""

    files: list[ChangedFile]
    diff: str | None = None
    """All of it as a unified diff, where that was asked for instead of texts."""
    notes: list[str] = field(default_factory=list)
    """Why it may be incomplete."""
