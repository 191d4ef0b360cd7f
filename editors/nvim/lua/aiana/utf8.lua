---Is a text what JSON can carry?
local M = {}

local lpeg = vim.lpeg
local R, P = lpeg.R, lpeg.P
local more = R('\128\191')
-- The well-formed sequences of the Unicode standard: no surrogates, nothing overlong.
local valid = (
  R('\0\127')
  + R('\194\223') * more
  + P('\224') * R('\160\191') * more
  + (R('\225\236') + R('\238\239')) * more * more
  + P('\237') * R('\128\159') * more
  + P('\240') * R('\144\191') * more * more
  + R('\241\243') * more * more * more
  + P('\244') * R('\128\143') * more * more
) ^ 0

---@param text string
---@return integer? position Of the first byte that is no UTF-8.
local function first_bad(text)
  local reached = valid:match(text)
  return reached <= #text and reached or nil
end

---Why these params cannot be sent: the first text in them that is no UTF-8.
---@param value any
---@return string?
function M.why_not(value)
  if type(value) == 'table' then
    for _, inner in pairs(value) do
      local why = M.why_not(inner)
      if why then
        return why
      end
    end
  elseif type(value) == 'string' then
    local position = first_bad(value)
    if position then
      local _, breaks = value:sub(1, position):gsub('\n', '')
      local advice = 'Read the file in its own encoding first, as in `:edit ++enc=latin1`.'
      return ('Line %d of the text holds bytes that are not UTF-8. '):format(breaks + 1) .. advice
    end
  end
end

return M
