"""What sessions changed."""

from __future__ import annotations

from aiana.container import Container
from aiana.errors import InvalidQuery
from aiana.protocol.results import ChangedFiles
from aiana.protocol.uris import SessionAddress, parse


class Changing:
    """The changes of a session, file by file."""

    def __init__(self, container: Container) -> None:
        self._container = container

    def changes(self, uri: str, as_diff: bool = False) -> ChangedFiles:
        """What a session and its sub-agents changed; of a message's URI, what that one changed.

        With `as_diff` as a unified diff, without the texts. Raises NotFound and Conflict.
        """
        from aiana.render.changes import changed_file, unified
        from aiana.search.notes import of_unread_files
        from aiana.touches.replay import Replay

        address = parse(uri)
        if not isinstance(address, SessionAddress):
            raise InvalidQuery(f"{uri} is no session: only sessions change files.")
        storage = self._container.storage
        session = storage.sessions.get(address.id, address.source)
        ids = [session.id]
        for id in ids if address.message is None else ():
            agents = storage.sessions.agents(id, session.source)
            ids += [agent.id for agent in agents if agent.id not in ids]
        replay = Replay()
        for change in storage.changes.of(session.source, ids, address.message):
            replay.add(change.uri, change.touched, change.edits)
        files = [changed_file(file) for file in replay.files()]
        notes = of_unread_files(storage.files.unread())
        if not as_diff:
            return ChangedFiles(files=files, notes=notes)
        diff = []
        line = 0
        for file in files:
            file.diff_line = line
            diff.append(unified([file]))
            line += diff[-1].count("\n")
            file.before = file.after = None
        return ChangedFiles(files=files, diff="".join(diff), notes=notes)
