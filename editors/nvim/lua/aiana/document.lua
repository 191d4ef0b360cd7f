---`aiana://` buffers: sessions and memories, read-only, as Markdown.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')

local METHOD = 'workspace/textDocumentContent'

---What is shown, by buffer.
---@type table<integer, aiana.Page>
local pages = {}
---Fold level of each folded line, by buffer.
---@type table<integer, table<integer, string>>
local folds = {}
---Pages that `open` has fetched for the `BufReadCmd` that it is about to cause.
---@type table<string, aiana.Page>
local fetched = {}
---Hidden buffers whose text may have changed.
---@type table<integer, true>
local stale = {}

---The page that a buffer shows.
---@param buf? integer
---@return aiana.Page?
function M.page(buf)
  return pages[buf and buf ~= 0 and buf or vim.api.nvim_get_current_buf()]
end

---The message that a line of the current document belongs to.
---@param line integer One-based.
---@return aiana.Section?
function M.section(line)
  local found
  for _, section in ipairs((M.page() or {}).sections or {}) do
    if section.line >= line then
      break
    end
    found = section
  end
  return found
end

---@param buf integer
---@param lines string[]
local function set_lines(buf, lines)
  local views = {}
  for _, window in ipairs(vim.fn.win_findbuf(buf)) do
    views[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
  end
  M._set = function()
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  end
  -- Else quickfix entries that point into the buffer would move with the lines.
  vim.cmd("lockmarks lua require('aiana.document')._set()")
  for window, view in pairs(views) do
    vim.api.nvim_win_call(window, function()
      vim.fn.winrestview(view)
    end)
  end
end

---@param buf integer
local function map_keys(buf)
  local function map(modes, key, plug)
    vim.keymap.set(modes, key, plug, { buffer = buf, remap = true })
  end
  map({ 'n', 'x', 'o' }, ']]', '<Plug>(aiana-next-message)')
  map({ 'n', 'x', 'o' }, '[[', '<Plug>(aiana-previous-message)')
  for _, key in ipairs({ '<CR>', 'gf', 'gx', '<C-]>' }) do
    map('n', key, '<Plug>(aiana-follow)')
  end
  map({ 'n', 'x' }, 'gra', '<Plug>(aiana-act)')
end

---@param buf integer
---@param text string
local function fill(buf, text)
  vim.bo[buf].readonly = false
  vim.bo[buf].modifiable = true
  vim.bo[buf].modeline = false -- What was said in a session sets no options here.
  set_lines(buf, vim.split(text:gsub('\n$', ''), '\n'))
  vim.bo[buf].buftype = 'nofile'
  vim.bo[buf].swapfile = false
  vim.bo[buf].undolevels = -1
  vim.bo[buf].modified = false
  vim.bo[buf].modifiable = false
  vim.bo[buf].readonly = true
  if vim.bo[buf].filetype ~= 'markdown' then
    vim.bo[buf].filetype = 'markdown'
    map_keys(buf)
  end
  stale[buf] = nil
end

---All is folded but what people and assistants said to each other.
---@param page aiana.Page
---@return table<integer, string>
local function fold_levels(page)
  local levels = {}
  local _, breaks = page.text:gsub('\n', '')
  for index, section in ipairs(page.sections or {}) do
    if section.kind ~= 'turn' then
      local following = page.sections[index + 1]
      for line = section.line + 1, following and following.line or breaks + 1 do
        levels[line] = '1'
      end
      levels[section.line + 1] = '>1'
    end
  end
  return levels
end

---@param buf integer
---@param page aiana.Page
local function show_page(buf, page)
  pages[buf] = page
  folds[buf] = fold_levels(page)
  fill(buf, page.text)
end

---What could not be read is said in the buffer too, which must not stay one to write into.
---@param buf integer
---@param err string
local function show_failure(buf, err)
  pages[buf], folds[buf] = nil, nil
  fill(buf, err)
end

---@param window integer
---@param line integer Zero-based.
local function go_to(window, line)
  vim.api.nvim_win_call(window, function()
    vim.api.nvim_win_set_cursor(0, { math.min(line + 1, vim.fn.line('$')), 0 })
    vim.cmd('normal! zt')
    vim.cmd('silent! normal! zv')
  end)
end

---The buffer of a page, which has one however it was asked for.
---@param page aiana.Page
---@return integer
local function buffer_of(page)
  local buf = vim.fn.bufadd(page.uri)
  if vim.api.nvim_buf_is_loaded(buf) then
    show_page(buf, page)
  else
    fetched[page.uri] = page
    vim.fn.bufload(buf)
  end
  vim.bo[buf].buflisted = true
  return buf
end

---Fill a buffer whose name is an `aiana://` URI; waits for the server.
---@param buf integer
---@param uri string
function M.read(buf, uri)
  local page, err = fetched[uri], nil
  fetched[uri] = nil
  local was_asked_for = not page
  if not page then
    page, err = client.request_sync(METHOD, { uri = uri })
  end
  if not page then
    err = err or 'Nothing was read.'
    show_failure(buf, err)
    return config.fail(err)
  end
  show_page(buf, page)
  if not was_asked_for then
    return
  end
  -- A window cannot be given another buffer while this one is being read into it.
  vim.schedule(function()
    local shown = page.uri ~= uri and buffer_of(page) or buf
    for _, window in ipairs(vim.fn.win_findbuf(buf)) do
      -- A list of places may have gone to a line meanwhile.
      local line = page.line > 0 and page.line or vim.api.nvim_win_get_cursor(window)[1] - 1
      if shown ~= buf then
        pcall(vim.api.nvim_win_set_buf, window, shown)
        vim.bo[buf].buflisted = false
      end
      if line > 0 then
        go_to(window, line)
      end
    end
  end)
end

local PLACES = { split = 'sbuffer', vsplit = 'vertical sbuffer', tab = 'tab sbuffer' }

---May the current window show another buffer without a question or a loss?
---@return boolean
local function window_is_free()
  local kept = vim.o.hidden or vim.o.autowriteall or #vim.fn.win_findbuf(vim.fn.bufnr()) > 1
  local is_safe = not vim.bo.modified or kept or vim.bo.bufhidden:match('^hide') ~= nil
  return is_safe and not vim.wo.winfixbuf
end

---@param buf integer
---@param place? aiana.Place
local function show_buffer(buf, place)
  vim.cmd("normal! m'")
  if (place or 'edit') == 'edit' and window_is_free() then
    vim.cmd.buffer(buf)
  elseif vim.api.nvim_get_current_buf() ~= buf or place then
    vim.cmd(('%s %d'):format(PLACES[place] or 'sbuffer', buf))
  end
end

---Show a session or memory, at the message that the URI's fragment names.
---@param uri string
---@param place? aiana.Place Default: the current window.
function M.open(uri, place)
  client.request(METHOD, { uri = uri }, function(err, page)
    if err then
      return config.fail(err)
    end
    show_buffer(buffer_of(page), place)
    go_to(0, page.line)
  end)
end

---Read a page; `callback(err, page)`.
---@param uri string
---@param callback fun(err: string?, page: aiana.Page?)
---@return fun() cancel
function M.fetch(uri, callback)
  return client.request(METHOD, { uri = uri }, callback)
end

---Read the documents again that are on the screen, and the others when they come back to it.
function M.refresh()
  for buf in pairs(pages) do
    if not vim.api.nvim_buf_is_valid(buf) then
      pages[buf], folds[buf], stale[buf] = nil, nil, nil
    elseif #vim.fn.win_findbuf(buf) > 0 then
      M.reload(buf)
    else
      stale[buf] = true
    end
  end
end

---@param buf integer
function M.reload(buf)
  local before = pages[buf]
  M.fetch(before.uri, function(err, page)
    if not vim.api.nvim_buf_is_loaded(buf) then
      return
    elseif err then
      return show_failure(buf, err) -- What was deleted must not stay on the screen.
    elseif page.text ~= before.text then
      show_page(buf, page)
    end
  end)
end

---What a window that shows a document needs.
---@param buf integer
function M.enter(buf)
  if stale[buf] and pages[buf] then
    M.reload(buf)
  end
  local options = vim.wo[vim.api.nvim_get_current_win()][0]
  options.foldmethod = 'expr'
  options.foldexpr = "v:lua.require'aiana.document'.fold(v:lnum)"
  options.foldtext = "v:lua.require'aiana.document'.foldtext()"
  options.foldlevel = 0
  options.foldenable = true
end

---For 'foldexpr'.
---@param number integer
---@return string
function M.fold(number)
  return (folds[vim.api.nvim_get_current_buf()] or {})[number] or '0'
end

---For 'foldtext'.
---@return string
function M.foldtext()
  local first, last = vim.v.foldstart, vim.v.foldend
  local section = M.section(first)
  local head = section and section.title or vim.fn.getline(first)
  return ('▸ %s (%d lines)'):format(head, last - first + 1)
end

---Go to the next or previous message, past tool traffic and thinking.
---@param step 1|-1
function M.go(step)
  local turns = {}
  for _, section in ipairs((M.page() or {}).sections or {}) do
    if section.kind == 'turn' then
      table.insert(turns, section.line + 1)
    end
  end
  local here = vim.fn.line('.')
  local beyond = vim.tbl_filter(function(line)
    return (line - here) * step > 0
  end, turns)
  if #beyond == 0 then
    return
  end
  local place = math.min(vim.v.count1, #beyond)
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { beyond[step > 0 and place or #beyond - place + 1], 0 })
  vim.cmd('silent! normal! zv')
end

---@param uri string
local function open_file(uri)
  local line = tonumber(uri:match('#L(%d+)$'))
  local path = vim.uri_to_fname((uri:gsub('#[^#]*$', '')))
  if vim.fn.filereadable(path) == 0 then
    return config.fail(('There is no file %s any more.'):format(path))
  end
  show_buffer(vim.fn.bufadd(path))
  vim.bo.buflisted = true
  if line then
    pcall(vim.api.nvim_win_set_cursor, 0, { line, 0 })
  end
end

---Follow the link below the cursor, or the only one of its line: those that the server has made,
---never what merely looks like one in a stored text.
function M.follow()
  local row, column = unpack(vim.api.nvim_win_get_cursor(0))
  local text = vim.api.nvim_get_current_line()
  local here, chosen = {}, nil
  for _, link in ipairs((M.page() or {}).links or {}) do
    if link.line == row - 1 then
      table.insert(here, link)
      local first = vim.str_byteindex(text, 'utf-16', link.start, false)
      local last = vim.str_byteindex(text, 'utf-16', link['end'], false)
      chosen = first <= column and column < last and link or chosen
    end
  end
  chosen = chosen or (#here == 1 and here[1]) or nil
  if not chosen then
    return config.notify('There is no link of Aiana here.')
  elseif chosen.target:match('^file:') then
    return open_file(chosen.target)
  end
  M.open(chosen.target)
end

return M
