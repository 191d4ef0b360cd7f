"""A model that asks the memory once and then is done, in the four ways that assistants speak.

Anthropic Messages, OpenAI Chat Completions and Responses, Gemini's generateContent; it binds to
127.0.0.1 and keeps what was asked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOOL = "memory_search"
ARGUMENTS = {"query": "flaky login test"}


class Model:
    """A running server; `asked` are the bodies of its requests."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        model = self

        class Bound(_Handler):
            asked = model.asked

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: list[str]

    def log_message(self, format: str, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        models = [{"id": "scripted", "object": "model", "slug": "scripted"}]
        self._reply({"object": "list", "data": models, "models": []})

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

    def _call(self, ask: Any, tools: Iterable[str]) -> str | None:
        """The tool to call, as this assistant names it; None once it has been called."""
        name = next((name for name in tools if name.endswith(TOOL)), None)
        said = [ask.get(key) for key in ("messages", "input", "contents")]
        return None if name is None or f'"name": "{name}"' in json.dumps(said) else name

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
        name = self._call(ask, (tool.get("name", "") for tool in ask.get("tools") or []))
        block: dict[str, Any] = {"type": "text", "text": "Done."}
        if name:
            block = {"type": "tool_use", "id": "toolu_1", "name": name, "input": ARGUMENTS}
        stop = "tool_use" if name else "end_turn"
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": ask.get("model"),
            "content": [block],
            "stop_reason": stop,
            "stop_sequence": None,
            "usage": {"input_tokens": 100, "output_tokens": 20},
        }
        if not ask.get("stream"):
            self._reply(message)
            return
        begun = {**block, "input": {}} if name else {"type": "text", "text": ""}
        delta: dict[str, Any] = {"type": "text_delta", "text": "Done."}
        if name:
            delta = {"type": "input_json_delta", "partial_json": json.dumps(ARGUMENTS)}
        started = {**message, "content": [], "stop_reason": None}
        self._stream(
            [
                {"type": "message_start", "message": started},
                {"type": "content_block_start", "index": 0, "content_block": begun},
                {"type": "content_block_delta", "index": 0, "delta": delta},
                {"type": "content_block_stop", "index": 0},
                {
                    "type": "message_delta",
                    "delta": {"stop_reason": stop, "stop_sequence": None},
                    "usage": {"output_tokens": 20},
                },
                {"type": "message_stop"},
            ]
        )

    def _chat(self, ask: Any) -> None:
        tools = [tool["function"]["name"] for tool in ask.get("tools") or []]
        name = self._call(ask, tools)
        message: dict[str, Any] = {"role": "assistant", "content": "Done."}
        if name:
            function = {"name": name, "arguments": json.dumps(ARGUMENTS)}
            call = {"index": 0, "id": "call_1", "type": "function", "function": function}
            message = {"role": "assistant", "content": None, "tool_calls": [call]}
        why = "tool_calls" if name else "stop"
        base = {"id": "chat-1", "created": 1, "model": ask.get("model")}
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
        tools = {
            tool["name"]: group.get("name") if "tools" in group else None
            for group in ask.get("tools") or []
            for tool in group.get("tools", [group])
            if tool.get("name")
        }
        name = self._call(ask, tools)
        text = {"type": "output_text", "text": "Done.", "annotations": []}
        item: dict[str, Any] = {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [text],
        }
        if name:
            where = {"namespace": tools[name]} if tools[name] else {}
            item = {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "name": name,
                "status": "completed",
                "arguments": json.dumps(ARGUMENTS),
                **where,
            }
        usage = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}
        answer = {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": "completed",
            "model": ask.get("model"),
            "output": [item],
            "usage": usage,
        }
        if not ask.get("stream"):
            self._reply(answer)
            return
        self._stream(
            [
                {"type": "response.created", "response": {**answer, "output": []}},
                {"type": "response.output_item.added", "output_index": 0, "item": item},
                {"type": "response.output_item.done", "output_index": 0, "item": item},
                {"type": "response.completed", "response": answer},
            ]
        )

    def _gemini(self, ask: Any, stream: bool) -> None:
        declared = [d for tool in ask.get("tools") or [] for d in tool["functionDeclarations"]]
        name = self._call(ask, [each["name"] for each in declared])
        part = {"functionCall": {"name": name, "args": ARGUMENTS}} if name else {"text": "Done."}
        content = {"role": "model", "parts": [part]}
        answer = {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "modelVersion": "scripted",
            "usageMetadata": {"promptTokenCount": 100, "totalTokenCount": 120},
        }
        if stream:
            self._stream([answer], named=False)
        else:
            self._reply(answer)
