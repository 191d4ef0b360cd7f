"""What leaves the program: nothing a terminal acts on, in any encoding, or a sentence why not."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiana.cli import COMMANDS
from aiana.config import Config
from aiana.models import Message, Session
from aiana.service import open_aiana
from tests.hostile import ACTING, fill
from tests.terminal import on_a_terminal

# The clipboard, a title without an end, colours, 8-bit controls, reversed and invisible text.
HOSTILE = (
    "kestrel\x1b]52;c;ZXZpbA==\x07 \x1b]0;title\x1b\\ \x1b[31;8mred\x1b[2J \x9b1m \x9d0;x\x9c"
    "\x07\x08\x0b\x7f a\rb \u202etxt\u202c \u2066x\u2069 \u200b\ufeff\u00ad "
    "é認証 👩\u200d👩\u200d👧 end\x1b]0;open"
)
SESSION = "5e551011-0000-4000-8000-000000000000"
COLOUR = re.compile("\x1b\\[[0-9;]{1,4}m")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which every text that others wrote is hostile."""
    home = tmp_path_factory.mktemp("hostile") / "aiana"
    aiana = open_aiana(Config(data_dir=home))
    moment = "2026-02-01T12:00:00.000Z"
    for name in (SESSION, f"agent\x1b[31m{SESSION}"):
        session = Session(
            id=name,
            source="claude-code",
            project=f"/home/ada/{HOSTILE}",
            project_path=f"/home/ada/{HOSTILE}",
            title=HOSTILE,
            started_at=moment,
            parent_id=None if name == SESSION else SESSION,
        )
        roles: list[dict[str, Any]] = [
            {"type": "user", "role": "user"},
            {"type": "assistant", "role": HOSTILE},
            {"type": "tool_use", "role": "assistant", "tool_name": HOSTILE, "tool_input": "{}"},
        ]
        messages = [
            Message(
                id=f"{name}{number}{HOSTILE}",
                session_id=name,
                content=HOSTILE,
                timestamp=moment,
                **role,
            )
            for number, role in enumerate(roles)
        ]
        aiana.record_messages(session, messages)
    aiana.add_memory(HOSTILE, project=HOSTILE, tags=[HOSTILE])
    aiana.add_preference(HOSTILE)
    fill(aiana)
    aiana.close()
    return home


def environment(home: Path, **settings: str) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")}
    return inherited | {
        "AIANA_HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / "claude"),
        "AIANA_EMBEDDING_MODEL": "no-such-model",
        "PYTHONUTF8": "1",
        **settings,
    }


def run(home: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "aiana", *arguments],
        env=environment(home, **settings),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )


def lines_for_people(home: Path, folder: Path) -> Iterator[tuple[str, ...]]:
    """Every command, as far as people read what it prints."""
    transcript = folder / f"odd{HOSTILE.replace('/', '')[:60]}.jsonl".replace("\x00", "")
    transcript.write_text(HOSTILE)
    yield ("search", "kestrel")
    yield ("search", f"nothing {HOSTILE}", "--project", HOSTILE)
    yield ("search", "kestrel", "--mode", HOSTILE)
    yield ("search", "kestrel", "--cursor", HOSTILE)
    yield ("search", "kestrel", "--mode", "semantic")
    yield ("context", "kestrel", "--all")
    yield ("import", str(transcript))
    yield ("import", str(folder / HOSTILE.replace("/", "")))
    yield ("import", "--since", HOSTILE)
    yield ("remember", HOSTILE + "again", "--project", HOSTILE)
    yield ("forget", HOSTILE)
    yield ("forget", "--project", HOSTILE, "--dry-run")
    yield ("forget", "--session", SESSION[:8])
    yield ("sessions", "list")
    yield ("sessions", "list", "--project", HOSTILE)
    yield ("sessions", "show", SESSION)
    yield ("sessions", "show", HOSTILE)
    yield ("sessions", "export", SESSION)
    yield ("sessions", "changes", SESSION)
    yield ("prefer", HOSTILE)
    yield ("preferences",)
    yield ("preferences", "--remove", HOSTILE)
    yield ("status",)
    yield ("sources", "--files")
    yield ("sources", HOSTILE)
    yield ("doctor",)
    yield ("reindex", "fts")
    yield ("reindex", HOSTILE)
    yield ("model", "info")
    yield ("model", "compile")
    yield ("lsp", "--log-level", HOSTILE)
    yield ("lsp-check", "--", f"/no/such/{HOSTILE}".replace("\x00", ""))
    yield ("mcp",)
    yield ("hook", "session-start")
    yield ("hook", HOSTILE)
    yield ("setup", HOSTILE)
    yield ("memories", "list")
    yield ("resume", HOSTILE)
    yield ("handover", SESSION)
    yield ("history", HOSTILE)
    yield ("why", f"{HOSTILE}:1")
    yield ("fixes", f"no such {HOSTILE}")
    yield ("backup",)
    yield ("restore", HOSTILE)
    yield ("secrets",)
    yield ("export", HOSTILE)
    yield (HOSTILE,)


def test_output_without_control_sequences(home: Path, tmp_path: Path) -> None:
    tried = set()
    (home / "config.toml").write_text('"\\u001b]0;x" = 1\n')
    for arguments in lines_for_people(home, tmp_path):
        done = run(home, *arguments)
        for name, stream in (("stdout", done.stdout), ("stderr", done.stderr)):
            text = stream.decode()
            assert (arguments, name, ACTING.findall(text)) == (arguments, name, [])
            assert "Traceback" not in text
        assert done.returncode in (0, 1, 2), arguments
        tried.add(arguments[0])
    (home / "config.toml").unlink()
    # What watches does not end by itself; see the test below.
    assert tried | {"watch"} >= set(COMMANDS)


def test_what_is_watched_is_printed_for_people_alone(capsys: pytest.CaptureFixture[str]) -> None:
    from aiana.cli.watch import _print
    from aiana.protocol.results import Arrival

    odd = dict.fromkeys(("id", "source", "title", "project", "text", "uri"), HOSTILE)
    _print(Arrival(**odd, messages=2), as_json=False)
    _print(Arrival(**odd, messages=2), as_json=True)
    shown = capsys.readouterr().out
    assert "2 messages" in shown
    assert ACTING.findall(shown) == []


@pytest.mark.skipif(os.name != "posix", reason="terminals of another kind")
@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "kestrel"),
        ("sessions", "list"),
        ("memories", "list"),
        ("preferences",),
        ("doctor",),
        ("status",),
    ],
)
def test_a_terminal_gets_colours_and_nothing_else(home: Path, arguments: tuple[str, ...]) -> None:
    for no_color, coloured in (("", True), ("1", False)):
        environ = environment(home, TERM="xterm", NO_COLOR=no_color, COLUMNS="60")
        text = on_a_terminal([sys.executable, "-m", "aiana", *arguments], environ, home)
        assert bool(COLOUR.search(text)) == coloured
        assert ACTING.findall(COLOUR.sub("", text)) == []


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "utf-16"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "kestrel"),
        ("sessions", "list"),
        ("sessions", "export", SESSION),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_output_in_a_narrow_encoding(home: Path, encoding: str, arguments: tuple[str, ...]) -> None:
    done = run(home, *arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False), done.stderr
    assert done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "kestrel", "--json"),
        ("sessions", "list", "--json"),
        ("sessions", "show", SESSION, "--json"),
        ("sessions", "export", SESSION, "--format", "json"),
    ],
    ids=" ".join,
)
def test_json_in_every_encoding(home: Path, encoding: str, arguments: tuple[str, ...]) -> None:
    done = run(home, *arguments, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
    text = done.stdout.decode(encoding)
    assert (done.returncode, ACTING.findall(text)) == (0, [])
    texts = json.dumps(json.loads(text), ensure_ascii=False)
    assert "é認証 👩\u200d👩\u200d👧" in texts


@pytest.mark.parametrize(
    "arguments",
    [
        ("memories", "list"),
        ("preferences",),
        ("context", "kestrel", "--all"),
        ("sessions", "changes", SESSION),
        ("history", "a.py"),
        ("sources",),
        ("status",),
        ("doctor",),
        ("remember", f"{HOSTILE} once more"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_json_holds_nothing_that_acts(home: Path, arguments: tuple[str, ...]) -> None:
    done = run(home, *arguments, "--json")
    text = done.stdout.decode()
    assert ACTING.findall(text) == []
    assert json.loads(text) is not None


def test_arguments_are_text_in_any_locale(home: Path) -> None:
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    added = run(home, "remember", "--json", "naïve 認証", **plain)
    memory = json.loads(added.stdout)["memory"]
    assert memory["content"] == "naïve 認証"
    found = json.loads(run(home, "search", "--json", "naïve", **plain).stdout)
    assert [hit["id"] for hit in found["hits"]] == [memory["id"]]


@pytest.mark.skipif(os.name != "posix", reason="shells of another kind")
@pytest.mark.parametrize(
    ("shell", "status", "said"),
    [
        ("%s sessions list >/dev/full", 1, "cannot be written: No space left on device."),
        ("%s sessions list --json >/dev/full", 1, "cannot be written: No space left on device."),
        ("%s export " + SESSION + " >/dev/full", 1, "cannot be written: No space left on device."),
        ("%s --help >/dev/full", 1, "cannot be written: No space left on device."),
        ("%s sessions list -n 1000 >&-", 1, "cannot be written: Bad file descriptor."),
        ("%s sessions list --json | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("%s sessions export " + SESSION + " | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("%s remember - <&-", 2, "error: There is no text to keep."),
        ("%s status 2>&- >/dev/null", 0, ""),
        ("%s nonsense 2>/dev/full", 2, ""),
    ],
)
def test_streams_that_are_full_closed_or_left(
    home: Path, shell: str, status: int, said: str
) -> None:
    program = f"'{sys.executable}' -m aiana"
    done = subprocess.run(
        ["bash", "-c", shell % program],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, "Traceback" in done.stderr) == (status, False), done.stderr
    assert "Exception ignored" not in done.stderr
    assert said in done.stderr
    assert not said or len(done.stderr.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("status",), {"AIANA_HOME": "~nobody-here/x"}, "AIANA_HOME is ~nobody-here/x"),
        (("status",), {"AIANA_HOME": "data/aiana"}, "AIANA_HOME is data/aiana, which is another"),
        (("sessions", "list"), {"AIANA_HOME": "/dev/null"}, "/dev/null is not a folder"),
        (("sessions", "export", SESSION, "-o", "/no/dir/x"), {}, "/no/dir/x cannot be written"),
        (("sessions", "export", SESSION, "-o", "/dev/full"), {}, "/dev/full cannot be written"),
        (("export", SESSION, "-o", "/no/dir/x"), {}, "/no/dir/x cannot be written"),
        (("export", SESSION, "-o", "/dev/full"), {}, "/dev/full cannot be written"),
        (("export", SESSION, "--format", "json", "-o", "/dev/full"), {}, "/dev/full cannot be"),
        (("lsp", "--log-file", "/no/dir/x"), {}, "/no/dir/x cannot be used"),
        (("import", "~nobody-here/x"), {}, "There is no file or folder ~nobody-here/x"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_sentence(
    home: Path, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    done = run(home, *arguments, **settings)
    [line] = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (1, b"")
    assert line.startswith(f"error: {said}"), line


def test_unexpected_failure(home: Path, tmp_path: Path) -> None:
    """A package that is broken in the middle of a command stands for all that nobody expects."""
    (tmp_path / "sitecustomize.py").write_text(
        "import aiana.features.preferences\n"
        "def broken(self):\n"
        "    raise KeyError('\\x1b]0;x', 'ghp_' + 'E4aR2yG0sJ5fH1dP6cM3bV8nT4rZ9wL2qK7x'[::-1])\n"
        "aiana.features.preferences.Preferences.profile = broken\n"
    )
    done = run(home, "preferences", PYTHONPATH=str(tmp_path))
    log = home / "errors.log"
    [line] = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert line.startswith("error: Aiana failed unexpectedly (KeyError: ")
    assert line.endswith(f"The details are in {log}; please report them.")
    details = line + log.read_text()
    assert "raise KeyError" in details
    assert "ghp_x7Kq2L" not in details
    assert ACTING.findall(details) == []
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
