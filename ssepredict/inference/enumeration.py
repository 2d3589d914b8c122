"""Counting and decoding of ion combinations with amounts: pure integers, no chemistry beyond the charge."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.ions import Ion
from ssepredict.inference.dopants import state_rank

IntArray = npt.NDArray[np.int64]

State = tuple[int, int]
"""How uncommon an oxidation state is, and the state (e)."""


@dataclass(frozen=True, eq=False)
class Block:
    """Every way to choose k ions of distinct elements, each with an amount from one grid.

    Two choices that differ only in who carries which charge (Fe2+ with Mn3+, Fe3+ with Mn2+) give one and the
    same composition where the charges add up alike. Only one of them is counted: the one in the more common
    oxidation states, as the formula alone would be read.

    Parameters
    ----------
    members : ndarray of int, shape (c, k)
        Combinations of ion numbers, in lexicographic order.
    kind : ndarray of int, shape (c,)
        Which run of `amounts` a combination may take.
    amounts : ndarray of int, shape (v, k)
        Runs of grid positions, one run per kind.
    run_start : ndarray of int, shape (kinds,)
        First row of each run.
    offsets : ndarray of int, shape (c + 1,)
        Choices before each combination; the last entry is the number of choices.
    """

    members: IntArray
    kind: IntArray
    amounts: IntArray
    run_start: IntArray
    offsets: IntArray

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def decode(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Return ion numbers and grid positions, each of shape (n, k), of the choices with these numbers."""
        combination = np.searchsorted(self.offsets, numbers, side="right") - 1
        row = self.run_start[self.kind[combination]] + numbers - self.offsets[combination]
        return self.members[combination], self.amounts[row]


def count_choices(ions: Sequence[Ion], grid: Sequence[int], together: int) -> Block:
    """Enumerate the choices of ions and amounts.

    Parameters
    ----------
    ions : sequence of Ion
        Sorted by element, the states of an element side by side.
    grid : sequence of int
        Amounts, in any integer unit.
    together : int
        Ions in one choice, k.

    Returns
    -------
    Block

    Examples
    --------
    >>> block = count_choices([Ion("Mn", 2), Ion("Mn", 3), Ion("Fe", 3), Ion("Fe", 2)], [1, 2], 2)
    >>> len(block)  # 4 pairs x 4 amounts, less 2: Mn3+/Fe2+ in equal amounts is Mn2+/Fe3+
    14
    """
    members = _combinations(ions, together)
    states = [_states(ion, ions) for ion in ions]
    distinct = sorted(set(states))
    classes = np.array([distinct.index(state) for state in states], dtype=np.int64)
    patterns, kind = np.unique(classes[members], axis=0, return_inverse=True)
    tuples = np.array(list(itertools.product(range(len(grid)), repeat=together)), dtype=np.int64)
    amounts = np.asarray(grid, dtype=np.int64)[tuples]
    runs = [tuples[_is_first(amounts, [distinct[number] for number in pattern])] for pattern in patterns]
    lengths = np.array([len(run) for run in runs], dtype=np.int64)
    kind = kind.ravel().astype(np.int64)
    return Block(
        members=members,
        kind=kind,
        amounts=np.concatenate(runs),
        run_start=np.cumsum(lengths) - lengths,
        offsets=np.concatenate([[0], np.cumsum(lengths[kind])]),
    )


def _combinations(ions: Sequence[Ion], together: int) -> IntArray:
    """Ion numbers of every set of `together` ions of distinct elements, shape (c, together), sorted."""
    names = list(dict.fromkeys(ion.element for ion in ions))
    groups = np.array([names.index(ion.element) for ion in ions], dtype=np.int64)
    # The states of one element lie side by side, so a larger element number is all that distinctness takes.
    following = np.searchsorted(groups, groups, side="right")
    table = np.arange(len(ions), dtype=np.int64)[:, None]
    for _ in range(together - 1):
        first = following[table[:, -1]]
        counts = len(ions) - first
        rows = np.repeat(np.arange(len(table)), counts)
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        table = np.column_stack([table[rows], first[rows] + within])
    return table


def _states(ion: Ion, ions: Sequence[Ion]) -> tuple[State, tuple[State, ...]]:
    """Return the state of an ion, and every state of its element that may be chosen."""
    options = sorted((state_rank(other), other.charge) for other in ions if other.element == ion.element)
    return (state_rank(ion), ion.charge), tuple(options)


def _is_first(amounts: IntArray, pattern: Sequence[tuple[State, tuple[State, ...]]]) -> npt.NDArray[np.bool_]:
    """Which amounts, shape (g, k), no assignment of more common charges gives the same composition."""
    own = tuple(state for state, _ in pattern)
    first = np.ones(len(amounts), dtype=bool)
    for other in itertools.product(*(options for _, options in pattern)):
        if _preference(other) < _preference(own):
            differences = np.array(
                [mine[1] - theirs[1] for mine, theirs in zip(own, other, strict=True)], dtype=np.int64
            )
            first &= amounts @ differences != 0
    return first


def _preference(states: Sequence[State]) -> tuple[int, Sequence[State]]:
    return sum(rank for rank, _ in states), states
