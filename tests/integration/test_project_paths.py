"""A path is resolved to its project in every request, and never to one that lies around it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiana.config import Config
from aiana.models import Message, SearchFilter, Session
from aiana.projects import project_of
from aiana.service import Aiana, open_aiana

NOON = "2026-05-01T12:00:00.000Z"
REMOTE = "https://example.com/ada/shop.git"


@pytest.fixture
def aiana(tmp_path: Path) -> Iterator[Aiana]:
    service = open_aiana(Config(data_dir=tmp_path / "data"))
    yield service
    service.close()


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True)


def repository(folder: Path, remote: str | None = None) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet")
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "first")
    if remote:
        git(folder, "remote", "add", "origin", remote)
    return folder


def talk(aiana: Aiana, folder: Path, text: str) -> None:
    """An assistant's session in a folder, as the importer stores it."""
    id = f"session in {folder}"
    aiana.record_messages(
        Session(
            id=id,
            source="codex",
            project=project_of(str(folder)).id,
            project_path=str(folder),
            started_at=NOON,
        ),
        [Message(id="1", session_id=id, type="user", role="user", content=text, timestamp=NOON)],
    )


def heard(aiana: Aiana, path: Path | str) -> set[str]:
    """What every request that takes a project answers for a path; all must agree."""
    wanted = SearchFilter(project=str(path))
    found = {hit.content or "" for hit in aiana.search("talk", mode="keyword", filter=wanted).hits}
    asked = aiana.search(f'talk project:"{path}"', mode="keyword").hits
    assert {hit.content for hit in asked} == found
    sessions = aiana.list_sessions(wanted).sessions
    assert {session.id.rpartition("/")[2] for session in sessions} == {
        text.rpartition(" ")[2] for text in found
    }
    context = aiana.context("talk", project=str(path))
    assert {item.content for item in context.items if item.reason != "recent"} >= found
    assert bool(context.items) == bool(found)
    return found


def test_second_clone_has_the_history_of_the_first(aiana: Aiana, tmp_path: Path) -> None:
    first, second = repository(tmp_path / "one", REMOTE), repository(tmp_path / "two", REMOTE)
    talk(aiana, first, "talk in one")
    assert heard(aiana, second) == {"talk in one"}
    (second / "src").mkdir()
    (second / "src" / "cart.py").touch()
    assert heard(aiana, second / "src") == {"talk in one"}
    assert heard(aiana, second / "src" / "cart.py") == {"talk in one"}
    assert heard(aiana, f"file://{second}") == {"talk in one"}
    memory = aiana.add_memory("talk of memory", project=str(second)).memory
    assert memory.project == "example.com/ada/shop"
    assert aiana.list_memories(SearchFilter(project=str(first))).memories == [memory]
    would = aiana.delete_memories(filter=SearchFilter(project=str(first)), dry_run=True)
    assert would.ids == [memory.id]


def test_worktree_without_a_remote_is_its_repository(aiana: Aiana, tmp_path: Path) -> None:
    main = repository(tmp_path / "shop")
    git(main, "worktree", "add", "--quiet", "../shop-fix")
    talk(aiana, main, "talk in shop")
    assert heard(aiana, tmp_path / "shop-fix") == {"talk in shop"}


def test_moved_checkout_keeps_its_history(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", REMOTE)
    talk(aiana, shop, "talk in shop")
    shop.rename(tmp_path / "store")
    assert heard(aiana, tmp_path / "store") == {"talk in shop"}
    assert heard(aiana, shop) == {"talk in shop"}  # gone, but sessions recorded it


def test_path_through_a_link_is_the_folder_behind_it(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop")
    (tmp_path / "link").symlink_to(shop)
    talk(aiana, shop, "talk in shop")
    assert heard(aiana, tmp_path / "link") == {"talk in shop"}


@pytest.mark.parametrize("remote", [None, "https://example.com/ada/other.git"])
def test_history_of_the_folder_around_is_not_shown(
    aiana: Aiana, tmp_path: Path, remote: str | None
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    talk(aiana, home, "talk in home")
    assert heard(aiana, home) == {"talk in home"}
    assert heard(aiana, repository(home / "shop", remote)) == set()
    plain = home / "notes"
    plain.mkdir()
    assert heard(aiana, plain) == set()


def test_repository_inside_another_is_its_own(aiana: Aiana, tmp_path: Path) -> None:
    outer = repository(tmp_path / "outer", REMOTE)
    talk(aiana, outer, "talk in outer")
    assert heard(aiana, repository(outer / "inner")) == set()


def test_path_is_never_taken_for_a_name(aiana: Aiana, tmp_path: Path) -> None:
    talk(aiana, repository(tmp_path / "one" / "shop"), "talk in shop")
    assert heard(aiana, repository(tmp_path / "two" / "shop")) == set()
    found = aiana.search("talk", mode="keyword", filter=SearchFilter(project="shop")).hits
    assert [hit.content for hit in found] == ["talk in shop"]


def test_project_of_a_file_and_of_open_folders(aiana: Aiana, tmp_path: Path) -> None:
    shop = repository(tmp_path / "shop", REMOTE)
    notes = tmp_path / "notes"
    (notes / "deep").mkdir(parents=True)
    file = notes / "deep" / "todo.md"
    file.touch()

    def found(path: Path | None, *folders: Path) -> str | None:
        project = aiana.project_at(path, folders)
        return None if project is None else project.name

    assert found(shop / "src" / "new.py", notes) == "shop"
    assert found(file, notes) == "notes"
    assert found(file, notes, notes / "deep") == "deep"
    assert found(file) == "deep"
    assert found(notes) == "notes"
    assert found(None, shop, notes) == "shop"
    assert found(None) is None
