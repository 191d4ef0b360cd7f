"""What is stored, copied out of the store and brought back: backups and archives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from aiana.container import Container
from aiana.errors import Conflict, NotFound
from aiana.models import Memory, Message, Progress, Session
from aiana.protocol.results import Shared
from aiana.protocol.uris import MemoryAddress, parse

if TYPE_CHECKING:
    from aiana.storage.backups import Backup
    from aiana.storage.carrying import Carried

_PAGE = 500


class Restored(Struct, frozen=True, kw_only=True, rename="camel"):
    """What came of a restoration."""

    restored: Backup
    replaced: str | None
    """Where what was stored before is kept."""
    forgotten: Carried | None
    """What of the backup stays forgotten; null if what was stored before is too damaged to say."""
    servers: bool
    """Qdrant still holds what was stored before, until it is reindexed."""


class Keeping:
    """Backups of the whole store, and archives that any store reads back."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @property
    def _folder(self) -> Path:
        return self._container.config.database.parent / "backups"

    def back_up(
        self, output: Path | None = None, keep: int | None = None, progress: Progress | None = None
    ) -> Backup:
        """Copy everything into one file, which is checked; others may write meanwhile.

        Of the copies in the data folder the newest `keep` stay. Raises Conflict if `output` is
        there already, StorageUnavailable if the copy cannot be written.
        """
        from aiana.storage.backups import KEPT, back_up, turn

        database = self._container.storage.database
        with turn(database.path) as mine:
            if not mine:
                raise Conflict("Another program makes or changes backups just now: try again.")
            with database.reading_everything() as connection:
                return back_up(connection, self._folder, output, keep or KEPT, progress)

    def backups(self) -> list[Backup]:
        """The backups in the data folder that are whole, newest first."""
        from aiana.storage.backups import backups_in, checked

        return [checked(path) for path in backups_in(self._folder)]

    def backup_at(self, path: Path | None) -> Backup:
        """A backup that was checked, by default the newest. Raises NotFound."""
        from aiana.storage.backups import backups_in, checked

        if path is None:
            made = backups_in(self._folder)
            if not made:
                raise NotFound(f"There is no backup in {self._folder}: name a file.")
            path = made[0]
        return checked(path)

    def restore(self, backup: Path, progress: Progress | None = None) -> Restored:
        """Put a backup in place of what is stored, before this opened it.

        What was forgotten since the backup was made stays forgotten.

        Raises Conflict while another process has the store open.
        """
        from aiana.storage.backups import checked, restore
        from aiana.storage.forgetting import scrub

        whole = checked(backup)
        kept, carried = restore(self._container.config.database, backup, progress)
        if carried is not None and carried.things:
            scrub(self._container.storage.database)
        return Restored(
            restored=whole,
            replaced=None if kept is None else str(kept),
            forgotten=carried,
            servers=self._container.config.qdrant_url is not None,
        )

    def archive(self) -> Iterator[str]:
        """Everything that is kept, as the lines of an archive, always in the same order."""
        from aiana.capture import archive

        storage = self._container.storage
        yield archive.head()
        for session in sorted(self._sessions(), key=lambda s: (s.source, s.id)):
            messages = storage.sessions.messages(session.id, source=session.source)
            yield from archive.session_lines(session, messages)
        memories, cursor = storage.memories.page(limit=_PAGE)
        while cursor is not None:
            more, cursor = storage.memories.page(limit=_PAGE, cursor=cursor)
            memories += more
        for memory in sorted(memories, key=lambda memory: (memory.created_at, memory.id)):
            yield archive.memory_line(memory)
        preferences = storage.preferences.all()
        dynamic = [preference for preference in preferences if not preference.static]
        # In the order in which they were made, in which they are read back.
        for preference in [p for p in preferences if p.static] + dynamic[::-1]:
            yield archive.preference_line(preference)

    def share(self, uri: str, format: Literal["markdown", "json"] = "markdown") -> Shared:
        """One session with its sub-agents, or one memory, for somebody else.

        What names places of this machine is left out; `import` reads both forms back.
        Raises NotFound and Conflict.
        """
        address = parse(uri)
        if isinstance(address, MemoryAddress):
            memory = self._container.storage.memories.get(address.id)
            text = _memory_text(replace(memory, project=_portable(memory.project)), format)
            title, said = memory.content.partition("\n")[0], [memory.content]
            return Shared(
                format=format, text=text, title=title, messages=0, taken_out=_taken_out(said)
            )
        sessions = self._container.storage.sessions
        first = sessions.get(address.id, address.source)
        family = [sessions.get(id, first.source) for id in sessions.family(first.id, first.source)]
        whole = [(_without_places(session), self._messages_of(session)) for session in family]
        text = _sessions_text(whole, format)
        said = [message.content for _, messages in whole for message in messages]
        return Shared(
            format=format,
            text=text,
            title=first.title or first.id,
            messages=len(said),
            taken_out=_taken_out(said),
        )

    def _messages_of(self, session: Session) -> list[Message]:
        return self._container.storage.sessions.messages(session.id, source=session.source)

    def _sessions(self) -> list[Session]:
        page = self._container.storage.sessions.page
        found, cursor = page(limit=_PAGE, include_children=True)
        while cursor is not None:
            more, cursor = page(limit=_PAGE, cursor=cursor, include_children=True)
            found += more
        return found


def _sessions_text(
    whole: Sequence[tuple[Session, Sequence[Message]]], format: Literal["markdown", "json"]
) -> str:
    from aiana.capture import archive
    from aiana.capture.shared_form import Kind, document
    from aiana.render.markdown import facts_of, turn

    if format == "markdown":
        parts: list[tuple[Kind, Session | Message | Memory, str]] = []
        for session, messages in whole:
            parts.append(("session", session, "\n".join(facts_of(session))))
            parts += [("message", message, turn(message)) for message in messages]
        return document(parts)
    lines = (line for each in whole for line in archive.session_lines(*each))
    return "".join([archive.head(shared=True), *lines])


def _memory_text(memory: Memory, format: Literal["markdown", "json"]) -> str:
    from aiana.capture import archive
    from aiana.capture.shared_form import document
    from aiana.render.pages import memory_page

    if format == "markdown":
        return document([("memory", memory, memory_page(memory).text)])
    return archive.head(shared=True) + archive.memory_line(memory)


def _taken_out(said: Sequence[str]) -> dict[str, int]:
    """Secrets by kind, of what was said alone: titles and facts repeat it."""
    from aiana.redaction.redact import marks_in

    return marks_in("\n".join(said))


def _without_places(session: Session) -> Session:
    return replace(session, project=_portable(session.project), project_path="", transcript_path="")


def _portable(project: str) -> str:
    """The identity of a project; of one that is known by its folder only the name of that."""
    from aiana.projects import is_path

    return (
        project.replace("\\", "/").rstrip("/").rpartition("/")[2] if is_path(project) else project
    )
