"""Gemini CLI: `~/.gemini/tmp/<project>/chats/session-*`, a JSON document or (since 0.40) JSONL.

A JSONL file repeats a message when there is more to say of it, and after a resume the whole
history in a poorer form: what a message said at its richest counts. What was rewound stays.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from aiana.capture.building import Occurrences, Row, SessionBuilder
from aiana.capture.decoding import object_of, whole_number, whole_records, words_in
from aiana.capture.documents import DocumentSource
from aiana.capture.jsonl import LINE_CAP, LineFile
from aiana.capture.parts import Call, answer_text, content_of, exit_code, is_injected
from aiana.models import MessageType
from aiana.paths import expanded
from aiana.regular import open_regular, small_text

_HEAD = 64 << 10
_OWN = re.compile(rb'"projectHash"\s*:\s*"|"type"\s*:\s*"gemini"')
_SESSION_ID = re.compile(rb'"sessionId"\s*:\s*"([^"\\]+)"')
_REBUILT = "_response"
"""How the ids of messages end that a resume made of tool results it has already."""
_FOLDER_FILES = ("projects.json", "trustedFolders.json")


class GeminiCli(DocumentSource):
    """Reads `.gemini/tmp` in `GEMINI_CLI_HOME`, or in the home folder."""

    name = "gemini"
    title = "Gemini CLI"

    def roots(self) -> list[Path]:
        home = expanded(os.environ.get("GEMINI_CLI_HOME") or "~").absolute()
        return [home / ".gemini" / "tmp"]

    def is_transcript(self, path: Path) -> bool:
        return path.suffix in (".json", ".jsonl") and (
            "chats" in path.parts or path.name.startswith(("session-", "gemini"))
        )

    def recognises(self, path: Path) -> bool:
        if path.suffix not in (".json", ".jsonl"):
            return False
        with open_regular(path) as file:
            head = file.read(_HEAD)
        return head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and bool(_OWN.search(head))

    def parse(self, data: bytes, builder: SessionBuilder) -> list[str]:
        log = Log()
        left_out = log.read(data)
        session_id = log.session_id or builder.path.stem
        folder = builder.path.parent
        builder.session(
            session_id,
            cwd=_folder(log, builder.path),
            parent=folder.name if folder.parent.name == "chats" else None,
        )
        if isinstance(summary := log.facts.get("summary"), str):
            builder.title(session_id, summary)
        builder.time(log.facts.get("startTime"))
        teller = Teller(builder, session_id)
        for message in log.messages:
            if lost := teller.tell(message):
                left_out.append(lost)
        return left_out


class Log(Struct):
    """What a file says, each message once, in the order in which they came first."""

    facts: dict[str, Any] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    @property
    def session_id(self) -> str | None:
        found = self.facts.get("sessionId")
        return found if isinstance(found, str) and found else None

    def read(self, data: bytes) -> list[str]:
        """Take a whole file; what was left out of it. Raises ValueError if it holds nothing."""
        lost: list[str] = []
        try:
            self._take_record(object_of(data))
        except ValueError:
            self._read_lines(data, lost)
        if not self.messages and not self.session_id:
            raise ValueError("it holds no message")
        return lost

    def _read_lines(self, data: bytes, lost: list[str]) -> None:
        lines = LineFile(io.BufferedReader(io.BytesIO(data)), long=LINE_CAP)
        understood = 0
        for line in filter(None, lines):
            try:
                self._take_record(object_of(line))
                understood += 1
            except ValueError:
                if not understood:
                    break
                found, _ = whole_records(line, _is_record)
                for record in found:
                    self._take_record(object_of(record))
                lost.append(f"Line {lines.number} holds a record without its end.")
        if not understood:
            # A document that breaks off: the messages that are whole.
            found, _ = whole_records(data, _is_record)
            for record in found:
                self._take_record(object_of(record))
            if (told := _SESSION_ID.search(data)) and self.messages:
                self.facts.setdefault("sessionId", told[1].decode("utf-8", "replace"))
            lost.append("It breaks off: only the messages before that were read.")

    def _take_record(self, record: dict[str, Any]) -> None:
        if isinstance(change := record.get("$set"), dict):
            self._take_facts(change, is_rebuilt=True)
        elif "$rewindTo" in record:
            self._take_message({"type": "info", "content": "Rewound to an earlier message."}, False)
        elif isinstance(record.get("type"), str) and "messages" not in record:
            self._take_message(record, is_rebuilt=False)
        else:
            self._take_facts(record, is_rebuilt=False)

    def _take_facts(self, facts: dict[str, Any], is_rebuilt: bool) -> None:
        for key, value in facts.items():
            if key in ("messages", "history"):
                for message in value if isinstance(value, list) else []:
                    if isinstance(message, dict):
                        self._take_message(message, is_rebuilt)
                    else:
                        self._take_message({"type": "unknown", "content": message}, is_rebuilt)
            elif key not in ("startTime", "sessionId") or key not in self.facts:
                self.facts[key] = value

    def _take_message(self, message: dict[str, Any], is_rebuilt: bool) -> None:
        message_id = message.get("id")
        if not isinstance(message_id, str) or not message_id:
            self.messages.append(message)
        elif is_rebuilt and message_id.endswith(_REBUILT):
            pass
        elif message_id not in self.places:
            self.places[message_id] = len(self.messages)
            self.messages.append(message)
        else:
            known = self.messages[self.places[message_id]]
            first, second = (known, message) if is_rebuilt else (message, known)
            merged = {**second, **{key: value for key, value in first.items() if value}}
            merged["timestamp"] = known.get("timestamp") or message.get("timestamp")
            self.messages[self.places[message_id]] = merged


class Teller:
    """Gives a builder the rows of messages; each tool call and result once."""

    def __init__(self, builder: SessionBuilder, session_id: str) -> None:
        self._builder = builder
        self._session_id = session_id
        self._called: set[str] = set()
        self._answered: set[str] = set()
        self._ids = Occurrences()
        self._message: dict[str, Any] = {}
        self._time = ""

    def tell(self, message: dict[str, Any]) -> str | None:
        """Give what a message says; what was left out of it."""
        self._message, self._time = message, self._builder.time(message.get("timestamp"))
        kind = message.get("type") or message.get("role")
        if kind == "user":
            self._tell_user()
        elif kind in ("gemini", "model", "assistant"):
            self._tell_model()
        else:
            given = message.get("content", message.get("message"))
            text = "\n".join(content_of(given).texts) or "\n".join(words_in(given))
            if not text.strip():
                return f"Messages of type {str(kind)[:40]!r} are not known, and hold no text."
            self._say("system", "system", text, "")
        return None

    def _content(self) -> Any:
        content = self._message.get("content")
        return content if content else self._message.get("parts", content)

    def _tell_user(self) -> None:
        content = content_of(self._content())
        injected = [text for text in content.texts if is_injected(text)]
        for n, text in enumerate(injected):
            self._say("system", "system", text, f"#context{n}")
        typed = "\n".join(text for text in content.texts if text not in injected)
        self._say("user", "user", typed, "")
        for answer in content.answers:
            self._answer(answer, answer.value, None)

    def _tell_model(self) -> None:
        content = content_of(self._content())
        thoughts = self._message.get("thoughts")
        told = [_thought(item) for item in thoughts] if isinstance(thoughts, list) else []
        for n, thought in enumerate(text for text in told or content.thoughts if text):
            self._say("thinking", "assistant", thought, f"#thought{n}", thinking=True)
        self._say("assistant", "assistant", "\n".join(content.texts), "")
        calls = self._message.get("toolCalls")
        for call in calls if isinstance(calls, list) else []:
            if isinstance(call, dict):
                self._tell_call(call)
        for part in content.calls:
            self._call(part)

    def _tell_call(self, call: dict[str, Any]) -> None:
        """A call with its result, which may be still to come."""
        call_id = call.get("id") if isinstance(call.get("id"), str) else None
        told = Call(call_id, str(call.get("name") or "tool"), call.get("args") or {})
        self._call(told)
        answers = content_of(call.get("result")).answers
        display = call.get("resultDisplay")
        response = answers[0].value if answers else None
        if response is not None or display:
            self._answer(told, response, display, str(call.get("status")))

    def _call(self, call: Call) -> None:
        if call.id is None or call.id not in self._called:
            self._called.add(call.id or "")
            row = self._builder.call_row(call.id, call.name, call.value)
            self._add(row, f"#{call.id}" if call.id else None)

    def _answer(self, call: Call, response: Any, display: Any, status: str = "") -> None:
        if call.id is not None and call.id in self._answered:
            return
        self._answered.add(call.id or "")
        text, code = answer_text(response), None
        if "shell" in call.name:
            code = exit_code(response)
        if isinstance(display, str) and display and ("shell" in call.name or not text):
            text = display
        row = self._builder.result_row(call.id, text, call.name, code)
        if status in ("error", "cancelled") or (isinstance(response, dict) and "error" in response):
            row.metadata["isError"] = True
        self._add(row, f"#{call.id}#result" if call.id else None)

    def _say(self, kind: MessageType, role: str, text: str, name: str, **facts: Any) -> None:
        if not text.strip():
            return
        if role == "assistant" and isinstance(model := self._message.get("model"), str) and model:
            facts["model"] = model
        self._add(Row(kind, text, role, metadata=facts), name)

    def _add(self, row: Row, name: str | None) -> None:
        """`name` tells the rows of a message apart, however many there were when it was read."""
        base, tokens = self._message.get("id"), self._message.get("tokens")
        count = whole_number(tokens.get("output")) if isinstance(tokens, dict) else None
        if count is not None:
            self._message = {**self._message, "tokens": None}
        record_id = (
            f"{base}{name}"
            if isinstance(base, str) and base and name is not None
            else self._ids.id(row)
        )
        self._builder.add(
            self._session_id, [row], record_id=record_id, time=self._time, tokens=count
        )


def _is_record(value: Any) -> bool:
    return isinstance(value.get("type"), str) and ("content" in value or "id" in value)


def _thought(item: Any) -> str:
    if not isinstance(item, dict):
        return item if isinstance(item, str) else ""
    told = (item.get("subject"), item.get("description"))
    return "\n".join(text for text in told if isinstance(text, str) and text)


def _folder(log: Log, path: Path) -> str:
    """The folder that the project's hash stands for; "" if nothing tells it."""
    project = next((p.parent for p in path.parents if p.name == "chats"), path.parent)
    root = small_text(project / ".project_root").strip()
    if root:
        return root
    wanted = log.facts.get("projectHash")
    for folder in _candidates(log, project):
        if hashlib.sha256(folder.encode("utf-8", "replace")).hexdigest() == wanted:
            return folder
    return ""


def _candidates(log: Log, project: Path) -> Iterator[str]:
    """Folders that the program knows, and those above what tools worked on."""
    directories = log.facts.get("directories")
    yield from (
        (d for d in directories if isinstance(d, str)) if isinstance(directories, list) else ()
    )
    for name in _FOLDER_FILES:
        try:
            known = object_of(small_text(project.parent.parent / name).encode())
        except ValueError:
            continue
        inner = known.get("projects")
        yield from inner if isinstance(inner, dict) else known
    yielded: set[str] = set()
    for message in log.messages:
        calls = message.get("toolCalls")
        for call in calls if isinstance(calls, list) else []:
            args = call.get("args") if isinstance(call, dict) else None
            for value in args.values() if isinstance(args, dict) else ():
                if isinstance(value, str) and len(value) < 1000:
                    for folder in _above(value):
                        if folder not in yielded:
                            yielded.add(folder)
                            yield folder


def _above(path: str) -> Iterator[str]:
    """An absolute path and the folders above it, as each system writes them."""
    if not re.match(r"/[^/\s]|[A-Za-z]:[\\/]", path):
        return
    path = path.rstrip("/\\")
    while path:
        yield path
        path = path[: max(path.rfind("/"), path.rfind("\\"), 0)]
