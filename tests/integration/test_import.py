from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aiana.capture.access import how_to_open
from aiana.capture.claude_code import ClaudeCode
from aiana.capture.importer import import_sources
from aiana.capture.inventory import capture_sources
from aiana.errors import NotFound
from aiana.protocol.results import ImportCounts
from aiana.storage import AianaStorage
from tests.counting import claude_blocks

SHARED = Path(__file__).parents[3] / "shared" / "bench" / "transcripts" / "claude-code"
SERVER = Path(__file__).parents[2] / "server"
T = "2026-02-01T12:00:{:02d}.000Z"


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[AianaStorage]:
    with AianaStorage(tmp_path / "data" / "conversations.db") as opened:
        yield opened


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which Claude Code would keep its sessions."""
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    folder = tmp_path / "claude" / "projects" / "-home-u-app"
    folder.mkdir(parents=True)
    return folder


def said(kind: str, uuid: str, text: str, second: int = 0, session: str = "s1") -> dict[str, Any]:
    return {
        "type": kind,
        "uuid": uuid,
        "sessionId": session,
        "timestamp": T.format(second),
        "cwd": "/home/u/app",
        "message": {"role": kind, "content": [{"type": "text", "text": text}]},
    }


def write(path: Path, *records: dict[str, Any], mtime: int = 1_000_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    os.utime(path, (mtime, mtime))
    return path


def run(storage: AianaStorage, **options: Any) -> ImportCounts:
    return import_sources(storage, **options).sources["claude-code"]


def content(storage: AianaStorage, session: str = "s1") -> list[tuple[str, str]]:
    return [(m.id, m.content) for m in storage.get_messages(session)]


def dump(database: Path) -> list[Any]:
    """Everything that is stored, without keys and times of import."""
    with closing(sqlite3.connect(database)) as connection, connection:
        select = connection.execute
        return [
            select(
                "SELECT s.id, s.source, p.id, project_path, transcript_path, started_at, ended_at, "
                "title, summary, parent_id, message_count, token_count, metadata "
                "FROM sessions s JOIN projects p ON p.key = s.project_key ORDER BY 1, 2"
            ).fetchall(),
            select(
                "SELECT s.id, m.id, type, role, tool_name, timestamp, m.parent_id, tokens, "
                "content, identifiers, tool_input, m.metadata FROM messages m "
                "JOIN sessions s ON s.key = m.session_key ORDER BY 1, 2"
            ).fetchall(),
            select("SELECT * FROM pending_titles ORDER BY 1, 2").fetchall(),
            select("SELECT path, source, position FROM capture_positions ORDER BY 1").fetchall(),
        ]


def test_import_incremental(storage: AianaStorage, projects: Path) -> None:
    path = write(projects / "s1.jsonl", said("user", "u1", "hello"), said("assistant", "a1", "hi"))
    size = path.stat().st_size
    assert run(storage) == ImportCounts(found=1, imported=1, messages=2, bytes=size)
    before = dump(storage.database.path)
    assert run(storage) == ImportCounts(found=1, skipped=1)
    assert dump(storage.database.path) == before

    write(path, said("user", "u2", "more", 1), mtime=1_000_000_001)
    assert run(storage) == ImportCounts(
        found=1, updated=1, messages=1, bytes=path.stat().st_size - size
    )
    assert content(storage) == [("u1", "hello"), ("a1", "hi"), ("u2", "more")]


def test_a_file_that_was_only_touched_changes_nothing(
    storage: AianaStorage, projects: Path
) -> None:
    path = write(projects / "s1.jsonl", said("user", "u1", "hello"))
    run(storage)
    os.utime(path, (1_000_000_009, 1_000_000_009))
    assert run(storage) == ImportCounts(found=1, skipped=1, bytes=path.stat().st_size)


def test_a_file_that_disappears_takes_nothing_with_it(
    storage: AianaStorage, projects: Path
) -> None:
    path = write(projects / "s1.jsonl", said("user", "u1", "hello"))
    run(storage)
    path.unlink()
    assert run(storage) == ImportCounts()
    assert content(storage) == [("u1", "hello")]
    state = capture_sources(storage)[0]
    assert (state.on_disk, state.stored, state.missing, state.vanished) == (0, 1, 0, 1)


def test_import_resumed_and_forked(storage: AianaStorage, projects: Path) -> None:
    first, second = said("user", "u1", "one"), said("assistant", "a1", "two", 1)
    write(projects / "zz.jsonl", first, second, mtime=1_000_000_000)
    again = [record | {"sessionId": "s2"} for record in (first, second)]
    new = said("user", "u2", "three", 2, session="s2")
    write(projects / "aa.jsonl", *again, new, mtime=1_000_000_100)
    assert run(storage).messages == 3
    assert content(storage) == [("u1", "one"), ("a1", "two")]
    assert content(storage, "s2") == [("u2", "three")]


@pytest.mark.parametrize("summary_first", [True, False])
def test_import_summaries(storage: AianaStorage, projects: Path, summary_first: bool) -> None:
    summary = {"type": "summary", "summary": "About greetings", "leafUuid": "a1"}
    times = (1_000_000_000, 1_000_000_100)
    write(projects / "t.jsonl", summary, mtime=times[not summary_first])
    write(projects / "s1.jsonl", said("assistant", "a1", "hi"), mtime=times[summary_first])
    run(storage)
    assert [(s.id, s.title) for s in storage.list_sessions()] == [("s1", "About greetings")]


def test_secrets_never_reach_the_disk(storage: AianaStorage, projects: Path) -> None:
    secret = "npm_" + "a1B2c3D4e5F6" * 3
    call = {"type": "tool_use", "id": "c", "name": "Bash"}
    arguments = {"command": f"export X={secret}", "env": {"password": "correct7horse"}}
    record = said("assistant", "a1", f"It is {secret}.")
    record["message"]["content"].append(call | {"input": arguments})
    titled = {"type": "summary", "summary": f"Use {secret}", "leafUuid": "a1"}
    write(projects / "s1.jsonl", record, titled)
    assert run(storage).redactions == 4
    assert content(storage) == [
        ("a1", "It is [redacted:npm-token]."),
        ("a1#1", "export X=[redacted:npm-token]\n[redacted:password]"),
    ]
    assert json.loads(storage.get_messages("s1")[1].tool_input or "") == {
        "command": "export X=[redacted:npm-token]",
        "env": {"password": "[redacted:password]"},
    }
    for file in storage.database.path.parent.iterdir():
        data = file.read_bytes()
        assert secret.encode() not in data
        assert b"correct7horse" not in data


def test_our_own_blocks_are_not_remembered(storage: AianaStorage, projects: Path) -> None:
    block = '<aiana-context project="x">\n- [1] old news\n</aiana-context>'
    write(projects / "s1.jsonl", said("user", "u1", f"{block}\nfix the parser"))
    run(storage)
    assert content(storage) == [("u1", "fix the parser")]


def test_bad_files_are_reported_and_stop_no_other(storage: AianaStorage, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    good = write(folder / "good.jsonl", said("user", "u1", "hello"))
    (folder / "binary.jsonl").write_bytes(os.urandom(5000))
    (folder / "empty.jsonl").touch()
    wide = folder / "wide.jsonl"
    wide.write_bytes(json.dumps(said("user", "u2", "x")).encode("utf-16"))
    notes = folder / "notes.txt"
    notes.write_text("not ours")
    (folder / "loop.jsonl").symlink_to(folder / "loop.jsonl")
    os.mkfifo(folder / "pipe.jsonl")
    (folder / "endless.jsonl").symlink_to("/dev/zero")
    given: list[Path | str] = [folder, wide, notes, folder / "pipe.jsonl"]
    given += [folder / "endless.jsonl", "/dev/zero", tmp_path / "missing", "~nobody-here/x.jsonl"]
    given.append("")
    result = import_sources(storage, paths=given)
    assert [(Path(f.path).name, f.reason) for f in result.failed] == [
        ("wide.jsonl", "It is UTF-16 text, transcripts are UTF-8: convert it first."),
        ("notes.txt", result.failed[1].reason),
        ("pipe.jsonl", "It is not a regular file."),
        ("endless.jsonl", "It is not a regular file."),
        ("zero", "It is not a regular file."),
        ("missing", "There is no such file or folder."),
        ("x.jsonl", "There is no such file or folder."),
        (Path.cwd().name, "There is no such file or folder."),
    ]
    nobody = "It looks like the transcript of no assistant. Known are Aiana, Claude Code, Codex,"
    assert result.failed[1].reason.startswith(nobody)
    counts = result.sources["claude-code"]
    assert counts.failed == []
    assert (counts.found, counts.imported, counts.messages) == (1, 1, 1)
    assert content(storage) == [("u1", "hello")]
    assert run(storage, paths=[str(good)]).skipped == 1


@pytest.mark.timeout(60)
def test_no_pipe_beside_a_transcript_is_waited_for(storage: AianaStorage, projects: Path) -> None:
    write(projects / "s1.jsonl", said("user", "u1", "hello"))
    agent = projects / "s1" / "subagents" / "agent-a7.jsonl"
    write(agent, said("user", "u2", "look") | {"isSidechain": True, "agentId": "a7"})
    os.mkfifo(agent.with_suffix(".meta.json"))
    os.mkfifo(projects.parent.parent / "settings.json")
    counts = run(storage)
    assert (counts.failed, counts.imported, counts.messages) == ([], 2, 2)
    (state,) = capture_sources(storage, ["claude-code"])
    assert (state.on_disk, state.stored) == (2, 2)


def test_import_reports_a_bad_file(storage: AianaStorage, projects: Path) -> None:
    (projects / "binary.jsonl").write_bytes(b"\x00\xff\n" * 10)
    (projects / "wide.jsonl").write_bytes("{}\n".encode("utf-16"))
    (projects / "empty.jsonl").touch()
    write(projects / "s1.jsonl", said("user", "u1", "hello"))
    counts = run(storage)
    assert {Path(f.path).name: f.reason for f in counts.failed} == {
        "binary.jsonl": "None of its 10 lines is a Claude Code record.",
        "wide.jsonl": "It is UTF-16 text, transcripts are UTF-8: convert it first.",
    }
    assert (counts.found, counts.imported, counts.messages) == (4, 2, 1)


def test_damage_is_told_by_file_and_line(storage: AianaStorage, projects: Path) -> None:
    path = projects / "s1.jsonl"
    whole = json.dumps(said("user", "u1", "kestrel"))
    glued = json.dumps(said("user", "u2", "gannet"))
    path.write_text(f"{whole}\n{whole[:150]}{glued}\nnoise\n{glued}{whole}\n")
    counts = run(storage)
    assert content(storage) == [("u2", "gannet"), ("u1", "kestrel")]
    told = [(2, "It holds a record without its end."), (3, "It is no JSON object.")]
    assert counts.skipped_lines == 2
    assert [(line.path, line.line, line.reason) for line in counts.left_out] == [
        (str(path), line, reason) for line, reason in told
    ]
    with path.open("a") as file:
        file.write("more noise\n")
    again = run(storage)
    assert [(line.line, again.skipped_lines) for line in again.left_out] == [(5, 1)]
    state = capture_sources(storage)[0]
    assert state.skipped_lines == 3
    assert [line.line for line in state.left_out] == [2, 3, 5]


def test_what_is_named_of_the_damage_is_bounded(storage: AianaStorage, projects: Path) -> None:
    for name in range(10):
        path = write(projects / f"s{name}.jsonl", said("user", "u1", "x", session=f"s{name}"))
        with path.open("a") as file:
            file.write("noise\n" * 500)
    counts = run(storage)
    assert (counts.skipped_lines, len(counts.left_out)) == (5000, 100)
    state = capture_sources(storage)[0]
    assert (state.skipped_lines, len(state.left_out)) == (5000, 100)


def test_import_of_an_endless_line(storage: AianaStorage, projects: Path) -> None:
    """A line longer than all bounds can be waited for and stopped."""
    path = write(projects / "s1.jsonl", said("user", "u1", "before"))
    with path.open("ab") as file:
        file.truncate(300 << 20)
        file.write(b"\n")
    write(path, said("user", "u2", "after"))
    steps: list[int] = []
    run(storage, progress=lambda done, total, path: steps.append(done), cancelled=lambda: True)
    assert len(steps) == 1
    assert content(storage) == [("u1", "before")]
    counts = run(storage)
    assert content(storage) == [("u1", "before"), ("u2", "after")]
    assert [(line.line, line.reason) for line in counts.left_out] == [
        (2, "It is longer than 64 MiB.")
    ]


def test_import_after_a_reader_change(
    storage: AianaStorage, projects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(projects / "s1.jsonl", said("user", "u1", "hello"))
    run(storage)
    assert run(storage).skipped == 1
    monkeypatch.setattr(ClaudeCode, "version", 99)
    assert run(storage).bytes == path.stat().st_size
    assert run(storage).skipped == 1


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_without_permission(storage: AianaStorage, projects: Path) -> None:
    denied = write(projects / "s1.jsonl", said("user", "u1", "hello"))
    denied.chmod(0)
    closed = projects / "closed"
    write(closed / "s2.jsonl", said("user", "u2", "x", session="s2"))
    closed.chmod(0)
    try:
        failed = run(storage).failed
    finally:
        closed.chmod(0o700)
    assert [(f.path, f.reason) for f in failed] == [
        (str(closed), "Permission denied"),
        (str(denied), "Permission denied"),
    ]


def test_a_folder_that_is_a_link_is_read_once(
    storage: AianaStorage, projects: Path, tmp_path: Path
) -> None:
    write(projects / "s1.jsonl", said("user", "u1", "hello"))
    away = tmp_path / "dotfiles" / "shop"
    write(away / "deep" / "s2.jsonl", said("user", "u2", "from afar", session="s2"))
    for name, target in (
        ("a-link", away),
        ("b-same", away),
        ("c-below", away / "deep"),
        ("d-loop", projects.parent),
        ("e-around", tmp_path),
        ("f-gone", tmp_path / "gone"),
        ("g-inside", projects),
        ("h-root", Path(projects.anchor)),
    ):
        (projects.parent / name).symlink_to(target)
    (away / "back").symlink_to(projects.parent)
    counts = run(storage)
    assert (counts.found, counts.messages, counts.failed) == (2, 2, [])
    assert content(storage, "s2") == [("u2", "from afar")]
    assert run(storage).skipped == 2


def test_what_opens_closed_transcripts_opens_their_folders(tmp_path: Path) -> None:
    closed = tmp_path / "projects" / "-home-u-app"
    transcript = write(closed / "s1.jsonl", said("user", "u1", "hello"))
    transcript.chmod(0)
    closed.chmod(0)
    subprocess.run(how_to_open(str(closed)).strip("`"), shell=True, check=True)
    assert [path.stat().st_mode & 0o777 for path in (closed, transcript)] == [0o500, 0o400]


def test_a_folder_in_which_nothing_is_known_is_named(storage: AianaStorage, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    write(folder / "more" / "notes.jsonl", {"milk": 2})
    given = write(tmp_path / "backup" / "s1.jsonl", said("user", "u1", "hello"))
    result = import_sources(storage, paths=[folder, given.parent])
    why = "Nothing in it is a transcript that is known."
    assert [(f.path, f.reason) for f in result.failed] == [(str(folder), why)]
    assert result.sources["claude-code"].messages == 1


def test_what_was_given_once_is_read_by_every_import(
    storage: AianaStorage, projects: Path, tmp_path: Path
) -> None:
    given = write(tmp_path / "backup" / "s1.jsonl", said("user", "u1", "hello"))
    history = tmp_path / "shop" / ".aider.chat.history.md"
    history.parent.mkdir()
    history.write_text("# aider chat started at 2026-02-01 12:00:00\n\n#### who nests here  \n")
    import_sources(storage, paths=[given.parent, history])
    write(given, said("user", "u2", "and again", second=1), mtime=1_000_000_001)
    with history.open("a") as file:
        file.write("\nThe heron does.\n\n#### and who else  \n")

    waiting = {s.name: s.missing for s in capture_sources(storage) if s.missing}
    assert waiting == {"claude-code": 1, "aider": 1}
    result = import_sources(storage, ["claude-code"]).sources
    assert (result["claude-code"].found, result["claude-code"].updated) == (1, 1)
    assert content(storage) == [("u1", "hello"), ("u2", "and again")]
    result = import_sources(storage).sources
    assert (result["aider"].updated, result["aider"].messages) == (1, 2)
    assert result["claude-code"].skipped == 1

    history.unlink()
    assert import_sources(storage).sources["aider"].found == 0


def test_unknown_sources(storage: AianaStorage) -> None:
    with pytest.raises(NotFound, match="claude-code"):
        import_sources(storage, sources=["clod"])


def test_since_progress_and_cancelling(storage: AianaStorage, projects: Path) -> None:
    old = write(projects / "old.jsonl", said("user", "u1", "old", session="s1"))
    new = write(
        projects / "new.jsonl", said("user", "u2", "new", session="s2"), mtime=1_700_000_000
    )
    assert run(storage, since="2020-01-01T00:00:00.000Z").found == 1
    with pytest.raises(NotFound):
        storage.get_messages("s1")

    steps: list[tuple[int, int, str]] = []
    write(new, said("user", "u3", "newer", 1, session="s2"), mtime=1_700_000_001)
    sizes = old.stat().st_size, new.stat().st_size
    counts = run(storage, progress=lambda *step: steps.append(step), cancelled=lambda: True)
    assert (counts.found, counts.messages) == (2, 1)
    assert steps == [(sizes[1], sum(sizes), new.name)]

    steps.clear()
    assert run(storage, progress=lambda *step: steps.append(step)).messages == 1
    assert steps == [(sum(sizes), sum(sizes), old.name), (sum(sizes), sum(sizes), "")]


def test_sources_reconcile(storage: AianaStorage, projects: Path) -> None:
    write(projects / "s1.jsonl", said("user", "u1", "hello"))
    run(storage)
    fresh = projects / "s2.jsonl"
    fresh.write_text(json.dumps(said("user", "u2", "hello", session="s2")) + "\n")
    state = capture_sources(storage)[0]
    assert state.roots[0] == str(projects.parent)
    assert (state.name, state.on_disk, state.stored, state.missing) == ("claude-code", 2, 1, 1)
    assert state.vanished == 0
    assert state.expiring_soon == 1
    assert state.last_import is not None


def big_session(path: Path, megabytes: int) -> Path:
    """A session that takes several transactions."""
    text = "the quick brown fox jumps over the lazy dog " * 200
    count = megabytes * 1_000_000 // len(text)
    records = [
        said("user" if n % 2 else "assistant", f"m{n}", f"{n} {text}", n % 60) for n in range(count)
    ]
    return write(path, *records)


_CHILD = """
import sys
from aiana.capture.claude_code import ClaudeCode
from aiana.capture.importer import import_sources
from aiana.storage import AianaStorage

def report(done, total, path):
    print(done, flush=True)
    if sys.argv[1] == "waits":
        sys.stdin.readline()

import_sources(AianaStorage(sys.argv[2]), paths=sys.argv[3:], progress=report)
"""


@pytest.mark.parametrize(("manner", "steps"), [("waits", 1), ("waits", 3), ("runs on", 2)])
def test_a_killed_import_goes_on_where_it_stopped(tmp_path: Path, manner: str, steps: int) -> None:
    """Killed between two transactions, where it waits, or wherever it is when it runs on."""
    folder = tmp_path / "transcripts"
    big_session(folder / "s1.jsonl", 7)
    write(folder / "s2.jsonl", said("user", "x1", "small", session="s2"), mtime=1_100_000_000)
    killed, clean = tmp_path / "killed" / "c.db", tmp_path / "clean" / "c.db"
    with AianaStorage(clean) as storage:
        whole = run(storage, paths=[folder])

    command = [sys.executable, "-c", _CHILD, manner, str(killed), str(folder)]
    environment = os.environ | {"PYTHONPATH": str(SERVER)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        reached = int(child.stdout.readline())
        for _ in range(steps - 1):
            child.stdin.write("\n")
            child.stdin.flush()
            reached = int(child.stdout.readline())
        child.kill()
        child.wait()

    with AianaStorage(killed) as storage:
        rest = run(storage, paths=[folder])
    if manner == "waits":
        assert 0 < reached == whole.bytes - rest.bytes
    assert dump(killed) == dump(clean)


@pytest.mark.skipif(not SHARED.is_dir(), reason="no transcripts beside the project")
def test_import_real_transcripts(storage: AianaStorage) -> None:
    # Records made by hand share uuids such as `a1` between sessions that have nothing in common.
    recorded = sorted(p for p in SHARED.glob("*.jsonl") if not p.name.startswith("claude__"))
    counts = run(storage, paths=recorded)
    assert counts.failed == []
    assert counts.found == counts.imported == len(recorded)
    expected, uuids = _independent_count(recorded)
    with closing(sqlite3.connect(storage.database.path)) as connection, connection:
        kinds = Counter(
            "local" if tool == "local-command" else kind
            for kind, tool in connection.execute("SELECT type, tool_name FROM messages")
        )
        ids = {row[0] for row in connection.execute("SELECT id FROM messages")}
    assert kinds == expected
    assert {name for name in ids if "#" not in name and not name.startswith("h-")} == uuids

    every = run(storage, paths=[SHARED])
    assert every.failed == []
    assert every.found == len(list(SHARED.glob("*.jsonl")))
    before = dump(storage.database.path)
    again = run(storage, paths=[SHARED])
    assert (again.skipped, again.bytes, again.messages) == (every.found, 0, 0)
    assert dump(storage.database.path) == before


def _independent_count(paths: list[Path]) -> tuple[Counter[str], set[str]]:
    """Rows by kind and the uuids that have any, counted with nothing but the json module.

    A row is one (uuid, ordinal of its block); a uuid that several sessions repeat counts once.
    """
    owner: dict[str, str] = {}
    rows: dict[tuple[str, int], str] = {}
    steering: Counter[str] = Counter()
    for path in sorted(paths, key=lambda p: (p.stat().st_mtime, str(p))):
        queue: list[str] = []
        for line in path.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if not isinstance(record, dict):
                continue
            match record.get("operation"):
                case "enqueue":
                    queue.append(record["content"])
                case "dequeue":
                    queue.pop(0)
                case "remove":
                    steering["system" if _is_notice(queue.pop(0)) else "user"] += 1
            uuid = record.get("uuid")
            session = f"{record.get('sessionId')}/{record.get('agentId')}"
            if uuid is not None and owner.setdefault(uuid, session) == session:
                rows |= {(uuid, n): kind for n, kind in enumerate(_kinds(record))}
    totals = Counter(rows.values())
    return totals + steering, {uuid for uuid, _ in rows}


def _kinds(record: dict[str, Any]) -> list[str]:
    """What each row of a record is, in order."""
    kind, message = record.get("type"), record.get("message")
    if kind == "system":
        return ["system"] if record.get("content") else []
    if kind not in ("user", "assistant") or not isinstance(message, dict):
        return []
    blocks = claude_blocks(message)
    if kind == "assistant":
        program = record.get("isApiErrorMessage") or message.get("model") == "<synthetic>"
        names = {"text": "system" if program else "assistant", "thinking": "thinking"}
        return [
            names.get(block["type"], block["type"])
            for block in blocks
            if block["type"] == "tool_use" or block.get(block["type"], "").strip()
        ]
    results = ["tool_result" for block in blocks if block["type"] == "tool_result"]
    said = [b.get("text", "[image]") for b in blocks if b["type"] != "tool_result"]
    text = "\n".join(said).strip()
    if not text or text.startswith(("Caveat:", "<local-command-caveat>")):
        return results
    if text.startswith("<local-command-stdout>"):
        shown = text.removeprefix("<local-command-stdout>").removesuffix("</local-command-stdout>")
        return [*results, "local"] if shown.strip() else results
    if record.get("isCompactSummary"):
        return [*results, "summary"]
    program = record.get("isMeta") or text.startswith("[Request interrupted")
    return [*results, "system" if program or _is_notice(text) else "user"]


def _is_notice(text: str) -> bool:
    return text.startswith(("<task-notification>", "<agent-notification>"))


def test_import_counts_completed_once(storage: AianaStorage, projects: Path) -> None:
    path = projects / "s1.jsonl"
    write(path, said("user", "u1", "why"), said("assistant", "a1", "Beca"))
    write(path, said("assistant", "a1", "Because."), said("user", "u2", "thanks"))
    assert run(storage).messages == storage.get_stats().messages == 3
