---Hits in fzf-lua, searched again with each key.
local text = require('aiana.text')

---@param spec aiana.PickSpec
return function(spec)
  local builtin = require('fzf-lua.previewer.builtin')
  ---@type table<string, aiana.Hit>
  local shown = {}

  ---@param entry string
  ---@return aiana.Hit?
  local function hit_of(entry)
    return shown[entry:match('^[^\t]+')]
  end

  local Previewer = builtin.base:extend()
  function Previewer:new(o, opts, window)
    Previewer.super.new(self, o, opts, window)
    return setmetatable(self, Previewer)
  end
  function Previewer:populate_preview_buf(entry)
    local hit = hit_of(entry)
    local buf = self:get_tmp_buffer()
    vim.api.nvim_buf_set_lines(buf, 0, -1, false, hit and text.preview(hit) or {})
    vim.bo[buf].filetype = 'markdown'
    self:set_preview_buf(buf)
  end

  local cancel = function() end
  require('fzf-lua').fzf_live(function(given)
    local query = type(given) == 'table' and given[1] or given
    return function(add)
      cancel()
      if vim.trim(query or '') == '' then
        return add()
      end
      cancel = spec.source(query, function(hits)
        for _, hit in ipairs(hits) do
          shown[hit.id] = hit
          add(hit.id .. '\t' .. text.label(hit))
        end
        add()
      end)
    end
  end, {
    prompt = 'Aiana> ',
    query = spec.query,
    exec_empty_query = false,
    -- Lines are added when the server answers, which is in no coroutine of fzf-lua's.
    func_async_callback = false,
    previewer = Previewer,
    fzf_opts = { ['--delimiter'] = '\t', ['--with-nth'] = '2..' },
    actions = {
      ['default'] = function(selected)
        local hit = selected[1] and hit_of(selected[1])
        if hit then
          spec.open(hit)
        end
      end,
    },
  })
end
