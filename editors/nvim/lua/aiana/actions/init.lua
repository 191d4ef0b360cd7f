---What can be done with hits, messages, memories and sessions, wherever they were chosen.
local M = {}

local changes = require('aiana.actions.changes')
local memories = require('aiana.actions.memories')
local places = require('aiana.actions.places')
local resuming = require('aiana.actions.resuming')
local sessions = require('aiana.actions.sessions')
local sharing = require('aiana.actions.sharing')
local text = require('aiana.text')
local texts = require('aiana.actions.texts')

---@type aiana.Action[] In the order of the menu.
M.all = {
  { name = 'open', title = 'Open', run = places.opener('edit') },
  { name = 'split', title = 'Open in a split', run = places.opener('split') },
  { name = 'vsplit', title = 'Open in a vertical split', run = places.opener('vsplit') },
  { name = 'tab', title = 'Open in a tab page', run = places.opener('tab') },
  { name = 'quickfix', title = 'Put into the quickfix list', run = places.quickfix },
  { name = 'insert', title = 'Insert at the cursor', run = texts.insert },
  { name = 'yank', title = 'Yank', run = texts.yank },
  { name = 'remember', title = 'Remember', run = texts.remember },
  {
    name = 'helpful',
    title = 'This was helpful',
    run = memories.rater('helpful'),
    memories = true,
  },
  {
    name = 'unhelpful',
    title = 'This was not helpful',
    run = memories.rater('unhelpful'),
    memories = true,
  },
  {
    name = 'harmful',
    title = 'This is wrong or harmful',
    run = memories.rater('harmful'),
    memories = true,
  },
  { name = 'pin', title = 'Pin or unpin', run = memories.pin, memories = true },
  { name = 'edit', title = 'Edit', run = memories.edit, memories = true },
  { name = 'forget', title = 'Forget…', run = memories.forget, memories = true },
  { name = 'resume', title = 'Resume in its assistant', run = resuming.resume, sessions = true },
  { name = 'handover', title = 'Hand over…', run = resuming.hand_over, sessions = true },
  {
    name = 'changes',
    title = 'Show what the session changed',
    run = changes.show,
    sessions = true,
  },
  { name = 'share', title = 'Share…', run = sharing.share },
  { name = 'delete', title = 'Delete the session…', run = sessions.delete, sessions = true },
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
