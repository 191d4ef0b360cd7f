from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from aiana.context.tokens import TokenCounter, estimated
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


def test_long_texts_are_counted_to_the_end() -> None:
    assert TokenCounter(lambda: FILE).count("word " * 5000) == 5000


def test_an_unknown_giant_word_is_not_free() -> None:
    assert TokenCounter(lambda: FILE).count("x" * 8000) == 1000


def test_lone_surrogates_are_counted() -> None:
    assert TokenCounter(lambda: FILE).count("a \udc80") == 2


# As people and assistants write; counts are those of the tokenizer.
SESSIONS = [
    "Fix the login bug, please! It worked before we moved the session store to Redis.",
    "The tests fail because `parse_header` returns None when the file has no front matter. I "
    "added a guard and a test, and ran the whole suite again: 214 passed in 12.81s.",
    "def total(items: list[Item]) -> Decimal:\n    return sum((i.price * i.n for i in items))\n",
    "$ git log --oneline -3\n9fceb02 Move the cache\n1a2b3c4 Add a test\n77aa4c1 Fix the build\n",
    "src/components/SearchPanel.tsx:118:14 - error TS2345: Argument of type 'string | undefined' "
    "is not assignable to parameter of type 'string'.",
    '{"command": "docker compose up -d", "description": "Start the services", "timeout": 120000}',
    "We decided to keep SQLite as the only truth, and to treat every other store as a cache that "
    "can be deleted at any moment.",
    "日本語のテキストを検索できるようにしてください。",
    "Пожалуйста, исправь ошибку входа.",
    "Déjà vu : l'élève a réécrit le modèle naïf.",
]


def test_estimate_without_a_tokenizer() -> None:
    counter = TokenCounter(lambda: FILE)
    real = [counter.count(text) for text in SESSIONS]
    guessed = [estimated(text) for text in SESSIONS]
    for text, right, guess in zip(SESSIONS, real, guessed, strict=True):
        assert 0.9 * right <= guess <= 1.6 * right, (text, right, guess)
    assert sum(real) <= sum(guessed) <= 1.2 * sum(real)


def test_estimate_with_a_damaged_tokenizer(tmp_path: Path) -> None:
    damaged = tmp_path / "tokenizer.json"
    damaged.write_text("{}")
    absent = tmp_path / "absent.json"
    for counter in (
        TokenCounter(lambda: None),
        TokenCounter(lambda: damaged),
        TokenCounter(lambda: absent),
    ):
        assert not counter.is_exact
        assert counter.count("Fix the é") == 4
        assert counter.count("x" * 8000) >= 1000
