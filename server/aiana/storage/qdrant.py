"""Qdrant: the vectors at scale, each with all that a hit needs. All of it can be rebuilt."""

from __future__ import annotations

import random
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from aiana.errors import AianaError, TierUnavailable
from aiana.models import MemoryType
from aiana.storage.redis import without_password
from aiana.storage.rows import content_hash
from aiana.times import now

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

    from aiana.embeddings import Embedder

COLLECTION = "aiana_memories"
TIMEOUT_S = 5.0
"""For each answer, except to a search that somebody waits for."""
ATTEMPTS = 3
FIRST_PAUSE_S = 0.1
BATCH = 128


class QdrantRefused(AianaError):
    """Qdrant answers, but does not take this request: asking again would not help."""

    kind = "tierUnavailable"


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


class Scope(Struct, frozen=True, kw_only=True):
    """Which points are meant; an empty list restricts nothing."""

    projects: list[str] = field(default_factory=list)
    session_id: str | None = None
    memory_types: list[MemoryType] = field(default_factory=list)
    store: str | None = None
    """The database that the points were made from."""
    model: str | None = None


class QdrantStorage:
    """One user's memories in the collection `aiana_memories`.

    Raises TierUnavailable when Qdrant does not answer as it should, QdrantRefused when it does not
    take a request. The first call imports qdrant_client (seconds, 70 MB) and makes the collection
    if there is none. Safe to share between threads.
    """

    def __init__(
        self,
        url: str,
        embedder: Embedder,
        *,
        api_key: str | None = None,
        user: str = "default",
        grpc_port: int | None = None,
        layout: Layout | None = None,
        timeout_s: float = TIMEOUT_S,
        client: QdrantClient | None = None,
    ) -> None:
        self._url = url
        self._embedder = embedder
        self._api_key = api_key
        self._user = user
        self._grpc_port = grpc_port
        self._layout = layout or Layout()
        self._timeout_s = timeout_s
        self._client = client
        self._lock = threading.Lock()
        self._fits = False

    @property
    def address(self) -> str:
        """The URL without user and password."""
        return without_password(self._url)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def prepare(self) -> int:
        """Make the collection if there is none; returns how many points it holds.

        Raises TierUnavailable if it holds vectors of another size or distance.
        """
        from qdrant_client import models

        info = self._call(self._collection)
        if info is None:
            self._call(self._create)
            info = self._call(self._collection)
        params = info.config.params.vectors
        asked = (self._embedder.dimensions, models.Distance.COSINE)
        found = (getattr(params, "size", None), getattr(params, "distance", None))
        if found != asked:
            raise TierUnavailable(
                f"The collection {COLLECTION} of Qdrant at {self.address} holds vectors of "
                f"{found[0]} dimensions ({found[1]}), the model {self._embedder.model_name} gives "
                f"{asked[0]} (Cosine). Set AIANA_EMBEDDING_MODEL to the model it was made with, or "
                "delete the collection and run `aiana reindex qdrant`."
            )
        self._fits = True
        return int(info.points_count or 0)

    @staticmethod
    def _collection(client: QdrantClient) -> Any:
        if not client.collection_exists(COLLECTION):
            return None
        return client.get_collection(COLLECTION)

    def _create(self, client: QdrantClient) -> None:
        from qdrant_client import models

        layout = self._layout
        quantization = None
        if layout.quantized:
            scalar = models.ScalarQuantizationConfig(
                type=models.ScalarType.INT8, quantile=0.99, always_ram=True
            )
            quantization = models.ScalarQuantization(scalar=scalar)
        try:
            client.create_collection(
                COLLECTION,
                vectors_config=models.VectorParams(
                    size=self._embedder.dimensions,
                    distance=models.Distance.COSINE,
                    on_disk=layout.on_disk or None,
                ),
                shard_number=layout.shards,
                replication_factor=layout.replicas,
                write_consistency_factor=layout.write_consistency,
                on_disk_payload=True,
                quantization_config=quantization,
            )
        except Exception:
            # Another process may have been first.
            if not client.collection_exists(COLLECTION):
                raise
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        keyword = models.PayloadSchemaType.KEYWORD
        schemas: dict[str, Any] = {
            "project": tenant,
            "user": tenant,
            "store": keyword,
            "model": keyword,
            "session_id": keyword,
            "memory_type": keyword,
            "timestamp": models.PayloadSchemaType.DATETIME,
        }
        for name, schema in schemas.items():
            client.create_payload_index(COLLECTION, name, field_schema=schema)

    def add_memory(
        self,
        content: str,
        session_id: str | None = None,
        project: str = "",
        memory_type: MemoryType = "conversation",
        metadata: dict[str, Any] | None = None,
        memory_id: str | None = None,
    ) -> str:
        """Embed and store a text; returns its id. The same `memory_id` replaces what it named."""
        point = Point(
            id=memory_id or str(uuid.uuid4()),
            vector=self._embedder.embed(content).tolist(),
            payload={
                "content": content,
                "session_id": session_id,
                "project": project,
                "memory_type": memory_type,
                "timestamp": now(),
                "source": "aiana",
                "content_hash": content_hash(content).hex(),
                "metadata": metadata or {},
            },
        )
        self.put([point])
        return point.id

    def search(
        self,
        query: str,
        limit: int = 10,
        project: str | None = None,
        min_score: float | None = None,
    ) -> list[dict[str, Any]]:
        """The memories most like a text: `id`, `score` (cosine) and the payload of each."""
        vector = self._embedder.embed(query).tolist()
        scope = Scope(projects=[] if project is None else [project])
        found = self._nearest(vector, limit, scope, min_score, with_payload=True)
        return [{"id": str(hit.id), "score": hit.score, **(hit.payload or {})} for hit in found]

    def nearest(self, vector: list[float], limit: int, scope: Scope) -> list[tuple[str, float]]:
        """Ids and cosines of the points most like a vector."""
        found = self._nearest(vector, limit, scope, None, with_payload=False)
        return [(str(hit.id), float(hit.score)) for hit in found]

    def _nearest(
        self,
        vector: list[float],
        limit: int,
        scope: Scope,
        min_score: float | None,
        with_payload: bool,
    ) -> list[Any]:
        wanted = self._filter(scope)
        self._ready()
        answer = self._call(
            lambda client: client.query_points(
                COLLECTION,
                query=vector,
                query_filter=wanted,
                limit=limit,
                score_threshold=min_score,
                with_payload=with_payload,
            )
        )
        return list(answer.points)

    def put(self, points: Sequence[Point]) -> None:
        """Store points; one with an id that is there already replaces it."""
        from qdrant_client import models

        own = {"user": self._user, "model": self._embedder.model_name}
        for start in range(0, len(points), BATCH):
            structs = [
                models.PointStruct(id=p.id, vector=p.vector, payload={**p.payload, **own})
                for p in points[start : start + BATCH]
            ]
            self._retried(lambda client, s=structs: client.upsert(COLLECTION, s, wait=True))

    def remove(self, ids: Sequence[str]) -> int:
        """Delete points by their ids; returns how many of these ids are verified gone."""
        for start in range(0, len(ids), BATCH):
            batch: list[Any] = list(ids[start : start + BATCH])
            self._retried(lambda client, b=batch: client.delete(COLLECTION, b, wait=True))
        return len(ids) - len(self.hashes(ids))

    def delete(self, scope: Scope) -> int:
        """Delete all points of a scope; returns how many. Raises TierUnavailable if any is left."""
        from qdrant_client import models

        count = self.count(scope)
        selector = models.FilterSelector(filter=self._filter(scope))
        self._retried(lambda client: client.delete(COLLECTION, selector, wait=True))
        left = self.count(scope)
        if left:
            raise TierUnavailable(
                f"Qdrant at {self.address} still holds {left:,} of {count:,} points that were "
                "deleted. Try again."
            )
        return count

    def count(self, scope: Scope | None = None) -> int:
        """How many points there are."""
        wanted = self._filter(scope or Scope())
        answer = self._retried(lambda c: c.count(COLLECTION, count_filter=wanted, exact=True))
        return int(answer.count)

    def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """Content hashes of those of the points that exist."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), BATCH):
            batch = list(ids[start : start + BATCH])
            records = self._retried(
                lambda client, b=batch: client.retrieve(
                    COLLECTION, b, with_payload=["content_hash"], with_vectors=False
                )
            )
            found |= {str(r.id): str((r.payload or {}).get("content_hash")) for r in records}
        return found

    def ids(self, scope: Scope, page: int = 1000) -> Iterator[list[str]]:
        """The ids of all points of a scope, page by page."""
        wanted, offset = self._filter(scope), None
        while True:
            records, offset = self._retried(
                lambda client, o=offset: client.scroll(
                    COLLECTION, wanted, limit=page, offset=o, with_payload=False
                )
            )
            yield [str(record.id) for record in records]
            if offset is None:
                return

    def _filter(self, scope: Scope) -> Any:
        from qdrant_client import models

        fields: dict[str, list[Any]] = {
            "user": [self._user],
            "project": list(scope.projects),
            "memory_type": list(scope.memory_types),
            "session_id": [scope.session_id] if scope.session_id else [],
            "store": [scope.store] if scope.store else [],
            "model": [scope.model] if scope.model else [],
        }
        return models.Filter(
            must=[
                models.FieldCondition(key=key, match=models.MatchAny(any=values))
                for key, values in fields.items()
                if values
            ]
        )

    def _retried(self, work: Callable[..., Any]) -> Any:
        """Do what may be done twice, again after a pause where Qdrant did not answer."""
        for attempt in range(ATTEMPTS):
            try:
                self._ready()
                return self._call(work)
            except TierUnavailable:
                if attempt == ATTEMPTS - 1:
                    raise
                time.sleep(FIRST_PAUSE_S * 2**attempt * random.uniform(0.5, 1.5))
        raise AssertionError("unreachable")

    def _ready(self) -> None:
        """Make sure, once, that there is a collection and that it fits."""
        if not self._fits:
            self.prepare()

    def _call(self, work: Callable[..., Any]) -> Any:
        client = self._connected()
        try:
            return work(client)
        except AianaError:
            raise
        except Exception as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> AianaError:
        """qdrant_client raises its own errors, httpx's, pydantic's and gRPC's."""
        status = getattr(error, "status_code", None)
        if status in (401, 403):
            return TierUnavailable(f"Qdrant at {self.address} does not accept QDRANT_API_KEY.")
        if status == 404:
            self._fits = False
            return TierUnavailable(
                f"Qdrant at {self.address} has lost the collection {COLLECTION}."
            )
        content = getattr(error, "content", None)
        reason = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(error)
        reason = " ".join(reason.split()) or type(error).__name__
        if self._api_key:
            reason = reason.replace(self._api_key, "***")
        if isinstance(status, int) and 400 <= status < 500 and status not in (408, 429):
            return QdrantRefused(f"Qdrant at {self.address} refuses a request: {reason[:200]}.")
        return TierUnavailable(
            f"Qdrant at {self.address} does not answer as it should ({reason[:200]})."
        )

    def _connected(self) -> QdrantClient:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._connect()
        return self._client

    def _connect(self) -> QdrantClient:
        from qdrant_client import QdrantClient

        try:
            with warnings.catch_warnings():
                # On one machine there is no https; docs/scaling.md says when it is needed.
                warnings.filterwarnings("ignore", message="Api key is used with an insecure")
                return QdrantClient(
                    url=self._url,
                    api_key=self._api_key,
                    timeout=self._timeout_s,  # type: ignore[arg-type]
                    prefer_grpc=self._grpc_port is not None,
                    grpc_port=self._grpc_port or 6334,
                    check_compatibility=False,
                )
        except Exception as error:
            raise self._translated(error) from error
