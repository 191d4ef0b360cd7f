---Which picker shows the hits of a search.
local M = {}

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

---@param spec aiana.PickSpec
function M.pick(spec)
  require('aiana.pickers.' .. M.name())(spec)
end

return M
