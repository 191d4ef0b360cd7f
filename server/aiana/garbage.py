"""How often garbage is collected: hardly ever while a command begins, as usual once it works.

What begins makes mostly what it keeps, modules first of all. In what works for long, few objects
may hold much: a request to Qdrant that is over, 2 MB of text.
"""

from __future__ import annotations

import gc

OBJECTS_WHILE_BEGINNING = 100_000
_USUAL = gc.get_threshold()


def collect_rarely() -> None:
    """For a command that begins."""
    gc.set_threshold(OBJECTS_WHILE_BEGINNING)


def collect_as_usual() -> None:
    """For one that works for long. What it began with is not looked through each time: 70 ms."""
    gc.freeze()
    gc.set_threshold(*_USUAL)
