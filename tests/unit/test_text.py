"""Text for people."""

from __future__ import annotations

from aiana.text import counted


def test_things_are_counted_as_people_say_it() -> None:
    assert counted(1, "memory", "memories") == "1 memory"
    assert counted(0, "memory", "memories") == "0 memories"
    assert counted(1200, "session") == "1,200 sessions"
