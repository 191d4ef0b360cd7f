"""The whole protocol: every method with its params, result and errors.

Handlers, commands, `docs/protocol.md` and the tests are made from, or checked against, METHODS.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from aiana.protocol import params, results
from aiana.protocol.codes import INTERNAL_ERROR as INTERNAL_ERROR
from aiana.protocol.codes import INVALID_PARAMS as INVALID_PARAMS
from aiana.protocol.codes import INVALID_REQUEST as INVALID_REQUEST
from aiana.protocol.codes import REQUEST_CANCELLED as REQUEST_CANCELLED
from aiana.protocol.codes import REQUEST_FAILED as REQUEST_FAILED
from aiana.protocol.codes import SERVER_NOT_INITIALIZED as SERVER_NOT_INITIALIZED

PROTOCOL_VERSION = 1

STATUS_CHANGED = "aiana/statusChanged"
DID_CHANGE = "aiana/didChange"

Queue = Literal["read", "write", "long"]


class Method(Struct, frozen=True):
    """One request of the protocol."""

    name: str
    summary: str
    params: type[params.Params]
    result: type[results.Result]
    queue: Queue
    """Which executor serves it: reads run side by side, writes one after the other."""
    example: dict[str, Any]
    errors: tuple[str, ...] = ()
    """Values of `data.kind` with -32803."""

    @property
    def command(self) -> str:
        """Name of the `workspace/executeCommand` that does the same."""
        return self.name.replace("/", ".")


METHODS: tuple[Method, ...] = (
    Method(
        "aiana/search",
        "Find messages and memories by words and by meaning.",
        params.SearchParams,
        results.SearchResult,
        "read",
        {"query": 'flaky login test after:30d -"jest"', "limit": 5},
        ("storageUnavailable", "modelUnavailable"),
    ),
    Method(
        "aiana/context",
        "Build a context block for a chat: what is worth knowing, within a budget of tokens.",
        params.ContextParams,
        results.ContextResult,
        "read",
        {"query": "why did we pin the redis client", "maxTokens": 500},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/project/list",
        "List the projects of which there are sessions, by their last activity.",
        params.NoParams,
        results.ProjectList,
        "read",
        {},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/locate",
        "Say where a message stands in its document, without the text.",
        params.LocateParams,
        results.Located,
        "read",
        {"uri": "aiana:///session/5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f/claude-code#0bb9a2d9"},
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/quote",
        "Quote messages, memories and sessions for a chat, within a budget of tokens; and in full.",
        params.QuoteParams,
        results.Quotation,
        "read",
        {
            "texts": [{"uri": "aiana:///memory/7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11"}],
            "maxTokens": 500,
        },
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/file/history",
        "Say what happened to a file: the turns of all sessions that edited, read or named it, "
        "also under its old names and in other clones, newest first.",
        params.FileHistoryParams,
        results.FileHistory,
        "read",
        {"textDocument": {"uri": "file:///home/ada/shop/src/cart.ts"}, "limit": 20},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/why",
        "Say why lines of a file are as they are: the turns whose edits stand there today, or "
        "wrote what was changed since, and those that quote them. Empty where it is not sure.",
        params.WhyParams,
        results.Why,
        "read",
        {
            "textDocument": {"uri": "file:///home/ada/shop/src/cart.ts"},
            "range": {"start": {"line": 41, "character": 0}, "end": {"line": 41, "character": 0}},
        },
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/fixes",
        "Say what made an error go away: sessions in which what was run then ran again without it, "
        "or the person said so, and what was changed in between. Names in quotes, paths and "
        "numbers may be others. Empty where it is not sure.",
        params.FixesParams,
        results.Fixes,
        "read",
        {"text": "ModuleNotFoundError: No module named 'yaml'", "limit": 5},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/memory/add",
        "Keep a text. What is known already is not stored twice, and secrets are taken out.",
        params.MemoryAddParams,
        results.MemoryAdded,
        "write",
        {"content": "Integration tests need `make services` first", "memoryType": "pattern"},
        ("excluded", "storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/memory/get",
        "Read one memory.",
        params.MemoryGetParams,
        results.MemoryResult,
        "read",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/memory/update",
        "Change what is given of a memory, and leave the rest.",
        params.MemoryUpdateParams,
        results.MemoryResult,
        "write",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11", "tags": ["ci"]},
        ("notFound", "excluded", "storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/memory/list",
        "List memories: pinned ones first (those with the tag `pinned`), then the newest.",
        params.MemoryListParams,
        results.MemoryPage,
        "read",
        {"filter": {"memoryTypes": ["pattern"]}, "limit": 10},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/memory/delete",
        "Delete memories by whole ids, or all that a filter admits. Ask with `dryRun` first, then "
        "send the number as `expected`.",
        params.MemoryDeleteParams,
        results.Deleted,
        "write",
        {"filter": {"project": "shop", "before": "2026-01-01"}, "dryRun": True},
        ("notFound", "conflict", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/memory/feedback",
        "Judge a memory; how often it was found so is kept with it.",
        params.MemoryFeedbackParams,
        results.MemoryResult,
        "write",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11", "rating": "helpful"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/memory/pin",
        "Pin a memory, so that it stands first in every list, or let it go.",
        params.MemoryPinParams,
        results.MemoryResult,
        "write",
        {"id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11", "pinned": True},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/memory/restore",
        "Undo a deletion.",
        params.MemoryRestoreParams,
        results.MemoryResult,
        "write",
        {
            "memory": {
                "id": "7d4ff1de-5b3c-4a3e-9a7e-2f1f2f0b8c11",
                "content": "Integration tests need `make services` first",
                "memoryType": "pattern",
                "project": "github.com/ada/shop",
                "createdAt": "2026-02-01T12:00:00.000Z",
                "updatedAt": "2026-02-01T12:00:00.000Z",
            }
        },
        ("conflict", "excluded", "storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/session/list",
        "List sessions by their last activity, newest first.",
        params.SessionListParams,
        results.SessionPage,
        "read",
        {"filter": {"sources": ["claude-code"]}, "limit": 10},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/session/get",
        "Read what is known of one session, without its messages.",
        params.SessionParams,
        results.SessionResult,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/messages",
        "Read messages of a session: all, or those around one.",
        params.SessionMessagesParams,
        results.MessageList,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f", "limit": 20},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/delete",
        "Delete a session with its messages, and those of its sub-agents, for good.",
        params.SessionDeleteParams,
        results.Deleted,
        "write",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/session/export",
        "Write a session as a text, for people or for programs.",
        params.SessionExportParams,
        results.Exported,
        "read",
        {"id": "5f0c9d3e-0b1a-4c8d-9e2f-6a7b8c9d0e1f", "format": "markdown"},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/session/resume",
        "Say what an editor runs, or opens, to go on with a session. The server runs nothing.",
        params.SessionResumeParams,
        results.Resumption,
        "read",
        {"uri": "aiana:///session/0198c0de-7000-7000-8000-000000000001/codex"},
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/session/changes",
        "Say what a session and its sub-agents changed, or one message of it: of each file what "
        "stood there before and what stands there after, as the calls show it.",
        params.SessionChangesParams,
        results.ChangedFiles,
        "read",
        {"uri": "aiana:///session/0198c0de-7000-7000-8000-000000000001/codex"},
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/session/handover",
        "Give an account of a session, to be put into a new chat: what was asked, done, said last "
        "and left open, quoted and cited within a budget.",
        params.SessionHandoverParams,
        results.Handover,
        "read",
        {"uri": "aiana:///session/0198c0de-7000-7000-8000-000000000001/codex", "maxTokens": 1000},
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/share",
        "Write a session with its sub-agents, or a memory, to be given to somebody else, and say "
        "what was taken out of it.",
        params.ShareParams,
        results.Shared,
        "read",
        {"uri": "aiana:///session/0198c0de-7000-7000-8000-000000000001/codex", "format": "json"},
        ("notFound", "conflict", "storageUnavailable"),
    ),
    Method(
        "aiana/session/start",
        "Announce a session that an editor or assistant begins.",
        params.SessionStartParams,
        results.SessionResult,
        "write",
        {"id": "chat-42", "project": "/home/ada/shop"},
        ("excluded", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/session/end",
        "Announce the end of a session.",
        params.SessionEndParams,
        results.SessionResult,
        "write",
        {"id": "chat-42", "summary": "Moved the cart to Redis"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/erase",
        "Forget messages and memories, and sessions of which nothing is left, for good: what a "
        "search with a filter finds. Ask with `dryRun` first, then send its `deleted` as "
        "`expected`.",
        params.ForgetParams,
        results.Forgetting,
        "write",
        {"filter": {"project": "shop"}, "text": "launch code", "dryRun": True},
        ("conflict", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/preference/add",
        "Keep how the user likes to work.",
        params.PreferenceAddParams,
        results.Profile,
        "write",
        {"text": "Uses uv for Python dependencies"},
        ("storageUnavailable", "readOnly", "tooLarge"),
    ),
    Method(
        "aiana/preference/list",
        "List all preferences.",
        params.NoParams,
        results.Profile,
        "read",
        {},
        ("storageUnavailable",),
    ),
    Method(
        "aiana/preference/remove",
        "Forget one preference.",
        params.PreferenceRemoveParams,
        results.Profile,
        "write",
        {"id": "0b8c11aa-5b3c-4a3e-9a7e-2f1f2f0b8c11"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/capture/import",
        "Read new transcripts of the assistants on this machine.",
        params.ImportParams,
        results.ImportResult,
        "long",
        {"sources": ["claude-code"], "since": "30d"},
        ("notFound", "storageUnavailable", "readOnly"),
    ),
    Method(
        "aiana/capture/sources",
        "Reconcile what each assistant keeps on disk with what is stored of it.",
        params.SourcesParams,
        results.SourceList,
        "read",
        {"sources": ["claude-code"], "files": True},
        ("notFound", "storageUnavailable"),
    ),
    Method(
        "aiana/status",
        "Say how Aiana is: what is stored, what serves, what is still to be done.",
        params.NoParams,
        results.Status,
        "read",
        {},
        (),
    ),
    Method(
        "aiana/reindex",
        "Rebuild indexes from what is stored.",
        params.ReindexParams,
        results.Reindexed,
        "long",
        {"targets": ["fts"]},
        ("storageUnavailable", "readOnly", "modelUnavailable", "conflict", "tierUnavailable"),
    ),
)
