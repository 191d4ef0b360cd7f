---Sessions: deleted, once that is confirmed.
local M = {}

local common = require('aiana.actions.common')
local config = require('aiana.config')
local text = require('aiana.text')

local ask, confirm, counted, each, session_params =
  common.ask, common.confirm, common.counted, common.each, common.session_params
local sessions_of = common.sessions_of

---What would be deleted with a session, itself included.
---@param target aiana.Target
---@param callback fun(found: { session: aiana.Session, count: integer })
local function family(target, callback)
  ask('aiana/session/get', session_params(target), function(result)
    local trial = session_params(result.session, { dryRun = true })
    ask('aiana/session/delete', trial, function(would)
      callback({ session = result.session, count = would.deleted })
    end)
  end)
end

---@param found { session: aiana.Session, count: integer }[]
---@return string
local function deletion_question(found)
  local messages, subagents = 0, -#found
  for _, one in ipairs(found) do
    messages = messages + one.session.messageCount
    subagents = subagents + one.count
  end
  local session = found[1].session
  local what = #found == 1
      and ('the session “%s”'):format(text.short(session.title or session.id))
    or ('%d sessions'):format(#found)
  return ('Delete %s with %d messages from Aiana?'):format(what, messages)
    .. (subagents > 0 and (' With it go %d of sub-agents.'):format(subagents) or '')
    .. ' The files of the assistants stay.'
end

---@param targets aiana.Target[]
function M.delete(targets)
  each(sessions_of(targets), family, function(found)
    if #found == 0 then
      return config.notify('This belongs to no session.')
    end
    confirm(deletion_question(found), 'Delete for good', function()
      local count = 0
      each(found, function(one, continue)
        ask('aiana/session/delete', session_params(one.session), function(result)
          count = count + result.deleted
          continue(result.receipt)
        end)
      end, function(receipts)
        config.notify(
          ('Deleted: %s.'):format(counted(count, 'session', 'sessions')) .. common.still(receipts)
        )
      end)
    end)
  end)
end

return M
