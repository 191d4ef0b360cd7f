"""`aiana setup` on the files that people have, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from aiana.errors import InvalidQuery
from aiana.setup import jsonc
from aiana.setup.edits import JsonEdit
from aiana.setup.targets import TARGETS, program
from tests.terminal import on_a_terminal

SERVER = {"command": "/opt/aiana", "args": ["mcp"]}
GROUP = {"hooks": [{"type": "command", "command": "/opt/aiana hook prompt", "timeout": 5}]}
JSON_FILES = {
    "empty": "",
    "blank": "\n\n",
    "empty object": "{}",
    "empty object and line": "{}\n",
    "one line": '{"theme": "dark"}\n',
    "two spaces": '{\n  "theme": "dark"\n}\n',
    "four spaces": '{\n    "theme": "dark",\n    "a": [1, 2]\n}\n',
    "tabs": '{\n\t"theme": "dark",\n\t"nested": {\n\t\t"a": 1\n\t}\n}\n',
    "windows lines": '{\r\n  "theme": "dark",\r\n  "a": {\r\n    "b": 1\r\n  }\r\n}\r\n',
    "no line at the end": '{\n  "theme": "dark"\n}',
    "comments": (
        '// mine\n{\n  // look\n  "theme": "dark", // dark\n  /* b */ "b": 2 // last\n  // end\n}\n'
    ),
    "trailing comma": '{\n  "theme": "dark",\n}\n',
    "trailing comma and comment": '{\n  "theme": "dark", // why\n}\n',
    "other servers": (
        '{\n  "mcpServers": {\n    "other": {\n      "command": "x",\n      "args": []\n    }\n  }'
        ',\n  "z": 1\n}\n'
    ),
    "other servers on one line": '{"mcpServers": {"other": {"command": "x"}}, "z": 1}',
    "empty servers": '{\n  "mcpServers": {},\n  "hooks": {}\n}\n',
    "empty servers with a comment": '{\n  "mcpServers": {\n    // none yet\n  }\n}\n',
    "other hooks": (
        '{\n  "hooks": {\n    "UserPromptSubmit": [\n      {\n        "matcher": "",\n'
        '        "hooks": [{"type": "command", "command": "date"}]\n      }\n    ],\n'
        '    "Stop": []\n  }\n}\n'
    ),
    "strings that look like comments": '{\n  "url": "http://x/*y*/", "c": "// no"\n}\n',
    "other letters": '{\n  "naïve": "\\u00e9 é 漢 🙂"\n}\n',
    "deep": '{\n  "a": ' + '{"b": ' * 50 + "1" + "}" * 50 + "\n}\n",
}


@pytest.fixture
def edit(tmp_path: Path) -> JsonEdit:
    return JsonEdit(
        tmp_path / "settings.json",
        values=[(("mcpServers", "aiana"), SERVER)],
        items=[(("hooks", "UserPromptSubmit"), GROUP), (("hooks", "SessionStart"), GROUP)],
    )


def loaded(text: str) -> object:
    document = jsonc.parse(text)
    return document.value(document.root)


@pytest.mark.parametrize("name", JSON_FILES)
def test_set_up_keeps_json(edit: JsonEdit, name: str) -> None:
    text = JSON_FILES[name]
    added = edit.add(text)
    assert edit.add(added) == added
    wanted = loaded(text)
    assert isinstance(wanted, dict)
    wanted.setdefault("mcpServers", {})["aiana"] = SERVER
    hooks = wanted.setdefault("hooks", {})
    hooks.setdefault("UserPromptSubmit", []).append(GROUP)
    hooks.setdefault("SessionStart", []).append(GROUP)
    assert loaded(added) == wanted
    for comment in ("// mine", "// look", "// dark", "/* b */", "// last", "// end", "// none yet"):
        assert (comment in added) == (comment in text)
    assert ("\r\n" in added) == ("\r\n" in text)
    assert added.count("\n") == added.count("\r\n") or "\r\n" not in text
    removed = edit.remove(added, text)
    assert loaded(removed) == loaded(text)
    if text.strip() not in ("", "{}"):
        assert removed == text


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": 1', "line 1, column 8"),
        ('{\n  "a" 1\n}', "line 2, column 7"),
        ('{\n  "a": 1\n  "b": 2\n}', "line 3, column 3"),
        ("{'a': 1}", "line 1, column 2"),
        ("{} {}", "line 1, column 4"),
        ('{"a": tru}', "line 1, column 7"),
        ("[" * 5000, "line 1, column"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(edit: JsonEdit, text: str, place: str) -> None:
    with pytest.raises(InvalidQuery, match=place):
        edit.add(text)


def test_what_is_of_another_kind_is_refused(edit: JsonEdit) -> None:
    with pytest.raises(InvalidQuery, match="mcpServers is no group of settings"):
        edit.add('{"mcpServers": []}')
    with pytest.raises(InvalidQuery, match=r"hooks\.UserPromptSubmit is no list"):
        edit.add('{"hooks": {"UserPromptSubmit": {}}}')


class Home:
    """A person's home, and `aiana setup` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "data").mkdir()

    def setup(self, *arguments: str, status: int = 0) -> str:
        return self.run("setup", *arguments, status=status)

    def run(self, *arguments: str, status: int | None = 0) -> str:
        """What an `aiana` command says, and that it ended so, unless that is None."""
        done = self._started(sys.executable, "-m", "aiana", *arguments)
        assert status in (None, done.returncode), done.stderr
        return done.stdout if status is None else done.stdout + done.stderr

    def start(self, *words: str) -> str:
        """What another program says in this home."""
        done = self._started(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def environ(self) -> dict[str, str]:
        """What a program in this home is told."""
        known = ("PATH", "LANG", "SYSTEMROOT", "PYTHONPATH")
        environ = {name: os.environ[name] for name in known if name in os.environ}
        environ |= {"HOME": str(self.folder), "USERPROFILE": str(self.folder)}
        return environ | {"AIANA_HOME": str(self.folder / "data")}

    def _started(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, capture_output=True, text=True, env=self.environ(), timeout=120, check=False
        )

    def state(self) -> dict[str, object]:
        """Every file and folder, links as links, but for Aiana's own."""
        found: dict[str, object] = {}
        for path in sorted(self.folder.rglob("*")):
            name = path.relative_to(self.folder).as_posix()
            if name.split("/")[0] == "data":
                continue
            if path.is_symlink():
                found[name] = path.readlink()
            elif path.is_dir():
                found[name] = None
            else:
                found[name] = path.read_bytes(), path.stat().st_mode
        return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_set_up_and_remove_every_target(home: Home) -> None:
    before = home.state()
    home.setup(*TARGETS)
    written = home.state()
    assert {name for name in written if name.endswith((".json", ".toml", ".lua", ".el"))} == {
        ".claude.json",
        ".claude/settings.json",
        ".codex/config.toml",
        ".codex/hooks.json",
        ".cursor/mcp.json",
        ".cursor/hooks.json",
        ".gemini/settings.json",
        ".copilot/mcp-config.json",
        ".copilot/hooks/aiana.json",
        ".config/Code/User/mcp.json",
        ".config/opencode/opencode.json",
        ".config/nvim/plugin/aiana-setup.lua",
        ".emacs.d/init.el",
        ".config/helix/languages.toml",
        ".config/zed/settings.json",
    }
    assert "knows Aiana already" in home.setup(*TARGETS)
    assert home.state() == written
    home.setup("--remove")
    assert home.state() == before
    assert list((home.folder / "data").iterdir()) == []


FILES = {
    ".claude.json": b'{"numStartups": 3, "mcpServers": {"other": {"command": "x"}}}',
    ".claude/settings.json": b'{\n\t// mine\n\t"model": "opus",\n\t"hooks": {"Stop": []}\n}\n',
    ".codex/config.toml": b'model = "gpt" # mine\r\n\r\n[mcp_servers.other]\r\ncommand = "x"\r\n',
    ".codex/hooks.json": b"{}",
    ".cursor/mcp.json": b'\xef\xbb\xbf{\r\n  "mcpServers": {}\r\n}',
    ".cursor/hooks.json": b'{"version":1,"hooks":{"stop":[{"command":"date"}]}}\n',
    ".gemini/settings.json": b'{\n    "theme": "x",\n    "mcpServers": {},\n}\n',
    ".copilot/mcp-config.json": b"",
    ".config/opencode/opencode.jsonc": b'// config\n{\n  "share": "disabled"\n}',
    ".config/zed/settings.json": b'// Zed settings\n//\n{\n  "vim_mode": true, // yes\n}\n',
    ".config/helix/languages.toml": b"[[language]]\nname = 'rust'",
    ".emacs.d/init.el": b"(setq a 1) ; no line at the end",
}


def test_files_that_are_there_keep_all_that_is_in_them(home: Home) -> None:
    for name, data in FILES.items():
        path = home.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o640)
    before = home.state()
    home.setup()  # all that are installed
    for name, data in FILES.items():
        path = home.folder / name
        assert path.read_bytes() != data, name
        assert path.stat().st_mode & 0o777 == 0o640
        if name.endswith(".toml"):
            tomllib.loads(path.read_text("utf-8"))
        elif ".json" in name:
            loaded(path.read_text("utf-8-sig"))
    assert not (home.folder / ".config/opencode/opencode.json").exists()
    home.setup("--remove")
    assert home.state() == before


def test_what_others_change_in_between_stays(home: Home) -> None:
    for name, data in FILES.items():
        path = home.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    home.setup()
    claude = home.folder / ".claude.json"
    state = json.loads(claude.read_text())
    claude.write_text(json.dumps({**state, "numStartups": 4}, indent=2))
    config = home.folder / ".codex/config.toml"
    config.write_bytes(config.read_bytes() + b'\r\n[projects."/x"]\r\ntrust_level = "trusted"\r\n')
    home.setup("--remove")
    assert json.loads(claude.read_text()) == {
        "numStartups": 4,
        "mcpServers": {"other": {"command": "x"}},
    }
    assert config.read_bytes() == (
        FILES[".codex/config.toml"] + b'\r\n[projects."/x"]\r\ntrust_level = "trusted"\r\n'
    )


def test_a_dry_run_shows_the_change_and_makes_none(home: Home) -> None:
    (home.folder / ".gemini").mkdir()
    before = home.state()
    shown = home.setup("gemini", "--dry-run")
    assert "+++ " + str(home.folder / ".gemini/settings.json") in shown
    assert '+  "mcpServers": {' in shown
    assert home.state() == before
    assert list((home.folder / "data").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="terminals of another kind")
def test_the_lines_of_a_diff_stay_lines(home: Home) -> None:
    """In a pipe and in a terminal that is narrower than they are."""
    path = home.folder / ".claude/settings.json"
    path.parent.mkdir()
    path.write_text('{\n  "model": "one  two   three",\n\t"a": "' + "long " * 30 + '"\n}\n')
    [would] = json.loads(home.setup("claude-code", "--dry-run", "--json"))
    lines = [line for diff in would["diffs"] for line in diff.split("\n")]
    assert f"--- {path}" in lines
    assert home.setup("claude-code", "--dry-run").splitlines() == lines
    words = [sys.executable, "-m", "aiana", "setup", "claude-code", "--dry-run"]
    environ = home.environ() | {"COLUMNS": "40", "TERM": "xterm"}
    shown = on_a_terminal(words, environ, home.folder)
    assert f"\x1b[1m+++ {path}\x1b[0m\n" in shown
    assert "\x1b[32m+" in shown
    assert re.sub("\x1b\\[[0-9;]*m", "", shown).splitlines() == lines
    assert shown.count("\n") == len(lines)


def test_programs_are_told_what_is_done_for_whom(home: Home) -> None:
    (home.folder / ".gemini").mkdir()
    file = str(home.folder / ".gemini/settings.json")
    [would] = json.loads(home.setup("gemini", "--dry-run", "--json"))
    assert (would["name"], would["title"], would["changed"]) == ("gemini", "Gemini CLI", [file])
    assert would["diffs"][0].startswith("--- ")
    [done] = json.loads(home.setup("gemini", "--json"))
    assert (done["changed"], done["failed"]) == ([file], [])
    [again] = json.loads(home.setup("gemini", "--json"))
    assert again["changed"] == []
    [undone] = json.loads(home.setup("gemini", "--remove", "--json"))
    assert undone["changed"] == [file]


def test_set_up_through_a_link(home: Home) -> None:
    dotfiles = home.folder / "dotfiles"
    dotfiles.mkdir()
    (dotfiles / "zed.json").write_bytes(b'{"a": 1}\n')
    (home.folder / ".config/zed").mkdir(parents=True)
    (home.folder / ".config/zed/settings.json").symlink_to(dotfiles / "zed.json")
    before = home.state()
    home.setup("zed")
    assert (home.folder / ".config/zed/settings.json").is_symlink()
    assert b"context_servers" in (dotfiles / "zed.json").read_bytes()
    home.setup("zed", "--remove")
    assert home.state() == before


def test_nothing_to_remove_changes_nothing(home: Home) -> None:
    """Groups that are empty, and a version alone, are as much their owner's as all else."""
    files = {
        ".claude/settings.json": '{"hooks": {"Stop": [], "PreCompact": []}}\n',
        ".claude.json": '{"mcpServers": {}}\n',
        ".cursor/hooks.json": '{"version": 1}\n',
        ".cursor/mcp.json": "{}",
    }
    dotfiles = home.folder / "dotfiles"
    for name, text in files.items():
        path, link = dotfiles / name, home.folder / name
        for each in (path, link):
            each.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        link.symlink_to(path)
    before = home.state()
    nothing = [f"{title}: has nothing of Aiana's" for title in ("Claude Code", "Cursor")]
    assert home.setup("claude-code", "cursor", "--remove").splitlines() == nothing
    home.setup("claude-code", "cursor")
    assert home.setup("claude-code", "cursor", "--remove").count(": restored ") == 4
    assert home.setup("claude-code", "cursor", "--remove").splitlines() == nothing
    assert home.state() == before


def test_only_what_was_written_is_said_to_be(home: Home) -> None:
    (home.folder / ".claude").write_text("no folder")
    state, settings = home.folder / ".claude.json", home.folder / ".claude/settings.json"
    reason = f"{settings} cannot be written: Not a directory."
    said = home.setup("claude-code", status=1).splitlines()
    assert said == [f"Claude Code: wrote {state}", f"failed: {reason}"]
    [told] = json.loads(home.setup("claude-code", "--json", status=1))
    assert (told["changed"], told["failed"]) == ([], [reason])


def test_set_up_with_a_broken_file(home: Home) -> None:
    (home.folder / ".cursor").mkdir()
    (home.folder / ".cursor/mcp.json").write_text('{\n  "mcpServers": {\n}\n')
    (home.folder / ".codex").mkdir()
    (home.folder / ".codex/config.toml").write_text("model = \n")
    said = home.setup("cursor", "codex", status=1)
    assert "mcp.json was left as it is: line 4, column 1" in said
    assert "config.toml was left as it is" in said
    assert "at line 1" in said
    assert (home.folder / ".cursor/mcp.json").read_text() == '{\n  "mcpServers": {\n}\n'
    assert "hook prompt" in (home.folder / ".cursor/hooks.json").read_text()


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)
def test_a_file_that_is_read_only_is_named(home: Home) -> None:
    (home.folder / ".config/zed").mkdir(parents=True)
    path = home.folder / ".config/zed/settings.json"
    path.write_text("{}")
    path.chmod(0o400)
    assert "is read-only" in home.setup("zed", status=1)
    assert path.read_text() == "{}"


def test_an_older_entry_of_ours_is_brought_up_to_date(home: Home) -> None:
    (home.folder / ".claude").mkdir()
    old = {
        "hooks": {
            "Stop": [
                {"hooks": [{"type": "command", "command": "/old/aiana hook stop"}]},
                {"hooks": [{"type": "command", "command": "date"}]},
            ]
        }
    }
    (home.folder / ".claude/settings.json").write_text(json.dumps(old))
    home.setup("claude-code")
    stops = json.loads((home.folder / ".claude/settings.json").read_text())["hooks"]["Stop"]
    assert "/old/" not in json.dumps(stops)
    assert sum("hook stop" in json.dumps(stop) for stop in stops) == 1
    home.setup("claude-code", "--remove")
    assert json.loads((home.folder / ".claude/settings.json").read_text()) == {
        "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "date"}]}]}
    }


def test_neovim_has_the_plugin_and_this_server(home: Home) -> None:
    beside = str(Path(sys.executable).parent)
    nvim = shutil.which("nvim", path=beside) or shutil.which("nvim")
    if nvim is None:
        pytest.skip("Neovim is not installed")
    home.setup("neovim")
    show = "lua io.write(vim.fn.exists(':Aiana'), ' ', vim.lsp.config.aiana.cmd[1])"
    told = home.start(nvim, "--headless", "-c", show, "-c", "q")
    assert told == f"2 {program()[0]}"


def test_emacs_has_the_package_and_this_server(home: Home) -> None:
    emacs = shutil.which("emacs")
    if emacs is None:
        pytest.skip("Emacs is not installed")
    home.setup("emacs")
    init = str(home.folder / ".emacs.d/init.el")
    show = '(princ (format "%s %s" (fboundp \'aiana-search) (car aiana-command)))'
    told = home.start(emacs, "--batch", "-Q", "-l", init, "--eval", show)
    assert told == f"t {program()[0]}"


@pytest.mark.parametrize(
    ("there", "read"),
    [
        ([".emacs", ".emacs.d/init.el"], ".emacs"),
        ([".emacs.el", ".emacs", ".emacs.d/init.el"], ".emacs.el"),
        ([".emacs.d/notes.txt", ".config/emacs/init.el"], ".emacs.d/init.el"),
        ([".config/emacs/init.el"], ".config/emacs/init.el"),
    ],
)
def test_emacs_is_told_in_the_file_that_it_reads(home: Home, there: list[str], read: str) -> None:
    shutil.rmtree(home.folder / ".emacs.d", ignore_errors=True)
    for name in there:
        (home.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / name).write_text("")
    home.setup("emacs")
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    told = [str(p.relative_to(home.folder)) for p in files if b"aiana-command" in p.read_bytes()]
    assert told == [read]


def test_the_doctor_checks_what_was_written(home: Home) -> None:
    home.setup("codex")
    config = home.folder / ".codex/config.toml"

    def setups(*arguments: str) -> list[dict[str, str]]:
        found = json.loads(home.run("doctor", "--json", *arguments, status=None))["findings"]
        return [finding for finding in found if finding["subject"] == "setup"]

    (fine,) = setups()
    assert (fine["state"], fine["detail"][:22]) == ("ok", "Codex knows this Aiana")
    config.write_text(config.read_text().replace("mcp", "lsp"))
    (lost,) = setups()
    assert lost["state"] == "warning"
    assert lost["fix"].endswith("aiana setup codex")
    config.write_text("[")
    (broken,) = setups()
    assert (broken["state"], "left as it is" in broken["detail"]) == ("error", True)
    config.unlink()
    (fixed,) = setups("--fix")
    assert fixed["state"] == "ok"
    assert "mcp_servers.aiana" in config.read_text()


def test_nobody_is_set_up_who_is_not_known(home: Home) -> None:
    assert "There is no 'clippy' to set up. There are: claude-code," in home.setup(
        "clippy", status=1
    )
