"""Lazy attributes are made once, however many threads ask for them at once."""

from __future__ import annotations

import threading

from aiana.lazy import lazy

THREADS = 16


class Parts:
    """`second` is made of `first`."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.made: list[str] = []

    @lazy
    def first(self) -> str:
        self.made.append("first")
        return "first"

    @lazy
    def second(self) -> str:
        self.made.append("second")
        return f"{self.first} and second"


def test_parts_are_made_once_whoever_comes_first() -> None:
    for _ in range(200):
        parts, together = Parts(), threading.Barrier(THREADS)

        def ask(number: int, parts: Parts = parts, together: threading.Barrier = together) -> None:
            together.wait(60)
            getattr(parts, ("first", "second")[number % 2])

        threads = [threading.Thread(target=ask, args=(n,), daemon=True) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert sorted(parts.made) == ["first", "second"]
        assert parts.second == "first and second"
