"""What Aiana takes, measured: `make bench`."""

import os


def spent() -> float:
    """Processor time of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])
