"""Turns that were taken back while Aiana watched: each stays, whole, before what came instead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.capture import databases, jsonl, sources
from aiana.capture.importer import import_sources
from aiana.capture.opencode import source as opencode
from aiana.capture.vscode_chat.lines import replay
from aiana.models import SPOKEN
from aiana.storage import AianaStorage
from tests.told import MAKERS, Maker, Turn, claude_code, opencode_files, zed

VSCODE = Path(__file__).parents[1] / "fixtures" / "vscode-chat"
FIRST = Turn(1, "where does the heron nest", "In the reeds by the lake.")
SECOND = Turn(2, "and the bittern", "It nests in the reeds as well.")
THIRD = Turn(3, "how many are there", "There are seven of them.")
OTHER = Turn(4, "what does the egret eat", "Mostly small fish.")
LAST = Turn(5, "and in winter", "It goes south.")

TELLS_BY_WORDS = {
    *("cline", "roo_code", "kilo_code", "continue_dev", "aider", "kimi", "grok", "antigravity"),
    *("cursor_command_line", "cursor_log", "hermes_database", "hermes_document", "goose"),
}
"""Ways that give no ids to what was asked, or others to each copy of it."""

every = pytest.mark.parametrize(
    "make",
    [pytest.param(make, id=make.__name__) for makers in MAKERS.values() for make in makers],
)


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "home" / "conversations.db") as storage:
        yield storage


class Told:
    """A conversation that is told again and again, and what is stored of it."""

    def __init__(self, storage: AianaStorage, folder: Path, make: Maker) -> None:
        self._storage, self._folder, self._make = storage, folder, make

    def now(self, *turns: Turn) -> list[str]:
        """What is stored, in its order, when the assistant has written these turns."""
        result = import_sources(self._storage, [], [self._make(self._folder, turns)])
        assert [each.failed for each in result.sources.values()] == [[]]
        stored = [
            [m.content for m in self._storage.get_messages(s.id) if m.type in SPOKEN]
            for s in self._storage.list_sessions()
        ]
        (told,) = [texts for texts in stored if FIRST.asked in texts]
        return told


def texts(*turns: Turn) -> list[str]:
    return [text for turn in turns for text in (turn.asked, turn.said)]


def test_every_source_is_tried() -> None:
    assert list(MAKERS) == list(sources())


@every
def test_turns_that_were_taken_back(storage: AianaStorage, tmp_path: Path, make: Maker) -> None:
    told = Told(storage, tmp_path, make)
    assert told.now(FIRST, SECOND, THIRD) == texts(FIRST, SECOND, THIRD)
    assert told.now(FIRST) == texts(FIRST, SECOND, THIRD)
    assert told.now(FIRST, OTHER) == texts(FIRST, SECOND, THIRD, OTHER)
    assert told.now(FIRST, OTHER, LAST) == texts(FIRST, SECOND, THIRD, OTHER, LAST)
    assert told.now(FIRST, LAST) == texts(FIRST, SECOND, THIRD, OTHER, LAST)


@every
def test_what_came_instead_is_longer(storage: AianaStorage, tmp_path: Path, make: Maker) -> None:
    told = Told(storage, tmp_path, make)
    assert told.now(FIRST, SECOND) == texts(FIRST, SECOND)
    assert told.now(FIRST, OTHER, LAST) == texts(FIRST, SECOND, OTHER, LAST)


@every
def test_the_beginning_was_taken_back(storage: AianaStorage, tmp_path: Path, make: Maker) -> None:
    told = Told(storage, tmp_path, make)
    assert told.now(FIRST, SECOND, LAST) == texts(FIRST, SECOND, LAST)
    assert told.now(OTHER, LAST) == texts(FIRST, SECOND, OTHER, LAST)


@every
def test_asked_again_in_the_same_words(storage: AianaStorage, tmp_path: Path, make: Maker) -> None:
    """Both answers stay; the question stands twice where the assistant tells one from the other."""
    again = Turn(3, SECOND.asked, "No, it nests in the meadow.")
    told = Told(storage, tmp_path, make)
    assert told.now(FIRST, SECOND) == texts(FIRST, SECOND)
    expected = texts(FIRST, SECOND, again, LAST)
    if make.__name__ in TELLS_BY_WORDS:
        expected = [*texts(FIRST, SECOND), again.said, *texts(LAST)]
    for _ in range(2):
        assert told.now(FIRST, again, LAST) == expected


@pytest.mark.parametrize("make", [claude_code, zed, opencode_files])
def test_a_conversation_that_is_read_in_steps(
    storage: AianaStorage, tmp_path: Path, make: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (jsonl, databases, opencode):
        for name in ("BATCH_BYTES", "BATCH_CHARS"):
            monkeypatch.setattr(module, name, 0, raising=False)
    end = Turn(6, "where do we look", "From the hide.")
    told = Told(storage, tmp_path, make)
    assert told.now(FIRST, SECOND, LAST) == texts(FIRST, SECOND, LAST)
    assert told.now(FIRST, OTHER) == texts(FIRST, SECOND, LAST, OTHER)
    assert told.now(OTHER, end) == texts(FIRST, SECOND, LAST, OTHER, end)


def test_what_vs_code_wrote(storage: AianaStorage, tmp_path: Path) -> None:
    """A question asked again, one edited, and a return to the first, each imported."""
    log = (VSCODE / "1.139.1" / "chatSessions" / "taken-back.jsonl").read_bytes()
    path = tmp_path / "chatSessions" / "chat.jsonl"
    path.parent.mkdir()
    for lines in (7, 13, 20, 25):
        path.write_bytes(b"".join(log.splitlines(keepends=True)[:lines]))
        import_sources(storage, [], [path])
    (session,) = storage.list_sessions()
    answer = "ECHO: the test model has answered."
    asked = ["first", "second", "third", "third", "changed", "last"]
    assert [m.content for m in storage.get_messages(session.id) if m.type in SPOKEN] == [
        text for word in asked for text in (f"@aiana {word} question", answer)
    ]


def test_what_vs_code_compacts(storage: AianaStorage, tmp_path: Path) -> None:
    """After 1,024 changes it writes the chat anew, as the first line of a log that goes on."""
    folder = VSCODE / "1.139.1" / "chatSessions"
    log = (folder / "removed.jsonl").read_bytes()
    compacted = (folder / "compacted.jsonl").read_bytes()
    draft = b'{"kind":1,"k":["inputState","inputText"],"v":"a draft"}\n'
    after = {
        **replay(compacted, [])["requests"][-1],
        "requestId": "request_after",
        "message": {"text": "@aiana after question"},
    }
    change = json.dumps({"kind": 2, "k": ["requests"], "v": [after]}).encode() + b"\n"
    path = tmp_path / "chatSessions" / "chat.jsonl"
    path.parent.mkdir()
    removed = b"".join(log.splitlines(keepends=True)[:12])
    for written in (removed, log, log + draft * 1024, compacted, compacted + change):
        path.write_bytes(written)
        import_sources(storage, [], [path])
    (session,) = storage.list_sessions()
    answer = "ECHO: the test model has answered."
    asked = ["first", "last", "removed", "next", "better", "compacted", "after"]
    assert [m.content for m in storage.get_messages(session.id) if m.type in SPOKEN] == [
        text for word in asked for text in (f"@aiana {word} question", answer)
    ]
