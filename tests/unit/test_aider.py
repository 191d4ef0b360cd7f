"""Aider: one Markdown file of many sessions, told apart by how its lines begin and end."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from aiana.capture.aider import Aider
from tests.unit.sources import CASES, SHARED, check_messages, damaged, damages, read, rows, survives

# As Aider writes it: prompts and its own output end in two spaces.
TEXT = """
# aider chat started at 2026-02-01 12:00:00

> aider --model m app.py{e}
> Aider v0.86.2{e}
> Model: m-1 with whole edit format{e}

#### mend the sum{e}
#### {e}
#### in app.py{e}

app.py
```
#### a heading in code
> a quote in code
# aider chat started at noon
```

> a quote in the answer

#### Notes
that were asked for

> Tokens: 1,204 sent, 1.2k received.{e}
> Applied edit to app.py{e}

#### /undo{e}

# aider chat started at 2026-02-01 12:00:00

> Restored previous conversation history.{e}

#### mend the sum{e}
""".replace("{e}", "  ")
ANSWER = """app.py
```
#### a heading in code
> a quote in code
# aider chat started at noon
```

> a quote in the answer

#### Notes
that were asked for"""


def write(folder: Path, text: str) -> Path:
    path = folder / ".aider.chat.history.md"
    path.write_text(text)
    return path


def test_sessions_are_told_in_their_order(tmp_path: Path) -> None:
    batch = read(Aider(), write(tmp_path, TEXT))
    assert rows(batch) == [
        (
            "system",
            "system",
            None,
            "aider --model m app.py\nAider v0.86.2\nModel: m-1 with whole edit format",
        ),
        ("user", "user", None, "mend the sum\n\nin app.py"),
        ("assistant", "assistant", None, ANSWER),
        (
            "system",
            "system",
            None,
            "Tokens: 1,204 sent, 1.2k received.\nApplied edit to app.py",
        ),
        ("user", "user", None, "/undo"),
        ("system", "system", None, "Restored previous conversation history."),
        ("user", "user", None, "mend the sum"),
    ]
    answer = batch.messages[2]
    assert (answer.tokens, answer.metadata) == (1200, {"model": "m-1"})
    first, second = batch.sessions
    assert first.id != second.id
    assert (first.project_path, first.metadata) == (str(tmp_path), {"version": "0.86.2"})
    assert {m.timestamp for m in batch.messages} == {"2026-02-01T12:00:00.000Z"}
    check_messages(batch.messages)


def test_read_a_grown_file(tmp_path: Path) -> None:
    first = read(Aider(), write(tmp_path, TEXT))
    again = read(Aider(), write(tmp_path, TEXT + "\nIt is mended.\n"))
    known = [(m.session_id, m.id, m.content) for m in first.messages]
    assert [(m.session_id, m.id, m.content) for m in again.messages][:7] == known
    assert again.messages[7].content == "It is mended."


def test_a_file_whose_beginning_is_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path, "> Aider v0.86.2  \n\n#### go on  \n")
    (session,) = read(Aider(), path).sessions
    assert session.started_at == session.ended_at


def test_endings_that_an_editor_took_away(tmp_path: Path) -> None:
    path = write(tmp_path, "> $ aider\n\n#### go on\n\nIt goes.\n\n#### How\n> quoted\n")
    assert [(m.type, m.content) for m in read(Aider(), path).messages] == [
        ("system", "$ aider"),
        ("user", "go on"),
        ("assistant", "It goes.\n\n#### How\n> quoted"),
    ]


def test_other_markdown_is_none_of_it(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("# aider chat\n\n> quoted  \n\n#### Heading  \n")
    assert not Aider().recognises(path)


@settings(max_examples=CASES, deadline=None)
@given(damages)
def test_a_damaged_file_costs_no_more_than_itself(changes: list[tuple[int, str, int]]) -> None:
    survives(Aider(), damaged(TEXT.encode(), changes), "a.md")


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
@pytest.mark.parametrize("path", sorted((SHARED / "aider").glob("*.md")), ids=lambda p: p.name)
def test_real_files(path: Path) -> None:
    """Counted by an independent reader: lines that begin and end as prompts do are in prompts."""
    text = path.read_text()
    batch = read(Aider(), path)
    check_messages(batch.messages)
    started = len(re.findall(r"(?m)^# aider chat started at \d", text))
    assert len(batch.sessions) <= started + 1
    prompts = [m.content.split("\n") for m in batch.messages if m.type == "user"]
    typed = re.findall(r"(?m)^#### (.*\S)  $", text)
    told = {line.strip() for lines in prompts for line in lines}
    assert [line for line in typed if line.strip() not in told] == []
    # A prompt begins where the line before is none of one.
    begins = re.findall(r"(?m)(?:\A|^(?!#### ).*\n)(?=#### .*\S.*  $)", text)
    assert len(prompts) >= 0.95 * len(begins)
