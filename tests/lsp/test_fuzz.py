"""Thousands of messages that no careful client sends: all are answered, and nothing is harmed."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from aiana.protocol.methods import METHODS
from tests.lsp.client import Client

SEED = int(os.environ.get("AIANA_TEST_SEED", "20261126"))
MESSAGES = int(os.environ.get("AIANA_TEST_MESSAGES", "2500"))
MOST_GROWTH = 150 * 1024 * 1024
STANDARD = (
    "workspace/textDocumentContent",
    "textDocument/documentLink",
    "textDocument/codeAction",
    "textDocument/hover",
    "workspace/symbol",
    "workspaceSymbol/resolve",
    "workspace/executeCommand",
    "textDocument/didOpen",
    "initialized",
    "initialize",
    "$/cancelRequest",
    "no/such",
)
# An import of what a random path names could read the whole machine.
OWN = tuple(m for m in METHODS if m.name not in ("aiana/capture/import", "aiana/reindex"))
TEXTS = (
    *("", "\0", "~nouser/x", "http://[", "file://[::1", "file:///a%00b", "aiana://[", "\ud83d"),
    *("a" * 5000, "/" + "a/" * 3000, "%", "aiana:///session/%FF#%00", "0001-01-01", "99999d"),
    *("eyJ4IjoxfQ==", '"', "(", "a:b", "\u202e", "🙂", "aiana.show", "aiana.forget"),
)


def nested(depth: int, value: Any) -> Any:
    for _ in range(depth):
        value = [value] if depth % 2 else {"a": value}
    return value


def anything(dice: random.Random, depth: int = 0) -> Any:
    kind = dice.randrange(9 if depth < 3 else 6)
    if kind == 0:
        return dice.choice((None, True, False, 1.5, 1e308))
    if kind == 1:
        return dice.choice((0, -1, 2**31, 2**63, 2**64, 10**40))
    if kind == 6:
        return [anything(dice, depth + 1) for _ in range(dice.randrange(4))]
    if kind == 7:
        keys = ("uri", "id", "query", "textDocument", "range", "command", "arguments", "jsonrpc")
        return {dice.choice(keys): anything(dice, depth + 1) for _ in range(dice.randrange(4))}
    if kind == 8:
        return nested(dice.choice((3, 40, 400, 900)), 1)
    return dice.choice(TEXTS)


def message(dice: random.Random, number: int) -> dict[str, Any]:
    """A request that is right in all but some place."""
    envelope: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
    if dice.random() < 0.4:
        return {**envelope, "method": dice.choice(STANDARD), "params": anything(dice)}
    method = dice.choice(OWN)
    params = dict(method.example)
    fields = [field for field in method.params.__struct_encode_fields__ if field != "dryRun"]
    if fields:
        params[dice.choice(fields)] = anything(dice)
    if dice.random() < 0.3:
        command = {"command": method.command, "arguments": [params]}
        return {**envelope, "method": "workspace/executeCommand", "params": command}
    return {**envelope, "method": method.name, "params": params}


def broken(dice: random.Random, body: bytes) -> bytes:
    """A frame that is none, or whose header lies."""
    size = len(body)
    return dice.choice(
        (
            b"Content-Length: %d\r\n\r\n%b" % (size + dice.randrange(1, 50), body),
            b"Content-Length: %d\r\n\r\n%b" % (dice.randrange(size), body),
            b"Content-Length: -%d\r\n\r\n%b" % (size, body),
            b"Content-Length: %d\r\n\r\n%b" % (10**12, body),
            b"Content-Length: \r\n\r\n" + body,
            b"\r\n\r\n" + body,
            body,
            dice.randbytes(dice.randrange(1, 200)),
            b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000,
            b"Content-Length: 1\r\n\r\n\xff",
        )
    )


@pytest.mark.parametrize("seed", [SEED])
def test_every_request_is_answered_once(start: Callable[..., Client], seed: int) -> None:
    """They are sent as fast as they are taken: the server alone bounds how many it serves."""
    dice = random.Random(seed)
    client = start()
    client.initialize(options={"codeActions": True, "hover": True, "workspaceSymbols": True})
    client.request("aiana/status")
    process = psutil.Process(client.process.pid)
    before = process.memory_info().rss
    waiting: set[int] = set()
    codes: Counter[int] = Counter()

    def take() -> None:
        client._take()
        for number in waiting & client._answers.keys():
            answer = client._answers.pop(number)
            waiting.remove(number)
            assert ("result" in answer) != ("error" in answer)
            if "error" in answer:
                codes[answer["error"]["code"]] += 1
                assert "Traceback" not in json.dumps(answer), answer

    last = 1000 + MESSAGES
    for number in range(1000, last):
        sent = message(dice, number)
        body = json.dumps(sent).encode()
        waiting.add(number)
        if dice.random() < 0.1:
            client.write_raw(broken(dice, body))
            # What is skipped ends where the next message begins.
            body = json.dumps({**sent, "method": "aiana/preference/list", "params": {}}).encode()
        client.write_raw(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        if dice.random() < 0.05:
            client.notify("$/cancelRequest", {"id": dice.randrange(1000, number + 1)})
        while not client._messages.empty():
            take()
    while waiting:
        take()
    # What was cut off is refused without an id; nothing was answered twice.
    assert client._answers.keys() <= {None, *range(client._next_id + 1)}
    known = {-32700, -32600, -32601, -32602, -32800, -32803}
    assert set(codes) <= known, f"with the seed {seed}: {codes}"
    assert client.request("aiana/preference/list", {}).keys() == {"static", "dynamic"}
    assert process.memory_info().rss - before < MOST_GROWTH
    assert client.exit() == 0
    assert b"Traceback" not in client.stderr
