---What `:Aiana` does, as functions for mappings and other plugins.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')
local text = require('aiana.text')

---Send a request; what goes wrong is told to the user.
---@param method string
---@param params table
---@param callback fun(result: any)
local function ask(method, params, callback)
  local done = config.waiting()
  client.request(method, params, function(err, result)
    done()
    if err then
      return config.fail(err)
    end
    callback(result)
  end)
end

---@class aiana.SearchOpts
---@field query? string See |aiana-query|; asked for when absent.
---@field all? boolean All projects, not only that of the current buffer.

---Search, choose a hit, and open it where it was said.
---@param opts? aiana.SearchOpts
function M.search(opts)
  opts = opts or {}
  local settings, project = config.get(), client.project()
  require('aiana.pickers').pick({
    query = opts.query or '',
    open = function(hit)
      M.open(hit.uri)
    end,
    source = function(query, callback)
      return client.request('aiana/search', {
        query = query,
        limit = settings.limit,
        scope = opts.all and 'all' or 'project',
        filter = not opts.all and { project = project } or nil,
      }, function(err, result)
        if err then
          config.fail(err)
          return callback({})
        end
        local degraded = (result.degraded or {})[1]
        callback(result.hits, degraded and degraded.reason)
      end)
    end,
  })
end

---Show a session or memory by its `aiana://` URI.
---@param uri string
function M.open(uri)
  require('aiana.document').open(uri)
end

---@class aiana.AddOpts
---@field content? string Asked for when absent.
---@field type? 'insight'|'pattern'|'preference'|'conversation'
---@field selection? aiana.Selection Where the content was taken from.

---Keep a text.
---@param opts? aiana.AddOpts
function M.add(opts)
  opts = opts or {}
  local selection = opts.selection
  local content = opts.content or selection and selection.text
  if not content then
    return vim.ui.input({ prompt = 'Remember: ' }, function(answer)
      if answer and vim.trim(answer) ~= '' then
        M.add(vim.tbl_extend('force', opts, { content = answer }))
      end
    end)
  end
  ask('aiana/memory/add', {
    content = content,
    memoryType = opts.type or 'insight',
    project = client.project(),
    origin = selection and { uri = selection.uri, range = selection.range },
  }, function(result)
    local hidden = (result.redactions or 0) > 0
        and (' Secrets taken out: %d.'):format(result.redactions)
      or ''
    config.notify((result.duplicateOf and 'This was known already.' or 'Remembered.') .. hidden)
  end)
end

---Keep what is selected in visual mode: map it with `<Cmd>` so that the selection still stands.
---@param opts? aiana.AddOpts
function M.add_selection(opts)
  local selection = text.selection('v', '.', vim.fn.mode())
  vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'n', false)
  M.add(vim.tbl_extend('force', opts or {}, { selection = selection }))
end

---@class aiana.ContextOpts
---@field query? string What the chat will be about.
---@field selection? string Text that the chat will be about.
---@field all? boolean All projects.
---@field max_tokens? integer

---@param opts? aiana.ContextOpts
---@return table
local function context_params(opts)
  opts = opts or {}
  local name = vim.api.nvim_buf_get_name(0)
  local is_file = vim.bo.buftype == '' and name ~= ''
  return {
    query = opts.query,
    selection = opts.selection,
    textDocument = is_file and { uri = vim.uri_from_fname(name) } or nil,
    project = client.project(),
    scope = opts.all and 'all' or 'project',
    maxTokens = opts.max_tokens,
  }
end

---The context block for the current buffer; `callback(err, block)`, empty if nothing is known.
---@param opts? aiana.ContextOpts
---@param callback fun(err: string?, block: string)
function M.context(opts, callback)
  client.request('aiana/context', context_params(opts), function(err, result)
    callback(err, result and result.context or '')
  end)
end

---The same, waiting for it: for places that want a string, such as Avante's `system_prompt`.
---@param opts? aiana.ContextOpts
---@param timeout_ms? integer Default 2000.
---@return string block Empty if nothing is known, or not in time.
function M.context_sync(opts, timeout_ms)
  local result = client.request_sync('aiana/context', context_params(opts), timeout_ms or 2000)
  return result and result.context or ''
end

---Put the context block into a register.
---@param opts? aiana.ContextOpts|{ register?: string }
function M.copy_context(opts)
  opts = opts or {}
  local register = opts.register or config.get().register
  if register:match('[+*]') and vim.fn.has('clipboard') == 0 then
    register = '"' -- Neovim has found no program that reaches the clipboard.
  end
  local done = config.waiting()
  M.context(opts, function(err, block)
    done()
    if err then
      return config.fail(err)
    elseif block == '' then
      return config.notify('There is nothing worth quoting for this.')
    end
    vim.fn.setreg(register, block)
    config.notify(('The context is in register %s.'):format(register))
  end)
end

---Choose a session and read it.
---@param opts? { all?: boolean }
function M.sessions(opts)
  local filter = not (opts and opts.all) and { project = client.project() } or nil
  local params = { filter = filter, limit = config.get().limit }
  ask('aiana/session/list', params, function(result)
    if #result.sessions == 0 then
      return config.notify('No sessions. `:Aiana! sessions` lists those of all projects.')
    end
    vim.ui.select(result.sessions, {
      prompt = 'Aiana sessions',
      kind = 'aiana',
      format_item = text.session,
    }, function(session)
      if session then
        M.open('aiana:///session/' .. vim.uri_encode(session.id))
      end
    end)
  end)
end

---@param preference { id: string, text: string }
local function ask_to_remove(preference)
  vim.ui.select({ 'Keep it', 'Remove it' }, { prompt = preference.text }, function(choice)
    if choice == 'Remove it' then
      ask('aiana/preference/remove', { id = preference.id }, function()
        config.notify('Removed.')
      end)
    end
  end)
end

---Keep how you like to work; without a text, choose one of what is kept.
---@param preference? string
function M.prefer(preference)
  if preference then
    return ask('aiana/preference/add', { text = preference }, function()
      config.notify('Noted.')
    end)
  end
  ask('aiana/preference/list', {}, function(profile)
    local all = vim.list_extend(vim.list_slice(profile.static), profile.dynamic)
    if #all == 0 then
      return config.notify('No preferences yet: `:Aiana prefer Uses uv, not pip`.')
    end
    vim.ui.select(all, {
      prompt = 'Aiana preferences',
      kind = 'aiana',
      format_item = function(item)
        return item.text
      end,
    }, function(chosen)
      if chosen then
        ask_to_remove(chosen)
      end
    end)
  end)
end

---Read new transcripts; progress is reported as |LspProgress|.
---@param names? string[] Assistants, or files and folders; default all assistants.
function M.import(names)
  local params = { workDoneToken = 'aiana-import-' .. vim.uv.hrtime() }
  for _, name in ipairs(names or {}) do
    local path = vim.fs.normalize(name)
    local key = vim.uv.fs_stat(path) and 'paths' or 'sources'
    params[key] = params[key] or {}
    table.insert(params[key], key == 'paths' and vim.fs.abspath(path) or name)
  end
  ask('aiana/capture/import', params, function(result)
    local lines = {}
    for source, counts in vim.spairs(result.sources) do
      lines[#lines + 1] = ('%s: %d files, %d new, %d grown, %d messages'):format(
        source,
        counts.found,
        counts.imported,
        counts.updated,
        counts.messages
      )
      for _, failure in ipairs(counts.failed) do
        lines[#lines + 1] = ('  %s: %s'):format(failure.path, failure.reason)
      end
    end
    config.notify(#lines > 0 and table.concat(lines, '\n') or 'No transcripts were found.')
  end)
end

---Say how Aiana is, in a line; |:checkhealth| says it in full.
function M.status()
  ask('aiana/status', {}, function(status)
    local level = status.health == 'ok' and vim.log.levels.INFO or vim.log.levels.WARN
    config.notify(status.message, level)
  end)
end

return M
