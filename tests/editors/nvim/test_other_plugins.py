"""Beside the plugins of others: live pickers, typed into, and lazy.nvim as the installer.

`AIANA_TEST_NVIM_PLUGINS` names a folder that has the plugins, each under its own name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Neovim, Typed
from tests.editors.nvim.test_plugin import CART_URI

PLUGINS = os.environ.get("AIANA_TEST_NVIM_PLUGINS", "")
NEEDED = {
    "snacks": ["snacks.nvim"],
    "telescope": ["telescope.nvim", "plenary.nvim"],
    "fzf-lua": ["fzf-lua"],
}
# Floating windows, as a person sees them: the list and the preview are among them.
WINDOWS = """
local found = {}
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= "" then
    local buf = vim.api.nvim_win_get_buf(window)
    table.insert(found, table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), "\\n"))
  end
end
local seen = table.concat(found, "\\n")
"""


def plugins(*names: str) -> list[Path]:
    paths = [Path(PLUGINS, name) for name in names]
    if not PLUGINS or not all(path.is_dir() for path in paths):
        pytest.skip(f"AIANA_TEST_NVIM_PLUGINS names no folder with {' and '.join(names)}")
    return paths


@pytest.fixture(params=NEEDED)
def picker(request: pytest.FixtureRequest, neovim: Neovim) -> Iterator[Typed]:
    with neovim.open(*plugins(*NEEDED[request.param])) as typed:
        assert typed.lua("return require('aiana.pickers').name()") == request.param
        yield typed


def shows(typed: Typed, *texts: str) -> None:
    """Wait until the picker's windows hold these texts."""
    wanted = " and ".join(f"seen:find([[{text}]], 1, true)" for text in texts)
    typed.lua(f"T.wait(function() {WINDOWS} return {wanted} end, [[{texts}]])")


CLOSED = """
for _, window in ipairs(vim.api.nvim_list_wins()) do
  if vim.api.nvim_win_get_config(window).relative ~= "" then return false end
end
return true
"""


def closes(picker: Typed) -> None:
    """Leave the picker, which takes one key or two: it may be in Insert mode or not."""
    deadline = time.monotonic() + 60
    while not picker.lua(CLOSED):
        assert time.monotonic() < deadline, "the picker stays"
        picker.keys("<Esc>")


def test_live_picker(picker: Typed) -> None:
    picker.keys(":Aiana!<CR>")
    picker.keys("HGETALL")
    shows(picker, "2026-02-03", "# Pin the Redis client below 5")
    picker.keys("<C-U>npm update")
    shows(picker, "why did `npm update` break", "*claude-code")
    picker.keys("<CR>")
    picker.lua("T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')")
    got = picker.lua("return { vim.api.nvim_buf_get_name(0), T.cursor_line(), T.notes }")
    assert got == [CART_URI, 8, []]


def test_a_query_of_the_command_is_searched_at_once(picker: Typed) -> None:
    picker.keys(':Aiana! search "npm update"<CR>')
    shows(picker, "why did `npm update` break")
    closes(picker)


def test_several_hits_go_into_the_quickfix_list(picker: Typed) -> None:
    picker.keys(":Aiana! search redis client<CR>")
    shows(picker, "# Pin the Redis client below 5")
    picker.keys("<Tab><Tab><C-q>")
    picker.lua("T.wait(function() return vim.bo.buftype == 'quickfix' end, 'the list')")
    got = picker.lua("""
    local named = {}
    for _, item in ipairs(vim.fn.getqflist()) do
      table.insert(named, vim.startswith(vim.fn.bufname(item.bufnr), 'aiana:///') and item.lnum > 1)
    end
    return named
    """)
    assert got == [True, True]


def test_an_action_is_chosen_for_a_hit(picker: Typed) -> None:
    picker.keys(':Aiana! search "npm update"<CR>')
    shows(picker, "why did `npm update` break")
    picker.lua("vim.g.aiana = { register = 'a' }; T.choices = { 7 }")
    picker.keys("<M-a>")
    picker.lua("T.wait(function() return #T.notes > 0 end, 'the note')")
    got = picker.lua("return { T.offered[7], T.notes, vim.fn.getreg('a'):sub(1, 20) }")
    assert got == ["Yank", ["Aiana: Yanked into register a."], "why did `npm update`"]


def test_sessions_are_narrowed_down_with_a_preview(picker: Typed) -> None:
    picker.keys(":Aiana! sessions<CR>")
    shows(picker, "Pin the Redis client")
    picker.keys("login test")
    shows(picker, "Make the login test deterministic", "- Assistant: claude-code")
    picker.keys("<CR>")
    picker.lua("T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')")
    assert picker.lua("return T.cursor_line()") == 1
    assert picker.lua("return vim.api.nvim_get_current_line()").startswith("# Make the login test")


def test_typing_on_cancels_and_closing_leaves_nothing(picker: Typed) -> None:
    picker.keys(":Aiana!<CR>")
    picker.keys("redis")
    picker.keys(" client")
    closes(picker)
    assert picker.lua("return T.notes") == []


def test_lazy_nvim_installs_the_plugin(neovim: Neovim) -> None:
    [neovim.lazy] = plugins("lazy.nvim")
    got = neovim.run("""
    vim.cmd('Aiana add by way of lazy.nvim')
    return { T.note(), vim.fn.getcompletion('aiana-set', 'help') }
    """)
    assert got == ["Aiana: Remembered.", ["aiana-settings"]]
