---What the server tells by itself: `User` events and the words for a status line.
local M = {}

local last ---@type aiana.Status?

---@param pattern string
---@param data table
local function announce(pattern, data)
  vim.api.nvim_exec_autocmds('User', { pattern = pattern, data = data, modeline = false })
end

---@param changes aiana.Changes
function M.changed(changes)
  require('aiana.document').refresh()
  announce('AianaChanged', changes)
end

---@param status aiana.Status
function M.status(status)
  last = status
  announce('AianaStatus', status)
end

---What a status line should show: nothing unless something is going on or wrong.
---@return string
function M.statusline()
  if not last or #vim.lsp.get_clients({ name = 'aiana' }) == 0 then
    return ''
  elseif last.health ~= 'ok' then
    return 'Aiana: ' .. last.health
  elseif last.indexing.pending > 0 then
    return ('Aiana: %d to index'):format(last.indexing.pending)
  end
  return ''
end

return M
