"""The query language: words, `"phrases"`, `-without`, and filters such as `project:` and `after:`.

Nothing that a person types is an error: what is no operator, or an operator with a value that makes
no sense, is searched for as it stands.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import get_args

from msgspec import Struct, field, structs

from aiana.models import MEMORY_TYPES, Kind, MessageType, SearchFilter
from aiana.times import resolve_time

MAX_CHARS = 10_000
"""What is read of a query; a pasted log names its subject long before."""
MAX_WORDS = 64
"""Words, phrases and exclusions that are kept, of each; the others are ignored."""

_TOKEN = re.compile(
    r"""
    (?P<minus>-(?=["\w./@#]))?
    (?: "(?P<phrase>[^"]*)"
      | (?P<name>[A-Za-z]+):(?:"(?P<quoted>[^"]+)"|(?P<value>[^\s":]\S*))
      | \S+ )
    """,
    re.VERBOSE,
)
_UNTYPABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_SMART_QUOTES = str.maketrans("“”„", '"""')
_KINDS: dict[str, Kind] = {
    "message": "message",
    "messages": "message",
    "memory": "memory",
    "memories": "memory",
}
_LONGEST_TIME = 40


class Query(Struct, frozen=True, kw_only=True):
    """A parsed query. Everything keeps the order and the spelling in which it was typed."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded_words: tuple[str, ...] = ()
    excluded_phrases: tuple[str, ...] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)

    @property
    def is_filter_only(self) -> bool:
        """There is something to restrict by and nothing to rank by: the newest come first."""
        return not self.words and not self.phrases and self != Query()


def parse(text: str, reference: datetime | None = None) -> Query:
    """`text` as a query; spans such as `7d` count back from `reference` (now). Never raises.

    `type:` takes a memory type, a kind (`message`, `memory`) or a type of message. Repeated filters
    add up, except `project:`, where the last one holds, and times, where the narrowest do.
    """
    found: dict[str, list[str]] = {"word": [], "phrase": [], "-word": [], "-phrase": []}
    filters = SearchFilter()
    readable = _UNTYPABLE.sub(" ", text[:MAX_CHARS]).translate(_SMART_QUOTES)
    for token in _TOKEN.finditer(readable):
        minus = token["minus"] or ""
        if token["phrase"] is not None:
            found[f"{minus}phrase"].append(" ".join(token["phrase"].split()))
            continue
        if token["name"] and not minus:
            named = _named(token["name"].lower(), token["quoted"] or token["value"], reference)
            if named is not None:
                filters = _add(filters, named)
                continue
        found[f"{minus}word"].extend(token[0][len(minus) :].split())
    kept = {kind: tuple(filter(None, texts))[:MAX_WORDS] for kind, texts in found.items()}
    return Query(
        words=kept["word"],
        phrases=kept["phrase"],
        excluded_words=kept["-word"],
        excluded_phrases=kept["-phrase"],
        filter=filters,
    )


def merge_filters(given: SearchFilter, typed: SearchFilter) -> SearchFilter:
    """The filter of a request and that of its query: where both name a field, what is typed holds.

    Times are the exception: the narrower span holds.
    """
    changes = {name: value for name, value in structs.asdict(typed).items() if value}
    return structs.replace(given, **{**changes, **_span(given, typed)})


def _named(name: str, value: str, reference: datetime | None) -> SearchFilter | None:
    """The filter that `name:value` stands for; None if it is none."""
    value = value.strip()
    if not value:
        return None
    match name:
        case "project":
            return SearchFilter(project=value)
        case "source":
            return SearchFilter(sources=[value.lower()])
        case "role":
            return SearchFilter(roles=[value.lower()])
        case "tool":
            return SearchFilter(tools=[value])
        case "type":
            return _of_type(value.lower().replace("-", "_"))
        case "before":
            return SearchFilter(before=moment) if (moment := _time(value, reference)) else None
        case "after":
            return SearchFilter(after=moment) if (moment := _time(value, reference)) else None
    return None


def _time(value: str, reference: datetime | None) -> str | None:
    try:
        return resolve_time(value, reference) if len(value) <= _LONGEST_TIME else None
    except OverflowError:  # a date at the very edge of the calendar, in another time zone
        return None


def _of_type(value: str) -> SearchFilter | None:
    if value in _KINDS:
        return SearchFilter(kinds=[_KINDS[value]])
    if value == "conversation":  # what was said in sessions, and memories of that type
        return SearchFilter(memory_types=["conversation"])
    for memory_type in MEMORY_TYPES:
        if value == memory_type:
            return SearchFilter(kinds=["memory"], memory_types=[memory_type])
    if value == "tool":
        return SearchFilter(kinds=["message"], types=["tool_use", "tool_result"])
    for message_type in get_args(MessageType):
        if value == message_type:
            return SearchFilter(kinds=["message"], types=[message_type])
    return None


def _add(a: SearchFilter, b: SearchFilter) -> SearchFilter:
    """Both filters of one query: lists are joined without repetition."""
    return SearchFilter(
        project=b.project or a.project,
        kinds=list(dict.fromkeys(a.kinds + b.kinds)),
        memory_types=list(dict.fromkeys(a.memory_types + b.memory_types)),
        sources=list(dict.fromkeys(a.sources + b.sources)),
        roles=list(dict.fromkeys(a.roles + b.roles)),
        types=list(dict.fromkeys(a.types + b.types)),
        tools=list(dict.fromkeys(a.tools + b.tools)),
        **_span(a, b),
    )


def _span(a: SearchFilter, b: SearchFilter) -> dict[str, str | None]:
    """The time that lies in both filters."""
    return {
        "after": max(filter(None, (a.after, b.after)), default=None),
        "before": min(filter(None, (a.before, b.before)), default=None),
    }
