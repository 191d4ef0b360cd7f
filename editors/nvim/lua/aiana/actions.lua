---What can be done with hits, messages, memories and sessions, wherever they were chosen.
local M = {}

local client = require('aiana.client')
local config = require('aiana.config')
local text = require('aiana.text')

local PINNED = 'pinned'

---Memories that were forgotten last, for `undo`.
---@type aiana.Memory[]
local forgotten = {}

---@param method string
---@param params table
---@param callback fun(result: any)
local function ask(method, params, callback)
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
local function each(items, step, callback)
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
local function counted(count, one, many)
  return count == 1 and ('one ' .. one) or ('%d %s'):format(count, many)
end

---@param question string
---@param yes string
---@param callback fun()
local function confirm(question, yes, callback)
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
local function session_params(target, more)
  local named = { id = target.session or target.id, source = target.source }
  return vim.tbl_extend('force', named, more or {})
end

---The full text of a target.
---@param target aiana.Target
---@param callback fun(content: string)
local function content_of(target, callback)
  if target.kind == 'memory' then
    ask('aiana/memory/get', { id = target.memory }, function(result)
      callback(result.memory.content)
    end)
  elseif target.kind == 'session' then
    ask('aiana/session/export', session_params(target), function(result)
      callback(result.text)
    end)
  else
    local params = session_params(target, { around = target.message, limit = 1 })
    ask('aiana/session/messages', params, function(result)
      for _, message in ipairs(result.messages) do
        if message.id == target.message then
          return callback(message.content)
        end
      end
      config.fail('This message is not stored any more.')
    end)
  end
end

---@param targets aiana.Target[]
---@param callback fun(content: string)
local function contents(targets, callback)
  each(targets, content_of, function(all)
    callback(table.concat(all, '\n\n'))
  end)
end

---@param targets aiana.Target[]
---@param what string
---@return string[]? ids None if there is no memory among them, which is said.
local function memories(targets, what)
  local ids = {}
  for _, target in ipairs(targets) do
    if target.memory then
      table.insert(ids, target.memory)
    end
  end
  if #ids == 0 then
    config.notify(('Only memories can be %s; this is a %s.'):format(what, targets[1].kind))
    return nil
  end
  return ids
end

---@param place aiana.Place
---@return fun(targets: aiana.Target[])
local function opener(place)
  return function(targets)
    for _, target in ipairs(targets) do
      require('aiana.document').open(target.uri, place)
    end
  end
end

---@param rating 'helpful'|'unhelpful'|'harmful'
---@return fun(targets: aiana.Target[])
local function rater(rating)
  return function(targets)
    local ids = memories(targets, 'judged')
    each(ids or {}, function(id, continue)
      ask('aiana/memory/feedback', { id = id, rating = rating }, continue)
    end, function(judged)
      if #judged > 0 then
        config.notify(('Noted as %s: %s.'):format(rating, counted(#judged, 'memory', 'memories')))
      end
    end)
  end
end

---A window with a buffer that can be written into: `wanted`, or another one of this tab page.
---@param wanted? integer
---@return integer?
local function writable_window(wanted)
  local candidates = vim.list_extend({ wanted }, vim.api.nvim_tabpage_list_wins(0))
  for _, window in ipairs(candidates) do
    local buf = vim.api.nvim_win_is_valid(window) and vim.api.nvim_win_get_buf(window)
    if
      buf
      and vim.bo[buf].modifiable
      and not vim.bo[buf].readonly
      and vim.bo[buf].buftype == ''
    then
      return window
    end
  end
end

---@param targets aiana.Target[]
---@param from? integer
local function insert(targets, from)
  local window = writable_window(from)
  if not window then
    return config.fail('No buffer here can be written into: open the file first.')
  end
  contents(targets, function(content)
    vim.api.nvim_set_current_win(window)
    vim.api.nvim_put(vim.split(content, '\n'), 'c', true, true)
  end)
end

---@param targets aiana.Target[]
local function yank(targets)
  contents(targets, function(content)
    local register = config.register()
    vim.fn.setreg(register, content)
    config.notify(('Yanked into register %s.'):format(register))
  end)
end

---@param targets aiana.Target[]
local function remember(targets)
  each(targets, function(target, continue)
    content_of(target, function(content)
      ask('aiana/memory/add', {
        content = content,
        sessionId = target.session,
        project = client.folder(),
      }, continue)
    end)
  end, function(added)
    local known = #vim.tbl_filter(function(one)
      return one.duplicateOf ~= nil and one.duplicateOf ~= vim.NIL
    end, added)
    local new = #added - known
    config.notify(
      new == 0 and 'This was known already.'
        or ('Remembered: %s.'):format(counted(new, 'text', 'texts'))
    )
  end)
end

---@param targets aiana.Target[]
local function pin(targets)
  each(memories(targets, 'pinned') or {}, function(id, continue)
    ask('aiana/memory/get', { id = id }, function(found)
      local tags = vim.tbl_filter(function(tag)
        return tag ~= PINNED
      end, found.memory.tags)
      local pinned = #tags == #found.memory.tags
      if pinned then
        table.insert(tags, PINNED)
      end
      ask('aiana/memory/update', { id = id, tags = tags }, function()
        continue(pinned)
      end)
    end)
  end, function(pinned)
    if #pinned > 0 then
      config.notify(pinned[#pinned] and 'Pinned.' or 'No longer pinned.')
    end
  end)
end

---@param ids string[]
local function forget_ids(ids)
  each(ids, function(id, continue)
    ask('aiana/memory/get', { id = id }, continue)
  end, function(found)
    ask('aiana/memory/delete', { ids = ids }, function(result)
      forgotten = vim.tbl_map(function(one)
        return one.memory
      end, found)
      config.notify(
        ('Forgotten: %s. `:Aiana undo` brings back.'):format(
          counted(result.deleted, 'memory', 'memories')
        )
      )
    end)
  end)
end

---@param targets aiana.Target[]
local function forget(targets)
  local ids = memories(targets, 'forgotten')
  if not ids then
    return
  elseif #ids == 1 then
    return forget_ids(ids)
  end
  confirm(('Forget %d memories?'):format(#ids), ('Forget %d'):format(#ids), function()
    forget_ids(ids)
  end)
end

---Bring back what was forgotten last.
function M.undo()
  if #forgotten == 0 then
    return config.notify('Nothing was forgotten here.')
  end
  each(forgotten, function(memory, continue)
    ask('aiana/memory/restore', { memory = memory }, continue)
  end, function(restored)
    forgotten = {}
    config.notify(('Brought back: %s.'):format(counted(#restored, 'memory', 'memories')))
  end)
end

---@param targets aiana.Target[]
---@return aiana.Target[] targets Those that belong to sessions, one for each session.
local function sessions_of(targets)
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

---What would be deleted with a session, itself included.
---@param target aiana.Target
---@param callback fun(found: { session: aiana.Session, count: integer })
local function family(target, callback)
  ask('aiana/session/get', session_params(target), function(result)
    local trial = session_params(result.session, { dryRun = true })
    ask('aiana/session/delete', trial, function(would)
      callback({ session = result.session, count = would.deleted })
    end)
  end)
end

---@param found { session: aiana.Session, count: integer }[]
---@return string
local function deletion_question(found)
  local messages, subagents = 0, -#found
  for _, one in ipairs(found) do
    messages = messages + one.session.messageCount
    subagents = subagents + one.count
  end
  local session = found[1].session
  local what = #found == 1
      and ('the session “%s”'):format(text.short(session.title or session.id))
    or ('%d sessions'):format(#found)
  return ('Delete %s with %d messages from Aiana?'):format(what, messages)
    .. (subagents > 0 and (' With it go %d of sub-agents.'):format(subagents) or '')
    .. ' The files of the assistants stay.'
end

---@param targets aiana.Target[]
local function delete_sessions(targets)
  each(sessions_of(targets), family, function(found)
    if #found == 0 then
      return config.notify('This belongs to no session.')
    end
    confirm(deletion_question(found), 'Delete for good', function()
      local count = 0
      each(found, function(one, continue)
        ask('aiana/session/delete', session_params(one.session), function(result)
          count = count + result.deleted
          continue(result)
        end)
      end, function()
        config.notify(('Deleted: %s.'):format(counted(count, 'session', 'sessions')))
      end)
    end)
  end)
end

---@param path string
---@param content string
local function write(path, content)
  local file, err = vim.uv.fs_open(path, 'wx', tonumber('600', 8))
  if not file then
    return config.fail(('The session was not written: %s'):format(err))
  end
  vim.uv.fs_write(file, content)
  vim.uv.fs_close(file)
  config.notify(('Written to %s.'):format(vim.fn.fnamemodify(path, ':~')))
end

---@param targets aiana.Target[]
local function export(targets)
  each(sessions_of(targets), function(target, continue)
    vim.ui.input({
      prompt = 'Export to (.md or .json): ',
      default = text.file_name(target.title) .. '.md',
      completion = 'file',
    }, function(path)
      if not path or vim.trim(path) == '' then
        return
      end
      path = vim.fs.abspath(vim.fs.normalize(path))
      local format = path:match('%.json$') and 'json' or 'markdown'
      ask('aiana/session/export', session_params(target, { format = format }), function(result)
        write(path, result.text)
        continue(path)
      end)
    end)
  end, function(written)
    if #written == 0 and #sessions_of(targets) == 0 then
      config.notify('This belongs to no session.')
    end
  end)
end

---Put rows into the quickfix list, each at its line.
---@param targets aiana.Target[]
local function quickfix(targets)
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

---@type aiana.Action[] In the order of the menu.
M.all = {
  { name = 'open', title = 'Open', run = opener('edit') },
  { name = 'split', title = 'Open in a split', run = opener('split') },
  { name = 'vsplit', title = 'Open in a vertical split', run = opener('vsplit') },
  { name = 'tab', title = 'Open in a tab page', run = opener('tab') },
  { name = 'quickfix', title = 'Put into the quickfix list', run = quickfix },
  { name = 'insert', title = 'Insert at the cursor', run = insert },
  { name = 'yank', title = 'Yank', run = yank },
  { name = 'remember', title = 'Remember', run = remember },
  { name = 'helpful', title = 'This was helpful', run = rater('helpful'), memories = true },
  { name = 'unhelpful', title = 'This was not helpful', run = rater('unhelpful'), memories = true },
  { name = 'harmful', title = 'This is wrong or harmful', run = rater('harmful'), memories = true },
  { name = 'pin', title = 'Pin or unpin', run = pin, memories = true },
  { name = 'forget', title = 'Forget', run = forget, memories = true },
  { name = 'delete', title = 'Delete the session…', run = delete_sessions, sessions = true },
  { name = 'export', title = 'Export the session…', run = export, sessions = true },
}

---@param name string
---@return aiana.Action?
function M.named(name)
  for _, action in ipairs(M.all) do
    if action.name == name then
      return action
    end
  end
end

---@return string[]
function M.names()
  return vim.tbl_map(function(action)
    return action.name
  end, M.all)
end

---Does any of these make sense for it?
---@param action aiana.Action
---@param targets aiana.Target[]
---@return boolean
local function applies(action, targets)
  for _, target in ipairs(targets) do
    if
      (not action.memories or target.memory ~= nil)
      and (not action.sessions or target.session ~= nil)
    then
      return true
    end
  end
  return false
end

---Choose what to do with these, and do it.
---@param targets aiana.Target[]
---@param from? integer The window that the user came from.
function M.choose(targets, from)
  local actions = vim.tbl_filter(function(action)
    return applies(action, targets)
  end, M.all)
  local prompt = #targets == 1 and text.short(targets[1].title) or ('%d chosen'):format(#targets)
  vim.ui.select(actions, {
    prompt = prompt,
    kind = 'aiana',
    format_item = function(action)
      return action.title
    end,
  }, function(action)
    if action then
      action.run(targets, from)
    end
  end)
end

---What lines of the current window stand for: entries of a quickfix or location list, messages of a
---session, a memory.
---@param first integer
---@param last integer
---@return aiana.Target[]
function M.at(first, last)
  local info = vim.fn.getwininfo(vim.api.nvim_get_current_win())[1]
  local found = {}
  if info.quickfix == 1 then
    local items = info.loclist == 1 and vim.fn.getloclist(0) or vim.fn.getqflist()
    for index = first, last do
      local data = items[index] and items[index].user_data
      table.insert(found, type(data) == 'table' and data.aiana or nil)
    end
    return found
  end
  local document = require('aiana.document')
  local page = document.page()
  if not page then
    return {}
  elseif page.kind == 'memory' then
    return { { kind = 'memory', uri = page.uri, memory = page.id, title = page.title } }
  end
  local seen = {}
  for line = first, last do
    local section = document.section(line)
    if section and not seen[section] then
      seen[section] = true
      table.insert(found, {
        kind = 'message',
        uri = section.uri,
        session = page.id,
        source = page.source,
        message = section.messageId,
        title = page.title,
      })
    end
  end
  if #found == 0 then
    found = {
      {
        kind = 'session',
        uri = page.uri,
        session = page.id,
        source = page.source,
        title = page.title,
      },
    }
  end
  return found
end

return M
