"""How Aiana is: tiers, counts, what the doctor found, what has changed."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from aiana.models import SettingProblem
from aiana.protocol.results.base import Result
from aiana.protocol.results.capturing import CaptureState
from aiana.protocol.results.forgetting import RetentionState

Health = Literal["ok", "warning", "error"]


class Tier(Result):
    """State of one tier."""

    state: Literal["ok", "off", "loading", "unavailable"]
    detail: str = ""
    """What it is, or why it is off and how to fix that."""


class Tiers(Result):
    """All tiers."""

    sqlite: Tier
    redis: Tier
    qdrant: Tier
    embedder: Tier


class Counts(Result):
    """How much of each kind is stored."""

    sessions: int
    messages: int
    memories: int
    preferences: int
    projects: int
    chunks: int
    """Pieces of conversations that are embedded."""
    vectors: int
    """Of the model in use."""


class Indexing(Result):
    """Work that is left to the indexer."""

    pending: int
    """Texts without a vector, and messages that are not yet cut into such texts."""
    rate_per_s: float | None = None
    """Texts embedded per second, while it is running."""


class Excluded(Result):
    """What the settings exclude, and how much of it is stored, and hidden from everything else."""

    assistants: list[str]
    projects: list[str]
    paths: list[str]
    sessions: int
    """Stored from before, and hidden: `aiana forget --excluded` removes them."""
    memories: int


class Status(Result):
    """The state of Aiana."""

    health: Health
    quiescent: bool
    """Nothing is running in the background."""
    message: str
    """One line for a person."""
    tiers: Tiers
    counts: Counts
    indexing: Indexing
    version: str
    data_dir: str
    capture: CaptureState
    settings: list[SettingProblem] = field(default_factory=list)
    """Settings that are not in force since they were not understood."""
    retention: RetentionState | None = None
    """For how long sessions are kept; null is for ever."""
    excluded: Excluded | None = None
    """What is not remembered; null where nothing is excluded."""
    redacted: int = 0
    """Secrets that were taken out of what an older Aiana, which did not know them, had stored."""
    pending_deletions: int = 0
    """Of what was deleted or changed, how much is still being taken out of files."""


class Finding(Result):
    """What `aiana doctor` found of one thing."""

    subject: str
    state: Health
    """`error`: something does not work or is not safe; `warning`: it could be better."""
    detail: str
    fix: str | None = None
    """The command that fixes it, or what to do."""


class Diagnosis(Result):
    """Everything that was checked, after what was fixed."""

    findings: list[Finding]
    fixed: list[str] = field(default_factory=list)
    """Subjects that `--fix` took care of."""


class Changes(Result):
    """What was changed since the last notification, by whichever process."""

    kinds: list[Literal["sessions", "memories", "preferences"]]
    projects: list[str]


class Reindexed(Result):
    """How many items each rebuilt index holds; None where a target was not asked for."""

    fts: int | None = None
    vectors: int | None = None
    qdrant: int | None = None
