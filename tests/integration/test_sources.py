"""What is on disk against what is stored: every count can be opened."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aiana.capture import sources
from aiana.capture.importer import import_sources
from aiana.capture.inventory import capture_sources
from aiana.cli.reconciled import print_table
from aiana.errors import NotFound
from aiana.protocol.results import SourceStatus
from aiana.storage import AianaStorage


def said(uuid: str, session: str) -> str:
    record = {"type": "user", "uuid": uuid, "sessionId": session, "message": {"content": "hello"}}
    return json.dumps(record) + "\n"


def test_each_file_says_what_became_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "claude"))
    folder = tmp_path / "claude" / "projects" / "-x"
    folder.mkdir(parents=True)
    names = ("stored", "grown", "odd", "gone", "broken", "new")
    stored, grown, odd, gone, broken, new = (folder / f"{name}.jsonl" for name in names)
    for path in (stored, grown, gone):
        path.write_text(said(path.stem, path.stem))
    odd.write_text(said("o", "odd") + "no record\n")
    broken.write_bytes(b"\xff\xfe{\0}\0")
    old = time.time() - 25 * 86_400
    os.utime(stored, (old, old))
    with AianaStorage(tmp_path / "conversations.db") as storage:
        import_sources(storage, ["claude-code"])
        gone.unlink()
        with grown.open("a") as file:
            file.write(said("g2", "grown"))
        new.write_text(said("n", "new"))
        (state,) = capture_sources(storage, ["claude-code"], with_files=True)
        files = {Path(file.path).stem: file for file in state.files}
        assert {name: file.state for name, file in files.items()} == {
            "stored": "stored",
            "grown": "waiting",
            "odd": "stored",
            "gone": "recovered",
            "broken": "skipped",
            "new": "waiting",
        }
        assert (state.on_disk, state.stored, state.missing, state.vanished) == (5, 3, 3, 1)
        assert state.expiring_soon == 1
        assert [(line.line, line.reason) for line in files["odd"].lines] == [
            (2, "It is no JSON object.")
        ]
        reasons = (files["grown"].reason, files["new"].reason, files["broken"].reason)
        assert reasons == (
            "It was written to since it was read.",
            "It was not read yet.",
            "It is UTF-16 text, transcripts are UTF-8: convert it first.",
        )
        assert [failure.path for failure in state.failed] == [str(broken)]
        assert capture_sources(storage, ["claude-code"])[0].files == []
        with pytest.raises(NotFound):
            capture_sources(storage, ["clod"])
        assert storage.get_messages("gone")


def test_only_files_like_this(tmp_path: Path) -> None:
    """With `--state`, what is said of other files is left out; nothing is said twice."""
    folder = tmp_path / "claude" / "projects" / "-x"
    folder.mkdir(parents=True)
    environ = os.environ | {
        "AIANA_HOME": str(tmp_path / "home"),
        "CLAUDE_CONFIG_DIR": str(tmp_path / "claude"),
    }

    def run(*arguments: str) -> str:
        words = [sys.executable, "-m", "aiana", *arguments]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=120)
        return done.stdout

    (folder / "stored.jsonl").write_text(said("stored", "stored"))
    (folder / "broken.jsonl").write_bytes(b"\xff\xfe{\0}\0")
    run("import", "claude-code", "--no-embed")
    (folder / "new.jsonl").write_text(said("new", "new"))
    for state, name in (("waiting", "new"), ("skipped", "broken"), ("stored", "stored")):
        shown = run("sources", "claude-code", "--state", state)
        assert re.findall(r"(\w+)\.jsonl", shown) == [name]
        told = json.loads(run("sources", "claude-code", "--state", state, "--json"))["sources"]
        paths = [file["path"] for file in told[0]["files"]]
        assert paths == [str(folder / f"{name}.jsonl")]
        assert [each["path"] for each in told[0]["failed"]] == paths * (state == "skipped")
    assert run("sources", "claude-code", "--files").count("broken.jsonl") == 1
    assert "broken.jsonl" in run("sources", "claude-code")


def test_table_fits_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    found = [
        SourceStatus(
            name=source.name,
            title=source.title,
            roots=[],
            on_disk=n * 100_000,
            stored=n * 100_000,
            missing=n % 3,
            vanished=n * 10_000,
            expiring_soon=n,
        )
        for n, source in enumerate(sources().values())
    ]
    print_table(found)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["assistant", "on", "disk", "stored", "missing", "expiring", "kept"]
    # Of the first one there is nothing.
    assert [line.split("  ")[1] for line in lines] == [source.title for source in found[1:]]
    assert lines[0].split()[1:] == ["100,000", "100,000", "1", "1", "10,000"]
    assert max(map(len, [head, *lines])) <= 80
