---Hits, sessions and selections as text.
local M = {}

-- What lists put before a line, such as a number.
local MARGIN = 6

---@param text string
---@return string
local function one_line(text)
  return vim.trim((text:gsub('%s+', ' ')))
end

---@param timestamp? string
---@return string
function M.date(timestamp)
  return (timestamp or ''):sub(1, 10)
end

---@param hit aiana.Hit
---@return string
function M.title(hit)
  return one_line(hit.sessionTitle or hit.memoryType or hit.source)
end

---A hit on one line of the screen.
---@param hit aiana.Hit
---@return string
function M.label(hit)
  local line = ('%s  %s  %s'):format(M.date(hit.timestamp), M.title(hit), one_line(hit.snippet))
  return vim.fn.strcharpart(line, 0, vim.o.columns - MARGIN)
end

---A hit in full, as Markdown lines.
---@param hit aiana.Hit
---@return string[]
function M.preview(hit)
  local facts = { hit.source, hit.project, hit.role or hit.memoryType, M.date(hit.timestamp) }
  local lines = { '# ' .. M.title(hit), '', '*' .. table.concat(facts, ' · ') .. '*', '' }
  return vim.list_extend(lines, vim.split(hit.content or hit.snippet, '\n', { plain = true }))
end

---A session on one line.
---@param session aiana.Session
---@return string
function M.session(session)
  local title = one_line(session.title or session.id)
  local project = vim.fs.basename(session.project)
  return ('%s  %s  (%s, %d messages)'):format(
    M.date(session.startedAt),
    title,
    project ~= '' and project or session.source,
    session.messageCount
  )
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
    uri = given.textDocument.uri,
    range = given.range,
  }
end

---Whole lines of the current buffer.
---@param first integer One-based.
---@param last integer
---@return aiana.Selection
function M.lines(first, last)
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  return {
    text = table.concat(lines, '\n'),
    uri = vim.uri_from_bufnr(0),
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last, character = 0 },
    },
  }
end

return M
