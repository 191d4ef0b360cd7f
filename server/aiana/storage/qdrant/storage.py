"""Qdrant: the vectors at scale, each with all that a hit needs. All of it can be rebuilt."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from aiana.errors import TierUnavailable
from aiana.invocation import command
from aiana.models import OWN_SOURCE, MemoryType
from aiana.redaction.door import admitted
from aiana.storage.qdrant.connection import CollectionLost, QdrantConnection
from aiana.storage.qdrant.points import (
    COLLECTION,
    Layout,
    Point,
    PointFilter,
    Search,
    client_models,
    filter_of,
    graph,
    payload_indexes,
    tenant_of,
)
from aiana.storage.rows import content_hash
from aiana.times import now

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

    from aiana.embeddings import Embedder

TIMEOUT_S = 5.0
"""For each answer, except to a search that somebody waits for."""
BATCH = 256


class QdrantStorage:
    """One user's memories in the collection `aiana_memories`.

    Raises TierUnavailable when Qdrant does not answer as it should, QdrantRefused when it does not
    take a request. The first call imports qdrant_client (seconds, 70 MB) and makes the collection
    if there is none. `url` may be those of several nodes of one cluster. Safe to share between
    threads.
    """

    def __init__(
        self,
        url: str | Sequence[str],
        embedder: Embedder,
        *,
        api_key: str | None = None,
        user: str = "default",
        grpc_port: int | None = None,
        layout: Layout | None = None,
        timeout_s: float = TIMEOUT_S,
        ca_file: str | None = None,
    ) -> None:
        urls = [url] if isinstance(url, str) else url
        self._connection = QdrantConnection(urls, api_key, grpc_port, timeout_s, ca_file)
        self._embedder = embedder
        self._user = user
        self._layout = layout or Layout()
        self._fits = False

    @property
    def address(self) -> str:
        """Where the server is, without user and password."""
        return self._connection.address

    def close(self) -> None:
        self._connection.close()

    def tenant(self, store: str | None) -> str:
        """What the user's points of a database have in common."""
        return tenant_of(self._user, store, self._embedder.model_name)

    def version(self) -> str:
        """The server's version."""
        return str(self._connection.call(lambda client: client.info().version))

    def prepare(self) -> int:
        """Make the collection if there is none; returns how many points it holds.

        Raises TierUnavailable if it holds vectors of another size or distance.
        """
        models = client_models()
        info = self._connection.call(self._collection)
        if info is None:
            self._fits = False
            self._connection.call(self._create)
            info = self._connection.call(self._collection)
        params = info.config.params.vectors
        asked = (self._embedder.dimensions, models.Distance.COSINE)
        found = (getattr(params, "size", None), getattr(params, "distance", None))
        if found != asked:
            raise TierUnavailable(
                f"The collection {COLLECTION} of Qdrant at {self.address} holds vectors of "
                f"{found[0]} dimensions ({found[1]}), the model {self._embedder.model_name} gives "
                f"{asked[0]} (Cosine). Set AIANA_EMBEDDING_MODEL to the model it was made with, or "
                f"delete the collection and run `{command('reindex', 'qdrant')}`."
            )
        if not self._fits:
            self._connection.call(lambda client: self._index(client, info.payload_schema or {}))
            self._fits = True
        return int(info.points_count or 0)

    @staticmethod
    def _collection(client: QdrantClient) -> Any:
        if not client.collection_exists(COLLECTION):
            return None
        return client.get_collection(COLLECTION)

    def _create(self, client: QdrantClient) -> None:
        models = client_models()
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
                hnsw_config=graph(),
                on_disk_payload=True,
                quantization_config=quantization,
            )
        except Exception:
            # Another process may have been first.
            if not client.collection_exists(COLLECTION):
                raise

    @staticmethod
    def _index(client: QdrantClient, indexed: dict[str, Any]) -> None:
        for name, schema in payload_indexes().items():
            if name not in indexed:
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
                "source": OWN_SOURCE,
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
        scope = PointFilter(projects=[] if project is None else [project])
        wanted = Search(scope=scope, limit=limit, min_score=min_score, with_payload=True)
        return self.alike(self._embedder.embed_query(query).tolist(), [wanted])[0]

    def nearest(self, vector: list[float], limit: int, scope: PointFilter) -> list[dict[str, Any]]:
        """The points most like a vector: `id` and `score` (cosine) of each."""
        return self.alike(vector, [Search(scope=scope, limit=limit)])[0]

    def alike(self, vector: list[float], searches: Sequence[Search]) -> list[list[dict[str, Any]]]:
        """What each search finds, in one request: `id`, `score` (cosine), payload if wanted."""
        models = client_models()
        requests = [
            models.QueryRequest(
                query=vector,
                filter=filter_of(search.scope, self._user),
                limit=search.limit,
                score_threshold=search.min_score,
                with_payload=search.with_payload,
            )
            for search in searches
        ]
        answers = self._ask(lambda client: client.query_batch_points(COLLECTION, requests))
        return [
            [{"id": str(hit.id), "score": hit.score, **(hit.payload or {})} for hit in each.points]
            for each in answers
        ]

    def get(self, id: str, scope: PointFilter) -> dict[str, Any] | None:
        """The payload of a point of a scope; None if there is none with this id."""
        wanted = filter_of(scope, self._user, [id])
        records, _ = self._ask(lambda client: client.scroll(COLLECTION, wanted, limit=1))
        return records[0].payload if records else None

    def put(self, points: Sequence[Point]) -> None:
        """Store points; one with an id that is there already replaces it."""
        models = client_models()
        own = admitted({"user": self._user, "model": self._embedder.model_name})
        for start in range(0, len(points), BATCH):
            structs = [
                models.PointStruct(
                    id=point.id,
                    vector=point.vector,
                    payload={
                        **(point.payload if point.is_clean else admitted(point.payload)),
                        **own,
                        "tenant": self.tenant(point.payload.get("store")),
                    },
                )
                for point in points[start : start + BATCH]
            ]
            self._retried(lambda client, s=structs: client.upsert(COLLECTION, s, wait=True))

    def remove(self, ids: Sequence[str]) -> int:
        """Delete own points by their ids; returns how many of these ids are verified gone."""
        for start in range(0, len(ids), BATCH):
            self._delete(filter_of(PointFilter(), self._user, list(ids[start : start + BATCH])))
        return len(ids) - len(self.hashes(ids))

    def delete(self, scope: PointFilter) -> int:
        """Delete all points of a scope; returns how many. Raises TierUnavailable if any is left."""
        count = self.count(scope)
        self._delete(filter_of(scope, self._user))
        left = self.count(scope)
        if left:
            raise TierUnavailable(
                f"Qdrant at {self.address} still holds {left:,} of {count:,} points that were "
                "deleted. Try again."
            )
        return count

    def _delete(self, wanted: Any) -> None:
        models = client_models()
        selector = models.FilterSelector(filter=wanted)
        self._retried(lambda client: client.delete(COLLECTION, selector, wait=True))

    def count(self, scope: PointFilter | None = None) -> int:
        """How many points there are."""
        wanted = filter_of(scope or PointFilter(), self._user)
        answer = self._retried(lambda c: c.count(COLLECTION, count_filter=wanted, exact=True))
        return int(answer.count)

    def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """Content hashes of those of the own points that exist."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), BATCH):
            batch = list(ids[start : start + BATCH])
            records = self._retried(
                lambda client, b=batch: client.retrieve(
                    COLLECTION, b, with_payload=["content_hash", "user"], with_vectors=False
                )
            )
            payloads = {str(record.id): record.payload or {} for record in records}
            found |= {
                id: str(payload.get("content_hash"))
                for id, payload in payloads.items()
                if payload.get("user") == self._user
            }
        return found

    def ids(self, scope: PointFilter, page: int = 1000) -> Iterator[list[str]]:
        """The ids of all points of a scope, page by page."""
        wanted, offset = filter_of(scope, self._user), None
        while True:
            records, offset = self._retried(
                lambda client, o=offset: client.scroll(
                    COLLECTION, wanted, limit=page, offset=o, with_payload=False
                )
            )
            yield [str(record.id) for record in records]
            if offset is None:
                return

    def _retried(self, work: Callable[..., Any]) -> Any:
        return self._connection.patiently(lambda: self._ask(work))

    def _ask(self, work: Callable[..., Any]) -> Any:
        """Do something with a collection that is known, since it was last lost, to fit."""
        if not self._fits:
            self.prepare()
        try:
            return self._connection.call(work)
        except CollectionLost:
            self._fits = False
            raise
