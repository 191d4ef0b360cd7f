"""Cut a session into the conversation chunks that are embedded."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from aiana.storage.chunks import Chunk, Turn

CHUNK_CHARS = 500
"""Short neighbouring turns are embedded together up to this size, for a turn alone often says too
little to mean anything. On development queries 300 to 600 characters did as well as one vector a
turn plus one for its neighbourhood, with a fifth to a third of the vectors."""
PIECE_CHARS = 900
"""A longer turn is cut into pieces of about this size: 256 word pieces of English text."""
OVERLAP_CHARS = 100
_NAMESPACE = uuid.UUID("3a2f0f0e-51f6-5c0e-9d57-6d1a2f6f8a11")


def chunks_of(session: str, turns: Sequence[Turn]) -> list[Chunk]:
    """The chunks of a session's spoken turns in order; `session` names it uniquely.

    Deterministic, and greedy from the start: turns that are appended change only the last chunk.
    """
    return [chunk for group in _groups(turns) for chunk in _chunks(session, group)]


def _groups(turns: Sequence[Turn]) -> Iterator[list[Turn]]:
    """Neighbouring turns that fit into one chunk together."""
    group: list[Turn] = []
    size = 0
    for turn in turns:
        if not turn.content.strip():
            continue
        if group and size + len(turn.content) > CHUNK_CHARS:
            yield group
            group, size = [], 0
        group.append(turn)
        size += len(turn.content)
    if group:
        yield group


def _chunks(session: str, group: Sequence[Turn]) -> Iterator[Chunk]:
    text = "\n".join(turn.content.strip() for turn in group)
    for number, piece in enumerate(overlapping_pieces(text)):
        yield Chunk(
            id=str(uuid.uuid5(_NAMESPACE, f"{session}\n{group[0].id}\n{number}")),
            message_keys=[turn.key for turn in group],
            content=piece,
        )


def overlapping_pieces(text: str) -> list[str]:
    """`text` in overlapping pieces, cut at the end of a line or sentence where there is one."""
    found: list[str] = []
    start = 0
    while len(text) - start > PIECE_CHARS + 2 * OVERLAP_CHARS:
        end = start + PIECE_CHARS
        half = start + PIECE_CHARS // 2
        border = max(text.rfind("\n", half, end), text.rfind(". ", half, end))
        end = border + 1 if border > 0 else end
        found.append(text[start:end])
        start = end - OVERLAP_CHARS
    found.append(text[start:])
    return found
