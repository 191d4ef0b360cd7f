"""What is said of a file that no reader knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiana.capture import sources
from aiana.capture.files import files_given


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (".codex/history.jsonl", '{"session_id":"x","ts":1,"text":"y"}', "of Codex"),
        (".claude/history.jsonl", '{"display":"x"}', "of Claude Code"),
        ("memories.json", '[{"conversations_memory":"x"}]', "of Claude.ai"),
        ("export/chat.html", "<html>", "of ChatGPT"),
        ("s/updates.jsonl", '{"params":{"update":{"sessionUpdate":"x"}}}', "of Grok Build"),
        (".gemini/antigravity/conversations/k.pb", "x", "of Antigravity"),
        (".aider.input.history", "# 2026", "of Aider"),
        ("conversations.json", '[{"mapping":{"1":{"fragments":[{"type":"REQUEST"', "of DeepSeek"),
        ("old.txt", '{"parentUuid":"x","sessionId":"y"}', "It looks like Claude Code's"),
        ("part.txt", '{"responderUsername":"x"}', "It looks like VS Code chat's"),
        ("sessions.db", "no database", "It is named like a transcript of Goose, but holds none"),
        ("notes.txt", "the user asked", "of no assistant. Known are "),
        ("empty.bin", "", "of no assistant. Known are "),
    ],
)
def test_whose_it_looks_like(name: str, text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    found = files_given([path], sources().values())
    assert found.files == {}
    # Nobody's failure: it belongs to no source.
    (failure,) = found.failed.pop("")
    assert found.failed == {}
    assert said in failure.reason


def test_one_reader_that_fails_does_not_hide_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiana.capture.claude_code import ClaudeCode
    from aiana.errors import UnreadableFile

    def fails(self: ClaudeCode, path: Path) -> bool:
        raise UnreadableFile("It is odd.")

    monkeypatch.setattr(ClaudeCode, "recognises", fails)
    path = tmp_path / "a.jsonl"
    path.write_text('{"type":"session","id":"s","timestamp":"2026-01-01","cwd":"/x"}\n')
    found = files_given([path], sources().values())
    assert [file.source.name for file in found.files.values()] == ["pi"]
