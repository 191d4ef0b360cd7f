---`:checkhealth aiana`.
local M = {}

local health = vim.health

local function check_editor()
  health.start('aiana: Neovim')
  if vim.fn.has('nvim-0.11') == 1 then
    health.ok('Neovim ' .. tostring(vim.version()))
  else
    health.error('Neovim 0.11 or newer is needed.')
  end
  local options = (vim.lsp.config.aiana or {}).init_options or {}
  if vim.lsp.is_enabled('aiana') and options.codeActions then
    health.ok('Code actions are on, in every buffer.')
  else
    health.info('Code actions are off; see :help aiana-code-actions')
  end
  health.info('Hits are shown by: ' .. require('aiana.pickers').name())
end

---@return boolean
local function check_program()
  health.start('aiana: server')
  local config = vim.lsp.config.aiana
  local command = config and config.cmd
  if type(command) ~= 'table' then
    health.info('The server is started by a function of your configuration.')
    return true
  end
  local path = vim.fn.exepath(command[1])
  if path == '' then
    health.error(('`%s` is not on the PATH.'):format(command[1]), {
      'pip install aiana',
      "or name it: vim.lsp.config('aiana', { cmd = { '/path/to/aiana', 'lsp' } })",
    })
    return false
  end
  health.ok('Program: ' .. path)
  return true
end

---@param name string
---@param tier { state: string, detail: string }
local function report_tier(name, tier)
  local line = ('%s: %s. %s'):format(name, tier.state, tier.detail or '')
  if tier.state == 'unavailable' then
    health.warn(line)
  else
    health.info(line)
  end
end

local function check_status()
  local status, err = require('aiana.client').request_sync('aiana/status', {})
  if not status then
    health.error(err or 'No answer.', { 'Look into ' .. vim.lsp.log.get_filename() })
    return
  end
  local report = { ok = health.ok, warning = health.warn, error = health.error }
  report[status.health](('aiana %s: %s'):format(status.version, status.message))
  health.info('Data: ' .. status.dataDir)
  local counts = status.counts
  health.info(
    ('%d sessions, %d messages, %d memories, %d preferences'):format(
      counts.sessions,
      counts.messages,
      counts.memories,
      counts.preferences
    )
  )
  for name, tier in vim.spairs(status.tiers) do
    report_tier(name, tier)
  end
end

function M.check()
  check_editor()
  if check_program() then
    check_status()
  end
end

return M
