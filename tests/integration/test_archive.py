"""What `export` writes, `import` reads back, in another store as in the same."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import Aiana, open_aiana
from tests.integration.test_cli import run as run_fixture

run = run_fixture
SAMPLE = Path(__file__).parents[1] / "fixtures" / "sample"
MOMENT = "2026-02-01T00:00:00.000Z"
Opened = Callable[[str], Aiana]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Opened]:
    """Opens a store of its own by a name."""
    stores: dict[str, Aiana] = {}

    def open_one(name: str) -> Aiana:
        return stores.setdefault(name, open_aiana(Config(data_dir=tmp_path / name)))

    yield open_one
    for aiana in stores.values():
        aiana.close()


def filled(aiana: Aiana) -> Aiana:
    aiana.import_sessions(paths=[str(SAMPLE)])
    for source in ("codex", "gemini"):
        same = Session(id="same", source=source, project="shop", started_at="2026-02-01T00:00:00Z")
        said = Message(
            id="m/1",
            session_id="same",
            type="user",
            role="user",
            content=f"what {source} was asked",
            timestamp="2026-02-01T00:00:00.000Z",
            metadata={"b": 1, "a": [2]},
        )
        aiana.record_messages(same, [said])
    memory = aiana.add_memory("it is kept", "pattern", tags=["pinned"], project="shop").memory
    aiana.rate_memory(memory.id, "helpful")
    aiana.add_memory("second: ünï", metadata={"x": {"y": 1}})
    for text in ("uses uv", "writes tests"):
        aiana.add_preference(text)
        aiana.add_preference(f"for now {text}", static=False)
    return aiana


def written(aiana: Aiana, path: Path) -> Path:
    path.write_text("".join(aiana.archive()), encoding="utf-8")
    return path


def test_archive_round_trip_is_equal_to_the_byte(store: Opened, tmp_path: Path) -> None:
    first, second = filled(store("first")), store("second")
    archive = written(first, tmp_path / "all.jsonl")
    result = second.import_sessions(paths=[str(archive)])
    counts = result.sources["aiana"]
    assert (counts.found, counts.imported, counts.failed, counts.skipped_lines) == (1, 1, [], 0)
    assert counts.memories == 2
    again = written(second, tmp_path / "again.jsonl")
    assert again.read_bytes() == archive.read_bytes()
    assert second.profile() == first.profile()
    assert [m.content for m in second.list_memories().memories] == ["it is kept", "second: ünï"]
    assert second.list_sessions().sessions == first.list_sessions().sessions
    assert second.search("codex").hits[0].source == "codex"


def test_archive_read_twice_changes_nothing(store: Opened, tmp_path: Path) -> None:
    first = filled(store("first"))
    archive = written(first, tmp_path / "all.jsonl")
    revision = first.changes_since(None)[1]
    first.import_sessions(paths=[str(archive)])
    counts = first.import_sessions(paths=[str(archive)]).sources["aiana"]
    assert counts.skipped == 1
    assert first.changes_since(revision)[0].kinds == []
    assert written(first, tmp_path / "again.jsonl").read_bytes() == archive.read_bytes()


def test_archive_of_two_versions_the_later_stays(store: Opened, tmp_path: Path) -> None:
    first, second = store("first"), store("second")
    memory = first.add_memory("as it was").memory
    old = written(first, tmp_path / "old.jsonl")
    first.update_memory(memory.id, content="as it is")
    new = written(first, tmp_path / "new.jsonl")
    for path in (old, new, old):
        second.import_sessions(paths=[str(path)])
        path.touch()
    assert [m.content for m in second.list_memories().memories] == ["as it is"]


def test_archive_without_forgotten_texts(store: Opened, tmp_path: Path) -> None:
    aiana = filled(store("first"))
    archive = written(aiana, tmp_path / "all.jsonl")
    memory = aiana.list_memories().memories[0]
    session = aiana.list_sessions().sessions[0]
    aiana.delete_memories([memory.id])
    aiana.delete_session(session.id, source=session.source)
    aiana.import_sessions(paths=[str(archive)])
    assert memory.id not in {m.id for m in aiana.list_memories().memories}
    left = {(s.source, s.id) for s in aiana.list_sessions().sessions}
    assert (session.source, session.id) not in left


def test_archive_damaged_lines_cost_themselves(store: Opened, tmp_path: Path) -> None:
    archive = written(filled(store("first")), tmp_path / "all.jsonl")
    lines = archive.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3:3] = ["{not json\n", '{"future": 1}\n', '["no object"]\n', '{"memory": {"id": 5}}\n']
    archive.write_text("".join(lines), encoding="utf-8")
    second = store("second")
    counts = second.import_sessions(paths=[str(archive)]).sources["aiana"]
    assert counts.skipped_lines == 4
    assert [line.line for line in counts.left_out] == [4, 5, 6, 7]
    assert second.status().counts.messages == store("first").status().counts.messages


def test_archive_of_a_newer_version_is_refused(store: Opened, tmp_path: Path) -> None:
    archive = tmp_path / "newer.jsonl"
    archive.write_text('{"aianaArchive": 2}\n')
    failed = store("first").import_sessions(paths=[str(archive)]).sources["aiana"].failed
    assert "newer Aiana" in failed[0].reason


def test_shared_session_says_where_it_came_from(store: Opened, tmp_path: Path) -> None:
    first, second = filled(store("first")), store("second")
    session = next(s for s in first.list_sessions().sessions if s.source == "claude-code")
    shared = first.share(session.uri, "json")
    assert session.project_path
    assert session.project_path not in shared.text.splitlines()[1]
    path = tmp_path / "from-anna.jsonl"
    path.write_text(shared.text, encoding="utf-8")
    second.import_sessions(paths=[str(path)])
    known = second.get_session(session.id).session
    assert known.metadata["importedFrom"] == "from-anna.jsonl"
    assert (known.title, known.message_count) == (session.title, session.message_count)


def test_shared_markdown_is_read_back(store: Opened, tmp_path: Path) -> None:
    first, second = filled(store("first")), store("second")
    for session in first.list_sessions().sessions:
        path = tmp_path / f"{session.id}.md"
        path.write_text(first.share(session.uri).text, encoding="utf-8")
        second.import_sessions(paths=[str(path)])
        known = second.get_session(session.id, session.source).session
        assert known.metadata["importedFrom"] == path.name
        assert (known.title, known.started_at) == (session.title, session.started_at)
        said, back = (
            [
                (m.id, m.type, m.role, m.timestamp, m.content.strip("\n"))
                for m in aiana.session_messages(session.id, source=session.source).messages
                if not (m.type == "tool_use" and '"old_string"' in (m.tool_input or ""))
            ]
            for aiana in (first, second)
        )
        assert [message for message in back if message in said] == said


def test_shared_memory_is_read_back(store: Opened, tmp_path: Path) -> None:
    first, second = store("first"), store("second")
    text = "- Deploys need a warm cache.\n\n# No heading\n- nor a fact: of it"
    memory = first.add_memory(text, "pattern", tags=["ci"]).memory
    path = tmp_path / "from-anna.md"
    path.write_text(first.share(memory.uri).text, encoding="utf-8")
    assert second.import_sessions(paths=[str(path)]).sources["aiana"].memories == 1
    back = second.get_memory(memory.id).memory
    assert (back.content, back.memory_type, back.tags) == (text, "pattern", ["ci"])
    assert back.metadata["importedFrom"] == "from-anna.md"


def test_shared_markdown_only_adds(store: Opened, tmp_path: Path) -> None:
    first = filled(store("first"))
    sessions = first.list_sessions().sessions
    before = [first.session_messages(s.id, source=s.source).messages for s in sessions]
    for session in sessions:
        path = tmp_path / f"{session.id}.md"
        path.write_text(first.share(session.uri).text, encoding="utf-8")
        first.import_sessions(paths=[str(path)])
    assert [first.session_messages(s.id, source=s.source).messages for s in sessions] == before


def test_shared_text_cannot_be_taken_for_the_file(store: Opened, tmp_path: Path) -> None:
    first, second = store("first"), store("second")
    session = Session(id="s", source="codex", project="p", started_at=MOMENT, title="T")
    forged = '<!-- aiana-message {"id": "x"} -->\n## User · said nothing\n```\nopen'
    texts = [forged, "---\n\nanswered", "# head\n\n- Project: other"]
    said = [
        Message(
            id=f"m{n}", session_id="s", type="user", role="user", content=text, timestamp=MOMENT
        )
        for n, text in enumerate(texts)
    ]
    first.record_messages(session, said)
    text = first.share(first.get_session("s").session.uri).text
    key = text.split()[3]
    path = tmp_path / "shared.md"
    path.write_text(text, encoding="utf-8")
    second.import_sessions(paths=[str(path)])
    back = [m.content for m in second.session_messages("s").messages]
    assert back == [f"{forged}\n```", *texts[1:]]  # what it left open was closed
    # Who cuts, or spoils, a part of the file loses that part.
    path.write_text(text.replace(f'{key} {{"id":"m1"', f"{key} {{id"), encoding="utf-8")
    counts = store("third").import_sessions(paths=[str(path)]).sources["aiana"]
    assert (counts.messages, counts.skipped_lines) == (2, 1)


def test_shared_markdown_of_a_newer_version_is_refused(store: Opened, tmp_path: Path) -> None:
    path = tmp_path / "newer.md"
    path.write_text(f"<!-- aiana-share 2 {'0' * 16} -->\n")
    failed = store("first").import_sessions(paths=[str(path)]).sources["aiana"].failed
    assert "newer Aiana" in failed[0].reason


def test_export_command(run: Callable[..., object], tmp_path: Path) -> None:
    def ran(*arguments: str) -> tuple[int, str, str]:
        done = run(*arguments)
        return done.returncode, done.stdout, done.stderr  # type: ignore[attr-defined]

    assert ran("import", str(SAMPLE))[0] == 0
    assert ran("remember", "keep this in mind")[0] == 0
    file = tmp_path / "all.jsonl"
    assert ran("export", "--all", "-o", str(file)) == (0, "", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ran("export", "--all")[1] == file.read_text(encoding="utf-8")
    memory = json.loads(file.read_text(encoding="utf-8").splitlines()[-1])["memory"]["id"]
    status, shown, told = ran("export", memory[:8])
    assert (status, "keep this in mind" in shown) == (0, True)
    assert told == "keep this in mind: a memory. Look at it before you share it.\n"
    assert ran("export")[0] == 2
    assert ran("export", "no-such-id")[0] == 1
    session = next(line for line in file.read_text().splitlines() if '"session"' in line)
    id = json.loads(session)["session"]["id"]
    store = Path(json.loads(ran("status", "--json")[1])["dataDir"]) / "conversations.db"
    (tmp_path / "link.md").symlink_to(store)
    for words in (
        ("export", "--all"),
        ("export", id),
        ("sessions", "export", id),
        ("handover", id),
    ):
        for place in (store, tmp_path / "link.md"):
            status, shown, told = ran(*words, "-o", str(place))
            assert (status, shown) == (1, "")
            assert told.startswith(f"error: {place} lies in Aiana's own folder, ")
    assert ran("export", memory[:8])[0] == 0
    assert "aiana: 1 file (1 new" in ran("import", str(file))[1]
