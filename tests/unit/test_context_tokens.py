from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from aiana.context.tokens import TokenCounter, upper_bound
from aiana.embeddings.locate import DEFAULT_MODEL, locate_uncompiled

FILE = locate_uncompiled(DEFAULT_MODEL).folder / "tokenizer.json"
TEXTS = [
    "",
    " \n\t",
    "Fix the login bug, please!",
    "getUserById(foo_bar) != src/a/b.py",
    "0x7f3a9c21 aGVsbG8gd29ybGQ= 9b1c4c1e-77aa-4c1e-9f00-000000000000",
    "xqzjkvw " * 50,
    "日本語のテキスト 한국어 텍스트 عربى हिन्दी",
    "naïve café e\u0301 ﬁ ﷺ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 😀👩‍👩‍👧",
    "a\u00a0b\u200bc\u3000d\u2028e\x85f\x1cg\x00h",
    " ".join(map(chr, range(0x20, 0x2FF))),
    "".join(f"{chr(code)} " for code in range(0x300, 0xD7FF, 7)),
]


@pytest.mark.parametrize("text", TEXTS)
def test_counts_are_those_of_the_tokenizer(text: str) -> None:
    tokenizer = Tokenizer.from_file(str(FILE))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    real = len(tokenizer.encode(text, add_special_tokens=False).ids)
    counter = TokenCounter(lambda: FILE)
    assert counter.is_exact
    assert counter.count(text) == real
    assert upper_bound(text) >= real


def test_long_texts_are_counted_to_the_end() -> None:
    assert TokenCounter(lambda: FILE).count("word " * 5000) == 5000


def test_an_unknown_giant_word_is_not_free() -> None:
    assert TokenCounter(lambda: FILE).count("x" * 8000) == 1000


def test_lone_surrogates_are_counted() -> None:
    assert TokenCounter(lambda: FILE).count("a \udc80") == 2


def test_without_a_tokenizer_the_count_is_an_upper_bound(tmp_path: Path) -> None:
    damaged = tmp_path / "tokenizer.json"
    damaged.write_text("{}")
    absent = tmp_path / "absent.json"
    for counter in (
        TokenCounter(lambda: None),
        TokenCounter(lambda: damaged),
        TokenCounter(lambda: absent),
    ):
        assert not counter.is_exact
        assert counter.count("Fix the é") == 8
