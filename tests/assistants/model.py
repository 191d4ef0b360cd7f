"""A model that says what a script tells it to, in the four ways that assistants speak.

Anthropic Messages, OpenAI Chat Completions and Responses, Gemini's generateContent; it binds to
127.0.0.1 and keeps what it was asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

from tests.assistants.steps import Says, Script, Step, Thinks, Tool, call_of


class Model:
    """A running server that plays the turns given; `asked` are the bodies of its requests.

    `is_plain` is for a program without tools: what is written comes as text.
    """

    def __init__(self, turns: Sequence[Sequence[Step]], is_plain: bool = False) -> None:
        self.asked: list[str] = []
        model, script = self, Script(turns)

        class Bound(_Handler):
            asked = model.asked

            def answer(self, prompts: int, tools: Sequence[Tool]) -> Answer:
                if not tools:
                    return Answer(script.as_text(prompts) if is_plain else "Scripted session")
                return Answer.of(script.next(prompts), tools)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Answer:
    """What the model says next, and which tool it calls with what."""

    def __init__(
        self, said: str, thoughts: Sequence[str] = (), call: tuple[Tool, Any] | None = None
    ) -> None:
        self.said, self.thoughts, self.call = said, thoughts, call

    @classmethod
    def of(cls, steps: Sequence[Step], tools: Sequence[Tool]) -> Answer:
        thoughts = [step.text for step in steps if isinstance(step, Thinks)]
        said = [step.text for step in steps if isinstance(step, Says)]
        call = None
        if steps and not isinstance(steps[-1], (Thinks, Says)):
            call = call_of(steps[-1], tools)
            if call is None:
                said.append(f"(no tool for {steps[-1]})")
        return cls("\n\n".join(said) or ("" if call else "Done."), thoughts, call)


def _id(of: str) -> str:
    return f"{of}_{uuid4().hex[:20]}"


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    kinds = (None, "text", "input_text")
    return "".join(part.get("text", "") for part in content or [] if part.get("type") in kinds)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]

    def answer(self, prompts: int, tools: Sequence[Tool]) -> Answer:
        raise NotImplementedError

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        models = [{"id": "scripted", "object": "model", "slug": "scripted"}]
        self._reply({"object": "list", "data": models, "models": []})

    def do_HEAD(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "zstd":
            self._reply({"error": "send it uncompressed"}, 415)
            return
        ask = json.loads(body or b"{}")
        self.asked.append(json.dumps(ask, ensure_ascii=False))
        path = self.path.split("?")[0].lower()
        if "count" in path:
            self._reply({"input_tokens": 100, "totalTokens": 100})
        elif path.endswith("/messages"):
            self._messages(ask)
        elif path.endswith("/chat/completions"):
            self._chat(ask)
        elif path.endswith("/responses"):
            self._responses(ask)
        elif "generatecontent" in path:
            self._gemini(ask, "stream" in path)
        else:
            self._reply({})

    def _reply(self, value: Any, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Iterable[Any], *, named: bool = True, end: bytes = b"") -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        for event in events:
            name = f"event: {event['type']}\n" if named else ""
            self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
        self.wfile.write(end)
        self.close_connection = True

    def _messages(self, ask: Any) -> None:
        tools = [
            Tool(t["name"], t.get("input_schema")) for t in ask.get("tools") or [] if "name" in t
        ]
        asked = [m["content"] for m in ask.get("messages", []) if m["role"] == "user"]
        kinds = [
            {"text"} if isinstance(a, str) else {part.get("type") for part in a} for a in asked
        ]
        prompts = sum("text" in each and "tool_result" not in each for each in kinds)
        answer = self.answer(prompts, tools)
        blocks: list[tuple[Any, Any, Any]] = []
        """Each as a whole, as it begins, and what is added to that."""
        if ask.get("thinking", {}).get("type") in ("enabled", "adaptive"):
            for each in answer.thoughts:
                empty: dict[str, Any] = {
                    "type": "thinking",
                    "thinking": "",
                    "signature": "c2NyaXB0ZWQ=",
                }
                delta = {"type": "thinking_delta", "thinking": each}
                blocks.append(({**empty, "thinking": each}, empty, delta))
        if answer.said:
            delta = {"type": "text_delta", "text": answer.said}
            blocks.append(
                ({"type": "text", "text": answer.said}, {"type": "text", "text": ""}, delta)
            )
        if answer.call is not None:
            tool, given = answer.call
            empty = {"type": "tool_use", "id": _id("toolu"), "name": tool.name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(given)}
            blocks.append(({**empty, "input": given}, empty, delta))
        stop = "tool_use" if answer.call else "end_turn"
        message = {
            "id": _id("msg"),
            "type": "message",
            "role": "assistant",
            "model": ask.get("model"),
            "content": [whole for whole, _, _ in blocks],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }
        if not ask.get("stream"):
            self._reply(message)
            return
        events: list[Any] = [
            {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}}
        ]
        for n, (_, begun, delta) in enumerate(blocks):
            events += [
                {"type": "content_block_start", "index": n, "content_block": begun},
                {"type": "content_block_delta", "index": n, "delta": delta},
                {"type": "content_block_stop", "index": n},
            ]
        ended = {"stop_reason": stop, "stop_sequence": None}
        events.append({"type": "message_delta", "delta": ended, "usage": {"output_tokens": 20}})
        self._stream([*events, {"type": "message_stop"}])

    def _chat(self, ask: Any) -> None:
        functions = [tool["function"] for tool in ask.get("tools") or [] if "function" in tool]
        tools = [Tool(each["name"], each.get("parameters")) for each in functions]
        asked = [m["content"] for m in ask.get("messages", []) if m["role"] == "user"]
        answer = self.answer(sum(bool(_text(each).strip()) for each in asked), tools)
        message: dict[str, Any] = {"role": "assistant", "content": answer.said or None}
        if answer.thoughts:
            message["reasoning_content"] = "\n".join(answer.thoughts)
        if answer.call is not None:
            tool, given = answer.call
            function = {"name": tool.name, "arguments": json.dumps(given)}
            call = {"index": 0, "id": _id("call"), "type": "function", "function": function}
            message["tool_calls"] = [call]
        why = "tool_calls" if answer.call else "stop"
        base = {"id": _id("chat"), "created": 1, "model": ask.get("model")}
        usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
        if not ask.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": why}
            whole = {**base, "object": "chat.completion", "choices": [choice], "usage": usage}
            self._reply(whole)
            return
        chunk = {**base, "object": "chat.completion.chunk"}
        steps: list[tuple[Any, str | None]] = [(message, None), ({}, why)]
        choices = [{"index": 0, "delta": delta, "finish_reason": end} for delta, end in steps]
        events = [*({**chunk, "choices": [each]} for each in choices)]
        last = {**chunk, "choices": [], "usage": usage}
        self._stream([*events, last], named=False, end=b"data: [DONE]\n\n")

    def _responses(self, ask: Any) -> None:
        tools = [
            Tool(
                tool["name"],
                tool.get("parameters"),
                namespace=group.get("name") if "tools" in group else None,
                is_custom=tool.get("type") == "custom",
            )
            for group in ask.get("tools") or []
            for tool in group.get("tools", [group])
            if tool.get("name")
        ]
        items = (
            ask["input"]
            if isinstance(ask.get("input"), list)
            else [{"role": "user", "content": ask.get("input")}]
        )
        asked = [_text(item.get("content")).strip() for item in items if item.get("role") == "user"]
        answer = self.answer(
            sum(bool(each) and not each.startswith(("<", "# AGENTS")) for each in asked), tools
        )
        output: list[dict[str, Any]] = [
            {
                "type": "reasoning",
                "id": _id("rs"),
                "summary": [{"type": "summary_text", "text": each}],
                "content": None,
                "encrypted_content": "c2NyaXB0ZWQ=",
            }
            for each in answer.thoughts
        ]
        if answer.said:
            text = {"type": "output_text", "text": answer.said, "annotations": []}
            item = {"type": "message", "id": _id("msg"), "role": "assistant"}
            output.append({**item, "status": "completed", "content": [text]})
        if answer.call is not None:
            tool, given = answer.call
            item = {"call_id": _id("call"), "name": tool.name, "status": "completed"}
            if tool.is_custom:
                item |= {
                    "type": "custom_tool_call",
                    "id": _id("ctc"),
                    "input": next(iter(given.values())),
                }
            else:
                item |= {"type": "function_call", "id": _id("fc"), "arguments": json.dumps(given)}
            output.append(item | ({"namespace": tool.namespace} if tool.namespace else {}))
        whole = {
            "id": _id("resp"),
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": ask.get("model"),
            "output": output,
            "usage": {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120},
        }
        if not ask.get("stream"):
            self._reply(whole)
            return
        events: list[Any] = [{"type": "response.created", "response": {**whole, "output": []}}]
        for n, item in enumerate(output):
            events += [
                {"type": "response.output_item.added", "output_index": n, "item": item},
                {"type": "response.output_item.done", "output_index": n, "item": item},
            ]
        self._stream([*events, {"type": "response.completed", "response": whole}])

    def _gemini(self, ask: Any, stream: bool) -> None:
        declared = [d for tool in ask.get("tools") or [] for d in tool["functionDeclarations"]]
        tools = [
            Tool(each["name"], each.get("parametersJsonSchema") or each.get("parameters"))
            for each in declared
        ]
        asked = [each["parts"] for each in ask.get("contents", []) if each.get("role") == "user"]
        answer = self.answer(
            sum(
                any(part.get("text") for part in parts)
                and not any("functionResponse" in part for part in parts)
                for parts in asked
            ),
            tools,
        )
        parts: list[dict[str, Any]] = [{"text": each, "thought": True} for each in answer.thoughts]
        if answer.said:
            schema = ask.get("generationConfig", {}).get("responseJsonSchema")
            parts.append({"text": answer.said if tools or not schema else _filled(schema)})
        if answer.call is not None:
            tool, given = answer.call
            parts.append({"functionCall": {"name": tool.name, "args": given}})
        content = {"role": "model", "parts": parts}
        whole = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "modelVersion": "scripted",
            "usageMetadata": {"promptTokenCount": 100, "totalTokenCount": 120},
        }
        if stream:
            self._stream([whole], named=False)
        else:
            self._reply(whole)


def _filled(schema: Any) -> str:
    """Something that a schema of flat objects allows."""
    values: dict[str, Any] = {"string": "scripted", "boolean": False}
    properties = schema.get("properties", {}).items()
    return json.dumps({name: values.get(each.get("type"), 0) for name, each in properties})
