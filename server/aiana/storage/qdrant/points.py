"""What is stored in Qdrant, and which of it is meant: values, and their form on the wire."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from aiana.errors import TierUnavailable
from aiana.invocation import unavailable
from aiana.models import MemoryType
from aiana.storage.rows import content_hash

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
    is_clean: bool = False
    """Its texts have been through the door, by the rules of now, and need not be again."""


class PointFilter(Struct, frozen=True, kw_only=True):
    """Which points are meant; an empty list restricts nothing."""

    projects: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    session_id: str | None = None
    memory_types: list[MemoryType] = field(default_factory=list)
    after: str | None = None
    before: str | None = None
    tenant: str | None = None
    """Whose points, see `tenant_of`; of the user's all, whatever they were made from, if None."""
    shared: str | None = None
    """Instead of the user's own: what others share, made by this model."""


def tenant_of(user: str, store: str | None, model: str) -> str:
    """One value for all that belongs together: it is all that a search has to compare."""
    return content_hash("\0".join((user, store or "", model))).hex()


class Search(Struct, frozen=True, kw_only=True):
    """Which of the points that are most like a vector are wanted."""

    scope: PointFilter
    limit: int
    min_score: float | None = None
    with_payload: bool = False


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

    def equal(key: str, value: str) -> Any:
        return models.FieldCondition(key=key, match=models.MatchValue(value=value))

    if scope.shared is not None:
        return models.Filter(
            must=[equal("shared", scope.shared), *must], must_not=[equal("user", user)]
        )
    return models.Filter(
        must=[equal("tenant", scope.tenant) if scope.tenant else equal("user", user), *must]
    )


def payload_indexes() -> dict[str, Any]:
    """The index of each field that filters name; every search names one of the first two."""
    models = client_models()

    def keyword(**options: Any) -> Any:
        return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, **options)

    plain = keyword(enable_hnsw=False)
    return {
        "tenant": keyword(is_tenant=True),
        "shared": keyword(),
        "user": plain,
        "project": plain,
        "source": plain,
        "session_id": plain,
        "memory_type": plain,
        "timestamp": models.DatetimeIndexParams(
            type=models.DatetimeIndexType.DATETIME, enable_hnsw=False
        ),
    }


def graph() -> Any:
    """A graph for each tenant, and one of what is shared; none of all points together."""
    return client_models().HnswConfigDiff(m=0, payload_m=16)
