"""What can be done with hits, messages, memories and sessions in Neovim."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock

from aiana.config import Config
from aiana.service import open_aiana
from tests.editors.nvim.conftest import Neovim
from tests.editors.nvim.test_plugin import CART, CART_URI, PINNED

LISTED = """
vim.cmd('Aiana! quickfix "npm update"')
T.wait(function() return vim.bo.buftype == 'quickfix' end, 'the list')
"""
MESSAGE = f"""
vim.g.aiana = {{ register = 'a' }}
vim.cmd('Aiana open aiana:///session/{CART}#{PINNED}')
T.wait(function() return T.cursor_line() == 32 end, 'the message')
"""
MEMORY = """
local memory = T.request('aiana/memory/add', { content = 'Use uv', project = '' }).memory
vim.cmd.edit('aiana:///memory/' .. memory.id)
"""


def test_quickfix_list_of_hits(neovim: Neovim) -> None:
    items, name, line, yanked = neovim.run(
        "vim.g.aiana = { register = 'a' }"
        + LISTED
        + """
    local items = vim.fn.getqflist()
    vim.cmd('Aiana act yank')
    T.note()
    vim.cmd('silent cc 1')
    return { #items, vim.api.nvim_buf_get_name(0), { T.cursor_line() }, vim.fn.getreg('a') }
    """
    )
    assert items == 1
    assert name == CART_URI
    assert line == [
        8,
        "## User · 2026-02-03 10:40 · why did `npm update` break the cart? getCartById…",
    ]
    assert yanked.startswith("why did `npm update` break")


def test_a_hit_opens_in_a_split_and_in_a_tab_page(neovim: Neovim) -> None:
    got = neovim.run(
        LISTED
        + """
    local list = vim.api.nvim_get_current_win()
    local places = {}
    for _, place in ipairs({ 'split', 'vsplit', 'tab' }) do
      vim.api.nvim_set_current_win(list)
      vim.cmd('Aiana act ' .. place)
      T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
      table.insert(places, { #vim.api.nvim_list_wins(), vim.fn.tabpagenr('$') })
    end
    return places
    """
    )
    assert got == [[3, 1], [4, 1], [5, 2]]


def test_insert_into_a_file(neovim: Neovim) -> None:
    got = neovim.run(
        """
    vim.cmd.edit('code.py')
    vim.api.nvim_buf_set_lines(0, 0, -1, false, { '# ' })
    vim.cmd('normal! $')
    local file = vim.api.nvim_get_current_buf()
    vim.cmd.split()
    """
        + MESSAGE
        + f"""
    vim.cmd('Aiana act insert')
    T.wait(function() return vim.api.nvim_get_current_buf() == file end, 'the file')
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    vim.bo.modifiable = false
    vim.cmd('Aiana open aiana:///session/{CART}')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    vim.api.nvim_win_set_cursor(0, {{ 33, 0 }})
    vim.cmd('Aiana act insert')
    return {{ lines[1], T.note() }}
    """
    )
    assert got[0].startswith("# Pinned `redis` to `~4.7`")
    assert got[1] == "Aiana: No buffer here can be written into: open the file first."


def test_a_message_is_remembered_from_a_menu(neovim: Neovim) -> None:
    offered, note, memory = neovim.run(
        MESSAGE
        + """
    T.choices = { 8 }
    vim.cmd('Aiana act')
    return { T.offered, T.note(), T.request('aiana/memory/list', {}).memories[1] }
    """
    )
    assert offered == [
        "Open",
        "Open in a split",
        "Open in a vertical split",
        "Open in a tab page",
        "Put into the quickfix list",
        "Insert at the cursor",
        "Yank",
        "Remember",
        "Resume in its assistant",
        "Hand over…",
        "Show what the session changed",
        "Share…",
        "Delete the session…",
    ]
    assert note == "Aiana: Remembered: one text."
    assert memory["content"].startswith("Pinned `redis` to `~4.7`")
    assert memory["sessionId"] == CART


def test_memory_actions(neovim: Neovim) -> None:
    got = neovim.run(
        MEMORY
        + """
    local notes = {}
    for _, action in ipairs({ 'helpful', 'helpful', 'unhelpful', 'harmful', 'pin' }) do
      vim.cmd('Aiana act ' .. action)
      table.insert(notes, T.note())
    end
    local kept = T.request('aiana/memory/get', { id = memory.id }).memory
    T.choices = { 2 }
    vim.cmd('Aiana act forget')
    table.insert(notes, T.note())
    assert(T.prompt == 'Forget “Use uv”?', T.prompt)
    local left = #T.request('aiana/memory/list', {}).memories
    vim.cmd('Aiana undo')
    table.insert(notes, T.note())
    local again = T.request('aiana/memory/get', { id = memory.id }).memory
    return { notes, { kept.helpful, kept.unhelpful, kept.harmful, kept.tags }, left,
      { again.content, again.helpful, again.tags } }
    """
    )
    assert got == [
        [
            "Aiana: Noted as helpful: one memory.",
            "Aiana: Noted as helpful: one memory.",
            "Aiana: Noted as unhelpful: one memory.",
            "Aiana: Noted as harmful: one memory.",
            "Aiana: Pinned.",
            "Aiana: Forgotten: one memory. `:Aiana undo` brings back.",
            "Aiana: Brought back: one memory.",
        ],
        [2, 1, 1, ["pinned"]],
        0,
        ["Use uv", 2, ["pinned"]],
    ]


def test_forget_several_memories(neovim: Neovim) -> None:
    got = neovim.run("""
    for number = 1, 3 do
      T.request('aiana/memory/add', { content = 'zebra number ' .. number, project = '' })
    end
    vim.cmd('Aiana! quickfix zebra')
    T.wait(function() return vim.bo.buftype == 'quickfix' end, 'the list')
    T.choices = { 1 }
    vim.cmd('%Aiana act forget')
    local asked, offered = T.prompt, T.offered
    local kept = #T.request('aiana/memory/list', {}).memories
    T.choices = { 2 }
    vim.cmd('1,2Aiana act forget')
    local note = T.note()
    return { asked, offered, kept, T.prompt, note, #T.request('aiana/memory/list', {}).memories }
    """)
    assert got == [
        "Forget 3 memories?",
        ["No", "Forget 3"],
        3,
        "Forget 2 memories?",
        "Aiana: Forgotten: 2 memories. `:Aiana undo` brings back.",
        1,
    ]


def test_delete_session_confirmed(neovim: Neovim) -> None:
    asked, kept, note, left = neovim.run(
        MESSAGE
        + """
    local function count() return T.request('aiana/status', {}).counts.sessions end
    T.choices = { 1 }
    vim.cmd('Aiana act delete')
    T.wait(function() return T.prompt end, 'the question')
    local asked, kept = T.prompt, count()
    T.choices = { 2 }
    vim.cmd('Aiana act delete')
    return { asked, kept, T.note(), count() }
    """
    )
    assert asked == (
        "Delete the session “Pin the Redis client below 5” with 6 messages from Aiana?"
        " The files of the assistants stay."
    )
    assert (kept, note, left) == (6, "Aiana: Deleted: one session.", 5)


def test_what_backups_still_hold_is_said(neovim: Neovim) -> None:
    home = Path(neovim.environ["AIANA_HOME"])
    aiana = open_aiana(Config(data_dir=home))
    aiana.back_up()
    aiana.close()
    with FileLock(home / "backups.lock"):
        notes = neovim.run(
            """
    T.wait(function() return T.request('aiana/status', {}).capture.state ~= 'off' end, 'its work')
    """
            + MESSAGE
            + """
    T.choices = { 2 }
    vim.cmd('Aiana act delete')
    local deleted = T.note()
    """
            + MEMORY
            + """
    T.choices = { 2 }
    vim.cmd('Aiana act forget')
    return { deleted, T.note() }
    """
        )
    assert notes == [
        "Aiana: Deleted: one session. The backups still hold it, and are being cleaned.",
        "Aiana: Forgotten: one memory. `:Aiana undo` brings back."
        " The backups still hold it, and are being cleaned.",
    ]


def test_actions_outside_of_lists(neovim: Neovim) -> None:
    """There is nothing to do elsewhere and wrong words are named."""
    got = neovim.run(
        "vim.cmd('Aiana act yank'); local nothing = T.note();"
        + MEMORY
        + """
    vim.cmd('Aiana act frobnicate')
    return { nothing, T.note():sub(1, 40) }
    """
    )
    assert got == [
        "Aiana: There is nothing of Aiana here: go to one of its documents or lists.",
        "Aiana: `frobnicate` is none of open, spl",
    ]
