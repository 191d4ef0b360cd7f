---@meta

---@class aiana.Config What `vim.g.aiana` may set; nothing of it is required there.
---@field picker 'auto'|'select'|'snacks'|'telescope'|'fzf-lua' What shows the hits of a search.
---@field limit integer Hits per page of a list.
---@field register string Register that texts go to when none is named.

---@alias aiana.Callback fun(err: string?, result: any)

---@alias aiana.Place 'edit'|'split'|'vsplit'|'tab'

---@class aiana.Selection
---@field text string
---@field uri? string Of the file, if it is one.
---@field range lsp.Range

---@class aiana.Target What an action acts on.
---@field kind 'message'|'memory'|'session'
---@field uri string
---@field title string
---@field memory? string Id.
---@field session? string Id.
---@field source? string Of the session, where it is known: ids differ within one assistant only.
---@field message? string Id.
---@field label? string As a list showed it.

---@alias aiana.Run fun(targets: aiana.Target[], from?: integer) `from`: the window to go back to.

---@class aiana.Action
---@field name string
---@field title string
---@field run aiana.Run
---@field memories? boolean Needs a memory.
---@field sessions? boolean Needs a session.

---@class aiana.Row
---@field label string One line.
---@field target aiana.Target
---@field preview fun(show: fun(lines: string[]))

---@class aiana.RowPage
---@field rows aiana.Row[]
---@field cursor? string Of the next page.
---@field notes string[] What the user should know of this answer.

---@class aiana.List
---@field title string
---@field query string To begin with.
---@field action? string|aiana.Run What is done with the row that is chosen; default: it is opened.
---@field live boolean Fetched again with each key; else the picker narrows the rows down.
---@field none string What to say when there are no rows.
---@field fetch fun(query: string, cursor: string?, callback: aiana.Fetched): fun()

---@alias aiana.Fetched fun(err: string?, page: aiana.RowPage?)
