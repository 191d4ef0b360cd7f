---The one language client, started when it is needed and again after the server has gone.
local M = {}

local NAME = 'aiana'
local START_TIMEOUT_MS = 15000
local CHECK_EVERY_MS = 50
local GONE = 'The server has ended. Run the command again to start it anew; :checkhealth aiana '
  .. 'says more.'

---Folder of the project that a buffer belongs to.
---@param buf? integer
---@return string
function M.project(buf)
  return vim.fs.root(buf or 0, '.git') or vim.fn.getcwd()
end

---Start the client, or find the one that runs.
---@return vim.lsp.Client? client
---@return string? err
function M.start()
  if vim.fn.has('nvim-0.11') == 0 then
    return nil, 'Neovim 0.11 or newer is needed.'
  end
  local config = vim.lsp.config[NAME]
  if not config then
    return nil, 'lsp/aiana.lua is not on the runtime path.'
  end
  local command = type(config.cmd) == 'table' and config.cmd[1]
  if command and vim.fn.executable(command) == 0 then
    return nil, ('`%s` is not on the PATH; install it with `pip install aiana`.'):format(command)
  end
  if vim.lsp.is_enabled(NAME) and #vim.lsp.get_clients({ name = NAME }) == 0 then
    vim.lsp.enable(NAME) -- Buffers that lost the server attach to the new one.
  end
  config = vim.deepcopy(config)
  config.root_dir = type(config.root_dir) == 'string' and config.root_dir or M.project()
  local id = vim.lsp.start(config, { attach = false, reuse_client = config.reuse_client })
  local client = id and vim.lsp.get_client_by_id(id)
  if not client then
    return nil, 'The server could not be started; :checkhealth aiana says more.'
  end
  return client
end

---Call `check` now and then until it returns true.
---@param check fun(): boolean
---@return uv.uv_timer_t
local function poll(check)
  local timer = assert(vim.uv.new_timer())
  local step = vim.schedule_wrap(function()
    if not timer:is_closing() and check() then
      timer:stop()
      timer:close()
    end
  end)
  timer:start(0, CHECK_EVERY_MS, step)
  return timer
end

---@param callback fun(err: string?, client: vim.lsp.Client?)
local function with_client(callback)
  local client, err = M.start()
  if not client then
    return callback(err)
  end
  if client.initialized then
    return callback(nil, client)
  end
  local deadline = vim.uv.now() + START_TIMEOUT_MS
  poll(function()
    if client.initialized then
      callback(nil, client)
    elseif client:is_stopped() then
      callback(GONE)
    elseif vim.uv.now() > deadline then
      callback('The server did not start in time; :checkhealth aiana says more.')
    else
      return false
    end
    return true
  end)
end

---Send a request; `callback(err, result)` is called once, also when the server dies meanwhile.
---@param method string
---@param params table
---@param callback aiana.Callback
---@return fun() cancel Afterwards `callback` is not called any more.
function M.request(method, params, callback)
  local finished, cancel_sent = false, function() end
  local function finish(err, result)
    if not finished then
      finished = true
      callback(err, result)
    end
  end
  with_client(function(start_err, client)
    if finished then
      return
    elseif start_err or not client then
      return finish(start_err)
    end
    local body = next(params) and params or vim.empty_dict()
    local sent, id = client:request(method, body, function(err, result)
      finish(err and err.message, result)
    end)
    if not sent or not id then
      return finish(GONE)
    end
    cancel_sent = function()
      client:cancel_request(id)
    end
    poll(function()
      if not finished and client:is_stopped() then
        finish(GONE)
      end
      return finished
    end)
  end)
  return function()
    if not finished then
      finished = true
      cancel_sent()
    end
  end
end

---Send a request and wait for the answer.
---@param method string
---@param params table
---@param timeout_ms? integer
---@return any result
---@return string? err
function M.request_sync(method, params, timeout_ms)
  local done, err, result = false, nil, nil
  local cancel = M.request(method, params, function(e, r)
    done, err, result = true, e, r
  end)
  if not vim.wait(timeout_ms or START_TIMEOUT_MS, function()
    return done
  end, 5) then
    cancel()
    return nil, 'Aiana did not answer in time.'
  end
  return result, err
end

return M
