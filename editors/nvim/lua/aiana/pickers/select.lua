---Hits in `vim.ui.select`, which needs no other plugin.
local config = require('aiana.config')
local text = require('aiana.text')

---@param spec aiana.PickSpec
local function pick(spec)
  spec.source(spec.query, function(hits, degraded)
    if #hits == 0 then
      local hint = 'Nothing was found. `:Aiana! search` looks into all projects.'
      return config.notify(degraded and hint .. ' ' .. degraded or hint)
    end
    vim.ui.select(hits, {
      prompt = 'Aiana: ' .. spec.query,
      kind = 'aiana',
      format_item = text.label,
    }, function(hit)
      if hit then
        spec.open(hit)
      end
    end)
  end)
end

---@param spec aiana.PickSpec
return function(spec)
  if spec.query ~= '' then
    return pick(spec)
  end
  vim.ui.input({ prompt = 'Search Aiana: ' }, function(query)
    if query and vim.trim(query) ~= '' then
      pick(vim.tbl_extend('force', spec, { query = query }))
    end
  end)
end
