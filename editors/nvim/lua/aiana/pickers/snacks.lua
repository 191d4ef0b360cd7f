---Hits in snacks.picker, searched again with each key.
local text = require('aiana.text')

---@param hit aiana.Hit
local function item(hit)
  return {
    text = text.label(hit),
    hit = hit,
    preview = { text = table.concat(text.preview(hit), '\n'), ft = 'markdown' },
  }
end

---@param spec aiana.PickSpec
return function(spec)
  require('snacks.picker').pick({
    title = 'Aiana',
    search = spec.query,
    live = true,
    supports_live = true,
    finder = function(_, ctx)
      local query = ctx.filter.search
      if vim.trim(query) == '' then
        return {}
      end
      return function(add)
        local async = require('snacks.picker.util.async').running()
        local found ---@type table[]?
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
          cancel = spec.source(query, function(hits)
            found = vim.tbl_map(item, hits)
            async:resume()
          end)
        end)
        while not found do
          async:suspend()
        end
        for _, one in ipairs(found) do
          add(one)
        end
      end
    end,
    format = function(shown)
      return {
        { text.date(shown.hit.timestamp), 'SnacksPickerComment' },
        { '  ' },
        { text.title(shown.hit), 'SnacksPickerLabel' },
        { '  ' },
        { (shown.hit.snippet:gsub('%s+', ' ')) },
      }
    end,
    preview = 'preview',
    confirm = function(picker, chosen)
      picker:close()
      if chosen then
        spec.open(chosen.hit)
      end
    end,
  })
end
