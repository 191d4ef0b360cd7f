"""How numpy is imported where it may be the first time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_THREADS = "OPENBLAS_NUM_THREADS"


@contextmanager
def arrays_on_one_thread() -> Iterator[None]:
    """Import numpy in here: then it starts no thread for each core of the machine.

    They take more processor time to start than a search does, and a product of a few hundred
    vectors at a time, the largest that Aiana asks for, is no faster by them. Whoever has chosen a
    number keeps it; processes that are started later do not see this one.
    """
    if _THREADS in os.environ:
        yield
        return
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        os.environ.pop(_THREADS, None)
