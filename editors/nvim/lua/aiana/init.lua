---What `:Aiana` does, as functions for mappings and other plugins.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')
local text = require('aiana.text')

---Send a request; what goes wrong is told to the user.
---@param method string
---@param params table
---@param callback fun(result: any)
---@param ended? fun() Called first, however it went.
local function ask(method, params, callback, ended)
  local done = config.waiting()
  client.request(method, params, function(err, result)
    done()
    if ended then
      ended()
    end
    if err then
      return config.fail(err)
    end
    callback(result)
  end)
end

---@class aiana.SearchOpts
---@field query? string See |aiana-query|; asked for when absent.
---@field all? boolean All projects, not only that of the current buffer.

---Search, choose a hit, and open it where it was said, or do something else with it.
---@param opts? aiana.SearchOpts
function M.search(opts)
  require('aiana.pickers').pick(require('aiana.lists').hits(opts or {}))
end

---Search, and put what is found into the quickfix list.
---@param opts aiana.SearchOpts With a query.
function M.quickfix(opts)
  local list = require('aiana.lists').hits(opts)
  local done = config.waiting()
  list.fetch(opts.query, nil, function(err, page)
    done()
    if err or not page then
      return config.fail(err or 'Nothing was read.')
    elseif #page.rows == 0 then
      return config.notify(table.concat({ list.none, unpack(page.notes) }, ' '))
    end
    require('aiana.actions').named('quickfix').run(require('aiana.pickers').targets(page.rows))
    if #page.notes > 0 then
      config.notify(table.concat(page.notes, ' '))
    end
  end)
end

---Do something with what stands at lines of the current window: messages of a session, a memory,
---entries of the quickfix list.
---Without an action there is a menu of them; without lines it is the cursor's.
---@param opts? { action?: string, first?: integer, last?: integer }
function M.act(opts)
  opts = opts or {}
  local actions = require('aiana.actions')
  local first = opts.first or vim.fn.line('.')
  local targets = actions.at(first, opts.last or first)
  if #targets == 0 then
    return config.notify('There is nothing of Aiana here: go to one of its documents or lists.')
  end
  local from = vim.fn.win_getid(vim.fn.winnr('#'))
  if not opts.action then
    return actions.choose(targets, from)
  end
  local action = actions.named(opts.action)
  if not action then
    return config.fail(
      ('`%s` is none of %s.'):format(opts.action, table.concat(actions.names(), ', '))
    )
  end
  action.run(targets, from)
end

---Bring back the memories that were forgotten last.
function M.undo()
  require('aiana.actions.memories').undo()
end

---Show a session or memory by its `aiana://` URI.
---@param uri string
---@param place? aiana.Place Default: the current window.
function M.open(uri, place)
  require('aiana.document').open(uri, place)
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
    project = client.folder(),
    origin = selection and selection.uri and { uri = selection.uri, range = selection.range }
      or nil,
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
  M.add(vim.tbl_extend('force', opts or {}, { selection = text.selected() }))
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
  local uri = text.file_uri()
  return {
    query = opts.query,
    selection = opts.selection,
    textDocument = uri and { uri = uri } or nil,
    project = client.folder(),
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
  local register = config.register(opts.register)
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

---@class aiana.ListOpts
---@field all? boolean All projects.
---@field action? string|aiana.Run What to do with the row that is chosen; default: open it.

---Choose a session and read it, or do something else with it.
---@param opts? aiana.ListOpts
function M.sessions(opts)
  require('aiana.pickers').pick(require('aiana.lists').sessions(opts or {}))
end

---Choose a memory and read it, or do something else with it.
---@param opts? aiana.ListOpts
function M.memories(opts)
  require('aiana.pickers').pick(require('aiana.lists').memories(opts or {}))
end

---Choose a turn that edited, read or named a file, and go there.
---@param path? string Default: the file of the current buffer.
function M.history(path)
  path = path or text.file_uri() and vim.api.nvim_buf_get_name(0)
  if not path then
    return config.fail('This buffer is no file: name one.')
  end
  path = vim.fs.abspath(vim.fs.normalize(path))
  require('aiana.pickers').pick(require('aiana.lists').history(path))
end

---Choose a turn that wrote, changed or discussed lines of the current file, and go there.
---@param first integer From 1.
---@param last integer
function M.why(first, last)
  local uri = text.file_uri()
  if not uri then
    return config.fail('This buffer is no file.')
  end
  local path = vim.api.nvim_buf_get_name(0)
  require('aiana.pickers').pick(require('aiana.lists').why(path, first, last))
end

---Choose a turn in which an error stood last before it went away, and go there.
---@param message? string A message or an output; by default the diagnostic of the current line.
function M.fixes(message)
  local asked = { text = message }
  if not message then
    local line = vim.api.nvim_win_get_cursor(0)[1] - 1
    local found = vim.diagnostic.get(0, { lnum = line })[1]
    if not found then
      return config.fail('No diagnostic on this line: select a message, or type it.')
    end
    asked = { diagnostic = { message = found.message, code = found.code } }
  end
  require('aiana.pickers').pick(require('aiana.lists').fixes(asked))
end

---Do something with the session below the cursor, or with one that is chosen.
---@param run aiana.Run
---@param opts? { all?: boolean }
local function with_session(run, opts)
  local here = require('aiana.actions').at(vim.fn.line('.'), vim.fn.line('.'))
  if #here > 0 then
    return run(here)
  end
  M.sessions({ all = opts and opts.all, action = run })
end

---Go on with a session in its own assistant, in a terminal where it took place.
---@param opts? { all?: boolean }
function M.resume(opts)
  with_session(require('aiana.actions.resuming').resume, opts)
end

---Put an account of a session into a register, a buffer or a file, for a new chat.
---@param opts? { all?: boolean, place?: string } Place: `@` and a register, `buffer`, or a path.
function M.hand_over(opts)
  local place = opts and opts.place
  local resuming = require('aiana.actions.resuming')
  with_session(place and function(targets)
    resuming.hand_over_to(targets, place)
  end or resuming.hand_over, opts)
end

---Show what a session and its sub-agents changed, as a diff.
---@param opts? { all?: boolean }
function M.changes(opts)
  with_session(require('aiana.actions.changes').show, opts)
end

---Write a session or memory into a file for somebody else.
---@param opts? { all?: boolean }
function M.share(opts)
  with_session(require('aiana.actions.sharing').share, opts)
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

---Progress token of the import that runs.
local importing ---@type string?

---@param result aiana.ImportResult
---@return string
local function import_report(result)
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
  return #lines > 0 and table.concat(lines, '\n') or 'No transcripts were found.'
end

---Read new transcripts; progress is reported as |LspProgress|.
---@param names? string[] Assistants, or files and folders; default all assistants.
function M.import(names)
  local params = { workDoneToken = 'aiana-import-' .. vim.uv.hrtime() }
  for _, name in ipairs(names or {}) do
    local path = vim.fs.abspath(vim.fs.normalize(name))
    local exists = vim.uv.fs_stat(path) ~= nil
    -- The server knows its assistants; none is called like a path.
    if not exists and name:find('[/\\~]') then
      return config.fail(('There is no file or folder %s.'):format(name))
    end
    local key = exists and 'paths' or 'sources'
    params[key] = params[key] or {}
    table.insert(params[key], exists and path or name)
  end
  importing = params.workDoneToken
  ask('aiana/capture/import', params, function(result)
    config.notify(import_report(result))
  end, function()
    importing = nil
  end)
end

---Stop an import; what it has read until then is kept.
function M.stop()
  if not importing then
    return config.notify('No import is running.')
  end
  client.notify('window/workDoneProgress/cancel', { token = importing })
end

---What a status line should show: nothing unless something is going on or wrong.
---@return string
function M.statusline()
  return require('aiana.events').statusline()
end

---Say how Aiana is, in a line; |:checkhealth| says it in full.
function M.status()
  ask('aiana/status', {}, function(status)
    local level = status.health == 'ok' and vim.log.levels.INFO or vim.log.levels.WARN
    config.notify(status.message, level)
  end)
end

return M
