"""What a deletion owes: nothing of it left anywhere, and a receipt that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiana.container import Container
from aiana.models import Progress
from aiana.private import files_in, remove
from aiana.protocol.results import Receipt

if TYPE_CHECKING:
    from aiana.storage.forgetting import Scrubbed
    from aiana.storage.rows import DeletedRows

FIRST_ANSWER_S = 0.25
"""What a deletion waits for a server that was never asked yet."""


def forget_pages(container: Container) -> None:
    """Delete the files made for clients without documents of their own, and what was drawn."""
    container.drawings.forget()
    for page in files_in(container.config.pages_dir, "*"):
        remove(page)


def scrubbed(
    container: Container, names: Sequence[str] | None = None, progress: Progress | None = None
) -> Scrubbed:
    """Take out of all files what these deletions left there, or all that is owed.

    A process that works in the background does so there; it says here what it still has to do.
    """
    from aiana.storage.forgetting import Scrubbed, pending_of, scrub

    database = container.storage.database
    if "indexer" in container.__dict__ and container.indexer.scrub_soon():
        return Scrubbed(pending=pending_of(database, names or ()))
    return scrub(database, names, progress)


def receipt_of(
    container: Container,
    deleted: DeletedRows,
    memories: Sequence[str] = (),
    sessions: Sequence[str] = (),
    touched: Sequence[str] = (),
    progress: Progress | None = None,
) -> Receipt:
    """What is verified deleted, of these memories or sessions, wherever it was kept.

    `touched` are sessions of which a part was deleted.
    """
    forget_pages(container)
    storage, qdrant, cache = container.storage, container.qdrant, container.cache
    remaining = storage.remaining(deleted)
    away = qdrant is not None and qdrant.forget(memories, sessions)
    if cache.link is not None:
        cache.link.wait(FIRST_ANSWER_S)
    # No context may quote any longer what is deleted.
    forgotten = len(deleted.documents) if cache.forget([*memories, *sessions, *touched]) else 0
    left = scrubbed(container, deleted.forgotten.owed, progress)
    return Receipt(
        sqlite=len(deleted.documents) - len(remaining.documents),
        fts=len(deleted.indexed) - len(remaining.indexed),
        vectors=len(deleted.owners) - len(remaining.owners),
        redis=None if cache.link is None else forgotten,
        qdrant=None if qdrant is None else len(deleted.owners) if away else 0,
        traces=[str(path) for path in left.traces],
        pending=left.pending,
    )
