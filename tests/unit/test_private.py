"""What Aiana writes is for its owner alone, and never goes through a link."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from aiana.errors import StorageUnavailable
from aiana.private import files_in, make_file, make_folder, make_own_folder, remove, write_text
from aiana.render.pages import write_page
from aiana.storage import AianaStorage

pytestmark = pytest.mark.skipif(os.name != "posix", reason="permissions and links of POSIX")


@pytest.fixture(autouse=True)
def _lax_umask() -> object:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folders_above_are_private_too(tmp_path: Path) -> None:
    make_folder(tmp_path / "a" / "b" / "c")
    make_folder(tmp_path / "a" / "b" / "c")
    assert {mode(tmp_path / each) for each in ("a", "a/b", "a/b/c")} == {0o700}


def test_files_are_private_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    make_file(path)
    assert mode(path) == 0o600
    path.write_text("kept")
    make_file(path)
    assert path.read_text() == "kept"
    write_text(path, "new")
    assert (path.read_text(), mode(path)) == ("new", 0o600)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_nothing_goes_through_a_link(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "file.md").write_text("somebody's own")
    home = tmp_path / "home"
    home.mkdir()
    (home / "file.md").symlink_to(own / "file.md")
    (home / "pages").symlink_to(own)
    (home / "dangling").symlink_to(own / "nothing")
    assert files_in(home, "*") == []
    assert files_in(home / "pages", "*") == []
    make_file(home / "dangling")
    write_text(home / "dangling", "written")
    write_text(home / "file.md", "written")
    assert not (home / "file.md").is_symlink()
    with pytest.raises(StorageUnavailable, match="is a link"):
        make_own_folder(home / "pages")
    with pytest.raises(StorageUnavailable, match="is a link"):
        write_page(home / "pages", "aiana:///memory/m", "text")
    remove(home / "pages")
    assert [file.read_text() for file in own.iterdir()] == ["somebody's own"]


def test_a_page_replaces_a_link(tmp_path: Path) -> None:
    own = tmp_path / "own.txt"
    own.write_text("somebody's own")
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "memory-m.md").symlink_to(own)
    path = write_page(pages, "aiana:///memory/m", "text")
    assert (path.read_text(), own.read_text()) == ("text", "somebody's own")
    assert mode(path) == 0o600


def test_the_database_is_made_through_no_link(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.touch()
    home = tmp_path / "home"
    home.mkdir()
    for target in (own, tmp_path / "nothing"):
        (home / "conversations.db").symlink_to(target)
        with pytest.raises(StorageUnavailable, match="is a link"):
            AianaStorage(home / "conversations.db")
        (home / "conversations.db").unlink()
    assert own.read_bytes() == b""
    assert not (tmp_path / "nothing").exists()
    # The data folder itself may be one.
    (tmp_path / "link").symlink_to(home)
    AianaStorage(tmp_path / "link" / "conversations.db").close()
    assert {mode(path) for path in home.iterdir()} == {0o600}


def test_what_is_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="is not a folder"):
        make_folder(tmp_path / "file")
    with pytest.raises(StorageUnavailable, match="cannot be used"):
        write_text(tmp_path / "missing" / "file", "text")
    with pytest.raises(StorageUnavailable, match="cannot be used"):
        make_file(tmp_path / "missing" / "file")
