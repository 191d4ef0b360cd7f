"""The state of Aiana in one answer that never fails."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aiana import __version__
from aiana.errors import AianaError
from aiana.invocation import command
from aiana.protocol.results import (
    CaptureState,
    Counts,
    Excluded,
    Health,
    Indexing,
    RetentionState,
    Status,
    Tier,
    Tiers,
)
from aiana.search.notes import nothing_stored
from aiana.text import counted

if TYPE_CHECKING:
    from aiana.container import Container

_NOTHING = Counts(
    sessions=0, messages=0, memories=0, preferences=0, projects=0, chunks=0, vectors=0
)


def status_of(aiana: Container) -> Status:
    """What works, what does not and why, what is stored, and what is left to do."""
    config = aiana.config
    embedder = embedder_tier(aiana)
    counts, indexing, busy, redacted = _NOTHING, Indexing(pending=0), False, 0
    excluded, retention, scrubs = None, None, 0
    is_read_only = False
    try:
        counts, indexing = aiana.storage.counts(config.embedding_model)
        redacted = aiana.storage.redaction().removed
        excluded, retention = excluded_now(aiana), retention_now(aiana)
        scrubs = aiana.storage.pending_scrubs()
        busy = aiana.indexer.busy
        indexing.rate_per_s = aiana.indexer.rate_per_s
        sqlite = Tier(state="ok", detail=str(config.database))
        if "searcher" in aiana.__dict__ and (problem := aiana.searcher.vectors_problem):
            sqlite = Tier(state="ok", detail=f"{config.database}; {problem}")
        if aiana.storage.database.read_only:
            is_read_only = True
            detail = f"{config.database} is read-only: it is searched, and nothing new is kept"
            sqlite = Tier(state="ok", detail=detail)
    except AianaError as error:
        sqlite = Tier(state="unavailable", detail=str(error))
    tiers = Tiers(
        sqlite=sqlite,
        redis=_redis_tier(aiana),
        qdrant=_qdrant_tier(aiana),
        embedder=embedder,
    )
    excludes = excluded is not None and bool(excluded.sessions or excluded.memories)
    health, message = _summary(tiers, counts, indexing, busy, excludes)
    if is_read_only and health != "error":
        health, message = "warning", f"{message}; the database is read-only: nothing new is kept"
    return Status(
        health=health,
        quiescent=not busy and embedder.state != "loading",
        message=message,
        tiers=tiers,
        counts=counts,
        indexing=indexing,
        version=__version__,
        data_dir=str(config.data_dir),
        capture=capture_state(aiana),
        settings=list(config.problems),
        retention=retention,
        excluded=excluded,
        redacted=redacted,
        pending_deletions=scrubs,
    )


def excluded_now(aiana: Container) -> Excluded | None:
    """What the settings exclude, and how much of it is stored. Raises StorageUnavailable."""
    rules = aiana.storage.database.excluded()
    if not rules:
        return None
    sessions, memories = aiana.storage.hidden()
    return Excluded(
        assistants=list(rules.assistants),
        projects=list(rules.projects),
        paths=list(rules.paths),
        sessions=sessions,
        memories=memories,
    )


def retention_now(aiana: Container) -> RetentionState | None:
    """For how long sessions are kept, and how many are due. Raises StorageUnavailable."""
    from aiana.storage.retention import retention_in_force

    retention = retention_in_force(aiana.config)
    if not retention.is_on:
        return None
    due = aiana.storage.eraser.due(retention)
    return RetentionState(days=retention.days, projects=retention.projects, due=due)


def embedder_tier(aiana: Container) -> Tier:
    """State of the embedding model, without loading it."""
    from aiana.embeddings import model_info

    activity = aiana.activity()
    if activity.loaded:
        detail = f"{aiana.config.embedding_model} on {aiana.embedder.device}"
        return Tier(state="ok", detail=detail + _backlog_device(aiana))
    config = aiana.config
    info = model_info(config.embedding_model, config.models_dir)
    if info.state == "unavailable":
        return Tier(state="unavailable", detail=info.reason or "There is no embedding model.")
    if activity.compiling:
        detail = f"{info.name} is being prepared for this machine, once; words find meanwhile"
        return Tier(state="loading", detail=detail)
    if activity.loading:
        return Tier(state="loading", detail=f"{info.name} is being loaded")
    first = "prepared (some seconds, once)" if info.state == "uncompiled" else "loaded"
    detail = f"{info.name} on {info.device}, {first} at its first use"
    return Tier(state="ok", detail=detail + _backlog_device(aiana))


def _backlog_device(aiana: Container) -> str:
    """What there is to say of a GPU; nothing where there is none."""
    from aiana.embeddings.device import gpu_for_backlogs
    from aiana.indexing.backlog import WORTH_A_GPU

    gpu = gpu_for_backlogs(aiana.config.embedding_device)
    if gpu is None:
        return ""
    if failure := aiana.indexer.backlog.gpu_failure:
        return f"; {failure}"
    return f"; {WORTH_A_GPU:,} texts and more at once on {gpu}"


def capture_state(aiana: Container) -> CaptureState:
    """Whether some process captures what the assistants write, and how."""
    try:
        following = aiana.storage.captures.following()
    except AianaError:
        following = None
    if following is None or not aiana.indexer.is_at_work():
        detail = f"nobody captures at the moment: an editor does, or `{command('watch')}`"
        return CaptureState(state="off", detail=detail)
    who = "this process" if following.process == os.getpid() else f"process {following.process}"
    if following.why_not_live is not None:
        detail = f"{who} looks at all files now and then: {following.why_not_live}"
        return CaptureState(state="polling", detail=detail)
    folders = counted(following.folders, "folder")
    return CaptureState(state="live", detail=f"{who} follows {folders} as they are written")


def _redis_tier(aiana: Container) -> Tier:
    instead = "SQLite serves the cache"
    if aiana.config.redis_url is None:
        return Tier(state="off", detail=f"not configured; {instead}")
    try:
        link, address = aiana.cache.link, aiana.cache.address
    except AianaError as error:
        return Tier(state="unavailable", detail=str(error))
    if link is not None and link.is_up:
        return Tier(state="ok", detail=f"cache at {address}")
    if link is not None and link.down is not None:
        return Tier(state="unavailable", detail=f"{link.down.reason} Meanwhile {instead}.")
    return Tier(state="loading", detail=f"asking {address}; meanwhile {instead}")


def _qdrant_tier(aiana: Container) -> Tier:
    instead = "the embedded vector index serves"
    if aiana.config.qdrant_url is None:
        return Tier(state="off", detail=f"not configured; {instead}")
    try:
        tier = aiana.qdrant
        behind = tier.behind if tier is not None else None
    except AianaError as error:
        return Tier(state="unavailable", detail=str(error))
    assert tier is not None
    waiting = f" ({behind})" if behind else ""
    if tier.link.is_up and not behind:
        return Tier(state="ok", detail=f"vectors at {tier.address}")
    if tier.link.is_up:
        return Tier(state="loading", detail=f"{tier.address}: {behind}; meanwhile {instead}")
    if tier.link.down is not None:
        reason = f"{tier.link.down.reason} Meanwhile {instead}{waiting}."
        return Tier(state="unavailable", detail=reason)
    return Tier(state="loading", detail=f"asking {tier.address}; meanwhile {instead}{waiting}")


def _summary(
    tiers: Tiers, counts: Counts, indexing: Indexing, busy: bool, excludes: bool
) -> tuple[Health, str]:
    memories = counted(counts.memories, "memory", "memories")
    stored = f"{counted(counts.sessions, 'session')}, {memories}"
    if tiers.sqlite.state != "ok":
        return "error", tiers.sqlite.detail
    if tiers.embedder.state == "unavailable":
        return "warning", f"{stored}; search by meaning is off: {tiers.embedder.detail}"
    for name, tier in (("Redis", tiers.redis), ("Qdrant", tiers.qdrant)):
        if tier.state == "unavailable":
            return "warning", f"{stored}; {name} cannot be used"
    if indexing.pending and not counts.vectors and not busy:
        texts = counted(indexing.pending, "text")
        fix = f"`{command('import')}` or an editor gets on with it"
        return (
            "warning",
            f"{stored}; search by meaning is off: none of {texts} has a vector; {fix}",
        )
    if indexing.pending:
        return "ok", f"{stored}; {counted(indexing.pending, 'text')} still to be embedded"
    if not counts.sessions and not counts.memories:
        return "ok", nothing_stored(excludes)
    return "ok", stored
