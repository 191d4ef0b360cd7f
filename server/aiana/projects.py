"""Which project a folder belongs to: the same one wherever it is checked out.

Identity is the git remote (`github.com/owner/name`), else the git root, else the folder itself.
Git's own files are read, no process is started, and a folder that is gone keeps an identity.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aiana.models import Project

_SECTION = re.compile(r'\s*\[\s*([\w.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]')
_SETTING = re.compile(r"\s*([\w-]+)\s*=\s*(.*?)\s*$")
_WINDOWS_DRIVE = re.compile(r"/?([A-Za-z]):(?=[\\/]|$)")
_SCP_STYLE = re.compile(r"(?:[^@/\s]+@)?([\w.-]{2,}):(?!//)(.+)")


@lru_cache(maxsize=4096)
def project_of(folder: str) -> Project:
    """The project of a working directory: a path of any system, a `file:` or other URI."""
    path = normalise_folder(folder)
    if not path:
        return Project(id="", name="")
    if "://" in path:
        return Project(id=path, name=_last(path), root=path)
    root = _git_root(path)
    if root is None:
        return Project(id=path, name=_last(path), root=path)
    remote = _remote(_config_file(root))
    identity = remote or root.as_posix()
    return Project(id=identity, name=_last(identity), root=root.as_posix())


def normalise_folder(folder: str) -> str:
    """A folder as a path with `/` and an upper-case drive letter; remote URIs stay URIs."""
    text = folder.strip()
    if text.lower().startswith("file://"):
        parts = urlsplit(text)
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


def _git_root(path: str) -> Path | None:
    """The nearest folder with a `.git`, from `path` or its nearest existing parent upwards."""
    folder = Path(path)
    if not folder.is_absolute():
        return None
    for candidate in (folder, *folder.parents):
        try:
            if (candidate / ".git").exists():
                return candidate
        except OSError:
            continue
    return None


def _config_file(root: Path) -> Path:
    """The `config` of a repository, worktree or submodule."""
    git = root / ".git"
    try:
        if git.is_file():
            pointer = git.read_text("utf-8", "replace").partition("gitdir:")[2].strip()
            git = root / pointer
        if (common := git / "commondir").is_file():
            git = git / common.read_text("utf-8", "replace").strip()
    except (OSError, ValueError):
        return git / "config"
    return git / "config"


def _remote(config: Path) -> str | None:
    """Identity of `origin`, else of the first remote that has one."""
    try:
        lines = config.read_text("utf-8", "replace").splitlines()
    except (OSError, ValueError):
        return None
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


def _last(identity: str) -> str:
    return identity.rstrip("/").rpartition("/")[2] or identity
