"""QdrantStorage: over qdrant_client's local mode behind HTTP, or the server at
AIANA_TEST_QDRANT_URL."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc  # type: ignore[import-untyped]
import pytest

from aiana.embeddings import Embedder
from aiana.errors import TierUnavailable
from aiana.storage.qdrant import QdrantStorage
from aiana.storage.qdrant.connection import (
    CollectionLost,
    KeyRefused,
    NotAllowed,
    QdrantConnection,
    QdrantRefused,
)
from aiana.storage.qdrant.points import COLLECTION, Point, PointFilter
from tests.integration.qdrant_endpoint import KEY, VERSION, QdrantEndpoint
from tests.integration.servers import certificate


@pytest.fixture
def qdrant(endpoint: QdrantEndpoint, embedder: Embedder) -> Iterator[QdrantStorage]:
    storage = QdrantStorage(endpoint.url, embedder, api_key=KEY, user=f"test-{uuid.uuid4()}")
    yield storage
    storage.close()


def test_memory_is_found_by_meaning(qdrant: QdrantStorage) -> None:
    fixed = qdrant.add_memory(
        content="Fixed security vulnerability by updating qdrant-client",
        session_id="abc123",
        project="git-steer",
        memory_type="pattern",
        metadata={"severity": "critical"},
    )
    qdrant.add_memory(content="Bananas are yellow", project="git-steer")
    other = qdrant.add_memory(content="Patched a security hole", project="shop")
    found = qdrant.search(
        query="how did I fix the security issue", limit=10, project="git-steer", min_score=0.3
    )
    assert [hit["id"] for hit in found] == [fixed]
    (hit,) = found
    assert 0.3 < hit.pop("score") <= 1
    timestamp = hit.pop("timestamp")
    assert len(timestamp) == 24
    assert timestamp.endswith("Z")
    assert hit.pop("user").startswith("test-")
    assert len(hit.pop("content_hash")) == 32
    assert len(hit.pop("tenant")) == 32
    assert hit == {
        "id": fixed,
        "content": "Fixed security vulnerability by updating qdrant-client",
        "session_id": "abc123",
        "project": "git-steer",
        "memory_type": "pattern",
        "source": "aiana",
        "model": "all-MiniLM-L6-v2",
        "metadata": {"severity": "critical"},
    }
    assert {hit["id"] for hit in qdrant.search("security", limit=2)} == {fixed, other}


def test_same_id_replaces(qdrant: QdrantStorage) -> None:
    first = qdrant.add_memory("one")
    assert qdrant.add_memory("two", memory_id=first) == first
    assert qdrant.count() == 1
    assert [hit["content"] for hit in qdrant.search("two")] == ["two"]


def test_points_are_deleted_by_id_and_by_filter(qdrant: QdrantStorage) -> None:
    ids = [qdrant.add_memory(f"text {n}", session_id=f"s{n % 2}", project="p") for n in range(6)]
    assert qdrant.remove(ids[:2]) == 2
    assert qdrant.hashes(ids[:3]).keys() == {ids[2]}
    assert qdrant.delete(PointFilter(session_id="s0")) == 2
    assert qdrant.count() == 2
    assert sorted(id for page in qdrant.ids(PointFilter(), page=1) for id in page) == sorted(
        [ids[3], ids[5]]
    )
    assert qdrant.delete(PointFilter(projects=["p"])) == 2
    assert qdrant.remove(ids) == 6


def test_users_do_not_see_each_other(
    qdrant: QdrantStorage, embedder: Embedder, endpoint: QdrantEndpoint
) -> None:
    qdrant.add_memory("a secret of the first user")
    other = QdrantStorage(endpoint.url, embedder, api_key=KEY, user="other")
    assert other.search("a secret") == []
    assert other.count() == 0
    other.close()


def test_many_points_go_in_batches(qdrant: QdrantStorage) -> None:
    numbers = range(300)
    points = [
        Point(id=str(uuid.uuid4()), vector=[float(n + 1)] + [0.5] * 383, payload={"content": "x"})
        for n in numbers
    ]
    qdrant.put(points)
    assert qdrant.count() == 300
    nearest = qdrant.nearest([1.0] + [0.0] * 383, 3, PointFilter())
    assert [hit["id"] for hit in nearest] == [point.id for point in points[:-4:-1]]


class TestNetwork:
    """What the network does between Aiana and Qdrant."""

    def test_collection_of_another_model_is_never_mixed(
        self, endpoint: QdrantEndpoint, qdrant: QdrantStorage
    ) -> None:
        from qdrant_client import models

        endpoint.client.create_collection(
            endpoint.collection,
            vectors_config=models.VectorParams(size=768, distance=models.Distance.COSINE),
        )
        with pytest.raises(TierUnavailable, match=r"768 dimensions.*gives 384"):
            qdrant.add_memory("text")
        assert endpoint.client.count(endpoint.collection).count == 0

    def test_two_makers_of_the_collection_get_on(
        self, endpoint: QdrantEndpoint, qdrant: QdrantStorage
    ) -> None:
        qdrant.prepare()
        qdrant._connection.call(qdrant._create)
        assert qdrant.prepare() == 0

    @pytest.mark.parametrize("fault", ["broken", "cut", "hang"])
    def test_fault_is_an_error_in_plain_words(
        self, endpoint: QdrantEndpoint, embedder: Embedder, fault: Any
    ) -> None:
        qdrant = QdrantStorage(endpoint.url, embedder, api_key=KEY, timeout_s=0.1)
        qdrant.prepare()
        endpoint.fault = fault
        with pytest.raises(
            TierUnavailable, match=f"Qdrant at {endpoint.url} does not answer as"
        ) as caught:
            qdrant.search("text")
        assert ("(no answer in time)" in str(caught.value)) is (fault == "hang")
        endpoint.fault = "none"
        assert qdrant.search("text") == []
        qdrant.close()

    def test_refused_connection(self, endpoint: QdrantEndpoint, qdrant: QdrantStorage) -> None:
        endpoint.stop()
        with pytest.raises(TierUnavailable, match="does not answer as it should"):
            qdrant.prepare()

    def test_write_is_tried_again(self, endpoint: QdrantEndpoint, qdrant: QdrantStorage) -> None:
        qdrant.prepare()
        before = endpoint.requests
        endpoint.fault = "broken"
        with pytest.raises(TierUnavailable):
            qdrant.count()
        assert endpoint.requests - before == 3

    def test_wrong_key_is_said_and_never_shown(
        self, endpoint: QdrantEndpoint, embedder: Embedder
    ) -> None:
        qdrant = QdrantStorage(endpoint.url, embedder, api_key="hunter2-wrong")
        with pytest.raises(TierUnavailable, match="does not accept QDRANT_API_KEY") as caught:
            qdrant.prepare()
        assert "hunter2" not in str(caught.value)
        qdrant.close()

    def test_what_is_refused_is_not_tried_again(
        self, endpoint: QdrantEndpoint, qdrant: QdrantStorage
    ) -> None:
        qdrant.prepare()
        endpoint.fault, endpoint.refused_content = "refuse-one", "poison"
        before = endpoint.requests
        with pytest.raises(QdrantRefused):
            qdrant.add_memory("poison")
        assert endpoint.requests - before == 1

    def test_lost_collection_is_made_anew(
        self, endpoint: QdrantEndpoint, qdrant: QdrantStorage
    ) -> None:
        qdrant.add_memory("one")
        endpoint.empty()
        qdrant.add_memory("two")
        assert [hit["content"] for hit in qdrant.search("one")] == ["two"]

    def test_key_that_may_only_read_is_said_to_be_one(
        self, endpoint: QdrantEndpoint, qdrant: QdrantStorage
    ) -> None:
        kept = qdrant.add_memory("one")
        endpoint.fault = "read-only"
        with pytest.raises(NotAllowed, match=r"QDRANT_API_KEY do this: the key may only read"):
            qdrant.add_memory("two")
        assert [hit["id"] for hit in qdrant.search("one")] == [kept]

    def test_another_node_answers_where_one_does_not(
        self, endpoint: QdrantEndpoint, embedder: Embedder
    ) -> None:
        urls = ["http://127.0.0.1:9", "http://127.0.0.1:9", endpoint.url]
        qdrant = QdrantStorage(urls, embedder, api_key=KEY, user="several")
        kept = qdrant.add_memory("one")
        assert qdrant.address == endpoint.url
        assert [hit["id"] for hit in qdrant.search("one")] == [kept]
        endpoint.stop()
        with pytest.raises(TierUnavailable, match="does not answer as it should"):
            qdrant.search("one")
        endpoint.start()
        assert [hit["id"] for hit in qdrant.search("one")] == [kept]
        qdrant.close()

    def test_certificate_of_ones_own(self, tmp_path: Path, embedder: Embedder) -> None:
        pem = certificate(tmp_path)
        secure = QdrantEndpoint(certificate=pem)
        secure.start()
        qdrant = QdrantStorage(secure.url, embedder, api_key=KEY, ca_file=str(pem))
        assert qdrant.version() == VERSION
        qdrant.close()
        qdrant = QdrantStorage(secure.url, embedder, api_key=KEY)
        with pytest.raises(TierUnavailable, match="no secure connection can be made"):
            qdrant.version()
        qdrant.close()
        absent = str(tmp_path / "absent.pem")
        qdrant = QdrantStorage(secure.url, embedder, api_key=KEY, ca_file=absent)
        with pytest.raises(TierUnavailable, match=r"absent\.pem cannot be read .*AIANA_CA_FILE"):
            qdrant.version()
        qdrant.close()
        secure.close()


@pytest.mark.parametrize(
    ("code", "kind", "reason"),
    [
        ("UNAUTHENTICATED", KeyRefused, "wants QDRANT_API_KEY"),
        ("PERMISSION_DENIED", NotAllowed, "the key may only read"),
        ("NOT_FOUND", CollectionLost, "has lost what Aiana kept"),
        ("INVALID_ARGUMENT", QdrantRefused, r"refuses a request \(status 400\)"),
        ("UNAVAILABLE", TierUnavailable, r"\(no connection can be made\)"),
        ("DEADLINE_EXCEEDED", TierUnavailable, r"\(no answer in time\)"),
        ("RESOURCE_EXHAUSTED", TierUnavailable, r"\(it has too much to do\)"),
    ],
)
def test_grpc_errors(code: str, kind: type[Exception], reason: str) -> None:
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Failing(code)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    connection = QdrantConnection(["http://127.0.0.1:1"], None, port, timeout_s=5)
    with pytest.raises(kind, match=reason) as caught:
        connection.call(lambda client: client.collection_exists(COLLECTION))
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"Qdrant at 127.0.0.1:{port} (gRPC) ")
    connection.close()
    server.stop(0).wait()


def test_certificate_of_ones_own_over_grpc(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Failing("NOT_FOUND")])
    public = tmp_path / "public.pem"
    both = ((pem.read_bytes(), public.read_bytes()),)
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials(both))
    server.start()
    for trusted, kind in ((str(public), CollectionLost), (None, TierUnavailable)):
        connection = QdrantConnection(["https://localhost:1"], None, port, 5, ca_file=trusted)
        with pytest.raises(TierUnavailable) as caught:
            connection.call(lambda client: client.collection_exists(COLLECTION))
        assert type(caught.value) is kind
        connection.close()
    server.stop(0).wait()


class _Failing(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Answers every request with one code."""

    def __init__(self, code: str) -> None:
        self._code = code

    def service(self, details: Any) -> Any:
        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            context.abort(grpc.StatusCode[self._code], "for the test")
            raise AssertionError

        return grpc.unary_unary_rpc_method_handler(answer)
