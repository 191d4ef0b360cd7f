---Which picker shows the hits of a search.
local M = {}

local actions = require('aiana.actions')
local config = require('aiana.config')

---@type { name: string, module: string }[]
local live = {
  { name = 'snacks', module = 'snacks.picker' },
  { name = 'telescope', module = 'telescope.pickers' },
  { name = 'fzf-lua', module = 'fzf-lua' },
}

---Name of the picker in use: the one that is set, or the first that is installed.
---@return string
function M.name()
  local wanted = config.get().picker
  if wanted ~= 'auto' then
    return wanted
  end
  for _, picker in ipairs(live) do
    if pcall(require, picker.module) then
      return picker.name
    end
  end
  return 'select'
end

---@param list aiana.List
function M.pick(list)
  require('aiana.pickers.' .. M.name())(list)
end

---The targets of rows, which remember how they were shown.
---@param rows aiana.Row[]
---@return aiana.Target[]
function M.targets(rows)
  return vim.tbl_map(function(row)
    return vim.tbl_extend('force', row.target, { label = row.label })
  end, rows)
end

---Do what a key of a picker stands for, after the picker has closed.
---@param action string|aiana.Run An action or its name, or `choose` for the menu of all.
---@param rows aiana.Row[]
---@param from integer The window that the picker was opened from.
function M.act(action, rows, from)
  if #rows == 0 then
    return
  end
  vim.schedule(function()
    local targets = M.targets(rows)
    if action == 'choose' then
      return actions.choose(targets, from)
    end
    local run = type(action) == 'function' and action or actions.named(action).run
    run(targets, from)
  end)
end

---Say an error of a live picker once, not with each key.
---@return fun(err: string)
function M.once()
  local said = {}
  return function(err)
    if not said[err] then
      said[err] = true
      config.fail(err)
    end
  end
end

return M
