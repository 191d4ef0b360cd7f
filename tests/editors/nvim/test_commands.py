"""`:Aiana`: ranges, completion, what is sent and what is said."""

from __future__ import annotations

from tests.editors.nvim.conftest import Neovim
from tests.editors.nvim.test_plugin import CODE, MEMORIES


def test_completion(neovim: Neovim) -> None:
    (neovim.folder / "work" / "two words").mkdir(parents=True)
    got = neovim.run(r"""
    local function complete(line) return vim.fn.getcompletion(line, 'cmdline') end
    return { complete('Aiana '), complete('Aiana! s'), complete('Aiana add type=p'),
      complete('Aiana search af'), complete('Aiana status '), complete('Aiana import tw'),
      complete('Aiana import two\\ w'), complete('Aiana act he'),
      { complete('Aiana import claude-c')[1], complete('Aiana search source:claude-c')[1] } }
    """)
    assert got == [
        [
            *(
                "act",
                "add",
                "changes",
                "context",
                "fixes",
                "handover",
                "history",
                "import",
                "memories",
                "open",
            ),
            *("prefer", "quickfix", "resume", "search", "sessions", "share", "status"),
            *("stop", "undo", "why"),
        ],
        ["search", "sessions", "share", "status", "stop"],
        ["type=pattern", "type=preference"],
        ["after:30d", "after:7d"],
        [],
        ["two\\ words/"],
        ["two\\ words/"],
        ["helpful"],
        ["claude-code", "source:claude-code"],
    ]


def test_completion_of_assistants(neovim: Neovim) -> None:
    known, offered = neovim.run("""
    local known = vim.tbl_map(function(source) return source.name end,
      T.request('aiana/capture/sources', {}).sources)
    table.sort(known)
    return { known, vim.fn.getcompletion('Aiana import ', 'cmdline') }
    """)
    assert known
    assert [name for name in offered if not name.endswith("/")] == known


def test_import_paths(neovim: Neovim) -> None:
    (neovim.folder / "work" / "two words").mkdir(parents=True)
    got = neovim.run(r"""
    vim.cmd('Aiana import two\\ words')
    local blank = T.note()
    local wrong = {}
    for _, path in ipairs({ '~/nope', './nope', 'a/nope', 'nope' }) do
      vim.cmd('Aiana import ' .. path)
      table.insert(wrong, T.note())
    end
    return { blank, wrong }
    """)
    assert "nope" not in got[0]
    assert "words" not in got[0]
    assert got[1][:3] == [
        f"Aiana: There is no file or folder {path}." for path in ("~/nope", "./nope", "a/nope")
    ]
    assert "nope" in got[1][3]


def test_an_import_can_be_stopped(neovim: Neovim) -> None:
    got = neovim.run("""
    T.request('aiana/status', {})
    local server = T.servers()[1]
    vim.uv.kill(server, 'sigstop')
    vim.cmd('Aiana import')
    local sent = {}
    local client = vim.lsp.get_clients({ name = 'aiana' })[1]
    local notify = client.notify
    client.notify = function(self, method, params)
      table.insert(sent, { method, params.token:match('^aiana%-import') })
      return notify(self, method, params)
    end
    vim.cmd('Aiana stop')
    vim.uv.kill(server, 'sigcont')
    T.note()
    vim.cmd('Aiana stop')
    return { sent, T.note() }
    """)
    assert got == [
        [["window/workDoneProgress/cancel", "aiana-import"]],
        "Aiana: No import is running.",
    ]


def test_remember_line_numbers_after_a_selection(neovim: Neovim) -> None:
    """Lines given as numbers are whole whatever was selected before."""
    memories, _ = neovim.run(
        CODE
        + """
    vim.cmd('normal! 2G0vjl' .. vim.keycode('<Esc>'))
    vim.keymap.set('n', 'Q', ':2,3Aiana add<CR>', { silent = true })
    vim.api.nvim_feedkeys('Q', 'tx', false)
    """
        + MEMORIES
    )
    assert [memory["content"] for memory in memories] == ['grüße = "naïve"\nlast = 3']


def test_remember_from_visual_mode(neovim: Neovim) -> None:
    """A mapping that stays in visual mode remembers what is selected."""
    memories, mode = neovim.run(
        CODE
        + """
    vim.cmd('normal! 1G0v$' .. vim.keycode('<Esc>'))
    vim.keymap.set('x', 'Y', '<Cmd>Aiana add<CR>')
    vim.keymap.set('x', 'Z', '<Plug>(aiana-remember)')
    vim.api.nvim_feedkeys('2G0viwY', 'tx', false)
    T.note()
    vim.api.nvim_feedkeys('3G0viwZ', 'tx', false)
    """
        + MEMORIES
    )
    assert {memory["content"] for memory in memories} == {"grüße", "last"}
    assert mode == "n"


def test_what_is_no_utf_8_is_said_and_not_sent(neovim: Neovim) -> None:
    (neovim.folder / "work").mkdir()
    (neovim.folder / "work" / "latin.txt").write_bytes(b"a\ngr\xfc\xdfe\n")
    got = neovim.run(r"""
    vim.cmd('edit ++enc=utf-8 ++bad=keep latin.txt')
    vim.cmd('%Aiana add')
    local note = T.note()
    vim.cmd('%Aiana context @a')
    local why_not = require('aiana.utf8').why_not
    local fine = why_not({ 'grüße 🙂 \0 \u{ffff}', { x = '\u{10ffff}' } })
    local bad = vim.tbl_map(why_not, { '\237\160\128', '\192\175', '\244\144\128\128', '\240\159' })
    local stored = #T.request('aiana/memory/list', {}).memories
    return { note, T.note() == note, fine == nil, #bad, stored }
    """)
    assert got == [
        "Aiana: Line 2 of the text holds bytes that are not UTF-8."
        " Read the file in its own encoding first, as in `:edit ++enc=latin1`.",
        True,
        True,
        4,
        0,
    ]


def test_requests_leave_no_timers(neovim: Neovim) -> None:
    got = neovim.run("""
    local function timers()
      local count = 0
      vim.uv.walk(function(handle)
        if handle:get_type() == 'timer' and not handle:is_closing() then count = count + 1 end
      end)
      return count
    end
    local before = timers()
    for _ = 1, 3 do
      T.request('aiana/status', {})
    end
    return { before, timers() }
    """)
    assert got[1] == got[0]


def test_an_error_is_said_once(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.lsp.config('aiana', { cmd = { 'no-such-aiana', 'lsp' } })
    vim.cmd('Aiana search redis')
    local first = T.note()
    return { first, #T.notes }
    """)
    assert got == [
        "Aiana: `no-such-aiana` is not on the PATH; install it with `pip install aiana`.",
        0,
    ]


def test_rows_differ_where_titles_are_long_and_wide(neovim: Neovim) -> None:
    rows = neovim.run(r"""
    vim.o.columns = 80
    local text = require('aiana.text')
    local title = ('改善登录测试的稳定性'):rep(9)
    return vim.tbl_map(function(snippet)
      local row = text.hit({ timestamp = '2026-02-03T00:00:00.000Z', sessionTitle = title,
        snippet = snippet, source = 'codex' })
      return { row, vim.fn.strdisplaywidth(row) }
    end, { 'first', 'second', ('wide 宽'):rep(40), 'tab\t\27[31mred' })
    """)
    assert [width <= 74 for _, width in rows] == [True] * 4
    assert rows[0][0] == "2026-02-03  改善登录测试的稳定性改善登…  first"
    assert rows[1][0].endswith("…  second")
    assert rows[2][0].endswith("…")
    assert rows[3][0].endswith("tab [31mred")


def test_lists_go_on(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.g.aiana = { limit = 4 }
    T.choices = { 5, 6 }
    vim.cmd('Aiana! sessions')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    return { #T.offered, T.cursor_line() == 1, #T.notes }
    """)
    assert got == [6, True, 0]


def test_a_status_line_tells_only_what_matters(neovim: Neovim) -> None:
    got = neovim.run("""
    local events = require('aiana.events')
    local statusline = require('aiana').statusline
    local before = statusline()
    T.request('aiana/status', {})
    local status = { health = 'ok', indexing = { pending = 0 } }
    local shown = {}
    vim.api.nvim_create_autocmd('User', { pattern = 'AianaStatus', callback = function(event)
      table.insert(shown, { event.data.health, statusline() })
    end })
    events.status(status)
    events.status(vim.tbl_extend('force', status, { indexing = { pending = 3 } }))
    events.status(vim.tbl_extend('force', status, { health = 'warning' }))
    return { before, shown }
    """)
    assert got == ["", [["ok", ""], ["ok", "Aiana: 3 to index"], ["warning", "Aiana: warning"]]]


def test_search_notes(neovim: Neovim) -> None:
    prompt, offered, nothing = neovim.run("""
    vim.cmd('Aiana! search redis before:whenever')
    T.wait(function() return T.offered end, 'the hits')
    vim.cmd('Aiana! search source:nonesuch redis')
    return { T.prompt, #T.offered, T.note() }
    """)
    assert prompt.startswith("Aiana: redis before:whenever · ")
    assert "whenever" in prompt.removeprefix("Aiana: redis before:whenever · ")
    assert offered > 0
    assert nothing.startswith("Aiana: Nothing was found. ")
    assert "nonesuch" in nothing
