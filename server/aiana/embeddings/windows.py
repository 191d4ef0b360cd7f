"""Cut a long text into windows that a model can read, on paragraph, line, sentence or word borders.

Time is linear in the length of the text, and memory is bounded by the tokenizer's block.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

OVERLAP = 8
"""One part in `OVERLAP` of a window is repeated at the start of the next."""
# A tokenizer's encoding takes some 500 bytes a word piece, so long texts go through it in blocks.
BLOCK = 65_536
_ENDS_BEFORE_SPACE = ".!?;:…"
_ENDS = "。！？"


class Word(Struct, frozen=True, gc=False):
    """A stretch of text that is not cut: character positions, and its number of word pieces."""

    start: int
    end: int
    pieces: int


def windows(text: str, tokenizer: Tokenizer, limit: int) -> list[str]:
    """Overlapping windows of `text`, in order, of at most `limit` word pieces; [text] if it fits.

    Every word lies whole in at least one window (a word that alone exceeds `limit` is cut between
    pieces). A cut falls in the second half of a window, at the best border there: paragraph, line,
    sentence, space, any.
    """
    return cut(text, encodings(text, tokenizer), limit)


def cut(text: str, blocks: Iterable[tuple[int, Encoding]], limit: int) -> list[str]:
    """As `windows`, of a text whose `encodings` are known."""
    words = [word for start, encoding in blocks for word in _grouped(encoding, start, limit)]
    if sum(word.pieces for word in words) <= limit:
        return [text]
    return [
        text[words[first].start : words[last - 1].end] for first, last in _spans(text, words, limit)
    ]


def _spans(text: str, words: Sequence[Word], limit: int) -> Iterator[tuple[int, int]]:
    """The windows as ranges of word indices."""
    before = [0]  # before[i]: pieces ahead of word i
    for word in words:
        before.append(before[-1] + word.pieces)
    first = 0
    while (last := _reach(before, first, limit)) < len(words):
        half = max(_reach(before, first, limit // 2), first + 1)
        cut = max(range(half, last + 1), key=lambda i: (_border(text, words, i), i))
        yield first, cut
        back = max(bisect_left(before, before[cut] - limit // OVERLAP), first + 1)
        first = max(range(back, cut), key=lambda i: (_border(text, words, i), -i), default=cut)
    yield first, len(words)


def _reach(before: Sequence[int], first: int, pieces: int) -> int:
    """The end of the longest range of words from `first` on with at most `pieces`."""
    return bisect_right(before, before[first] + pieces) - 1


def _border(text: str, words: Sequence[Word], index: int) -> int:
    """How good a place to cut the start of word `index` is."""
    previous = words[index - 1].end
    gap = text[previous : words[index].start]
    if "\n" in gap:
        return 4 if gap.count("\n") > 1 else 3
    last = text[previous - 1]
    if last in _ENDS or (gap and last in _ENDS_BEFORE_SPACE):
        return 2
    return 1 if gap else 0


def encodings(text: str, tokenizer: Tokenizer) -> Iterator[tuple[int, Encoding]]:
    """The encodings of `text`, block by block, with each block's position; no special tokens."""
    start = 0
    while start < len(text):
        end = _block_end(text, start)
        yield start, tokenizer.encode(text[start:end], add_special_tokens=False)
        start = end


def _block_end(text: str, start: int) -> int:
    """Where the tokenizer's block from `start` on ends: at a space or sign in its second half."""
    end = start + BLOCK
    if end >= len(text):
        return len(text)
    for index in range(end, end - BLOCK // 2, -1):
        if text[index - 1].isspace():
            return index
    for index in range(end, end - BLOCK // 2, -1):
        if not text[index - 1].isalnum():
            return index
    return end


def _grouped(encoding: Encoding, base: int, limit: int) -> Iterator[Word]:
    """The word pieces of one block put together to words; positions count from `base`."""
    number: int | None = None
    start = end = pieces = 0
    for (piece_start, piece_end), word in zip(encoding.offsets, encoding.word_ids, strict=True):
        if pieces and (word != number or (pieces == limit and piece_start >= end)):
            yield Word(base + start, base + end, pieces)
            pieces = 0
        if not pieces:
            start, number = piece_start, word
        end = piece_end
        pieces += 1
    if pieces:
        yield Word(base + start, base + end, pieces)
