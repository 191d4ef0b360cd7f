"""Long texts in windows: nothing lost, nothing too long, cut on sensible borders, linear time."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from aiana.embeddings.windows import BLOCK, encodings, windows

LIMIT = 16


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One piece a letter, sign or ideograph; words of more than 20 letters are unknown."""
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    ideographs = [chr(code) for code in range(0x4E00, 0x4E00 + 500)]
    signs = [*".,!?_()0123456789。", *ideographs]
    pieces = ["[UNK]", *letters, *signs, *(f"##{letter}" for letter in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=20))
    made.normalizer = normalizers.BertNormalizer(lowercase=False)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def pieces_in(text: str, tokenizer: Tokenizer) -> int:
    return sum(len(part) for _, part in encodings(text, tokenizer))


def test_a_text_that_fits_is_one_window(tokenizer: Tokenizer) -> None:
    assert windows("  ab cd\n", tokenizer, LIMIT) == ["  ab cd\n"]
    assert windows("", tokenizer, LIMIT) == [""]
    assert windows(" \n\t", tokenizer, LIMIT) == [" \n\t"]


def test_the_best_border_in_the_second_half_is_cut(tokenizer: Tokenizer) -> None:
    cases = {
        "aaaa bbbb cc.\n\ndd. ee\nffff gggg hhhh": "aaaa bbbb cc.",
        "aaaa bbbb cc. dd\nee ffff gggg hhhh": "aaaa bbbb cc. dd",
        "aaaa bbbb cc. dd ee ffff gggg": "aaaa bbbb cc.",
        "aaaa bbbb cc dd ee_ffff gggg": "aaaa bbbb cc dd",
        "aaaa_bbbb_cccc_dddd_eeee": "aaaa_bbbb_cccc_",
    }
    assert {text: windows(text, tokenizer, LIMIT)[0] for text in cases} == cases


def test_windows_overlap_by_an_eighth(tokenizer: Tokenizer) -> None:
    text = " ".join("abcdefghijklmnopqrstuvwxyz")
    assert windows(text, tokenizer, LIMIT) == [
        "a b c d e f g h i j k l m n o p",
        "o p q r s t u v w x y z",
    ]


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"word{i}" for i in range(300)),
        "\n\n".join(f"abc {i}. def ghi" for i in range(200)),
        "".join(f"f({i})," for i in range(400)),
        "".join(chr(0x4E00 + i) for i in range(500)),
        "".join(f"a{i}。" for i in range(300)),
        "x" * 19 + " " + " ".join(f"y{i} z" for i in range(100)),
    ],
)
def test_windows_keep_words_whole(text: str, tokenizer: Tokenizer) -> None:
    limit = 20
    pieces = windows(text, tokenizer, limit)
    assert max(pieces_in(piece, tokenizer) for piece in pieces) <= limit
    position = reached = 0
    for piece in pieces:
        position = text.index(piece, position)
        assert not text[reached:position].strip(), "text between two windows is lost"
        reached = max(reached, position + len(piece))
        position += 1
    assert not text[reached:].strip()
    whole = {word for piece in pieces for word in re.findall(r"[a-z0-9]+", piece)}
    assert whole >= set(re.findall(r"[a-z0-9]+", text))


def test_word_longer_than_a_window(tokenizer: Tokenizer) -> None:
    pieces = windows("abcdefghijklmnopqrst uv", tokenizer, 8)
    assert pieces[0] == "abcdefgh"
    assert max(map(len, pieces)) <= 8
    assert "uv" in pieces[-1]


def test_tokenize_in_blocks(tokenizer: Tokenizer) -> None:
    text = "ab cd. " * (3 * BLOCK // 7)
    starts = [start for start, _ in encodings(text, tokenizer)]
    assert len(starts) >= 3
    assert all(text[start - 1] == " " for start in starts[1:])
    assert max(b - a for a, b in pairwise(starts)) <= BLOCK
    assert pieces_in(text, tokenizer) == 5 * (3 * BLOCK // 7)


def test_windows_grow_no_faster_than_the_text(tokenizer: Tokenizer) -> None:
    text = "ab cd. ef_gh\n" * 2000
    once, twice = (len(windows(given, tokenizer, LIMIT)) for given in (text, text * 2))
    assert twice <= 2 * once + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [("x" * 1_000_000, 1), ("xy.z(" * 200_000, 4495), ("一" * 1_000_000, 4485)],
)
def test_a_megabyte_without_spaces_is_split(text: str, expected: int, tokenizer: Tokenizer) -> None:
    pieces = windows(text, tokenizer, 254)
    assert len(pieces) == expected
    assert sum(map(len, pieces)) >= len(text)
    assert text.endswith(pieces[-1])
