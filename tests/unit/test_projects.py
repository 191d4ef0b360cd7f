from __future__ import annotations

from pathlib import Path

import pytest

from aiana.models import Project
from aiana.projects import normalise_folder, project_of, remote_identity


@pytest.fixture(autouse=True)
def _forget() -> None:
    project_of.cache_clear()


def repository(root: Path, *remotes: tuple[str, str]) -> Path:
    (root / ".git").mkdir(parents=True)
    sections = [f'[remote "{name}"]\n\turl = {url}\n' for name, url in remotes]
    (root / ".git" / "config").write_text("[core]\n\tbare = false\n" + "".join(sections))
    return root


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("https://github.com/owner/name.git", "github.com/owner/name"),
        ("https://github.com/owner/name/", "github.com/owner/name"),
        ("https://user:pass@github.com/owner/name.git", "github.com/owner/name"),
        ("https://token@GitHub.com:443/owner/name", "github.com/owner/name"),
        ("git@github.com:owner/name.git", "github.com/owner/name"),
        ("github.com:owner/name", "github.com/owner/name"),
        ("ssh://git@gitlab.com:2222/group/sub/name.git", "gitlab.com/group/sub/name"),
        ("file:///srv/name.git", None),
        ("/srv/name.git", None),
        ("../name", None),
        ("C:/srv/name.git", None),
        ("https://[broken/x", None),
        ("", None),
    ],
)
def test_remotes(url: str, identity: str | None) -> None:
    assert remote_identity(url) == identity


def test_a_checkout_is_its_origin_from_any_folder_in_it(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "work",
        ("upstream", "https://github.com/other/name"),
        ("origin", "https://me:secret@github.com/me/name.git"),
    )
    expected = Project(id="github.com/me/name", name="name", root=root.as_posix())
    assert project_of(str(root)) == expected
    assert project_of(str(root / "src" / "deleted")) == expected


def test_the_first_remote_where_there_is_no_origin(tmp_path: Path) -> None:
    root = repository(tmp_path / "x", ("fork", "git@host.org:a/b"), ("z", "git@host.org:c/d"))
    assert project_of(str(root)).id == "host.org/a/b"


def test_a_repository_without_remote_is_its_root(tmp_path: Path) -> None:
    root = repository(tmp_path / "local")
    assert project_of(str(root / "deep")) == Project(
        id=root.as_posix(), name="local", root=root.as_posix()
    )


def test_worktrees_and_submodules_follow_their_git_file(tmp_path: Path) -> None:
    main = repository(tmp_path / "main", ("origin", "git@github.com:me/name"))
    admin = main / ".git" / "worktrees" / "w"
    admin.mkdir(parents=True)
    (admin / "commondir").write_text("../..\n")
    worktree = tmp_path / "w"
    worktree.mkdir()
    (worktree / ".git").write_text(f"gitdir: {admin}\n")
    assert project_of(str(worktree)).id == "github.com/me/name"

    module = main / ".git" / "modules" / "lib"
    module.mkdir(parents=True)
    (module / "config").write_text('[remote "origin"]\n url = https://github.com/me/lib\n')
    (main / "lib").mkdir()
    (main / "lib" / ".git").write_text("gitdir: ../.git/modules/lib\n")
    assert project_of(str(main / "lib")).id == "github.com/me/lib"


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", "\0\0", "gitdir: " + "x" * 5000])
def test_a_broken_git_file_leaves_the_folder(tmp_path: Path, content: str) -> None:
    (tmp_path / ".git").write_text(content)
    assert project_of(str(tmp_path)).id == tmp_path.as_posix()


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/home/u/app/", "/home/u/app"),
        ("/", "/"),
        (r"c:\Users\u\app", "C:/Users/u/app"),
        ("c:/Users/u/app", "C:/Users/u/app"),
        ("C:\\", "C:/"),
        (r"\\server\share\app", "//server/share/app"),
        ("file:///home/u/my%20app", "/home/u/my app"),
        ("file:///c%3A/Users/u", "C:/Users/u"),
        ("file://server/share", "//server/share"),
        ("vscode-remote://ssh-remote+box/home/u/app/", "vscode-remote://ssh-remote+box/home/u/app"),
        ("", ""),
    ],
)
def test_folders_of_every_system(folder: str, expected: str) -> None:
    assert normalise_folder(folder) == expected


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("/nowhere/app", "app"),
        (r"c:\Users\u\app", "app"),
        ("vscode-remote://ssh-remote+box/home/u/app", "app"),
        ("relative/app", "app"),
        ("/" + "x" * 5000, "x" * 5000),
        ("", ""),
    ],
)
def test_folders_that_are_not_here(folder: str, name: str) -> None:
    project = project_of(folder)
    assert (project.id, project.name) == (normalise_folder(folder), name)
