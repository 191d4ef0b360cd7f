"""The program, started as a person starts it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
from msgspec.structs import replace

from aiana.cli import COMMANDS
from aiana.cli import aiana as program
from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import open_aiana
from tests.terminal import on_a_terminal

SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
Run = Callable[..., subprocess.CompletedProcess[str]]
Show = Callable[..., list[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs `aiana` with a data folder of its own and no model."""
    environ = {
        **os.environ,
        "AIANA_HOME": str(tmp_path / "aiana"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
        "NO_COLOR": "1",
    }

    def run_one(
        *arguments: str, stdin: str = "", **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "aiana", *arguments],
            env=environ | settings,
            input=stdin,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )

    return run_one


@pytest.fixture
def show(tmp_path: Path) -> Show:
    """Runs `aiana` in a terminal of some width, and returns its lines."""
    if os.name != "posix":
        pytest.skip("terminals of another kind")

    def show_one(columns: int, *arguments: str) -> list[str]:
        environ = {
            **os.environ,
            "AIANA_HOME": str(tmp_path / "aiana"),
            "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
            "AIANA_EMBEDDING_MODEL": "no-such-model",
            "NO_COLOR": "1",
            "COLUMNS": str(columns),
        }
        words = [sys.executable, "-m", "aiana", *arguments]
        return on_a_terminal(words, environ, tmp_path).splitlines()

    return show_one


def test_from_nothing_to_an_answer(run: Run) -> None:
    empty = run("search", "anything")
    assert (empty.returncode, empty.stdout) == (0, "")
    assert "Nothing is stored yet: `" in empty.stderr
    assert "-m aiana import` reads" in empty.stderr
    imported = run("import", str(SAMPLE))
    assert imported.returncode == 0
    assert "claude-code: 6 files (6 new, 0 grown, 0 unchanged), 38 messages" in imported.stdout
    assert "aiana model compile" in imported.stderr
    found = run("search", "getCartById", "broken")
    assert found.returncode == 0
    assert "Pin the Redis client below 5" in found.stdout
    assert "aiana:///session/18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108/claude-code#" in found.stdout
    assert "\x1b" not in found.stdout
    assert "words #1" not in found.stdout
    explained = run("search", "getCartById broken -role:tool", "--explain")
    assert "words #1 · words 0." in explained.stdout
    assert "\nrestricted: not by role tool\n" in explained.stderr
    assert "\nweights: keyword 1.00, session 0.70\n" in explained.stderr


def test_words_that_a_query_leaves_out_are_no_options(run: Run) -> None:
    for text in ("the flaky test runs in jest", "the flaky test runs in pnpm"):
        assert run("remember", text, "-p", "shop").returncode == 0

    def found(*arguments: str) -> list[str]:
        hits = json.loads(run("search", "--json", *arguments).stdout)["hits"]
        return sorted(hit["snippet"].split()[-1] for hit in hits)

    assert found("flaky", "test") == ["jest", "pnpm"]
    assert found("flaky", "-jest", "test") == ["pnpm"]
    assert found("flaky", "-pnpm", "-n", "5") == ["jest"]
    assert found("flaky", "-project:shop") == []
    assert found("flaky", "-p", "-shop") == []
    assert found("-n1", "--", "flaky", "-pnpm") == ["jest"]


def test_import_prepares_the_model(run: Run, tmp_path: Path) -> None:
    """The model is prepared when there is something to embed and that is said."""
    compiled = tmp_path / "aiana" / "models" / "all-MiniLM-L6-v2"
    preparing = "note: The embedding model is being prepared for this machine"
    settings = {"AIANA_EMBEDDING_MODEL": "all-MiniLM-L6-v2"}
    assert run("import", str(SAMPLE), "--no-embed", **settings).returncode == 0
    found = run("search", "logged out", **settings)
    assert "by keyword\nnote: No text has a vector yet" in found.stderr
    assert preparing not in found.stderr
    assert not compiled.exists()
    embedded = run("import", str(SAMPLE), **settings).stderr
    assert embedded.index(preparing) < embedded.index("8 texts can now be found by meaning")
    shutil.rmtree(compiled)
    found = run("search", "logged out", **settings)
    assert found.stderr.startswith(preparing)
    assert "by keyword and semantic" in found.stderr
    assert preparing not in run("search", "logged out", **settings).stderr


def test_search_and_context_mark_thinking(run: Run, tmp_path: Path) -> None:
    """Search and context tell what was thought from what was said."""
    content = [
        {"type": "thinking", "thinking": "ducks float"},
        {"type": "text", "text": "ducks swim"},
    ]
    record = {
        "sessionId": "pond",
        "cwd": "/nowhere/pond",
        "timestamp": "2026-01-12T09:14:00.000Z",
        "type": "assistant",
        "uuid": "p",
        "message": {"role": "assistant", "content": content},
    }
    (tmp_path / "pond.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    run("import", str(tmp_path / "pond.jsonl"))
    shown = run("search", "ducks").stdout
    speakers = re.findall(r"^    (\w+) · pond · claude-code · 2026-01-12", shown, re.MULTILINE)
    texts = re.findall(r"^    (ducks \w+)$", shown, re.MULTILINE)
    told = [("assistant", "ducks swim"), ("thinking", "ducks float")]
    assert list(zip(speakers, texts, strict=True)) == told
    for speaker, text in told:
        block = run("context", f'"{text}"', "--all").stdout.partition("## Relevant")[2]
        assert re.findall(r"^\[\d\] (\w+) · .*\n> (.*)$", block, re.MULTILINE) == [(speaker, text)]


def test_narrow_terminal(run: Run, show: Show) -> None:
    text = "Integration tests need make services before they run, since they use a real Redis."
    assert run("remember", text, "--project", "shop").returncode == 0
    assert run("prefer", text).returncode == 0
    shown = show(60, "search", "redis")
    first, second, third, fourth, uri = shown[:5]
    assert (first, second.split(" · ")[:2]) == (" 1  Memory", ["    insight", "shop"])
    assert (third, fourth) == (
        "    Integration tests need make services before they run,",
        "    since they use a real Redis.",
    )
    assert re.fullmatch(r"    aiana:\S+", uri)
    preference = show(60, "preferences")
    assert preference[1][12:] == "Integration tests need make services before they"
    assert preference[2] == " " * 12 + "run, since they use a real Redis."
    assert run("import", str(SAMPLE), "--no-embed").returncode == 0
    for columns in (60, 40):
        for command in ("status", "doctor", "sources"):
            for line in show(columns, command):
                longest = max(line.split(), key=len, default="")
                assert len(line) <= columns or line.strip() == longest, line
    assert text in run("search", "redis").stdout


def test_tables_in_a_narrow_terminal(run: Run, show: Show) -> None:
    """Each row is one line: columns are left out, and what explains stands below."""
    assert run("import", str(SAMPLE), "--no-embed").returncode == 0
    lines = show(40, "sources")
    table = next(n for n, line in enumerate(lines) if "assistant" in line)
    assert lines[table : table + 2] == [
        "  assistant    on disk  stored  missing",
        "  Claude Code        0       6        0",
    ]
    lines = show(40, "status")
    assert "  redis     off         " in [line.ljust(24) for line in lines]
    assert "    not configured; SQLite serves the" in lines
    assert "  assistant    on disk  stored  missing" in lines


def test_a_pipe_is_a_pipe(run: Run, tmp_path: Path) -> None:
    """Whatever COLUMNS says, which many a shell exports."""
    run("remember", "one two " * 40, "--project", "shop")
    run("import", str(SAMPLE), "--no-embed")
    for command in ("sessions", "memories"):
        plain = run(command).stdout
        assert run(command, "list", COLUMNS="40").stdout == plain
        assert {line.count("\t") for line in plain.splitlines()} in ({6}, {5})


def test_a_group_alone_does_what_is_usual(run: Run) -> None:
    run("remember", "one")
    for group, usual in (("memories", "list"), ("sessions", "list"), ("model", "info")):
        alone, named = run(group, "--json"), run(group, usual, "--json")
        assert (alone.stdout, alone.returncode) == (named.stdout, named.returncode)
        assert json.loads(alone.stdout)
        assert run(group).stdout == run(group, usual).stdout
        assert f"Usage: aiana {group} [OPTIONS] COMMAND" in run(group, "--help").stdout
        assert "No such option '--nonsense'" in run(group, "--nonsense").stderr
    assert len(json.loads(run("memories", "-n", "1", "--json").stdout)["memories"]) == 1


def test_more_than_is_shown(run: Run) -> None:
    """The way on is told briefly, and where rows of a list are not."""
    run("remember", "one")
    run("remember", "two")
    first = run("memories", "-n", "1")
    assert first.stdout.count("\n") == 1
    assert first.stderr == "There are more: -n shows up to 1,000, --json and --cursor page.\n"
    cursor = json.loads(run("memories", "-n", "1", "--json").stdout)["nextCursor"]
    assert run("memories", "-n", "1", "--cursor", cursor).stdout.endswith("\tone\n")


def test_failures_with_json_are_sentences(run: Run) -> None:
    for arguments, status in (
        (("sessions", "show", "no-such-id"), 1),
        (("sessions", "list", "--after", "soonish"), 2),
        (("memories", "show", "no-such-id"), 1),
        (("history",), 2),
    ):
        failed = run(*arguments, "--json")
        assert (failed.returncode, failed.stdout) == (status, ""), arguments
        assert failed.stderr.splitlines()[-1].startswith("error: ")


def test_help_in_sixty_columns() -> None:
    def pages(command: click.Command, name: str) -> Iterator[str]:
        context = click.Context(command, info_name=name, terminal_width=60)
        yield command.get_help(context)
        if isinstance(command, click.Group):
            for each in command.list_commands(context):
                below = command.get_command(context, each)
                assert below is not None
                yield from pages(below, f"{name} {each}")

    lines = [line for page in pages(program, "aiana") for line in page.splitlines()]
    assert len(lines) > 200
    assert [line for line in lines if len(line) > 60] == []


def test_empty_query_and_empty_budget(run: Run) -> None:
    """A question of nothing and a budget for nothing are told as such."""
    run("import", str(SAMPLE))
    assert "note: Nothing was asked for" in run("search", " ").stderr
    assert run("search", "project:shop").stderr.endswith(" ms\n")
    told = run("context", "--project", "shop", "--max-tokens", "20").stderr
    assert told.startswith("There is nothing to tell about this project within 20 tokens.")


def test_json_has_the_shapes_of_the_wire(run: Run) -> None:
    run("import", str(SAMPLE))
    found = json.loads(run("search", "getCartById", "--json").stdout)
    assert found["hits"][0]["sessionTitle"] == "Pin the Redis client below 5"
    assert found["modes"] == ["keyword"]
    listed = json.loads(run("sessions", "list", "--project", "infra", "--json").stdout)
    assert [session["messageCount"] for session in listed["sessions"]] == [5, 6]
    state = json.loads(run("status", "--json").stdout)
    assert state["counts"]["messages"] == 38
    assert state["tiers"]["embedder"]["state"] == "unavailable"
    again = json.loads(run("import", str(SAMPLE), "--json").stdout)
    assert again["sources"]["claude-code"]["skipped"] == 6


def test_memories_and_preferences(run: Run, tmp_path: Path) -> None:
    added = json.loads(run("remember", "-", "--tag", "ci", "--json", stdin="run make up").stdout)
    assert added["memory"]["content"] == "run make up"
    assert added["memory"]["project"] == str(tmp_path)
    assert (
        run("remember", "run make up").stdout == f"It is there already: {added['memory']['id']}\n"
    )
    assert "Uses uv" in run("prefer", "Uses uv").stdout
    context = run("context", "make").stdout
    assert "> run make up" in context
    assert "> Uses uv" in context
    assert run("forget", "--project", str(tmp_path), "--dry-run").stdout == (
        "1 memory would be forgotten.\n"
    )
    assert run("forget", added["memory"]["id"][:8], "--yes").stdout == "1 memory forgotten.\n"
    preference = json.loads(run("preferences", "--json").stdout)["static"][0]["id"]
    assert run("preferences", "--remove", preference).stdout.startswith("None yet.")


def test_sessions_are_shown_and_exported(run: Run, tmp_path: Path) -> None:
    run("import", str(SAMPLE))
    shown = run("sessions", "show", "dac1e157", "--limit", "1")
    assert "# Make the login test deterministic" in shown.stdout
    assert "login.test.ts fails about one time in ten" in shown.stdout
    out = tmp_path / "session.json"
    assert run("sessions", "export", "dac1e157", "--format", "json", "-o", str(out)).returncode == 0
    assert len(json.loads(out.read_text())["messages"]) == 8
    unsure = run("forget", "--session", "dac1e157")
    assert unsure.returncode == 2
    assert unsure.stderr.startswith("dac1e157-375f-539f-a889-fa3020fef082  Make the login test")
    assert "say --yes" in unsure.stderr
    planned = run("forget", "--session", "dac1e157", "--dry-run")
    assert planned.stdout == "1 session and 8 messages would be forgotten.\n"
    gone = run("forget", "--session", "dac1e157", "--yes")
    assert gone.stdout == "1 session and 8 messages forgotten.\n"
    gone = run("sessions", "show", "dac1e157")
    assert gone.returncode == 1
    assert gone.stderr.startswith("error: There is no session dac1e157.")


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nonsense",), 2, "No such command 'nonsense'"),
        (("search",), 2, "Missing argument 'QUERY...'"),
        (("search", "x", "--cursor", "!"), 2, "This cursor is none of ours"),
        (("search", "x", "--mode", "semantic"), 1, "aiana model compile"),
        (("import", "no/such/file"), 1, "There is no file or folder no/such/file, and no source"),
        (("import", "~/nope"), 1, f"There is no file or folder {Path.home() / 'nope'}"),
        (("import", "--since", "soon"), 2, "'soon' is no time"),
        (("forget",), 2, "Give either IDS, or"),
        (("forget", "unknown"), 1, "There is no memory unknown. It may have been forgotten."),
        (("remember", "   "), 2, "There is no text to keep."),
        (("preferences", "--remove", "x"), 1, "No preference begins with 'x'"),
        (("model", "info"), 1, ""),
        (("reindex", "vectors"), 1, "aiana model compile"),
    ],
)
def test_failures_say_what_to_do(
    run: Run, arguments: tuple[str, ...], status: int, message: str
) -> None:
    failed = run(*arguments)
    assert (failed.returncode, "Traceback" in failed.stderr) == (status, False)
    assert message in failed.stderr


def test_advice_names_the_program_as_it_was_started(run: Run) -> None:
    """Nothing that is said names an `aiana` where the PATH has none."""
    said = [
        run(*arguments, PATH="/usr/bin:/bin")
        for arguments in (
            ("status",),
            ("doctor",),
            ("import",),
            ("sessions", "list"),
            ("memories",),
            ("search", "x"),
            ("resume", "x"),
            ("backup",),
            ("restore", "--yes"),
            ("reindex", "vectors"),
            ("setup", "codex", "--dry-run"),
        )
    ]
    text = "\n".join(done.stdout + done.stderr for done in said)
    assert f"{shlex.quote(sys.executable)} -m aiana import" in " ".join(text.split())
    assert re.findall(r"(?m)(?:^|`)aiana [a-z]+.*", text) == []


def test_wrong_settings_are_reported_and_left_out(run: Run, tmp_path: Path) -> None:
    (tmp_path / "aiana").mkdir()
    (tmp_path / "aiana" / "config.toml").write_text('contextMaxTokens = "many"\nunknown = 1\n')
    listed = run("preferences")
    file = tmp_path / "aiana" / "config.toml"
    assert listed.returncode == 0
    assert listed.stderr.splitlines()[0] == (
        f"warning: contextMaxTokens in {file} is left out: "
        "it takes a whole number from 0 to 1000000."
    )
    assert listed.stderr.splitlines()[1].startswith(f"warning: unknown in {file} is no setting.")
    state = json.loads(run("status", "--json").stdout)
    assert [(each["setting"], each["line"]) for each in state["settings"]] == [
        ("contextMaxTokens", 1),
        ("unknown", 2),
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_examples(run: Run, command: str) -> None:
    shown = run(command, "--help")
    assert shown.returncode == 0
    assert shown.stdout.startswith(f"Usage: aiana {command}")
    assert "Example" in shown.stdout or "Commands:" in shown.stdout


def test_import_of_nothing(run: Run, tmp_path: Path) -> None:
    nothing = run("import", "--no-embed")
    assert nothing.returncode == 0
    lines = nothing.stdout.splitlines()
    assert lines[1].startswith(f"  looked in {tmp_path / 'claude' / 'projects'}")
    assert lines[2].startswith("nothing of codex, ")
    assert len(lines) == 3
    named = run("import", "codex", "gemini", "--no-embed").stdout.splitlines()
    assert [line[:9] for line in named] == ["codex: 0 ", "  looked ", "gemini: 0", "  looked "]


def test_sessions_list_in_a_terminal_and_in_a_pipe(run: Run, show: Show, tmp_path: Path) -> None:
    """Sessions are listed for people by title and for programs by line."""
    wide = "認証トークンの更新が並行するタブで失敗する問題を修正してください、お願いします"
    moment = "2026-02-01T12:00:00.000Z"
    session = Session(
        id="00000001",
        source="claude-code",
        project="/home/ada/shop",
        title=wide,
        started_at=moment,
    )
    agent = replace(session, id="agent-a1", title="Look for the tabs", parent_id=session.id)
    with closing(open_aiana(Config(data_dir=tmp_path / "aiana"))) as aiana:
        for each in (agent, session):
            message = Message(id="1", session_id=each.id, type="user", timestamp=moment)
            aiana.record_messages(each, [message])
    plain = [line.split("\t") for line in run("sessions", "list", "--agents").stdout.splitlines()]
    assert [(row[0], row[1], row[4], row[6]) for row in plain] == [
        (wide, "00000001", "/home/ada/shop", ""),
        ("Look for the tabs", "agent-a1", "/home/ada/shop", "00000001"),
    ]
    for columns in (80, 60, 40):
        lines = show(columns, "sessions", "list", "--agents")
        assert lines[0].startswith("認証トークンの更新")
        assert lines[1].startswith("  00000001  2026-02-01, ")
        assert lines[2:3] == ["└ Look for the tabs"]
        assert all(width_of(line) <= columns for line in lines)
        assert "shop · claude-code" in lines[1] or columns == 40
        assert width_of(lines[0]) >= min(columns - 2, width_of(wide))


@pytest.mark.parametrize(
    "words", [("search", "x"), ("sessions", "list"), ("forget", "--dry-run"), ("sources",)]
)
def test_a_source_that_is_none_is_refused(run: Run, words: tuple[str, ...]) -> None:
    name = ("claude",) if words == ("sources",) else ("--source", "claude")
    done = run(*words, *name)
    why = "error: There is no source 'claude': is claude-code or claude-ai meant? Aiana can read: "
    assert (done.returncode, done.stdout, done.stderr.startswith(why)) == (1, "", True)


def test_a_source_in_a_query_that_is_none_is_named(run: Run) -> None:
    run("remember", "the heron nests here")
    notes = json.loads(run("search", "heron source:claude_code", "--json").stdout)["notes"]
    assert notes[0].startswith("There is no source 'claude_code': is claude-code meant? ")
    assert json.loads(run("search", "bittern source:aiana", "--json").stdout)["notes"] == [
        "Nothing of source aiana matches “bittern”. 1 text was looked through."
    ]


def test_an_id_is_shown_as_far_as_it_tells_its_session_from_others(
    run: Run, show: Show, tmp_path: Path
) -> None:
    ids = ["agent-a0ad4f44", "agent-a0be5a55", "20260201_12", "20260201_123", "5f0c9d3e-1111-4f"]
    with closing(open_aiana(Config(data_dir=tmp_path / "aiana"))) as aiana:
        for n, each in enumerate(ids):
            moment = f"2026-02-01T12:00:{59 - n}.000Z"
            session = Session(id=each, source="goose", project="/a", started_at=moment)
            said = Message(id=each, session_id=each, type="user", timestamp=moment)
            aiana.record_messages(session, [said])
    shown = [line.split()[0] for line in show(80, "sessions", "list")[1::2]]
    assert shown == ["agent-a0a", "agent-a0b", "20260201_12", "20260201_123", "5f0c9d3e"]
    found = [json.loads(run("sessions", "show", each, "--json").stdout) for each in shown]
    assert [each["session"]["id"] for each in found] == ids


def width_of(line: str) -> int:
    """Columns that a line takes, where what is neither ASCII nor ours takes two."""
    return sum(1 if sign.isascii() or sign in "…·└" else 2 for sign in line)


def test_the_program_alone_shows_what_it_is_for(run: Run) -> None:
    shown = run()
    assert (shown.returncode, "aiana import" in shown.stdout + shown.stderr) == (2, True)
    assert "Examples:" in shown.stdout + shown.stderr


def test_memories_are_listed_shown_edited_and_pinned(run: Run, tmp_path: Path) -> None:
    first = json.loads(run("remember", "first of all", "--json").stdout)["memory"]["id"]
    second = json.loads(run("remember", "and then", "--tag", "ci", "--json").stdout)["memory"]["id"]
    assert run("memories", "pin", first[:8]).stdout == f"Pinned: {first}\n"
    rows = [line.split("\t") for line in run("memories").stdout.splitlines()]
    assert [(row[0], row[4], row[5]) for row in rows] == [
        (first, "pinned", "first of all"),
        (second, "ci", "and then"),
    ]
    assert "and then" in run("memories", "show", second).stdout
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\necho 'and now' > \"$1\"\n")
    editor.chmod(0o755)
    assert run("memories", "edit", second, EDITOR=str(editor)).stdout == f"Changed: {second}\n"
    assert run("memories", "edit", second, EDITOR="true").stdout == f"Not changed: {second}\n"
    assert run("memories", "pin", first, "--off").stdout == f"No longer pinned: {first}\n"
    listed = json.loads(run("memories", "list", "--type", "insight", "--json").stdout)["memories"]
    assert [memory["content"] for memory in listed] == ["and now", "first of all"]
