---Memories: judged, pinned, edited, forgotten and brought back.
local M = {}

local common = require('aiana.actions.common')
local config = require('aiana.config')
local text = require('aiana.text')

local ask, confirm, counted, each = common.ask, common.confirm, common.counted, common.each
local still = common.still

---Memories that were forgotten last, for `undo`.
---@type aiana.Memory[]
local forgotten = {}

---@param targets aiana.Target[]
---@param what string
---@return string[]? ids None if there is no memory among them, which is said.
local function memories(targets, what)
  local ids = {}
  for _, target in ipairs(targets) do
    if target.memory then
      table.insert(ids, target.memory)
    end
  end
  if #ids == 0 then
    config.notify(('Only memories can be %s; this is a %s.'):format(what, targets[1].kind))
    return nil
  end
  return ids
end

---@param rating 'helpful'|'unhelpful'|'harmful'
---@return fun(targets: aiana.Target[])
function M.rater(rating)
  return function(targets)
    local ids = memories(targets, 'judged')
    each(ids or {}, function(id, continue)
      ask('aiana/memory/feedback', { id = id, rating = rating }, continue)
    end, function(judged)
      if #judged > 0 then
        config.notify(('Noted as %s: %s.'):format(rating, counted(#judged, 'memory', 'memories')))
      end
    end)
  end
end

---@param targets aiana.Target[]
function M.pin(targets)
  each(memories(targets, 'pinned') or {}, function(id, continue)
    ask('aiana/memory/get', { id = id }, function(found)
      local pinned = not vim.tbl_contains(found.memory.tags, 'pinned')
      ask('aiana/memory/pin', { id = id, pinned = pinned }, function()
        continue(pinned)
      end)
    end)
  end, function(pinned)
    if #pinned > 0 then
      config.notify(pinned[#pinned] and 'Pinned.' or 'No longer pinned.')
    end
  end)
end

---@param buf integer
---@param id string
local function save(buf, id)
  local content = table.concat(vim.api.nvim_buf_get_lines(buf, 0, -1, false), '\n')
  if vim.trim(content) == '' then
    return config.fail('Nothing is left of it: to be rid of it, forget it.')
  end
  ask('aiana/memory/update', { id = id, content = content }, function()
    if vim.api.nvim_buf_is_valid(buf) then
      vim.bo[buf].modified = false
    end
    config.notify('Changed.')
  end)
end

---Put the text of a memory into a buffer that changes it when it is written.
---@param targets aiana.Target[]
function M.edit(targets)
  local ids = memories(targets, 'edited')
  if not ids then
    return
  end
  ask('aiana/memory/get', { id = ids[1] }, function(found)
    local name = 'aiana-edit://memory/' .. ids[1]
    local buf = vim.fn.bufadd(name)
    vim.fn.bufload(buf)
    vim.cmd('sbuffer ' .. buf)
    if vim.bo[buf].modified then
      return -- It is being edited already.
    end
    vim.bo[buf].buftype, vim.bo[buf].bufhidden = 'acwrite', 'wipe'
    vim.bo[buf].modeline, vim.bo[buf].swapfile = false, false
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, vim.split(found.memory.content, '\n'))
    vim.bo[buf].filetype, vim.bo[buf].modified = 'markdown', false
    vim.api.nvim_create_autocmd('BufWriteCmd', {
      group = vim.api.nvim_create_augroup('aiana-edit-' .. ids[1], {}),
      buffer = buf,
      callback = function()
        save(buf, ids[1])
      end,
    })
  end)
end

---@param ids string[]
local function forget_ids(ids)
  each(ids, function(id, continue)
    ask('aiana/memory/get', { id = id }, continue)
  end, function(found)
    ask('aiana/memory/delete', { ids = ids }, function(result)
      forgotten = vim.tbl_map(function(one)
        return one.memory
      end, found)
      config.notify(
        ('Forgotten: %s. `:Aiana undo` brings back.'):format(
          counted(result.deleted, 'memory', 'memories')
        ) .. still({ result.receipt })
      )
    end)
  end)
end

---@param targets aiana.Target[]
function M.forget(targets)
  local ids = memories(targets, 'forgotten')
  if not ids then
    return
  end
  local what = ('%d memories'):format(#ids)
  if #ids == 1 then
    local only = vim.iter(targets):find(function(target)
      return target.memory ~= nil
    end)
    what = ('“%s”'):format(text.short(only.title))
  end
  local yes = #ids == 1 and 'Forget it' or ('Forget %d'):format(#ids)
  confirm(('Forget %s?'):format(what), yes, function()
    forget_ids(ids)
  end)
end

---Bring back what was forgotten last.
function M.undo()
  if #forgotten == 0 then
    return config.notify('Nothing was forgotten here.')
  end
  each(forgotten, function(memory, continue)
    ask('aiana/memory/restore', { memory = memory }, continue)
  end, function(restored)
    forgotten = {}
    config.notify(('Brought back: %s.'):format(counted(#restored, 'memory', 'memories')))
  end)
end

return M
