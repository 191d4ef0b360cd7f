"""Hostile texts in Neovim: they set no option, run nothing, and stay in their lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.editors.nvim.conftest import Neovim
from tests.hostile import ATTACKS, filled


@pytest.fixture(scope="module")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("hostile") / "aiana")


def test_hostile_texts(neovim: Neovim, hostile_home: Path) -> None:
    neovim.environ["AIANA_HOME"] = str(hostile_home)
    found: Any = neovim.run("""
    vim.o.modeline, vim.o.modelines = true, 20
    local uris = {}
    for _, session in ipairs(T.request('aiana/session/list', { limit = 200 }).sessions) do
      table.insert(uris, session.uri)
    end
    for _, memory in ipairs(T.request('aiana/memory/list', { limit = 200 }).memories) do
      table.insert(uris, memory.uri)
    end
    local odd = {}
    for _, uri in ipairs(uris) do
      vim.cmd('Aiana open ' .. uri)
      T.wait(function() return vim.api.nvim_buf_get_name(0) == uri end, uri)
      local opts = vim.bo
      if opts.tabstop == 77 or opts.textwidth == 77 or opts.shiftwidth == 77
        or opts.filetype ~= 'markdown' or opts.modifiable then
        table.insert(odd, uri)
      end
    end
    vim.cmd.enew()
    vim.cmd('Aiana! quickfix kestrel')
    T.wait(function() return #vim.fn.getqflist() > 0 end, 'the list')
    local texts = {}
    for _, item in ipairs(vim.fn.getqflist()) do
      table.insert(texts, { item.text, vim.api.nvim_buf_get_name(item.bufnr) })
    end
    local hits = #T.request('aiana/search', { query = 'kestrel', scope = 'all', limit = 50 }).hits
    table.insert(T.choices, 1)
    vim.cmd('Aiana! search kestrel')
    T.wait(function() return T.offered ~= nil end, 'what is offered')
    return {
      #uris, odd, texts, hits, T.offered, vim.g.aiana_hostile or 0, vim.o.tabstop,
    }
    """)
    count, odd, entries, hits, offered, was_run, tabstop = found
    assert count == 2 * len(ATTACKS)
    assert (odd, was_run, tabstop) == ([], 0, 8)
    assert len(entries) == hits
    for text, name in entries:
        assert "\n" not in text
        assert name.startswith("aiana:///")
    for line in offered:
        assert "\n" not in line
