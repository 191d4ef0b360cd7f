"""What happens to the machine: its clock is put forward and back, its disk cannot be written."""

from __future__ import annotations

import json
import random

from tests.lsp.client import Client, ServerError
from tests.stress.crowd import Crowd

MOVES = (-400 * 86_400, -3 * 86_400, -3600, -90, -2, 0, 2, 90, 3600, 3 * 86_400, 400 * 86_400)
"""How far from the right time, in seconds."""
REFUSED = ("remember words", "prefer words", "backup", "reindex fts", "restore --yes")
READ = ("search boats", "memories", "sessions list", "status", "preferences")


def move_the_clock(crowd: Crowd, seed: int) -> None:
    """For all that run, at once."""
    dice = random.Random(f"{seed} clock")
    while crowd.clock.can_move and not crowd.gate.over.is_set():
        with crowd.gate.step():
            crowd.clock.move(dice.choice(MOVES))
            crowd.count("clock moved")
        crowd.gate.rest(dice.random())


def remount(crowd: Crowd, seed: int) -> None:
    """Now and then the disk is mounted anew, to be read alone, and then to be written again.

    A disk that is being written cannot become so: nobody runs at that moment. Who came while it was
    so goes on when it is over.
    """
    dice = random.Random(f"{seed} remounts")
    while crowd.disk.is_small and not crowd.gate.over.is_set():
        with crowd.gate.alone():
            _read_only_for_a_while(crowd, dice)
        crowd.rest(30 + 30 * dice.random())


def _read_only_for_a_while(crowd: Crowd, dice: random.Random) -> None:
    crowd.server("remounted").request("aiana/status")  # that there is something to be read
    for who in list(crowd.running):
        crowd.leave(who)
    with crowd.disk.read_only() as is_so:
        if not is_so:  # by a process that a hook has left behind
            crowd.count("remounts refused")
            return
        client = crowd.server("remounted")
        client.request("aiana/search", {"query": "boats"})
        _is_refused(crowd, client)
        for arguments in dice.sample(READ, 2):
            done = crowd.command(*arguments.split())
            if done.returncode:
                crowd.fault(f"{arguments} on a read-only disk: {done.stderr[-2000:]}")
        for arguments in dice.sample(REFUSED, 2):
            done = crowd.command(*arguments.split())
            if not done.returncode or not done.stderr:
                crowd.fault(f"{arguments} is done on a read-only disk: {done.stdout}{done.stderr}")
        done = crowd.command("hook", "stop", input=json.dumps({"session_id": "s", "cwd": "/"}))
        if done.returncode:
            crowd.fault(f"a hook on a read-only disk: {done.returncode} {done.stderr[-2000:]}")
        crowd.power_cut()  # compares a copy, which is written elsewhere
    text = f"kept after a disk was read-only, {dice.randrange(10**6)}"
    change = crowd.notes.begin(None, text)
    added = client.request("aiana/memory/add", {"content": text})
    crowd.notes.end(change, added["memory"]["id"])
    crowd.count("read-only disks")


def _is_refused(crowd: Crowd, client: Client) -> None:
    try:
        client.request("aiana/memory/add", {"content": "words that nobody can keep"})
    except ServerError as error:
        if (error.data or {}).get("kind") == "readOnly":
            return
        crowd.fault(f"refused on a read-only disk: {error}")
    else:
        crowd.fault("something is kept on a read-only disk")
