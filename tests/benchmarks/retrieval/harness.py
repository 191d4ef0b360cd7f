"""The three functions by which an outside harness drives a memory: reset, add, search.

Everything goes through `aiana.service.Aiana`, which embeds with the model of the user's own data
folder (`aiana model compile` makes it).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.retrieval.adapter import Unit, messages_of

from aiana.config import Config
from aiana.embeddings import get_embedder
from aiana.models import SearchFilter
from aiana.service import Aiana, open_aiana

_folder: tempfile.TemporaryDirectory[str] | None = None
_aiana: Aiana | None = None


def reset() -> None:
    """Begin with an empty memory."""
    global _folder, _aiana
    if _aiana is not None:
        _aiana.close()
    _folder = tempfile.TemporaryDirectory()
    _aiana = open_aiana(Config(data_dir=Path(_folder.name)))
    _aiana.container.embedder = get_embedder()


def add(units: Sequence[Unit]) -> None:
    """Store and embed texts."""
    assert _aiana is not None, "reset() comes first"
    sessions: dict[str, list[Unit]] = {}
    for unit in units:
        sessions.setdefault(unit["session"], []).append(unit)
    for name, members in sessions.items():
        _aiana.record_messages(*messages_of(name, members))
    _aiana.index_pending()


def search(query: str, limit: int, group: str | None = None) -> list[dict[str, str]]:
    """Hits, best first, each with the `unit` and `session` that were given."""
    assert _aiana is not None, "reset() comes first"
    found = _aiana.search(
        query, limit=limit, filter=SearchFilter(project=group), wait_for_model=True
    )
    return [{"unit": hit.message_id or "", "session": hit.session_id or ""} for hit in found.hits]
