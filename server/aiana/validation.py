"""What callers hand in, made fit to be stored or searched with."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from aiana.errors import InvalidParams, InvalidQuery, TooLarge
from aiana.models import Memory, SearchFilter
from aiana.protocol.uris import memory_uri
from aiana.times import FORMS, LOCAL, normalise_time, now, resolve_time, to_datetime

if TYPE_CHECKING:
    from aiana.protocol.params import Params

MAX_MEMORY_CHARS = 1_000_000

P = TypeVar("P", bound="Params")


def checked_params(given: Any, shape: type[P], *, strict: bool = True) -> P:
    """What a client sent as the params that a method takes; None stands for no params.

    Unless `strict`, a number may be written as a text. Raises InvalidParams.
    """
    try:
        return msgspec.convert({} if given is None else given, shape, strict=strict)
    except msgspec.ValidationError as error:
        reason, _, path = str(error).partition(" - at `")
        raise InvalidParams([f"{path.rstrip('`') or '$'}: {reason}"]) from error


def checked_text(text: str) -> str:
    """The text, if it can be kept. Raises TooLarge and InvalidQuery."""
    if len(text) > MAX_MEMORY_CHARS:
        raise TooLarge(
            f"This text has {len(text):,} characters; a memory holds {MAX_MEMORY_CHARS:,}. "
            "Keep the part that matters, or import the file as a session."
        )
    if not text.strip():
        raise InvalidQuery("There is no text to keep.")
    return text


def restorable(memory: Memory) -> Memory:
    """A memory that a client kept, with nothing in it that was not checked. Raises InvalidQuery."""
    try:
        id = str(uuid.UUID(memory.id))
    except ValueError:
        raise InvalidQuery(f"{memory.id!r} is no id of a memory: it must be a UUID.") from None
    if min(memory.helpful, memory.unhelpful, memory.harmful) < 0:
        raise InvalidQuery("Judgements of a memory are counts; they cannot be negative.")
    return replace(
        memory,
        id=id,
        uri=memory_uri(id),
        content=checked_text(memory.content),
        created_at=resolved_time(memory.created_at),
        updated_at=resolved_time(memory.updated_at),
    )


def resolved_filter(filter: SearchFilter | None, reference: datetime | None = None) -> SearchFilter:
    """The filter with its times in Aiana's form, counted from `reference`. Raises InvalidQuery."""
    wanted = filter or SearchFilter()
    after = None if wanted.after is None else resolved_time(wanted.after, reference)
    before = None if wanted.before is None else resolved_time(wanted.before, reference)
    return replace(wanted, after=after, before=before)


class Paging(NamedTuple):
    """What all pages of a list have in common, and where this one begins."""

    filter: SearchFilter
    cursor: str | None
    """The list's own."""
    reference: str

    def next(self, more: str | None) -> str | None:
        """The cursor of the next page, which counts days from the same moment as this one."""
        from aiana.storage.rows import encode_cursor

        return None if more is None else encode_cursor(self.reference, more)


def paging(filter: SearchFilter | None, cursor: str | None) -> Paging:
    """Raises InvalidQuery for a time that is none and for a cursor that is none."""
    from aiana.storage.rows import decode_cursor

    reference, inner = now(), None
    if cursor is not None:
        match decode_cursor(cursor):
            case [str(moment), str(own)] if normalise_time(moment) == moment:
                reference, inner = moment, own
            case _:
                raise InvalidQuery("This cursor is none of ours: leave it out to start over.")
    since = to_datetime(reference).astimezone(LOCAL)
    return Paging(resolved_filter(filter, since), inner, reference)


def resolved_time(text: str, reference: datetime | None = None) -> str:
    """What people write for a time, in Aiana's form. Raises InvalidQuery."""
    moment = resolve_time(text, reference)
    if moment is None:
        raise InvalidQuery(f"{text[:100]!r} is no time: write {FORMS}.")
    return moment
