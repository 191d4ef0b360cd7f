---Lists in `vim.ui.select`, which needs no other plugin.
local config = require('aiana.config')
local pickers = require('aiana.pickers')

local MORE = { label = '… more' }

---@param list aiana.List
---@param query string
---@param rows aiana.Row[]
---@param page aiana.RowPage
---@param from integer
local function choose(list, query, rows, page, from)
  local prompt = table.concat(
    { list.title .. (query ~= '' and ': ' .. query or ''), unpack(page.notes) },
    ' · '
  )
  local offered = page.cursor and vim.list_extend(vim.list_slice(rows), { MORE }) or rows
  vim.ui.select(offered, {
    prompt = prompt,
    kind = 'aiana',
    format_item = function(row)
      return row.label
    end,
  }, function(row)
    if row == MORE then
      return list.fetch(query, page.cursor, function(err, following)
        if err or not following then
          return config.fail(err or 'Nothing was read.')
        end
        choose(list, query, vim.list_extend(rows, following.rows), following, from)
      end)
    elseif row then
      pickers.act(list.action or 'open', { row }, from)
    end
  end)
end

---@param list aiana.List
---@param query string
local function pick(list, query)
  local from = vim.api.nvim_get_current_win()
  local done = config.waiting()
  list.fetch(query, nil, function(err, page)
    done()
    if err or not page then
      return config.fail(err or 'Nothing was read.')
    elseif #page.rows == 0 then
      return config.notify(table.concat({ list.none, unpack(page.notes) }, ' '))
    end
    choose(list, query, page.rows, page, from)
  end)
end

---@param list aiana.List
return function(list)
  if list.query ~= '' or not list.live then
    return pick(list, list.query)
  end
  vim.ui.input({ prompt = 'Search Aiana: ' }, function(query)
    if query and vim.trim(query) ~= '' then
      pick(list, query)
    end
  end)
end
