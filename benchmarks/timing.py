"""How everything is timed: contenders take turns, and medians are reported."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Figure:
    """One measured number, a row of the printed table."""

    benchmark: str
    name: str
    value: float
    unit: str
    target: str = ""


@dataclass(frozen=True)
class Contender:
    """Something to time, and how many items one call handles."""

    call: Callable[[], object]
    items: int


def rates(contenders: Mapping[str, Contender], repeats: int = 7) -> dict[str, list[float]]:
    """Items per second of each contender, one value a repeat.

    All contenders run once in every repeat, so that a slow moment of the machine hits each of them; the
    first, untimed round fills caches and imports.
    """
    for contender in contenders.values():
        contender.call()
    found: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, contender in contenders.items():
            start = time.perf_counter()
            contender.call()
            found[name].append(contender.items / (time.perf_counter() - start))
    return found


def median_ratio(numerator: list[float], denominator: list[float]) -> float:
    """Median of the ratios within a repeat."""
    return median(above / below for above, below in zip(numerator, denominator, strict=True))
