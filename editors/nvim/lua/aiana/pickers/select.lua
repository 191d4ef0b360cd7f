---Hits in `vim.ui.select`, which needs no other plugin.
local config = require('aiana.config')
local text = require('aiana.text')

---@param spec aiana.PickSpec
---@param query string
local function pick(spec, query)
  local done = config.waiting()
  spec.source(query, function(hits, degraded)
    done()
    if #hits == 0 then
      local hint = 'Nothing was found. `:Aiana! search` looks into all projects.'
      return config.notify(degraded and hint .. ' ' .. degraded or hint)
    end
    vim.ui.select(hits, {
      prompt = 'Aiana: ' .. query,
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
    return pick(spec, spec.query)
  end
  vim.ui.input({ prompt = 'Search Aiana: ' }, function(query)
    if query and vim.trim(query) ~= '' then
      pick(spec, query)
    end
  end)
end
