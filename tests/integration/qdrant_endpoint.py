"""A small HTTP endpoint that can be made to fail, in front of Qdrant.

Behind it is the server that AIANA_TEST_QDRANT_URL names (AIANA_TEST_QDRANT_API_KEY is its key),
where each endpoint has a collection of its own; without one, qdrant_client's local mode, which is
Qdrant's own implementation of its API in memory, and no server. To try out forwarding without a
server, `python -m tests.integration.qdrant_endpoint` serves that on port 6333 with the key KEY.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
import time
import urllib.error
import urllib.request
import uuid
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from qdrant_client import QdrantClient, models

from aiana.storage.qdrant.points import COLLECTION
from tests.integration.servers import free_port

SERVER = os.environ.get("AIANA_TEST_QDRANT_URL")
SERVER_KEY = os.environ.get("AIANA_TEST_QDRANT_API_KEY")
Fault = Literal["none", "hang", "cut", "broken", "refuse-one", "read-only"]
KEY = "key-of-the-test"
VERSION = "1.18.3"
_KEYWORD = models.PayloadSchemaType.KEYWORD


class QdrantEndpoint:
    """Serves one Qdrant on a fixed port; `fault` says how it misbehaves.

    `client` reaches what is behind it directly, where the collection is called `collection`.
    """

    def __init__(self, port: int = 0, certificate: Path | None = None) -> None:
        self.collection = f"aiana_test_{uuid.uuid4().hex}" if SERVER else COLLECTION
        self.client = _remote() if SERVER else _local()
        self.fault: Fault = "none"
        self.key = KEY
        self.requests = 0
        self.searches = 0
        self.hangs_after: int | None = None
        """So many more batches of points are taken, then it hangs; None for no end."""
        self.refused_content = ""
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._certificate = certificate
        """With its key, in one file: TLS is spoken, at `localhost`."""
        if certificate is not None:
            self.url = f"https://localhost:{self.port}"
        self._server: ThreadingHTTPServer | None = None
        self.lock = threading.Lock()

    def start(self) -> None:
        endpoint = self

        class Handler(_Handler):
            served = endpoint

        self._server = _Server(("127.0.0.1", self.port), Handler)
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop for good, and leave nothing on a server."""
        self.fault = "none"
        self.stop()
        if SERVER:
            self.empty()
        self.client.close()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def do(self, fault: Literal["refused", "hang", "cut", "broken", "emptied", "key"]) -> None:
        """Break in one way."""
        if fault == "refused":
            self.stop()
        elif fault == "emptied":
            self.empty()
        elif fault == "key":
            self.key = "another"
        else:
            self.fault = fault

    def mend(self) -> None:
        """Work again, with what was there."""
        self.fault, self.key, self.hangs_after = "none", KEY, None
        if self._server is None:
            self.start()

    def empty(self) -> None:
        """Forget everything, as a server does whose disk was lost."""
        with self.lock:
            if SERVER:
                self.client.delete_collection(self.collection)
            else:
                self.client = _local()


def _remote() -> QdrantClient:
    warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
    return QdrantClient(url=SERVER, api_key=SERVER_KEY, check_compatibility=False)


def _local() -> QdrantClient:
    warnings.filterwarnings("ignore", message="Payload indexes have no effect")
    return QdrantClient(":memory:")


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    served: QdrantEndpoint
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, verb: str) -> None:
        served = self.served
        served.requests += 1
        served.searches += "/points/query" in self.path
        size = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(size)
        body = json.loads(raw) if size else {}
        if served.fault == "hang":
            while served.fault == "hang":
                time.sleep(0.02)
            self.close_connection = True
            return
        if served.fault == "broken":
            self._send(503, {"status": {"error": "overloaded"}})
            return
        if self.headers.get("api-key") != served.key:
            self._send(401, {"status": {"error": "Invalid API key"}})
            return
        if verb == "PUT" and self.path.partition("?")[0].endswith("/points"):
            with served.lock:
                if served.hangs_after is not None:
                    served.hangs_after -= 1
                    served.fault = "hang" if served.hangs_after == 0 else served.fault
        writes = verb in ("PUT", "DELETE") or "/points/delete" in self.path
        if served.fault == "read-only" and writes:
            self._send(403, {"status": {"error": "Forbidden: Write access is required"}})
            return
        if self.path == "/":
            self._send(200, {"title": "qdrant", "version": VERSION})
            return
        if served.fault == "refuse-one" and served.refused_content in json.dumps(body):
            self._send(400, {"status": {"error": "Wrong input"}})
            return
        if SERVER:
            self._send(*_forwarded(verb, self.path.replace(COLLECTION, served.collection, 1), raw))
            return
        try:
            with served.lock:
                result = self._result(verb, self.path.partition("?")[0].strip("/"), body)
        except ValueError as error:
            status = 404 if "not found" in str(error) else 400
            self._send(status, {"status": {"error": str(error)}})
            return
        self._send(200, {"result": result, "status": "ok", "time": 0.0})

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.served.fault == "cut":
            self.wfile.write(data[: len(data) // 2])
            self.close_connection = True
        else:
            self.wfile.write(data)

    def _result(self, verb: str, path: str, body: dict[str, Any]) -> Any:
        local = self.served.client
        _, name, *rest = path.split("/")
        what = (verb, "/".join(rest))
        if what == ("GET", "exists"):
            return {"exists": local.collection_exists(name)}
        if what == ("GET", ""):
            return json.loads(local.get_collection(name).model_dump_json())
        if what == ("PUT", ""):
            vectors = models.VectorParams.model_validate(body["vectors"])
            return local.create_collection(name, vectors_config=vectors)
        if what == ("DELETE", ""):
            return local.delete_collection(name)
        if what == ("PUT", "index"):
            return _done(local.create_payload_index(name, body["field_name"], _KEYWORD))
        if what == ("PUT", "points"):
            points = [models.PointStruct.model_validate(point) for point in body["points"]]
            return _done(local.upsert(name, points))
        if what == ("POST", "points/delete"):
            selector: Any = body.get("points")
            if selector is None:
                selector = models.FilterSelector.model_validate(body)
            return _done(local.delete(name, selector))
        if what == ("POST", "points/payload"):
            return _done(local.set_payload(name, body["payload"], body["points"]))
        if what == ("POST", "points/query/batch"):
            return [
                json.loads(
                    local.query_points(
                        name,
                        query=search["query"]["nearest"],
                        query_filter=_filter(search.get("filter")),
                        limit=search["limit"],
                        score_threshold=search.get("score_threshold"),
                        with_payload=search.get("with_payload", False),
                    ).model_dump_json()
                )
                for search in body["searches"]
            ]
        if what == ("POST", "points/count"):
            count = local.count(name, count_filter=_filter(body.get("filter")))
            return {"count": count.count}
        if what == ("POST", "points"):
            records = local.retrieve(name, body["ids"], with_payload=body["with_payload"])
            return [json.loads(record.model_dump_json()) for record in records]
        if what == ("POST", "points/scroll"):
            records, offset = local.scroll(
                name,
                _filter(body.get("filter")),
                limit=body["limit"],
                offset=body.get("offset"),
                with_payload=body.get("with_payload", False),
            )
            points = [json.loads(record.model_dump_json()) for record in records]
            return {"points": points, "next_page_offset": offset}
        raise ValueError(f"{what} is not served here")


def _forwarded(verb: str, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """What the server answers, faults of its own included."""
    headers = {"Content-Type": "application/json", "api-key": SERVER_KEY or ""}
    request = urllib.request.Request(f"{SERVER}{path}", body or None, headers, method=verb)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def _filter(filter: Any) -> Any:
    return None if filter is None else models.Filter.model_validate(filter)


def _done(result: Any) -> dict[str, Any]:
    return {"operation_id": 0, "status": "completed"}


if __name__ == "__main__":
    endpoint = QdrantEndpoint(6333)
    endpoint.start()
    threading.Event().wait()
