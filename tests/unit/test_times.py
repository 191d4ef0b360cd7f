"""Every time has one form, in which times sort as text."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aiana.times import normalise_time, readable, resolve_time

REFERENCE = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-02-01T12:00:00.123Z", "2026-02-01T12:00:00.123Z"),
        ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00.000Z"),
        ("2026-02-01T14:00:00+02:00", "2026-02-01T12:00:00.000Z"),
        ("2026-02-01T12:00:00", "2026-02-01T12:00:00.000Z"),
        ("2026-02-01", "2026-02-01T00:00:00.000Z"),
        (1_769_947_200, "2026-02-01T12:00:00.000Z"),
        (1_769_947_200_500, "2026-02-01T12:00:00.500Z"),
        (1_769_947_200.25, "2026-02-01T12:00:00.250Z"),
        ("2026-W05-7T12:00:00.123Z", "2026-02-01T12:00:00.123Z"),
        ("2026-13-45T99:99:99.999Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (True, None),
        (float("nan"), None),
        (1e300, None),
        ("0001-01-01T00:00:00+05:00", None),
    ],
)
def test_any_form_becomes_one(value: str | float | None, expected: str | None) -> None:
    assert normalise_time(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12h", "2026-03-01T00:00:00.000Z"),
        ("7d", "2026-02-22T12:00:00.000Z"),
        ("2W", "2026-02-15T12:00:00.000Z"),
        ("1m", "2026-01-30T12:00:00.000Z"),
        ("999999y", "1970-01-01T00:00:00.000Z"),
        ("2026-02-01", "2026-02-01T00:00:00.000Z"),
        ("9" * 5000 + "d", None),
        ("soon", None),
    ],
)
def test_spans_count_back_from_now(text: str, expected: str | None) -> None:
    assert resolve_time(text, REFERENCE) == expected


def test_people_read_minutes() -> None:
    assert readable("2026-02-01T12:03:59.123Z") == "2026-02-01 12:03 UTC"
