"""The Neovim plugin: what a person does with it, in a real Neovim on the real server."""

from __future__ import annotations

import re
import time
from pathlib import Path

from tests.editors.conftest import ROOT
from tests.editors.nvim.conftest import Neovim

CART = "18a0a8ac-c2fe-5a36-97a5-2ba8e18f0108"
CART_URI = f"aiana:///session/{CART}/claude-code"
PINNED = "ea789c26-9d64-5fb0-bdc2-1488ae7b9dc9"

OPENED = """
T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
local number, line = T.cursor_line()
return {
  name = vim.api.nvim_buf_get_name(0), number = number, line = line,
  readonly = vim.bo.readonly, modifiable = vim.bo.modifiable, modified = vim.bo.modified,
  buftype = vim.bo.buftype, prompt = T.prompt, offered = T.offered, notes = T.notes,
}
"""
CODE = r"""
vim.cmd.edit('code.py')
vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'first = 1', 'grüße = "naïve"', 'last = 3' })
"""
MEMORIES = """
T.note()
return { T.request('aiana/memory/list', {}).memories, vim.api.nvim_get_mode().mode }
"""


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except (FileNotFoundError, ProcessLookupError):
        return False


def _without_nonce(block: str) -> str:
    return re.sub(r'nonce="\w+"|end \w+', "", block)


def test_search_opens_the_chosen_hit(neovim: Neovim) -> None:
    """Search offers hits and opens the chosen one where it was said."""
    got = neovim.run("""T.choices = { 1 }; vim.cmd('Aiana! search "npm update"')""" + OPENED)
    [label] = got.pop("offered")
    assert label.startswith("2026-02-03  Pin the Redis client below 5  why did `npm update` break")
    assert got == {
        "name": CART_URI,
        "number": 8,
        "line": "## User · 2026-02-03 10:40 · why did `npm update` break the cart? getCartById…",
        "readonly": True,
        "modifiable": False,
        "modified": False,
        "buftype": "nofile",
        "prompt": 'Aiana: "npm update"',
        "notes": [],
    }


def test_search_asks_for_the_words_when_none_are_given(neovim: Neovim) -> None:
    asking = """
    vim.ui.input = function(opts, on_confirm) T.asked = opts.prompt; on_confirm('HGETALL') end
    T.choices = { 1 }
    vim.cmd('Aiana!')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    return { T.asked, vim.api.nvim_get_current_line() }
    """
    assert neovim.run(asking) == [
        "Search Aiana: ",
        "## Assistant · 2026-02-03 10:42 · Version 5 of the redis client speaks RESP3 by…",
    ]


def test_search_without_bang_stays_in_the_project(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.cmd('Aiana search redis')
    local elsewhere = T.note()
    T.request('aiana/memory/add', { content = 'redis of this project', project = vim.fn.getcwd() })
    vim.cmd('Aiana search redis')
    T.wait(function() return T.offered end, 'the hits')
    return { elsewhere, #T.offered, T.offered[1]:sub(11) }
    """)
    assert got[0].startswith("Aiana: Nothing was found. `:Aiana! search` looks into all projects.")
    assert got[1:] == [1, "  insight  redis of this project"]


def test_a_visual_selection_is_remembered_exactly(neovim: Neovim) -> None:
    memories, mode = neovim.run(
        CODE
        + """
    T.attached()
    vim.keymap.set('x', 'Q', ':Aiana add type=pattern<CR>', { silent = true })
    vim.api.nvim_feedkeys('2G0vjlQ', 'tx', false)
    """
        + MEMORIES
    )
    [memory] = memories
    assert memory["content"] == 'grüße = "naïve"\nla'
    assert memory["memoryType"] == "pattern"
    assert memory["metadata"]["origin"] == {
        "uri": (neovim.folder / "work" / "code.py").as_uri(),
        "lines": [1, 2],
    }
    assert mode == "n"


def test_a_visual_mapping_remembers_the_selection(neovim: Neovim) -> None:
    memories, mode = neovim.run(
        CODE
        + """
    vim.keymap.set('x', 'Z', function() require('aiana').add_selection() end)
    vim.api.nvim_feedkeys('2G0viwZ', 'tx', false)
    """
        + MEMORIES
    )
    assert [memory["content"] for memory in memories] == ["grüße"]
    assert mode == "n"


def test_lines_and_words_are_remembered(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    vim.cmd('1,2Aiana add')
    local first = T.note()
    vim.cmd('Aiana add uv is the package manager here')
    local second = T.note()
    vim.cmd('Aiana add uv is the package manager here')
    local third = T.note()
    local contents = vim.tbl_map(function(memory) return memory.content end,
      T.request('aiana/memory/list', {}).memories)
    table.sort(contents)
    return { first, second, third, contents }
    """
    )
    assert got == [
        "Aiana: Remembered.",
        "Aiana: Remembered.",
        "Aiana: This was known already.",
        ['first = 1\ngrüße = "naïve"', "uv is the package manager here"],
    ]


def test_edit_opens_a_document_at_its_message(neovim: Neovim) -> None:
    got = neovim.run(
        f"vim.cmd.edit(vim.fn.fnameescape('aiana:///session/{CART}#{PINNED}'))\n"
        "T.wait(function() return T.cursor_line() > 1 end, 'the jump')" + OPENED
    )
    assert got["number"] == 32
    assert (
        got["line"]
        == "## Assistant · 2026-02-03 10:44 · Pinned `redis` to `~4.7` in package.json with a…"
    )
    assert not got["modifiable"]


def test_a_document_that_does_not_exist_is_named(neovim: Neovim) -> None:
    note = neovim.run("vim.cmd.edit('aiana:///session/nonesuch'); return T.note()")
    assert "nonesuch" in note


def test_sessions_can_be_chosen_and_read(neovim: Neovim) -> None:
    got = neovim.run(
        "T.choices = { 5 }; vim.cmd('Aiana! sessions')\n"
        + OPENED.replace("offered = T.offered", "offered = { #T.offered, T.offered[5] }")
    )
    assert got["offered"] == [
        6,
        "2026-01-19  Make the login test deterministic  (shop, 8 messages)",
    ]
    assert got["line"] == "# Make the login test deterministic"
    assert got["number"] == 1


def test_context_goes_to_a_register_and_to_functions(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    vim.cmd('Aiana prefer Uses uv, not pip')
    T.note()
    vim.cmd('Aiana! context @a redis')
    local note = T.note()
    local aiana = require('aiana')
    local waited = aiana.context_sync({ query = 'redis', all = true }, 20000)
    local called
    aiana.context({ query = 'redis', all = true }, function(err, block) called = { err, block } end)
    T.wait(function() return called end, 'the callback')
    return { note, vim.fn.getreg('a'), waited, called[2] }
    """
    )
    note, register, waited, called = got
    assert note == "Aiana: The context is in register a."
    assert register.startswith("<aiana-context")
    assert "Uses uv, not pip" in register
    assert "Pinned `redis` to `~4.7`" in register
    assert _without_nonce(waited) == _without_nonce(called) == _without_nonce(register)


def test_context_without_a_clipboard(neovim: Neovim) -> None:
    """Context goes to the unnamed register where there is no clipboard."""
    got = neovim.run("""
    vim.g.loaded_clipboard_provider = 1 -- As where no program reaches the clipboard.
    vim.cmd('Aiana! context redis')
    return { T.note(), vim.fn.getreg('"'):sub(1, 14) }
    """)
    assert got == ['Aiana: The context is in register ".', "<aiana-context"]


def test_a_slow_answer_is_announced(neovim: Neovim) -> None:
    got = neovim.run("""
    T.request('aiana/status', {})
    local server = T.servers()[1]
    vim.cmd('Aiana status')
    T.note()
    T.echoes = {}
    vim.uv.kill(server, 'sigstop')
    vim.cmd('Aiana status')
    T.wait(function() return #T.echoes > 0 end, 'the announcement')
    vim.uv.kill(server, 'sigcont')
    T.note()
    return T.echoes
    """)
    assert got == ["Aiana: waiting for the server…", ""]


def test_context_of_the_buffer_before_a_chat(neovim: Neovim) -> None:
    """Chats are given the context of the buffer that they are about."""
    # The chat is as CodeCompanion's source has it: `add_context` of 17 and later, before that
    # `add_reference`, both with the message, its source and its id.
    got = neovim.run(
        CODE
        + """
    vim.cmd('Aiana prefer Uses uv, not pip')
    T.note()
    local about = vim.api.nvim_get_current_buf()
    vim.cmd.new()
    local given = {}
    local function add(_, message, source, id)
      table.insert(given, { message.role, message.content, source, id })
    end
    local command = require('aiana.chat').codecompanion
    command.callback({ buffer_context = { bufnr = about }, add_context = add })
    command.callback({ add_reference = add })
    T.wait(function() return #given == 2 end, 'the context')
    return { given, require('aiana.chat').avante(), command.opts.contains_code }
    """
    )
    chats, prompt, contains_code = got
    for role, content, source, shown in chats:
        assert (role, source, shown) == ("user", "aiana", "<aiana>context</aiana>")
        assert "Uses uv, not pip" in content
    assert "Uses uv, not pip" in prompt
    assert contains_code is False


def test_preferences_are_listed_and_removed(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.cmd('Aiana prefer Uses tabs')
    T.note()
    T.choices = { 1, 2 }
    vim.cmd('Aiana prefer')
    local note = T.note()
    return { note, T.prompt, T.offered, T.request('aiana/preference/list', {}) }
    """)
    assert got == [
        "Aiana: Removed.",
        "Uses tabs",
        ["Keep it", "Remove it"],
        {"static": [], "dynamic": []},
    ]


def test_import_reports_counts_and_progress(neovim: Neovim) -> None:
    sample = Path(__file__).parents[2] / "fixtures" / "sample"
    got = neovim.run(f"""
    local kinds = {{}}
    vim.api.nvim_create_autocmd('LspProgress', {{ callback = function(event)
      table.insert(kinds, event.data.params.value.kind)
    end }})
    vim.cmd('Aiana import {sample}')
    return {{ T.note(), kinds[1], kinds[#kinds] }}
    """)
    assert got == ["Aiana: claude-code: 6 files, 0 new, 0 grown, 0 messages", "begin", "end"]


def test_status_and_wrong_words(neovim: Neovim) -> None:
    status, wrong = neovim.run("""
    vim.cmd('Aiana status')
    local status = T.note()
    vim.cmd('Aiana frobnicate')
    return { status, T.note() }
    """)
    assert status.startswith("Aiana: 6 sessions, 0 memories")
    known = (
        "act, add, changes, context, fixes, handover, history, import, memories, open, prefer,"
        " quickfix, resume, search, sessions, share, status, stop, undo, why"
    )
    assert wrong == f"Aiana: `frobnicate` is none of {known}."


def test_checkhealth_finds_all_well(neovim: Neovim) -> None:
    lines = neovim.run(
        """
    vim.cmd('checkhealth aiana')
    return vim.api.nvim_buf_get_lines(0, 0, -1, false)
    """,
        output="Running healthchecks...",
    )
    report = "\n".join(lines)
    assert "ERROR" not in report
    assert "Code actions are off; see :help |aiana-code-actions|" in report
    assert "Hits are shown by: select" in report
    assert "6 sessions, 38 messages, 0 memories, 0 preferences" in report
    assert f"Data: {neovim.environ['AIANA_HOME']}" in report


def test_checkhealth_says_how_to_get_a_missing_program(neovim: Neovim) -> None:
    lines = neovim.run(
        """
    vim.lsp.config('aiana', { cmd = { 'no-such-aiana', 'lsp' } })
    vim.cmd('checkhealth aiana')
    return vim.api.nvim_buf_get_lines(0, 0, -1, false)
    """,
        output="Running healthchecks...",
    )
    report = "\n".join(lines)
    assert "ERROR `no-such-aiana` is not on the PATH." in report
    assert "pip install aiana" in report


def test_help_is_there_without_helptags(neovim: Neovim) -> None:
    line, made = neovim.run("""
    vim.cmd('help :Aiana')
    local folder = vim.env.XDG_DATA_HOME .. '/doc'
    vim.fn.mkdir(folder, 'p')
    vim.uv.fs_copyfile(vim.env.TEST_PLUGIN .. '/doc/aiana.txt', folder .. '/aiana.txt')
    vim.cmd.helptags(folder)
    return { vim.api.nvim_get_current_line(), vim.fn.readfile(folder .. '/tags') }
    """)
    assert line.endswith("*:Aiana*")
    tags = ROOT / "editors" / "nvim" / "doc" / "tags"
    assert tags.read_text(encoding="utf-8").splitlines() == made, "run `:helptags`"


def test_two_neovims_share_what_they_remember(neovim: Neovim) -> None:
    meet = """
    local mine, theirs = %r, %r
    T.request('aiana/memory/add', { content = 'note of ' .. mine, project = '' })
    vim.fn.writefile({}, vim.env.AIANA_HOME .. '/' .. mine)
    T.wait(function()
      return vim.uv.fs_stat(vim.env.AIANA_HOME .. '/' .. theirs) ~= nil
    end, 'the other Neovim')
    vim.cmd('Aiana! search "note of"')
    T.wait(function() return T.offered end, 'the hits')
    table.sort(T.offered)
    vim.fn.writefile({}, vim.env.AIANA_HOME .. '/done-' .. mine)
    T.wait(function()
      return vim.uv.fs_stat(vim.env.AIANA_HOME .. '/done-' .. theirs) ~= nil
    end, 'the other Neovim')
    return vim.tbl_map(function(label) return label:sub(11) end, T.offered)
    """
    first = neovim.start(meet % ("one", "two"), name="one")
    second = neovim.start(meet % ("two", "one"), name="two")
    both = ["  insight  note of one", "  insight  note of two"]
    assert first.result() == both
    assert second.result() == both


def test_a_killed_server_is_started_anew(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    T.attached()
    local old = T.servers()[1]
    vim.uv.kill(old, 'sigkill')
    T.wait(function() return #vim.lsp.get_clients({ name = 'aiana' }) == 0 end, 'the death')
    T.notes = {}
    vim.cmd('Aiana add after the fall')
    local note = T.note()
    T.attached()
    local new = T.servers()
    return { note, #new, new[1] ~= old }
    """
    )
    assert got == ["Aiana: Remembered.", 1, True]


def test_a_request_whose_server_dies_is_answered(neovim: Neovim) -> None:
    got = neovim.run("""
    T.request('aiana/status', {})
    local server = T.servers()[1]
    vim.uv.kill(server, 'sigstop')
    local err
    require('aiana.client').request('aiana/status', {}, function(e) err = e end)
    vim.uv.kill(server, 'sigkill')
    T.wait(function() return err end, 'the answer')
    return err
    """)
    assert got.startswith("The server has ended. Run the command again to start it anew")


def test_request_with_hooks_in_the_configuration(
    neovim: Neovim,
) -> None:
    """A request is answered where the configuration has hooks of its own."""
    got = neovim.run(
        """
    local exits = 0
    vim.lsp.config('aiana', {
      on_init = function() end, on_exit = function() exits = exits + 1 end,
    })
    """
        + CODE
        + """
    T.attached()
    T.request('aiana/status', {})
    local server = T.servers()[1]
    vim.uv.kill(server, 'sigstop')
    local err
    require('aiana.client').request('aiana/status', {}, function(e) err = e end)
    vim.uv.kill(server, 'sigkill')
    T.wait(function() return err end, 'the answer')
    return { err, exits }
    """
    )
    assert got[0].startswith("The server has ended.")
    assert got[1] == 1


def test_leaving_neovim_ends_the_server(neovim: Neovim) -> None:
    pid = neovim.run(CODE + "T.attached(); return T.servers()[1]")
    deadline = time.monotonic() + 60
    while _is_running(pid):
        assert time.monotonic() < deadline, "the server outlives its Neovim"
        time.sleep(0.01)


def test_buffers_are_not_synchronised(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    T.attached()
    local client = vim.lsp.get_clients({ name = 'aiana' })[1]
    local sync = client.server_capabilities.textDocumentSync
    return { sync.openClose, sync.change, client:supports_method('textDocument/codeAction'),
      client:supports_method('workspace/symbol') }
    """
    )
    assert got == [False, 0, False, False]


def test_code_action_remembers_the_selection(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    T.attached()
    vim.lsp.handlers['window/showMessage'] = function(_, params)
      table.insert(T.notes, params.message)
    end
    T.choices = { 1 }
    vim.api.nvim_win_set_cursor(0, { 2, 0 })
    vim.cmd('normal! viw')
    vim.lsp.buf.code_action()
    local note = T.note()
    return { note, T.offered, T.request('aiana/memory/list', {}).memories[1].content }
    """,
        options={"codeActions": True},
    )
    offered = ["Remember this selection", "Add context for this file"]
    assert got == ["Remembered.", offered, "grüße"]


def test_one_server_serves_all_projects(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.cmd.edit('one.py')
    T.attached()
    vim.fn.mkdir('other/.git', 'p')
    vim.cmd.edit('other/two.py')
    T.attached()
    return #T.servers()
    """)
    assert got == 1


def test_the_server_is_started_where_it_is_not_enabled(neovim: Neovim) -> None:
    got = neovim.run("""
    vim.lsp.enable('aiana', false)
    local before = #T.servers()
    vim.cmd('Aiana add without attaching')
    return { before, T.note(), #T.servers() }
    """)
    assert got == [0, "Aiana: Remembered.", 1]


def test_symbols_lead_to_documents(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + """
    T.attached()
    T.request('aiana/memory/add', { content = 'Pin redis', project = vim.fn.getcwd() })
    local found
    vim.lsp.buf.workspace_symbol('redis', { on_list = function(list) found = list.items end })
    T.wait(function() return found end, 'the symbols')
    vim.fn.setqflist(found)
    vim.bo.modified = false
    vim.cmd('silent cc 1')
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    return { #found, lines[1], lines[#lines], vim.bo.filetype }
    """,
        options={"workspaceSymbols": True},
    )
    assert got == [1, "# Insight", "Pin redis", "markdown"]


def test_a_quickfix_entry_leads_to_its_line(neovim: Neovim) -> None:
    got = neovim.run(f"""
    vim.fn.setqflist({{ {{ filename = 'aiana:///session/{CART}', lnum = 23 }} }})
    vim.cmd('silent cc 1')
    local at_once = T.cursor_line()
    T.wait(function() return vim.api.nvim_buf_get_name(0) == '{CART_URI}' end, 'the one buffer')
    return {{ at_once, (T.cursor_line()) }}
    """)
    assert got == [23, 23]


def test_the_server_can_show_a_document(neovim: Neovim) -> None:
    got = neovim.run(
        CODE
        + f"""
    T.attached()
    vim.bo.modified = false
    vim.lsp.get_clients({{ name = 'aiana' }})[1]:exec_cmd({{
      title = 'Show', command = 'aiana.show',
      arguments = {{ {{ uri = 'aiana:///session/{CART}#{PINNED}' }} }},
    }})
    T.wait(function() return T.cursor_line() == 32 end, 'the document')
    return vim.api.nvim_get_current_line()
    """
    )
    assert (
        got == "## Assistant · 2026-02-03 10:44 · Pinned `redis` to `~4.7` in package.json with a…"
    )


def test_help_names_every_command_and_function(neovim: Neovim) -> None:
    commands, functions = neovim.run("""
    return { vim.fn.getcompletion('Aiana ', 'cmdline'), vim.tbl_keys(require('aiana')) }
    """)
    text = (ROOT / "editors" / "nvim" / "doc" / "aiana.txt").read_text(encoding="utf-8")
    missing = [name for name in commands if f"*:Aiana-{name}*" not in text]
    missing += [name for name in functions if f"*aiana.{name}()*" not in text]
    assert missing == []


def test_every_lua_file_compiles(neovim: Neovim) -> None:
    got = neovim.run("""
    local broken, count = {}, 0
    for _, path in ipairs(vim.fn.globpath(vim.env.TEST_PLUGIN, '**/*.lua', true, true)) do
      local chunk, err = loadfile(path)
      count = count + 1
      if not chunk then table.insert(broken, err) end
    end
    return { count > 10, broken }
    """)
    assert got == [True, []]
