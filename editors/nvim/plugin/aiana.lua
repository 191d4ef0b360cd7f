if vim.g.loaded_aiana then
  return
end
vim.g.loaded_aiana = true

vim.api.nvim_create_user_command('Aiana', function(args)
  require('aiana.command').run(args)
end, {
  nargs = '*',
  bang = true,
  range = true,
  desc = 'Search and keep what coding assistants said (:help :Aiana)',
  complete = function(lead, line)
    return require('aiana.command').complete(lead, line)
  end,
})

local group = vim.api.nvim_create_augroup('aiana', {})

vim.api.nvim_create_autocmd('BufReadCmd', {
  group = group,
  pattern = 'aiana://*',
  desc = 'Read a session or memory of Aiana',
  callback = function(event)
    require('aiana.document').read(event.buf, event.match)
  end,
})

vim.api.nvim_create_autocmd('BufWinEnter', {
  group = group,
  pattern = 'aiana://*',
  desc = 'Fold tool traffic in sessions',
  callback = function(event)
    require('aiana.document').enter(event.buf)
  end,
})

vim.api.nvim_create_autocmd('CmdlineLeave', {
  group = group,
  pattern = ':',
  desc = 'Note whether the range of :Aiana was typed as the selection',
  callback = function()
    local line = vim.fn.getcmdline()
    if line:find('Aiana', 1, true) then
      require('aiana.command').typed(line)
    end
  end,
})

---@param modes string|string[]
---@param name string
---@param run fun()
---@param desc string
local function plug(modes, name, run, desc)
  vim.keymap.set(modes, ('<Plug>(aiana-%s)'):format(name), run, { desc = 'Aiana: ' .. desc })
end

plug('n', 'search', function()
  require('aiana').search()
end, 'search this project')
plug('n', 'search-all', function()
  require('aiana').search({ all = true })
end, 'search all projects')
plug('n', 'sessions', function()
  require('aiana').sessions()
end, 'sessions of this project')
plug('n', 'remember', function()
  require('aiana').add()
end, 'remember a text')
plug('x', 'remember', function()
  require('aiana').add_selection()
end, 'remember the selection')
plug('n', 'context', function()
  require('aiana').copy_context()
end, 'context for this file')
plug('x', 'context', function()
  local selection = require('aiana.text').selected()
  require('aiana').copy_context({ selection = selection and selection.text })
end, 'context for the selection')
plug('n', 'act', function()
  require('aiana').act()
end, 'do something with what is here')
plug('x', 'act', function()
  local first, last = vim.fn.line('v'), vim.fn.line('.')
  vim.api.nvim_feedkeys(vim.keycode('<Esc>'), 'nx', false)
  require('aiana').act({ first = math.min(first, last), last = math.max(first, last) })
end, 'do something with what is selected')
plug({ 'n', 'x', 'o' }, 'next-message', function()
  require('aiana.document').go(1)
end, 'next message')
plug({ 'n', 'x', 'o' }, 'previous-message', function()
  require('aiana.document').go(-1)
end, 'previous message')
plug('n', 'follow', function()
  require('aiana.document').follow()
end, 'follow the link')
