"""The other side of the wire: what the client can, what it is asked, and what it is sent."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any, NamedTuple

from lsprotocol import types
from pygls.capabilities import get_capability

logger = logging.getLogger(__name__)

SHOWS_UNANNOUNCED = frozenset({"helix"})
"""Clients, by the name they give, that serve `window/showDocument` without announcing it."""

Send = Callable[[dict[str, Any]], None]


class Answer(NamedTuple):
    """What a client made of a request: whatever JSON it sent, or a refusal."""

    result: Any = None
    refused: bool = False


class Editor:
    """The client. Nothing that it answers, or fails to answer, is an exception here."""

    def __init__(self, send: Send, unstructure: Callable[[Any], Any]) -> None:
        self._send = send
        self._unstructure = unstructure
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._left = False
        self._capabilities: Any = None
        self.name = ""

    def introduce(self, params: types.InitializeParams) -> None:
        """The client has said who it is and what it can."""
        self._capabilities = params.capabilities
        self.name = params.client_info.name if params.client_info else ""

    def can(self, capability: str) -> bool:
        """Whether it announced this, as `window.show_document.support`."""
        return bool(get_capability(self._capabilities, capability))

    @property
    def shows_documents(self) -> bool:
        return self.can("window.show_document.support") or self.name.lower() in SHOWS_UNANNOUNCED

    @property
    def reads_documents(self) -> bool:
        """Does it open `aiana:` URIs: natively, or by a plugin that says so?"""
        ours = get_capability(self._capabilities, "experimental")
        by_plugin = isinstance(ours, dict) and "aianaDocuments" in ours
        return by_plugin or self.can("workspace.text_document_content")

    @property
    def follows_links(self) -> bool:
        return self.can("text_document.document_link.dynamic_registration")

    async def ask(self, method: str, params: Any) -> Answer:
        """Its answer, for which this waits as long as it takes; a refusal if it has left."""
        if self._left:
            return Answer(refused=True)
        number = f"aiana-{next(self._numbers)}"
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = waiting
        try:
            self._request(number, method, params)
            return await waiting
        finally:
            self._waiting.pop(number, None)

    def tell_request(self, method: str, params: Any) -> None:
        """Send a request whose answer changes nothing."""
        self._request(f"aiana-{next(self._numbers)}", method, params)

    def say(self, message: str, kind: types.MessageType = types.MessageType.Info) -> None:
        """Show a message."""
        params = {"type": int(kind), "message": message}
        self._send({"jsonrpc": "2.0", "method": types.WINDOW_SHOW_MESSAGE, "params": params})

    def answered(self, message: dict[str, Any]) -> None:
        """A response came in: to a request that is waited for, or to none."""
        number = message.get("id")
        waiting = self._waiting.get(number) if isinstance(number, str) else None
        refused = "error" in message and message["error"] is not None
        if refused:
            logger.info("The client refused a request")
        if waiting is not None and not waiting.done():
            waiting.set_result(Answer(message.get("result"), refused))

    def leave(self) -> None:
        """Nobody is waited for any more: every question counts as refused."""
        self._left = True
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_result(Answer(refused=True))

    def _request(self, number: str, method: str, params: Any) -> None:
        plain = self._unstructure(params)
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": plain})
