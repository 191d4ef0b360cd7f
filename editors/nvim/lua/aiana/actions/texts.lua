---Texts of hits, messages, memories and sessions: into a buffer, a register, a memory.
local M = {}

local client = require('aiana.client')
local common = require('aiana.actions.common')
local config = require('aiana.config')

local ask, counted, each = common.ask, common.counted, common.each

---The texts behind targets in full.
---@param targets aiana.Target[]
---@param callback fun(texts: aiana.QuotedText[])
local function texts_of(targets, callback)
  local named = vim.tbl_map(function(target)
    return { uri = target.uri }
  end, targets)
  ask('aiana/quote', { texts = named }, function(quotation)
    callback(quotation.texts)
  end)
end

---@param targets aiana.Target[]
---@param callback fun(content: string)
local function contents(targets, callback)
  texts_of(targets, function(texts)
    local all = vim.tbl_map(function(text)
      return text.content
    end, texts)
    callback(table.concat(all, '\n\n'))
  end)
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
function M.insert(targets, from)
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
function M.yank(targets)
  contents(targets, function(content)
    local register = config.register()
    vim.fn.setreg(register, content)
    config.notify(('Yanked into register %s.'):format(register))
  end)
end

---@param targets aiana.Target[]
function M.remember(targets)
  local function add(text, continue)
    ask('aiana/memory/add', {
      content = text.content,
      sessionId = text.sessionId,
      project = client.folder(),
    }, continue)
  end
  local function tell(added)
    local known = #vim.tbl_filter(function(one)
      return one.duplicateOf ~= nil and one.duplicateOf ~= vim.NIL
    end, added)
    local new = #added - known
    config.notify(
      new == 0 and 'This was known already.'
        or ('Remembered: %s.'):format(counted(new, 'text', 'texts'))
    )
  end
  texts_of(targets, function(texts)
    each(texts, add, tell)
  end)
end

return M
