"""Every time has one form, in which times sort as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

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
        ("now", "2026-03-01T12:00:00.000Z"),
        ("today", "2026-03-01T00:00:00.000Z"),
        ("Yesterday", "2026-02-28T00:00:00.000Z"),
        ("sunday", "2026-03-01T00:00:00.000Z"),
        ("last sunday", "2026-02-22T00:00:00.000Z"),
        ("mon", "2026-02-23T00:00:00.000Z"),
        ("this week", "2026-02-23T00:00:00.000Z"),
        ("last-week", "2026-02-16T00:00:00.000Z"),
        ("last month", "2026-02-01T00:00:00.000Z"),
        ("last year", "2025-01-01T00:00:00.000Z"),
        ("3 days ago", "2026-02-26T12:00:00.000Z"),
        ("an hour ago", "2026-03-01T11:00:00.000Z"),
        ("90min", "2026-03-01T10:30:00.000Z"),
        ("2026", "2026-01-01T00:00:00.000Z"),
        ("2026-1", "2026-01-01T00:00:00.000Z"),
        ("2026/02/01", "2026-02-01T00:00:00.000Z"),
        ("5 march", "2025-03-05T00:00:00.000Z"),
        ("Feb 3rd, 2024", "2024-02-03T00:00:00.000Z"),
        ("2026-02-01T10:00", "2026-02-01T10:00:00.000Z"),
        ("2026-02-30", None),
        ("2026-13", None),
        ("30 february", None),
        ("0000", None),
        ("0001-01-01", "0001-01-01T00:00:00.000Z"),
        ("", None),
    ],
)
def test_spans_count_back_from_now(text: str, expected: str | None) -> None:
    assert resolve_time(text, REFERENCE) == expected


def test_days_are_those_of_the_reference() -> None:
    there = datetime(2026, 3, 1, 1, tzinfo=timezone(timedelta(hours=9)))
    assert resolve_time("today", there) == "2026-02-28T15:00:00.000Z"
    assert resolve_time("2026-02-01", there) == "2026-01-31T15:00:00.000Z"
    assert resolve_time("2026-02-01T00:00Z", there) == "2026-02-01T00:00:00.000Z"


def test_people_read_minutes() -> None:
    assert readable("2026-02-01T12:03:59.123Z") == "2026-02-01 12:03 UTC"
