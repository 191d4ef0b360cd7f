"""The conversations that the editor keeps in its databases, each a document and its bubbles.

`composerData:<id>` says of which bubbles a conversation is made and in which order, and
`bubbleId:<id>:<bubble>` holds one each; before that the bubbles stood in the document, and before
that in an entry of the workspace's database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiana.capture.building import Row, SessionBuilder
from aiana.capture.cursor.messages import output_text
from aiana.capture.decoding import find_text, loads, whole_number, words_in
from aiana.capture.patches import patch_of
from aiana.capture.turns import Turns
from aiana.capture.vscode_chat.places import path_of

Lookup = Callable[[str], Any]
"""The JSON value under a key of the database; None if there is none."""
_ASKED, _ANSWERED = 1, 2
_YEAR_2000_MS = 946_684_800_000
_OUTPUTS = ("output", "contents", "content", "result", "error")


class BubbleReader:
    """Gives a builder the bubbles of one conversation, in their order."""

    def __init__(
        self, builder: SessionBuilder, composer: dict[str, Any], session_id: str, content: Lookup
    ) -> None:
        self._builder = builder
        self._content = content
        self._turns = Turns(builder, session_id)
        self._is_agent = parent_of(composer) is not None
        self._model = _model_of(composer.get("modelConfig"))
        self._tools = _early_tools(composer)
        self._time(composer.get("createdAt"))

    def take(self, bubble: dict[str, Any], header: dict[str, Any]) -> str | None:
        """Take a bubble; what was left out of it and why, if anything was."""
        time = self._time(
            bubble.get("createdAt")
            or bubble.get("timestamp")
            or header.get("createdAt")
            or _started(bubble.get("timingInfo"))
        )
        name = bubble.get("bubbleId") or bubble.get("id") or header.get("bubbleId")
        kind = bubble.get("type", header.get("type"))
        if kind in (_ASKED, "user"):
            return self._asked(bubble, header, str(name or ""), time)
        if kind in (_ANSWERED, "ai", "assistant"):
            self._answered(bubble, str(name or ""), time)
            return None
        return f"Bubbles of type {str(kind)[:20]} are not known."

    def _time(self, value: Any) -> str:
        return self._builder.time(value)

    def _asked(
        self, bubble: dict[str, Any], header: dict[str, Any], name: str, time: str
    ) -> str | None:
        facts = _attached(bubble)
        text = _text_of(bubble)
        if not text and facts:
            text = "\n".join(f"[{name}]" for names in facts.values() for name in names)
        if not text:
            return None
        grouping = header.get("grouping")
        is_hidden = isinstance(grouping, dict) and grouping.get("isRenderable") is False
        if is_hidden or bubble.get("isSimulatedMsg") is True:
            self._turns.add("note", Row("system", text, "system", metadata=facts), time)
            return None
        self._turns.begin(text, name[:8] or None)
        role = "assistant" if self._is_agent else "user"
        self._turns.prompt(Row("user", text, role, metadata=facts), time)
        return None

    def _answered(self, bubble: dict[str, Any], name: str, time: str) -> None:
        model = _model_of(bubble.get("modelInfo")) or bubble.get("modelType") or self._model
        facts = {"model": model} if isinstance(model, str) and model else {}
        for thought in _thoughts(bubble):
            row = Row("thinking", thought, "assistant", metadata={**facts, "thinking": True})
            self._turns.add("thought", row, time)
        tokens = bubble.get("tokenCount")
        count = whole_number(tokens.get("outputTokens")) if isinstance(tokens, dict) else None
        if text := _text_of(bubble):
            row = Row("assistant", text, "assistant", metadata=facts)
            self._turns.add("said", row, time, tokens=count or None)
            count = None
        tool = bubble.get("toolFormerData") or self._tools.get(name)
        if isinstance(tool, dict) and (tool.get("name") or tool.get("toolCallId")):
            self._tool(tool, time, count or None)
        error = bubble.get("errorDetails")
        if isinstance(error, dict) and (words := words_in(error)):
            row = Row("system", "\n".join(words), "system", metadata={"isError": True})
            self._turns.add("note", row, time)

    def _tool(self, tool: dict[str, Any], time: str, tokens: int | None) -> None:
        name = tool.get("name")
        call = tool.get("toolCallId")
        call_id = call.split("\n")[0] if isinstance(call, str) and call.strip() else None
        result = _json(tool.get("result"))
        arguments = self._arguments(tool, result)
        row = self._builder.call_row(
            call_id, name if isinstance(name, str) and name else "tool", arguments
        )
        message_id = self._turns.add("call", row, time, tokens=tokens)
        text, code = _outcome(result)
        failed = tool.get("status") in ("error", "failed")
        if failed and not text:
            text = "\n".join(words_in(_json(tool.get("error"))))
        if not (text.strip() or failed or code):
            return
        answer = self._builder.result_row(call_id, text, row.tool_name, code)
        if failed:
            answer.metadata["isError"] = True
        if tool.get("userDecision") == "rejected" or tool.get("status") == "cancelled":
            answer.metadata["status"] = str(tool.get("userDecision") or tool.get("status"))
        self._turns.result(message_id, answer, time)

    def _arguments(self, tool: dict[str, Any], result: Any) -> Any:
        """What a tool was called with, and the change that it made of a file."""
        given = (_json(tool.get(key)) for key in ("rawArgs", "params"))
        told: Any = next((value for value in given if value), {})
        if not isinstance(told, dict) or not isinstance(result, dict):
            return told
        if patch := self._change(told, result):
            return {**told, "patch": patch}
        return told

    def _change(self, told: dict[str, Any], result: dict[str, Any]) -> str:
        named = (
            find_text(told, key) for key in ("target_file", "file_path", "relativeWorkspacePath")
        )
        path = next((name for name in named if name), "file")
        diff = result.get("diff")
        chunks = diff.get("chunks") if isinstance(diff, dict) else None
        texts = [
            text
            for chunk in (chunks if isinstance(chunks, list) else [])
            if isinstance(chunk, dict) and isinstance(text := chunk.get("diffString"), str)
        ]
        if texts:
            return "\n".join([f"--- {path}", f"+++ {path}", *texts])
        after_id = result.get("afterContentId")
        if not isinstance(after_id, str):
            return ""
        before_id = result.get("beforeContentId")
        before = self._content(before_id) if isinstance(before_id, str) else ""
        after = self._content(after_id)
        if isinstance(after, str):
            return patch_of(path, before if isinstance(before, str) else "", after)
        return ""


def begin(builder: SessionBuilder, session_id: str, composer: dict[str, Any]) -> None:
    """Tell a builder what a document says of its conversation."""
    facts = {
        "gitBranch": composer.get("createdOnBranch"),
        "mode": composer.get("unifiedMode") or composer.get("forceMode"),
    }
    builder.session(
        session_id,
        cwd=folder_of(composer),
        parent=parent_of(composer),
        metadata={key: fact for key, fact in facts.items() if isinstance(fact, str) and fact},
    )
    name = composer.get("name") or composer.get("chatTitle")
    builder.title(session_id, name if isinstance(name, str) else None)


def headers_of(composer: dict[str, Any]) -> list[dict[str, Any]]:
    """The bubbles of a conversation in their order: names of them, or whole ones."""
    for key in ("fullConversationHeadersOnly", "conversation", "bubbles"):
        told = composer.get(key)
        if isinstance(told, list) and told:
            return [header for header in told if isinstance(header, dict)]
    told = composer.get("conversationMap")
    return [b for b in told.values() if isinstance(b, dict)] if isinstance(told, dict) else []


def parent_of(composer: dict[str, Any]) -> str | None:
    """The conversation in which an agent was started."""
    told = composer.get("subagentInfo")
    for place in (told if isinstance(told, dict) else {}, composer):
        for key in ("parentComposerId", "parentAgentId", "parentConversationId"):
            if isinstance(parent := place.get(key), str) and parent:
                return parent
    return None


def children_of(composer: Any) -> list[str]:
    """The conversations of the agents that were started in one."""
    if not isinstance(composer, dict):
        return []
    return [
        child
        for key in ("subComposerIds", "subagentComposerIds")
        if isinstance(told := composer.get(key), list)
        for child in told
        if isinstance(child, str)
    ]


def folder_of(told: dict[str, Any]) -> str:
    """The folder that a document, a header or a bubble names; "" for none."""
    workspace = told.get("workspaceIdentifier")
    if isinstance(workspace, dict) and (folder := path_of(workspace.get("uri"))):
        return folder
    if folder := path_of(told.get("workspaceProjectDir")):
        return folder
    uris = told.get("workspaceUris")
    for uri in uris if isinstance(uris, list) else []:
        if folder := path_of(uri):
            return folder
    repositories = told.get("trackedGitRepos")
    for repository in repositories if isinstance(repositories, list) else []:
        if isinstance(repository, dict) and (folder := path_of(repository.get("repoPath"))):
            return folder
    return ""


def workspace_of(told: dict[str, Any]) -> str:
    """The hash of the workspace that a document names; "" for none."""
    workspace = told.get("workspaceIdentifier")
    name = workspace.get("id") if isinstance(workspace, dict) else None
    return name if isinstance(name, str) else ""


def tabs_in(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The conversations in an entry of a workspace's database, with their ids."""
    told = value if isinstance(value, dict) else {}
    for key, name in (("tabs", "tabId"), ("allComposers", "composerId")):
        found = told.get(key)
        for tab in found if isinstance(found, list) else []:
            if isinstance(tab, dict) and isinstance(tab.get(name), str) and headers_of(tab):
                yield tab[name], tab


def _text_of(bubble: dict[str, Any]) -> str:
    for key in ("text", "rawText"):
        if isinstance(text := bubble.get(key), str) and text.strip():
            return text.strip()
    rich = bubble.get("richText") or bubble.get("initText")
    return "".join(_rich(_json(rich))).strip() if isinstance(rich, str) and rich else ""


def _rich(node: Any, depth: int = 0) -> list[str]:
    """The texts of a document of an editor for formatted text."""
    if not isinstance(node, dict) or depth > 40:
        return []
    if isinstance(text := node.get("text"), str) and text:
        return [text]
    children = node.get("children") or node.get("content") or []
    inner = [
        t for c in (children if isinstance(children, list) else []) for t in _rich(c, depth + 1)
    ]
    if isinstance(root := node.get("root"), dict):
        inner += _rich(root, depth + 1)
    return [*inner, "\n"] if node.get("type") == "paragraph" else inner


def _thoughts(bubble: dict[str, Any]) -> list[str]:
    blocks = bubble.get("allThinkingBlocks")
    told = blocks if isinstance(blocks, list) and blocks else [bubble.get("thinking")]
    texts = (b.get("text") or b.get("thinking") if isinstance(b, dict) else b for b in told)
    return [text.strip() for text in texts if isinstance(text, str) and text.strip()]


def _attached(bubble: dict[str, Any]) -> dict[str, Any]:
    """What was put beside a prompt, by its names."""
    context = bubble.get("context")
    context = context if isinstance(context, dict) else bubble
    names: list[str] = []
    for key in ("fileSelections", "folderSelections", "selections", "selectedImages", "images"):
        told = context.get(key, bubble.get(key))
        for item in told if isinstance(told, list) else []:
            if isinstance(item, dict):
                place = path_of(item.get("uri")) or path_of(item.get("path"))
                name = place or item.get("name") or item.get("filename")
                names += [name] if isinstance(name, str) and name else []
    return {"attachments": list(dict.fromkeys(names))} if names else {}


def _early_tools(composer: dict[str, Any]) -> dict[str, Any]:
    """Tool calls by bubble, as they stood beside the bubbles at first."""
    capabilities = composer.get("capabilities")
    for capability in capabilities if isinstance(capabilities, list) else []:
        data = capability.get("data") if isinstance(capability, dict) else None
        told = _json(data.get("bubbleDataMap")) if isinstance(data, dict) else None
        if isinstance(told, dict) and told:
            return told
    return {}


def _json(value: Any) -> Any:
    """The value of a JSON text; what is none stays as it is."""
    if not isinstance(value, str):
        return value
    try:
        return loads(value.encode("utf-8", "replace"))
    except ValueError:
        return {"input": value} if value.strip() else None


def _outcome(result: Any) -> tuple[str, int | None]:
    """What a tool gave back, and its exit code."""
    if not isinstance(result, dict):
        return output_text(result), None
    if "afterContentId" in result or isinstance(result.get("diff"), dict):
        return "", None  # the change stands with the call
    code = next(
        (v for key in ("exitCode", "exitCodeV2") if (v := whole_number(result.get(key)))), None
    )
    for key in (*_OUTPUTS, "input"):
        if isinstance(text := result.get(key), str) and text.strip():
            return text, code
    return "\n".join(dict.fromkeys(words_in(result))), code


def _model_of(told: Any) -> str | None:
    name = told.get("modelName") if isinstance(told, dict) else None
    return name if isinstance(name, str) and name not in ("", "default") else None


def _started(timing: Any) -> float | None:
    """When an answer began, in ms; where only how long it took is told, that before its end."""
    if not isinstance(timing, dict):
        return None
    times = [
        value
        for key in ("clientStartTime", "clientRpcSendTime", "clientSettleTime", "clientEndTime")
        if isinstance(value := timing.get(key), (int, float)) and value > 0
    ]
    if not times or times[0] >= _YEAR_2000_MS or timing.get("clientStartTime") != times[0]:
        return times[0] if times and times[0] >= _YEAR_2000_MS else None
    later = next((value for value in times[1:] if value >= _YEAR_2000_MS), None)
    return later - times[0] if later else None
