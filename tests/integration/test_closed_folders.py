"""Folders that may not be read or written, and full disks: a sentence, never a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534
READING: list[list[str]] = [
    ["search", "hello"],
    ["context", "hello"],
    ["memories"],
    ["sessions", "list"],
    ["preferences"],
]
WRITING: list[list[str]] = [
    ["import", "--no-embed"],
    ["remember", "words to keep"],
    ["prefer", "short answers"],
    ["reindex"],
    ["backup"],
]
pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or (os.geteuid() == 0 and shutil.which("setpriv") is None),
    reason="needs POSIX permissions, and somebody who is not root",
)


class Person:
    """Somebody who runs Aiana without being root, in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home, self.claude = folder / "data", folder / "claude"
        self._become: list[str] = []
        if os.geteuid() == 0:
            person = f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"
            self._become = ["setpriv", *person]
        self.sessions = self.claude / "projects" / "-shop"
        self.sessions.mkdir(parents=True)
        for name in ("one", "two"):
            record = {
                "type": "user", "uuid": f"u-{name}", "sessionId": name,
                "timestamp": "2026-11-20T10:00:00Z",
                "message": {"role": "user", "content": f"the words of session {name}"},
            }  # fmt: skip
            (self.sessions / f"{name}.jsonl").write_text(json.dumps(record) + "\n")
        self.own(folder)

    def own(self, folder: Path) -> None:
        if self._become:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)

    def start(self, *args: str) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "AIANA_HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.claude),
            "HF_HUB_OFFLINE": "1",
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.Popen(
            [*self._become, sys.executable, "-m", "aiana", *args],
            env=environment, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *args: str) -> tuple[int, str, str]:
        """The status, what is printed, and what is said besides."""
        with self.start(*args) as process:
            out, err = process.communicate(timeout=120)
        assert b"Traceback" not in err, err.decode()
        return process.returncode, out.decode(), err.decode()


@pytest.fixture
def person() -> Iterator[Person]:
    # pytest's own folders are closed to others.
    folder = Path(tempfile.mkdtemp(prefix="aiana-person-"))
    try:
        folder.chmod(0o755)
        person = Person(folder)
        if person.run("--version")[0]:
            pytest.skip("nobody may not read this installation")
        yield person
    finally:
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def small_disk(person: Person) -> Iterator[Path]:
    """A disk of one MiB at the person's data folder."""
    person.home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=777", "none", str(person.home)]
    if os.geteuid() or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield person.home
    finally:
        subprocess.run(["umount", "-l", str(person.home)], check=True)


def test_a_closed_folder_of_sessions_costs_itself(person: Person) -> None:
    closed = person.claude / "projects" / "-closed"
    shutil.copytree(person.sessions, closed)
    closed.chmod(0)
    status, out, _ = person.run("import", "--no-embed", "--json")
    counts = json.loads(out)["sources"]["claude-code"]
    assert (status, counts["found"], counts["imported"]) == (1, 2, 2)
    assert counts["failed"] == [{"path": str(closed), "reason": "Permission denied"}]
    # What was read before, and is closed now, is no reason to say nothing of the rest.
    person.sessions.chmod(0)
    _, out, _ = person.run("sources", "claude-code", "--files", "--json")
    source = json.loads(out)["sources"][0]
    assert (source["stored"], source["missing"], source["vanished"]) == (0, 2, 0)
    assert {(file["state"], file["reason"]) for file in source["files"]} == {
        ("skipped", "Permission denied")
    }
    checks = json.loads(person.run("doctor", "--json")[1])
    assert "capture" in {finding["subject"] for finding in checks["findings"]}


def test_import_with_a_closed_home(person: Person) -> None:
    session = person.folder / ".codex" / "sessions" / "2026" / "11" / "20"
    session.mkdir(parents=True)
    person.own(person.folder / ".codex")
    person.claude.chmod(0)
    status, out, err = person.run("import", "--no-embed", "--json")
    projects = str(person.claude / "projects")
    failed = json.loads(out)["sources"]["claude-code"]["failed"]
    assert (status, failed[0]) == (1, {"path": projects, "reason": "Permission denied"}), err
    for command in (["status", "--json"], ["doctor", "--json"]):
        _, out, err = person.run(*command)
        assert json.loads(out), err


def test_a_closed_data_folder(person: Person) -> None:
    assert person.run("import", "--no-embed")[0] == 0
    person.home.chmod(0)
    for command in READING + WRITING:
        status, _, err = person.run(*command)
        assert status == 1
        assert f"error: {person.home}" in err
        assert "Make it readable and writable" in err
    status, out, _ = person.run("status", "--json")
    state = json.loads(out)
    assert (status, state["health"], state["tiers"]["sqlite"]["state"]) == (
        1,
        "error",
        "unavailable",
    )


def test_a_closed_data_folder_over_the_wire(person: Person) -> None:
    assert person.run("import", "--no-embed")[0] == 0
    person.home.chmod(0)
    requests = [
        ("initialize", {"capabilities": {}}),
        ("aiana/search", {"query": "words"}),
        ("aiana/memory/add", {"content": "kept"}),
        ("aiana/session/list", {}),
        ("aiana/capture/import", {}),
        ("aiana/status", {}),
        ("shutdown", None),
    ]
    messages: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": n, "method": method} | ({"params": params} if params else {})
        for n, (method, params) in enumerate(requests)
    ]
    messages.insert(1, {"jsonrpc": "2.0", "method": "initialized", "params": {}})
    for message in messages:
        if message["method"].startswith("aiana/"):
            message.setdefault("params", {})
    sent = b""
    for message in [*messages, {"jsonrpc": "2.0", "method": "exit"}]:
        body = json.dumps(message).encode()
        sent += b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    with person.start("lsp") as server:
        out, err = server.communicate(sent, timeout=120)
    assert b"Traceback" not in err
    answers: dict[int, Any] = {}
    while out:
        head, _, out = out.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        message, out = json.loads(out[:length]), out[length:]
        if "id" in message and "method" not in message:
            answers[message["id"]] = message
    for n, (method, _) in enumerate(requests[1:5], 1):
        error = answers[n]["error"]
        assert (error["code"], error["data"]["kind"]) == (-32803, "readOnly"), method
        assert str(person.home) in error["message"]
    assert answers[5]["result"]["tiers"]["sqlite"]["state"] == "unavailable"


def test_a_full_disk(person: Person, small_disk: Path) -> None:
    assert person.run("remember", "the first words")[0] == 0
    with (small_disk / "fill").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    for command in READING + WRITING:
        status, _, err = person.run(*command)
        if status == 0:  # what needs no room may be done
            assert command in READING
            continue
        assert (status, f"The disk that holds {small_disk}" in err, "free some space" in err) == (
            1,
            True,
            True,
        ), (command, err)
    (small_disk / "fill").unlink()
    status, out, _ = person.run("memories", "list", "--json")
    assert [memory["content"] for memory in json.loads(out)["memories"]] == ["the first words"]


def test_a_disk_that_is_read_only(person: Person, small_disk: Path) -> None:
    assert person.run("remember", "the first words")[0] == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    status, out, _ = person.run("memories", "list", "--json")
    assert [memory["content"] for memory in json.loads(out)["memories"]] == ["the first words"]
    for command in READING:
        assert person.run(*command)[0] == 0
    for command in WRITING:
        status, _, err = person.run(*command)
        assert (status, "read-only" in err, "Make it" in err) == (1, True, True), (command, err)
    findings = found_by_doctor(person)
    fixes = {findings[subject]["fix"] for subject in ("permissions", "database")}
    assert fixes == {
        f"sudo mount -o remount,rw {small_disk}, or set AIANA_HOME to a folder on another disk"
    }
    done = subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=False)
    assert done.returncode == 0
    assert found_by_doctor(person)["database"]["state"] == "ok"


def found_by_doctor(person: Person) -> dict[str, Any]:
    _, out, _ = person.run("doctor", "--json")
    return {finding["subject"]: finding for finding in json.loads(out)["findings"]}


def test_what_doctor_advises_opens_what_is_closed(person: Person) -> None:
    """Which of them it is, the folder or the file in it, and a name with spaces is quoted."""
    person.home = person.folder / "its data"
    assert person.run("import", "--no-embed")[0] == 0
    for path in (person.home, person.home / "conversations.db"):
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        closed = [f for f in found_by_doctor(person).values() if f["state"] == "error"]
        assert {finding["subject"] for finding in closed} <= {"permissions", "database"}
        fixes = {finding["fix"] for finding in closed}
        assert fixes == {f"chmod {'u+rwx' if path.is_dir() else 'u+rw'} '{path}'"}
        subprocess.run(fixes.pop(), shell=True, check=True)
        assert path.stat().st_mode == mode
        assert [f for f in found_by_doctor(person).values() if f["state"] == "error"] == []


@pytest.mark.parametrize("command", [["sessions", "export", "one"], ["export", "--all"]])
def test_a_file_in_a_folder_that_is_not_there(person: Person, command: list[str]) -> None:
    assert person.run("import", "--no-embed")[0] == 0
    status, _, err = person.run(*command, "-o", "/no/folder/x")
    assert status == 1
    assert err.endswith(
        "error: /no/folder/x cannot be written: No such file or directory. Make the folder "
        "/no/folder first, or name another file.\n"
    )
