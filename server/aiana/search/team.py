"""What colleagues remembered and share through one Qdrant, as hits beside one's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from aiana.models import OWN_SOURCE, Memory, MemoryType, SearchFilter, SearchHit
from aiana.protocol.uris import memory_uri
from aiana.search.phrases import phrases_in
from aiana.search.query import Query
from aiana.search.snippets import snippet
from aiana.storage.filters import admits_memories
from aiana.storage.qdrant.points import Search
from aiana.times import to_datetime

if TYPE_CHECKING:
    from aiana.search.text_index import TextIndex
    from aiana.storage.qdrant.tier import QdrantTier

MOST = 5
"""Memories of colleagues among the hits of one search."""
_SPARE = 20
"""Asked for beyond that, since some will hold what the query excludes."""


class Shared(Struct, frozen=True, kw_only=True):
    """A point of a colleague as Aiana writes them."""

    id: str
    user: str
    content: str
    memory_type: MemoryType
    timestamp: str
    project: str = ""
    score: float = 0.0
    metadata: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)


class Candidate(NamedTuple):
    """A memory that may be shown, and which phrases of the query it holds."""

    shared: Shared
    phrases: frozenset[str]


def asked_of_colleagues(tier: QdrantTier, query: Query) -> Search | None:
    """What is looked for among the memories of colleagues; None if no memory can be meant."""
    from aiana.search.qdrant_index import scope_of  # only a team needs it

    if not _admits_any(query.filter) or not query.text:
        return None
    scope = replace(
        scope_of(tier.database, query.filter),
        sources=[],
        memory_types=query.filter.memory_types,
        before=query.filter.before,
    )
    return Search(scope=scope, limit=MOST + _SPARE)


def of_colleagues(
    points: Sequence[dict[str, Any]], query: Query, text_index: TextIndex, least_cosine: float
) -> list[Candidate]:
    """The memories that points hold, the most alike first; a point has all that they show.

    Their words are only looked at for what the query excludes, and which of its phrases they
    hold.
    """
    found = map(_read, points)
    near = [
        shared
        for shared in found
        if shared is not None
        and shared.score >= least_cosine
        and not any(_is_within(each, shared) for each in query.without)
    ]
    texts = [shared.content for shared in near]
    excluded = {
        place
        for text in (*query.excluded_words, *query.excluded_phrases)
        for place in text_index.matching(texts, text)
    }
    held = phrases_in(texts, query.phrases, text_index)
    return [
        Candidate(shared, phrases)
        for place, (shared, phrases) in enumerate(zip(near, held, strict=True))
        if place not in excluded
    ]


def hits_of(
    candidates: Sequence[Candidate], query: Query, demanded: Sequence[str]
) -> list[SearchHit]:
    """The best of the candidates that hold every phrase that is demanded of own texts too."""
    fitting = [each.shared for each in candidates if each.phrases.issuperset(demanded)]
    return [_hit(query, shared) for shared in fitting[:MOST]]


def among(own: list[SearchHit], theirs: list[SearchHit], limit: int) -> list[SearchHit]:
    """The first hits of both: a colleague's stands before the first own hit that is less alike."""
    merged = list(own)
    for hit in theirs:
        cosine = hit.scores["semantic"]
        place = next(
            (n for n, held in enumerate(merged) if held.scores.get("semantic", 1.0) < cosine),
            len(merged),
        )
        neighbours = merged[place : place + 1] or merged[-1:]
        score = neighbours[0].score if neighbours else cosine
        merged.insert(place, replace(hit, score=round(score, 4)))
    return merged[:limit]


def memory_of_colleague(tier: QdrantTier, id: str) -> Memory | None:
    """A memory that a colleague shares; None if there is none. Raises TierUnavailable."""
    shared = _read({"id": id, **(tier.of_colleague(id) or {})})
    if shared is None:
        return None
    return Memory(
        id=id,
        content=shared.content,
        memory_type=shared.memory_type,
        project=shared.project,
        tags=shared.tags,
        metadata={**shared.metadata, "user": shared.user},
        created_at=shared.timestamp,
        updated_at=shared.timestamp,
        uri=memory_uri(id),
    )


def _read(point: dict[str, Any]) -> Shared | None:
    """A point, or None for one that somebody wrote in another form."""
    try:
        shared = msgspec.convert(point, Shared)
        to_datetime(shared.timestamp)
    except ValueError:
        return None
    return shared


def _admits_any(restriction: SearchFilter) -> bool:
    """Of a colleague's memory no session is known here."""
    known_here = restriction.files or restriction.errors or restriction.session_id is not None
    return admits_memories(restriction) and not known_here


def _is_within(restriction: SearchFilter, shared: Shared) -> bool:
    """Whether a filter lets a colleague's memory through."""
    project = restriction.project
    return (
        _admits_any(restriction)
        and (project is None or project in (shared.project, shared.project.rpartition("/")[2]))
        and shared.memory_type in (restriction.memory_types or [shared.memory_type])
        and (restriction.after is None or shared.timestamp >= restriction.after)
        and (restriction.before is None or shared.timestamp < restriction.before)
    )


def _hit(query: Query, shared: Shared) -> SearchHit:
    text, highlights = snippet(shared.content, query.words, query.phrases)
    return SearchHit(
        id=shared.id,
        kind="memory",
        uri=memory_uri(shared.id),
        snippet=text,
        highlights=highlights,
        content=shared.content,
        score=0,
        scores={"semantic": max(0.0, min(1.0, shared.score))},
        project=shared.project,
        source=OWN_SOURCE,
        timestamp=shared.timestamp,
        lanes=["semantic"],
        memory_type=shared.memory_type,
        speaker=shared.memory_type,
        user=shared.user,
    )
