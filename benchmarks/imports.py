"""Seconds until the package and its command line are imported, each time in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.timing import Figure

NAME = "imports"
MODULES = ("ssepredict", "ssepredict.cli")
REPEATS = 7


def run() -> list[Figure]:
    """Import in turn; the first, untimed round fills the bytecode and disk caches.

    The interpreter's own start is not counted.
    """
    for module in MODULES:
        _seconds(module)
    found: dict[str, list[float]] = {module: [] for module in MODULES}
    for _ in range(REPEATS):
        for module, seconds in found.items():
            seconds.append(_seconds(module))
    return [Figure(NAME, f"import {name}", median(seconds), "s", "< 1") for name, seconds in found.items()]


def _seconds(module: str) -> float:
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)
