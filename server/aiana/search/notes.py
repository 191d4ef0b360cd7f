"""What there is to say about an answer: what it was restricted to, and how much lies outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiana.invocation import command
from aiana.models import SearchFilter
from aiana.projects import name_of
from aiana.text import counted, one_line
from aiana.times import readable

if TYPE_CHECKING:
    from aiana.search.engine import Ranking
    from aiana.search.query import Query

_LONGEST = 80
_LAST_LATIN = "\u024f"


def of_answer(
    query: Query,
    restriction: SearchFilter,
    ranking: Ranking,
    *,
    found: bool,
    excludes: bool,
    english_only: str | None = None,
) -> list[str]:
    """Everything that a person should know of an answer beside its hits.

    `english_only` names the model that was asked, if it reads no other language.
    """
    notes = [*query.notes, *ranking.notes]
    if not (ranking.hits or found) and (query.text or query.is_filter_only):
        notes.append(_of_nothing(query, restriction, ranking, excludes))
        if english_only and _is_not_latin(query.text):
            notes.append(
                f"By meaning, {english_only} reads English only: `{command('model', '--help')}` "
                "names one for other languages."
            )
    return notes


def _is_not_latin(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return sum(letter > _LAST_LATIN for letter in letters) * 2 > len(letters)


def of_empty_list(things: str, restriction: SearchFilter, outside: int, excludes: bool) -> str:
    """Why a list of `things` is empty, `outside` of which the restriction leaves out."""
    limits = described(restriction)
    if not outside and excludes:
        return f"There are no {things} but those that the settings exclude: {_told_by_status()}."
    if not outside:
        return nothing_stored() if things == "sessions" else f"There are no {things} yet."
    if not limits:
        return f"There are no {things}."
    return f"There are no {things} {limits}; {outside:,} {_lie(outside)} outside of that."


def nothing_stored(excludes: bool = False) -> str:
    """What to do where nothing is stored at all, or nothing but what the settings exclude."""
    if excludes:
        return f"Nothing is stored but what the settings exclude: {_told_by_status()}."
    return f"Nothing is stored yet: `{command('import')}` reads the sessions on this machine."


def _told_by_status() -> str:
    return f"`{command('status')}` tells how much that is"


def of_unread_files(messages: int) -> list[str]:
    """That it is not known yet what so many messages touched."""
    if not messages:
        return []
    return [
        "Which files older sessions touched is still being read: "
        f"{counted(messages, 'message')} left; `{command('import')}` finishes that."
    ]


def described(restriction: SearchFilter, without: tuple[SearchFilter, ...] = ()) -> str:
    """A filter as people say it: `in project shop, after 2026-02-01 00:00 UTC`; "" for none."""
    said = []
    if restriction.project is not None:
        name = name_of(restriction.project)
        said.append(f"in project {name}" if name else "in no project")
    kinds = restriction.memory_types or restriction.kinds
    for name, values in (
        ("of type", [*dict.fromkeys([*kinds, *restriction.types])]),
        ("of source", restriction.sources),
        ("by role", restriction.roles),
        ("by tool", restriction.tools),
        ("that touched", restriction.files),
    ):
        if values:
            said.append(f"{name} {' or '.join(values)}")
    said += [f"of sessions in which “{phrase}” failed" for phrase in restriction.errors]
    if restriction.session_id is not None:
        said.append(f"in session {restriction.session_id}")
    if restriction.after is not None:
        said.append(f"after {readable(restriction.after)}")
    if restriction.before is not None:
        said.append(f"before {readable(restriction.before)}")
    said += [f"not {described(each)}" for each in without]
    return one_line(", ".join(said))


def _of_nothing(query: Query, restriction: SearchFilter, ranking: Ranking, excludes: bool) -> str:
    outside = ranking.outside
    left_out = outside.messages + outside.memories
    searched = ranking.messages + ranking.memories
    if not searched and not left_out:
        return nothing_stored(excludes)
    limits = described(restriction, query.without)
    what = f" matches “{shortened(query.text)}”" if query.text else " is stored"
    where = f" {limits}" if limits else ""
    looked = f" {counted(searched, 'text')} {'was' if searched == 1 else 'were'} looked through."
    if not left_out:
        return f"Nothing{where}{what}.{looked}"
    beyond = f" {left_out:,} {_lie(left_out)} outside of that"
    if query.text and outside.matches is not None:
        beyond += f", and {outside.matches or 'none'} of them match{'es' * (outside.matches == 1)}"
    return f"Nothing{where}{what}.{looked}{beyond}."


def _lie(count: int) -> str:
    return "lies" if count == 1 else "lie"


def shortened(text: str) -> str:
    """A text on one line, of which a sentence can speak."""
    line = one_line(text)
    return line if len(line) <= _LONGEST else line[:_LONGEST].rstrip() + "…"
