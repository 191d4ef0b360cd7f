"""Which project a folder belongs to: the same one wherever it is checked out.

Identity is the git remote (`github.com/owner/name`), else the repository that all its worktrees
share, else the folder itself. Git's own files are read, no process is started.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from aiana.errors import UnreadableFile
from aiana.paths import expanded
from aiana.regular import open_regular, small_text

if TYPE_CHECKING:
    from aiana.models import Project

_SECTION = re.compile(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_SETTING = re.compile(r"\s*([\w-]+)\s*=\s*(.*?)\s*$")
_WINDOWS_DRIVE = re.compile(r"/?([A-Za-z]):(?=[\\/]|$)")
_AGENT_WORKTREE = re.compile(r"(.+?)/\.claude/worktrees/[^/]+(?:/|$)")
_LONGEST_PATH = 4096
"""Characters; Linux and macOS open nothing longer by its full path, and Windows hardly ever."""
_SCP_STYLE = re.compile(r"(?:[^@/\s]+@)?([\w.-]{2,}):(?!//)(.+)")


def project_of(folder: str) -> Project:
    """The project of a working directory: a path of any system, a `file:` or other URI."""
    from aiana.models import Project

    id, name, root = identity_of(folder)
    return Project(id=id, name=name, root=root)


def identity_of(folder: str) -> tuple[str, str, str]:
    """Identity, name and root of the project of a working directory; see `project_of`."""
    path = normalise_folder(folder)
    if not path:
        return "", "", ""
    if "://" in path:
        return path, name_of(path), path
    root = _git_root(path)
    if (agent := _AGENT_WORKTREE.match(path)) and (
        root is None or len(root.as_posix()) <= len(agent[1])
    ):
        # Nothing is left of the worktree: it was one of the repository around it.
        return identity_of(agent[1])
    if root is None:
        return path, name_of(path), path
    common = _common_folder(root)
    shared = common.parent if common.name == ".git" else common
    remote = _remote(common / "config")
    identity = remote or (root if _is_module(common) else shared).as_posix()
    name = name_of(identity).removesuffix(".git")
    return identity, name, (shared if common.name == ".git" else root).as_posix()


def is_path(text: str) -> bool:
    """Whether a text is an absolute path of any system, one below `~`, or a URI, and no name."""
    if text.startswith("~"):
        return text == "~" or text[1] in "/\\"
    return "://" in text or text[:1] in ("/", "\\") or _WINDOWS_DRIVE.match(text) is not None


def folders_of(path: str) -> list[str]:
    """The folder of a path (of a file, what holds it) as it is named and as it really is."""
    folder = normalise_folder(str(expanded(path)) if path.startswith("~") else path)
    with suppress(OSError, ValueError):
        if "://" not in folder and Path(folder).is_file():
            folder = normalise_folder(str(Path(folder).parent))
    real = folder
    with suppress(OSError, ValueError):
        if Path(folder).is_absolute() and Path(folder).exists():
            real = normalise_folder(os.path.realpath(folder))
    return list(dict.fromkeys((folder, real)))


def place_in_repository(path: str | Path) -> str | None:
    """Where a file lies in the repository around it, as a path with `/`; None outside of any."""
    found = repository_around(path)
    return None if found is None else found[1]


def repository_around(path: str | Path) -> tuple[Path, str] | None:
    """The root of the repository around a file, and where the file lies in it."""
    with suppress(OSError, ValueError):
        for name in (Path(path), Path(os.path.realpath(path))):
            root = _git_root(name.parent.as_posix())
            if root is not None and name.is_relative_to(root):
                return root, name.relative_to(root).as_posix()
    return None


def is_in_repository(path: str | Path) -> bool:
    """Whether a folder or file lies in a git repository."""
    return _git_root(folders_of(str(path))[-1]) is not None


def is_gone(folder: str) -> bool:
    """Whether nothing is left by which the project of a folder on this machine could be told."""
    path = normalise_folder(folder)
    if not Path(path).is_absolute() or _AGENT_WORKTREE.match(path):
        return False
    try:
        return not Path(path).exists()
    except (OSError, ValueError):
        return True


def normalise_folder(folder: str) -> str:
    """A folder as a path with `/` and an upper-case drive letter; remote URIs stay URIs."""
    text = folder.strip()
    if text.lower().startswith("file://"):
        try:
            parts = urlsplit(text)
        except ValueError:  # no URI, though it looks like one
            return text
        host = f"//{parts.netloc}" if parts.netloc not in ("", "localhost") else ""
        text = host + unquote(parts.path)
    elif "://" in text:
        return text.rstrip("/")
    if drive := _WINDOWS_DRIVE.match(text):
        rest = text[drive.end() :].replace("\\", "/")
        return f"{drive[1].upper()}:{rest.rstrip('/') or '/'}"
    if text.startswith("\\\\"):
        text = text.replace("\\", "/")
    return text.rstrip("/") or text[:1]


def remote_identity(url: str) -> str | None:
    """`host/owner/name` of a remote, without credentials, port and `.git`; None for a local one."""
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, path = parts.hostname, parts.path
        except ValueError:
            return None
        if parts.scheme == "file":
            return None
    elif (scp := _SCP_STYLE.fullmatch(url)) and not _WINDOWS_DRIVE.match(url):
        host, path = scp[1], scp[2]
    else:
        return None
    path = path.strip("/").removesuffix(".git").rstrip("/")
    return f"{host.lower()}/{path}" if host and path else None


def around(folder: str) -> Iterator[str]:
    """A folder, as a path with `/`, and those that it lies in, up to the root.

    Anybody may name a path of thousands of folders: those that are too long to exist are left out,
    but for itself, and each is cut from the text of the one before.
    """
    yield folder
    while (end := folder.rstrip("/").rfind("/")) >= 0:
        above = folder[:end] or "/"
        folder = f"{above}/" if _WINDOWS_DRIVE.fullmatch(above) else above
        if len(folder) <= _LONGEST_PATH:
            yield folder


def _git_root(path: str) -> Path | None:
    """The nearest folder with a `.git`, from `path` or its nearest existing parent upwards.

    A home folder, or one around it, that is a repository (of dotfiles) has only what it tracks.
    """
    folder = Path(path)
    if not folder.is_absolute():
        return None
    for candidate in around(folder.as_posix()):
        if os.path.exists(candidate.rstrip("/") + "/.git"):  # noqa: PTH110 - makes no Path of each
            root = Path(candidate)
            return root if _holds(root, folder) else None
    return None


def _holds(root: Path, folder: Path) -> bool:
    """Whether a folder below a repository's root is part of what the repository is about."""
    if root == folder or root not in (home := Path.home(), *home.parents):
        return True
    tracked = folder.relative_to(root).as_posix().encode() + b"/"
    try:
        return b"\0" + tracked in _index_paths(root)
    except (OSError, UnreadableFile):
        return False


def _index_paths(root: Path) -> bytes:
    """Git's index with a zero byte before every path of it; none of its newest, packed form."""
    with open_regular(_common_folder(root) / "index") as file:
        index = file.read()
    if index[:4] != b"DIRC" or int.from_bytes(index[4:8], "big") > 3:
        return b""
    paths, place = [b""], 12
    for _ in range(int.from_bytes(index[8:12], "big")):
        flags = int.from_bytes(index[place + 60 : place + 62], "big")
        start = place + (64 if flags & 0x4000 else 62)
        end = index.find(b"\0", start)
        if end < 0:
            break
        paths.append(index[start:end])
        place += (end - place + 8) // 8 * 8
    return b"\0".join(paths)


def _common_folder(root: Path) -> Path:
    """The git folder that all worktrees of a repository share; a submodule has its own."""
    git = root / ".git"
    try:
        if git.is_file():
            pointer = git.read_text("utf-8", "replace").partition("gitdir:")[2].strip()
            git = Path(os.path.normpath(root / pointer)) if pointer else git
            if (common := git / "commondir").is_file():
                git = git / common.read_text("utf-8", "replace").strip()
            elif git.parent.name == "worktrees" and not git.exists():
                git = git.parent.parent  # of a repository that is gone
            elif not git.exists():
                return root / ".git"
        return git.resolve()
    except (OSError, ValueError):
        return root / ".git"


def _is_module(common: Path) -> bool:
    """Whether a git folder lies inside of that of the repository around it."""
    return "modules" in common.parts and ".git" in common.parts[:-1]


def _remote(config: Path) -> str | None:
    """Identity of `origin`, else of the first remote that has one."""
    lines = small_text(config).splitlines()
    remotes: dict[str, str] = {}
    remote: str | None = None
    for line in lines:
        if section := _SECTION.match(line):
            remote = section[2] if section[1].lower() == "remote" else None
        elif remote and (setting := _SETTING.match(line)) and setting[1].lower() == "url":
            identity = remote_identity(setting[2].strip('"'))
            if identity:
                remotes.setdefault(remote, identity)
    return remotes.get("origin") or next(iter(remotes.values()), None)


def name_of(identity: str) -> str:
    """The last part of a project's identity."""
    return identity.rstrip("/").replace("\\", "/").rpartition("/")[2] or identity
