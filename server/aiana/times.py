"""One form for every time: RFC 3339, UTC, milliseconds, fixed width, so that times sort as text."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

from aiana.pattern import Pattern

_MONTHS = "january february march april may june july august september october november december"
_MONTH = {name[:n]: i for i, name in enumerate(_MONTHS.split(), 1) for n in range(3, len(name) + 1)}
_MONTH["sept"] = 9
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_DAY = {name[:n]: i for i, name in enumerate(_DAYS.split()) for n in range(3, len(name) + 1)}
_NUMBERS = "one two three four five six seven eight nine ten".split()  # noqa: SIM905
_COUNTS = {"a": 1, "an": 1} | {word: number for number, word in enumerate(_NUMBERS, 1)}
_SPAN = Pattern(
    rf"(?P<count>\d{{1,6}}|{'|'.join(_COUNTS)}) ?(?P<unit>min|mins|minutes?|h|hrs?|hours?|d|days?|"
    r"w|wks?|weeks?|m|mo|months?|y|yrs?|years?)(?: ago)?"
)
_MINUTES = {"mi": 1, "h": 60, "d": 1440, "w": 10_080, "m": 43_200, "y": 525_600}
_YEAR = Pattern(r"(\d{4})")
_YEAR_MONTH = Pattern(r"(\d{4})[-/.](\d{1,2})")
_YEAR_MONTH_DAY = Pattern(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_NAMED_MONTH = Pattern(
    r"(?:(?P<before>\d{1,2})(?:st|nd|rd|th)?(?: of)? )?(?P<month>[a-z]{3,9})\.?"
    r"(?: (?P<after>\d{1,2})(?:st|nd|rd|th)?)?(?:,? (?P<year>\d{4}))?"
)
_LONGEST = 40
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)

FORMS = "`2026-02-01`, `2026-02`, `yesterday`, `monday`, `last week`, `3d` or `2 weeks ago`"
"""Examples of what people may write, for messages."""


class _Local(tzinfo):
    """The time zone of this machine, with its summer time."""

    def utcoffset(self, moment: datetime | None) -> timedelta | None:
        return None if moment is None else moment.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, moment: datetime | None) -> timedelta | None:
        return None

    def tzname(self, moment: datetime | None) -> str:
        return "local"

    def fromutc(self, moment: datetime) -> datetime:
        there = moment.replace(tzinfo=UTC).astimezone()
        return there.replace(tzinfo=self)


LOCAL = _Local()


def now() -> str:
    """The present moment."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """`moment` (naive means UTC) in Aiana's form."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


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
    """What people write for a time, in Aiana's form; None for what is no time.

    A date (`2026-02-01`, `2026-02`, `2026`, `5 March`), a time, a day (`today`, `yesterday`,
    `monday`), a period (`last week`, `this month`), or a span before `reference` (`7d`, `12h`,
    `3 days ago`). A period stands for its beginning. Days are those of the reference's time zone;
    by default it is the present moment in this machine's.
    """
    if len(text) > _LONGEST:
        return None
    reference = reference or datetime.now(LOCAL)
    words = " ".join(re.sub(r"(?<=[a-z\d])[-_](?=[a-z])", " ", text.lower()).split())
    try:
        moment = _span(words, reference) or _period(words, reference) or _date(words, reference)
        if moment is None:
            moment = datetime.fromisoformat(text.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=reference.tzinfo or UTC)
        return format_time(moment)
    except (ValueError, OverflowError, OSError):
        return None


def _span(words: str, reference: datetime) -> datetime | None:
    span = _SPAN.fullmatch(words)
    if span is None:
        return None
    unit = span["unit"]
    minutes = _MINUTES["mi" if unit.startswith("mi") else unit[0]]
    count = _COUNTS.get(span["count"]) or int(span["count"])
    try:
        return reference - timedelta(minutes=count * minutes)
    except OverflowError:
        return _EARLIEST


def _period(words: str, reference: datetime) -> datetime | None:
    """The beginning of a day, week, month or year that is told by its place before today."""
    today = reference.date()
    if words == "now":
        return reference
    named = {"today": 0, "yesterday": 1, "tomorrow": -1, "day before yesterday": 2}
    if words in named:
        return _begin(today - timedelta(days=named[words]), reference)
    which, _, unit = words.rpartition(" ")
    if which not in ("", "this", "last", "past", "previous", "on", "since"):
        return None
    back = which in ("last", "past", "previous")
    if unit in _DAY:
        days = (today.weekday() - _DAY[unit]) % 7
        return _begin(today - timedelta(days=days or 7 * back), reference)
    if not which:
        return None
    match unit:
        case "week":
            monday = today - timedelta(days=today.weekday() + 7 * back)
            return _begin(monday, reference)
        case "month":
            first = today.replace(day=1)
            return _begin((first - timedelta(days=back)).replace(day=1), reference)
        case "year":
            return _begin(date(today.year - back, 1, 1), reference)
    return None


def _date(words: str, reference: datetime) -> datetime | None:
    """A year, a month or a day of the calendar. Raises ValueError for a day that none has."""
    if year := _YEAR.fullmatch(words):
        return _begin(date(int(year[1]), 1, 1), reference)
    for form in (_YEAR_MONTH, _YEAR_MONTH_DAY):
        if numbers := form.fullmatch(words):
            year_month = [int(number) for number in numbers.groups()]
            return _begin(date(*year_month[:2], *(year_month[2:] or [1])), reference)
    named = _NAMED_MONTH.fullmatch(words)
    if named is None or named["month"] not in _MONTH or (named["before"] and named["after"]):
        return None
    day = int(named["before"] or named["after"] or 1)
    month = _MONTH[named["month"]]
    if named["year"]:
        return _begin(date(int(named["year"]), month, day), reference)
    this_year = date(reference.year, month, day)
    past = this_year <= reference.date()
    return _begin(this_year if past else date(reference.year - 1, month, day), reference)


def _begin(day: date, reference: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=reference.tzinfo or UTC)


def readable(time: str) -> str:
    """A time in Aiana's form as people write it, to the minute: `2026-02-01 12:00 UTC`."""
    return f"{time[:10]} {time[11:16]} UTC"


def local(time: str, zone: bool = False) -> str:
    """A time in Aiana's form on this machine's clock, to the minute; with its zone if asked for."""
    is_whole = len(time) == 24 and time[23] == "Z"
    return _on_this_clock(f"{time[:16]}Z" if is_whole else time, zone)


@lru_cache(4096)
def _on_this_clock(time: str, zone: bool) -> str:
    try:
        moment = to_datetime(time).astimezone()
    except (ValueError, OverflowError, OSError):
        return readable(time)
    to_the_minute = moment.isoformat(" ", "minutes")[:16]
    return f"{to_the_minute} {moment:%z}".replace("+0000", "UTC") if zone else to_the_minute


def to_datetime(text: str) -> datetime:
    """The moment that a time in Aiana's form names."""
    return datetime.fromisoformat(text)
