---Sessions and memories written for somebody else, looked at before they are.
local M = {}

local common = require('aiana.actions.common')
local text = require('aiana.text')

local ask, counted = common.ask, common.counted

---What is in a shared text, and which secrets are not.
---@param shared aiana.Shared
---@return string
local function contents(shared)
  local what = shared.messages > 0 and counted(shared.messages, 'message', 'messages') or 'a memory'
  local kinds, all = {}, 0
  for kind, count in vim.spairs(shared.takenOut) do
    all = all + count
    table.insert(kinds, ('%s %d'):format(kind, count))
  end
  if all == 0 then
    return what .. ', no secrets known in it'
  end
  return ('%s, %s taken out (%s)'):format(
    what,
    counted(all, 'secret', 'secrets'),
    table.concat(kinds, ', ')
  )
end

---Show what would be written.
---@param shared aiana.Shared
---@return fun() close
local function preview(shared)
  vim.cmd('botright new')
  local window, buf = vim.api.nvim_get_current_win(), vim.api.nvim_get_current_buf()
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.modeline = 'nofile', 'wipe', false
  vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(shared.text, '\n'))
  vim.bo.modifiable = false
  vim.bo.filetype = shared.format == 'json' and 'json' or 'markdown'
  vim.cmd.redraw()
  return function()
    if vim.api.nvim_win_is_valid(window) then
      vim.api.nvim_win_close(window, true)
    end
  end
end

---@param target aiana.Target
---@param path string With `.json` or `.jsonl` an archive that `aiana import` reads, else Markdown.
local function share(target, path)
  local format = path:match('%.jsonl?$') and 'json' or 'markdown'
  ask('aiana/share', { uri = target.uri, format = format }, function(shared)
    local close = preview(shared)
    local question = ('Write %s to %s?'):format(contents(shared), vim.fn.fnamemodify(path, ':~'))
    vim.ui.select({ 'No', 'Write it' }, { prompt = question, kind = 'aiana' }, function(choice)
      close()
      if choice == 'Write it' then
        common.write(path, shared.text)
      end
    end)
  end)
end

---Share the first of these, whose session it is where it is a message.
---@param targets aiana.Target[]
function M.share(targets)
  local target = targets[1]
  local default = text.file_name(target.title) .. '.md'
  common.file('Share as (.md or .jsonl): ', default, function(chosen)
    share(target, chosen)
  end)
end

return M
