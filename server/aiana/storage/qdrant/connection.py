"""The way to a Qdrant server: opened at first use, asked again with pauses, errors in words."""

from __future__ import annotations

import os
import random
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

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


class KeyRefused(TierUnavailable):
    """Qdrant does not know the key."""


class NotAllowed(TierUnavailable):
    """Qdrant knows the key, and it may not do what was asked for."""


class QdrantConnection:
    """Clients that are made, and imported, at their first use: one for each address.

    The addresses are those of nodes of one cluster: where one does not answer, the next is asked,
    and from then on. `ca_file` holds the certificates (PEM) by which they are known, instead of the
    system's. Safe to share between threads.
    """

    def __init__(
        self,
        urls: Sequence[str],
        api_key: str | None,
        grpc_port: int | None,
        timeout_s: float,
        ca_file: str | None = None,
    ) -> None:
        self._urls = list(urls)
        self._api_key = api_key
        self._grpc_port = grpc_port
        self._timeout_s = timeout_s
        self._ca_file = ca_file
        self._clients: dict[int, QdrantClient] = {}
        self._node = 0
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        """Where the node is that is asked, without user and password."""
        url = without_password(self._urls[self._node])
        if self._grpc_port is None:
            return url
        return f"{urlsplit(url).hostname}:{self._grpc_port} (gRPC)"

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def call(self, work: Callable[[QdrantClient], Any]) -> Any:
        """Do something once, with the first node that answers.

        Raises TierUnavailable and QdrantRefused.
        """
        for _ in self._urls[1:]:
            node = self._node
            try:
                return self._ask(node, work)
            except TierUnavailable as error:
                if type(error) is not TierUnavailable:  # It answers.
                    raise
                self._node = (node + 1) % len(self._urls)
        return self._ask(self._node, work)

    def _ask(self, node: int, work: Callable[[QdrantClient], Any]) -> Any:
        try:
            return work(self._connected(node))
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
        code = _code_of_grpc(error)
        status = getattr(error, "status_code", None) or _STATUS_OF_CODE.get(code)
        where = f"Qdrant at {self.address}"
        if status == 401:
            given = "does not accept QDRANT_API_KEY" if self._api_key else "wants QDRANT_API_KEY"
            return KeyRefused(f"{where} {given}.")
        if status == 403:
            return NotAllowed(
                f"{where} does not let QDRANT_API_KEY do this: the key may only read, or only some "
                "collections."
            )
        if status == 404:
            return CollectionLost(f"{where} has lost what Aiana kept there.")
        # Never in the words of the error, which quote what was sent.
        reason = _WORDS.get(code) or (f"status {status}" if status else reason_of(error))
        if isinstance(status, int) and 400 <= status < 500 and status not in (408, 429):
            return QdrantRefused(f"{where} refuses a request ({reason}).")
        return TierUnavailable(f"{where} does not answer as it should ({reason}).")

    def _connected(self, node: int) -> QdrantClient:
        with self._lock:
            if node not in self._clients:
                self._clients[node] = self._connect(self._urls[node])
            return self._clients[node]

    def _connect(self, url: str) -> QdrantClient:
        # gRPC's library writes to the terminal what is said here in words.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        try:
            from qdrant_client import QdrantClient
        except ImportError as error:
            raise TierUnavailable(unavailable("qdrant_client", error)) from error
        secure: dict[str, Any] = {}
        if self._ca_file is not None and url.startswith("https:"):
            context, certificates = self._trusted(self._ca_file)
            secure = {"verify": context, "grpc_options": {"root_certificates": certificates}}
        with warnings.catch_warnings():
            # On one machine there is no https; docs/scaling.md says when it is needed.
            warnings.filterwarnings("ignore", message="Api key is used with an insecure")
            return QdrantClient(
                url=url,
                api_key=self._api_key,
                timeout=self._timeout_s,  # type: ignore[arg-type]
                prefer_grpc=self._grpc_port is not None,
                grpc_port=self._grpc_port or 6334,
                check_compatibility=False,
                **secure,
            )

    @staticmethod
    def _trusted(ca_file: str) -> tuple[Any, bytes]:
        """Certificates as HTTP takes them, and as gRPC does."""
        import ssl

        try:
            return ssl.create_default_context(cafile=ca_file), Path(ca_file).read_bytes()
        except OSError as error:
            raise TierUnavailable(
                f"The certificates in {ca_file} cannot be read ({error.strerror or 'no PEM'}). "
                "Correct AIANA_CA_FILE."
            ) from error


_STATUS_OF_CODE = {
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "INVALID_ARGUMENT": 400,
    "RESOURCE_EXHAUSTED": 429,
}
"""The HTTP status that says what a code of gRPC says."""
_WORDS = {
    "UNAVAILABLE": "no connection can be made",
    "DEADLINE_EXCEEDED": "no answer in time",
    "RESOURCE_EXHAUSTED": "it has too much to do",
    "UNIMPLEMENTED": "it does not know this request",
    "INTERNAL": "it failed",
}


def _code_of_grpc(error: Exception) -> str:
    """The name of the code of an error of gRPC; "" for any other."""
    code = getattr(error, "code", None)
    return str(getattr(code() if callable(code) else None, "name", ""))
