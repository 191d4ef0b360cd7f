"""Values that only the name beside them tells to be secret, where readers take it away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiana.capture.blocks import blocks_of, output_text
from aiana.capture.building import SessionBuilder
from aiana.capture.claude_code.source import ClaudeCode
from aiana.capture.claude_code.tags import pieces
from aiana.capture.codex import Codex
from aiana.capture.cursor import messages as cursor
from aiana.capture.decoding import text_of_parts, words_in
from aiana.capture.parts import answer_text
from aiana.capture.vscode_chat.chat import _pasted
from aiana.capture.vscode_chat.texts import output_of, prompt_text, text_of
from aiana.models import CapturePosition
from aiana.redaction.door import admit_batch, admitted
from tests.unit.sources import read, write_lines

MARK = "[redacted:password]"

ELEMENTS = [
    ('<param name="password">{}</param>', MARK),
    ('<auth-data password="{}">please</auth-data>', "please"),
    ("<api_key>{}</api_key>", "[redacted:secret]"),
    ("<db-password>{}</db-password>", MARK),
    ("<client:secret>{}</client:secret>", "[redacted:secret]"),
    ("<session-facts><user>bob</user><password>{}</password></session-facts>", f"bob  {MARK}"),
    ("<task-notification><password>{}</password> done</task-notification>", f"{MARK}  done"),
    ('<channel source="x"><password>{}</password></channel>', MARK),
    ("<password>{}</password>", f"<password>{MARK}</password>"),
]


@pytest.mark.parametrize(("form", "kept"), ELEMENTS)
def test_elements_whose_tags_are_taken_away(form: str, kept: str) -> None:
    (piece,) = pieces(form.format("tulip"))
    assert admitted(piece.text) == kept


def test_an_element_that_names_no_secret_is_read_as_before() -> None:
    (piece,) = pieces("<session-facts>\n<user>bob</user> <x-y>1 > 0</x-y>\n</session-facts>")
    assert (piece.text, piece.metadata) == ("bob   1 > 0", {"tag": "session-facts"})


VALUES: list[Any] = [
    {"password": "tulip"},
    {"ok": True, "user": {"name": "bob", "db_password": "tulip"}},
    [{"name": "DB_PASSWORD", "value": "tulip"}],
    {"columns": ["user", "password"], "rows": [["bob", "tulip"]]},
    {"passwords": ["rosebud1", "tulip"]},
    {"command": ["mysql", "-ptulip"]},
]
TEXTS: list[Callable[[Any], str]] = [
    lambda value: "\n".join(words_in(value)),
    output_text,
    answer_text,
    cursor.output_text,
    lambda value: "\n".join(b.text for b in blocks_of([{"type": "tool_result", "output": value}])),
    lambda value: "\n".join(b.text for b in blocks_of([{"type": "unheard-of", "given": value}])),
]


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
@pytest.mark.parametrize("text", TEXTS)
def test_texts_that_are_made_of_values(text: Callable[[Any], str], value: Any) -> None:
    assert "tulip" not in admitted(text(value))


def test_texts_of_values_without_secrets_are_whole() -> None:
    value = {"name": "greeting", "value": "hello", "keys": ["a", "b"], "token_count": 12}
    assert words_in(value) == ["greeting", "hello", "a", "b"]


NAMED = {"name": "DB_PASSWORD", "value": "tulip", "text": "tulip"}


@pytest.mark.parametrize(
    "text",
    [
        lambda: text_of_parts([NAMED]),
        lambda: text_of(NAMED),
        lambda: text_of([NAMED]),
        lambda: prompt_text({"children": [NAMED | {"text": None}]}),
        lambda: output_of([NAMED]),
        lambda: output_of({"output": [NAMED]}),
        lambda: cursor.output_text(NAMED),
        lambda: "".join(b.text for b in blocks_of([NAMED | {"type": "text"}])),
        lambda: _pasted(
            {"variableData": {"variables": [NAMED | {"kind": "debugVariable"}]}}
        )[0].content,
    ],
)  # fmt: skip
def test_a_field_that_another_one_names(text: Callable[[], str]) -> None:
    assert "tulip" not in admitted(text())


def test_the_arguments_of_a_tool(tmp_path: Path) -> None:
    builder = SessionBuilder("pi", tmp_path, 0.0, {})
    builder.session("s")
    rows = [builder.call_row(None, "x", value) for value in VALUES]
    rows += [builder.call_row(None, "x", json.dumps(value)) for value in VALUES]
    builder.add("s", rows, record_id="m", time="2026-02-01T12:00:00.000Z")
    position = CapturePosition(path=str(tmp_path), source="pi")
    assert "tulip" not in repr(admit_batch(builder.batch(position, 0, 0)))


def test_a_name_is_cut_after_its_secret_is_gone() -> None:
    name = "x" * 40 + ' password="correcthorsebatterystaple7"'
    (block,) = blocks_of([{"type": "image", "name": name}])
    assert "correct" not in admitted(block.text)


WHEN = "2026-02-01T12:00:00.000Z"
COMMON = {"sessionId": "s1", "cwd": "/x", "timestamp": WHEN, "version": "2"}


def test_whole_files(tmp_path: Path) -> None:
    """What stands in fields of its own, through the readers of several assistants."""
    blocks = [
        {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "json", "json": value}]}
        for value in VALUES
    ]
    claude = write_lines(
        tmp_path / "s1.jsonl",
        [
            COMMON | {"type": "user", "uuid": f"u{n}", "message": {"role": "user", "content": said}}
            for n, said in enumerate(
                [[block] for block in blocks]
                + [[{"type": "an_unknown_block", "said": value}] for value in VALUES]
                + [form.format("tulip") for form, _ in ELEMENTS]
            )
        ],
    )
    outputs = [{"type": "function_call_output", "call_id": f"c{n}", "output": json.dumps(value)}
               for n, value in enumerate(VALUES)]  # fmt: skip
    codex = write_lines(
        tmp_path / "rollout-2026-02-01T12-00-00-00000801-0000-4000-8000-000000000000.jsonl",
        [
            {"timestamp": WHEN, "type": "session_meta", "payload": {"id": "s2", "cwd": "/x"}},
            *({"timestamp": WHEN, "type": "response_item", "payload": o} for o in outputs),
        ],
    )
    for source, path, count in ((ClaudeCode(), claude, 21), (Codex(), codex, 6)):
        batch = admit_batch(read(source, path))
        assert len(batch.messages) == count
        assert "tulip" not in repr(batch)
