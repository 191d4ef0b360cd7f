from __future__ import annotations

from aiana.search.duplicates import collapse

LONG = (
    "The login failed because the refresh token was read before the cache had been filled, so the"
    " fix waits for the cache and retries 3 times before it asks the user again."
)


def folded(texts: list[str], limit: int = 10, query: str = "") -> list[tuple[str, int]]:
    return collapse(texts, str, limit, query.split())


def test_equal_texts_fold_into_the_best() -> None:
    assert folded(["Fix it!", "other", "fix  it", "FIX IT.", "other"]) == [
        ("Fix it!", 2),
        ("other", 1),
    ]


def test_nearly_equal_texts_fold() -> None:
    assert folded([LONG, LONG + " Done.", "Sure. " + LONG]) == [(LONG, 2)]


def test_different_texts_stay() -> None:
    texts = [LONG, LONG[: len(LONG) // 2], LONG.replace("cache", "queue").replace("fix", "patch")]
    assert folded(texts) == [(text, 0) for text in texts]


def test_short_texts_fold_only_when_equal() -> None:
    texts = ["fix bug 12", "fix bug 13", "fix bug"]
    assert folded(texts) == [(text, 0) for text in texts]


def test_what_the_query_names_is_never_folded() -> None:
    one = f"{LONG} It gives up when the user does not answer within a minute or so."
    other = one.replace("3 times", "5 times")
    assert folded([one, other]) == [(one, 1)]
    assert folded([one, other], query="retries token") == [(one, 1)]
    assert folded([one, other], query="retries 5") == [(one, 0), (other, 0)]


def test_identifier_in_a_long_text() -> None:
    filler = LONG * 60
    one, two = (f"{filler} {name} {filler}" for name in ("getUserById", "getUserByIp"))
    assert folded([one, two], query="getuserbyid") == [(one, 1)]
    assert folded([one, two], query="getUserById") == [(one, 0), (two, 0)]


def test_a_number_is_not_part_of_another() -> None:
    one, two = (f"{LONG} It listens on port {port}." for port in (8080, 80))
    assert folded([one, two], query="port 80") == [(one, 0), (two, 0)]


def test_long_texts_of_different_length_stay() -> None:
    texts = [LONG * 60, LONG * 120]
    assert folded(texts) == [(text, 0) for text in texts]


def test_the_limit_counts_what_is_kept() -> None:
    assert folded(["a", "b", "a", "c", "a", "b"], limit=2) == [("a", 2), ("b", 1)]
    assert folded(["a"], limit=0) == []
    assert folded([]) == []


def test_texts_without_words() -> None:
    assert folded(["", " ", "!!", "??", "!!"]) == [("", 1), ("!!", 1), ("??", 0)]
