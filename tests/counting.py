"""Independent readers of what assistants write: how much stands in a file, by the pages about it.

Nothing of aiana is imported here: lines, JSON, and what each format says of itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple


class Counted(NamedTuple):
    """What a file holds."""

    sessions: int
    prompts: int
    """What a person said."""
    answers: int
    """Texts of the assistant; thoughts are none."""
    calls: int


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a file, also where two stand on one line; what is no JSON is passed over."""
    decoder = json.JSONDecoder()
    for line in path.read_text("utf-8", "replace").split("\n"):
        rest = line.strip()
        while rest:
            try:
                record, end = decoder.raw_decode(rest)
            except ValueError:
                break
            rest = rest[end:].lstrip()
            if isinstance(record, dict):
                yield record


def _one(prompts: int, answers: int, calls: int, others: int = 0) -> Counted:
    """Of a file that holds one session, if it holds anything."""
    return Counted(int(bool(prompts + answers + calls + others)), prompts, answers, calls)


def _texts(content: Any) -> str:
    """What is said in a text or in parts, together; an image is said as well."""
    parts = content if isinstance(content, list) else [content or ""]
    told = [{"text": part} if isinstance(part, str) else part for part in parts]
    return "".join(part.get("text") or part.get("type", "") for part in told).strip()


def claude_code(path: Path) -> Counted:
    rows: dict[tuple[str, int], tuple[str, str]] = {}
    queue: list[str] = []
    steering = 0
    for record in lines_of(path):
        match record.get("operation"):
            case "enqueue":
                queue.append(record["content"])
            case "dequeue":
                queue.pop(0)
            case "remove":
                steering += not queue.pop(0).startswith(("<task-not", "<agent-not"))
        if uuid := record.get("uuid"):
            session = f"{record.get('sessionId')}/{record.get('agentId')}"
            for n, kind in enumerate(_claude_rows(record)):
                rows.setdefault((uuid, n), (kind, session))
    kinds = [kind for kind, _ in rows.values()]
    return Counted(
        len({session for _, session in rows.values()}),
        kinds.count("prompt") + steering,
        kinds.count("text"),
        kinds.count("tool_use"),
    )


def claude_blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The content of a message of Claude Code; what is a text only, as a block of text."""
    blocks = message.get("content") or []
    blocks = [blocks] if isinstance(blocks, str) else blocks
    return [b if isinstance(b, dict) else {"type": "text", "text": b} for b in blocks]


def _claude_rows(record: dict[str, Any]) -> list[str]:
    kind, message = record.get("type"), record.get("message")
    if kind == "system":
        return ["system"] if record.get("content") else []
    if kind not in ("user", "assistant") or not isinstance(message, dict):
        return []
    blocks = claude_blocks(message)
    if kind == "assistant":
        program = record.get("isApiErrorMessage") or message.get("model") == "<synthetic>"
        return [
            "system" if program and block["type"] == "text" else block["type"]
            for block in blocks
            if block["type"] == "tool_use" or str(block.get(block["type"], "")).strip()
        ]
    results = ["tool_result" for block in blocks if block["type"] == "tool_result"]
    said = [b.get("text", "[image]") for b in blocks if b["type"] != "tool_result"]
    text = "\n".join(said).strip()
    if not text or text.startswith(("Caveat:", "<local-command-caveat>")):
        return results
    program = record.get("isMeta") or record.get("isCompactSummary") or record.get("isSidechain")
    program = program or record.get("origin", {}).get("kind", "human") != "human"
    is_said = not text.startswith(("<local-command-std", "[Request int", "<task-not", "<agent-not"))
    return [*results, "prompt" if is_said and not program else "other"]


def codex(path: Path) -> Counted:
    prompts: list[tuple[str, str]] = []
    answers: list[tuple[str, str]] = []
    calls: set[str] = set()
    others = 0

    def add(said: list[tuple[str, str]], text: str, of: str) -> None:
        """An event and an item tell the same thing; two of either are two things."""
        known = [n for n, (told, by) in enumerate(said) if told == text.strip() and of not in by]
        if known:
            said[known[0]] = (text.strip(), said[known[0]][1] + of)
        elif text.strip():
            said.append((text.strip(), of))

    for number, record in enumerate(lines_of(path)):
        payload = record.get("payload") or {}
        match payload.get("type"), payload.get("role"):
            case "message", "user" | "assistant" as role:
                text = "\n".join(part.get("text") or "" for part in payload["content"])
                if role == "user" and re.match(r"<[a-z_]+>|# AGENTS\.md", text):
                    others += 1
                else:
                    add(prompts if role == "user" else answers, text, "item ")
            case ("user_message" | "agent_message") as kind, _ if record["type"] == "event_msg":
                add(prompts if kind[0] == "u" else answers, payload["message"], "event ")
            case "function_call" | "custom_tool_call" | "local_shell_call" | "tool_call", _:
                calls.add(payload.get("call_id") or str(number))
            case "reasoning" | "error", _:
                others += 1
    return _one(len(prompts), len(answers), len(calls), others)


def codex_printed(path: Path) -> Counted:
    kinds = [r["item"]["type"] for r in lines_of(path) if r["type"] == "item.completed"]
    calls = kinds.count("command_execution") + kinds.count("file_change")
    return _one(0, kinds.count("agent_message"), calls, kinds.count("reasoning"))


def copilot_cli(path: Path) -> Counted:
    told: set[tuple[str, str, str]] = set()
    calls: set[str] = set()
    for event in lines_of(path):
        data = event["data"]
        if event["type"] in ("user.message", "assistant.message") and data.get("content"):
            told.add((event["type"], event["id"], data["content"]))
        calls |= {request["toolCallId"] for request in data.get("toolRequests", [])}
        if event["type"] == "tool.execution_start":
            calls.add(data["toolCallId"])
    said = [kind for kind, _, _ in told]
    return _one(said.count("user.message"), said.count("assistant.message"), len(calls))


def cursor(path: Path) -> Counted:
    kinds = []
    for record in lines_of(path):
        for part in record.get("message", {}).get("content", []):
            is_text = part["type"] == "text" and part["text"] != "[REDACTED]"
            kinds.append(record["role"] if is_text else part["type"].replace("-", "_"))
    calls = kinds.count("tool_use") + kinds.count("tool_call")
    return _one(kinds.count("user"), kinds.count("assistant"), calls)


def gemini(path: Path) -> Counted:
    """A message that is told again is the same; the head and what tools answered are no text."""
    told: list[dict[str, Any]] = []
    if path.suffix == ".jsonl":
        for record in lines_of(path):
            told += [*record.get("$set", {}).get("messages", []), record]
    else:
        document = json.loads(path.read_text())
        told = document.get("messages", [document])
    messages = {message.get("id") or n: message for n, message in enumerate(told)}
    prompts = answers = calls = 0
    for message in messages.values():
        if (kind := message.get("type")) in ("user", "gemini", "model"):
            said = _texts(message.get("content") or message.get("parts"))
            is_said = bool(said) and not said.startswith("<session_context>")
            prompts += is_said and kind == "user"
            answers += is_said and kind != "user"
            calls += len(message.get("toolCalls", []))
    return _one(prompts, answers, calls)


def qwen(path: Path) -> Counted:
    parts: dict[tuple[str, int], str] = {}
    own = re.compile(r"<qwen:[\w-]+>")
    for record in lines_of(path):
        if record.get("type") not in ("user", "assistant") or record.get("subtype") in (
            "notification",
            "cron",
        ):
            continue
        for n, part in enumerate(record.get("message", {}).get("parts", [])):
            if "functionCall" in part:
                parts[record["uuid"], n] = "call"
            elif part.get("text") and not part.get("thought") and not own.match(part["text"]):
                parts[record["uuid"], n] = record["type"]
    kinds = list(parts.values())
    return _one(kinds.count("user"), kinds.count("assistant"), kinds.count("call"))


def droid(path: Path) -> Counted:
    kinds = []
    for record in lines_of(path):
        told = record.get("message")
        message = told if isinstance(told, dict) else {}
        parts = message.get("content", [])
        kinds += [message["role"] if p["type"] == "text" else p["type"] for p in parts]
        kinds += [record["role"]] if "role" in record else []
        kinds += {"tool_call": ["tool_use"], "completion": ["assistant"]}.get(record["type"], [])
    return _one(kinds.count("user"), kinds.count("assistant"), kinds.count("tool_use"))


def kimi(path: Path) -> Counted:
    prompts = answers = calls = others = 0
    for record in lines_of(path):
        message, event = record.get("message", {}), record.get("event", {})
        if record["type"] == "context.append_message" and message.get("role") == "user":
            is_said = (
                message.get("origin", {}).get("kind") == "user" and "subagent" not in path.name
            )
            prompts += is_said
            others += not is_said
        elif event.get("type") == "content.part":
            answers += event["part"]["type"] == "text"
        calls += event.get("type") == "tool.call"
    return _one(prompts, answers, calls, others)


def grok(path: Path) -> Counted:
    prompts = answers = calls = 0
    for record in lines_of(path):
        prompts += record["type"] == "user" and "synthetic_reason" not in record
        if record["type"] == "assistant":
            answers += bool(_texts(record.get("content")))
            calls += len(record.get("tool_calls", []))
        calls += record["type"] == "backend_tool_call"
    return _one(prompts, answers, calls)


def antigravity(path: Path) -> Counted:
    records = list(lines_of(path))
    answers = [r for r in records if r["type"] == "PLANNER_RESPONSE" and r.get("content")]
    asked = [r for r in records if r["source"] == "USER_EXPLICIT"]
    return _one(len(asked), len(answers), sum(len(r.get("tool_calls", [])) for r in records))


def hermes(path: Path) -> Counted:
    prompts = answers = calls = 0
    for message in json.loads(path.read_text())["messages"]:
        prompts += message["role"] == "user"
        answers += message["role"] == "assistant" and bool(_texts(message.get("content")))
        calls += len(message.get("tool_calls") or [])
    return _one(prompts, answers, calls)


def pi(path: Path) -> Counted:
    kinds = []
    for record in lines_of(path):
        message = record.get("message", {})
        content = message.get("content", [])
        parts = content if isinstance(content, list) else [{"type": "text"}]
        if record["type"] == "message":
            kinds += [message["role"] for part in parts if part["type"] == "text"]
            kinds += ["call" for part in parts if part["type"] == "toolCall"]
    return _one(kinds.count("user"), kinds.count("assistant"), kinds.count("call"))


def vscode_chat(path: Path) -> Counted:
    state: Any = None
    for entry in lines_of(path):
        if entry["kind"] == 0:
            state = entry["v"]
            continue
        *way, last = entry["k"]
        place: Any = state
        for key in way:
            place = place[key]
        if entry["kind"] == 1:
            place[last] = entry["v"]
        elif entry["kind"] == 2:
            kept = place.get(last, [])[: entry.get("i")]
            place[last] = kept + entry.get("v", [])
    requests = state["requests"]
    answers = [p for r in requests for p in r.get("response", []) if "kind" not in p]
    calls = [p for r in requests for p in r.get("response", []) if p.get("toolCallId")]
    return _one(len(requests), len(answers), len(calls))


def aider(path: Path) -> Counted:
    """What Aider itself writes ends in two spaces: prompts after `#### `, its own words after `>`.

    All else is an answer, and so is what follows one without such an end.
    """
    sessions = prompts = answers = 0
    run, said, is_answering, is_new = "", False, False, True
    for line in path.read_text().splitlines():
        is_own = line.endswith("  ") or not is_answering
        kind = "answer"
        if is_head := line.startswith("# aider chat started at "):
            kind, is_new, is_answering = "head", True, False
        elif is_own and line.startswith(("#### ", "> ")):
            kind = "prompt" if line[0] == "#" else "program"
        if kind != run:
            run, said = kind, False
        if line.strip("#> ") and not is_head:
            is_answering = kind == "answer"
            sessions, is_new = sessions + is_new, False
            prompts += kind == "prompt" and not said
            answers += kind == "answer" and not said
            said = True
    return Counted(sessions, prompts, answers, 0)


def specstory(path: Path) -> Counted:
    """Headings at the margin say who has the word; what an element holds is no text of theirs."""
    text = path.read_text()
    calls = 0
    kept = []
    inside = ""
    for line in text.splitlines():
        if inside:
            inside = "" if re.match(inside, line) else inside
        elif line.startswith("<tool-use "):
            calls, inside = calls + 1, r"(</details>)?</tool-use>$"
            kept.append("<>")
        elif line.startswith("<think>"):
            inside = "" if line.endswith("</details></think>") else r".*</think>$"
            kept.append("<>")
        else:
            kept.append(line)
    prompts = answers = others = 0
    heading = r"(?m)^_\*\*(User|Agent)( - sidechain)?(?: \((.*)\))?\*\*_$"
    _, *blocks = re.split(heading, "\n".join(kept))
    for who, side, facts, said in zip(*(blocks[n::4] for n in range(4)), strict=True):
        texts = [part.strip().removesuffix("---").strip() for part in said.split("<>")]
        if who == "User":
            is_program = texts[0].startswith(("<local-com", "Caveat:", "<task-not", "[Request int"))
            prompts += bool(texts[0]) and not is_program
            others += is_program
        elif not side or re.match(r"[a-z]", facts or ""):
            answers += sum(map(bool, texts))
        else:
            others += 1
    return _one(prompts, answers, calls, others)


def opencode(storage: Path) -> Counted:
    """Of a `storage` folder: its messages lie in one folder, the parts of each in another."""
    parts: list[tuple[str, str]] = []
    for path in storage.glob("part/**/*.json"):
        part = json.loads(path.read_text())
        if not part.get("synthetic"):
            parts.append((part.get("messageID", path.parent.name), part["type"]))
    said: list[str] = []
    for path in storage.glob("message/*/*.json"):
        message = json.loads(path.read_text())
        own = [kind for of, kind in parts if of == message["id"]]
        said += [message["role"] if kind == "text" else kind for kind in own]
        if not own and message.get("summary", {}).get("title"):
            said.append(message["role"])
    sessions = len(list(storage.glob("session/*/*.json")))
    return Counted(sessions, said.count("user"), said.count("assistant"), said.count("tool"))


READERS: dict[str, Callable[[Path], Counted]] = {
    "aider": aider,
    "claude-code": claude_code,
    "codex": codex,
    "codex-exec-stream": codex_printed,
    "copilot-cli": copilot_cli,
    "cursor": cursor,
    "gemini": gemini,
    "vscode-chat": vscode_chat,
    "antigravity": antigravity,
    "droid": droid,
    "grok": grok,
    "hermes": hermes,
    "kimi": kimi,
    "openclaw": pi,
    "pi": pi,
    "specstory": specstory,
    "qwen": qwen,
}
"""By the folder in which the shared files lie."""
