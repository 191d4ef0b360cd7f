---Lists in snacks.picker; a search is made again with each key.
local lists = require('aiana.lists')
local pickers = require('aiana.pickers')

---@param picker snacks.Picker
---@param title string
---@param notes string[]
local function show_notes(picker, title, notes)
  picker.title = table.concat({ title, unpack(notes) }, ' · ')
  picker:update_titles()
end

---@param row aiana.Row
local function item(row)
  return { text = row.label, row = row }
end

---@param context { preview: snacks.picker.Preview, item: { row: aiana.Row } }
local function preview(context)
  local row, shown = context.item.row, context.preview
  shown:reset()
  shown:minimal()
  row.preview(vim.schedule_wrap(function(lines)
    if shown.item == nil or shown.item.row == row then
      shown:set_lines(lines)
      shown:highlight({ ft = 'markdown' })
    end
  end))
end

---@param name string
---@param from integer
local function action(name, from)
  return function(picker)
    local rows = vim.tbl_map(function(chosen)
      return chosen.row
    end, picker:selected({ fallback = true }))
    picker:close()
    pickers.act(name, rows, from)
  end
end

---@param list aiana.List
return function(list)
  local from = vim.api.nvim_get_current_win()
  local fail = pickers.once()
  local keys = { ['<a-a>'] = { 'aiana_act', mode = { 'n', 'i' } } }
  require('snacks.picker').pick({
    title = list.title,
    search = list.live and list.query or nil,
    live = list.live,
    supports_live = list.live,
    finder = function(_, context)
      local query = context.filter.search
      if list.live and vim.trim(query) == '' then
        return {}
      end
      return function(add)
        local async = require('snacks.picker.util.async').running()
        local waiting, ended = {}, false ---@type aiana.Row[], boolean
        local cancel ---@type fun()?
        async:on(
          'abort',
          vim.schedule_wrap(function()
            if cancel then
              cancel()
            end
          end)
        )
        -- The finder runs where most of Neovim's functions are forbidden.
        vim.schedule(function()
          cancel = lists.stream(list, query, function(page)
            vim.list_extend(waiting, page.rows)
            show_notes(context.picker, list.title, page.notes)
            async:resume()
          end, function(err)
            ended = true
            if err then
              fail(err)
            end
            async:resume()
          end)
        end)
        while not ended or #waiting > 0 do
          if #waiting == 0 then
            async:suspend()
          end
          local rows = waiting
          waiting = {}
          for _, row in ipairs(rows) do
            add(item(row))
          end
        end
      end
    end,
    format = function(shown)
      return { { shown.row.label:sub(1, 10), 'SnacksPickerComment' }, { shown.row.label:sub(11) } }
    end,
    preview = preview,
    actions = {
      confirm = action(list.action or 'open', from),
      edit_split = action('split', from),
      edit_vsplit = action('vsplit', from),
      tab = action('tab', from),
      qflist = action('quickfix', from),
      aiana_act = action('choose', from),
    },
    win = { input = { keys = keys }, list = { keys = keys } },
  })
end
