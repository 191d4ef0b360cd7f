"""Which device a model would run on, found out without importing torch."""

from __future__ import annotations

import ctypes
import platform
import sys
from functools import cache

from aiana.errors import ModelUnavailable
from aiana.invocation import missing

DEVICES = ("cuda", "mps", "cpu")


def choose_device(asked: str | None) -> str:
    """`asked`, else the best device on which sentence-transformers could run: CUDA, MPS, CPU.

    Raises ModelUnavailable for a device that Aiana does not know.
    """
    if asked is None:
        return best_device()
    if asked.split(":")[0] not in DEVICES:
        raise ModelUnavailable(f"There is no device {asked!r}: choose one of {', '.join(DEVICES)}.")
    return asked


def gpu_for_backlogs(asked: str) -> str | None:
    """The GPU that a big backlog goes to: the one named; if `auto`, the best there is; or None."""
    device = best_device() if asked == "auto" else asked
    return None if device == "cpu" else device


@cache
def best_device() -> str:
    """`cuda`, `mps` or `cpu`; the first two only where torch is installed and could use them."""
    if missing(("torch", "sentence_transformers")):
        return "cpu"
    if sys.platform == "darwin":
        return "mps" if platform.machine() == "arm64" else "cpu"
    # PyPI's builds name no variant on Linux; the CPU-only ones end in +cpu.
    from importlib.metadata import version  # slow to import

    build = version("torch")
    return "cuda" if not build.endswith("+cpu") and _cuda_devices() else "cpu"


def _cuda_devices() -> int:
    """How many devices the CUDA driver reports; 0 without a driver."""
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        count = ctypes.c_int()
        ready = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    except (OSError, AttributeError):
        return 0
    return count.value if ready else 0
