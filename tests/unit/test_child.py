"""A process for heavy work ends with the one that needs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from aiana.child import run_child

CHILD = """
import sys, time
from aiana.child import end_with_parent
end_with_parent()
file = open(sys.argv[1], "w")  # and held as long as this lives
print("begun", file=file, flush=True)
while True:
    time.sleep(1)
"""
PARENT = """
import sys
from aiana.child import run_child
run_child([sys.executable, "-c", sys.argv[1], sys.argv[2]])
"""


def test_it_says_how_it_ended_and_why() -> None:
    code = "import sys; sys.stderr.write('no room'); sys.exit(3)"
    assert run_child([sys.executable, "-c", code]) == (3, "no room")


def test_a_process_that_cannot_be_started_is_a_failure_like_others(tmp_path: Path) -> None:
    missing = "no process could be started (No such file or directory)"
    assert run_child([str(tmp_path / "no-python")]) == (126, missing)
    closed = "no process could be started (Permission denied)"
    assert run_child([str(tmp_path)]) == (126, closed)


def test_it_is_killed_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    stop = threading.Event()
    ends: list[int] = []
    command = [sys.executable, "-c", CHILD, str(fifo)]
    thread = threading.Thread(target=lambda: ends.append(run_child(command, stop)[0]))
    thread.start()
    with fifo.open() as file:
        assert file.readline() == "begun\n"
        stop.set()
        assert file.read() == ""
    thread.join(60)
    assert ends == [-signal.SIGKILL]


def test_it_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    parent = subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(fifo)])
    with parent, fifo.open() as file:
        assert file.readline() == "begun\n"
        parent.kill()
        assert file.read() == ""  # comes once the child has ended
