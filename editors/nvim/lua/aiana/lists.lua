---What can be listed: the hits of a search, the memories and sessions of a project.
local M = {}

-- No picker is read to the end of thousands of rows; a narrower search is the way there.
local MOST_PAGES = 20

local client = require('aiana.client')
local config = require('aiana.config')
local text = require('aiana.text')

---@param all? boolean
---@return aiana.SearchFilter?
local function project_filter(all)
  return not all and { project = client.folder() } or nil
end

---@param uri string
---@return fun(show: fun(lines: string[]))
local function preview_of(uri)
  return function(show)
    return require('aiana.document').fetch(uri, function(err, page)
      show(vim.split(err or page.text, '\n'))
    end)
  end
end

---@param hit aiana.SearchHit
---@return aiana.Row
local function hit_row(hit)
  local is_memory = hit.kind == 'memory'
  return {
    target = {
      kind = hit.kind,
      uri = hit.uri,
      memory = is_memory and hit.id or nil,
      session = hit.sessionId,
      source = not is_memory and hit.source or nil,
      message = not is_memory and (hit.messageId or hit.id) or nil,
      title = is_memory and text.first_line(hit.content or hit.snippet) or text.title(hit),
    },
    label = text.hit(hit),
    preview = function(show)
      show(text.preview(hit))
    end,
  }
end

---@param memory aiana.Memory
---@return aiana.Row
local function memory_row(memory)
  return {
    target = {
      kind = 'memory',
      uri = memory.uri,
      memory = memory.id,
      session = memory.sessionId,
      title = text.first_line(memory.content),
    },
    label = text.memory(memory),
    preview = preview_of(memory.uri),
  }
end

--- Rows of turns, which one function of `text` puts into words.
---@generic T: aiana.FileEntry|aiana.Reason|aiana.Fix
---@param turns T[]
---@param label fun(turn: T): string
---@return aiana.Row[]
local function turn_rows(turns, label)
  return vim.tbl_map(function(turn)
    return {
      target = {
        kind = 'message',
        uri = turn.uri,
        session = turn.sessionId,
        source = turn.source,
        message = turn.messageId,
        title = turn.sessionTitle or turn.sessionId,
      },
      label = label(turn),
      preview = preview_of(turn.uri),
    }
  end, turns)
end

---@param session aiana.Session
---@param depth integer Of the session among those that it works for.
---@return aiana.Row
local function session_row(session, depth)
  return {
    target = {
      kind = 'session',
      uri = session.uri,
      session = session.id,
      source = session.source,
      title = session.title or session.id,
    },
    label = text.session(session, depth),
    preview = preview_of(session.uri),
  }
end

---Sessions by day and project, each followed by those of its sub-agents.
---@param sessions aiana.Session[]
---@return aiana.Row[]
local function session_rows(sessions)
  local function key(source, id)
    return source .. '\0' .. id
  end
  local known, children = {}, {} ---@type table<string, true>, table<string, aiana.Session[]>
  for _, session in ipairs(sessions) do
    known[key(session.source, session.id)] = true
  end
  local top = {} ---@type { session: aiana.Session, place: integer }[]
  for place, session in ipairs(sessions) do
    local parent = session.parentId and key(session.source, session.parentId)
    if parent and known[parent] and session.parentId ~= session.id then
      children[parent] = children[parent] or {}
      table.insert(children[parent], session)
    else
      table.insert(top, { session = session, place = place })
    end
  end
  table.sort(top, function(a, b)
    local day_a, day_b = text.day(a.session), text.day(b.session)
    if day_a ~= day_b then
      return day_a > day_b
    elseif a.session.project ~= b.session.project then
      return a.session.project < b.session.project
    end
    return a.place < b.place
  end)
  local rows = {}
  local function add(session, depth)
    table.insert(rows, session_row(session, depth))
    local below = children[key(session.source, session.id)]
    children[key(session.source, session.id)] = nil
    for _, child in ipairs(below or {}) do
      add(child, depth + 1)
    end
  end
  for _, one in ipairs(top) do
    add(one.session, 0)
  end
  return rows
end

---The hits of a search, which is made anew with each key where the picker can do so.
---@param opts aiana.SearchOpts
---@return aiana.List
function M.hits(opts)
  local filter = project_filter(opts.all)
  return {
    title = 'Aiana',
    query = opts.query or '',
    live = true,
    none = opts.all and 'Nothing was found.'
      or 'Nothing was found. `:Aiana! search` looks into all projects.',
    fetch = function(query, cursor, callback)
      return client.request('aiana/search', {
        query = query,
        cursor = cursor,
        limit = config.get().limit,
        scope = opts.all and 'all' or 'project',
        filter = filter,
      }, function(err, result)
        if err then
          return callback(err)
        end
        local notes = vim.list_slice(result.notes or {})
        -- What is out of order is in the status; here it matters where nothing came of it.
        for _, degraded in ipairs(#result.hits == 0 and result.degraded or {}) do
          table.insert(notes, degraded.reason)
        end
        callback(nil, {
          rows = vim.tbl_map(hit_row, result.hits),
          cursor = result.nextCursor,
          notes = notes,
        })
      end)
    end,
  }
end

---What is listed page by page; the picker itself narrows it down.
---@param title string
---@param action? string|aiana.Run
---@param method string
---@param params table
---@param rows fun(result: any): aiana.Row[]
---@param none string
---@return aiana.List
local function stored(title, action, method, params, rows, none)
  return {
    title = title,
    query = '',
    live = false,
    action = action,
    none = none,
    fetch = function(_, cursor, callback)
      local asked = vim.tbl_extend('force', params, { cursor = cursor })
      return client.request(method, asked, function(err, result)
        if err then
          return callback(err)
        end
        callback(
          nil,
          { rows = rows(result), cursor = result.nextCursor, notes = result.notes or {} }
        )
      end)
    end,
  }
end

---@param opts aiana.ListOpts
---@param what 'memories'|'sessions'
---@param method string
---@param params table
---@param rows fun(result: any): aiana.Row[]
---@param empty string What to say where nothing of it is stored.
---@return aiana.List
local function of_project(opts, what, method, params, rows, empty)
  params = vim.tbl_extend('force', params, {
    filter = project_filter(opts.all),
    limit = config.get().limit,
  })
  local none = opts.all and empty
    or ('No %s. `:Aiana! %s` lists those of all projects.'):format(what, what)
  return stored('Aiana ' .. what, opts.action, method, params, rows, none)
end

---The memories, pinned ones first, then the newest.
---@param opts aiana.ListOpts
---@return aiana.List
function M.memories(opts)
  return of_project(opts, 'memories', 'aiana/memory/list', {}, function(result)
    return vim.tbl_map(memory_row, result.memories)
  end, 'No memories yet: `:Aiana add`.')
end

---The sessions, newest days first, and within a day by project.
---@param opts aiana.ListOpts
---@return aiana.List
function M.sessions(opts)
  return of_project(opts, 'sessions', 'aiana/session/list', { agents = true }, function(result)
    return session_rows(result.sessions)
  end, 'No sessions yet: `:Aiana import`.')
end

---What happened to a file, newest first.
---@param path string
---@return aiana.List
function M.history(path)
  local params = { path = path, limit = config.get().limit }
  return stored('Aiana history', nil, 'aiana/file/history', params, function(result)
    return turn_rows(result.entries, text.history)
  end, 'No session had to do with this file.')
end

---Why lines of a file are as they are, newest first.
---@param path string
---@param first integer From 1.
---@param last integer
---@return aiana.List
function M.why(path, first, last)
  local params = {
    path = path,
    range = {
      start = { line = first - 1, character = 0 },
      ['end'] = { line = last, character = 0 },
    },
  }
  return stored('Aiana why', nil, 'aiana/why', params, function(result)
    return turn_rows(result.reasons, text.why)
  end, 'No session is surely known to have written, changed or discussed this.')
end

---What made an error go away, newest first.
---@param params { text?: string, diagnostic?: table }
---@return aiana.List
function M.fixes(params)
  return stored('Aiana fixes', nil, 'aiana/fixes', params, function(result)
    return turn_rows(result.fixes, text.fix)
  end, 'No session is surely known in which this error went away.')
end

---Fetch a list page by page, for pickers that take rows as they come.
---@param list aiana.List
---@param query string
---@param on_page fun(page: aiana.RowPage): boolean? stop
---@param on_end fun(err: string?)
---@return fun() cancel Afterwards neither is called any more.
function M.stream(list, query, on_page, on_end)
  local cancel_request, pages = function() end, 0
  local function go_on(cursor)
    cancel_request = list.fetch(query, cursor, function(err, page)
      if err or not page then
        return on_end(err)
      end
      pages = pages + 1
      local stop = on_page(page)
      if stop or not page.cursor or pages == MOST_PAGES then
        return on_end()
      end
      go_on(page.cursor)
    end)
  end
  go_on()
  return function()
    cancel_request()
  end
end

return M
