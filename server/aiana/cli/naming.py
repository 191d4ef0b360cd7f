"""What a person means by an id, the beginning of one, or an address."""

from __future__ import annotations

from aiana.errors import NotFound
from aiana.service import Aiana


def session_uri_of(aiana: Aiana, name: str) -> str:
    """The address of a session. Raises NotFound and Conflict."""
    return name if name.startswith("aiana:") else aiana.get_session(name).session.uri


def uri_of(aiana: Aiana, name: str) -> str:
    """The address of a session or memory. Raises NotFound and Conflict."""
    try:
        return session_uri_of(aiana, name)
    except NotFound as error:
        try:
            return aiana.get_memory(name).memory.uri
        except NotFound:
            raise error from None
