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

---What is still to be said of something deleted: other files are clean by the time it is read.
---@param receipts aiana.Receipt[]
---@return string
function M.still(receipts)
  for _, receipt in ipairs(receipts) do
    if vim.list_contains(receipt.pending, 'backups') then
      return ' The backups still hold it, and are being cleaned.'
    end
  end
  return ''
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

---@param targets aiana.Target[]
---@return aiana.Target[] targets Those that belong to sessions, one for each session.
function M.sessions_of(targets)
  local found, seen = {}, {}
  for _, target in ipairs(targets) do
    local key = target.session and vim.inspect({ target.session, target.source })
    if key and not seen[key] then
      seen[key] = true
      table.insert(found, target)
    end
  end
  return found
end

---The URI of the session that a target belongs to, or of something in it.
---@param targets aiana.Target[]
---@param callback fun(uri: string, target: aiana.Target) Not called if the first belongs to none.
function M.session_uri(targets, callback)
  local target = M.sessions_of(targets)[1]
  if not target then
    return config.notify('This belongs to no session.')
  elseif target.kind ~= 'memory' then
    return callback(target.uri, target)
  end
  M.ask('aiana/session/get', M.session_params(target), function(result)
    callback(result.session.uri, target)
  end)
end

---Write a new file that nobody else can read.
---@param path string
---@param content string
---@return boolean written What went wrong is said.
function M.write(path, content)
  local file, err = vim.uv.fs_open(path, 'wx', tonumber('600', 8))
  if not file then
    config.fail(('Nothing was written: %s'):format(err))
    return false
  end
  vim.uv.fs_write(file, content)
  vim.uv.fs_close(file)
  config.notify(('Written to %s.'):format(vim.fn.fnamemodify(path, ':~')))
  return true
end

---Ask for the name of a file, and go on with its whole path.
---@param prompt string
---@param default string
---@param callback fun(path: string)
function M.file(prompt, default, callback)
  vim.ui.input({ prompt = prompt, default = default, completion = 'file' }, function(path)
    if path and vim.trim(path) ~= '' then
      callback(vim.fs.abspath(vim.fs.normalize(path)))
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
