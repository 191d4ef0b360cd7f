"""The query language: words, `"phrases"`, `-without`, and filters such as `project:` and `after:`.

Nothing that a person types is an error: what is no operator is searched for as it stands. An
operator with a value that means nothing restricts nothing, and `Query.notes` says so.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple, get_args

from msgspec import Struct, field, structs

from aiana.models import MEMORY_TYPES, Kind, MessageType, SearchFilter
from aiana.times import FORMS, resolve_time

MAX_CHARS = 10_000
"""What is read of a query; a pasted log names its subject long before."""
MAX_WORDS = 64
"""Words, phrases and exclusions that are kept, of each; the others are ignored."""

_TOKEN = re.compile(
    r"""
    (?P<minus>-(?=["\w./@#]))?
    (?: "(?P<phrase>[^"]*)"
      | (?P<name>[A-Za-z]+):(?:"(?P<quoted>[^"]+)"|(?P<value>[^\s":]\S*))
      | (?P<apart>(?i:after|before)):(?=\s)
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
_TYPES = ("message", "memory", "tool", *get_args(MessageType), *MEMORY_TYPES)
_MOST_DATE_WORDS = 4
_MOST_NOTES = 5
_WORD = re.compile(r"\s+([^\s\"]+)")


class Query(Struct, frozen=True, kw_only=True):
    """A parsed query. Everything keeps the order and the spelling in which it was typed."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    excluded_words: tuple[str, ...] = ()
    excluded_phrases: tuple[str, ...] = ()
    filter: SearchFilter = field(default_factory=SearchFilter)
    without: tuple[SearchFilter, ...] = ()
    """What any of these lets through is left out: `-project:shop`."""
    notes: tuple[str, ...] = ()
    """What was not understood, and what was done about it; sentences for a person."""

    @property
    def text(self) -> str:
        """All that is to be found, without quotes."""
        return " ".join((*self.words, *self.phrases))

    @property
    def is_filter_only(self) -> bool:
        """There is something to restrict by and nothing to rank by: the newest come first."""
        return not self.text and self != Query(notes=self.notes)


class _Unknown(NamedTuple):
    """An operator with a value that means nothing."""

    text: str
    why: str


def parse(text: str, reference: datetime | None = None) -> Query:
    """`text` as a query; `7d` or `yesterday` count back from `reference` (now). Never raises.

    `type:` takes a memory type, a kind (`message`, `memory`) or a type of message. Repeated filters
    add up, except `project:`, where the last one holds, and times, where the narrowest do. A minus
    before an operator leaves out what the operator would let through.
    """
    found: dict[str, list[str]] = {"word": [], "phrase": [], "-word": [], "-phrase": []}
    filters = SearchFilter()
    without: list[SearchFilter] = []
    unknown: list[_Unknown] = []
    readable = _UNTYPABLE.sub(" ", text[:MAX_CHARS]).translate(_SMART_QUOTES)
    place = 0
    while token := _TOKEN.search(readable, place):
        place = token.end()
        minus = token["minus"] or ""
        if token["phrase"] is not None:
            found[f"{minus}phrase"].append(" ".join(token["phrase"].split()))
            continue
        if token["name"] or token["apart"]:
            named, place = _named(token, readable, reference)
            if isinstance(named, _Unknown):
                unknown.append(named)
                continue
            if named is not None and minus:
                without.append(named)
                continue
            if named is not None:
                filters = _add(filters, named)
                continue
        found[f"{minus}word"].extend(token[0][len(minus) :].split())
    nothing_else = not any(found.values()) and filters == SearchFilter() and not without
    if nothing_else:  # then it may well be what is looked for: `type:module` of a package.json
        found["word"] += [word for each in unknown for word in each.text.split()]
    kept = {kind: tuple(filter(None, texts))[:MAX_WORDS] for kind, texts in found.items()}
    return Query(
        words=kept["word"],
        phrases=kept["phrase"],
        excluded_words=kept["-word"],
        excluded_phrases=kept["-phrase"],
        filter=filters,
        without=tuple(without[:MAX_WORDS]),
        notes=_notes(text, unknown, found, nothing_else),
    )


def _notes(
    text: str, unknown: list[_Unknown], found: dict[str, list[str]], searched: bool
) -> tuple[str, ...]:
    done = "its words were searched for" if searched else "it was left out"
    notes = [
        f"`{each.text}` restricts nothing: {each.why}; {done}." for each in unknown[:_MOST_NOTES]
    ]
    if len(text) > MAX_CHARS:
        notes.append(f"Only the first {MAX_CHARS:,} characters of the query were read.")
    if any(len(texts) > MAX_WORDS for texts in found.values()):
        notes.append(f"Only the first {MAX_WORDS} words of the query were searched for.")
    return tuple(notes)


def merge_filters(given: SearchFilter, typed: SearchFilter) -> SearchFilter:
    """The filter of a request and that of its query: where both name a field, what is typed holds.

    Times are the exception: the narrower span holds.
    """
    changes = {name: value for name, value in structs.asdict(typed).items() if value}
    return structs.replace(given, **{**changes, **_span(given, typed)})


def _named(
    token: re.Match[str], text: str, reference: datetime | None
) -> tuple[SearchFilter | _Unknown | None, int]:
    """The filter that an operator stands for, None if it is none, and where it ends in `text`."""
    name, end = (token["name"] or token["apart"]).lower(), token.end()
    if token["apart"]:  # `after: yesterday`; without a time it is a word like others
        moment, end = _moment("", text, end, reference)
        return None if moment is None else _since(name, moment), end
    value = (token["quoted"] or token["value"]).strip()
    if not value:
        return None, end
    match name:
        case "project":
            return SearchFilter(project=value), end
        case "source":
            return SearchFilter(sources=[value.lower()]), end
        case "role":
            return SearchFilter(roles=[value.lower()]), end
        case "tool":
            return SearchFilter(tools=[value]), end
        case "file":
            return SearchFilter(files=[value]), end
        case "error":
            if not any(map(str.isalnum, value)):
                return _Unknown(token[0], "it holds no word"), end
            return SearchFilter(errors=[value]), end
        case "type":
            why = f"there is no such type, only {', '.join(_TYPES)}"
            chosen = _of_type(value.lower().replace("-", "_"))
            return chosen or _Unknown(token[0], why), end
        case "before" | "after":
            moment = resolve_time(value, reference)
            if not token["quoted"]:
                moment, end = _moment(value, text, end, reference)
            if moment is None:
                return _Unknown(token[0], f"it is no time such as {FORMS}"), end
            return _since(name, moment), end
    return None, end


def _since(name: str, moment: str) -> SearchFilter:
    return SearchFilter(after=moment) if name == "after" else SearchFilter(before=moment)


def _moment(value: str, text: str, end: int, reference: datetime | None) -> tuple[str | None, int]:
    """The time that begins with `value` and may go on, `after:3 days ago`; and where it ends."""
    found, best = resolve_time(value, reference), end
    for _ in range(_MOST_DATE_WORDS - 1):
        following = _WORD.match(text, end)
        if following is None:
            break
        value, end = f"{value} {following[1]}".strip(), following.end()
        if (moment := resolve_time(value, reference)) is not None:
            found, best = moment, end
    return found, best


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
        files=list(dict.fromkeys(a.files + b.files)),
        errors=list(dict.fromkeys(a.errors + b.errors)),
        **_span(a, b),
    )


def _span(a: SearchFilter, b: SearchFilter) -> dict[str, str | None]:
    """The time that lies in both filters."""
    return {
        "after": max(filter(None, (a.after, b.after)), default=None),
        "before": min(filter(None, (a.before, b.before)), default=None),
    }
