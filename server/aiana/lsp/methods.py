"""What each method of the protocol does: decode, one call of the service, answer."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from aiana.errors import InvalidQuery
from aiana.lsp.call import Call
from aiana.lsp.server import AianaServer, Handler
from aiana.lsp.uris import name_of, open_document, path_of
from aiana.models import SearchFilter
from aiana.paths import expanded
from aiana.protocol import params, results
from aiana.service import Aiana


class Methods:
    """The handlers; the server is asked for the workspace only."""

    def __init__(self, server: AianaServer) -> None:
        self._server = server

    def table(self) -> dict[str, Handler]:
        """Every method's handler by its name."""
        return {
            "aiana/search": self.search,
            "aiana/context": self.context,
            "aiana/project/list": project_list,
            "aiana/locate": self.locate,
            "aiana/quote": self.quote,
            "aiana/file/history": self.file_history,
            "aiana/why": self.why,
            "aiana/fixes": fixes,
            "aiana/memory/add": self.memory_add,
            "aiana/memory/get": memory_get,
            "aiana/memory/update": memory_update,
            "aiana/memory/list": memory_list,
            "aiana/memory/delete": memory_delete,
            "aiana/memory/feedback": memory_feedback,
            "aiana/memory/pin": memory_pin,
            "aiana/memory/restore": memory_restore,
            "aiana/session/list": session_list,
            "aiana/session/get": session_get,
            "aiana/session/messages": session_messages,
            "aiana/session/delete": session_delete,
            "aiana/session/export": session_export,
            "aiana/session/resume": session_resume,
            "aiana/session/changes": session_changes,
            "aiana/session/handover": session_handover,
            "aiana/share": share,
            "aiana/session/start": session_start,
            "aiana/session/end": session_end,
            "aiana/erase": forget,
            "aiana/preference/add": preference_add,
            "aiana/preference/list": preference_list,
            "aiana/preference/remove": preference_remove,
            "aiana/capture/import": capture_import,
            "aiana/capture/sources": capture_sources,
            "aiana/status": status,
            "aiana/reindex": reindex,
        }

    def search(self, aiana: Aiana, p: params.SearchParams, call: Call) -> results.SearchResult:
        return aiana.search(
            p.query,
            limit=p.limit,
            cursor=p.cursor,
            mode=p.mode,
            filter=self._scoped(aiana, p),
            group_by_session=p.group_by_session,
            partial=call.partial if call.wants_partial else None,
            explain=p.explain,
        )

    def context(self, aiana: Aiana, p: params.ContextParams, call: Call) -> results.ContextResult:
        uri = p.text_document.uri if p.text_document else None
        about = [p.query, p.selection, name_of(uri) if uri else None]
        return aiana.context(
            " ".join(part for part in about if part) or None,
            project=self._project(aiana, uri) if p.project is None else p.project,
            scope=p.scope,
            max_tokens=self._budget(p.max_tokens),
            refresh=p.refresh,
        )

    def file_history(
        self, aiana: Aiana, p: params.FileHistoryParams, call: Call
    ) -> results.FileHistory:
        return aiana.file_history(self._file(p), p.limit, p.cursor)

    def why(self, aiana: Aiana, p: params.WhyParams, call: Call) -> results.Why:
        opened = None
        if p.path is None and p.text_document is not None:
            opened = open_document(self._server.workspace, p.text_document.uri)
        last = p.range.end.line + (p.range.end.character > 0 or p.range.start == p.range.end)
        return aiana.why(
            self._file(p),
            p.range.start.line + 1,
            last,
            text=None if opened is None else opened.source,
            cancelled=call.cancelled,
            limit=p.limit,
        )

    def _file(self, p: params.FileHistoryParams | params.WhyParams) -> Path:
        path = path_of(p.text_document.uri) if p.text_document else None
        if p.path is not None:
            path = Path("", *self._folders[:1], expanded(p.path))
        if path is None:
            raise InvalidQuery("Name a file: a document on this disk, or a path.")
        return path

    def locate(self, aiana: Aiana, p: params.LocateParams, call: Call) -> results.Located:
        return aiana.locate(p.uri, self._server.editor.follows_links, p.as_file)

    def quote(self, aiana: Aiana, p: params.QuoteParams, call: Call) -> results.Quotation:
        return aiana.quote(p.texts, self._budget(p.max_tokens))

    def memory_add(
        self, aiana: Aiana, p: params.MemoryAddParams, call: Call
    ) -> results.MemoryAdded:
        origin = p.origin
        project = p.project
        if project is None:
            project = self._project(aiana, origin.uri if origin else None) or ""
        metadata = p.metadata
        if origin is not None:
            start_end = origin.range and [origin.range.start.line, origin.range.end.line]
            metadata = {**metadata, "origin": {"uri": origin.uri, "lines": start_end}}
        return aiana.add_memory(
            p.content,
            p.memory_type,
            project=project,
            session_id=p.session_id,
            tags=p.tags,
            metadata=metadata,
            idempotency_key=p.idempotency_key,
        )

    def _scoped(self, aiana: Aiana, p: params.SearchParams) -> SearchFilter:
        """The filter with the workspace's project in it, unless the client wants all."""
        filter = p.filter
        if p.scope == "all" or filter.project is not None or filter.session_id is not None:
            return filter
        project = self._project(aiana, p.text_document.uri if p.text_document else None)
        return filter if project is None else replace(filter, project=project)

    def _project(self, aiana: Aiana, uri: str | None) -> str | None:
        """Identity of the project of a document, or of the first workspace folder."""
        found = aiana.project_at(path_of(uri) if uri else None, self._folders)
        return None if found is None else found.id

    @property
    def _folders(self) -> list[Path]:
        """The workspace folders that lie on a disk."""
        workspace = self._server.workspace
        uris = [folder.uri for folder in workspace.folders.values()]
        return [path for path in map(path_of, [*uris, workspace.root_uri or ""]) if path]

    def _budget(self, asked: int | None) -> int | None:
        return self._server.context_max_tokens if asked is None else asked


def project_list(aiana: Aiana, p: params.NoParams, call: Call) -> results.ProjectList:
    return aiana.list_projects()


def fixes(aiana: Aiana, p: params.FixesParams, call: Call) -> results.Fixes:
    text, rule = p.error()
    return aiana.fixes(text, rule, cancelled=call.cancelled, limit=p.limit)


def memory_get(aiana: Aiana, p: params.MemoryGetParams, call: Call) -> results.MemoryResult:
    return aiana.get_memory(p.id)


def memory_update(aiana: Aiana, p: params.MemoryUpdateParams, call: Call) -> results.MemoryResult:
    return aiana.update_memory(p.id, p.content, p.memory_type, p.project, p.tags, p.metadata)


def memory_list(aiana: Aiana, p: params.MemoryListParams, call: Call) -> results.MemoryPage:
    return aiana.list_memories(p.filter, p.limit, p.cursor)


def memory_delete(aiana: Aiana, p: params.MemoryDeleteParams, call: Call) -> results.Deleted:
    return aiana.delete_memories(p.ids, p.filter, p.dry_run, p.expected)


def memory_restore(aiana: Aiana, p: params.MemoryRestoreParams, call: Call) -> results.MemoryResult:
    return aiana.restore_memory(p.memory)


def memory_feedback(
    aiana: Aiana, p: params.MemoryFeedbackParams, call: Call
) -> results.MemoryResult:
    return aiana.rate_memory(p.id, p.rating)


def memory_pin(aiana: Aiana, p: params.MemoryPinParams, call: Call) -> results.MemoryResult:
    return aiana.pin_memory(p.id, p.pinned)


def session_list(aiana: Aiana, p: params.SessionListParams, call: Call) -> results.SessionPage:
    return aiana.list_sessions(p.filter, p.limit, p.cursor, p.agents)


def session_get(aiana: Aiana, p: params.SessionParams, call: Call) -> results.SessionResult:
    return aiana.get_session(p.id, p.source)


def session_messages(
    aiana: Aiana, p: params.SessionMessagesParams, call: Call
) -> results.MessageList:
    return aiana.session_messages(p.id, p.around, p.limit, p.source)


def session_delete(aiana: Aiana, p: params.SessionDeleteParams, call: Call) -> results.Deleted:
    return aiana.delete_session(p.id, p.dry_run, p.source)


def session_export(aiana: Aiana, p: params.SessionExportParams, call: Call) -> results.Exported:
    return aiana.export_session(p.id, p.format, p.source)


def session_resume(aiana: Aiana, p: params.SessionResumeParams, call: Call) -> results.Resumption:
    return aiana.resume(p.uri, p.mode)


def session_changes(
    aiana: Aiana, p: params.SessionChangesParams, call: Call
) -> results.ChangedFiles:
    return aiana.session_changes(p.uri, p.as_diff)


def session_handover(aiana: Aiana, p: params.SessionHandoverParams, call: Call) -> results.Handover:
    return aiana.hand_over(p.uri, p.max_tokens)


def share(aiana: Aiana, p: params.ShareParams, call: Call) -> results.Shared:
    return aiana.share(p.uri, p.format)


def session_start(aiana: Aiana, p: params.SessionStartParams, call: Call) -> results.SessionResult:
    return aiana.start_session(p.id, p.project, p.metadata)


def session_end(aiana: Aiana, p: params.SessionEndParams, call: Call) -> results.SessionResult:
    return aiana.end_session(p.id, p.summary, p.source)


def forget(aiana: Aiana, p: params.ForgetParams, call: Call) -> results.Forgetting:
    return aiana.forget(p.filter, p.text, p.excluded, p.expired, p.dry_run, p.expected)


def preference_add(aiana: Aiana, p: params.PreferenceAddParams, call: Call) -> results.Profile:
    return aiana.add_preference(p.text, p.static)


def preference_list(aiana: Aiana, p: params.NoParams, call: Call) -> results.Profile:
    return aiana.profile()


def preference_remove(
    aiana: Aiana, p: params.PreferenceRemoveParams, call: Call
) -> results.Profile:
    return aiana.remove_preference(p.id)


def capture_import(aiana: Aiana, p: params.ImportParams, call: Call) -> results.ImportResult:
    return aiana.import_sessions(p.sources, p.paths, p.since, call.progress, call.cancelled)


def capture_sources(aiana: Aiana, p: params.SourcesParams, call: Call) -> results.SourceList:
    return aiana.capture_sources(p.sources, p.files)


def status(aiana: Aiana, p: params.NoParams, call: Call) -> results.Status:
    return aiana.status()


def reindex(aiana: Aiana, p: params.ReindexParams, call: Call) -> results.Reindexed:
    return aiana.reindex(p.targets, call.progress, call.cancelled)
