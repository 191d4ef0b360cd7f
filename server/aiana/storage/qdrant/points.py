"""What is stored in Qdrant, and which of it is meant: values, and their form on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from aiana.errors import TierUnavailable
from aiana.invocation import unavailable
from aiana.models import MemoryType

COLLECTION = "aiana_memories"


class Layout(Struct, frozen=True, kw_only=True):
    """How a collection is laid out when it is made; see docs/scaling.md."""

    shards: int | None = None
    replicas: int | None = None
    write_consistency: int | None = None
    on_disk: bool = False
    """Vectors are read from disk instead of being held in memory."""
    quantized: bool = False
    """8-bit integers are held in memory for the first pass over the vectors."""


class Point(Struct, frozen=True, kw_only=True):
    """A memory with its vector."""

    id: str
    vector: list[float]
    payload: dict[str, Any]


class PointFilter(Struct, frozen=True, kw_only=True):
    """Which points are meant; an empty list restricts nothing."""

    projects: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    session_id: str | None = None
    memory_types: list[MemoryType] = field(default_factory=list)
    after: str | None = None
    before: str | None = None
    store: str | None = None
    """The database that the points were made from."""
    model: str | None = None
    of_colleagues: bool = False
    """What other users share, instead of what is the user's own."""


def client_models() -> Any:
    """`qdrant_client.models`, imported at its first use. Raises TierUnavailable without it."""
    try:
        from qdrant_client import models
    except ImportError as error:
        raise TierUnavailable(unavailable("qdrant_client", error)) from error
    return models


def filter_of(scope: PointFilter, user: str, ids: list[str] | None = None) -> Any:
    """The points of a scope as seen by a user, of these ids if any are given."""
    models = client_models()
    fields: dict[str, list[Any]] = {
        "project": list(scope.projects),
        "source": list(scope.sources),
        "memory_type": list(scope.memory_types),
        "session_id": [scope.session_id] if scope.session_id else [],
        "store": [scope.store] if scope.store else [],
        "model": [scope.model] if scope.model else [],
    }
    must: list[Any] = [
        models.FieldCondition(key=key, match=models.MatchAny(any=values))
        for key, values in fields.items()
        if values
    ]
    if scope.after or scope.before:
        between: Any = models.DatetimeRange.model_validate({"gte": scope.after, "lt": scope.before})
        must.append(models.FieldCondition(key="timestamp", range=between))
    if ids is not None:
        must.append(models.HasIdCondition(has_id=list(ids)))
    own = models.FieldCondition(key="user", match=models.MatchValue(value=user))
    if not scope.of_colleagues:
        return models.Filter(must=[own, *must])
    shared = models.FieldCondition(key="shared", match=models.MatchValue(value=True))
    return models.Filter(must=[shared, *must], must_not=[own])


def payload_indexes() -> dict[str, Any]:
    """The index of each field of the payload that filters name."""
    models = client_models()
    tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
    keyword = models.PayloadSchemaType.KEYWORD
    return {
        "project": tenant,
        "user": tenant,
        "store": keyword,
        "model": keyword,
        "source": keyword,
        "session_id": keyword,
        "memory_type": keyword,
        "shared": models.PayloadSchemaType.BOOL,
        "timestamp": models.PayloadSchemaType.DATETIME,
    }
