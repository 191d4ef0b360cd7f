"""From a line to the edits that wrote it, through what git tells of the commits between."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cached_property

from msgspec import Struct

from aiana.git import Blamed, Commit, Git, Hunk, Unanswered
from aiana.storage.line_edits import StoredEdit
from aiana.touches.edits import Edit
from aiana.touches.placing import (
    Lines,
    added_lines,
    bare_line,
    is_telling,
    likest,
    place_of,
)

_DEEPEST = 3
"""Commits behind each other that are looked through."""
_MOST_CHECKS = 12
_MOST_SPAN = 400
"""Lines that are blamed at once."""


class Written(Struct, frozen=True):
    """Who wrote a line."""

    edit: StoredEdit
    changed_by: Commit | None = None
    """The commit that touched the line last, where that is another text than the edit's."""


class Change:
    """One replacement of a stored edit."""

    def __init__(self, stored: StoredEdit, edit: Edit) -> None:
        self.stored = stored
        self.is_whole = edit.old is None
        self.old = Lines(edit.old or "")
        self.new = Lines(edit.new)
        self.seconds = datetime.fromisoformat(stored.timestamp).timestamp()

    @cached_property
    def added(self) -> set[int]:
        return added_lines(self.old, self.new)

    @cached_property
    def core(self) -> tuple[list[str], list[str]]:
        """What is replaced by what, without the lines around it that stay."""
        old, new = self.old.texts, self.new.texts
        start, most = 0, min(len(old), len(new))
        while start < most and old[start] == new[start]:
            start += 1
        end = 0
        while end < most - start and old[-1 - end] == new[-1 - end]:
            end += 1
        return old[start : len(old) - end], new[start : len(new) - end]

    def takes_away(self, bare: str) -> bool:
        return len(self.old.places.get(bare, ())) > len(self.new.places.get(bare, ()))


class Tracer:
    """Traces the lines of one file; what git did not tell is in `notes`."""

    def __init__(
        self,
        edits: Sequence[StoredEdit],
        git: Git | None,
        was_seen: Callable[[StoredEdit, str], bool],
    ) -> None:
        self._changes = [Change(stored, edit) for stored in edits for edit in stored.edits()]
        self._git = git
        self._was_seen = was_seen
        self._checked: dict[tuple[int, str], bool] = {}
        self.notes: list[str] = []
        self._adding: dict[str, list[Change]] = defaultdict(list)
        self._taking: dict[str, list[Change]] = defaultdict(list)
        for change in self._changes:
            for bare in change.new.places:
                self._adding[bare].append(change)
            for bare in change.old.places:
                if change.takes_away(bare):
                    self._taking[bare].append(change)

    def trace(
        self, text: str, lines: Iterable[int], blamed: Sequence[Blamed], saved: bool
    ) -> dict[int, Written]:
        """Who wrote each of some lines, from 1, of a text; those of which it is not sure are
        missing. `saved`: the text is what lies on the disk."""
        file = Lines(text)
        by_line = {each.line: each for each in blamed}
        raw = text.split("\n")
        wanted = set(lines)
        return self._at(file, raw, wanted, by_line, None, 0, saved)

    def _at(
        self,
        file: Lines,
        raw: Sequence[str],
        wanted: set[int],
        blamed: dict[int, Blamed],
        changed_by: dict[int, Commit] | None,
        depth: int,
        saved: bool = True,
    ) -> dict[int, Written]:
        """`changed_by`: of lines of an earlier text, the commits that replaced them."""
        found: dict[int, Written] = {}
        left: list[Blamed] = []
        for place, number in enumerate(file.numbers):
            if number not in wanted:
                continue
            of_git = blamed.get(number)
            change = self._writer(place, file, of_git)
            by = changed_by[number] if changed_by else None
            if change is not None and self._lasted(change, raw[number - 1], of_git):
                found[number] = Written(change.stored, by)
            elif change is None and of_git is not None:
                left.append(of_git)
        if depth < _DEEPEST and left and self._git is not None and (saved or depth):
            try:
                for number, written in self._before(self._git, file, left, changed_by, depth):
                    found[number] = written
            except Unanswered as error:
                self._note(error)
        return found

    def _writer(self, place: int, file: Lines, blamed: Blamed | None) -> Change | None:
        """The last edit that put a line there, of those before the commit that has it."""
        bare = file.texts[place]
        upto = _end(blamed)
        fits = [
            c for c in self._adding.get(bare, ()) if c.seconds <= upto and _puts(c, place, file)
        ]
        sure = [c for c in fits if not c.is_whole]
        if sure:
            writer = sure[-1]
        elif fits and not self._was_there(fits[0], bare):
            writer = fits[0]
        else:
            return None
        if len(file.places[bare]) == 1 and self._taken_since(writer, bare, upto):
            return None
        return writer

    def _was_there(self, change: Change, bare: str) -> bool:
        """Whether the file held a line before an edit wrote all of it anew."""
        return any(
            earlier.seconds <= change.seconds and earlier is not change
            for earlier in (*self._adding.get(bare, ()), *self._taking.get(bare, ()))
        )

    def _taken_since(self, writer: Change, bare: str, upto: float) -> bool:
        return any(
            writer.seconds < other.seconds <= upto for other in self._taking.get(bare, ())
        ) or any(
            writer.seconds < other.seconds <= upto and bare not in other.new.places
            for other in self._changes
            if other.is_whole and other.stored.path == writer.stored.path
        )

    def _lasted(self, change: Change, line: str, blamed: Blamed | None) -> bool:
        """Whether a line that an edit wrote went into the commit that has it, and was not
        committed, taken away and written again by somebody else in between."""
        text = line.strip()
        if change.is_whole and self._was_seen(change.stored, text):
            return False
        if blamed is None or blamed.before is None or self._git is None:
            return True
        key = (id(change), blamed.commit.hash)
        if key not in self._checked:
            if len(self._checked) >= _MOST_CHECKS:
                return False
            hash, path = blamed.before
            try:
                self._checked[key] = not self._git.touched(text, path, hash, int(change.seconds))
            except Unanswered as error:
                self._note(error)
                self._checked[key] = False
        return self._checked[key]

    def _before(
        self,
        git: Git,
        file: Lines,
        left: Sequence[Blamed],
        changed_by: dict[int, Commit] | None,
        depth: int,
    ) -> Iterable[tuple[int, Written]]:
        """Who wrote what the last commits of some lines replaced."""
        texts = dict(zip(file.numbers, file.texts, strict=True))
        groups: dict[tuple[str, str], list[Blamed]] = defaultdict(list)
        for each in left:
            if each.before is not None and any(c.seconds <= _end(each) for c in self._changes):
                groups[each.commit.hash, each.path].append(each)
        for lines in groups.values():
            before, commit = lines[0].before, lines[0].commit
            assert before is not None
            hunks = git.hunks(before, (commit.hash, lines[0].path) if commit.is_made else None)
            text = git.text(*before)
            earlier, raw = Lines(text), text.split("\n")
            came_from: dict[int, list[int]] = defaultdict(list)
            exact = self._exactly(git, lines, texts, hunks, earlier)
            for each in lines:
                if each.line in exact:
                    later_by = changed_by[each.line] if changed_by else None
                    yield each.line, Written(exact[each.line], later_by)
                    continue
                old = _replaced(each, texts[each.line], hunks, earlier)
                if old is None:
                    continue
                by = changed_by[each.line] if changed_by else commit
                change = self._replacer(old, earlier, texts[each.line], each)
                if change is None:
                    came_from[earlier.numbers[old]].append(each.line)
                elif self._lasted(change, raw[earlier.numbers[old] - 1], each):
                    yield each.line, Written(change.stored, by)
            wanted = {n for n in came_from if self._adding.get(bare_line(raw[n - 1]))}
            if not wanted or max(wanted) - min(wanted) > _MOST_SPAN:
                continue
            blamed = git.blame(before[1], min(wanted), max(wanted), before[0])
            commits = {n: changed_by[came_from[n][0]] if changed_by else commit for n in wanted}
            told = self._at(earlier, raw, wanted, {b.line: b for b in blamed}, commits, depth + 1)
            for number, written in told.items():
                for line in came_from[number]:
                    yield line, written

    def _exactly(
        self,
        git: Git,
        lines: Sequence[Blamed],
        texts: dict[int, str],
        hunks: Sequence[Hunk],
        earlier: Lines,
    ) -> dict[int, StoredEdit]:
        """Who wrote lines that say little: an edit that replaced what their commit replaced, all of
        it and nothing else, by the same."""
        short = [
            each
            for each in lines
            if not is_telling(texts[each.line])
            and any(change.core[0] for change in self._adding.get(texts[each.line], ()))
        ]
        found: dict[int, StoredEdit] = {}
        if not short:
            return found
        commit, path = short[0].commit, short[0].path
        if commit.is_made:
            text = git.text(commit.hash, path)
        else:
            text = (git.root / path).read_text("utf-8", "replace").replace("\r\n", "\n")
        later, raw = Lines(text), text.split("\n")
        replaced = [(earlier.between(*hunk.old), later.between(*hunk.new)) for hunk in hunks]
        for each in short:
            bare, upto = texts[each.line], _end(each)
            place = next((n for n, hunk in enumerate(hunks) if hunk.has(each.there)), None)
            if place is None:
                continue
            fits = [c for c in self._adding[bare] if c.core == replaced[place] and c.core[0]]
            fits = [c for c in fits if not c.is_whole and c.seconds <= upto]
            if (
                fits
                and (replaced.count(replaced[place]) == 1 or fits[-1].stored.replaces_all())
                and not self._taken_since(fits[-1], bare, upto)
                and self._lasted(fits[-1], raw[each.there - 1], each)
            ):
                found[each.line] = fits[-1].stored
        return found

    def _replacer(self, old: int, earlier: Lines, bare: str, blamed: Blamed) -> Change | None:
        """The last edit that replaced a line by something like the one that is there now."""
        for change in reversed(self._taking.get(earlier.texts[old], ())):
            if change.seconds > _end(blamed):
                continue
            there = any(
                place_of(place, change.old, earlier) == old
                for place in change.old.places[earlier.texts[old]]
            )
            if (
                there
                and likest(bare, [change.new.texts[n] for n in sorted(change.added)]) is not None
            ):
                return change
        return None

    def _note(self, error: Unanswered) -> None:
        if str(error) not in self.notes:
            self.notes.append(str(error))


def _puts(change: Change, place: int, file: Lines) -> bool:
    return any(
        line in change.added and place_of(line, change.new, file) == place
        for line in change.new.places[file.texts[place]]
    )


def _end(blamed: Blamed | None) -> float:
    """Until when what is in a commit can have been written."""
    if blamed is None or not blamed.commit.is_made:
        return float("inf")
    return blamed.commit.committed + 1


def _replaced(blamed: Blamed, bare: str, hunks: Sequence[Hunk], earlier: Lines) -> int | None:
    """Which line of the text before a commit became a line that the commit touched."""
    for hunk in hunks:
        if hunk.has(blamed.there):
            begin = bisect.bisect_left(earlier.numbers, hunk.old[0])
            gone = earlier.between(*hunk.old)
            found = likest(bare, gone) if is_telling(bare) else None
            return None if found is None else begin + found
    return None
