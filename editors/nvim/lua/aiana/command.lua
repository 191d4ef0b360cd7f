---`:Aiana`: its subcommands and their completion.
local M = {}

local config = require('aiana.config')

local TYPES = { 'type=insight', 'type=pattern', 'type=preference', 'type=conversation' }
local OPERATORS = {
  'project:',
  'source:claude-code',
  'type:insight',
  'type:memory',
  'type:message',
  'role:user',
  'role:assistant',
  'tool:',
  'after:7d',
  'after:30d',
  'before:',
}

---@class aiana.Subcommand
---@field run fun(rest: string, args: vim.api.keyset.create_user_command.command_args)
---@field words? string[]|fun(lead: string): string[]

---What a range of the command stands for: the selection, if it is one, else whole lines.
---@param args vim.api.keyset.create_user_command.command_args
---@return aiana.Selection?
local function selection(args)
  if args.range == 0 then
    return nil
  end
  local text = require('aiana.text')
  local is_visual = args.line1 == vim.fn.line("'<") and args.line2 == vim.fn.line("'>")
  if args.range == 2 and is_visual then
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

---@type table<string, aiana.Subcommand>
local subcommands = {
  search = {
    run = function(rest, args)
      require('aiana').search({ query = rest, all = args.bang })
    end,
    words = OPERATORS,
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
    run = function(_, args)
      require('aiana').sessions({ all = args.bang })
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
      return vim.list_extend({ 'claude-code' }, vim.fn.getcompletion(lead, 'file'))
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
