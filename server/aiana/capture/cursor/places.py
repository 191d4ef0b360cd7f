"""Where Cursor keeps conversations, and the folders that they are about."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from aiana.capture.decoding import find_text, loads
from aiana.capture.vscode_chat.places import DATABASE, settings_folder
from aiana.paths import expanded
from aiana.projects import normalise_folder
from aiana.regular import small_file

STORE = "store.db"
_TRANSCRIPTS = "agent-transcripts"
_WORKSPACES, _GLOBAL = "workspaceStorage", "globalStorage"
_PRODUCTS = ("Cursor", "Cursor Nightly")
_NOT_NAMED = re.compile(r"[^A-Za-z0-9]")
_MOST_LISTED = 2_000


def roots() -> list[Path]:
    """Folders below which conversations are kept, whether they exist or not."""
    home = command_line_home()
    return [
        *(user / kept for user in user_folders() for kept in (_GLOBAL, _WORKSPACES)),
        home / "chats",
        home / "projects",
    ]


def user_folders() -> list[Path]:
    """What the editor calls `User`, one for each way in which it is installed."""
    if named := os.environ.get("CURSOR_USER_DATA_DIR"):
        return [expanded(named).absolute() / "User"]
    home = Path.home()
    folders = [settings_folder(home) / product / "User" for product in _PRODUCTS]
    folders.append(home / ".cursor-server/data/User")
    if sys.platform.startswith("linux") and (users := Path("/mnt/c/Users")).is_dir():
        # The editor of the Windows around this Linux.
        folders += sorted(users.glob("*/AppData/Roaming/Cursor/User"))
    return folders


def command_line_home() -> Path:
    return expanded(os.environ.get("CURSOR_CONFIG_DIR") or "~/.cursor").absolute()


def may_hold_conversations(folder: Path) -> bool:
    """Whether a folder below a root leads to conversations: extensions keep much there."""
    parents = [parent.name for parent in folder.parents]
    if "chats" in parents[:2] or _TRANSCRIPTS in (folder.name, *parents[:4]):
        return True
    return parents[0] in ("projects", _WORKSPACES)


def is_database(path: Path) -> bool:
    """Whether a file is named like a database of the editor."""
    return path.name == DATABASE and (
        path.parent.name == _GLOBAL or path.parent.parent.name == _WORKSPACES
    )


def is_store(path: Path) -> bool:
    """Whether a file is named like the one that the command line keeps a conversation in."""
    return path.name == STORE


def is_agent_log(path: Path) -> bool:
    """Whether a file is named like the log of an agent."""
    return path.suffix in (".jsonl", ".txt") and _TRANSCRIPTS in path.parts


def session_of_log(path: Path) -> tuple[str, str | None]:
    """The session of an agent's log, and the one that the agent was started in."""
    if path.parent.name == "subagents":
        return path.stem, path.parent.parent.name
    return path.stem, None


def stores_of(log: Path, session_id: str) -> list[Path]:
    """The command line's databases of the session that a log is of."""
    home = next((p.parent for p in log.parents if p.name == "projects"), None)
    if home is None or not session_id or session_id != Path(session_id).name:
        return []
    return list(home.glob(f"chats/*/{_literal(session_id)}/{STORE}"))


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def folder_of_workspace(path: Path) -> str:
    """The folder (a path or a remote URI) that a workspace's database is about; "" for none."""
    try:
        told = loads(small_file(path.parent / "workspace.json"))
    except ValueError:
        return ""
    if not isinstance(told, dict):
        return ""
    if isinstance(folder := told.get("folder"), str):
        return normalise_folder(folder)
    workspace = told.get("workspace")
    return normalise_folder(workspace).rpartition("/")[0] if isinstance(workspace, str) else ""


def folder_of_log(log: Path) -> str:
    """The folder that the logs below `projects/<name>` are about; "" if nobody knows.

    The name is the folder's path with a dash for all that is no letter and no digit, so that
    only those folders can be told that are there.
    """
    place = next((p for p in log.parents if p.parent.name == "projects"), None)
    if place is None:
        return ""
    try:
        trusted = loads(small_file(place / ".workspace-trusted"))
        if isinstance(trusted, dict) and (folder := find_text(trusted, "workspacePath")):
            return normalise_folder(folder)
    except ValueError:
        pass
    return folder_named(place.name)


def folder_named(name: str, root: Path | None = None) -> str:
    """The folder whose path is written as `name`; "" if none is there, or several are."""
    start = root or Path("/")
    rest = name.strip("-")
    if sys.platform == "win32" and root is None:
        drive, _, rest = rest.partition("-")
        start = Path(f"{drive}:/")
    found = list(_folders_named(start, rest))
    return normalise_folder(str(found[0])) if len(found) == 1 else ""


def _folders_named(folder: Path, name: str) -> list[Path]:
    if not name:
        return [folder]
    try:
        inner = [item for _, item in zip(range(_MOST_LISTED), os.scandir(folder), strict=False)]
    except OSError:
        return []
    found: list[Path] = []
    for item in inner:
        written = _NOT_NAMED.sub("-", item.name).strip("-")
        if written and (name == written or name.startswith(written + "-")) and item.is_dir():
            found += _folders_named(Path(item.path), name[len(written) :].lstrip("-"))
    return found
