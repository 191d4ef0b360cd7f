"""Why lines of a file are as they are: the turns that wrote, changed or discussed them."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from aiana.container import Container
from aiana.errors import InvalidQuery, NotFound, UnreadableFile
from aiana.features.projects import Projects
from aiana.protocol.results import LineCommit, Reason, Why
from aiana.protocol.uris import session_uri
from aiana.regular import open_regular
from aiana.text import counted
from aiana.times import format_time

if TYPE_CHECKING:
    from aiana.features.tracing import Written
    from aiana.git import Blamed, Commit, Git
    from aiana.storage.file_history import Name

MOST_LINES = 400
_WITHIN_S = 2.0
"""Git is given up then."""
_MOST_BYTES = 8 << 20
_QUOTED_LETTERS = 16
"""Letters and digits of a line that is looked for in what people and assistants wrote."""
_MOST_LOOKED_FOR = 3


class Whys:
    """Answers about places in files."""

    def __init__(self, container: Container, projects: Projects) -> None:
        self._container = container
        self._projects = projects

    def why(
        self,
        path: Path,
        first: int,
        last: int,
        *,
        text: str | None = None,
        cancelled: Callable[[], bool] = lambda: False,
        limit: int = 20,
    ) -> Why:
        """The turns behind the lines `first` to `last`, from 1, of a file by its absolute path.

        A turn counts if the text of its edit stands there today, or if its edit wrote, or replaced,
        what the commits that touched the line replaced; time and a file's name alone prove nothing.
        `text` is what an editor shows instead of what lies on the disk. Raises NotFound where there
        is no such file, and InvalidQuery where the file has no such line; what is beyond its end is
        left out.
        """
        from aiana.features.tracing import Tracer
        from aiana.git import Git, Unanswered
        from aiana.projects import repository_around
        from aiana.search.notes import of_unread_files
        from aiana.touches.placing import bare_line, is_telling

        on_disk = _read(path)
        shown = None if text is None else text.replace("\r\n", "\n")
        text = on_disk if shown is None else shown
        if text is None:
            raise NotFound(f"{path} cannot be read, or is too large to look into.")
        saved = text == on_disk
        count = text.count("\n") + (text != "" and not text.endswith("\n"))
        # An editor shows an empty line behind the last one.
        _check_lines(path, first, last, count if shown is None else shown.count("\n") + 1)
        if first > count:
            return Why(reasons=[], lines=(first, first))
        last = min(last, count, first + MOST_LINES - 1)
        names = self._names(path)
        project = self._projects.of(path)
        edits = self._container.storage.line_edits
        notes = of_unread_files(self._container.storage.files.unread())
        git: Git | None = None
        blamed: list[Blamed] = []
        stored = edits.of(names, project)
        if around := repository_around(path):
            began = [edits.began(project), *(edit.timestamp for edit in stored)]
            git = Git(around[0], _WITHIN_S, cancelled, min(filter(None, began), default=None))
            try:
                blamed = git.blame(around[1], first, last, text=None if saved else text)
                known, names = names, _with_old_names(names, around[0], blamed)
                stored = stored if names == known else edits.of(names, project)
            except Unanswered as error:
                git = None
                if "no such path" not in str(error):
                    notes.append(f"What git knows was left out: {error}")
        asked_about = map(bare_line, text.split("\n")[first - 1 : last])
        found: dict[int, Written] = {}
        if stored:
            tracer = Tracer(stored, git, edits.was_seen)
            found = tracer.trace(text, range(first, last + 1), blamed, saved)
            notes += tracer.notes
        reasons = self._reasons(found)
        reasons += self._discussed(text, first, last, names, project, reasons)
        if stored and not reasons and not any(map(is_telling, asked_about)):
            notes.append("This says too little to be told from other lines.")
        reasons.sort(key=lambda reason: reason.timestamp, reverse=True)
        return Why(reasons=reasons[:limit], lines=(first, last), notes=notes)

    def has_edits(self, path: Path) -> bool:
        """Whether any session is known to have changed a file, at this path or before a move."""
        edits = self._container.storage.line_edits
        return edits.has_any(self._names(path), self._projects.of(path))

    def _names(self, path: Path) -> list[Name]:
        from aiana.projects import normalise_folder, place_in_repository
        from aiana.storage.file_history import Name

        return [Name(normalise_folder(str(path)), place_in_repository(path))]

    def _reasons(self, found: dict[int, Written]) -> list[Reason]:
        lines: dict[tuple[int, str | None], list[int]] = defaultdict(list)
        written: dict[tuple[int, str | None], Written] = {}
        for number, each in found.items():
            key = each.edit.key, each.changed_by.hash if each.changed_by else None
            lines[key].append(number)
            written[key] = each
        reasons = []
        for key, each in written.items():
            edit, commit = each.edit, each.changed_by
            asked, rejected = self._container.storage.line_edits.asked(edit)
            reason = Reason(
                uri=edit.uri,
                kind="edited" if commit is None else "changed",
                how="edited here" if commit is None else _how(commit),
                lines=_spans(lines[key]),
                source=edit.source,
                session_id=edit.session_id,
                message_id=edit.message_id,
                timestamp=edit.timestamp,
                session_title=edit.title,
                path=edit.path,
                asked=asked,
                rejected=rejected,
                changed_by=None if commit is None else _line_commit(commit),
            )
            reasons.append(reason)
        return reasons

    def _discussed(
        self,
        text: str,
        first: int,
        last: int,
        names: Sequence[Name],
        project: str,
        known: Sequence[Reason],
    ) -> list[Reason]:
        """The newest turn of each other session with the file that quotes one of the lines."""
        from aiana.touches.placing import Lines, bare_line

        file, raw = Lines(text), text.split("\n")
        telling = [
            (bare, number)
            for bare, number in zip(file.texts, file.numbers, strict=True)
            if first <= number <= last
            and len(file.places[bare]) == 1
            and sum(map(str.isalnum, bare)) >= _QUOTED_LETTERS
        ]
        telling.sort(key=lambda each: -len(each[0]))
        found: dict[tuple[str, str], Reason] = {}
        taken = {(reason.source, reason.session_id) for reason in known}
        for bare, number in telling[:_MOST_LOOKED_FOR]:
            quotes = self._container.storage.line_edits.quoting(names, project, raw[number - 1])
            for quote in quotes:
                session = quote.source, quote.session_id
                if session in taken or session in found or bare not in bare_line(quote.content):
                    continue
                found[session] = Reason(
                    uri=session_uri(quote.source, quote.session_id, quote.message_id),
                    kind="discussed",
                    how="discussed",
                    lines=[(number, number)],
                    source=quote.source,
                    session_id=quote.session_id,
                    message_id=quote.message_id,
                    timestamp=quote.timestamp,
                    session_title=quote.title,
                    path=names[0].path,
                )
        return list(found.values())


def _check_lines(path: Path, first: int, last: int, count: int) -> None:
    if first < 1:
        raise InvalidQuery(f"There is no line {first}: lines are counted from 1.")
    if last < first:
        raise InvalidQuery(f"Lines {first} to {last} end before they begin.")
    if first > count:
        has = f"has {counted(count, 'line')}" if count else "is empty"
        raise InvalidQuery(f"{path} {has}: there is no line {first}.")


def _read(path: Path) -> str | None:
    try:
        with open_regular(path) as file:
            data = file.read(_MOST_BYTES + 1)
    except (OSError, ValueError, UnreadableFile):
        return None
    return (
        None if len(data) > _MOST_BYTES else data.decode("utf-8", "replace").replace("\r\n", "\n")
    )


def _with_old_names(names: Sequence[Name], root: Path, blamed: Iterable[Blamed]) -> list[Name]:
    """The names, with those that git says the lines' file had."""
    from aiana.projects import normalise_folder
    from aiana.storage.file_history import Name

    places = [place for each in blamed for place in (each.path, (each.before or ("", ""))[1])]
    old = [Name(normalise_folder(str(root / place)), place) for place in places if place]
    known = {name.path for name in names}
    return [*names, *{name.path: name for name in old if name.path not in known}.values()]


def _spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    spans = []
    for _, run in itertools.groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        own = [number for _, number in run]
        spans.append((own[0], own[-1]))
    return spans


def _how(commit: Commit) -> str:
    if not commit.is_made:
        return "edited, then changed by something that is not committed"
    return f"edited, then changed by {commit.hash[:7]} ({commit.author}: {commit.subject})"


def _line_commit(commit: Commit) -> LineCommit:
    return LineCommit(
        hash=commit.hash if commit.is_made else None,
        author=commit.author,
        subject=commit.subject,
        time=format_time(datetime.fromtimestamp(commit.committed, UTC)),
    )
