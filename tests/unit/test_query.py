from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiana.models import SearchFilter
from aiana.search.query import MAX_CHARS, MAX_WORDS, Query, merge_filters, parse

NOW = datetime(2026, 2, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Query()),
        ("   \n\t ", Query()),
        ("Fix the login", Query(words=("Fix", "the", "login"))),
        ('one "exact  phrase" two', Query(words=("one", "two"), phrases=("exact phrase",))),
        ("“smart quotes”", Query(phrases=("smart quotes",))),
        ('"a"b', Query(words=("b",), phrases=("a",))),
        ('""', Query()),
        ("keep -without", Query(words=("keep",), excluded_words=("without",))),
        ('-"not this" yes', Query(words=("yes",), excluded_phrases=("not this",))),
        ("-404:x", Query(excluded_words=("404:x",))),
        ("-404", Query(excluded_words=("404",))),
        ("-", Query(words=("-",))),
        ("--flag -> -= a-b", Query(words=("--flag", "->", "-=", "a-b"))),
    ],
)
def test_words_phrases_and_exclusions(text: str, expected: Query) -> None:
    assert parse(text, NOW) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("project:shop", SearchFilter(project="shop")),
        ('project:"my app"', SearchFilter(project="my app")),
        (r"project:C:\src\app", SearchFilter(project=r"C:\src\app")),
        ("project:a project:b", SearchFilter(project="b")),
        ("Source:Codex source:claude-code", SearchFilter(sources=["codex", "claude-code"])),
        ("type:pattern", SearchFilter(kinds=["memory"], memory_types=["pattern"])),
        (
            "type:pattern type:insight type:pattern",
            SearchFilter(kinds=["memory"], memory_types=["pattern", "insight"]),
        ),
        ("type:conversation", SearchFilter(memory_types=["conversation"])),
        ("type:Memories", SearchFilter(kinds=["memory"])),
        ("type:message", SearchFilter(kinds=["message"])),
        ("type:user", SearchFilter(kinds=["message"], types=["user"])),
        (
            "type:tool_result type:tool-use",
            SearchFilter(kinds=["message"], types=["tool_result", "tool_use"]),
        ),
        ("role:Assistant tool:Bash", SearchFilter(roles=["assistant"], tools=["Bash"])),
        ("after:2026-02-01", SearchFilter(after="2026-02-01T00:00:00.000Z")),
        ("before:7d", SearchFilter(before="2026-02-01T12:00:00.000Z")),
        ("before:7d before:1d", SearchFilter(before="2026-02-01T12:00:00.000Z")),
        ("after:7d after:1d", SearchFilter(after="2026-02-07T12:00:00.000Z")),
    ],
)
def test_filters(text: str, expected: SearchFilter) -> None:
    query = parse(text, NOW)
    assert query == Query(filter=expected)
    assert query.is_filter_only


@pytest.mark.parametrize(
    "text",
    [
        "foo-bar",
        "C++",
        "don't",
        "what?",
        "a:b",
        "std::vector",
        "project::module",
        "http://x.org/a?b=c",
        r"C:\x",
        "type:",
        "project:",
        ":",
        '"',
        'un"balanced',
        "AND",
        "NEAR(a",
        "^a*",
        "(){}[]",
        "'",
        "%_",
        "日本語",
    ],
)
def test_everything_else_is_literal(text: str) -> None:
    assert parse(text, NOW) == Query(words=(text,))
    assert not parse(text, NOW).is_filter_only


@pytest.mark.parametrize(
    "text",
    [
        "before:whenever",
        "after:99999999999999999999999999999999999999999999d",
        "before:0001-01-01T00:00+05:00",
        "before:2026-02-30",
        "type:banana",
        "-type:banana",
        "error:--",
    ],
)
def test_a_value_that_means_nothing_is_told(text: str) -> None:
    query = parse(f"{text} login", NOW)
    assert (query.words, query.filter, query.without) == (("login",), SearchFilter(), ())
    (note,) = query.notes
    assert note.startswith(f"`{text}` restricts nothing: ")
    assert note.endswith("; it was left out.")
    alone = parse(text, NOW)
    assert alone.words == (text.lstrip("-"),) or alone.words == (text,)
    assert alone.notes[0].endswith("; its words were searched for.")


@pytest.mark.parametrize(
    ("text", "after", "words"),
    [
        ("after:yesterday bug", "2026-02-07T00:00:00.000Z", ("bug",)),
        ("after:3 days ago bug", "2026-02-05T12:00:00.000Z", ("bug",)),
        ("bug after:last week", "2026-01-26T00:00:00.000Z", ("bug",)),
        ('after:"2 weeks ago" old', "2026-01-25T12:00:00.000Z", ("old",)),
        ("after:2026-01 bug", "2026-01-01T00:00:00.000Z", ("bug",)),
        ("after:5 january 2026 bug", "2026-01-05T00:00:00.000Z", ("bug",)),
        ("after:7d ago,", "2026-02-01T12:00:00.000Z", ("ago,",)),
        ("after: yesterday bug", "2026-02-07T00:00:00.000Z", ("bug",)),
        ("bug After:  3 days ago", "2026-02-05T12:00:00.000Z", ("bug",)),
        ("after:2026-01-05 10:30 bug", "2026-01-05T10:30:00.000Z", ("bug",)),
        ("after:2026-01-05 a:b", "2026-01-05T00:00:00.000Z", ("a:b",)),
    ],
)
def test_times_as_people_write_them(text: str, after: str, words: tuple[str, ...]) -> None:
    query = parse(text, NOW)
    assert (query.filter, query.words, query.notes) == (SearchFilter(after=after), words, ())


@pytest.mark.parametrize("text", ["what came after: the crash", "after:", "before: we left"])
def test_a_colon_in_a_sentence_restricts_nothing(text: str) -> None:
    assert parse(text, NOW) == Query(words=tuple(text.split()))


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("-role:user", SearchFilter(roles=["user"])),
        ('-project:"my app"', SearchFilter(project="my app")),
        ("-source:codex", SearchFilter(sources=["codex"])),
        ("-type:insight", SearchFilter(kinds=["memory"], memory_types=["insight"])),
        ("-tool:Bash", SearchFilter(tools=["Bash"])),
        ("-after:7d", SearchFilter(after="2026-02-01T12:00:00.000Z")),
    ],
)
def test_a_minus_turns_a_filter_round(text: str, without: SearchFilter) -> None:
    assert parse(f"login {text}", NOW) == Query(words=("login",), without=(without,))
    assert parse(text, NOW).is_filter_only


def test_what_is_cut_off_is_told() -> None:
    assert parse("w " * 65).notes == ("Only the first 64 words of the query were searched for.",)
    assert "10,000 characters" in parse("w" * 10_001).notes[0]


def test_an_unbalanced_quote_loses_no_word() -> None:
    assert parse('say "hello world') == Query(words=("say", '"hello', "world"))


def test_what_cannot_be_stored_cannot_be_searched() -> None:
    assert parse("a\x00b \ud800c") == Query(words=("a", "b", "c"))


def test_a_filter_among_words() -> None:
    query = parse("login bug project:shop -test")
    assert query.words == ("login", "bug")
    assert not query.is_filter_only


def test_only_exclusions_leave_nothing_to_rank_by() -> None:
    assert parse("-x").is_filter_only
    assert not parse("").is_filter_only


@pytest.mark.parametrize("piece", ["word ", '"', "-", 'a:"', "project:x ", ":", '-"a" ', "\x00"])
def test_huge_input_is_cut(piece: str) -> None:
    query = parse(piece * (100_000 // len(piece)))
    assert len(query.words) <= MAX_WORDS
    assert sum(map(len, query.words)) <= MAX_CHARS
    assert len(query.excluded_phrases) <= MAX_WORDS


def test_the_first_words_are_kept() -> None:
    query = parse(" ".join(f"w{n}" for n in range(20_000)))
    assert query.words == tuple(f"w{n}" for n in range(MAX_WORDS))


def test_what_is_typed_holds_over_what_is_given() -> None:
    given = SearchFilter(project="a", roles=["user"], after="2026-01-01T00:00:00.000Z")
    typed = SearchFilter(project="b", tools=["Bash"], after="2025-01-01T00:00:00.000Z")
    assert merge_filters(given, typed) == SearchFilter(
        project="b", roles=["user"], tools=["Bash"], after="2026-01-01T00:00:00.000Z"
    )
    assert merge_filters(given, SearchFilter()) == given
    assert merge_filters(SearchFilter(), typed) == typed
