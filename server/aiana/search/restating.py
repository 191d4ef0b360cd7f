"""Sentences that say what an older one says, with another value: `deploys run on Fridays`.

Two such sentences differ in one place, which holds a value in both: a figure, or what stands behind
a word such as `is`, `in`, `by` or `with`. What differs in what it speaks of, or in two places,
speaks of two things.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.search.stems import is_name, stem
from aiana.search.stop_words import STOP_WORDS

_LONGEST_VALUE = 3
"""Words."""
_FEWEST_SAME = 2
"""Telling words that both must say; one is enough of what says that it is a change."""

_WORD = Pattern(r"[^\W_](?:[\w./+<>@-]*[\w>])?|:(?=\s*v?\d)", re.IGNORECASE)
_CLAUSE = Pattern(
    r"[,()]|:(?!\s*v?\d)|\s[-–—]\s|\b(?:because|since|so|and|but|which|after|until|now that)\b"
)
_LEAD = Pattern(
    r"""^\W*(?: decision|note|rule|policy|convention|fyi|ok(?:ay)?|btw|reminder
    | (?P<change> (?:small[ ])? (?:update|correction|edit|amendment|revision)
        | change[ ]of[ ](?:plans?|mind) | (?:scratch|forget)[ ]that | on[ ]second[ ]thoughts?
        | actually | sorry | new[ ](?:decision|rule|policy|plan|convention)
        | (?:we|i)[ ](?:have[ ])?changed[ ](?:our|my)[ ]minds? ) ) \b [ ]*[:,.;–—-]+[ ]*""",
    re.IGNORECASE | re.VERBOSE,
)
_SINCE = Pattern(r"[ ,]*\b(?:from (?:now|today|tomorrow)(?: on(?:wards)?)?|as of (?:now|today))\b")
_IS = frozenset("is are was were be been being :".split())  # noqa: SIM905
_DROPPED = frozenset(
    """
    a an the our all will shall should must can may would have has had please now still
    already only just always currently
    """.split()  # noqa: SIM905
)
_FUNCTION = frozenset(
    """
    is in by on at with as to from for of per every each within after before under over into via
    through than and or not no never if when while about between because since during without out
    """.split()  # noqa: SIM905
)
_SAY_NOTHING = _FUNCTION | STOP_WORDS
_PLACES = frozenset({"in", "on", "at", "by", "with", "via", "through"})
_BEFORE_A_VALUE = frozenset(
    """
    is in by on at with as to from per every each within after under over into via through than
    """.split()  # noqa: SIM905
)
_TALK = frozenset(
    """
    i i'm i'll i've i'd me my mine you you're you'll your he she her his him let let's there this
    that these those it it's they them their what who how here
    """.split()  # noqa: SIM905
)
"""Of people, plans and what stands elsewhere: no rule that a project goes by."""
_EVENTS = frozenset(
    map(
        stem,
        """
        add adds added broke break breaks bug close closed crash crashed crashes error fail failed
        fails failing find fix fixed fixes found merge merged open opened ran saw take takes took
        throw throws threw warn warns wrote
        """.split(),  # noqa: SIM905
    )
)
"""What happened once does not change: it happened again, elsewhere."""
_FIGURE = Pattern(
    r"^v?\d|^(?:one|two|three|four|five|six|seven|eight|nine|ten|twelve|once|twice)$", re.IGNORECASE
)


class Statement(NamedTuple):
    """A clause, as it is compared."""

    words: tuple[str, ...]
    is_change: bool
    """It says of itself that it changes something."""


def statements(sentence: str) -> Iterator[Statement]:
    """What a sentence states as a whole, and what each of its clauses does."""
    text = sentence
    is_change = False
    if lead := _LEAD.search(text):
        is_change = lead["change"] is not None
        text = text[lead.end() :]
    if since := _SINCE.search(text):
        is_change = True
        text = text[: since.start()] + text[since.end() :]
    for clause in dict.fromkeys((text, *_CLAUSE.compiled.split(text))):
        words = tuple(_normalised(clause))
        if len(words) > 1 and _TALK.isdisjoint(words):
            yield Statement(words, is_change)


def restates(later: Statement, older: Statement) -> bool:
    """Whether a statement says of the same thing another value than an older one."""
    new, old = later.words, older.words
    same = 0
    while same < min(len(new), len(old)) and new[same] == old[same]:
        same += 1
    if not (same or later.is_change):
        return False
    for end in range(same + 1, min(same + _LONGEST_VALUE, len(old)) + 1):
        for other in range(same + 1, min(same + _LONGEST_VALUE, len(new)) + 1):
            value, another = old[same:end], new[same:other]
            if later.is_change and {value[0], another[0]} <= _PLACES:
                value, another = value[1:], another[1:]
            rest = _common(old[end:], new[other:])
            if value and another and rest is not None and _is_value(value, another):
                return _is_same_thing(later, old[:same], value, another, rest)
    return False


def _common(old: Sequence[str], new: Sequence[str]) -> Sequence[str] | None:
    """What both say behind the value; None if they say different things. One may say more."""
    shorter, longer = sorted((old, new), key=len)
    added = longer[len(shorter) :]
    if longer[: len(shorter)] != shorter or (added and added[0] not in _FUNCTION):
        return None
    return shorter


def _is_value(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether two stretches may be values of the same: both figures, or neither."""
    return _has_figure(old) == _has_figure(new) and _FUNCTION.isdisjoint((*old, *new))


def _has_figure(words: Sequence[str]) -> bool:
    return any(map(_FIGURE.search, words))


def _is_same_thing(
    later: Statement,
    before: Sequence[str],
    old: Sequence[str],
    new: Sequence[str],
    rest: Sequence[str],
) -> bool:
    same = [word for word in (*before, *rest) if word not in _SAY_NOTHING]
    if len(same) < (1 if later.is_change else _FEWEST_SAME):
        return False
    if later.is_change:
        return True
    if rest and rest[0] not in _FUNCTION and not _has_figure(old):
        return False  # no value, but what kind of thing is spoken of
    if is_of_an_event((*same, *old, *new)):
        return False
    if not _BEFORE_A_VALUE.isdisjoint(before[-2:]):  # `in Oslo`, `in region Oslo`
        return True
    return _has_figure(old) and "is" not in rest


def is_of_an_event(words: Iterable[str]) -> bool:
    """Whether words without their endings tell of something that happened once."""
    return not _EVENTS.isdisjoint(words)


def _normalised(clause: str) -> Iterator[str]:
    for word in _WORD.findall(clause):
        small = word.lower()
        if small in _IS:
            yield "is"
        elif small not in _DROPPED:
            is_whole = is_name(word) or small in _FUNCTION or _FIGURE.search(small)
            yield small if is_whole else stem(small)
