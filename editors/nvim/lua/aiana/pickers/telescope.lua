---Lists in telescope.nvim; a search is made again with each key.
local lists = require('aiana.lists')
local pickers = require('aiana.pickers')

---@param row aiana.Row
local function entry(row)
  return { value = row, display = row.label, ordinal = row.label }
end

---@param list aiana.List
---@param fail fun(err: string)
local function finder(list, fail)
  local cancel = function() end
  return setmetatable({
    close = function()
      cancel()
    end,
  }, {
    __call = function(_, query, process_result, process_complete)
      cancel()
      if list.live and vim.trim(query or '') == '' then
        return process_complete()
      end
      cancel = lists.stream(list, query, function(page)
        for _, row in ipairs(page.rows) do
          if process_result(entry(row)) then
            return true
          end
        end
      end, function(err)
        if err then
          fail(err)
        end
        process_complete()
      end)
    end,
  })
end

---@param buf integer The prompt.
---@return aiana.Row[]
local function chosen(buf)
  local state = require('telescope.actions.state')
  local many = state.get_current_picker(buf):get_multi_selection()
  local entries = #many > 0 and many or { state.get_selected_entry() }
  return vim.tbl_map(function(one)
    return one.value
  end, entries)
end

---@param list aiana.List
return function(list)
  local actions = require('telescope.actions')
  local sorters = require('telescope.sorters')
  local from = vim.api.nvim_get_current_win()

  require('telescope.pickers')
    .new({}, {
      prompt_title = list.title,
      default_text = list.query,
      finder = finder(list, pickers.once()),
      previewer = require('telescope.previewers').new_buffer_previewer({
        title = 'Preview',
        define_preview = function(self, shown)
          local buf = self.state.bufnr
          shown.value.preview(function(lines)
            if vim.api.nvim_buf_is_valid(buf) then
              vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
              vim.bo[buf].filetype = 'markdown'
            end
          end)
        end,
      }),
      -- The server has ranked hits: nothing may change their order.
      sorter = list.live and sorters.empty() or sorters.get_generic_fuzzy_sorter(),
      tiebreak = function()
        return false
      end,
      attach_mappings = function(buf, map)
        local function act(name)
          return function()
            local rows = chosen(buf)
            actions.close(buf)
            pickers.act(name, rows, from)
          end
        end
        actions.select_default:replace(act(list.action or 'open'))
        actions.select_horizontal:replace(act('split'))
        actions.select_vertical:replace(act('vsplit'))
        actions.select_tab:replace(act('tab'))
        map({ 'i', 'n' }, '<C-q>', act('quickfix'))
        map({ 'i', 'n' }, '<M-a>', act('choose'))
        return true
      end,
    })
    :find()
end
