"""Sessions cut into chunks."""

from __future__ import annotations

from aiana.indexing.chunking import (
    CHUNK_CHARS,
    OVERLAP_CHARS,
    PIECE_CHARS,
    chunks_of,
    overlapping_pieces,
)
from aiana.storage.chunks import Turn


def turns(*texts: str) -> list[Turn]:
    return [Turn(key, f"m{key}", text) for key, text in enumerate(texts, 1)]


def test_short_neighbours_share_a_chunk() -> None:
    (chunk,) = chunks_of("s", turns("Which port?", "8080", "thanks"))
    assert chunk.message_keys == [1, 2, 3]
    assert chunk.content == "Which port?\n8080\nthanks"


def test_a_chunk_ends_before_it_grows_too_long() -> None:
    half = "x" * (CHUNK_CHARS // 2)
    chunks = chunks_of("s", turns(half, half, half))
    assert [chunk.message_keys for chunk in chunks] == [[1, 2], [3]]


def test_silent_turns_are_left_out() -> None:
    chunks = chunks_of("s", turns("", "  \n", "said"))
    assert [(chunk.message_keys, chunk.content) for chunk in chunks] == [([3], "said")]
    assert chunks_of("s", []) == []


def test_a_long_turn_is_cut_into_chunks_of_its_own() -> None:
    chunks = chunks_of("s", turns("before", "word " * 1000, "after"))
    assert [chunk.message_keys for chunk in chunks] == [[1], *[[2]] * (len(chunks) - 2), [3]]
    assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_appended_turns_change_only_the_last_chunk() -> None:
    first = turns(*[f"turn {n} " + "x" * 200 for n in range(9)])
    before = chunks_of("s", first)
    after = chunks_of("s", [*first, Turn(10, "m10", "one more")])
    assert after[: len(before) - 1] == before[:-1]


def test_chunks_of_other_sessions_have_other_ids() -> None:
    assert chunks_of("a", turns("same"))[0].id != chunks_of("b", turns("same"))[0].id


def test_pieces_overlap_and_lose_nothing() -> None:
    text = "".join(f"Sentence number {n} is here. " for n in range(400))
    found = overlapping_pieces(text)
    assert all(len(piece) <= PIECE_CHARS + 2 * OVERLAP_CHARS for piece in found)
    assert found[0] + "".join(piece[OVERLAP_CHARS:] for piece in found[1:]) == text
    assert all(piece.endswith(".") for piece in found[:-1])
    assert overlapping_pieces("short") == ["short"]
    assert len(overlapping_pieces("x" * 100_000)) == 125
