"""The way to a Qdrant server: opened at first use, asked again with pauses, errors in words."""

from __future__ import annotations

import random
import threading
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiana.errors import AianaError, TierUnavailable
from aiana.invocation import unavailable
from aiana.storage.link import reason_of
from aiana.storage.redis import without_password

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

ATTEMPTS = 3
FIRST_PAUSE_S = 0.1


class QdrantRefused(AianaError):
    """Qdrant answers, but does not take this request: asking again would not help."""

    kind = "tierUnavailable"


class CollectionLost(TierUnavailable):
    """Qdrant answers, but what was asked for is not there."""


class QdrantConnection:
    """A client that is made, and imported, at its first use. Safe to share between threads."""

    def __init__(
        self, url: str, api_key: str | None, grpc_port: int | None, timeout_s: float
    ) -> None:
        self._url = url
        self._api_key = api_key
        self._grpc_port = grpc_port
        self._timeout_s = timeout_s
        self._client: QdrantClient | None = None
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """The URL without user and password."""
        return without_password(self._url)

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def call(self, work: Callable[[QdrantClient], Any]) -> Any:
        """Do something once. Raises TierUnavailable and QdrantRefused."""
        client = self._connected()
        try:
            return work(client)
        except AianaError:
            raise
        except Exception as error:
            raise self._translated(error) from error

    @staticmethod
    def patiently(work: Callable[[], Any]) -> Any:
        """Do what may be done twice, again after a pause where Qdrant did not answer."""
        for attempt in range(1, ATTEMPTS):
            try:
                return work()
            except TierUnavailable:
                time.sleep(FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5))
        return work()

    def _translated(self, error: Exception) -> AianaError:
        """qdrant_client raises its own errors, httpx's, pydantic's and gRPC's."""
        status = getattr(error, "status_code", None) or _status_of_grpc(error)
        if status in (401, 403):
            return TierUnavailable(f"Qdrant at {self.address} does not accept QDRANT_API_KEY.")
        if status == 404:
            return CollectionLost(f"Qdrant at {self.address} has lost what Aiana kept there.")
        # Never in the words of the error, which quote what was sent.
        reason = f"status {status}" if status else reason_of(error)
        if isinstance(status, int) and 400 <= status < 500 and status not in (408, 429):
            return QdrantRefused(f"Qdrant at {self.address} refuses a request ({reason}).")
        return TierUnavailable(f"Qdrant at {self.address} does not answer as it should ({reason}).")

    def _connected(self) -> QdrantClient:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._connect()
        return self._client

    def _connect(self) -> QdrantClient:
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise TierUnavailable(unavailable("qdrant_client", error)) from error
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


def _status_of_grpc(error: Exception) -> int | None:
    """The HTTP status that says what an error of gRPC says."""
    code = getattr(error, "code", None)
    name = getattr(code() if callable(code) else None, "name", "")
    return {
        "UNAUTHENTICATED": 401,
        "PERMISSION_DENIED": 403,
        "NOT_FOUND": 404,
        "INVALID_ARGUMENT": 400,
    }.get(name)
