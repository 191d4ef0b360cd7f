"""Sessions and messages as they come out of a file, whoever wrote it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct, field

from aiana.capture.decoding import loads
from aiana.capture.jsonl import LineReader
from aiana.models import CaptureBatch, CapturePosition, Message, MessageType, Session, Spent
from aiana.paths import readable
from aiana.projects import is_gone, project_of, remote_identity
from aiana.redaction.arguments import flatten
from aiana.redaction.redact import redact
from aiana.times import normalise_time
from aiana.titles import shortened

Memory = TypeVar("Memory", bound=Struct)
_REMEMBERED = 400
"""Texts of which it is known whether they were told."""


class Row(Struct):
    """What becomes a message; the builder knows the session, the time and the place."""

    type: MessageType
    content: str
    role: str
    tool_name: str | None = None
    tool_input: str | None = None
    metadata: dict[str, Any] = field(default_factory=dict)


class Known(Struct):
    """A session that the file has records of."""

    cwd: str = ""
    repository: str = ""
    """Where the session belongs to, if that is told apart from where it ran."""
    parent: str | None = None
    title: str | None = None
    title_rank: int = 0
    remote: str = ""
    """URL of its repository, for a folder that does not say it any more."""
    messages: int = 0
    """How many the file gave it: the next one's place."""
    last: str = ""
    """The last of them."""
    ended: str = ""
    """Time of its newest message."""
    answer: str = ""
    """The last message that was the assistant's: what it took may be told later."""
    tokens: int = 0
    """What that one took."""
    metadata: dict[str, Any] = field(default_factory=dict)


class Remembered(Struct):
    """What must be known when the file is read on."""

    sessions: dict[str, Known] = field(default_factory=dict)
    tools: list[tuple[str, str]] = field(default_factory=list)
    """Id and tool of each call without a result so far. No mapping: an id that reads like the name
    of a secret would have the tool taken for one."""
    time: str = ""
    memory: dict[str, Any] = field(default_factory=dict)


class Told(Struct):
    """Texts that a file tells in several ways: each is new as often as its chief teller says it."""

    counts: dict[str, list[int]] = field(default_factory=dict)

    def anew(self, kind: str, text: str, way: int) -> bool:
        """Whether a text of a kind, told in a way (0, 1, 2), was not told in another before."""
        key = _key(kind, text)
        counts = self.counts.setdefault(key, [0, 0, 0])
        before = max(counts)
        counts[way] += 1
        while len(self.counts) > _REMEMBERED:
            del self.counts[next(iter(self.counts))]
        return max(counts) > before

    def once(self, kind: str, name: str) -> bool:
        """Whether something with a name of its own was never told."""
        return self.anew(kind, name, 0) and max(self.counts[_key(kind, name)]) == 1

    def row_id(self, record_id: str, row: Row) -> str | None:
        """The id of a row of a record; None if the record told it before.

        The first row has the record's id. Others, also of another record with this id, have one
        that follows from what they say.
        """
        said = id_by_content("", row)
        if not self.once("row", f"{record_id} {said}"):
            return None
        return record_id if self.once("id", record_id) else f"{record_id}#{said}"


class Occurrences(Struct):
    """Ids for messages of files that give them none: the same for the same words, whatever was
    taken out of the file before them; who says a thing twice said it twice."""

    counts: dict[str, int] = field(default_factory=dict)

    def id(self, row: Row) -> str:
        """The id of the next message that says this."""
        key = id_by_content("", row)
        self.counts[key] = count = self.counts.get(key, 0) + 1
        return key if count == 1 else f"{key}-{count}"


class FirstSeen:
    """Times for messages of a file that tells none and grows: when each was first seen in it.

    `builder.memory` keeps how many there were at which time, of each conversation that has a
    `name`; `now` is when this one was written. Call `finish` at the file's end.
    """

    def __init__(self, builder: SessionBuilder, name: str = "", now: str = "") -> None:
        seen: dict[str, list[list[Any]]] = builder.memory.setdefault("seen", {})
        self._steps = seen.setdefault(name, [])
        self._now = now or builder.file_time
        self._count = 0

    def next(self) -> str:
        """The time of the next message."""
        self._count += 1
        return next((time for count, time in self._steps if self._count <= count), self._now)

    def finish(self) -> None:
        """Remember what was there."""
        if not self._steps or self._count > self._steps[-1][0]:
            self._steps.append([self._count, self._now])
        del self._steps[1 : max(1, len(self._steps) - _REMEMBERED)]


class SessionBuilder:
    """Build batches from what a file says, in its order.

    `state` is what `state()` gave where the last reading stopped; `mtime` (seconds since 1970)
    stands for times that the file does not tell.
    """

    def __init__(self, source: str, path: Path, mtime: float, state: dict[str, Any]) -> None:
        self.source = source
        self.path = path
        self._mtime = mtime
        self._known = msgspec.convert(state.get("builder", {}), Remembered)
        self._tools = dict(self._known.tools)
        self.weight = 0
        """Characters that wait to be stored."""
        self._messages: list[Message] = []
        self._before: dict[str, str] = {}
        self._sessions: dict[str, Session] = {}
        self._titles: dict[str, str] = {}
        self._spent: dict[str, Spent] = {}

    def state(self) -> dict[str, Any]:
        """What to give to the builder of what follows."""
        self._known.tools = list(self._tools.items())
        state: dict[str, Any] = msgspec.to_builtins(self._known)
        return state

    def begin_anew(self) -> None:
        """What follows is another conversation, which is told from its beginning."""
        self._known = Remembered(memory=self._known.memory)
        self._tools = {}

    @property
    def file_time(self) -> str:
        """When the file was written last."""
        return normalise_time(self._mtime) or ""

    @property
    def memory(self) -> dict[str, Any]:
        """What the source itself remembers from one reading of the file to the next."""
        return self._known.memory

    def session(
        self,
        session_id: str,
        *,
        cwd: str = "",
        remote: str = "",
        parent: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """What a record says of its session; the first folder and parent that are told hold."""
        known = self._known.sessions.setdefault(session_id, Known())
        before = (known.cwd, known.parent, dict(known.metadata))
        known.cwd = known.cwd or cwd
        known.remote = known.remote or remote
        known.parent = known.parent or (parent if parent != session_id else None)
        known.metadata |= metadata or {}
        if before != (known.cwd, known.parent, known.metadata):
            self._tell_again(session_id)

    def moved(self, session_id: str, cwd: str) -> None:
        """The session belongs to this folder, whichever one it ran in."""
        known = self._known.sessions.setdefault(session_id, Known())
        known.repository = cwd
        self._tell_again(session_id)

    def parent_of(self, session_id: str) -> str | None:
        """The session that this one stands under."""
        known = self._known.sessions.get(session_id)
        return known.parent if known else None

    def title(self, session_id: str, title: str | None, rank: int = 0) -> None:
        """The source's own name of the session; a later one replaces one of the same rank.

        A command is none: what was asked names the session then.
        """
        known = self._known.sessions.setdefault(session_id, Known())
        title = (title or "").strip()
        if not title or title.startswith(("/", "!")) or rank < known.title_rank:
            return
        # First the secrets: cut off, some could not be told any more.
        known.title, known.title_rank = shortened(redact(title)[0]), rank
        self._tell_again(session_id)

    def title_of_message(self, message_id: str, title: str) -> None:
        """The name of whichever session holds this message."""
        self._titles[message_id] = title

    def call_row(self, call_id: str | None, tool: str, arguments: Any) -> Row:
        """A tool call; its arguments are a value, or a JSON text of one."""
        value = arguments
        if isinstance(arguments, str):
            try:
                value = loads(arguments.encode("utf-8", "replace"))
            except ValueError:
                value = {"input": arguments}
        self.call(call_id, tool)
        text = msgspec.json.encode(value).decode()
        metadata = {"toolCallId": call_id} if call_id else {}
        return Row("tool_use", flatten(value), "assistant", tool, text, metadata)

    def result_row(
        self, call_id: str | None, text: str, tool: str | None = None, exit_code: Any = None
    ) -> Row:
        """What a tool answered; its name is that of the call, where the call was seen."""
        metadata: dict[str, Any] = {"toolCallId": call_id} if call_id else {}
        if isinstance(exit_code, int) and exit_code != 0:
            metadata |= {"isError": True, "exitCode": exit_code}
        return Row("tool_result", text, "tool", self.tool_of(call_id) or tool, metadata=metadata)

    def call(self, call_id: str | None, tool: str) -> None:
        """A tool was called; its result comes later and does not name it."""
        if call_id:
            self._tools[call_id] = tool

    def tool_of(self, call_id: str | None) -> str | None:
        """The tool that a result comes from, asked once."""
        return self._tools.pop(call_id or "", None) or None

    def time(self, value: Any) -> str:
        """When a record was written; like the one before it, or the file, if it does not say."""
        time = normalise_time(value) if isinstance(value, (str, int, float)) else None
        if time is None:
            return self._known.time or normalise_time(self._mtime) or ""
        self._known.time = time
        return time

    def add(
        self,
        session_id: str,
        rows: Iterable[Row],
        *,
        record_id: str | None,
        time: str,
        parent: str | None = None,
        tokens: int | None = None,
        place: int | None = None,
    ) -> None:
        """Store the rows of one record; the first gets its id and tokens, others `id#n`.

        `place` is one that was kept for a row that comes late.
        """
        known = self._known.sessions.setdefault(session_id, Known())
        for n, row in enumerate(rows):
            base = record_id or _made_up_id(session_id, time, row)
            self._messages.append(
                Message(
                    id=base if n == 0 or not record_id else f"{base}#{n}",
                    session_id=session_id,
                    type=row.type,
                    role=row.role,
                    content=row.content,
                    tool_name=row.tool_name,
                    tool_input=row.tool_input,
                    timestamp=time,
                    parent_id=parent,
                    position=known.messages if place is None else place,
                    tokens=tokens if n == 0 else None,
                    metadata=row.metadata,
                )
            )
            if place is None:
                self._before.setdefault(session_id, known.last)
                known.last = self._messages[-1].id
                known.messages += 1
            if row.role == "assistant":
                known.answer, known.tokens = self._messages[-1].id, self._messages[-1].tokens or 0
            self.weight += len(row.content) + len(row.tool_input or "")
            if n == 0:
                self._touch(session_id, time)

    def keep_place(self, session_id: str) -> int:
        """A place for a message that may be stored after those that follow it."""
        known = self._known.sessions.setdefault(session_id, Known())
        known.messages += 1
        return known.messages - 1

    def add_once(
        self,
        session_id: str,
        row: Row,
        told: Told,
        *,
        name: Any,
        time: str,
        parent: Any,
        tokens: int | None = None,
    ) -> bool:
        """Store a row of a record that a file may repeat; returns whether it is new.

        Its id is the record's `name`, or follows from what it says where that is no text.
        """
        if isinstance(name, str) and name:
            record_id = told.row_id(name, row)
        else:
            record_id = id_by_content(time, row)
        if record_id is None:
            return False
        parent = parent if isinstance(parent, str) else None
        self.add(session_id, [row], record_id=record_id, time=time, parent=parent, tokens=tokens)
        return True

    def spent(self, session_id: str, tokens: int) -> None:
        """What the assistant did last took so many tokens; the file says so after it."""
        known = self._known.sessions.get(session_id)
        if known is None or not known.answer or not tokens:
            return
        known.tokens += tokens
        for place in range(len(self._messages) - 1, -1, -1):
            message = self._messages[place]
            if (message.session_id, message.id) == (session_id, known.answer):
                self._messages[place] = msgspec.structs.replace(message, tokens=known.tokens)
                return
        # An earlier reading gave it.
        self._spent[session_id] = Spent(
            session_id=session_id, message_id=known.answer, tokens=known.tokens
        )

    def batch(
        self,
        position: CapturePosition,
        bytes_read: int,
        reached: int,
        replay_ids: bool = False,
    ) -> CaptureBatch:
        """What was taken since the last batch."""
        batch = CaptureBatch(
            sessions=list(self._sessions.values()),
            messages=self._messages,
            before=self._before,
            titles=self._titles,
            spent=list(self._spent.values()),
            replay_ids=replay_ids,
            bytes_read=bytes_read,
            reached=reached,
            position=position,
        )
        self._messages, self._before = [], {}
        self._sessions, self._titles, self._spent = {}, {}, {}
        self.weight = 0
        return batch

    def _tell_again(self, session_id: str) -> None:
        """What is known of a session has changed; one that has no messages yet is not stored."""
        told, known = self._sessions.get(session_id), self._known.sessions[session_id]
        if told is not None:
            began, ended = told.started_at, told.ended_at or told.started_at
            self._sessions[session_id] = self._session(session_id, began, ended)
        elif known.ended:
            self._sessions[session_id] = self._session(session_id, known.ended, known.ended)

    def _touch(self, session_id: str, time: str) -> None:
        known = self._known.sessions[session_id]
        known.ended = max(known.ended, time)
        told = self._sessions.get(session_id)
        if told is None:
            self._sessions[session_id] = self._session(session_id, time, time)
        elif time > (told.ended_at or "") or time < told.started_at:
            self._sessions[session_id] = msgspec.structs.replace(
                told,
                started_at=min(told.started_at, time),
                ended_at=max(told.ended_at or "", time),
            )

    def _session(self, session_id: str, started_at: str, ended_at: str) -> Session:
        known = self._known.sessions[session_id]
        return Session(
            id=session_id,
            source=self.source,
            project=_project(known),
            project_path=known.cwd,
            transcript_path=self.transcript_of(session_id),
            started_at=started_at,
            ended_at=ended_at,
            title=known.title,
            parent_id=known.parent,
            metadata=dict(known.metadata),
        )

    def transcript_of(self, session_id: str) -> str:
        """The file that holds the session: this one, unless a source knows better."""
        return readable(self.path)


class SessionReader(LineReader, Generic[Memory]):
    """A reader of lines with a builder, and whatever else it must remember between readings."""

    replay_ids = False
    """Message ids are unique across the source: a replay in another session is not stored again."""

    def __init__(
        self, builder: SessionBuilder, state: dict[str, Any], memory: type[Memory]
    ) -> None:
        self._builder = builder
        self._state = msgspec.convert(state.get("reader", {}), memory)

    def finish(self) -> None:
        """Nothing waits, unless a source says so."""

    def batch(self, position: CapturePosition, bytes_read: int, reached: int) -> CaptureBatch:
        """What was taken since the last batch."""
        return self._builder.batch(position, bytes_read, reached, self.replay_ids)

    def state(self) -> dict[str, Any]:
        """What to give to the reader of the lines that follow."""
        return {"builder": self._builder.state(), "reader": msgspec.to_builtins(self._state)}


def _key(kind: str, text: str) -> str:
    named = f"{kind}\0{text.strip()}".encode("utf-8", "replace")
    return hashlib.blake2b(named, digest_size=8).hexdigest()


def _project(known: Known) -> str:
    folder = known.repository or known.cwd
    if known.remote and is_gone(folder):
        return remote_identity(known.remote) or project_of(folder).id
    return project_of(folder).id


def id_by_content(time: str, row: Row) -> str:
    """An id for a message whose source gives none, or another one to each copy of it."""
    named = "\0".join((time, row.type, row.metadata.get("toolCallId", ""), row.content))
    return "c-" + hashlib.blake2b(named.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _made_up_id(session_id: str, time: str, row: Row) -> str:
    text = "\0".join((session_id, time, row.type, row.content))
    return "h-" + hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
