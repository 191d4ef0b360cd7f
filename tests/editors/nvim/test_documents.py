"""Documents in Neovim: buffers, windows, folds, motions and links."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Neovim
from tests.editors.nvim.test_plugin import CART, CART_URI, PINNED

STORED = [
    {
        "type": "user",
        "uuid": "u1",
        "message": {"role": "user", "content": "## no message\n# vim: ts=3"},
    },
    {
        "type": "assistant",
        "uuid": "a1",
        "message": {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Let me see.\n\nA file."},
                {"type": "tool_use", "id": "t", "name": "Read", "input": {"file_path": "src/a.ts"}},
            ],
        },
    },
    {
        "type": "user",
        "uuid": "r1",
        "message": {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": "## one\ntwo\nthree"}
            ],
        },
    },
    {
        "type": "assistant",
        "uuid": "a2",
        "message": {"role": "assistant", "content": "See [this](file:///etc/passwd)."},
    },
]


@pytest.fixture
def session(tmp_path: Path) -> str:
    """Lua that imports a session with thinking and a tool, and opens it."""
    folder = tmp_path / "stored"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.ts").write_text("one\ntwo\n", encoding="utf-8")
    common = {"sessionId": "s1", "cwd": str(folder), "timestamp": "2026-01-12T09:14:00.000Z"}
    lines = [json.dumps({**common, **record}) for record in STORED]
    (folder / "s1.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return f"""
    T.request('aiana/capture/import', {{ paths = {{ '{folder}' }} }})
    vim.cmd('Aiana open aiana:///session/s1')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    """


def test_one_buffer_for_each_session(neovim: Neovim) -> None:
    buffers, line, after = neovim.run(f"""
    local uri = 'aiana:///session/{CART}'
    vim.cmd('Aiana open ' .. uri .. '#{PINNED}')
    T.wait(function() return T.cursor_line() == 32 end, 'the message')
    vim.cmd.enew()
    vim.cmd('edit aiana:///session/{CART}\\\\#{PINNED}')
    T.wait(function() return T.cursor_line() == 32 end, 'the message')
    local line = T.cursor_line()
    vim.cmd.edit(uri .. '/A\\\\ name.md')
    T.wait(function() return vim.api.nvim_buf_get_name(0) == '{CART_URI}' end, 'the one buffer')
    local ours = {{}}
    for _, info in ipairs(vim.fn.getbufinfo({{ buflisted = 1 }})) do
      table.insert(ours, info.name:match('^aiana:.*'))
    end
    return {{ ours, line, vim.api.nvim_buf_get_name(0) }}
    """)
    assert buffers == [CART_URI]
    assert line == 32
    assert after == CART_URI


def test_failed_document_is_read_only(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.cmd.edit('aiana:///session/nonesuch')
    local note = T.note()
    return { note, vim.bo.modifiable, vim.bo.readonly, vim.bo.buftype, vim.bo.modified,
      vim.api.nvim_buf_get_lines(0, 0, -1, false)[1] }
    """)
    assert got[1:5] == [False, True, "nofile", False]
    assert got[0] == f"Aiana: {got[5]}"
    assert "nonesuch" in got[5]


def test_windows_that_keep_their_buffer_are_left_alone(neovim: Neovim) -> None:
    got = neovim.run(f"""
    local function open()
      vim.cmd('Aiana open aiana:///session/{CART}')
      T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
      local windows = #vim.api.nvim_list_wins()
      vim.cmd('only')
      return windows
    end
    vim.wo.winfixbuf = true
    local fixed = open()
    vim.cmd('enew')
    vim.o.hidden = false
    vim.api.nvim_buf_set_lines(0, 0, -1, false, {{ 'not written yet' }})
    local written = vim.api.nvim_get_current_buf()
    vim.cmd('Aiana open aiana:///session/{CART}')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    return {{ fixed, #vim.api.nvim_list_wins(), vim.api.nvim_buf_get_lines(written, 0, -1, false),
      vim.bo[written].modified, T.notes }}
    """)
    assert got == [2, 2, ["not written yet"], True, []]


def test_lists_mark_thinking(neovim: Neovim, session: str) -> None:
    got = neovim.run(
        session
        + """
    local function rows(query)
      local list = require('aiana.lists').hits({ query = query, all = true })
      local page
      list.fetch(query, nil, function(_, found) page = found end)
      T.wait(function() return page end, 'the hits')
      return page.rows
    end
    local thought, said = rows('"Let me see"')[1], rows('passwd')[1]
    local previews = {}
    for _, row in ipairs({ thought, said }) do
      row.preview(function(lines) table.insert(previews, lines[3]) end)
    end
    return { thought.label, said.label, previews }
    """
    )
    thought, said, previews = got
    assert thought.endswith("  thinking: Let me see. A file.")
    assert said.endswith("  See [this](file:///etc/passwd).")
    assert [preview.split(" · ")[2] for preview in previews] == ["thinking", "assistant"]


def test_document_folds_and_jumps(neovim: Neovim, session: str) -> None:
    """Tool traffic and thinking are folded and messages are gone to."""
    turns, folds, tabstop, words = neovim.run(
        session
        + """
    local turns = {}
    vim.api.nvim_win_set_cursor(0, { 1, 0 })
    for _ = 1, 3 do
      vim.cmd('normal ]]')
      table.insert(turns, { T.cursor_line() })
    end
    vim.cmd('normal [[')
    table.insert(turns, { T.cursor_line() })
    local folds = {}
    for line = 1, vim.fn.line('$') do
      if vim.fn.foldclosed(line) == line then
        table.insert(folds, vim.fn.foldtextresult(line))
      end
    end
    return { turns, folds, vim.bo.tabstop, vim.fn.foldclosed(turns[1][1] + 2) }
    """
    )
    assert [line.partition(" · ")[0] for _, line in turns] == [
        "## User",
        "## Assistant",
        "## Assistant",
        "## User",
    ]
    assert turns[1] == turns[2]
    assert [fold.rpartition(" (")[0] for fold in folds] == [
        "▸ Assistant (thinking) · 2026-01-12 09:14 · Let me see.",
        "▸ Read: src/a.ts",
        "▸ Read: one",
    ]
    assert words == -1
    assert tabstop != 3, "a stored text has set an option"


def test_follow_links_of_the_server(neovim: Neovim, session: str, tmp_path: Path) -> None:
    got = neovim.run(
        session
        + """
    local press = vim.keycode('<CR>')
    vim.fn.search('file:///etc/passwd')
    vim.cmd('normal ' .. press)
    local refused = T.note()
    vim.cmd('normal! zR')
    vim.fn.search('called for src')
    vim.cmd('normal gf')
    return { refused, vim.api.nvim_buf_get_name(0), vim.api.nvim_get_current_line() }
    """
    )
    path = str(tmp_path / "stored" / "src" / "a.ts")
    assert got == ["Aiana: There is no link of Aiana here.", path, "one"]


def test_what_changes_or_goes_is_seen(neovim: Neovim) -> None:
    got = neovim.run("""
    local memory = T.request('aiana/memory/add', { content = 'First', project = '' }).memory
    local told
    vim.api.nvim_create_autocmd('User', { pattern = 'AianaChanged', callback = function(event)
      told = event.data.kinds
    end })
    vim.cmd.edit('aiana:///memory/' .. memory.id)
    local function last() return vim.api.nvim_buf_get_lines(0, -2, -1, false)[1] end
    local first = last()
    T.request('aiana/memory/update', { id = memory.id, content = 'Second' })
    T.wait(function() return last() == 'Second' end, 'the change')
    T.request('aiana/memory/delete', { ids = { memory.id } })
    T.wait(function() return last() ~= 'Second' end, 'the end')
    return { first, told, last():find(memory.id, 1, true) ~= nil, vim.bo.modifiable }
    """)
    assert got == ["First", ["memories"], True, False]
