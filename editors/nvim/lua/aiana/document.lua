---`aiana://` buffers: sessions and memories, read-only, as Markdown.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')

---Texts that `open` has fetched for the `BufReadCmd` that it is about to cause.
---@type table<string, string>
local fetched = {}

---@param uri string
---@return string
local function without_fragment(uri)
  return (uri:gsub('#.*$', ''))
end

---@param buf integer
---@param text string
local function fill(buf, text)
  vim.bo[buf].readonly = false
  vim.bo[buf].modifiable = true
  local lines = vim.split(text:gsub('\n$', ''), '\n')
  M._set = function()
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  end
  -- Else quickfix entries that point into the buffer would move with the lines.
  vim.cmd("lockmarks lua require('aiana.document')._set()")
  vim.bo[buf].buftype = 'nofile'
  vim.bo[buf].swapfile = false
  vim.bo[buf].undolevels = -1
  vim.bo[buf].modified = false
  vim.bo[buf].modifiable = false
  vim.bo[buf].readonly = true
  vim.bo[buf].filetype = 'markdown'
end

---Fill a buffer whose name is an `aiana://` URI; waits for the server.
---@param buf integer
---@param uri string
function M.read(buf, uri)
  local text = fetched[uri]
  fetched[uri] = nil
  if not text then
    local page, err = client.request_sync('workspace/textDocumentContent', { uri = uri })
    if not page then
      return config.fail(err or 'nothing was read.')
    end
    text = page.text
    vim.schedule(function()
      local window = vim.fn.bufwinid(buf)
      if page.line > 0 and window ~= -1 then
        vim.api.nvim_win_set_cursor(window, { page.line + 1, 0 })
      end
    end)
  end
  fill(buf, text)
end

---Show a session or memory in the current window, at the message that the URI's fragment names.
---@param uri string
function M.open(uri)
  client.request('workspace/textDocumentContent', { uri = uri }, function(err, page)
    if err then
      return config.fail(err)
    end
    local name = without_fragment(uri)
    local buf = vim.fn.bufadd(name)
    if vim.api.nvim_buf_is_loaded(buf) then
      fill(buf, page.text)
    else
      fetched[name] = page.text
    end
    vim.bo[buf].buflisted = true
    vim.cmd.buffer(buf)
    vim.api.nvim_win_set_cursor(0, { page.line + 1, 0 })
    vim.cmd('normal! zt')
  end)
end

return M
