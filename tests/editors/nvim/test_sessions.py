"""The way back into a session, handing it over, sharing it; the lists of sessions and memories."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.editors.nvim.conftest import Neovim

SESSION = "0198c0de-7000-7000-8000-000000000001"
SECRET = "ghp_" + "Q7rT2vXk9LmB4nZ1cY8dW3sE6fA5gH0jKpUo"


def transcript(folder: Path, session: str, prompt: str, answer: str, **more: object) -> Path:
    """A session of Claude Code that took place in a folder, as the file that it keeps."""
    common = {"sessionId": session, "cwd": str(folder), **more}
    records = [
        {
            "type": "user",
            "uuid": f"{prompt} 1",
            "timestamp": "2026-01-12T09:14:00.000Z",
            "message": {"role": "user", "content": prompt},
        },
        {
            "type": "assistant",
            "uuid": f"{prompt} 2",
            "timestamp": "2026-01-12T09:15:00.000Z",
            "message": {"role": "assistant", "content": [{"type": "text", "text": answer}]},
        },
    ]
    path = folder.parent / "transcripts" / f"{session}.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps({**common, **record}) + "\n" for record in records))
    return path


@pytest.fixture
def kept(neovim: Neovim) -> Path:
    """The transcript of a session in the project `shop`, whose assistant is on the PATH."""
    programs = neovim.folder / "programs"
    programs.mkdir()
    program = programs / "claude"
    program.write_text('#!/bin/sh\necho "started in $PWD with [$*]"\nexec cat\n')
    program.chmod(0o700)
    neovim.environ["PATH"] = f"{programs}:{neovim.environ['PATH']}"
    shop = neovim.folder / "shop"
    shop.mkdir()
    return transcript(shop, SESSION, f"Deploy with {SECRET}", "It is deployed.")


def opened(kept: Path) -> str:
    """Lua that imports the session and opens its document."""
    return f"""
    T.request('aiana/capture/import', {{ paths = {{ '{kept}' }} }})
    vim.g.aiana = {{ register = 'a' }}
    vim.cmd('Aiana open aiana:///session/{SESSION}')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    local function terminal()
      T.wait(function()
        return vim.bo.buftype == 'terminal'
          and table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false)):find('%]')
      end, 'the program')
      local said = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false))
      vim.fn.jobstop(vim.b.terminal_job_id)
      vim.cmd('bwipeout!')
      return vim.trim(said)
    end
    """


def test_resume_runs_the_assistant_where_it_was(neovim: Neovim, kept: Path) -> None:
    said, tabs = neovim.run(
        opened(kept)
        + """
    vim.o.columns = 400
    vim.cmd('Aiana resume')
    T.wait(function() return vim.bo.buftype == 'terminal' end, 'the terminal')
    local tabs = vim.fn.tabpagenr('$')
    return { terminal(), tabs }
    """
    )
    assert said == f"started in {neovim.folder / 'shop'} with [--resume {SESSION}]"
    assert tabs == 2


def test_resume_refused_offers_a_new_session(neovim: Neovim, kept: Path) -> None:
    prompt, offered, said, account = neovim.run(
        opened(kept)
        + f"""
    vim.o.columns = 400
    vim.uv.fs_unlink('{kept}')
    T.choices = {{ 2 }}
    vim.cmd('Aiana act resume')
    local said = terminal()
    T.note()
    return {{ T.prompt, T.offered, said, vim.fn.getreg('a') }}
    """
    )
    assert prompt == f"Claude Code has not kept it: {kept} is gone."
    assert offered == [
        "Leave it",
        "New session in Claude Code, with an account of this one in register a",
        "Only put an account of it into register a",
    ]
    assert said == f"started in {neovim.folder / 'shop'} with []"
    assert "> It is deployed." in account


def test_resume_without_the_folder_leaves_handing_over(neovim: Neovim, kept: Path) -> None:
    prompt, offered, note, account = neovim.run(
        opened(kept)
        + f"""
    vim.uv.fs_rmdir('{neovim.folder / "shop"}')
    T.choices = {{ 2 }}
    vim.cmd('Aiana resume')
    local note = T.note()
    return {{ T.prompt, #T.offered, note, vim.fn.getreg('a') }}
    """
    )
    assert prompt == f"The folder {neovim.folder / 'shop'} is gone."
    assert offered == 2
    assert note == "Aiana: An account of the session is in register a."
    assert "> It is deployed." in account


def test_resume_chooses_where_nothing_is_at_the_cursor(neovim: Neovim, kept: Path) -> None:
    said = neovim.run(
        opened(kept)
        + """
    vim.o.columns = 400
    vim.cmd('enew | Aiana import | messages clear')
    T.note()
    T.choices = { 2 }
    vim.cmd('Aiana! resume')
    T.wait(function() return T.offered end, 'the sessions')
    T.choices = {}
    local place
    for index, label in ipairs(T.offered) do
      place = label:find('Deploy', 1, true) and index or place
    end
    T.offered, T.prompt, T.choices = nil, nil, { place }
    vim.cmd('enew | Aiana! resume')
    return terminal()
    """
    )
    assert said.endswith(f"with [--resume {SESSION}]")


def test_hand_over_to_a_register_a_buffer_and_a_file(neovim: Neovim, kept: Path) -> None:
    path = neovim.folder / "account.md"
    register, buffer, file_note = neovim.run(
        opened(kept)
        + f"""
    local document = vim.api.nvim_get_current_win()
    T.choices = {{ 1 }}
    vim.cmd('Aiana act handover')
    local said = {{ T.note(), vim.fn.getreg('a') }}
    vim.cmd('Aiana handover buffer')
    T.wait(function() return vim.bo.buftype == 'nofile' and vim.bo.modifiable end, 'the buffer')
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    vim.api.nvim_set_current_win(document)
    vim.cmd('Aiana handover {path}')
    return {{ said, lines, T.note() }}
    """
    )
    assert register[0] == "Aiana: An account of the session is in register a."
    for account in (register[1], "\n".join(buffer), path.read_text(encoding="utf-8")):
        assert account.startswith("<aiana-context")
        assert "> It is deployed." in account
    assert file_note == "Aiana: Written to ~/account.md."
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_share_is_looked_at_before_it_is_written(neovim: Neovim, kept: Path) -> None:
    path = neovim.folder / "for you.md"
    default, question, shown, written, notes = neovim.run(
        opened(kept)
        + f"""
    local default, shown
    vim.ui.input = function(opts, on_confirm)
      default = opts.default
      on_confirm('{path}')
    end
    local choose = vim.ui.select
    vim.ui.select = function(items, opts, on_choice)
      shown = vim.api.nvim_buf_get_lines(0, 0, -1, false)
      choose(items, opts, on_choice)
    end
    local windows = #vim.api.nvim_list_wins()
    T.choices = {{ 1 }}
    vim.cmd('Aiana act share')
    T.wait(function() return T.prompt end, 'the question')
    local question = T.prompt
    local written = vim.uv.fs_stat('{path}') ~= nil
    T.choices = {{ 2 }}
    vim.cmd('Aiana share')
    local notes = {{ T.note() }}
    T.choices = {{ 2 }}
    vim.cmd('Aiana share')
    table.insert(notes, T.note())
    assert(#vim.api.nvim_list_wins() == windows)
    return {{ default, question, shown, written, notes }}
    """
    )
    assert default.endswith(".md")
    assert question == "Write 2 messages, one secret taken out (github-token 1) to ~/for you.md?"
    assert written is False
    text = path.read_text(encoding="utf-8")
    assert "\n".join(shown) == text
    assert SECRET not in text
    assert str(kept) not in text
    assert notes[0] == "Aiana: Written to ~/for you.md."
    assert notes[1].startswith("Aiana: Nothing was written: EEXIST")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_memory_is_shared_as_an_archive(neovim: Neovim) -> None:
    path = neovim.folder / "memory.jsonl"
    note = neovim.run(f"""
    local memory = T.request('aiana/memory/add', {{ content = 'Use uv', project = '' }}).memory
    vim.cmd.edit('aiana:///memory/' .. memory.id)
    vim.ui.input = function(_, on_confirm) on_confirm('{path}') end
    T.choices = {{ 2 }}
    vim.cmd('Aiana share')
    return T.note()
    """)
    assert note == "Aiana: Written to ~/memory.jsonl."
    assert '"Use uv"' in path.read_text(encoding="utf-8").splitlines()[-1]


def test_sub_agents_stand_below_their_session(neovim: Neovim, kept: Path) -> None:
    shop = neovim.folder / "shop"
    agents = kept.with_suffix("") / "subagents"
    agents.mkdir(parents=True)
    agent = transcript(shop, SESSION, "Look for tests", "None.", isSidechain=True, agentId="a1")
    agent.rename(agents / "agent-a1.jsonl")
    transcript(shop, SESSION, f"Deploy with {SECRET}", "It is deployed.")
    transcript(shop, "later", "Polish the shop", "Done.")
    rows = neovim.run(f"""
    T.request('aiana/capture/import', {{ paths = {{ '{kept.parent}' }} }})
    vim.cmd.edit('{shop}/a.py')
    vim.cmd('Aiana sessions')
    T.wait(function() return T.offered end, 'the sessions')
    return T.offered
    """)
    parent = next(place for place, row in enumerate(rows) if "Deploy" in row)
    assert rows[parent + 1].startswith("2026-01-12  └ ")
    assert [row.startswith("2026-01-12  └ ") for row in rows].count(True) == 1
    assert len(rows) == 3


def test_memories_list(neovim: Neovim) -> None:
    offered, shown, lines, edited, asked, left = neovim.run("""
    vim.cmd.edit('code.py')
    local function add(content)
      vim.cmd('Aiana add ' .. content)
      T.note()
    end
    add('Use uv')
    add('Use tabs')
    local function memories()
      return T.request('aiana/memory/list', {}).memories
    end
    T.request('aiana/memory/pin', { id = memories()[2].id })
    T.choices = { 1 }
    vim.cmd('Aiana memories')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    local offered, shown = T.offered, table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false))
    vim.cmd('edit code.py')
    T.choices = { 1 }
    vim.cmd('Aiana memories edit')
    T.wait(function() return vim.bo.buftype == 'acwrite' end, 'the buffer')
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    vim.api.nvim_buf_set_lines(0, 0, -1, false, { 'Use uv', 'and ruff' })
    vim.cmd('write')
    local note = T.note()
    T.wait(function() return not vim.bo.modified end, 'the end of it')
    vim.cmd('close')
    local edited = { note, memories()[1].content }
    vim.cmd('buffer code.py')
    T.choices = { 1, 2 }
    vim.cmd('Aiana memories forget')
    T.note()
    return { offered, shown, lines, edited, T.prompt, #memories() }
    """)
    assert [row[12:] for row in offered] == ["insight  * Use uv", "insight  Use tabs"]
    assert "Use uv" in shown
    assert lines == ["Use uv"]
    assert edited == ["Aiana: Changed.", "Use uv\nand ruff"]
    assert asked == "Forget “Use uv”?"
    assert left == 1


def test_history_of_a_file(neovim: Neovim, kept: Path) -> None:
    shop = neovim.folder / "shop"
    (shop / "cart.py").touch()
    arguments = {"file_path": str(shop / "cart.py"), "old_string": "1", "new_string": "2"}
    call = {"type": "tool_use", "id": "t1", "name": "Edit", "input": arguments}
    record = {
        "type": "assistant",
        "uuid": "edit",
        "sessionId": SESSION,
        "cwd": str(shop),
        "timestamp": "2026-01-12T09:16:00.000Z",
        "message": {"role": "assistant", "content": [call]},
    }
    with kept.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    offered, name, line, none = neovim.run(f"""
    T.request('aiana/capture/import', {{ paths = {{ '{kept}' }} }})
    vim.cmd.edit('{shop}/cart.py')
    T.choices = {{ 1 }}
    vim.cmd('Aiana history')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    local name, _, line = vim.api.nvim_buf_get_name(0), T.cursor_line()
    local offered = T.offered
    vim.cmd('Aiana history {shop}/other.py')
    return {{ offered, name, line, T.note() }}
    """)
    assert len(offered) == 1
    assert offered[0].startswith("2026-01-12  edited   Deploy with [redacted:github-token]")
    assert name == f"aiana:///session/{SESSION}/claude-code"
    assert "Edit" in line
    assert none == "Aiana: No session had to do with this file."


def test_why_a_line_is_so(neovim: Neovim, kept: Path) -> None:
    shop = neovim.folder / "shop"
    (shop / "cart.py").write_text("import os\ntotal = sum_of(cart)\n")
    arguments = {"file_path": str(shop / "cart.py"), "content": "total = sum_of(cart)"}
    record = {
        "type": "assistant",
        "uuid": "wrote",
        "sessionId": SESSION,
        "cwd": str(shop),
        "timestamp": "2026-01-12T09:16:00.000Z",
        "message": {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "t1", "name": "Write", "input": arguments}],
        },
    }
    with kept.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
    offered, name, none = neovim.run(f"""
    T.request('aiana/capture/import', {{ paths = {{ '{kept}' }} }})
    vim.cmd.edit('{shop}/cart.py')
    T.choices = {{ 1 }}
    vim.cmd('2Aiana why')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    local name, offered = vim.api.nvim_buf_get_name(0), T.offered
    vim.cmd.edit('{shop}/cart.py')
    vim.api.nvim_win_set_cursor(0, {{ 1, 0 }})
    vim.cmd('Aiana why')
    return {{ offered, name, T.note() }}
    """)
    assert len(offered) == 1
    assert offered[0].startswith("2026-01-12  edited here  ")
    assert name == f"aiana:///session/{SESSION}/claude-code"
    assert none == (
        "Aiana: No session is surely known to have written, changed or discussed this. "
        "This says too little to be told from other lines."
    )


def test_what_fixed_an_error(neovim: Neovim, kept: Path) -> None:
    error = "a.ts(3,5): error TS2304: Cannot find name 'total'."
    shell, edit = {"command": "tsc"}, {"file_path": "/shop/a.ts", "content": "b"}
    calls = [("Bash", shell, error), ("Write", edit, "ok"), ("Bash", shell, "")]
    with kept.open("a", encoding="utf-8") as file:
        for number, (tool, given, answer) in enumerate(calls):
            id = f"t{number}"
            blocks = {
                "assistant": {"type": "tool_use", "id": id, "name": tool, "input": given},
                "user": {"type": "tool_result", "tool_use_id": id, "content": answer},
            }
            for role, block in blocks.items():
                record = {
                    "type": role,
                    "uuid": f"{role}-{number}",
                    "sessionId": SESSION,
                    "timestamp": f"2026-01-12T09:3{number}:00.000Z",
                    "message": {"role": role, "content": [block]},
                }
                file.write(json.dumps(record) + "\n")
    offered, name, typed, none = neovim.run(f"""
    T.request('aiana/capture/import', {{ paths = {{ '{kept}' }} }})
    vim.cmd.edit('b.ts')
    vim.diagnostic.set(vim.api.nvim_create_namespace('t'), 0, {{
      {{ lnum = 0, col = 0, code = 2304, message = "Cannot find name 'sum'." }},
    }})
    T.choices = {{ 1 }}
    vim.cmd('Aiana fixes')
    T.wait(function() return vim.bo.filetype == 'markdown' end, 'the document')
    local name, offered = vim.api.nvim_buf_get_name(0), T.offered
    T.choices = {{ 1 }}
    vim.cmd("Aiana fixes error TS2304: Cannot find name 'x'.")
    T.wait(function() return T.offered ~= offered end, 'the list')
    local typed = T.offered
    vim.cmd("Aiana fixes Cannot find module 'x'")
    return {{ offered, name, typed, T.note() }}
    """)
    assert len(offered) == 1
    assert offered[0].startswith(f"2026-01-12  succeeded  a.ts  {error}")
    assert name == f"aiana:///session/{SESSION}/claude-code"
    assert typed == offered
    assert none == "Aiana: No session is surely known in which this error went away."


def test_what_a_session_changed_is_a_diff_that_leads_to_its_turns(neovim: Neovim) -> None:
    shop = neovim.folder / "shop"
    shop.mkdir()
    calls = [
        ("Edit", {"file_path": f"{shop}/a.py", "old_string": "1", "new_string": "2"}),
        ("Edit", {"file_path": f"{shop}/a.py", "old_string": "2", "new_string": "3"}),
        ("Write", {"file_path": f"{shop}/x.png", "content": "iVBORw0KGgo="}),
    ]
    path = transcript(shop, SESSION, "Change it", "Done.")
    with path.open("a") as file:
        for number, (name, given) in enumerate(calls):
            call = {"type": "tool_use", "id": f"t{number}", "name": name, "input": given}
            record = {
                "type": "assistant",
                "uuid": f"c{number}",
                "sessionId": SESSION,
                "cwd": str(shop),
                "timestamp": f"2026-01-12T09:16:0{number}.000Z",
                "message": {"role": "assistant", "content": [call]},
            }
            file.write(json.dumps(record) + "\n")
    lines, kind, binary, second = neovim.run(
        opened(path)
        + """
    vim.cmd('Aiana changes')
    T.wait(function() return vim.bo.filetype == 'diff' end, 'the diff')
    local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
    local kind, diff = vim.bo.buftype, vim.api.nvim_get_current_win()
    local function turn()
      vim.api.nvim_feedkeys(vim.keycode('<CR>'), 'x', false)
      T.wait(function() return vim.bo.filetype == 'markdown' end, 'the turn')
      return require('aiana.document').section(vim.fn.line('.')).messageId
    end
    vim.api.nvim_win_set_cursor(0, { 6, 0 })
    local binary = turn()
    vim.api.nvim_set_current_win(diff)
    vim.api.nvim_win_set_cursor(0, { 2, 0 })
    T.choices = { 2 }
    return { lines, kind, binary, turn() }
    """
    )
    assert lines == [
        f"--- {shop}/a.py",
        f"+++ {shop}/a.py",
        "@@",
        "-1",
        "+3",
        f"Binary files {shop}/x.png and {shop}/x.png differ",
    ]
    assert (kind, binary, second) == ("nofile", "c2", "c1")


def test_a_session_that_changed_nothing_says_so(neovim: Neovim, kept: Path) -> None:
    note = neovim.run(
        opened(kept)
        + """
    vim.cmd('Aiana act changes')
    return T.note()
    """
    )
    assert note == "Aiana: No file was changed here, as far as the calls show."
