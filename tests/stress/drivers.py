"""Threads that drive a server each: memories that are added, changed, deleted and searched."""

from __future__ import annotations

import random
import signal
from typing import Any

from tests.lsp.client import ServerError
from tests.stress.crowd import GONE, Crowd

KILLS, STOPS, CUTS, FULL = 0.02, 0.02, 0.01, 0.01
"""How often in an operation a server is killed, stopped for a while, all are copied, and the disk
is full; see `Crowd.calm`."""
KINDS = {"add": 5, "update": 3, "delete": 2, "search": 2, "reindex": 0.1}
MOST_OWN = 1000
"""Memories of a thread: what it would add beyond them, it deletes."""
PROJECT = "/work/shop"


def drive(crowd: Crowd, number: int, operations: int, seed: int) -> None:
    """One thread: its server, its memories."""
    dice = random.Random(f"{seed} {number}")
    own: list[str] = []
    chances = [KINDS[kind] / (crowd.calm if kind == "reindex" else 1) for kind in KINDS]
    for step in range(operations):
        with crowd.gate.step():
            [kind] = dice.choices(list(KINDS), chances)
            if kind == "add" and len(own) >= MOST_OWN:
                kind = "delete"
            id = _choose(own, crowd, dice) if kind in ("update", "delete") else None
            if id is None and kind in ("update", "delete"):
                kind = "add"
            text = f"the {step}. note of {number} is about {dice.randrange(10**6)} boats"
            key = f"{seed}-{number}-{step}"
            forms: dict[str, tuple[str, dict[str, Any]]] = {
                "add": (
                    "aiana/memory/add",
                    {"content": text, "idempotencyKey": key, "project": PROJECT},
                ),
                "update": ("aiana/memory/update", {"id": id, "content": text}),
                "delete": ("aiana/memory/delete", {"ids": [id]}),
                "search": ("aiana/search", {"query": f"notes about {dice.randrange(100)} boats"}),
                "reindex": ("aiana/reindex", {"targets": ["fts"]}),
            }
            if kind in ("search", "reindex"):
                _insist(crowd, number, dice, *forms[kind])
            else:
                change = crowd.notes.begin(id, None if kind == "delete" else text)
                result = _insist(crowd, number, dice, *forms[kind])
                id = id or result["memory"]["id"]
                crowd.notes.end(change, id, sure=result is not None)
                own += [id] if kind == "add" else []
            crowd.count(kind)
        if dice.random() < CUTS / crowd.calm:
            with crowd.gate.step():
                crowd.power_cut()


def _choose(own: list[str], crowd: Crowd, dice: random.Random) -> str | None:
    """One of a thread's memories; those that are gone, as where an older state was put back, are
    let go of."""
    while own:
        place = dice.randrange(len(own))
        if own[place] in crowd.notes.kept:
            return own[place]
        own[place] = own[-1]
        own.pop()
    return None


def _insist(crowd: Crowd, number: int, dice: random.Random, method: str, params: Any) -> Any:
    """Ask until it is answered: a server that was killed is followed by another.

    None where it was done though nobody could say so.
    """
    kill, stop, full = (dice.random() < chance / crowd.calm for chance in (KILLS, STOPS, FULL))
    again = False
    limited = 0
    while True:
        filled = crowd.disk.times
        try:
            client = crowd.server(number)
            if full:
                limited = client.process.pid
                crowd.disk.fill(limited)
                full = False
            sent = client.send(method, params)
            if kill:
                client.process.kill()
            elif stop:
                client.process.send_signal(signal.SIGSTOP)
                crowd.gate.rest(dice.random() / 5)
                client.process.send_signal(signal.SIGCONT)
            return client.answer(sent)
        except ServerError as error:
            kind = (error.data or {}).get("kind")
            if again and method == "aiana/memory/delete" and kind == "notFound":
                return None
            if not crowd.excuses(error, filled):
                raise
            crowd.count("refused on a full disk")
            again = True
            crowd.gate.rest(0.01)
        except GONE:
            crowd.gate.rest(0)
            crowd.leave(number)  # it may end just now, and be taken for one that runs
            crowd.count("kills")
            kill, again = False, True
        finally:
            if limited:
                crowd.disk.empty(limited)
                limited = 0


def drive_mcp(crowd: Crowd, operations: int, seed: int) -> None:
    """An assistant that keeps and looks for things, by its own protocol."""
    dice = random.Random(f"{seed} mcp")
    for step in range(operations):
        text = f"the {step}. thing that the assistant keeps is {dice.randrange(10**6)} rafts"
        kill = dice.random() < KILLS / crowd.calm
        with crowd.gate.step():
            change = crowd.notes.begin(None, text)
            while True:
                filled = crowd.disk.times
                try:
                    client = crowd.mcp_server("mcp")
                    key = f"{seed}-mcp-{step}"
                    given = {"content": text, "project": PROJECT, "idempotencyKey": key}
                    sent = client.send("tools/call", {"name": "memory_add", "arguments": given})
                    if kill:
                        client.process.kill()
                    said = client.answer(sent)["result"]
                    if not said.get("isError"):
                        break
                    if not crowd.disk.was_full(filled):
                        crowd.fault(f"by MCP: {said}")
                    crowd.gate.rest(0.05)
                except GONE:
                    crowd.gate.rest(0)
                    crowd.leave("mcp")
                    kill = False
                    crowd.count("kills")
            told = said["content"][0]["text"].split()
            uri = next(word for word in told if word.startswith("aiana:")).rstrip(".")
            crowd.notes.end(change, uri.rsplit("/", 1)[-1])
            found = client.text("memory_search", query=f"{dice.randrange(100)} rafts")
            if "<aiana-context" not in found and "No" not in found:
                crowd.fault(f"a search by MCP says {found!r}")
            crowd.count("by MCP")
