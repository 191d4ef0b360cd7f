---Hits in telescope.nvim, searched again with each key.
local text = require('aiana.text')

---@param spec aiana.PickSpec
return function(spec)
  local actions = require('telescope.actions')
  local state = require('telescope.actions.state')
  local channel = require('plenary.async.control').channel
  local cancel = function() end

  require('telescope.pickers')
    .new({}, {
      prompt_title = 'Aiana',
      default_text = spec.query,
      finder = require('telescope.finders').new_dynamic({
        fn = function(query)
          cancel()
          if vim.trim(query or '') == '' then
            return {}
          end
          local send, receive = channel.oneshot()
          cancel = spec.source(query, send)
          return receive()
        end,
        entry_maker = function(hit)
          return { value = hit, display = text.label(hit), ordinal = hit.id }
        end,
      }),
      previewer = require('telescope.previewers').new_buffer_previewer({
        title = 'Preview',
        define_preview = function(self, entry)
          local lines = text.preview(entry.value)
          vim.api.nvim_buf_set_lines(self.state.bufnr, 0, -1, false, lines)
          vim.bo[self.state.bufnr].filetype = 'markdown'
        end,
      }),
      -- The server has ranked them: nothing may change its order.
      sorter = require('telescope.sorters').empty(),
      tiebreak = function()
        return false
      end,
      attach_mappings = function(buf)
        actions.select_default:replace(function()
          local entry = state.get_selected_entry()
          actions.close(buf)
          if entry then
            spec.open(entry.value)
          end
        end)
        return true
      end,
    })
    :find()
end
