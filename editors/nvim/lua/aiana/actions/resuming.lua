---The way back into a session: its assistant in a terminal, or an account of it for a new chat.
local M = {}

local common = require('aiana.actions.common')
local config = require('aiana.config')
local text = require('aiana.text')

local ask, file, session_uri, write = common.ask, common.file, common.session_uri, common.write

---Run what the server has named in a terminal of a tab page of its own.
---@param way aiana.Resumption
---@return boolean started
local function run(way)
  vim.cmd('tabnew')
  local buf = vim.api.nvim_get_current_buf()
  local fine, job = pcall(vim.fn.jobstart, way.argv, { term = true, cwd = way.cwd })
  if not fine or job <= 0 then
    vim.cmd('tabclose')
    vim.api.nvim_buf_delete(buf, { force = true })
    config.fail(('`%s` cannot be started: %s'):format(way.argv[1], job))
    return false
  end
  vim.cmd.startinsert()
  return true
end

---@param uri string
---@param callback fun(account: string)
local function account_of(uri, callback)
  ask('aiana/session/handover', { uri = uri }, function(account)
    if #account.items == 0 then
      return config.notify('There is nothing in this session to hand over.')
    end
    callback(account.context)
  end)
end

---@param register string
---@param account string
local function keep(register, account)
  vim.fn.setreg(register, account)
  config.notify(('An account of the session is in register %s.'):format(register))
end

---Say why a session cannot be resumed, and offer what can be done instead.
---@param reason string
---@param uri string
local function offer(reason, uri)
  ask('aiana/session/resume', { uri = uri, mode = 'new' }, function(way)
    local register = config.register()
    local choices = { 'Leave it' }
    local begin, hand_over
    if not way.unavailable then
      begin = ('%s, with an account of this one in register %s'):format(way.label, register)
      table.insert(choices, begin)
    end
    hand_over = ('Only put an account of it into register %s'):format(register)
    table.insert(choices, hand_over)
    vim.ui.select(choices, { prompt = reason, kind = 'aiana' }, function(choice)
      if choice == begin and begin then
        account_of(uri, function(account)
          if run(way) then
            keep(register, account)
          end
        end)
      elseif choice == hand_over then
        account_of(uri, function(account)
          keep(register, account)
        end)
      end
    end)
  end)
end

---Go on with a session in its own assistant, where it took place.
---@param targets aiana.Target[]
function M.resume(targets)
  session_uri(targets, function(uri)
    ask('aiana/session/resume', { uri = uri }, function(way)
      if way.unavailable then
        return offer(way.unavailable, uri)
      end
      run(way)
    end)
  end)
end

---@param account string
local function show(account)
  vim.cmd('new')
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(account, '\n'))
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.modeline = 'nofile', 'wipe', false
  vim.bo.filetype = 'markdown'
end

---Put an account of a session somewhere.
---@param targets aiana.Target[]
---@param place string `@` and a register, `buffer`, or the path of a file.
function M.hand_over_to(targets, place)
  session_uri(targets, function(uri)
    account_of(uri, function(account)
      if place:match('^@.$') then
        keep(config.register(place:sub(2)), account)
      elseif place == 'buffer' then
        show(account)
      else
        write(vim.fs.abspath(vim.fs.normalize(place)), account .. '\n')
      end
    end)
  end)
end

---Ask where an account of a session is wanted, and put it there.
---@param targets aiana.Target[]
function M.hand_over(targets)
  local register = config.register()
  local places = {
    { 'Register ' .. register, '@' .. register },
    { 'A new buffer', 'buffer' },
    { 'A file…', nil },
  }
  vim.ui.select(places, {
    prompt = 'Hand over to',
    kind = 'aiana',
    format_item = function(place)
      return place[1]
    end,
  }, function(place)
    if place and place[2] then
      M.hand_over_to(targets, place[2])
    elseif place then
      file('Hand over to: ', text.file_name(targets[1].title) .. '.md', function(path)
        M.hand_over_to(targets, path)
      end)
    end
  end)
end

return M
