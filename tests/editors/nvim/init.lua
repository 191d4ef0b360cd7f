-- What a user's init.lua holds, and the few functions that the tests use.
if vim.env.TEST_LAZY then
  vim.opt.runtimepath:prepend(vim.env.TEST_LAZY)
  require('lazy').setup({ { dir = vim.env.TEST_PLUGIN } }, { rocks = { enabled = false } })
else
  vim.opt.runtimepath:prepend(vim.env.TEST_PLUGIN)
end
for _, plugin in ipairs(vim.split(vim.env.TEST_OTHER_PLUGINS or '', ':', { trimempty = true })) do
  vim.opt.runtimepath:append(plugin)
end
-- As wide as a screen: narrow windows have no preview in some pickers.
vim.o.columns, vim.o.lines = 160, 50
vim.lsp.config('aiana', {
  cmd = { vim.env.TEST_PYTHON, '-m', 'aiana', 'lsp' },
  init_options = vim.json.decode(vim.env.TEST_INIT_OPTIONS),
})
vim.lsp.enable('aiana')

local T = { notes = {}, echoes = {}, choices = {} }
_G.T = T

vim.notify = function(message)
  table.insert(T.notes, message)
end

-- Headless, what the plugin shows in passing would be output.
local echo = vim.api.nvim_echo
vim.api.nvim_echo = function(chunks, ...)
  local text = chunks[1][1]
  if text == '' or vim.startswith(text, 'Aiana: ') then
    table.insert(T.echoes, text)
  else
    echo(chunks, ...)
  end
end

-- Takes the choice that the test has set, and keeps what was offered.
vim.ui.select = function(items, opts, on_choice)
  T.offered = vim.tbl_map(opts.format_item or tostring, items)
  T.prompt = opts.prompt
  on_choice(items[table.remove(T.choices, 1)])
end

---Run the event loop until the condition holds.
function T.wait(condition, what)
  if not vim.wait(60000, condition, 10) then
    error(('waited in vain for %s; notes: %s'):format(what, vim.inspect(T.notes)), 2)
  end
end

---Wait for the next note and take it.
function T.note()
  T.wait(function()
    return #T.notes > 0
  end, 'a note')
  return table.remove(T.notes, 1)
end

---@return any result of a request by the plugin's client
function T.request(method, params)
  local result, err = require('aiana.client').request_sync(method, params)
  return assert(result, err)
end

function T.attached()
  T.wait(function()
    return #vim.lsp.get_clients({ name = 'aiana', bufnr = 0 }) == 1
  end, 'the client to attach')
end

---@return integer[] process ids of the running servers
function T.servers()
  return vim.api.nvim_get_proc_children(vim.fn.getpid())
end

function T.cursor_line()
  return vim.api.nvim_win_get_cursor(0)[1], vim.api.nvim_get_current_line()
end

-- Without a script it is a Neovim that the test types into.
if not vim.env.TEST_SCRIPT then
  return
end
-- Neovim has started as it does for a user when this runs.
vim.api.nvim_create_autocmd('VimEnter', {
  callback = vim.schedule_wrap(function()
    local ok, result = xpcall(dofile, debug.traceback, vim.env.TEST_SCRIPT)
    local answer = ok and { result = result } or { error = result }
    vim.fn.writefile({ vim.json.encode(answer) }, vim.env.TEST_RESULT)
    vim.cmd('qall!')
  end),
})
