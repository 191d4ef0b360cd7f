local M = {}

---@type aiana.Config
local defaults = { picker = 'auto', limit = 50, register = '+' }

---Settings in force: `vim.g.aiana` over the defaults.
---@return aiana.Config
function M.get()
  return vim.tbl_extend('force', defaults, vim.g.aiana or {})
end

---@param message string
---@param level? integer One of `vim.log.levels`.
function M.notify(message, level)
  vim.notify('Aiana: ' .. message, level or vim.log.levels.INFO)
end

---@param message string
function M.fail(message)
  M.notify(message, vim.log.levels.ERROR)
end

return M
