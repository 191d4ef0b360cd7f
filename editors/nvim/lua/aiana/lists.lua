---What can be listed: the hits of a search, the sessions of a project.
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
      title = text.title(hit),
    },
    label = text.hit(hit),
    preview = function(show)
      show(text.preview(hit))
    end,
  }
end

---@param session aiana.Session
---@return aiana.Row
local function session_row(session)
  return {
    target = {
      kind = 'session',
      uri = session.uri,
      session = session.id,
      source = session.source,
      title = session.title or session.id,
    },
    label = text.session(session),
    preview = function(show)
      return require('aiana.document').fetch(session.uri, function(err, page)
        show(vim.split(err or page.text, '\n'))
      end)
    end,
  }
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

---The sessions, newest first; the picker itself narrows them down.
---@param opts { all?: boolean }
---@return aiana.List
function M.sessions(opts)
  local filter = project_filter(opts.all)
  return {
    title = 'Aiana sessions',
    query = '',
    live = false,
    none = opts.all and 'No sessions yet: `:Aiana import`.'
      or 'No sessions. `:Aiana! sessions` lists those of all projects.',
    fetch = function(_, cursor, callback)
      return client.request('aiana/session/list', {
        filter = filter,
        cursor = cursor,
        limit = config.get().limit,
      }, function(err, result)
        if err then
          return callback(err)
        end
        callback(nil, {
          rows = vim.tbl_map(session_row, result.sessions),
          cursor = result.nextCursor,
          notes = {},
        })
      end)
    end,
  }
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
