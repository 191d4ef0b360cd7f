"""What is marked private is taken out before anything is stored."""

from __future__ import annotations

import json

import pytest

from aiana.models import Message
from aiana.redaction.door import admit, admitted
from aiana.redaction.withheld import without_private

CASES = {
    "no tag": ("a private text", "a private text"),
    "one": ("a <private>b</private> c", "a  c"),
    "two": ("<private>a</private> b <private>c</private>", " b "),
    "over lines": ("a\n<private>\nb\n</private>\nc", "a\n\nc"),
    "nested": ("a <private>b <private>c</private> d</private> e", "a  e"),
    "capitals": ("a <PRIVATE>b</Private> c", "a  c"),
    "blanks and attributes": ('a < private why="x">b< / private > c', "a  c"),
    "not closed": ("a <private>b c", "a "),
    "inner one not closed": ("a <private>b <private>c</private> d", "a "),
    "not opened": ("a b</private> c",) * 2,
    "not opened after a block": ("<private>a</private> b</private> c", " b</private> c"),
    "in code": ("```\n<private>b</private>\n```", "```\n\n```"),
    "in backticks": ("a `<private>b</private>` c", "a `` c"),
    "named": ("Put it between `<private>` and `</private>`.",) * 2,
    "another word": ("<privateer>b</privateer>",) * 2,
    "JSON": (r"a \u003cprivate\u003eb\u003c/private\u003e c", "a  c"),
    "HTML": ("a &lt;private&gt;b&lt;/private&gt; c", "a  c"),
}


@pytest.mark.parametrize(("text", "kept"), CASES.values(), ids=CASES)
def test_private_text_is_left_out(text: str, kept: str) -> None:
    assert without_private(text) == kept
    assert admitted(text) == kept
    assert admitted(kept) == kept


def test_arguments_and_metadata_lose_it_and_stay_json() -> None:
    private = "keep <private>the quince"
    message = Message(
        id="m",
        session_id="s",
        type="tool_use",
        content=f"Write\nfile: a\ntext: {private}",
        tool_input=json.dumps({"text": private, "after": ["kept", private]}),
        metadata={"attachment": {"name": "a.txt", "text": f"{private}</private> end"}},
        timestamp="2026-02-01T12:00:00.000Z",
    )
    clean, redactions = admit(message)
    assert "quince" not in repr(clean)
    assert json.loads(clean.tool_input or "") == {"text": "keep ", "after": ["kept", "keep "]}
    assert clean.metadata == {"attachment": {"name": "a.txt", "text": "keep  end"}}
    assert redactions == 0


def test_it_costs_no_more_than_its_length() -> None:
    text = "<private>" * 50_000 + "a" + "</private>" * 50_000 + " kept"
    assert without_private(text) == " kept"
