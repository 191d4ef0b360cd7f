"""Beside the plugins of others: live pickers, typed into, and lazy.nvim as the installer.

`AIANA_TEST_NVIM_PLUGINS` names a folder that has the plugins, each under its own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Neovim, Typed
from tests.editors.nvim.test_plugin import CART

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


def test_hits_follow_what_is_typed_and_the_chosen_one_opens(picker: Typed) -> None:
    picker.keys(":Aiana!<CR>")
    picker.keys("HGETALL")
    shows(picker, "2026-02-03", "# Pin the Redis client below 5")
    picker.keys("<C-U>npm update")
    shows(picker, "why did `npm update` break", "*claude-code")
    picker.keys("<CR>")
    picker.lua("T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')")
    got = picker.lua("return { vim.api.nvim_buf_get_name(0), T.cursor_line(), T.notes }")
    assert got == [f"aiana:///session/{CART}", 9, []]


def test_a_query_of_the_command_is_searched_at_once(picker: Typed) -> None:
    picker.keys(':Aiana! search "npm update"<CR>')
    shows(picker, "why did `npm update` break")


def test_typing_on_cancels_and_closing_leaves_nothing(picker: Typed) -> None:
    picker.keys(":Aiana!<CR>")
    picker.keys("redis")
    picker.keys(" client")
    picker.keys("<Esc><Esc>")
    floating = """
    local count = 0
    for _, window in ipairs(vim.api.nvim_list_wins()) do
      if vim.api.nvim_win_get_config(window).relative ~= "" then count = count + 1 end
    end
    return count == 0
    """
    picker.lua(f"T.wait(function() {floating} end, 'the end of the picker')")
    assert picker.lua("return T.notes") == []


def test_lazy_nvim_installs_the_plugin(neovim: Neovim) -> None:
    [neovim.lazy] = plugins("lazy.nvim")
    got = neovim.run("""
    vim.cmd('Aiana add by way of lazy.nvim')
    return { T.note(), vim.fn.getcompletion('aiana-set', 'help') }
    """)
    assert got == ["Aiana: Remembered.", ["aiana-settings"]]
