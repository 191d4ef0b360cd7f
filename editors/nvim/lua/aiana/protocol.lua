---@meta

-- What the server is asked and answers.
-- Generated from server/aiana/protocol: run `make docs` instead of changing it here.

---@class aiana.CaptureState How what the assistants write is captured.
---@field state 'live'|'off'|'polling' `live`: within a moment; `polling`: files are looked at now and then; `off`: by nobody.
---@field detail string One line for a person.

---@class aiana.ChangedFile What became of a file, as far as the calls of the session show its text.
---@field path string
---@field kind 'created'|'deleted'|'edited'|'moved'
---@field turns string[] URIs of the turns that changed it, in their order.
---@field oldPath? string Where it was before it was moved.
---@field binary boolean It is no text but a picture, an archive, a program: neither side is shown.
---@field before? string None where the calls do not show what stood there.
---@field after? string
---@field whole boolean The texts are the file from its first line to its last. Otherwise they are the parts that calls showed, a line `⋯` between two.
---@field parts aiana.ChangedPart[]
---@field diffLine integer Zero-based line on which it begins in `diff`, where that was asked for.

---@class aiana.ChangedFiles What a session and its sub-agents changed, file by file in the order of the first change.
---@field files aiana.ChangedFile[]
---@field diff? string All of it as a unified diff, where that was asked for instead of texts.
---@field notes string[] Why it may be incomplete.

---@class aiana.ChangedPart A stretch of a file that turns changed, or the whole of it.
---@field line integer Zero-based line of `after` on which it begins.
---@field turns string[] URIs of the turns, the last one last.

---@class aiana.Changes What was changed since the last notification, by whichever process.
---@field kinds ('memories'|'preferences'|'sessions')[]
---@field projects string[]

---@class aiana.ContextEntry One thing that a context block quotes.
---@field id string
---@field uri string
---@field content string
---@field reason string Why it was chosen: `preference`, `recent` or `relevant`; of a session `asked`, `done`, `answered` or `open`.
---@field score number
---@field tokens integer
---@field stale? string

---@class aiana.ContextParams Build a context block for a chat.
---@field query? string
---@field textDocument? aiana.TextDocument
---@field selection? string Text that is selected in the document.
---@field project? string Default: the workspace folder of the document.
---@field scope? 'all'|'project'
---@field maxTokens? integer Default: the setting `contextMaxTokens` (1,000).
---@field refresh? boolean Do not answer from a cache.

---@class aiana.ContextResult An `<aiana-context>` block within its budget.
---@field context string Empty when nothing is worth quoting.
---@field items aiana.ContextEntry[]
---@field tokens integer
---@field cached boolean
---@field degraded aiana.Degraded[]

---@class aiana.Counts How much of each kind is stored.
---@field sessions integer
---@field messages integer
---@field memories integer
---@field preferences integer
---@field projects integer
---@field chunks integer Pieces of conversations that are embedded.
---@field vectors integer Of the model in use.

---@class aiana.Degraded A tier that did not answer as it should, and why.
---@field tier 'embedder'|'index'|'qdrant'|'redis'
---@field reason string
---@field since string

---@class aiana.Deleted What was deleted, or would be with `dryRun`.
---@field deleted integer
---@field ids string[]
---@field receipt? aiana.Receipt

---@class aiana.DeletionFilter A filter of which every field must be known: one that was left out would delete more.
---@field project? string Identity, path or name of a project.
---@field kinds? ('memory'|'message')[]
---@field memoryTypes? ('conversation'|'insight'|'pattern'|'preference')[] Of memories; together with `roles`, `types` or `tools` either kind may match.
---@field sources? string[]
---@field roles? string[] Of messages; a memory has no role.
---@field types? ('assistant'|'summary'|'system'|'thinking'|'tool_result'|'tool_use'|'user')[] Of messages.
---@field tools? string[]
---@field files? string[] Of sessions that touched each of these files, memories of them included: paths, or ends of paths.
---@field errors? string[] Of sessions in which, for each of these phrases, a tool failed with an answer that holds it; memories of them included.
---@field sessionId? string
---@field after? string
---@field before? string

---@class aiana.Diagnostic What an editor shows beside a line; as in LSP.
---@field message string
---@field code? integer|string

---@class aiana.Digest What a session was about, told without a model.
---@field outcome 'answered'|'asked'|'committed'|'failed'|'interrupted'|'open' How it ended: with an answer, after a commit or not; with a question to the person; with a call that failed; broken off by the person; or in the middle.
---@field asked? string The first prompt that says something.
---@field concluded? string How the last answer ends.
---@field files aiana.DigestFile[] The first 20 of those that were touched, changed ones first.
---@field filesTouched integer
---@field commits string[]
---@field branches string[]

---@class aiana.DigestFile A file that a session read or changed.
---@field path string
---@field touch 'created'|'deleted'|'edited'|'read'

---@class aiana.Excluded What the settings exclude, and how much of it is stored, and hidden from everything else.
---@field assistants string[]
---@field projects string[]
---@field paths string[]
---@field sessions integer Stored from before, and hidden: `aiana forget --excluded` removes them.
---@field memories integer

---@class aiana.Exported A session as text.
---@field format 'json'|'markdown'
---@field text string

---@class aiana.Failure A transcript that could not be read, and why.
---@field path string
---@field reason string

---@class aiana.FileEntry A turn in which a session had to do with a file.
---@field uri string Of the turn.
---@field kind 'edit'|'named'|'read' Of what a session only read or named, the last time is told.
---@field touch 'created'|'deleted'|'edited'|'named'|'read' The same more exactly.
---@field path string What the file was called then, and where that session had it.
---@field source string
---@field sessionId string
---@field messageId string
---@field timestamp string
---@field sessionTitle? string
---@field lines? [integer, integer] The first and the last line, from 1, where the call named them.

---@class aiana.FileHistory What happened to a file, newest first.
---@field entries aiana.FileEntry[]
---@field names string[] What the file is called, and was called before sessions moved it.
---@field nextCursor? string
---@field notes string[] Why it may be incomplete.

---@class aiana.FileHistoryParams Ask which sessions had to do with a file.
---@field textDocument? aiana.TextDocument
---@field path? string Instead of a document; a relative one is below the first workspace folder.
---@field limit? integer
---@field cursor? string

---@class aiana.Fix A session in which an error stood and went away after something was changed.
---@field uri string Of the answer of a tool in which the error stood last.
---@field message string The line that told of it.
---@field exact boolean Whether the names in quotes are those that were asked about, too.
---@field how 'said'|'succeeded' `succeeded`: what was run then was run again, without it; `said`: the person said so next.
---@field proof string URI of the turn that shows it.
---@field edits integer Texts that were changed in between.
---@field files string[] In which files.
---@field turns string[] URIs of these turns, the first 100.
---@field commands aiana.Quoted[] What was installed, moved or started in between.
---@field source string
---@field sessionId string
---@field messageId string
---@field timestamp string When it was gone.
---@field command? string The command line that told of the error; None for a tool that is no shell.
---@field sessionTitle? string

---@class aiana.Fixes What made an error go away, as far as it is sure; the newest first.
---@field fixes aiana.Fix[]
---@field sought string[] The lines that were taken for the error; none where they say too little.

---@class aiana.FixesParams Ask what made an error go away: one of the two is given.
---@field text? string A message, a stack trace or the output of a command.
---@field diagnostic? aiana.Diagnostic
---@field limit? integer

---@class aiana.ForgetParams Forget what a filter admits, or what the settings say.
---@field filter? aiana.DeletionFilter What a search with this filter could find; a field that is not known is an error.
---@field text? string Words that all occur in what is to be forgotten; in quotes, a phrase.
---@field excluded? boolean What is stored of that which the settings exclude, instead of a filter.
---@field expired? boolean The sessions that were kept for as long as the settings say, instead of a filter.
---@field dryRun? boolean Change nothing and say what would be forgotten.
---@field expected? integer The `deleted` of the dry run; if it is another number by now nothing is forgotten (`conflict`). Needed for more than one thing.

---@class aiana.Forgetting What was forgotten, or would be with `dryRun`: sessions, messages and memories together.
---@field deleted integer
---@field ids string[]
---@field receipt? aiana.Receipt
---@field sessions integer Those that go as a whole, sub-agents included.
---@field messages integer Those of these sessions, and single ones of others.
---@field memories integer
---@field hidden integer Of the sessions and memories those that the settings exclude; they are not named.
---@field first aiana.ForgottenThing[] The newest of it; only with `dryRun`.

---@class aiana.ForgottenThing Something that is to be forgotten.
---@field kind 'memory'|'message'|'session'
---@field uri string
---@field title string The session's, or the beginning of the text.
---@field source string
---@field project string
---@field timestamp string
---@field messages integer How many go with it.

---@class aiana.Handover An account of a session, to be put into a new chat.
---@field context string A block like that of `aiana/context`.
---@field items aiana.ContextEntry[]
---@field tokens integer

---@class aiana.HitReasons How a hit came to its place.
---@field ranks table<string, integer> Its place, from 1, in each lane that found it.
---@field parts table<string, number> What made up its score: what `keyword`, `session` and `semantic` gave, then what was added or taken since it holds the identifiers that are asked for or lacks them (`named`), was only thought (`thought`), would lie below 0 or above 1 (`cut`), is not of today (`recency`), or tells what is newer (`newer`). Of these only those that changed the score.
---@field words string[] Words of the query that it holds in some form.
---@field missing string[]
---@field named? string It holds the identifiers that are asked for, `exactly` or `in another case`.

---@class aiana.ImportCounts What an import did with one source.
---@field found integer Transcript files.
---@field imported integer Files that were read for the first time.
---@field updated integer Files that had grown or changed.
---@field skipped integer Files with nothing new.
---@field excluded integer Files of which nothing, or not everything, was kept, since the settings exclude it.
---@field failed aiana.Failure[]
---@field messages integer Messages that were added.
---@field memories integer Memories that were added or changed; only archives hold any.
---@field redactions integer Secrets that were taken out before anything was stored.
---@field skippedLines integer Lines that were left out, wholly or in part.
---@field leftOut aiana.LeftOut[] The first 100 of them.
---@field bytes integer Bytes that were read.

---@class aiana.ImportParams Read new transcripts.
---@field sources? string[] Names of assistants; default all, or none if paths are given.
---@field paths? string[] Files and folders.
---@field since? string Only files changed since this time or span (`7d`).
---@field workDoneToken? string|integer

---@class aiana.ImportResult What an import did, per source.
---@field sources table<string, aiana.ImportCounts>
---@field failed aiana.Failure[] Files and folders that were given and are no known assistant's.

---@class aiana.Indexing Work that is left to the indexer.
---@field pending integer Texts without a vector, and messages that are not yet cut into such texts.
---@field ratePerS? number Texts embedded per second, while it is running.

---@class aiana.LeftOut A line of a transcript that was left out, wholly or in part, and why.
---@field path string
---@field line integer Counted from 1; 0 where the file has no lines.
---@field reason string

---@class aiana.LineCommit A commit that touched a line.
---@field hash? string None for what is not committed yet.
---@field author string
---@field subject string
---@field time string

---@class aiana.Link Words of a page that lead somewhere.
---@field line integer
---@field start integer First UTF-16 unit of the words in their line.
---@field end integer
---@field target string A URI.

---@class aiana.LocateParams Name a session, a message or a memory.
---@field uri string
---@field asFile? boolean Write the document to a file, which goes away after a day, and answer that file's URI.

---@class aiana.Located Where something stands in its document.
---@field uri string The document's, without a fragment.
---@field line integer Zero-based; 0 where the message is not stored any more.
---@field title string

---@class aiana.Memory Something a person or an assistant chose to keep.
---@field id string A UUID.
---@field content string
---@field memoryType 'conversation'|'insight'|'pattern'|'preference'
---@field project string
---@field sessionId? string
---@field tags string[]
---@field metadata table<string, any>
---@field createdAt string
---@field updatedAt string
---@field helpful integer
---@field unhelpful integer
---@field harmful integer Memories that somebody called harmful are found by search but never put into a context.
---@field uri string Where it can be opened; set on what is read from the storage.

---@class aiana.MemoryAddParams Keep a text.
---@field content string
---@field memoryType? 'conversation'|'insight'|'pattern'|'preference'
---@field project? string Default: the workspace folder of the origin; an empty text means no project.
---@field sessionId? string
---@field tags? string[]
---@field metadata? table<string, any>
---@field origin? aiana.Origin
---@field idempotencyKey? string A retry with the same key stores nothing and returns what the first try stored.

---@class aiana.MemoryAdded A stored memory.
---@field memory aiana.Memory
---@field duplicateOf? string Id of the equal memory that was there already; nothing was stored then.
---@field redactions integer Secrets that were taken out before the text was stored.

---@class aiana.MemoryDeleteParams Delete memories by whole ids, or all that a filter admits.
---@field ids? string[]
---@field filter? aiana.DeletionFilter Must restrict something; unlike elsewhere, a field that is not known is an error.
---@field dryRun? boolean Change nothing and say what would be deleted.
---@field expected? integer How many the dry run said; with other than so many nothing is deleted (`conflict`). Needed where a filter admits more than one.

---@class aiana.MemoryFeedbackParams Judge a memory.
---@field id string
---@field rating 'harmful'|'helpful'|'unhelpful'

---@class aiana.MemoryGetParams Name one memory.
---@field id string

---@class aiana.MemoryListParams List memories, newest first.
---@field filter? aiana.SearchFilter
---@field limit? integer
---@field cursor? string

---@class aiana.MemoryPage Memories, newest first.
---@field memories aiana.Memory[]
---@field nextCursor? string
---@field notes string[] Why there are none, or some may be missing.

---@class aiana.MemoryPinParams Pin a memory, or let it go.
---@field id string
---@field pinned? boolean

---@class aiana.MemoryRestoreParams Undo a deletion.
---@field memory aiana.Memory As it was, from `aiana/memory/get` or a list.

---@class aiana.MemoryResult One memory.
---@field memory aiana.Memory

---@class aiana.MemoryUpdateParams Change what is given of a memory, and leave the rest.
---@field id string
---@field content? string
---@field memoryType? 'conversation'|'insight'|'pattern'|'preference'
---@field project? string
---@field tags? string[]
---@field metadata? table<string, any>

---@class aiana.Message One turn of a session: what was said by either side, or one tool call or result.
---@field id string The source's own identifier, unique within the session.
---@field sessionId string
---@field type 'assistant'|'summary'|'system'|'thinking'|'tool_result'|'tool_use'|'user'
---@field role? string Who speaks: `user`, `assistant`, `system`, `tool`, or a name that the source gives.
---@field content string
---@field toolName? string
---@field toolInput? string The call's arguments as JSON.
---@field parentId? string
---@field timestamp string
---@field position? integer Place in the session as its source tells, ascending; None: after all that are stored.
---@field tokens? integer
---@field metadata table<string, any>
---@field uri string Where it can be opened; set on what is read from the storage.

---@class aiana.MessageList Messages of one session in order.
---@field messages aiana.Message[]

---@class aiana.Newer A later text of another session that says that what a hit says has changed.
---@field uri string
---@field timestamp string

---@class aiana.NoParams Nothing is needed.

---@class aiana.Origin Where a memory was taken from.
---@field uri string
---@field range? aiana.Range

---@class aiana.Outside How much the restrictions of a search leave out.
---@field messages integer
---@field memories integer
---@field matches? integer Texts among them that match by their words, where that was looked for.

---@class aiana.Page A document that cannot be edited: what `workspace/textDocumentContent` answers.
---@field text string
---@field uri string The document's one URI, whatever stood after the id in the one that was asked for.
---@field kind 'memory'|'session'
---@field id string Of the session or memory.
---@field source? string The assistant whose session it is.
---@field line integer Zero-based line that the URI's fragment points at.
---@field title string What to call it, in a few words.
---@field links aiana.Link[]
---@field sections aiana.Section[] The messages of a session in order; none of a memory.

---@class aiana.Position Zero-based, in the negotiated position encoding.
---@field line integer
---@field character integer

---@class aiana.Preference How the user likes to work; static ones hold always, dynamic ones fade with newer ones.
---@field id string
---@field text string
---@field static boolean
---@field createdAt string

---@class aiana.PreferenceAddParams Keep a preference.
---@field text string
---@field static? boolean False: something of these days, which newer ones push out of a context.

---@class aiana.PreferenceRemoveParams Name one preference.
---@field id string

---@class aiana.Profile The user's preferences.
---@field static aiana.Preference[]
---@field dynamic aiana.Preference[]

---@class aiana.ProjectList Projects, the one in which something happened last first.
---@field projects aiana.StoredProject[]

---@class aiana.Quotation Texts as Markdown within a budget, each quoted and cited, and what they are in full.
---@field text string Short texts whole, long ones cut to an equal share; empty where nothing fits.
---@field tokens integer
---@field leftOut integer How many of the last texts did not fit.
---@field texts aiana.QuotedText[]

---@class aiana.QuoteParams Quote texts that a person chose.
---@field texts aiana.TextToQuote[]
---@field maxTokens? integer Default: the setting `contextMaxTokens` (1,000).

---@class aiana.Quoted A turn, and the beginning of what it says.
---@field uri string
---@field text string

---@class aiana.QuotedText One text in full, and where it is from.
---@field uri string
---@field kind 'memory'|'message'|'session'
---@field title string
---@field content string The whole text, or the paragraphs that hold the snippet; a session as Markdown.
---@field source string
---@field who? string The role or the tool of a message, `thinking`, or the type of a memory.
---@field project string
---@field sessionId? string
---@field timestamp string

---@class aiana.Range A stretch of a document.
---@field start aiana.Position
---@field end aiana.Position

---@class aiana.Reason A turn that wrote, changed or discussed lines.
---@field uri string Of the turn.
---@field kind 'changed'|'discussed'|'edited' `edited`: the turn's text stands there today; `changed`: what it wrote was changed since; `discussed`: it quotes the line.
---@field how string How that is known, for people: `edited here`, `edited, then changed by 1a2b3c4 (Ada)`.
---@field lines [integer, integer][] First and last, from 1, of those that were asked about.
---@field source string
---@field sessionId string
---@field messageId string
---@field timestamp string
---@field path string What the file was called then, and where that session had it.
---@field sessionTitle? string
---@field asked? aiana.Quoted The person's prompt before the turn.
---@field rejected aiana.Quoted[] Edits of the file that were refused between that prompt and the turn.
---@field changedBy? aiana.LineCommit With `changed`: the commit that touched the lines last.

---@class aiana.Receipt Per tier, how many of the deleted items were verified gone; None where it is not in use. No search, list or context has them any more.
---@field sqlite integer
---@field fts integer
---@field vectors integer
---@field redis? integer
---@field qdrant? integer
---@field traces string[] Files of the data folder in which a word of what was deleted still stands, since something that is kept says it, too, or another program reads them.
---@field pending ('backups'|'index'|'log')[] Which files still hold words of it until the background work has taken them out: pages of the full-text index, copies in `backups`, the log. `pendingDeletions` of the status says when.

---@class aiana.ReindexParams Rebuild indexes from what is stored.
---@field targets? ('fts'|'qdrant'|'vectors')[]
---@field workDoneToken? string|integer

---@class aiana.Reindexed How many items each rebuilt index holds; None where a target was not asked for.
---@field fts? integer
---@field vectors? integer
---@field qdrant? integer

---@class aiana.Resumption What an editor runs or opens to go on with a session; the server runs nothing.
---@field label string For a button: `Resume in Claude Code`.
---@field argv string[]
---@field cwd string The folder that the session recorded.
---@field uri? string What opens it in the assistant's own extension of VS Code, whether its program is there or not; none where nothing could open it.
---@field unavailable? string Why it cannot be: offer a new session instead.

---@class aiana.RetentionState For how long sessions are kept.
---@field days? integer After their last message; null is for ever.
---@field projects table<string, integer> Days of projects that have their own; 0 is for ever.
---@field due integer Sessions that are to go: the background work takes them out a few at a time.

---@class aiana.SearchFilter Restricts a search; empty lists restrict nothing.
---@field project? string Identity, path or name of a project.
---@field kinds? ('memory'|'message')[]
---@field memoryTypes? ('conversation'|'insight'|'pattern'|'preference')[] Of memories; together with `roles`, `types` or `tools` either kind may match.
---@field sources? string[]
---@field roles? string[] Of messages; a memory has no role.
---@field types? ('assistant'|'summary'|'system'|'thinking'|'tool_result'|'tool_use'|'user')[] Of messages.
---@field tools? string[]
---@field files? string[] Of sessions that touched each of these files, memories of them included: paths, or ends of paths.
---@field errors? string[] Of sessions in which, for each of these phrases, a tool failed with an answer that holds it; memories of them included.
---@field sessionId? string
---@field after? string
---@field before? string

---@class aiana.SearchHit One thing found.
---@field id string
---@field kind 'memory'|'message'
---@field uri string
---@field snippet string
---@field highlights [integer, integer][] UTF-16 code unit ranges of `snippet` that match the query.
---@field content? string
---@field score number
---@field scores table<string, number> `keyword`, `semantic`, `recency`, each 0..1, where the lane knows the hit.
---@field project string
---@field source string
---@field timestamp string
---@field lanes ('keyword'|'semantic')[]
---@field role? string
---@field type? string
---@field toolName? string
---@field memoryType? 'conversation'|'insight'|'pattern'|'preference'
---@field sessionId? string
---@field sessionTitle? string
---@field messageId? string
---@field speaker? string Who speaks, or what: the role, `thinking`, a tool's name, a memory's type.
---@field user? string The colleague whose memory it is; none for what is one's own.
---@field newer? aiana.Newer What was said later of the same and says that it changed; it stands before the hit.
---@field reasons? aiana.HitReasons With `explain`.

---@class aiana.SearchParams Find messages and memories.
---@field query string See the query language.
---@field limit? integer
---@field cursor? string `nextCursor` of the page before.
---@field mode? 'hybrid'|'keyword'|'semantic'
---@field scope? 'all'|'project' Default: `project` when one is known, else `all`.
---@field textDocument? aiana.TextDocument Whose workspace folder is the project; default: the first folder.
---@field filter? aiana.SearchFilter
---@field groupBySession? boolean At most one hit, the best, of each session.
---@field explain? boolean Say of the answer and of each hit what it went by: `reasons`.
---@field workDoneToken? string|integer
---@field partialResultToken? string|integer The first keyword hits are reported here at once; the answer then waits for the model.

---@class aiana.SearchReasons What a ranking went by.
---@field words table<string, integer> The words that counted, and how many texts of the store hold each in some form.
---@field weights table<string, number> How much each signal counted beside the words of the text itself, which count 1.
---@field leastCosine? number How much alike a text had to be to be found by meaning.
---@field demanded? string[] What every hit must hold.
---@field excluded? string[] What no hit may hold.
---@field restriction? string The filter, as people say it; `outside` counts what it left out.

---@class aiana.SearchResult Hits, best first.
---@field hits aiana.SearchHit[]
---@field modes ('keyword'|'semantic')[] The lanes that answered.
---@field searched aiana.Searched
---@field tookMs number
---@field nextCursor? string
---@field degraded aiana.Degraded[]
---@field notes string[] What of the query was not understood or could not be done; why nothing was found.
---@field total? integer Texts that match by their words or by the filter alone; absent where only meaning found.
---@field outside? aiana.Outside
---@field reasons? aiana.SearchReasons With `explain`.

---@class aiana.Searched How much a search looked through.
---@field messages integer
---@field memories integer

---@class aiana.Section One message of a session's page; it ends where the next one begins.
---@field line integer Zero-based line that it begins on.
---@field kind 'thinking'|'tool'|'turn' Editors fold all but turns.
---@field uri string
---@field messageId string
---@field title string For an outline: who, when and the first words; of a tool its name and what it is about.
---@field changes boolean It changed files: `aiana/session/changes` of its `uri` tells how.

---@class aiana.Session One conversation with one assistant.
---@field id string The source's own identifier.
---@field source string
---@field project string Identity of the project (`Project.id`).
---@field projectPath string The working directory that the session recorded.
---@field transcriptPath string
---@field startedAt string
---@field endedAt? string
---@field title? string
---@field summary? string
---@field parentId? string The session that spawned this one (sub-agents).
---@field messageCount integer
---@field tokenCount integer
---@field agents integer How many sessions of sub-agents stand under it; set on what is read from the storage.
---@field metadata table<string, any>
---@field uri string Where it can be opened; set on what is read from the storage.

---@class aiana.SessionChangesParams Ask what a session changed.
---@field uri string Of the session; with a message, what that one changed.
---@field asDiff? boolean Answer a unified diff in the place of texts.

---@class aiana.SessionDeleteParams Delete a session, by its whole id, with those of its sub-agents.
---@field id string
---@field source? string The assistant that it is of; only needed where several have a session with this id.
---@field dryRun? boolean Change nothing and say what would be deleted.

---@class aiana.SessionEndParams Announce the end of a session.
---@field id string
---@field source? string The assistant that it is of; only needed where several have a session with this id.
---@field summary? string

---@class aiana.SessionExportParams Write a session as text.
---@field id string
---@field source? string The assistant that it is of; only needed where several have a session with this id.
---@field format? 'json'|'markdown'

---@class aiana.SessionHandoverParams Ask for an account of a session.
---@field uri string
---@field maxTokens? integer

---@class aiana.SessionListParams List sessions, newest first.
---@field filter? aiana.SearchFilter Sessions in which a search with this filter could find a message.
---@field agents? boolean Those of sub-agents, too, whose `parentId` names the session that they worked for.
---@field limit? integer
---@field cursor? string

---@class aiana.SessionMessagesParams Read messages of a session.
---@field id string
---@field source? string The assistant that it is of; only needed where several have a session with this id.
---@field around? string Id of the message in the middle.
---@field limit? integer

---@class aiana.SessionPage Sessions, newest first.
---@field sessions aiana.Session[]
---@field nextCursor? string
---@field notes string[] Why there are none.

---@class aiana.SessionParams Name one session.
---@field id string
---@field source? string The assistant that it is of; only needed where several have a session with this id.

---@class aiana.SessionResult One session.
---@field session aiana.Session
---@field digest? aiana.Digest What it was about; only where one session was asked for.
---@field agents aiana.Session[] The sessions of its sub-agents, oldest first; only where one session was asked for.

---@class aiana.SessionResumeParams Ask how to go on with a session.
---@field uri string Of the session, or of anything in it.
---@field mode? 'new'|'resume' `new` begins another session with the same assistant.

---@class aiana.SessionStartParams Announce a session that an editor or assistant begins.
---@field id string
---@field project string
---@field metadata? table<string, any>

---@class aiana.SettingProblem A setting that was not understood and is not in force.
---@field setting string Its name as it was written; empty where a whole file could not be read.
---@field message string What is wrong with it, what is allowed, or what was probably meant; never its value.
---@field file? string Path of the file that says it; None for the environment and an editor's settings.
---@field line? integer The line in that file, from 1, where it is known.

---@class aiana.ShareParams Ask for something to be given to somebody else.
---@field uri string Of a session, of anything in it, or of a memory.
---@field format? 'json'|'markdown' JSON is an archive, a record a line, and whole; `aiana import` reads both.

---@class aiana.Shared A session with its sub-agents, or a memory, to be given to somebody else.
---@field format 'json'|'markdown'
---@field text string Without the paths of this machine by which projects and transcripts are known.
---@field title string
---@field messages integer 0 of a memory.
---@field takenOut table<string, integer> Secrets that are not in it: of each kind how many, the most first.

---@class aiana.SourceFile One transcript, and what became of it.
---@field path string
---@field state 'recovered'|'skipped'|'stored'|'waiting' `waiting`: not read to its end yet; `skipped`: it cannot be read; `recovered`: the assistant has it no more, and what it held is kept. What is excluded is not named.
---@field reason? string Why it waits or is skipped.
---@field expires? string When its assistant will delete it, where it does.
---@field lines aiana.LeftOut[] The first of the lines that were left out.

---@class aiana.SourceList The assistants that Aiana knows.
---@field sources aiana.SourceStatus[]

---@class aiana.SourceStatus One assistant on this machine, reconciled with what is stored of it.
---@field name string
---@field title string
---@field roots string[] Where transcripts were looked for.
---@field onDisk integer Transcript files that exist.
---@field stored integer Transcript files that have been imported.
---@field missing integer Files on disk that have not been imported to their end.
---@field vanished integer Imported files that no longer exist; what they held is kept.
---@field expiringSoon integer Files that the assistant will delete within a week.
---@field excluded integer Files of which the settings exclude everything; they count as nothing else.
---@field skippedLines integer Lines of all imported files that were left out, wholly or in part.
---@field leftOut aiana.LeftOut[] The first 100 of them.
---@field failed aiana.Failure[] Folders and files that cannot be read.
---@field files aiana.SourceFile[] Each file, where that was asked for.
---@field lastImport? string

---@class aiana.SourcesParams Reconcile what the assistants keep with what is stored.
---@field sources? string[] Names of assistants; default all.
---@field files? boolean Name each file, too.

---@class aiana.Status The state of Aiana.
---@field health 'error'|'ok'|'warning'
---@field quiescent boolean Nothing is running in the background.
---@field message string One line for a person.
---@field tiers aiana.Tiers
---@field counts aiana.Counts
---@field indexing aiana.Indexing
---@field version string
---@field dataDir string
---@field capture aiana.CaptureState
---@field settings aiana.SettingProblem[] Settings that are not in force since they were not understood.
---@field retention? aiana.RetentionState For how long sessions are kept; null is for ever.
---@field excluded? aiana.Excluded What is not remembered; null where nothing is excluded.
---@field redacted integer Secrets that were taken out of what an older Aiana, which did not know them, had stored.
---@field pendingDeletions integer Of what was deleted or changed, how much is still being taken out of files.

---@class aiana.StoredProject A project of which there are sessions.
---@field id string
---@field name string
---@field sessions integer Those of sub-agents are not counted.
---@field lastActivity string

---@class aiana.TextDocument A document in the editor.
---@field uri string

---@class aiana.TextToQuote One text to quote.
---@field uri string Of a message, a memory or a session.
---@field snippet? string What is shown of it: only the paragraphs that hold these words are quoted.

---@class aiana.Tier State of one tier.
---@field state 'loading'|'off'|'ok'|'unavailable'
---@field detail string What it is, or why it is off and how to fix that.

---@class aiana.Tiers All tiers.
---@field sqlite aiana.Tier
---@field redis aiana.Tier
---@field qdrant aiana.Tier
---@field embedder aiana.Tier

---@class aiana.Why Why lines are as they are, as far as it is sure; the newest turn first.
---@field reasons aiana.Reason[]
---@field lines [integer, integer] The first and the last line, from 1, that were asked about.
---@field notes string[] What could not be looked into, and why.

---@class aiana.WhyParams Ask why lines of a file are as they are.
---@field range aiana.Range At most its first 400 lines are looked at; a line at the beginning of which it ends is left out, and so is what is beyond the end of the file. Where it begins there, it is invalid.
---@field textDocument? aiana.TextDocument
---@field path? string Instead of a document; a relative one is below the first workspace folder.
---@field limit? integer
