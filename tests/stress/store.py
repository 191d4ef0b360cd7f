"""Many processes on one store, killed and stopped at random: what was acknowledged is there.

    python -m tests.stress.store [--operations N] [--servers N] [--seed N] [--disk MIB] [--calm N]

Servers and an MCP server are driven by a thread each. Beside them transcripts grow, are imported
and forgotten, hooks run, backups are made and put back, new stores are opened by several at once;
servers are killed, stopped, and find the disk full or read-only; the clock is moved. Every
operation is noted when it begins and when it is acknowledged; one whose server was killed is sent
again to the next. Now and then everything is stopped and the database is copied with its WAL, as a
power cut would leave them. The store, those copies and the backups are compared with the notes by
plain SQL. The first fault ends the run.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import psutil

from tests.lsp.client import Client, ServerError
from tests.stress.beside import back_up, grow, hooks, open_new_stores
from tests.stress.crowd import Crowd, Faults
from tests.stress.disk import DISK, Disk, small_disk
from tests.stress.drivers import drive, drive_mcp
from tests.stress.machine import move_the_clock, remount

MOST_WAL = 64 * 1024 * 1024
MOST_GROWTH = 150 * 1024 * 1024
MOST_MORE_DESCRIPTORS = 30


def watch(crowd: Crowd) -> None:
    """A server that lives from one restoring to the next, asked for little: it does not grow."""
    first: dict[int, tuple[int, int]] = {}
    while not crowd.gate.over.is_set():
        with crowd.gate.step():
            client = crowd.server("lasting")
            assert isinstance(client, Client)
            filled = crowd.disk.times
            try:
                client.request("aiana/search", {"query": "boats"})
            except ServerError as error:
                if not crowd.excuses(error, filled):
                    raise
            process = psutil.Process(client.process.pid)
            memory, descriptors = process.memory_info().rss, process.num_fds()
            at_first = first.setdefault(process.pid, (memory, descriptors))
            if memory - at_first[0] > MOST_GROWTH:
                crowd.fault(f"memory grew to {memory:,} bytes")
            if descriptors - at_first[1] > MOST_MORE_DESCRIPTORS:
                crowd.fault(f"{descriptors} descriptors, {at_first[1]} at first")
            wal = Path(f"{crowd.database}-wal")
            if wal.exists() and wal.stat().st_size > MOST_WAL:
                crowd.fault(f"the WAL has {wal.stat().st_size:,} bytes")
        crowd.gate.rest(1)


def run(
    folder: Path,
    operations: int,
    servers: int,
    seed: int,
    disk: Disk | None = None,
    calm: int = 1,
) -> Counter[str]:
    """What was done. Raises Faults, and whatever ended a thread."""
    crowd = Crowd(folder, disk, calm)
    crowd.server("lasting").request("aiana/status")
    beside = [
        crowd.guarded(watch),
        *(
            crowd.guarded(work, seed)
            for work in (grow, hooks, back_up, open_new_stores, move_the_clock, remount)
        ),
    ]
    driven = [crowd.guarded(drive, n, operations // servers, seed) for n in range(servers)]
    driven.append(crowd.guarded(drive_mcp, operations // servers // 4, seed))
    try:
        for thread in driven:
            thread.join()
        crowd.gate.over.set()
        for thread in beside:
            thread.join()
        if not crowd.gate.ended:
            _compare_at_the_end(crowd)
    finally:
        crowd.end()
        for thread in [*driven, *beside]:
            thread.join()
        for who in list(crowd.running):
            crowd.leave(who)
    if crowd.faults:
        raise Faults(f"seed {seed}: " + "\n".join(crowd.faults[:20]))
    if crowd.failures:
        raise Faults(f"seed {seed}: {crowd.failures[0]!r}") from crowd.failures[0]
    return crowd.done


def _compare_at_the_end(crowd: Crowd) -> None:
    for who in list(crowd.running):
        crowd.leave(who)
    imported = crowd.command("import")
    if imported.returncode:
        crowd.fault(f"the last import: {imported.stderr[-2000:]}")
    moment = crowd.notes.now()
    possible = crowd.notes.possible(moment, moment)._replace(said=set(crowd.notes.said))
    for each in crowd.notes.faults(crowd.database, possible):
        crowd.fault(each)
    crowd.done["messages"] = len(crowd.notes.said)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--operations", type=int, default=20_000)
    parser.add_argument("--servers", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--disk", type=int, default=256, help="MiB, where one can be mounted")
    parser.add_argument(
        "--calm", type=int, default=1, metavar="N", help="N times less goes wrong for an operation"
    )
    options = parser.parse_args()
    sys.stdout.write(f"seed {options.seed}\n")
    sys.stdout.flush()
    start = time.monotonic()
    folder = Path(tempfile.mkdtemp())
    with small_disk(folder / DISK, options.disk) as disk:
        try:
            done = run(
                folder, options.operations, options.servers, options.seed, disk, options.calm
            )
        except Faults as error:
            traceback.print_exception(error)
            kept = Path(tempfile.mkdtemp())
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            sys.stdout.write(f"the folder is kept: {kept}\n")
            return 1
    shutil.rmtree(folder)
    sys.stdout.write(f"nothing lost in {time.monotonic() - start:.0f} s: {dict(done)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
