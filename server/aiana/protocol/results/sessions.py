"""What is answered of sessions and projects, and what goes out of them."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.models import Message, Session
from aiana.protocol.results.base import Result
from aiana.protocol.results.searching import ContextEntry


class SessionPage(Result):
    """Sessions, newest first."""

    sessions: list[Session]
    next_cursor: str | None = None
    notes: list[str] = field(default_factory=list)
    """Why there are none."""


class DigestFile(Result):
    """A file that a session read or changed."""

    path: str
    touch: Literal["read", "edited", "created", "deleted"]


class Digest(Result):
    """What a session was about, told without a model."""

    outcome: Literal["committed", "answered", "asked", "failed", "interrupted", "open"]
    """How it ended: with an answer, after a commit or not; with a question to the person; with a
    call that failed; broken off by the person; or in the middle."""
    asked: str | None = None
    """The first prompt that says something."""
    concluded: str | None = None
    """How the last answer ends."""
    files: list[DigestFile] = field(default_factory=list)
    """The first 20 of those that were touched, changed ones first."""
    files_touched: int = 0
    commits: list[str] = field(default_factory=list)
    branches: list[str] = field(default_factory=list)


class SessionResult(Result):
    """One session."""

    session: Session
    digest: Digest | None = None
    """What it was about; only where one session was asked for."""
    agents: list[Session] = field(default_factory=list)
    """The sessions of its sub-agents, oldest first; only where one session was asked for."""


class MessageList(Result):
    """Messages of one session in order."""

    messages: list[Message]


class Exported(Result):
    """A session as text."""

    format: Literal["markdown", "json"]
    text: str


class Resumption(Result):
    """What an editor runs or opens to go on with a session; the server runs nothing."""

    label: str
    """For a button: `Resume in Claude Code`."""
    argv: list[str] = field(default_factory=list)
    cwd: str = ""
    """The folder that the session recorded."""
    uri: str | None = None
    """What opens it in the assistant's own extension of VS Code, whether its program is there or
    not; none where nothing could open it."""
    unavailable: str | None = None
    """Why it cannot be: offer a new session instead."""


class Handover(Result):
    """An account of a session, to be put into a new chat."""

    context: str
    """A block like that of `aiana/context`."""
    items: list[ContextEntry]
    tokens: int


class Shared(Result):
    """A session with its sub-agents, or a memory, to be given to somebody else."""

    format: Literal["markdown", "json"]
    text: str
    """Without the paths of this machine by which projects and transcripts are known."""
    title: str
    messages: int
    """0 of a memory."""
    taken_out: dict[str, int] = field(default_factory=dict)
    """Secrets that are not in it: of each kind how many, the most first."""


class StoredProject(Result):
    """A project of which there are sessions."""

    id: str
    name: str
    sessions: int
    """Those of sub-agents are not counted."""
    last_activity: str


class ProjectList(Result):
    """Projects, the one in which something happened last first."""

    projects: list[StoredProject]
