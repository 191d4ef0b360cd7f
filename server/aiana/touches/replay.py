"""What the calls of a session come to: of each file what stood there before and what stands now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from aiana.touches.edits import Edit
from aiana.touches.values import Touched


class Part:
    """A stretch of a file, or all of it, that was changed, and by which turns."""

    def __init__(self, before: str | None, after: str | None, turns: list[str]) -> None:
        self.before = before
        """None where no call says it."""
        self.after = after
        """None where no call says it, or nothing stands there any more."""
        self.turns = turns


class FileChanges:
    """What was done to one file, later changes laid over earlier ones."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.old_path: str | None = None
        """What the file was called before it was moved."""
        self.was_there = True
        self.is_there = True
        self.whole = False
        """The one part is the file from its first to its last line."""
        self.parts: list[Part] = []
        self.turns: list[str] = []

    def create(self, turn: str) -> None:
        """It is made by a call that does not show its text."""
        self.was_there = bool(self.turns) and self.was_there
        self.is_there = True
        self._note(turn)

    def delete(self, turn: str, text: str | None = None) -> None:
        """It is taken away; `text` is all that stood in it, where the call shows that."""
        before = text if text is not None and not self.turns else self._whole_before()
        self.parts = [Part(before, None, [*self.turns, turn])]
        self.is_there, self.whole = False, True
        self._note(turn)

    def write(self, turn: str, text: str, *, created: bool) -> None:
        """Its whole text is written, over what stood there."""
        if created and not self.turns:
            self.was_there = False
        before = self._whole_before() if self.was_there else ""
        self.parts = [Part(before, text, [*self.turns, turn])]
        self.is_there, self.whole = True, True
        self._note(turn)

    def replace(self, turn: str, old: str, new: str) -> None:
        """A stretch of it is replaced; an empty one is an insertion at a place unknown."""
        self._note(turn)
        if not old:
            self._add(Part("", new, [turn]))
            return
        for part in reversed(self.parts):
            if part.after and "\r\n" in part.after and "\r" not in old:
                # Assistants show and replace lines without the carriage return.
                was, becomes = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
            else:
                was, becomes = old, new
            if part.after and was in part.after:
                part.after = part.after.replace(was, becomes, 1)
                part.turns = [*dict.fromkeys([*part.turns, turn])]
                return
        # It may hold stretches that were changed before.
        before, turns, apart = old, [turn], []
        for part in self.parts:
            if not self.whole and part.after and before.count(part.after) == 1:
                before = before.replace(part.after, part.before or "")
                turns = [*dict.fromkeys([*part.turns, *turns])]
            else:
                apart.append(part)
        self.parts = apart
        self._add(Part(before, new, turns))

    def take_over(self, moved: FileChanges, turn: str) -> None:
        """It is what another file has become by being moved."""
        old_path = moved.old_path or moved.path
        self.old_path = None if old_path == self.path else old_path
        self.parts, self.whole = moved.parts, moved.whole
        self.was_there, self.turns = moved.was_there, moved.turns
        self.is_there = True
        self._note(turn)

    def is_as_it_was(self) -> bool:
        """Whether all changes were taken back."""
        return (
            (self.was_there and self.is_there and self.old_path is None)
            and all(part.before is not None for part in self.parts)
            and all(part.before == part.after for part in self.parts)
        )

    def _add(self, part: Part) -> None:
        if self.whole and self.parts and self.parts[0].after is None:
            self.parts = []
        self.whole = False
        self.parts.append(part)

    def _whole_before(self) -> str | None:
        return self.parts[0].before if self.whole and self.parts else None

    def _note(self, turn: str) -> None:
        if turn not in self.turns:
            self.turns.append(turn)


class Replay:
    """The files of a session, as its calls are laid over each other in their order."""

    def __init__(self) -> None:
        self._files: dict[str, FileChanges] = {}

    def add(self, turn: str, touched: Sequence[tuple[str, Touched]], edits: Sequence[Edit]) -> None:
        """A call, what it did to which files, and its edits; all paths are absolute.

        An edit without a path is of the one file that the call changed.
        """
        changed: dict[str, Touched] = {}
        for path, how in touched:
            if how in ("created", "deleted") or (how == "edited" and path not in changed):
                changed[path] = how
        told: dict[str, list[Edit]] = {}
        for edit in edits:
            path = edit.path or (next(iter(changed)) if len(changed) == 1 else "")
            told.setdefault(path, []).append(edit)
        moves = _moves(changed, told)
        for path, gone in moves.items():
            old = self._files.pop(gone, None) or FileChanges(gone)
            self._file(path).take_over(old, turn)
            del changed[gone]
        for path, how in changed.items():
            file = self._file(path)
            own = told.get(path, [])
            if how == "deleted":
                file.delete(turn, own[0].old if len(own) == 1 and not own[0].new else None)
                continue
            created = how == "created" and path not in moves
            if created and not own:
                file.create(turn)
            for edit in own:
                if edit.old is None or (edit.old == "" and created):
                    file.write(turn, edit.new, created=created)
                else:
                    file.replace(turn, edit.old, edit.new)
            if not own and path not in moves:
                file.parts = file.parts or [Part(None, None, [])]
                file.parts[-1].turns = [*dict.fromkeys([*file.parts[-1].turns, turn])]
                file._note(turn)

    def files(self) -> Iterator[FileChanges]:
        """Those that are not as they were; one that came and went is none of them."""
        return (
            file
            for file in self._files.values()
            if (file.was_there or file.is_there) and not file.is_as_it_was()
        )

    def _file(self, path: str) -> FileChanges:
        return self._files.setdefault(path, FileChanges(path))


def _moves(changed: Mapping[str, Touched], told: Mapping[str, Sequence[Edit]]) -> dict[str, str]:
    """The files of a call that others have become by being moved, and what those were called.

    A call names what it moves before what that becomes.
    """
    made = [path for path, how in changed.items() if how == "created"]
    gone = [path for path, how in changed.items() if how == "deleted"]
    pairs = [(made[0], gone[0])] if len(made) == len(gone) == 1 else []
    for (old, before), (new, after) in pairwise(changed.items()) if not pairs else ():
        pairs += [(new, old)] if (before, after) == ("deleted", "created") else []
    return {new: old for new, old in pairs if not _writes(told.get(new, ()))}


def _writes(edits: Sequence[Edit]) -> bool:
    return any(not edit.old for edit in edits)
