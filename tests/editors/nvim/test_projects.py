"""A project is its repository, wherever it lies: clones, worktrees, moved folders."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests.editors.nvim.conftest import Neovim

FOUND = """
local function found(folder)
  vim.cmd.edit(vim.fn.fnameescape(folder .. '/code.py'))
  vim.cmd('silent! cclose | call setqflist([], "f")')
  T.notes = {}
  vim.cmd('Aiana quickfix walrus')
  T.wait(function() return #T.notes > 0 or #vim.fn.getqflist() > 0 end, 'the answer')
  local labels = vim.tbl_map(function(item)
    return item.text:match('walrus %a+')
  end, vim.fn.getqflist())
  vim.cmd('silent! cclose')
  table.sort(labels)
  return labels
end
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, remote: str | None) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "Begin")
    if remote:
        git(folder, "remote", "add", "origin", remote)
    return folder


def session(folder: Path, words: str) -> str:
    """Lua that imports a session which an assistant had in a folder."""
    transcripts = folder.parent / f"transcripts-{words}"
    transcripts.mkdir()
    record = {
        "type": "user",
        "uuid": words,
        "sessionId": words,
        "cwd": str(folder),
        "timestamp": "2026-01-12T09:14:00.000Z",
        "message": {"role": "user", "content": f"the walrus {words}"},
    }
    (transcripts / f"{words}.jsonl").write_text(json.dumps(record), encoding="utf-8")
    return f"T.request('aiana/capture/import', {{ paths = {{ '{transcripts}' }} }})\n"


def test_project_of_clones_and_worktrees(neovim: Neovim, tmp_path: Path) -> None:
    first = repository(tmp_path / "first", "git@github.com:ada/zoo.git")
    second = repository(tmp_path / "second one", "https://github.com/ada/zoo")
    git(first, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "tree")
    other = repository(tmp_path / "other", "https://github.com/ada/other")
    moved = tmp_path / "moved"
    got = neovim.run(
        FOUND
        + session(first, "sang")
        + f"""
    local places = {{ '{first}', '{second}', '{tmp_path / "tree"}', '{other}' }}
    local all = vim.tbl_map(found, places)
    vim.uv.fs_rename('{first}', '{moved}')
    table.insert(all, found('{moved}'))
    return all
    """
    )
    assert got == [["walrus sang"], ["walrus sang"], ["walrus sang"], [], ["walrus sang"]]


def test_a_worktree_without_a_remote_is_its_repository(neovim: Neovim, tmp_path: Path) -> None:
    first = repository(tmp_path / "first", None)
    git(first, "worktree", "add", "-q", str(tmp_path / "tree"), "-b", "tree")
    got = neovim.run(
        FOUND
        + session(tmp_path / "tree", "sang")
        + f"return {{ found('{first}'), found('{tmp_path / 'tree'}') }}"
    )
    assert got == [["walrus sang"], ["walrus sang"]]


def test_search_stays_in_the_repository(neovim: Neovim, tmp_path: Path) -> None:
    """What was said in a folder above is not shown in a repository."""
    home = tmp_path / "home"
    inside = repository(home / "work" / "zoo", None)
    (home / "notes").mkdir()
    (inside / "src").mkdir()
    got = neovim.run(
        FOUND
        + session(home, "above")
        + session(inside, "inside")
        + f"""
    local outside = found('{home / "notes"}')
    vim.cmd.cd('{home}')
    return {{ found('{inside / "src"}'), outside, found('{home / "notes"}') }}
    """
    )
    assert got == [["walrus inside"], [], ["walrus above"]]


def test_memory_of_a_clone(neovim: Neovim, tmp_path: Path) -> None:
    first = repository(tmp_path / "first", "git@github.com:ada/zoo.git")
    second = repository(tmp_path / "second", "https://github.com/ada/zoo")
    got = neovim.run(
        FOUND
        + f"""
    vim.cmd.edit('{first}/code.py')
    vim.cmd('Aiana add the walrus slept')
    T.note()
    return {{ found('{second}'), found(vim.fn.getcwd()) }}
    """
    )
    assert got == [["walrus slept"], []]
