---The one language client, started when it is needed and again after the server has gone.
local M = {}

local NAME = 'aiana'
local START_TIMEOUT_MS = 15000
local GONE = 'The server has ended. Run the command again to start it anew; :checkhealth aiana '
  .. 'says more.'
local LATE = 'The server did not start in time; :checkhealth aiana says more.'

---Callbacks by a client's id, and what is wanted to be heard of it.
---@type table<'ready'|'gone', table<integer, table<fun(), true>>>
local waiting = { ready = {}, gone = {} }

---@param event 'ready'|'gone'
---@param id integer
local function tell(event, id)
  local told = waiting[event][id] or {}
  waiting[event][id] = nil
  vim.schedule(function()
    for callback in pairs(told) do
      callback()
    end
  end)
end

---@param event 'ready'|'gone'
---@param id integer
---@param callback fun()
---@return fun() forget
local function wait_for(event, id, callback)
  local here = waiting[event]
  here[id] = here[id] or {}
  here[id][callback] = true
  return function()
    if here[id] then
      here[id][callback] = nil
    end
  end
end

---For `on_init` of the client's configuration.
---@param client vim.lsp.Client
function M.on_init(client)
  tell('ready', client.id)
end

---For `on_exit` of the client's configuration.
---@param id integer
function M.on_exit(_, _, id)
  tell('gone', id)
end

---Hear of clients that a user's configuration starts with hooks in place of ours.
local function watch()
  vim.api.nvim_create_autocmd({ 'LspAttach', 'LspDetach' }, {
    group = vim.api.nvim_create_augroup('aiana-client', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == NAME and event.event == 'LspAttach' then
        tell('ready', client.id)
      elseif client and client.name == NAME and client:is_stopped() then
        tell('gone', client.id)
      end
    end,
  })
end

---The workspace folder that a buffer belongs to, as for any language server: its repository, or
---else the current directory if that holds it. Which project this is the server knows.
---@param buf? integer
---@return string
function M.folder(buf)
  buf = buf or 0
  local name, here = vim.api.nvim_buf_get_name(buf), vim.fn.getcwd()
  if vim.bo[buf].buftype ~= '' or name == '' or name:match('^%a[%w+.-]+:') then
    return here
  end
  local folder = vim.fs.dirname(name)
  return vim.fs.root(folder, '.git') or (vim.fs.relpath(here, folder) and here) or folder
end

---@param hooks any One, a list, or none.
---@param ours function
---@return function[]
local function with_ours(hooks, ours)
  local list = type(hooks) == 'function' and { hooks } or vim.list_slice(hooks or {})
  if not vim.list_contains(list, ours) then
    table.insert(list, ours)
  end
  return list
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
  watch()
  config = vim.deepcopy(config)
  config.on_init = with_ours(config.on_init, M.on_init)
  config.on_exit = with_ours(config.on_exit, M.on_exit)
  config.root_dir = type(config.root_dir) == 'string' and config.root_dir or M.folder()
  local id = vim.lsp.start(config, { attach = false, reuse_client = config.reuse_client })
  local client = id and vim.lsp.get_client_by_id(id)
  if not client then
    return nil, 'The server could not be started; :checkhealth aiana says more.'
  end
  return client
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
  local late, is_ready, is_gone
  ---@param why? string
  local function heard(why)
    late:stop()
    late:close()
    is_ready()
    is_gone()
    callback(why, client)
  end
  is_ready = wait_for('ready', client.id, heard)
  is_gone = wait_for('gone', client.id, function()
    heard(GONE)
  end)
  late = vim.defer_fn(function()
    heard(LATE)
  end, START_TIMEOUT_MS)
end

---Send a request; `callback(err, result)` is called once, also when the server dies meanwhile.
---@param method string
---@param params table
---@param callback aiana.Callback
---@return fun() cancel Afterwards `callback` is not called any more.
function M.request(method, params, callback)
  local finished, cancel_sent, forget = false, function() end, function() end
  local function finish(err, result)
    if not finished then
      finished = true
      forget()
      callback(err, result)
    end
  end
  local not_text = require('aiana.utf8').why_not(params)
  if not_text then
    vim.schedule(function()
      finish(not_text)
    end)
    return function()
      finished = true
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
    forget = wait_for('gone', client.id, function()
      finish(GONE)
    end)
  end)
  return function()
    if not finished then
      finished = true
      forget()
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

---Tell the server something, if it runs.
---@param method string
---@param params table
function M.notify(method, params)
  local client = vim.lsp.get_clients({ name = NAME })[1]
  if client then
    client:notify(method, params)
  end
end

return M
