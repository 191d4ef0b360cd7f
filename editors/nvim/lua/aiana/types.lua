---@meta

---@class aiana.Config What `vim.g.aiana` may set; nothing of it is required there.
---@field picker 'auto'|'select'|'snacks'|'telescope'|'fzf-lua' What shows the hits of a search.
---@field limit integer Hits per search.
---@field register string Register that `:Aiana context` fills when none is named.

---@class aiana.Hit
---@field id string
---@field kind 'message'|'memory'
---@field uri string
---@field snippet string
---@field content? string
---@field score number
---@field project string
---@field source string
---@field timestamp? string
---@field role? string
---@field memoryType? string
---@field sessionId? string
---@field sessionTitle? string

---@class aiana.Degraded
---@field tier 'embedder'|'index'|'qdrant'|'redis'
---@field reason string

---@class aiana.SearchResult
---@field hits aiana.Hit[]
---@field modes ('keyword'|'semantic')[]
---@field degraded? aiana.Degraded[]
---@field nextCursor? string
---@field tookMs number

---@class aiana.ContextResult
---@field context string
---@field tokens integer
---@field degraded? aiana.Degraded[]

---@class aiana.Memory
---@field id string
---@field content string
---@field memoryType string
---@field project string

---@class aiana.Session
---@field id string
---@field title? string
---@field source string
---@field project string
---@field startedAt? string
---@field messageCount integer

---@class aiana.Page
---@field text string
---@field line integer Zero-based line that the URI's fragment points at.

---@class aiana.Selection
---@field text string
---@field uri string
---@field range lsp.Range

---@class aiana.PickSpec
---@field query string
---@field source fun(query: string, callback: aiana.Found): fun() Returns a cancel function.
---@field open fun(hit: aiana.Hit)

---@alias aiana.Found fun(hits: aiana.Hit[], degraded: string?) Why fewer were found than could be.
---@alias aiana.Callback fun(err: string?, result: any)
