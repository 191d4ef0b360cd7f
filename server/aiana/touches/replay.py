"""What the calls of a session come to: of each file what stood there before and what stands now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

    def delete(self, turn: str) -> None:
        """It is taken away."""
        self.parts = [Part(self._whole_before(), None, [*self.turns, turn])]
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
        self.old_path = moved.old_path or moved.path
        self.parts, self.whole = moved.parts, moved.whole
        self.was_there, self.turns = moved.was_there, moved.turns
        self.is_there = True
        self._note(turn)

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
        changed = {path: how for path, how in touched if how in ("edited", "created", "deleted")}
        told: dict[str, list[Edit]] = {}
        for edit in edits:
            path = edit.path or (next(iter(changed)) if len(changed) == 1 else "")
            told.setdefault(path, []).append(edit)
        made = [path for path, how in changed.items() if how == "created"]
        gone = [path for path, how in changed.items() if how == "deleted"]
        moves = len(made) == 1 and len(gone) == 1 and not _writes(told.get(made[0], ()))
        if moves:
            old = self._files.pop(gone[0], None) or FileChanges(gone[0])
            self._file(made[0]).take_over(old, turn)
            del changed[gone[0]]
        for path, how in changed.items():
            file = self._file(path)
            own = told.get(path, [])
            if how == "deleted":
                file.delete(turn)
            elif how == "created" and not own and not moves:
                file.create(turn)
            for edit in own if how != "deleted" else ():
                created = how == "created" and not moves
                if edit.old is None or (edit.old == "" and created):
                    file.write(turn, edit.new, created=created)
                else:
                    file.replace(turn, edit.old, edit.new)
            if not own:
                file.parts = file.parts or [Part(None, None, [])]
                file.parts[-1].turns = [*dict.fromkeys([*file.parts[-1].turns, turn])]
                file._note(turn)

    def files(self) -> Iterator[FileChanges]:
        """Those that are not as they were; one that came and went is none of them."""
        return (file for file in self._files.values() if file.was_there or file.is_there)

    def _file(self, path: str) -> FileChanges:
        return self._files.setdefault(path, FileChanges(path))


def _writes(edits: Sequence[Edit]) -> bool:
    return any(not edit.old for edit in edits)
