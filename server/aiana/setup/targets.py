"""Assistants and editors: how they are found, and what is written for them."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from aiana.invocation import quoted
from aiana.paths import expanded
from aiana.setup.edits import Edit, JsonEdit, Marked, TomlTable

TIMEOUT_S = 5
_EVENTS = ("session-start", "prompt", "stop", "compact")


class Target(NamedTuple):
    """One assistant or editor."""

    name: str
    title: str
    programs: tuple[str, ...]
    """Of which one on the path tells that it is installed."""
    folders: Callable[[], list[Path]]
    """Of which one that exists tells the same."""
    edits: Callable[[], list[Edit]]
    then: str = ""
    """What a person still has to do."""

    def is_installed(self) -> bool:
        return any(map(shutil.which, self.programs)) or any(f.exists() for f in self.folders())


def program() -> list[str]:
    """What starts this Aiana from anywhere: its words, the first a whole path."""
    if "archive-v0" in Path(sys.prefix).parts and (uvx := shutil.which("uvx")):
        return [uvx, "aiana"]  # where uvx put it, it does not stay
    for name in ("aiana", "aiana.exe"):
        beside = Path(sys.executable).parent / name
        if beside.exists():
            return [str(beside)]
    return [sys.executable, "-m", "aiana"]


def hook_command(event: str) -> str:
    """The command line of a hook. Codex trusts it as it stands, and Cursor runs equal ones once."""
    return " ".join(quoted(word) for word in [*program(), "hook", event])


def _home(variable: str, *default: str) -> Path:
    given = os.environ.get(variable)
    return expanded(given) if given else Path.home().joinpath(*default)


def _config(*parts: str) -> Path:
    given = os.environ.get("XDG_CONFIG_HOME")
    return (Path(given) if given else Path.home() / ".config").joinpath(*parts)


def _server(**more: Any) -> dict[str, Any]:
    first, *rest = program()
    return {**more, "command": first, "args": [*rest, "mcp"]}


def _groups(names: tuple[str, ...], timeout: int) -> list[tuple[tuple[str, ...], Any]]:
    """Entries of hooks in the form of Claude Code, for the host's names of our four events."""
    return [
        (
            ("hooks", name),
            {"hooks": [{"type": "command", "command": hook_command(event), "timeout": timeout}]},
        )
        for name, event in zip(names, _EVENTS, strict=True)
    ]


def _claude() -> list[Edit]:
    given = os.environ.get("CLAUDE_CONFIG_DIR")
    folder = _home("CLAUDE_CONFIG_DIR", ".claude")
    state = (folder if given else Path.home()) / ".claude.json"
    names = ("SessionStart", "UserPromptSubmit", "Stop", "PreCompact")
    return [
        JsonEdit(state, values=[(("mcpServers", "aiana"), _server(type="stdio"))]),
        JsonEdit(folder / "settings.json", items=_groups(names, TIMEOUT_S)),
    ]


def _codex() -> list[Edit]:
    folder = _home("CODEX_HOME", ".codex")
    server = _server()
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in server.items()]
    names = ("SessionStart", "UserPromptSubmit", "Stop", "PreCompact")
    return [
        TomlTable(folder / "config.toml", "mcp_servers.aiana", lines),
        JsonEdit(folder / "hooks.json", items=_groups(names, TIMEOUT_S)),
    ]


def _cursor() -> list[Edit]:
    folder = Path.home() / ".cursor"
    names = ("sessionStart", "beforeSubmitPrompt", "stop", "preCompact")
    hooks = [
        (("hooks", name), {"command": hook_command(event)})
        for name, event in zip(names, _EVENTS, strict=True)
    ]
    return [
        JsonEdit(folder / "mcp.json", values=[(("mcpServers", "aiana"), _server())]),
        JsonEdit(folder / "hooks.json", items=hooks, needed=[("version", 1)]),
    ]


def _gemini() -> list[Edit]:
    folder = _home("GEMINI_CLI_HOME") / ".gemini"
    names = ("SessionStart", "BeforeAgent", "AfterAgent", "PreCompress")
    return [
        JsonEdit(
            folder / "settings.json",
            values=[(("mcpServers", "aiana"), _server())],
            items=_groups(names, TIMEOUT_S * 1000),
        )
    ]


def _copilot() -> list[Edit]:
    folder = _home("COPILOT_HOME", ".copilot")
    names = ("sessionStart", "userPromptSubmitted", "agentStop", "preCompact")
    hooks = [
        (
            ("hooks", name),
            {
                "type": "command",
                "bash": hook_command(event),
                "powershell": f"& {hook_command(event)}",
                "timeoutSec": TIMEOUT_S,
            },
        )
        for name, event in zip(names, _EVENTS, strict=True)
    ]
    server = {**_server(type="local"), "tools": ["*"]}
    return [
        JsonEdit(folder / "mcp-config.json", values=[(("mcpServers", "aiana"), server)]),
        JsonEdit(folder / "hooks" / "aiana.json", items=hooks, needed=[("version", 1)]),
    ]


def _vscode_users() -> list[Path]:
    """The folders of the users' settings of VS Code and its kind."""
    if given := os.environ.get("VSCODE_USER_DATA_DIR"):
        return [Path(given) / "User"]
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    elif sys.platform == "win32":
        base = _home("APPDATA", "AppData", "Roaming")
    else:
        base = _config()
    return [base / name / "User" for name in ("Code", "Code - Insiders", "VSCodium")]


def _vscode() -> list[Edit]:
    users = _vscode_users()
    found = [folder for folder in users if folder.exists()] or users[:1]
    server = _server(type="stdio")
    return [
        JsonEdit(folder / "mcp.json", values=[(("servers", "aiana"), server)]) for folder in found
    ]


def _opencode() -> list[Edit]:
    folder = _config("opencode")
    plain, commented = folder / "opencode.json", folder / "opencode.jsonc"
    path = commented if commented.exists() and not plain.exists() else plain
    server = {"type": "local", "command": [*program(), "mcp"], "enabled": True}
    return [JsonEdit(path, values=[(("mcp", "aiana"), server)])]


def _zed_folder() -> Path:
    if sys.platform == "win32":
        return _home("APPDATA", "AppData", "Roaming") / "Zed"
    return _config("zed")


def _zed() -> list[Edit]:
    server = {"source": "custom", **_server(), "env": {}}
    return [
        JsonEdit(_zed_folder() / "settings.json", values=[(("context_servers", "aiana"), server)])
    ]


def _editors(name: str) -> Path:
    """The folder of an editor's package beside this Aiana, where it was not left out."""
    return Path(__file__).resolve().parents[3] / "editors" / name


def _text(text: str) -> str:
    """A text as TOML, Lua and Lisp read it."""
    return json.dumps(text, ensure_ascii=False)


def _neovim() -> list[Edit]:
    path = _config(os.environ.get("NVIM_APPNAME", "nvim"), "plugin", "aiana-setup.lua")
    words = ", ".join(map(_text, [*program(), "lsp"]))
    lines = [
        f"vim.opt.runtimepath:append({_text(str(_editors('nvim')))})",
        f"vim.lsp.config('aiana', {{ cmd = {{ {words} }} }})",
        "vim.cmd.runtime('plugin/aiana.lua')",
    ]
    return [Marked(path, "--", lines)] if _editors("nvim").is_dir() else []


def _emacs() -> list[Edit]:
    usual, modern = Path.home() / ".emacs.d" / "init.el", _config("emacs", "init.el")
    # In Emacs's own order: it loads the first that is there, and looks for the last one only
    # where there is no ~/.emacs.d.
    known = [Path.home() / ".emacs.el", Path.home() / ".emacs", usual.parent, modern]
    path = next((p for p in known if p.exists()), usual)
    path = usual if path == usual.parent else path
    words = " ".join(map(_text, [*program(), "lsp"]))
    lines = [
        f"(add-to-list 'load-path {_text(str(_editors('emacs')))})",
        f"(setq aiana-command '({words}))",
        "(require 'aiana)",
    ]
    return [Marked(path, ";;", lines)] if _editors("emacs").is_dir() else []


def _helix() -> list[Edit]:
    first, *rest = program()
    words = ", ".join(map(_text, [*rest, "lsp"]))
    lines = [f"command = {_text(first)}", f"args = [{words}]"]
    return [TomlTable(_config("helix", "languages.toml"), "language-server.aiana", lines)]


_RESTART = "It takes effect in new sessions."
_RELOAD = "It takes effect when the editor is started anew."
TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            "claude-code",
            "Claude Code",
            ("claude",),
            lambda: [_home("CLAUDE_CONFIG_DIR", ".claude")],
            _claude,
            _RESTART,
        ),
        Target(
            "codex",
            "Codex",
            ("codex",),
            lambda: [_home("CODEX_HOME", ".codex")],
            _codex,
            "Codex runs the hooks once you have trusted them: it asks when it is started next.",
        ),
        Target(
            "cursor",
            "Cursor",
            ("cursor", "cursor-agent"),
            lambda: [Path.home() / ".cursor"],
            _cursor,
            _RELOAD,
        ),
        Target(
            "gemini",
            "Gemini CLI",
            ("gemini",),
            lambda: [_home("GEMINI_CLI_HOME") / ".gemini"],
            _gemini,
            _RESTART,
        ),
        Target(
            "copilot",
            "Copilot CLI",
            ("copilot",),
            lambda: [_home("COPILOT_HOME", ".copilot")],
            _copilot,
            _RESTART,
        ),
        Target(
            "vscode",
            "VS Code",
            ("code", "code-insiders", "codium"),
            _vscode_users,
            _vscode,
            "VS Code asks whether you trust the server when it is used first. With Aiana's "
            "extension this is not needed.",
        ),
        Target(
            "opencode",
            "OpenCode",
            ("opencode",),
            lambda: [_config("opencode")],
            _opencode,
            _RESTART,
        ),
        Target("neovim", "Neovim", ("nvim",), lambda: [_config("nvim")], _neovim, _RELOAD),
        Target(
            "emacs",
            "Emacs",
            ("emacs",),
            lambda: [Path.home() / ".emacs.d", _config("emacs")],
            _emacs,
            _RELOAD,
        ),
        Target(
            "helix",
            "Helix",
            ("hx", "helix"),
            lambda: [_config("helix")],
            _helix,
            'Add "aiana" to `language-servers` of each language that you want it in: docs/editors.',
        ),
        Target("zed", "Zed", ("zed", "zeditor"), lambda: [_zed_folder()], _zed, _RELOAD),
    )
}
