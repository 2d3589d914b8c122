"""Candidates by their number: cut into ranges, and where in the space those of a range stand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ssepredict.inference.spaces.enumeration import IntArray

BLOCK = 8192
"""Candidates that are screened at a time, however many a process is given: a few dozen MB of arrays."""


def positions(size: int, total: int, start: int, stop: int) -> IntArray:
    """Positions in a space of the candidates numbered `start` to ``stop - 1`` of `total`, spread evenly.

    Examples
    --------
    >>> positions(size=9, total=3, start=0, stop=3)
    array([0, 3, 6])
    """
    if total == size:
        return np.arange(start, stop, dtype=np.int64)
    # Whole numbers of any size in Python: number * size may not fit into 64 bits.
    return np.array([number * size // total for number in range(start, stop)], dtype=np.int64)


def iter_ranges(gaps: list[tuple[int, int]], chunk: int) -> Iterator[tuple[int, int]]:
    """Cut ranges of numbers at the multiples of `chunk`.

    Examples
    --------
    >>> list(iter_ranges([(0, 5), (7, 9)], 4))
    [(0, 4), (4, 5), (7, 8), (8, 9)]
    """
    for start, stop in gaps:
        while start < stop:
            end = min(stop, start - start % chunk + chunk)
            yield start, end
            start = end


def iter_chunks(size: int, total: int, chunk: int) -> Iterator[IntArray]:
    """Yield positions in chunks: all of a space, or `total` of them spread evenly.

    Examples
    --------
    >>> [part.tolist() for part in iter_chunks(9, 3, 2)]
    [[0, 3], [6]]
    """
    for start, stop in iter_ranges([(0, total)], chunk):
        yield positions(size, total, start, stop)
