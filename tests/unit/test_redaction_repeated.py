"""What a text repeats costs no more than a look: the work is counted, not timed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiana.redaction import tabular
from aiana.redaction.names import Name, find_by_word
from aiana.redaction.redact import redact
from aiana.redaction.repeated import Repeated
from aiana.redaction.spans import Span

REPEATED = ["password: ", "token ", "пароль: ", '"api_key": "', "| password |\n", "user,password\n"]
BETWEEN = "\n\nand then\n\n"


def names_looked_at(text: str, word: str) -> int:
    seen: list[Name] = []

    def nothing(text: str, name: Name) -> list[Span]:
        seen.append(name)
        return []

    find_by_word(text, text.lower(), word, True, nothing)
    return len(seen)


@pytest.mark.parametrize("unit", ["password=", "password: ", "user,password\n"])
def test_a_repetition_is_looked_at_a_few_times(unit: str) -> None:
    few = names_looked_at(unit * 3_000, "pass")
    assert few < 1_000
    assert names_looked_at(unit * 30_000, "pass") == few


def test_names_among_different_words_are_all_looked_at() -> None:
    text = "".join(f"password {n} " for n in range(3_000))
    assert names_looked_at(text, "pass") == 3_000


@pytest.mark.parametrize("unit", REPEATED)
@pytest.mark.parametrize("times", [60, 400, 3_000])
def test_a_secret_within_a_repetition_is_taken_out(unit: str, times: int) -> None:
    text = BETWEEN.join((unit * times, "DB_PASSWORD='hunter2x9'", unit * times))
    clean, n = redact(text)
    assert n == 1
    assert clean == text.replace("hunter2x9", "[redacted:password]")


def test_a_secret_that_is_repeated_is_taken_out_everywhere() -> None:
    text = "DB_PASSWORD='hunter2x9'\n" * 3_000
    assert redact(text) == (text.replace("hunter2x9", "[redacted:password]"), 3_000)


def test_places_that_repeat_one_with_a_secret_are_not_passed() -> None:
    text = "ab" * 20_000
    repeated = Repeated(text)
    assert [repeated.past(place) for place in range(0, 400, 2)] == [0] * 200
    repeated.add(398)  # too near to the beginning to be like any later place
    assert repeated.past(600) == 0
    repeated.add(600)
    assert 602 < repeated.past(602) < len(text)


def test_the_rows_of_a_table_are_read_by_the_head_next_above(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read = 0
    cells: Callable[[str, int, str], list[tabular.Cell]] = tabular._cells

    def counted(line: str, start: int, sign: str) -> list[tabular.Cell]:
        nonlocal read
        read += 1
        return cells(line, start, sign)

    monkeypatch.setattr(tabular, "_cells", counted)
    rows = "".join(f"user{n},password\n" for n in range(500))
    redact("user,password\n" + rows)
    # By each head its own line and the one below.
    assert read < 4 * 500
