local M = {}

local WAITING_AFTER_MS = 300

---@type aiana.Config
local defaults = { picker = 'auto', limit = 50, register = '+' }

---Settings in force: `vim.g.aiana` over the defaults.
---@return aiana.Config
function M.get()
  return vim.tbl_extend('force', defaults, vim.g.aiana or {})
end

---The register to fill: `wanted`, or the one that is set; the unnamed one where it is out of reach.
---@param wanted? string
---@return string
function M.register(wanted)
  local register = wanted or M.get().register
  -- Without a program that reaches the clipboard its registers are lost.
  return register:match('[+*]') and vim.fn.has('clipboard') == 0 and '"' or register
end

---@param message string
---@param level? integer One of `vim.log.levels`.
function M.notify(message, level)
  vim.notify('Aiana: ' .. message, level or vim.log.levels.INFO)
end

---Say that an answer is awaited, unless it comes at once.
---@return fun() done To be called when it has come.
function M.waiting()
  local timer = vim.defer_fn(function()
    vim.api.nvim_echo({ { 'Aiana: waiting for the server…' } }, false, {})
    vim.cmd.redraw()
  end, WAITING_AFTER_MS)
  return function()
    if timer:is_closing() then
      vim.api.nvim_echo({ { '' } }, false, {})
    else
      timer:stop()
      timer:close()
    end
  end
end

---@param message string
function M.fail(message)
  M.notify(message, vim.log.levels.ERROR)
end

return M
