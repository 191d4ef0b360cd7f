"""Where VS Code and the editors made from it keep chats, and which folder a workspace is."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from aiana.capture.decoding import loads
from aiana.paths import expanded
from aiana.projects import normalise_folder
from aiana.regular import small_file

_PRODUCTS = (
    "Code",
    "Code - Insiders",
    "Code - OSS",
    "VSCodium",
    "VSCodium - Insiders",
    "Cursor",
    "Windsurf",
)
# Servers of remote windows and of the browser keep what their extensions write.
_SERVERS = (
    ".vscode-server/data",
    ".vscode-server-insiders/data",
    ".vscode-server-oss/data",
    ".vscodium-server/data",
    ".cursor-server/data",
    ".windsurf-server/data",
    ".vscode-remote/data",
)
_FLATPAKS = (
    ".var/app/com.visualstudio.code/config/Code",
    ".var/app/com.visualstudio.code.insiders/config/Code - Insiders",
    ".var/app/com.vscodium.codium/config/VSCodium",
)
_WORKSPACES, _GLOBAL = "workspaceStorage", "globalStorage"
_EXTENSION = "github.copilot-chat"  # its case differs between systems
_CHATS = frozenset({"chatSessions", "emptyWindowChatSessions", "transferredChatSessions"})
DATABASE = "state.vscdb"
AGENT_SESSIONS, EDITS = "agentSessionData", "session.db"
_NOT_CHATS = ("cursor", ".cursor-server")
"""Editors whose `state.vscdb` holds conversations of another kind."""


def storage_folders() -> list[Path]:
    """The folders below which chats are kept, whether they exist or not."""
    return [
        folder
        for data in _user_data_folders()
        for folder in (
            data / "User" / _WORKSPACES,
            data / "User" / _GLOBAL,
            data / AGENT_SESSIONS,
            data / "User" / AGENT_SESSIONS,
        )
    ]


def _user_data_folders() -> list[Path]:
    """What the editors call user data: as `VSCODE_USER_DATA_DIR` names them, or all known ones."""
    named = [part.strip() for part in os.environ.get("VSCODE_USER_DATA_DIR", "").split(",")]
    if folders := [expanded(part).absolute() for part in named if part]:
        return list(dict.fromkeys(folders))
    home = Path.home()
    folders = [settings_folder(home) / product for product in _PRODUCTS]
    shared = os.environ.get("XDG_DATA_HOME")
    folders.append((expanded(shared) if shared else home / ".local/share") / "code-server")
    folders += [home / server for server in _SERVERS]
    if sys.platform.startswith("linux"):
        folders += [home / flatpak for flatpak in _FLATPAKS]
    if portable := os.environ.get("VSCODE_PORTABLE"):
        folders.append(expanded(portable).absolute() / "user-data")
    return list(dict.fromkeys(folders))


def editors() -> list[Path]:
    """The folder `User` of every editor of this kind, known or not."""
    users = [data / "User" for data in _user_data_folders()]
    if not os.environ.get("VSCODE_USER_DATA_DIR"):
        users += sorted(settings_folder(Path.home()).glob("*/User"))
    return list(dict.fromkeys(users))


def settings_folder(home: Path) -> Path:
    """Where programs of this system keep their settings."""
    if sys.platform == "darwin":
        return home / "Library/Application Support"
    if sys.platform == "win32":
        roaming = os.environ.get("APPDATA")
        return Path(roaming) if roaming else home / "AppData/Roaming"
    configured = os.environ.get("XDG_CONFIG_HOME")
    return expanded(configured) if configured else home / ".config"


def may_hold_chats(folder: Path) -> bool:
    """Whether a folder below a storage folder may lead to chats: extensions keep much there."""
    parent = folder.parent
    if parent.name in (_WORKSPACES, AGENT_SESSIONS):
        return True
    if parent.name.lower() == _EXTENSION:
        return folder.name == "transcripts"
    return folder.name in _CHATS or folder.name.lower() == _EXTENSION


def is_chat(path: Path) -> bool:
    """Whether a file is named like a chat that the editor keeps."""
    return path.parent.name in _CHATS and path.suffix in (".json", ".jsonl")


def is_event_log(path: Path) -> bool:
    """Whether a file is named like one that the Copilot extension writes beside a chat."""
    folder = path.parent
    return (
        path.suffix == ".jsonl"
        and folder.name == "transcripts"
        and folder.parent.name.lower() == _EXTENSION
    )


def is_database(path: Path) -> bool:
    """Whether a file is named like the one in which chats were kept until March 2025."""
    return (
        path.name == DATABASE
        and (path.parent.name == _GLOBAL or path.parent.parent.name == _WORKSPACES)
        and not any(part.lower() in _NOT_CHATS for part in path.parts)
    )


def is_edits(path: Path) -> bool:
    """Whether a file is named like the one in which the agent host keeps a session's edits."""
    return path.name == EDITS and path.parent.parent.name == AGENT_SESSIONS


def chats_beside(event_log: Path) -> list[Path]:
    """The files in which the editor itself would keep the chat of an event log."""
    workspace = event_log.parent.parent.parent
    return [workspace / "chatSessions" / (event_log.stem + end) for end in (".jsonl", ".json")]


def folder_of(path: Path) -> str:
    """The folder (a path or a remote URI) that was open where a chat was kept; "" for none."""
    for place in path.parents:
        if place.parent.name == _WORKSPACES:
            try:
                return _opened(loads(small_file(place / "workspace.json")))
            except ValueError:
                return ""
    return ""


def _opened(told: Any) -> str:
    if not isinstance(told, dict):
        return ""
    if folder := uri_of(told.get("folder")):
        return normalise_folder(folder)
    workspace = told.get("workspace") or told.get("configuration")
    folders = workspace.get("folders") if isinstance(workspace, dict) else None
    for item in folders if isinstance(folders, list) else []:
        named = (item.get("uri") or item.get("path")) if isinstance(item, dict) else item
        if folder := uri_of(named):
            return normalise_folder(folder)
    file = uri_of(workspace) or (
        uri_of(workspace.get("configPath")) if isinstance(workspace, dict) else ""
    )
    # Of several folders the one that holds the workspace's file stands for all.
    return normalise_folder(file).rpartition("/")[0] if file else ""


def uri_of(value: Any) -> str:
    """A URI or path, from its text or from the parts that the editor writes; "" if it is none."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return ""
    path, scheme = value.get("path"), value.get("scheme", "file")
    if isinstance(path, str) and scheme == "file":
        host = value.get("authority")
        return f"//{host}{path}" if isinstance(host, str) and host else path
    external = value.get("external")
    if isinstance(external, str):
        return external
    if isinstance(path, str):
        return f"{scheme}://{value.get('authority') or ''}{path}"
    file = value.get("fsPath")
    return file if isinstance(file, str) else ""


def path_of(value: Any) -> str:
    """A file as a path, or the URI of one that is elsewhere."""
    uri = uri_of(value)
    return normalise_folder(uri) if uri else ""
