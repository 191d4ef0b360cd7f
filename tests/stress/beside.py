"""What goes on beside the servers: imports, forgetting, hooks, backups, restoring, new stores."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from aiana.storage import AianaStorage
from aiana.storage.forgetting import scrub
from tests.lsp.client import Client, ServerError
from tests.stress.crowd import GONE, Crowd, patient
from tests.stress.drivers import PROJECT
from tests.stress.notes import Possible, memories

SESSIONS = 10
"""Transcripts that grow at a time."""
FORGOTTEN_SESSIONS, FORGOTTEN_LINES = 0.04, 0.3
"""How often after an import a whole session, or one line of one, is forgotten."""
RESTORED = 0.15
"""How often after a backup one is put back, and how often that is tried while servers run."""
OPENERS = 4
IMPORTS_EVERY_S = 0.2
"""Where it is calm; else the next begins at once."""
LEFT_WITHIN_S = 120
"""By then what a hook has started is over."""


class Talk:
    """Transcripts that grow, and what stands in which."""

    def __init__(self, crowd: Crowd) -> None:
        self._folder = crowd.folder / "claude" / "projects" / "-work-shop"
        self._folder.mkdir(parents=True)
        self._crowd = crowd
        self.sessions: dict[str, list[str]] = {}
        self._begun = 0
        self._lines = 0

    def grow(self, dice: random.Random) -> None:
        while len(self.sessions) < SESSIONS:
            self.sessions[f"session-{self._begun}-of-the-talk"] = []
            self._begun += 1
        session = dice.choice(list(self.sessions))
        said = []
        for _ in range(dice.randrange(1, 20)):
            said.append(f"line {self._lines} of the talk about {dice.randrange(10**6)} ships")
            self._lines += 1
        self._crowd.notes.say(said)
        self.sessions[session] += said
        with (self._folder / f"{session}.jsonl").open("a") as transcript:
            for text in said:
                record = {
                    "type": "user",
                    "uuid": f"u{text.split()[1]}",
                    "sessionId": session,
                    "timestamp": "2026-02-01T12:00:00.000Z",
                    "cwd": PROJECT,
                    "message": {"role": "user", "content": text},
                }
                transcript.write(json.dumps(record) + "\n")


def grow(crowd: Crowd, seed: int) -> None:
    """Transcripts that grow, command lines that import them, and forgetting beside that."""
    dice = random.Random(f"{seed} transcripts")
    talk = Talk(crowd)
    while not crowd.gate.over.is_set():
        with crowd.gate.step():
            talk.grow(dice)
            command = subprocess.Popen(
                [sys.executable, "-m", "aiana", "import"],
                env=crowd.environ,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                if dice.random() < FORGOTTEN_SESSIONS:
                    _forget_session(crowd, talk, dice)
                elif dice.random() < FORGOTTEN_LINES:
                    _forget_line(crowd, talk, dice)
                elif dice.random() < 0.3:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        command.wait(dice.random())
                    command.kill()
                command.wait(120)
            finally:
                command.kill()
                command.wait()
            crowd.count("imports")
        crowd.rest(IMPORTS_EVERY_S * (1 - 1 / crowd.calm))


def _forget_session(crowd: Crowd, talk: Talk, dice: random.Random) -> None:
    """By the command line; nothing is written to it any more."""
    session = dice.choice(list(talk.sessions))
    lines = set(talk.sessions[session])
    crowd.notes.erase(lines, done=False)
    filled = crowd.disk.times
    done = crowd.command("forget", "--session", session, "--yes")
    if done.returncode == 0:
        del talk.sessions[session]
        crowd.notes.erase(lines, done=True)
        crowd.count("sessions forgotten")
    elif "no session" not in done.stderr.lower() and not crowd.disk.was_full(filled):
        crowd.fault(f"forgetting {session}: {done.stderr[-2000:]}")
    else:
        crowd.notes.erasing.difference_update(lines)


def _forget_line(crowd: Crowd, talk: Talk, dice: random.Random) -> None:
    """By a server, asked as an editor does."""
    text = dice.choice([line for lines in talk.sessions.values() for line in lines])
    wish = {"text": f'"{text}"', "filter": {"kinds": ["message"]}}
    again = False
    while True:
        filled = crowd.disk.times
        try:
            client = crowd.server("forgetting")
            if not again:
                if client.request("aiana/erase", {**wish, "dryRun": True})["deleted"] != 1:
                    return  # not imported yet, or forgotten before
                crowd.notes.erase({text}, done=False)
            sent = client.send("aiana/erase", {**wish, "expected": 1})
            if not again and dice.random() < 0.3:
                client.process.kill()
            client.answer(sent)
            break
        except GONE:
            crowd.gate.rest(0)
            crowd.leave("forgetting")
            crowd.count("kills")
            again = True
        except ServerError as error:
            if again and (error.data or {}).get("kind") == "conflict":
                crowd.count("lines forgotten by one that was killed")
                return
            if not crowd.excuses(error, filled):
                raise
            if text not in crowd.notes.erasing:
                return
            crowd.gate.rest(0.05)
    crowd.notes.erase({text}, done=True)
    crowd.count("lines forgotten")


def hooks(crowd: Crowd, seed: int) -> None:
    """What assistants run by themselves: status 0 whatever happens, and nothing that is gone."""
    dice = random.Random(f"{seed} hooks")
    number = 0
    while not crowd.gate.over.is_set():
        number += 1
        event = dice.choice(("session-start", "prompt", "stop", "compact"))
        names = {"session-start": "SessionStart", "prompt": "UserPromptSubmit"}
        given = {
            "session_id": f"hooked-{number}",
            "cwd": PROJECT,
            "hook_event_name": names.get(event, "Stop"),
            "transcript_path": "",
            "prompt": f"what was the note about {dice.randrange(10**6)} boats",
        }
        with crowd.gate.step():
            gone = crowd.notes.gone()
            texts = {
                each.text for each in list(crowd.notes.changes) if each.id in gone.memories
            } - {None}
            done = crowd.command("hook", event, input=json.dumps(given))
            if done.returncode or done.stderr:
                crowd.fault(f"hook {event}: {done.returncode} {done.stderr[-2000:]}")
            told = json.loads(done.stdout) if done.stdout.strip() else {}
            context = str(told.get("hookSpecificOutput", {}).get("additionalContext", ""))
            for text in (texts | gone.said) - {None}:
                if text is not None and f"{text}\n" in context:
                    crowd.fault(f"hook {event} quotes what is gone: {text}")
            crowd.count("hooks" if not context else "hooks that told something")
        crowd.rest(dice.random())


def back_up(crowd: Crowd, seed: int) -> None:
    """Backups while all go on; now and then one is put back."""
    dice = random.Random(f"{seed} backups")
    made: dict[Path, Possible] = {}
    while not crowd.gate.over.is_set():
        with crowd.gate.step():
            first, filled = crowd.notes.now(), crowd.disk.times
            done = crowd.command("backup", "--keep", "3", "--json")
            last = crowd.notes.now()
            if done.returncode == 0:
                path = Path(json.loads(done.stdout)["path"])
                made[path] = crowd.notes.possible(first, last)
                crowd.count("backups")
            elif not crowd.disk.was_full(filled):
                crowd.fault(f"backup: {done.stdout} {done.stderr[-2000:]}")
        if dice.random() < RESTORED:
            with crowd.gate.step():
                done = crowd.command("restore", "--yes")
                if not done.returncode:
                    crowd.fault("restored while servers run")
                crowd.count("restores refused")
        if dice.random() < RESTORED:
            with crowd.gate.alone():
                restore(crowd, made, dice)
        crowd.rest(1 + dice.random())


def restore(crowd: Crowd, made: dict[Path, Possible], dice: random.Random) -> None:
    """Every backup holds what it may, and nothing that is gone; one of them is put back."""
    standing = sorted((crowd.home / "backups").glob("conversations-20*.db"))
    for path in set(made) - set(standing):
        del made[path]
    if not made:
        return
    if not crowd.disk.times and len(standing) < len(made):
        crowd.fault(f"of {len(made)} backups {len(standing)} are left")
    for who in list(crowd.running):
        crowd.leave(who)
    # What they answered as deleted and did not come to take out of files is done by the next.
    with AianaStorage(crowd.database) as storage:
        owed = scrub(storage.database).pending
    for path in standing if not owed or not crowd.disk.times else ():
        if path not in made:  # one that was made as its command was killed
            continue
        possible = made[path]._replace(gone=crowd.notes.gone())
        for each in crowd.notes.faults(path, possible):
            crowd.fault(f"{path.name}: {each}")
    chosen = dice.choice(sorted(made))
    filled = crowd.disk.times
    before = crowd.notes.now()
    for each in crowd.notes.faults(crowd.database, crowd.notes.possible(before, before)):
        crowd.fault(f"before restoring: {each}")
    until = time.monotonic() + LEFT_WITHIN_S
    done = crowd.command("restore", "--yes", str(chosen))
    while "Another program has" in done.stderr and time.monotonic() < until:
        # What a hook has started is nobody's child, and on a crowded machine still imports.
        crowd.gate.rest(0.5)
        done = crowd.command("restore", "--yes", str(chosen))
    if done.returncode:
        if not crowd.disk.was_full(filled):
            crowd.fault(f"restore: {done.stderr[-2000:]}")
        return
    possible = made[chosen]._replace(gone=crowd.notes.gone())
    for each in crowd.notes.faults(crowd.database, possible):
        crowd.fault(f"restored: {each}")
    crowd.notes.put_back(memories(crowd.database))
    crowd.count("restores")


def open_new_stores(crowd: Crowd, seed: int) -> None:
    """Several processes that open one new store at the same moment."""
    dice = random.Random(f"{seed} new stores")
    number = 0
    while not crowd.gate.over.is_set():
        with crowd.gate.step():
            home = crowd.folder / f"new-{number}"
            environ = crowd.environ_of(home)
            filled = crowd.disk.times
            clients = [patient(Client(environ)) for _ in range(OPENERS)]
            try:
                for client in clients:
                    client.initialize()
                sent = [
                    client.send("aiana/memory/add", {"content": f"by {place}"})
                    for place, client in enumerate(clients)
                ]
                for client, request in zip(clients, sent, strict=True):
                    client.answer(request)
            except ServerError as error:
                if not crowd.excuses(error, filled):
                    raise
                continue
            finally:
                number += 1
                for client in clients:
                    client.close()
            kept = sorted(memories(home / "conversations.db").values())
            if kept != [f"by {place}" for place in range(OPENERS)]:
                crowd.fault(f"a store that was opened by several at once holds {kept}")
            with contextlib.closing(sqlite3.connect(home / "conversations.db")) as connection:
                if connection.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                    crowd.fault(f"{home} is damaged")
            crowd.count("new stores")
        crowd.rest(5 + 5 * dice.random())
