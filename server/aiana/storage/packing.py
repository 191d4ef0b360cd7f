"""Vectors as they are stored, 16-bit floats, little end first; and numbers as SQLite joins them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_STORED = "<f2"


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector as it is stored."""
    return vector.astype(_STORED).tobytes()


def unpack(stored: bytes) -> NDArray[np.float32]:
    """A stored vector."""
    return np.frombuffer(stored, _STORED).astype(np.float32)


def unpack_all(stored: Sequence[bytes]) -> NDArray[np.float32]:
    """Stored vectors of one model as the rows of a matrix."""
    return unpack(b"".join(stored)).reshape(len(stored), -1)


def numbers(text: str | None) -> NDArray[np.int64]:
    """The integers of a `group_concat`."""
    if not text:
        return np.empty(0, np.int64)
    return np.fromstring(text, dtype=np.int64, sep=",")
