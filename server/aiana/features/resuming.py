"""The way back into a session: the same one, or a new one that knows of it."""

from __future__ import annotations

from typing import Literal

from aiana.container import Container
from aiana.errors import InvalidQuery
from aiana.models import Session
from aiana.protocol.results import ContextEntry, Handover, Resumption
from aiana.protocol.uris import SessionAddress, parse


class Resuming:
    """What a front end runs, or puts into a new chat."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def resume(self, uri: str, mode: Literal["resume", "new"] = "resume") -> Resumption:
        """The command that goes on with a session; nothing is run. Raises NotFound and Conflict."""
        from aiana.capture.resuming import resumption

        return resumption(self._session(uri), mode)

    def hand_over(self, uri: str, max_tokens: int = 2000) -> Handover:
        """An account of a session within a budget: quoted, cited, and fenced as a context is.

        Raises NotFound and Conflict.
        """
        from aiana.context.block import account, new_nonce
        from aiana.render.account import account_of

        session = self._session(uri)
        messages = self._container.storage.sessions.messages(session.id, source=session.source)
        block = account(
            account_of(session, messages),
            session.project,
            budget=max_tokens,
            count_tokens=self._container.context_builder.count_tokens,
            nonce=new_nonce(),
        )
        entries = [
            ContextEntry(
                id=item.id,
                uri=item.uri,
                content=item.content,
                reason=item.reason,
                score=0.0,
                tokens=item.tokens,
            )
            for item in block.items
        ]
        return Handover(context=block.text, items=entries, tokens=block.tokens)

    def _session(self, uri: str) -> Session:
        address = parse(uri)
        if not isinstance(address, SessionAddress):
            raise InvalidQuery(f"{uri} is no session: only that of a session can be gone on with.")
        return self._container.storage.sessions.get(address.id, address.source)
