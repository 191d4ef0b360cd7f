"""One form for every time: RFC 3339, UTC, milliseconds, fixed width, so that times sort as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_RELATIVE = re.compile(r"(\d{1,6})\s*([hdwmy])", re.IGNORECASE)
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "m": 24 * 30, "y": 24 * 365}


def now() -> str:
    """The present moment."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """`moment` (naive means UTC) in Aiana's form."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )


def normalise_time(value: str | int | float | None) -> str | None:
    """RFC 3339 text, or (milli)seconds since 1970, in Aiana's form; None if it is no time."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        if len(text) == 24 and text[7] + text[10] + text[19] + text[23] == "-T.Z":
            return text
        try:
            return format_time(moment)
        except OverflowError:
            return None
    try:
        seconds = value / 1000 if abs(value) >= 1e11 else float(value)
        return format_time(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def resolve_time(text: str, reference: datetime | None = None) -> str | None:
    """A date (`2026-02-01`), a time, or a span before now (`7d`, `12h`, `2w`, `3m`, `1y`)."""
    span = _RELATIVE.fullmatch(text.strip())
    if span:
        hours = int(span[1]) * _HOURS[span[2].lower()]
        try:
            return format_time((reference or datetime.now(UTC)) - timedelta(hours=hours))
        except OverflowError:
            return format_time(datetime(1970, 1, 1, tzinfo=UTC))
    return normalise_time(text)


def readable(time: str) -> str:
    """A time in Aiana's form as people write it, to the minute: `2026-02-01 12:00 UTC`."""
    return f"{time[:10]} {time[11:16]} UTC"


def local(time: str, zone: bool = False) -> str:
    """A time in Aiana's form on this machine's clock, to the minute; with its zone if asked for."""
    try:
        moment = to_datetime(time).astimezone()
    except (ValueError, OverflowError, OSError):
        return readable(time)
    return moment.strftime("%Y-%m-%d %H:%M %z" if zone else "%Y-%m-%d %H:%M").replace(
        "+0000", "UTC"
    )


def to_datetime(text: str) -> datetime:
    """The moment that a time in Aiana's form names."""
    return datetime.fromisoformat(text)
