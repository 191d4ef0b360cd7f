"""`make bench`: every benchmark in turn, each in a process of its own, with the machine named."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

BENCHMARKS = (
    "serving",
    "doors",
    "importing",
    "formats",
    "large",
    "following",
    "embedding",
    "searching",
    "tiers",
    "redaction",
    "lines",
    "work",
    "neovim",
    "vscode",
)


def machine() -> str:
    """Processor, cores and versions."""
    name = platform.machine()
    if sys.platform == "linux":
        with Path("/proc/cpuinfo").open(encoding="utf-8") as facts:
            models = [line.partition(":")[2].strip() for line in facts if "model name" in line]
        name = models[0] if models else name
    return (
        f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    )


def main() -> int:
    print(machine(), flush=True)
    failed = []
    for name in BENCHMARKS:
        print(f"\n# {name}", flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"tests.benchmarks.{name}"], check=False
        ).returncode:
            failed.append(name)
    if failed:
        print(f"\nmissed a goal, or failed: {', '.join(failed)}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
