"""Charges that multivalent ions can exchange without changing the composition: each is counted once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.dopants import state_rank

IntArray = npt.NDArray[np.int64]

Shift = tuple[int, int]
"""By how much another oxidation state of an element is less common than that of an ion, and higher (e)."""

StateClass = tuple[Shift, ...]
"""Shifts to every state of an element that may be chosen, (0, 0) among them."""

MOST_MIXTURES = 5_000_000
"""Mixtures that are held as lists, over all sequences of multivalent ions: 40 MB."""


def classify_states(ions: Sequence[Ion]) -> tuple[IntArray, list[StateClass]]:
    """Class of every ion, shape (n,), and what each class is; class 0 has a single state."""
    known: list[StateClass] = [((0, 0),)]
    classes = []
    for ion in ions:
        states = [other for other in ions if other.element == ion.element]
        own = tuple(
            sorted((state_rank(other) - state_rank(ion), other.charge - ion.charge) for other in states)
        )
        if own not in known:
            known.append(own)
        classes.append(known.index(own))
    return np.array(classes, dtype=np.int64), known


def exchanges(pattern: Sequence[StateClass]) -> frozenset[tuple[int, ...]]:
    """Differences of charge to the assignments that are more common and may give the same composition.

    With amounts above 0 only differences of both signs can add up to nothing; common factors and an overall
    sign do not matter.
    """
    found = set()
    for other in itertools.product(*pattern):
        if (sum(rank for rank, _ in other), other) < (0, ((0, 0),) * len(pattern)):
            difference = [charge for _, charge in other]
            if min(difference) < 0 < max(difference):
                factor = math.gcd(*difference)
                sign = 1 if next(entry for entry in difference if entry) > 0 else -1
                found.add(tuple(sign * entry // factor for entry in difference))
    return frozenset(found)


class Runs:
    """Lists of mixtures, each distinct one kept once."""

    def __init__(self, amounts: IntArray, together: int, total: int | None) -> None:
        self.amounts, self.together, self.total = amounts, together, total
        self.held = 0
        whole = None if total is None else np.flatnonzero(self._sums([1] * together) == total)
        self.lists: list[IntArray | None] = [whole]
        self._known: dict[frozenset[tuple[int, ...]], int] = {frozenset(): 0}

    def add(self, differences: frozenset[tuple[int, ...]]) -> int:
        """Return the run of the mixtures that no exchange with these differences of charge can give."""
        if differences not in self._known:
            first = np.ones(len(self.amounts) ** self.together, dtype=bool)
            for difference in differences:
                first &= self._sums(difference) != 0
            whole = self.lists[0]
            run = np.flatnonzero(first) if whole is None else whole[first[whole]]
            self.held += len(run)
            if self.held > MOST_MIXTURES:
                raise self._too_many("the exchanges of charge among multivalent ions need lists")
            self._known[differences] = len(self.lists)
            self.lists.append(run.astype(np.int64))
        return self._known[differences]

    def _sums(self, weights: Sequence[int]) -> IntArray:
        """Weighted sums of the amounts of every mixture, shape (g**k,)."""
        if len(self.amounts) ** self.together > MOST_MIXTURES:
            raise self._too_many("they must be listed")
        sums = np.zeros(1, dtype=np.int64)
        for weight in weights:
            sums = (sums[:, None] + weight * self.amounts).reshape(-1)
        return sums

    def _too_many(self, why: str) -> SpaceError:
        remedy = (
            "coarsen the grid, or name one oxidation state per element (states = 'common')"
            if self.total is None
            else "take a coarser step of high_entropy, a narrower spread or fewer members"
        )
        return SpaceError(
            f"{self.together} ions on a grid of {len(self.amounts)} amounts are "
            f"{len(self.amounts) ** self.together:,} mixtures for every choice of ions, and {why}; expected "
            f"at most {MOST_MIXTURES:,}: {remedy}"
        )
