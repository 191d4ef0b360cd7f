"""What later texts say of earlier ones: that a decision was changed, reversed, or named anew.

A text supersedes an older one where one of its sentences speaks of a change (`switched`,
`renamed`, `no longer`, `went back to`, `is now`) and what it says was changed stands in a sentence
of the older one. It is better to miss a change than to call something outdated that holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from aiana.pattern import Pattern
from aiana.search.stop_words import STOP_WORDS
from aiana.storage.documents import Document

MOST_COMPARED = 20
"""Of the first hits: what comes after is too little about the same."""
_MOST_CHARS = 1_200
"""Of a text: a decision is said in few words, and long reports hold a change in every line."""
_MOST_SENTENCES = 12
_MOST_OF_SENTENCE = 300
_FEWEST_WORDS = 2
_SHORTEST = 3
_SPOKEN = ("user", "assistant", "summary", "memory")
_LEAST_COVERED = 0.75
"""Share of what is said to have changed that must stand in the older sentence."""
_LEAST_SHARED = 0.5
"""Share of the older sentence that one must repeat which says little of what changed."""
_LEAST_IN_COMMON = 0.34
"""Share of the older sentence that any other change must repeat."""
_LEAST_FRAME = 0.6
"""Share of the words of two sentences that are the same, where a figure is `now` another."""

_CHANGE = Pattern(
    r"""(?P<who> ^\W*(?:\w+[ ])? | \b(?:we|i|you|they|have|has|had|was|were|is|are|been|be|to|and
          |please|let's|also|now|then)[ ]
          (?:just[ ]|now[ ]|also[ ])? | \b(?=\w+[ ](?:to|from|by|back)\b) )
    (?:
      (?P<turn> (?:switch|migrat|upgrad|downgrad|bump|rais|lower|increas|decreas|extend|shorten)
              (?:e|ed)? | swap(?:ped)? )
    | (?P<name> renam(?:e|ed) | replac(?:e|ed) )
    | (?P<weak> (?:chang|mov|port|convert)(?:e|ed)? )
    | (?P<end> revert(?:ed)?|roll(?:ed)?[ ]back|drop(?:ped)?|remov(?:e|ed)|abandon(?:ed)?
              | deprecat(?:e|ed)|undo|undid|undone|scrap(?:ped)? )
    )\b
    | \b(?P<back> (?:went|go|gone|switched|moved|reverted|are|came)[ ]back[ ]to )\b
    | \b(?P<not> no[ ]longer | not\b[^.]{1,60}?\bany[ ]?more | stop(?:ped)?[ ](?:using|doing) )\b
    | \b(?P<instead> instead[ ]of | rather[ ]than )\b
    | \b(?P<now> now | from[ ]now[ ]on | as[ ]of[ ]today | these[ ]days )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CUES = (
    *("switch", "migrat", "grad", "bump", "rais", "lower", "creas", "extend", "shorten", "swap"),
    *("renam", "replac", "chang", "mov", "port", "convert", "revert", "roll", "drop", "abandon"),
    *("deprecat", "undo", "undid", "scrap", "back to", "no longer", "more", "stop", "instead"),
    *("rather", "now", "as of", "these days"),
)
"""One of these stands in whatever `_CHANGE` finds."""
_UNTRUE = Pattern(
    r"\b(?:if|should (?:we|i)|could (?:we|i)|can (?:we|you)|maybe|might|whether|would|consider"
    r"(?:ed|ing)?|never|(?:do|did|does|was|were|is|are)(?: not|n't) \w+|don't|didn't|wasn't)\b|\?",
    re.IGNORECASE,
)
_SENTENCE = Pattern(r"[^\n.!?;]+(?:[.](?=\S)[^\n.!?;]+)*[?]?")
_TOWARDS = re.compile(r"\b(?:to|with|by|into|in favou?r of|for)\b", re.IGNORECASE)
_CLAUSE = Pattern(r"[,:;()]|\b(?:because|since|so that|so|and|but|which|after|until)\b", re.I)
_ABOUT = re.compile(r"\b(?:for|in|on)\b", re.IGNORECASE)
_FROM = Pattern(r"\bfrom\b", re.IGNORECASE)
_NONE: frozenset[str] = frozenset()
_WORD = Pattern(r"[^\W_](?:[\w./-]*\w)?")
_NUMBER = Pattern(r"v?\d[\d.]*\w{0,2}")
_NAME = Pattern(r"\w[_./-]\w|[a-z][A-Z]|\d")
_SAY_NOTHING = STOP_WORDS | frozenset(
    """
    again agreed all also any anymore back decided decision everything everywhere finally get got
    here instead it's just let let's lets longer made make more new no now old one only over rather
    still that's today too use used uses using very we're we've
    """.split()  # noqa: SIM905
)


def newer_texts(documents: Sequence[Document], query: str) -> dict[int, Document]:
    """By the key of a document the newest of the others that supersedes it; `documents` best first.

    Only what was said or kept counts, of one project, in sentences that hold a word of `query`, and
    never what the same session says.
    """
    asked = _asked(query)
    if asked is None:
        return {}
    said = [
        each
        for each in documents[:MOST_COMPARED]
        if each.type in _SPOKEN and len(each.content) <= _MOST_CHARS
    ]
    changing = [
        (each, changes)
        for each in said
        if _has_cue(each.content) and (changes := [*_changes(_sentences(each.content, asked))])
    ]
    superseded: dict[int, Document] = {}
    if not changing:
        return superseded
    changing.sort(key=lambda pair: pair[0].timestamp, reverse=True)
    for older in said:
        sentences = _sentences(older.content, asked)
        for later, changes in changing:
            if (
                older.project == later.project
                and older.timestamp < later.timestamp
                and (older.session_id is None or older.session_id != later.session_id)
                and any(_is_about(change, text) for change in changes for text in sentences)
            ):
                superseded[older.key] = later
                break
    return superseded


def _has_cue(text: str) -> bool:
    small = text.lower()
    return any(cue in small for cue in _CUES)


def _asked(query: str) -> re.Pattern[str] | None:
    """What finds a word of a query in a sentence, whatever its ending."""
    words = sorted(word for word in _words(query) if len(word) >= _SHORTEST)
    return re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None


class _Change(NamedTuple):
    """A sentence that says that something changed."""

    kind: str
    old: frozenset[str]
    """What changed; empty where only a figure is another."""
    new: frozenset[str]
    """What it changed to, where that is a figure of something: `Python 3.12`."""
    words: frozenset[str]
    figures: frozenset[str]


def _changes(sentences: Sequence[str]) -> Iterator[_Change]:
    for sentence in filter(_has_cue, sentences):
        for cue in _CHANGE.finditer(sentence):
            if _kind(cue) == "not" or not _UNTRUE.search(sentence):
                yield from _changed(sentence, cue)


def _kind(cue: re.Match[str]) -> str:
    return next(name for name, said in cue.groupdict().items() if said and name != "who")


def _changed(sentence: str, cue: re.Match[str]) -> Iterator[_Change]:
    before, after = sentence[: cue.start()], sentence[cue.end() :]
    subject, rest = _CLAUSE.compiled.split(before)[-1], _CLAUSE.compiled.split(after)[0]
    kind = _kind(cue)
    new = _NONE
    if kind == "now":
        old = _NONE
    elif kind == "back":
        about = _ABOUT.split(rest, maxsplit=1)
        old = _words(subject).union(*map(_words, about[1:]))
    elif kind == "instead":
        old = _words(rest)
        if not old - _figures(rest):
            return
    elif kind == "not":
        old = _words(cue[0]) | _words(before if cue[0].lower().startswith("not") else rest)
    else:
        said, *towards = _TOWARDS.split(rest, maxsplit=1)
        old = _words(said.replace(" from ", " "))
        figures = _figures(towards[0]) if towards else _NONE
        if kind == "weak" and not (figures or _FROM.search(said)):
            return  # `moved it into a module of its own`, `changed it to say so`
        if not old or said.startswith(" from "):  # `the store was moved to Postgres`
            old |= _words(subject)
        new = _words(towards[0]) - figures if figures else _NONE
    if old or kind == "now":
        yield _Change(kind, old, new, _words(sentence), _figures(sentence))


def _is_about(change: _Change, sentence: str) -> bool:
    """Whether an older sentence speaks of what was changed, as it was."""
    return _is_changed(change, sentence) if change.old else _is_another(change, sentence)


def _is_changed(change: _Change, sentence: str) -> bool:
    words, figures = _words(sentence), _figures(sentence)
    held, shared = change.old & words, change.words & words
    if (
        len(words) < _FEWEST_WORDS
        or len(held) < _LEAST_COVERED * len(change.old)
        or (change.new and not change.new & words)
    ):
        return False
    if words == change.words and _CHANGE.search(sentence):
        return False  # it says the same
    if change.kind == "name" and any(map(_NAME.search, held)):
        return True
    other_figure = bool(figures and change.figures and not figures >= change.figures)
    little = change.kind in ("end", "instead") or len(change.old) < _FEWEST_WORDS
    least = _LEAST_SHARED if little else _LEAST_IN_COMMON
    return len(shared) > 1 - other_figure and len(shared) >= least * len(words)


def _is_another(change: _Change, sentence: str) -> bool:
    """Whether the same is said with another figure."""
    figures = _figures(sentence)
    if not figures or not change.figures or figures & change.figures:
        return False
    frame, other = _words(sentence) - figures, change.words - change.figures
    common = len(frame & other)
    return common > 1 and 2 * common >= _LEAST_FRAME * (len(frame) + len(other))


def _sentences(text: str, asked: re.Pattern[str]) -> list[str]:
    """Those of a text that say something of what was asked for."""
    found = _SENTENCE.findall(text)
    return [
        sentence
        for sentence in found
        if len(sentence) <= _MOST_OF_SENTENCE and asked.search(sentence)
    ][:_MOST_SENTENCES]


def _figures(sentence: str) -> frozenset[str]:
    return frozenset(_NUMBER.findall(sentence.lower()))


@lru_cache(maxsize=2048)
def _words(text: str) -> frozenset[str]:
    """What a sentence is about: its words without endings, and none that say nothing."""
    telling = (word for word in _WORD.findall(text) if word.lower() not in _SAY_NOTHING)
    return frozenset(word if _NAME.search(word) else _stem(word.lower()) for word in telling)


def _stem(word: str) -> str:
    for ending in ("ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
