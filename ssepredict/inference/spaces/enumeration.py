"""Counting and decoding of ion combinations with amounts: pure integers, no chemistry beyond the charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.exchange import IntArray, Runs, StateClass, classify_states, exchanges

__all__ = ["MOST_PATTERNS", "Block", "IntArray", "count_choices"]

MOST_PATTERNS = 20_000
"""Sequences of multivalent ions that are told apart; each costs a look at every exchange of charges."""


@dataclass(frozen=True, eq=False)
class Block:
    """Every way to choose k ions of distinct elements, each with an amount from one grid.

    Two choices that differ only in who carries which charge (Fe2+ with Mn3+, Fe3+ with Mn2+) give one and the
    same composition where the charges add up alike. Only one of them is counted: the one in the more common
    oxidation states, as the formula alone would be read.

    Choices are numbered by the ions, in lexicographic order, then by the amounts. No list of combinations is
    kept: the k-th ion is found by bisection in a table of what may still follow, whose size is that of the
    list of ions, not that of the space.

    Parameters
    ----------
    grid : ndarray of int, shape (g,)
        Amounts.
    together : int
        Ions in one choice, k.
    size : int
        Number of choices; may exceed 64 bits, then nothing can be decoded.
    following : ndarray of int, shape (n,)
        First ion that may stand beside an ion, after it.
    classes : ndarray of int, shape (n,)
        Ions of one class have the same states to exchange; 0 where there are none.
    before : tuple of ndarray, shape (p, n + 1) each
        Per place of the choice: choices before each ion, by the classes chosen so far.
    child : tuple of ndarray of int, shape (p, c) each
        Per place: the row of the next table; at the last place the run of amounts.
    runs : tuple of ndarray of int
        Mixtures of each run, as numbers in base g; run 0 is None where it holds every mixture.
    """

    grid: IntArray
    together: int
    size: int
    following: IntArray
    classes: IntArray
    before: tuple[npt.NDArray[np.generic], ...]
    child: tuple[IntArray, ...]
    runs: tuple[IntArray | None, ...]

    def __len__(self) -> int:
        return self.size

    def decode(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Return ion numbers and amounts, each of shape (n, k), of the choices with these numbers."""
        rows = len(numbers)
        members = np.empty((rows, self.together), dtype=np.int64)
        row: IntArray = np.zeros(rows, dtype=np.int64)
        rest = numbers
        first: IntArray | None = None
        for place in range(self.together):
            table, child = self._tables[place], self.child[place]
            single = len(table) == 1
            if first is not None:
                rest = rest + (table[0, first] if single else table[row, first])
            found = np.searchsorted(table[0], rest, side="right") - 1 if single else _bisect(table, row, rest)
            rest = rest - (table[0, found] if single else table[row, found])
            members[:, place] = found
            first = self.following[found]
            row = child[row, self.classes[found]]
        return members, self._amounts(rest, row)

    def _amounts(self, rest: IntArray, run: IntArray) -> IntArray:
        base = len(self.grid)
        codes = rest
        if self._listed.size:
            start = self._starts[run]
            codes = np.where(start < 0, rest, self._listed[np.where(start < 0, 0, start + rest)])
        amounts = np.empty((len(rest), self.together), dtype=np.int64)
        for place in range(self.together - 1, -1, -1):
            codes, digit = np.divmod(codes, base) if place else (codes, codes)
            amounts[:, place] = self.grid[digit]
        return amounts

    @cached_property
    def _tables(self) -> tuple[IntArray, ...]:
        return tuple(np.ascontiguousarray(table, dtype=np.int64) for table in self.before)

    @cached_property
    def _listed(self) -> IntArray:
        lists = [run for run in self.runs if run is not None]
        return np.concatenate(lists) if lists else np.empty(0, dtype=np.int64)

    @cached_property
    def _starts(self) -> IntArray:
        """Where each run begins in `_listed`, shape (runs,); -1 for the run of every mixture."""
        lengths = [0 if run is None else len(run) for run in self.runs]
        starts = np.cumsum([0, *lengths[:-1]], dtype=np.int64)
        starts[[run is None for run in self.runs]] = -1
        return starts


def count_choices(ions: Sequence[Ion], grid: Sequence[int], together: int, total: int | None = None) -> Block:
    """Build the numbering of the choices of ions and amounts.

    Parameters
    ----------
    ions : sequence of Ion
        Sorted by element, the states of an element side by side.
    grid : sequence of int
        Amounts above 0, in any integer unit.
    together : int
        Ions in one choice, k.
    total : int, optional
        Sum of the amounts in every choice; otherwise any.

    Returns
    -------
    Block

    Raises
    ------
    SpaceError
        When the exchanges of charge among multivalent ions are too many to be told apart.

    Examples
    --------
    >>> block = count_choices([Ion("Mn", 2), Ion("Mn", 3), Ion("Fe", 3), Ion("Fe", 2)], [1, 2], 2)
    >>> block.size  # 4 pairs x 4 amounts, less 2: Mn3+/Fe2+ in equal amounts is Mn2+/Fe3+
    14
    """
    amounts = np.asarray(grid, dtype=np.int64)
    following = _following(ions)
    classes, known = classify_states(ions)
    levels = _prefixes(following, classes, len(known), together)
    runs = Runs(amounts, together, total)
    child = [_children(levels[place], levels[place + 1], len(known)) for place in range(together - 1)]
    child.append(_leaves(levels[-1], classes, following, known, runs))
    lengths = [len(amounts) ** together if run is None else len(run) for run in runs.lists]
    before = _count(following, classes, child, lengths, together)
    return Block(
        grid=amounts,
        together=together,
        size=int(before[0][0, -1]),
        following=following,
        classes=classes,
        before=tuple(before),
        child=tuple(child),
        runs=tuple(runs.lists),
    )


def _bisect(table: IntArray, row: IntArray, value: IntArray) -> IntArray:
    """Last column whose entry in the given row is at most the value, shape (n,)."""
    width = table.shape[1]
    flat, start = table.reshape(-1), row * width
    low = start.copy()
    size = width - 1
    while size > 1:  # the answer lies in [low, low + size)
        half = size // 2
        low += np.where(flat[low + half] <= value, half, 0)
        size -= half
    found: IntArray = low - start
    return found


def _following(ions: Sequence[Ion]) -> IntArray:
    """First ion of the next element, shape (n,): states of one element never stand together."""
    names = list(dict.fromkeys(ion.element for ion in ions))
    groups = np.array([names.index(ion.element) for ion in ions], dtype=np.int64)
    return np.searchsorted(groups, groups, side="right").astype(np.int64)


_Prefixes = dict[tuple[int, ...], int]
"""Sequences of classes that can begin a choice, with the first ion that may follow the earliest such."""


def _prefixes(following: IntArray, classes: IntArray, count: int, together: int) -> list[_Prefixes]:
    levels: list[_Prefixes] = [{(): 0}]
    for _ in range(together - 1):
        fresh: _Prefixes = {}
        for prefix, start in levels[-1].items():
            for number in range(count):
                here = np.flatnonzero(classes[start:] == number)
                if here.size:
                    fresh[*prefix, number] = int(following[start + here].min())
        levels.append(fresh)
        if len(fresh) * count > MOST_PATTERNS:
            raise SpaceError(
                f"{together} dopants, of {count - 1} kinds of multivalent ions, can exchange charges in "
                f"more than {MOST_PATTERNS:,} ways; name one oxidation state per element "
                "(states = 'common') or lower together"
            )
    return levels


def _children(level: _Prefixes, after: _Prefixes, count: int) -> IntArray:
    place = {prefix: number for number, prefix in enumerate(after)}
    return np.array(
        [[place.get((*prefix, number), -1) for number in range(count)] for prefix in level], dtype=np.int64
    )


def _leaves(
    level: _Prefixes, classes: IntArray, following: IntArray, known: Sequence[StateClass], runs: Runs
) -> IntArray:
    """Run of amounts of every complete sequence of classes, shape (p, c); -1 where it cannot occur."""
    leaves = np.full((len(level), len(known)), -1, dtype=np.int64)
    for row, (prefix, start) in enumerate(level.items()):
        for number in np.unique(classes[start:]).tolist():
            leaves[row, number] = runs.add(exchanges([known[entry] for entry in (*prefix, number)]))
    return leaves


def _count(
    following: IntArray, classes: IntArray, child: Sequence[IntArray], lengths: Sequence[int], together: int
) -> list[Any]:
    """Choices before each ion at every place, in whole numbers of any size where 64 bits may not do."""
    bound = len(classes) ** together * max(lengths)
    kind = np.dtype(np.int64) if bound < 2**63 else np.dtype(object)
    tables: list[Any] = []  # arrays of 64-bit whole numbers, or of Python's own
    for place in range(together - 1, -1, -1):
        reached = child[place][:, classes]
        safe = np.maximum(reached, 0)
        if place == together - 1:
            counts = np.array(lengths, dtype=kind)[safe]
        else:
            after = tables[0]
            counts = after[safe, -1] - after[safe, following]
        counts = np.where(reached < 0, 0, counts)
        table = np.zeros((len(counts), len(classes) + 1), dtype=kind)
        table[:, 1:] = np.cumsum(counts, axis=1)
        tables.insert(0, table)
    return tables
