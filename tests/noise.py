"""Random text for tests, made when they run so that no file holds a secret."""

from __future__ import annotations

import random
import string

ALNUM = string.ascii_letters + string.digits


def noise(length: int, alphabet: str = ALNUM) -> str:
    """Always the same of a length and an alphabet; it ends with a digit."""
    made = random.Random(f"{length}{alphabet}")
    return "".join(made.choices(alphabet, k=length - 1)) + "7"
