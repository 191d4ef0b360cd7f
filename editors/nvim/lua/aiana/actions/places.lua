---Where things are opened: windows, tab pages, the quickfix list.
local M = {}

local common = require('aiana.actions.common')
local config = require('aiana.config')

local each = common.each

---@param place aiana.Place
---@return fun(targets: aiana.Target[])
function M.opener(place)
  return function(targets)
    for _, target in ipairs(targets) do
      require('aiana.document').open(target.uri, place)
    end
  end
end

---Put rows into the quickfix list, each at its line.
---@param targets aiana.Target[]
function M.quickfix(targets)
  local read = {} ---@type table<string, aiana.Page>
  local document = require('aiana.document')
  each(targets, function(target, continue)
    local key = target.memory or vim.inspect({ target.session, target.source })
    local function add(page)
      read[key] = page
      local line = 1
      for _, section in ipairs(page.sections or {}) do
        if section.messageId == target.message then
          line = section.line + 1
        end
      end
      continue({
        bufnr = vim.fn.bufadd(page.uri),
        lnum = line,
        text = target.label or target.title,
        user_data = { aiana = target },
      })
    end
    if read[key] then
      return add(read[key])
    end
    document.fetch(target.uri, function(err, page)
      if err then
        return config.fail(err)
      end
      add(page)
    end)
  end, function(items)
    vim.fn.setqflist({}, ' ', { title = 'Aiana', items = items })
    vim.cmd('botright copen')
  end)
end

return M
