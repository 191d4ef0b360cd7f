---Context for chat plugins.
local M = {}

---A slash command for CodeCompanion, as in `slash_commands = { aiana = … }`.
M.codecompanion = {
  description = 'What Aiana remembers about this',
  ---@param chat table
  callback = function(chat)
    local buf = chat.buffer_context and chat.buffer_context.bufnr or vim.fn.bufnr('#')
    local from = vim.api.nvim_buf_is_valid(buf) and buf or 0
    vim.api.nvim_buf_call(from, function()
      require('aiana').context({}, function(err, block)
        if err or block == '' then
          return require('aiana.config').notify(err or 'There is nothing worth quoting for this.')
        end
        local message = { role = 'user', content = block }
        -- It was called a reference in older versions.
        local add = chat.add_context or chat.add_reference
        add(chat, message, 'aiana', '<aiana>context</aiana>')
      end)
    end)
  end,
  opts = { contains_code = false },
}

---For Avante: `system_prompt = require('aiana.chat').avante`.
---@return string
function M.avante()
  return require('aiana').context_sync()
end

return M
