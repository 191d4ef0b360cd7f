---`:Aiana`: its subcommands and their completion.
local M = {}

local config = require('aiana.config')

local TYPES = { 'type=insight', 'type=pattern', 'type=preference', 'type=conversation' }
local OPERATORS = {
  'project:',
  'type:insight',
  'type:memory',
  'type:message',
  'role:user',
  'role:assistant',
  'tool:',
  'file:',
  'error:',
  'after:7d',
  'after:30d',
  'before:',
}

---Names of the assistants, as the server has told them.
local assistants ---@type string[]?

---@return string[]
local function known_assistants()
  if not assistants then
    local found = require('aiana.client').request_sync('aiana/capture/sources', {})
    assistants = found
      and vim.tbl_map(function(source)
        return source.name
      end, found.sources)
  end
  return assistants or {}
end

---The line that was typed last: only it tells `'<,'>` from the same lines given as numbers.
local typed = ''

---@param line string
function M.typed(line)
  typed = line
end

---@class aiana.Subcommand
---@field run fun(rest: string, args: vim.api.keyset.create_user_command.command_args)
---@field words? string[]|fun(lead: string): string[]

---What a command is about: what is selected now, the selection that a typed range names, or lines.
---@param args vim.api.keyset.create_user_command.command_args
---@return aiana.Selection?
local function selection(args)
  local text = require('aiana.text')
  if args.range == 0 then
    return text.selected()
  end
  if args.range == 2 and vim.startswith(vim.trim(typed), "'<,'>") then
    return text.selection("'<", "'>", vim.fn.visualmode())
  end
  return text.lines(args.line1, args.line2)
end

---@param rest string
---@param pattern string With one capture, at the beginning.
---@return string? found
---@return string rest
local function take(rest, pattern)
  local found = rest:match('^' .. pattern)
  if not found then
    return nil, rest
  end
  return found, vim.trim((rest:gsub('^' .. pattern, '', 1)))
end

---@param text string
---@return string?
local function some(text)
  return text ~= '' and text or nil
end

---@return string[]
local function action_names()
  return require('aiana.actions').names()
end

---A list, of which one row is opened, or has an action done with it.
---@param name 'sessions'|'memories'
---@return fun(rest: string, args: vim.api.keyset.create_user_command.command_args)
local function listed(name)
  return function(rest, args)
    local action = some(rest)
    if action and not require('aiana.actions').named(action) then
      return config.fail(('`%s` is none of %s.'):format(action, table.concat(action_names(), ', ')))
    end
    require('aiana')[name]({ all = args.bang, action = action })
  end
end

---@type table<string, aiana.Subcommand>
local subcommands = {
  search = {
    run = function(rest, args)
      require('aiana').search({ query = rest, all = args.bang })
    end,
    words = function()
      local words = vim.tbl_map(function(name)
        return 'source:' .. name
      end, known_assistants())
      return vim.list_extend(words, OPERATORS)
    end,
  },
  quickfix = {
    run = function(rest, args)
      if rest == '' then
        return config.fail('Say what to look for: `:Aiana quickfix flaky login test`.')
      end
      require('aiana').quickfix({ query = rest, all = args.bang })
    end,
  },
  open = {
    run = function(rest)
      if rest == '' then
        return config.fail('Name a document: `:Aiana open aiana:///session/…`.')
      end
      require('aiana').open(rest)
    end,
  },
  act = {
    run = function(rest, args)
      require('aiana').act({
        action = some(rest),
        first = args.range > 0 and args.line1 or nil,
        last = args.range > 0 and args.line2 or nil,
      })
    end,
    words = action_names,
  },
  undo = {
    run = function()
      require('aiana').undo()
    end,
  },
  stop = {
    run = function()
      require('aiana').stop()
    end,
  },
  add = {
    run = function(rest, args)
      local memory_type, content = take(rest, 'type=(%a+)%s*')
      require('aiana').add({
        content = some(content),
        type = memory_type,
        selection = selection(args),
      })
    end,
    words = TYPES,
  },
  context = {
    run = function(rest, args)
      local register, query = take(rest, '@(.)%s*')
      local chosen = selection(args)
      require('aiana').copy_context({
        query = some(query),
        register = register,
        selection = chosen and chosen.text,
        all = args.bang,
      })
    end,
    words = { '@+', '@"', '@a' },
  },
  sessions = {
    run = listed('sessions'),
    words = action_names,
  },
  memories = {
    run = listed('memories'),
    words = action_names,
  },
  history = {
    run = function(rest)
      require('aiana').history(some(rest))
    end,
    words = function(lead)
      return vim.fn.getcompletion(lead, 'file')
    end,
  },
  why = {
    run = function(_, args)
      local first, last = args.line1, args.line2
      if not args.range or args.range == 0 then
        first = vim.api.nvim_win_get_cursor(0)[1]
        last = first
      end
      require('aiana').why(first, last)
    end,
  },
  fixes = {
    run = function(rest, args)
      local chosen = selection(args)
      require('aiana').fixes(some(rest) or chosen and chosen.text)
    end,
  },
  resume = {
    run = function(_, args)
      require('aiana').resume({ all = args.bang })
    end,
  },
  handover = {
    run = function(rest, args)
      require('aiana').hand_over({ all = args.bang, place = some(rest) })
    end,
    words = function(lead)
      local files = vim.fn.getcompletion(lead, 'file')
      return vim.list_extend({ '@+', '@"', '@a', 'buffer' }, files)
    end,
  },
  changes = {
    run = function(_, args)
      require('aiana').changes({ all = args.bang })
    end,
  },
  share = {
    run = function(_, args)
      require('aiana').share({ all = args.bang })
    end,
  },
  prefer = {
    run = function(rest)
      require('aiana').prefer(some(rest))
    end,
  },
  import = {
    run = function(_, args)
      require('aiana').import(vim.list_slice(args.fargs, 2))
    end,
    words = function(lead)
      local paths = vim.fn.getcompletion((lead:gsub('\\(.)', '%1')), 'file')
      local escaped = vim.tbl_map(function(path)
        return (path:gsub('[%s\\]', '\\%0'))
      end, paths)
      return vim.list_extend(vim.list_slice(known_assistants()), escaped)
    end,
  },
  status = {
    run = function()
      require('aiana').status()
    end,
  },
}

---@param args vim.api.keyset.create_user_command.command_args
function M.run(args)
  local name, rest = args.args:match('^(%S*)%s*(.-)%s*$')
  local subcommand = subcommands[name == '' and 'search' or name]
  if not subcommand then
    local known = vim.tbl_keys(subcommands)
    table.sort(known)
    return config.fail(('`%s` is none of %s.'):format(name, table.concat(known, ', ')))
  end
  subcommand.run(rest, args)
  typed = ''
end

---@param lead string The word before the cursor.
---@param line string
---@return string[]
function M.complete(lead, line)
  local name = line:match('Aiana!?%s+(%S+)%s')
  local words ---@type string[]|fun(lead: string): string[]
  if name then
    words = subcommands[name] and subcommands[name].words or {}
  else
    words = vim.tbl_keys(subcommands)
  end
  if type(words) == 'function' then
    words = words(lead)
  end
  local matching = vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
  table.sort(matching)
  return matching
end

return M
