---Lists in fzf-lua; a search is made again with each key.
local lists = require('aiana.lists')
local pickers = require('aiana.pickers')

---@param list aiana.List
return function(list)
  local builtin = require('fzf-lua.previewer.builtin')
  local from = vim.api.nvim_get_current_win()
  local fail = pickers.once()
  ---@type aiana.Row[]
  local shown = {}

  ---@param line string
  ---@return aiana.Row?
  local function row_of(line)
    return shown[tonumber(line:match('^%d+'))]
  end

  local Previewer = builtin.base:extend()
  function Previewer:new(o, opts, window)
    Previewer.super.new(self, o, opts, window)
    return setmetatable(self, Previewer)
  end
  function Previewer:populate_preview_buf(line)
    local row = row_of(line)
    local buf = self:get_tmp_buffer()
    vim.bo[buf].filetype = 'markdown'
    self:set_preview_buf(buf)
    if row then
      row.preview(function(lines)
        if vim.api.nvim_buf_is_valid(buf) then
          vim.api.nvim_buf_set_lines(buf, 0, -1, false, lines)
        end
      end)
    end
  end

  ---@param name string
  local function act(name)
    return function(lines)
      pickers.act(name, vim.tbl_map(row_of, lines), from)
    end
  end

  local cancel = function() end
  ---@param query string
  ---@param add fun(line: string?)
  local function fill(query, add)
    cancel()
    if list.live and vim.trim(query) == '' then
      return add()
    end
    cancel = lists.stream(list, query, function(page)
      for _, note in ipairs(page.notes) do
        add('\t' .. note)
      end
      for _, row in ipairs(page.rows) do
        table.insert(shown, row)
        add(#shown .. '\t' .. row.label)
      end
    end, function(err)
      if err then
        fail(err)
      end
      add()
    end)
  end

  local opts = {
    prompt = list.title .. '> ',
    query = list.query,
    exec_empty_query = not list.live,
    -- Lines are added when the server answers, which is in no coroutine of fzf-lua's.
    func_async_callback = false,
    previewer = Previewer,
    fzf_opts = { ['--delimiter'] = '\t', ['--with-nth'] = '2..', ['--multi'] = true },
    actions = {
      ['default'] = act(list.action or 'open'),
      ['ctrl-s'] = act('split'),
      ['ctrl-v'] = act('vsplit'),
      ['ctrl-t'] = act('tab'),
      ['ctrl-q'] = act('quickfix'),
      ['alt-a'] = act('choose'),
    },
  }
  if not list.live then
    return require('fzf-lua').fzf_exec(function(add)
      fill('', add)
    end, opts)
  end
  require('fzf-lua').fzf_live(function(given)
    local query = type(given) == 'table' and given[1] or given
    return function(add)
      fill(query or '', add)
    end
  end, opts)
end
