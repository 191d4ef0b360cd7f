from __future__ import annotations

import pytest

from aiana.search.snippets import snippet


def marked(
    content: str, terms: list[str], phrases: list[str] | None = None, max_chars: int = 240
) -> str:
    """The snippet with its highlights in brackets, cut out in UTF-16 as an editor does."""
    text, highlights = snippet(content, terms, phrases or [], max_chars)
    assert len(text) <= max_chars
    assert highlights == sorted(highlights)
    units = text.encode("utf-16-le")
    result, position = "", 0
    for start, end in highlights:
        assert position <= start < end
        result += units[position * 2 : start * 2].decode("utf-16-le")
        result += f"[{units[start * 2 : end * 2].decode('utf-16-le')}]"
        position = end
    return result + units[position * 2 :].decode("utf-16-le")


@pytest.mark.parametrize(
    ("content", "terms", "expected"),
    [
        ("Fix the login bug", ["login"], "Fix the [login] bug"),
        ("Fix the LOGIN bug", ["login"], "Fix the [LOGIN] bug"),
        ("we were fixing it, fixed it", ["fix"], "we were [fixing] it, [fixed] it"),
        ("a fix for all", ["fixes"], "a [fix] for all"),
        ("retry, or retries?", ["retried"], "[retry], or [retries]?"),
        ("Running a run", ["runs"], "[Running] a [run]"),
        ("a prefix is no match", ["fix"], "a prefix is no match"),
        ("fixture and fix", ["fix"], "fixture and [fix]"),
        ("a café, a cafe", ["cafe"], "a [café], a [cafe]"),
        ("a cafe\u0301!", ["café"], "a [cafe\u0301]!"),
        ("İstanbul calling", ["calls"], "İstanbul [calling]"),
        ("call getUserById now", ["user"], "call get[User]ById now"),
        ("call getUserById now", ["getUserById"], "call [getUserById] now"),
        ("call getUserById now", ["getuserbyid"], "call [getUserById] now"),
        ("the user and its id", ["getUserById"], "the [user] and its [id]"),
        ("an HTTPServer here", ["server"], "an HTTP[Server] here"),
        ("max_retry_count = 3", ["retries"], "max_[retry]_count = 3"),
        ("see src/a/b.py and b", ["src/a/b.py"], "see [src/a/b.py] and b"),
        ("foo-bar, foo, bar", ["foo-bar"], "[foo-bar], [foo], [bar]"),
        ("in C++ and C", ["C++"], "in [C++] and C"),
        ("I don't know", ["don't"], "I [don't] know"),
        ("ask what?", ["ask", "what?"], "[ask] [what]?"),
        ("我的数据库很慢", ["数据"], "我的[数据]库很慢"),
        ("😀😀 the fix 😀 fix", ["fix"], "😀😀 the [fix] 😀 [fix]"),
        ("the cat and the dog", ["the", "dog"], "the cat and the [dog]"),
        ("to be or not to be", ["the", "be"], "to [be] or not to [be]"),
        ("nothing here", ["absent"], "nothing here"),
        ("punctuation !!", ["!!", "", "-"], "punctuation !!"),
    ],
)
def test_matches_are_highlighted(content: str, terms: list[str], expected: str) -> None:
    assert marked(content, terms) == expected


def test_highlights_are_utf16_units() -> None:
    assert snippet("😀 fix", ["fix"], []) == ("😀 fix", [(3, 6)])


def test_a_phrase_is_one_highlight() -> None:
    content = "out of order; out of\n  memory: out"
    assert marked(content, ["out"], ["Out of memory"]) == "[out] of order; [out of memory]: [out]"


def test_the_window_covers_most_terms() -> None:
    filler = "Nothing to see in this sentence at all. " * 20
    content = (
        f"{filler}The login page. {filler}The login fails when the token expired. {filler}token"
    )
    assert marked(content, ["login", "token", "expire"], max_chars=90) == (
        "…The [login] fails when the [token] [expired]. Nothing to see in this sentence at all."
        " Nothing…"
    )


def test_a_rare_term_beats_frequent_ones() -> None:
    content = "error cache " * 100 + "filler " * 60 + ". The parser said: mismatch. " + "z " * 99
    found = marked(content, ["error", "cache", "mismatch"], max_chars=80)
    assert found.startswith("…The parser said: [mismatch]. z z")


def test_different_terms_beat_repetition() -> None:
    content = (
        "login login login login. " + "filler " * 60 + ". The login needs a token. " + "z " * 9
    )
    found = marked(content, ["login", "token"], max_chars=60)
    assert found.startswith("…The [login] needs a [token]. z z")


def test_white_space_is_collapsed_and_cuts_are_marked() -> None:
    content = "x" * 50 + ".\n\n\tdef  login(user):\n        return   None\n" + "y " * 200
    assert marked(content, ["login"], max_chars=40) == "…def [login](user): return None y y y y…"


def test_without_a_match_the_first_telling_line_leads() -> None:
    content = "```\n---\n# Title\n\nThe cache is keyed by tenant. More."
    assert snippet(content, [], []) == ("…The cache is keyed by tenant. More.", [])
    assert snippet("ok", ["no"], []) == ("ok", [])
    assert snippet("", ["no"], []) == ("", [])
    assert snippet(" \n ", [], []) == ("", [])


def test_control_characters_never_come_out() -> None:
    content = (
        "\x1b[31mfix\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07 a\x00b \u202eevil \udc80 \x9b1mz"
    )
    assert marked(content, ["fix", "link"]) == "[fix] [link] ab evil \ufffd z"


@pytest.mark.parametrize("max_chars", [0, 1, 2, 10])
def test_small_sizes_hold(max_chars: int) -> None:
    marked("some words and the fix and more words " * 5, ["fix"], max_chars=max_chars)


@pytest.mark.parametrize(
    "content", ["a " * 500_000, "x" * 1_000_000, "\n" * 1_000_000, "getUserById " * 83_000]
)
def test_a_megabyte_is_read(content: str) -> None:
    text, _ = snippet(content, ["a", "user", "getUserById", "x"], ["a b"])
    assert len(text) <= 240
