---What sessions changed, as one diff whose files lead to the turns that changed them.
local M = {}

local common = require('aiana.actions.common')
local config = require('aiana.config')

---The file that a line of the diff is about.
---@param files aiana.ChangedFile[]
---@param line integer One-based.
---@return aiana.ChangedFile?
local function file_at(files, line)
  local found
  for _, file in ipairs(files) do
    if file.diffLine >= line then
      break
    end
    found = file
  end
  return found
end

---Go to a turn that changed the file of the current line, in another window.
---@param files aiana.ChangedFile[]
local function follow(files)
  local file = file_at(files, vim.fn.line('.'))
  if not file then
    return
  end
  local function open(turn)
    if turn then
      require('aiana.document').open(turn, 'split')
    end
  end
  if #file.turns == 1 then
    return open(file.turns[1])
  end
  vim.ui.select(file.turns, {
    prompt = ('Turns that changed %s'):format(vim.fn.fnamemodify(file.path, ':t')),
    kind = 'aiana',
    format_item = function(turn)
      return ('%s of %d'):format(vim.fn.index(file.turns, turn) + 1, #file.turns)
    end,
  }, open)
end

---@param uri string
---@param changes aiana.ChangedFiles
local function show(uri, changes)
  vim.cmd('tabnew')
  local buf = vim.api.nvim_get_current_buf()
  local lines = vim.split((changes.diff or ''):gsub('\n$', ''), '\n', { plain = true })
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
  vim.bo[buf].buftype, vim.bo[buf].bufhidden, vim.bo[buf].modeline = 'nofile', 'wipe', false
  vim.bo[buf].modifiable, vim.bo[buf].swapfile = false, false
  vim.bo[buf].filetype = 'diff'
  vim.api.nvim_buf_set_name(buf, 'aiana-changes:' .. buf .. '/' .. uri)
  local function go()
    follow(changes.files)
  end
  vim.keymap.set('n', '<CR>', go, { buffer = buf, desc = 'Go to the turn that changed this file' })
  if #changes.notes > 0 then
    config.notify(table.concat(changes.notes, ' '))
  end
end

---Show what a session and its sub-agents changed.
---@param targets aiana.Target[]
function M.show(targets)
  common.session_uri(targets, function(uri)
    local session = uri:match('^[^#]*')
    common.ask('aiana/session/changes', { uri = session, asDiff = true }, function(changes)
      if #changes.files == 0 then
        local nothing = 'No file was changed here, as far as the calls show.'
        return config.notify(table.concat({ nothing, unpack(changes.notes) }, ' '))
      end
      show(session, changes)
    end)
  end)
end

return M
