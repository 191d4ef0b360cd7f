---What all actions need: requests one after the other, questions, numbers.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')

---@param method string
---@param params table
---@param callback fun(result: any)
function M.ask(method, params, callback)
  client.request(method, params, function(err, result)
    if err then
      return config.fail(err)
    end
    callback(result)
  end)
end

---Do something with each of `items`, one after the other; then `callback` gets all results.
---@param items any[]
---@param step fun(item: any, continue: fun(result: any))
---@param callback fun(results: any[])
function M.each(items, step, callback)
  local results = {}
  local function go_on()
    local item = items[#results + 1]
    if item == nil then
      return callback(results)
    end
    step(item, function(result)
      table.insert(results, result)
      go_on()
    end)
  end
  go_on()
end

---@param count integer
---@param one string
---@param many string
---@return string
function M.counted(count, one, many)
  return count == 1 and ('one ' .. one) or ('%d %s'):format(count, many)
end

---@param question string
---@param yes string
---@param callback fun()
function M.confirm(question, yes, callback)
  vim.ui.select({ 'No', yes }, { prompt = question }, function(choice)
    if choice == yes then
      callback()
    end
  end)
end

---Params that name a target's session.
---@param target aiana.Target|aiana.Session
---@param more? table
---@return table
function M.session_params(target, more)
  local named = { id = target.session or target.id, source = target.source }
  return vim.tbl_extend('force', named, more or {})
end

return M
