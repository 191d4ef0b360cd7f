"""What a person reads as a word is one for the index, in every script."""

from __future__ import annotations

import pytest

from aiana.storage.letters import Run, folded, other_words, query_pieces


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain English — with “signs”, café and naïve", ""),
        ("├── src\n│   └── main.py", ""),
        ("认证", "认证 证"),
        ("使用Redis缓存", "使用 用 redis 缓存 存"),
        ("テスト・認証", "テス スト ト 認証 証"),
        ("犬", "犬"),
        ("か\u3099く", "がく く"),
        ("인증을 처리", "인증 증을 을 처리 리"),
        ("เซิร์ฟ", "เซ ซร รฟ ฟ"),
        ("हिन्दी", "हनद"),
        ("שָׁלוֹם", "שלום"),
        ("Łódź straße ışık", "lodz strasse isik"),
        ("ＡＰＩ ﾃｽﾄ", "api テス スト ト"),
        ("Άλφα αλφα", "αλφα"),
        ("Ёлка", "елка"),
        ("done ✅✅ 🚀", "emoji2705 emoji1f680"),
    ],
)
def test_words_beside_those_of_the_tokenizer(text: str, words: str) -> None:
    assert other_words(text) == words.split()


def test_a_query_is_taken_apart_as_the_texts_are() -> None:
    assert query_pieces("login café") == ["login café"]
    assert query_pieces("why Redis缓存 broke") == ["why ", "redis", Run("缓存"), " broke"]
    assert Run("认证错误").pairs == ["认证", "证错", "错误"]
    assert Run("犬").pairs == ["犬"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("İSTANBUL", "istanbul"),
        ("IŞIK", "ışık"),
        ("ΟΔΟΣ", "οδός"),
        ("Straße", "STRASSE"),
        ("e\u0301t\u00e9", "ETE"),
        ("don’t", "don't"),
    ],
)
def test_spellings_that_are_the_same(a: str, b: str) -> None:
    assert folded(a) == folded(b)
