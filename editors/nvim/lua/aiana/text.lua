---Hits, sessions and selections as text.
local M = {}

-- What lists put before a line, such as a number.
local MARGIN = 6
-- Titles repeat from row to row: what tells rows apart needs the room.
local TITLE_CELLS = 28

---@param text string
---@return string
local function one_line(text)
  return vim.trim((text:gsub('[%s%c]+', ' ')))
end

---`text`, cut to so many cells of the screen.
---@param text string
---@param cells integer
---@return string
function M.fit(text, cells)
  if vim.fn.strdisplaywidth(text) <= cells then
    return text
  end
  local kept, width = {}, 1 -- A cell is for the ellipsis.
  for _, character in ipairs(vim.fn.split(vim.fn.strcharpart(text, 0, cells), '\\zs')) do
    width = width + vim.fn.strdisplaywidth(character)
    if width > cells then
      break
    end
    table.insert(kept, character)
  end
  return table.concat(kept) .. '…'
end

---@param timestamp? string
---@return string
function M.date(timestamp)
  return (timestamp or ''):sub(1, 10)
end

---@param hit aiana.SearchHit
---@return string
function M.title(hit)
  return one_line(hit.sessionTitle or hit.memoryType or hit.source)
end

---@param content string
---@return string
function M.first_line(content)
  return one_line(content:match('[^\n]*%S[^\n]*') or '')
end

---@param title string
---@return string
function M.short(title)
  return M.fit(one_line(title), TITLE_CELLS)
end

---A title as the name of a file.
---@param title string
---@return string
function M.file_name(title)
  local name = one_line(title):gsub('[/\\:*?"<>|]+', ' '):gsub('^[%s.]+', '')
  return vim.trim(vim.fn.strcharpart(name, 0, 60))
end

---A hit on one line of the screen.
---@param hit aiana.SearchHit
---@return string
function M.hit(hit)
  -- What was never said is told from what was.
  local mark = hit.type == 'thinking' and 'thinking: ' or ''
  local line = ('%s  %s  %s%s'):format(
    M.date(hit.timestamp),
    M.short(M.title(hit)),
    mark,
    one_line(hit.snippet)
  )
  return M.fit(line, vim.o.columns - MARGIN)
end

---A hit in full, as Markdown lines.
---@param hit aiana.SearchHit
---@return string[]
function M.preview(hit)
  local facts = { hit.source, hit.project, hit.speaker, M.date(hit.timestamp) }
  local lines = { '# ' .. M.title(hit), '', '*' .. table.concat(facts, ' · ') .. '*', '' }
  return vim.list_extend(lines, vim.split(hit.content or hit.snippet, '\n', { plain = true }))
end

---The day on which a session was last worked in.
---@param session aiana.Session
---@return string
function M.day(session)
  return M.date(session.endedAt or session.startedAt)
end

---A session on one line.
---@param session aiana.Session
---@param depth integer Of a sub-agent below its session.
---@return string
function M.session(session, depth)
  local project = vim.fs.basename(session.project)
  local facts = ('  (%s, %d messages)'):format(
    project ~= '' and project or session.source,
    session.messageCount
  )
  local branch = depth > 0 and ('  '):rep(math.min(depth, 4) - 1) .. '└ ' or ''
  local room = vim.o.columns - MARGIN - 12 - vim.fn.strdisplaywidth(branch .. facts)
  local title = M.fit(one_line(session.title or session.id), math.max(room, TITLE_CELLS))
  return ('%s  %s%s%s'):format(M.day(session), branch, title, facts)
end

---What a session did to a file, on one line.
---@param entry aiana.FileEntry
---@return string
function M.history(entry)
  local facts = ('%s  %-7s  '):format(M.date(entry.timestamp), entry.touch)
  local lines = entry.lines and (' (lines %d-%d)'):format(unpack(entry.lines)) or ''
  local title = one_line(entry.sessionTitle or entry.sessionId)
  return M.fit(facts .. title .. lines .. '  ' .. entry.source, vim.o.columns - MARGIN)
end

---Why a line is so, on one line.
---@param reason aiana.Reason
---@return string
function M.why(reason)
  local asked = reason.asked and reason.asked.text or reason.sessionTitle or reason.sessionId
  local facts = ('%s  %s  '):format(M.date(reason.timestamp), one_line(reason.how))
  return M.fit(facts .. one_line(asked) .. '  ' .. reason.source, vim.o.columns - MARGIN)
end

---What made an error go away, on one line.
---@param fix aiana.Fix
---@return string
function M.fix(fix)
  local done = vim.tbl_map(vim.fs.basename, fix.files)
  for _, command in ipairs(fix.commands) do
    done[#done + 1] = '$ ' .. one_line(command.text)
  end
  local facts = ('%s  %s  %s  '):format(M.date(fix.timestamp), fix.how, table.concat(done, ', '))
  return M.fit(facts .. one_line(fix.message) .. '  ' .. fix.source, vim.o.columns - MARGIN)
end

---A memory on one line.
---@param memory aiana.Memory
---@return string
function M.memory(memory)
  local pinned = vim.tbl_contains(memory.tags, 'pinned') and '* ' or ''
  local facts = ('%s  %s  '):format(M.date(memory.updatedAt), memory.memoryType)
  return M.fit(facts .. pinned .. one_line(memory.content), vim.o.columns - MARGIN)
end

---The file that the current buffer holds, as a URI; nil for all other buffers.
---@return string?
function M.file_uri()
  local name = vim.api.nvim_buf_get_name(0)
  local is_file = vim.bo.buftype == '' and name ~= '' and not name:match('^%a[%w+.-]+:')
  return is_file and vim.uri_from_fname(name) or nil
end

---The text between two positions of the current buffer.
---@param from string Mark, as for |getpos()|.
---@param to string
---@param mode string `v`, `V` or CTRL-V.
---@return aiana.Selection
function M.selection(from, to, mode)
  local a, b = vim.fn.getpos(from), vim.fn.getpos(to)
  if b[2] < a[2] or (b[2] == a[2] and b[3] < a[3]) then
    a, b = b, a
  end
  local first, last = { a[2], a[3] - 1 }, { b[2], b[3] - 1 }
  if mode == 'V' then
    first[2], last[2] = 0, math.max(0, vim.fn.col({ b[2], '$' }) - 2)
  end
  local given = vim.lsp.util.make_given_range_params(first, last, 0, 'utf-16')
  return {
    text = table.concat(vim.fn.getregion(a, b, { type = mode }), '\n'),
    uri = M.file_uri(),
    range = given.range,
  }
end

---What is selected now, in visual mode, which ends.
---@return aiana.Selection? selection None in any other mode.
function M.selected()
  local mode = vim.fn.mode()
  if not mode:match('^[vV\22]') then
    return nil
  end
  local selection = M.selection('v', '.', mode)
  vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  return selection
end

---Whole lines of the current buffer.
---@param first integer One-based.
---@param last integer
---@return aiana.Selection
function M.lines(first, last)
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  return {
    text = table.concat(lines, '\n'),
    uri = M.file_uri(),
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last, character = 0 },
    },
  }
end

return M
