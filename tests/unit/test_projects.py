from __future__ import annotations

import os
import shutil
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from aiana.models import Project
from aiana.projects import around, is_gone, normalise_folder, project_of, remote_identity


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


def test_project_of_a_checkout(tmp_path: Path) -> None:
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


def test_project_of_worktrees_and_submodules(tmp_path: Path) -> None:
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


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.email=ada@example.org", "-c", "user.name=Ada"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A real repository with one file, without a remote."""
    root = tmp_path / "work" / "plain"
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "a").write_text("x")
    git(root, "add", ".")
    git(root, "commit", "-qm", "x")
    return root


def test_project_of_worktrees_without_remote(plain: Path) -> None:
    expected = Project(id=plain.as_posix(), name="plain", root=plain.as_posix())
    inside, beside = plain / ".claude" / "worktrees" / "logs", plain.with_name("plain-logs")
    git(plain, "worktree", "add", "-q", str(inside), "-b", "logs")
    git(plain, "worktree", "add", "-q", str(beside), "-b", "beside")
    (beside / "deep").mkdir()
    for folder in (plain, inside, beside, beside / "deep", inside / "gone"):
        assert project_of(str(folder)) == expected
    shutil.rmtree(inside)
    shutil.rmtree(plain)
    assert project_of(str(inside / "src")).id == plain.as_posix()
    # Its `.git` still says where the repository was.
    assert project_of(str(beside)).id == plain.as_posix()


def test_worktrees_of_a_bare_repository(plain: Path) -> None:
    bare = plain.with_name("shop.git")
    git(plain, "clone", "-q", "--bare", str(plain), str(bare))
    git(bare, "remote", "remove", "origin")
    for name in ("one", "two"):
        git(bare, "worktree", "add", "-q", str(plain.with_name(name)), "-b", name)
    one, two = (project_of(str(plain.with_name(name))) for name in ("one", "two"))
    assert (one.id, one.name) == (two.id, two.name) == (bare.as_posix(), "shop")


def test_a_repository_within_another_is_its_own(plain: Path) -> None:
    nested = repository(plain / "vendor" / "lib")
    assert project_of(str(nested / "src")).id == nested.as_posix()
    module = plain / "module"
    module.mkdir()
    (module / ".git").write_text("gitdir: ../.git/modules/module\n")
    (plain / ".git" / "modules" / "module").mkdir(parents=True)
    assert project_of(str(module)).id == module.as_posix()
    assert project_of(str(plain / "vendor")).id == plain.as_posix()


def test_project_of_a_tracked_home(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (plain / "dotfiles" / "nvim").mkdir(parents=True)
    (plain / "dotfiles" / "nvim" / "init.lua").write_text("x")
    git(plain, "add", ".")
    (plain / "projects" / "shop").mkdir(parents=True)
    shop, nvim = plain / "projects" / "shop", plain / "dotfiles" / "nvim"
    monkeypatch.setenv("HOME", str(plain))
    for folder, expected in ((plain, plain), (nvim, plain), (shop, shop), (shop / "x", shop / "x")):
        assert project_of(str(folder)).id == expected.as_posix()
    monkeypatch.setenv("HOME", str(plain / "projects"))
    assert project_of(str(shop)).id == shop.as_posix()
    monkeypatch.setenv("HOME", "/nowhere")
    assert project_of(str(shop)).id == plain.as_posix()


def test_two_clones_with_one_remote_are_one_project(tmp_path: Path) -> None:
    remote = ("origin", "git@github.com:me/name.git")
    one, two = repository(tmp_path / "one", remote), repository(tmp_path / "two", remote)
    assert project_of(str(one)).id == project_of(str(two)).id == "github.com/me/name"


@pytest.mark.parametrize(
    ("folder", "project"),
    [
        ("/nowhere/app/.claude/worktrees/fix-1", "/nowhere/app"),
        ("/nowhere/app/.claude/worktrees/fix-1/src/deep", "/nowhere/app"),
        (r"C:\Users\u\app\.claude\worktrees\fix", "C:/Users/u/app"),
        ("/nowhere/app/.claude/worktrees", "/nowhere/app/.claude/worktrees"),
    ],
)
def test_worktrees_of_agents_of_which_nothing_is_left(folder: str, project: str) -> None:
    assert project_of(folder).id == project


def test_what_is_gone(tmp_path: Path) -> None:
    assert not is_gone(str(tmp_path))
    assert is_gone(str(tmp_path / "x"))
    assert not is_gone("")
    assert not is_gone("vscode-remote://ssh-remote+box/home/u/app")
    assert not is_gone("/nowhere/app/.claude/worktrees/fix-1")


def test_a_path_of_thousands_of_folders_takes_little_memory() -> None:
    path = "/nowhere" + "/a" * 3000
    tracemalloc.start()
    try:
        assert project_of(path).id == path
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(30)
def test_a_pipe_in_the_place_of_git_files_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".git").mkdir()
    (tmp_path / "shop").mkdir()
    os.mkfifo(tmp_path / ".git" / "config")
    os.mkfifo(tmp_path / ".git" / "index")
    assert project_of(str(tmp_path / "shop")).id == str(tmp_path / "shop")
    assert project_of(str(tmp_path)).id == str(tmp_path)


@pytest.mark.parametrize(
    ("folder", "others"),
    [
        ("/home/ada/shop", ["/home/ada", "/home", "/"]),
        ("C:/work/shop", ["C:/work", "C:/"]),
        ("/", []),
        ("shop", []),
    ],
)
def test_what_a_folder_lies_in(folder: str, others: list[str]) -> None:
    assert list(around(folder)) == [folder, *others]


def test_folders_that_are_too_long_to_exist_are_not_looked_for() -> None:
    path = "/a" * 100_000
    first, *others = around(path)
    assert (first, len(others), max(map(len, others))) == (path, 2049, 4096)
