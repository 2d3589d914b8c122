"""The choices of one entry, written into a batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.inference.spaces.enumeration import Block
from ssepredict.inference.spaces.exchange import IntArray
from ssepredict.inference.spaces.plan import EntryPlan


@dataclass(frozen=True, eq=False)
class Change:
    """What a batch gains over its host: whole numbers per column of the axis, and the charge."""

    count: int
    charge: IntArray
    gained: dict[int, IntArray]

    def add(self, column: int, amount: IntArray) -> None:
        """Add atoms to a column."""
        self.gained[column] = self.gained[column] + amount if column in self.gained else amount


@dataclass(frozen=True, eq=False)
class EntryDecoder:
    """The choices of one entry: none (where it may be), then by number of dopants."""

    entry: EntryPlan
    blocks: tuple[Block, ...]
    first_ion: int
    unit: int
    elements: tuple[str, ...]
    base: tuple[IntArray, FloatArray]

    @cached_property
    def size(self) -> int:
        """Number of choices, however large."""
        return sum(block.size for block in self.blocks) + self.entry.optional

    @cached_property
    def _columns(self) -> IntArray:
        return np.array([self.elements.index(ion.element) for ion in self.entry.ions], dtype=np.int64)

    @cached_property
    def _charges(self) -> IntArray:
        return np.array([ion.charge for ion in self.entry.ions], dtype=np.int64)

    @cached_property
    def unusual(self) -> npt.NDArray[np.bool_]:
        """Which ions are in another state than the axis has by default, shape (ions,)."""
        return np.asarray(self._charges != self.base[1][self._columns], dtype=np.bool_)

    @cached_property
    def _own(self) -> int | None:
        """The replaced ion among the dopants, as in a site that several ions share; None where it is not."""
        return self.entry.ions.index(self.entry.replaces) if self.entry.replaces in self.entry.ions else None

    def choose(self, numbers: IntArray) -> tuple[IntArray, IntArray]:
        """Ion numbers (-1 for none) and amounts in parts of the unit, each of shape (n, k)."""
        width = self.entry.together[-1]
        if len(self.blocks) == 1 and not self.entry.optional:
            return self.blocks[0].decode(numbers)
        members = np.full((len(numbers), width), -1, dtype=np.int64)
        amounts = np.zeros(members.shape, dtype=np.int64)
        start = int(self.entry.optional)
        for block in self.blocks:
            rows = np.flatnonzero((numbers >= start) & (numbers - start < block.size))
            if rows.size == len(numbers) and block.together == width:
                return block.decode(numbers - start)
            if rows.size:
                chosen, taken = block.decode(numbers[rows] - start)
                members[rows, : block.together] = chosen
                amounts[rows, : block.together] = taken
            start += block.size
        return members, amounts

    def apply(
        self, numbers: IntArray, amounts: FloatArray, oxidation: FloatArray, change: Change
    ) -> tuple[IntArray, FloatArray]:
        """Write the dopants into a batch; return their numbers and fractions, each of shape (n, k)."""
        members, taken = self.choose(numbers)
        fractions = taken / self.unit
        width = amounts.shape[1]
        flat, has_unusual = amounts.reshape(-1), bool(self.unusual.any())
        offset = np.arange(change.count, dtype=np.int64) * width
        for place in range(members.shape[1]):
            ion, amount, fraction, at = members[:, place], taken[:, place], fractions[:, place], offset
            here = ion >= 0
            if not here.all():
                rows = np.flatnonzero(here)
                ion, fraction, at = ion[rows], fraction[rows], offset[rows]
            flat[at + self._columns[ion]] = fraction
            if has_unusual:
                odd = np.flatnonzero(self.unusual[ion])
                oxidation.reshape(-1)[at[odd] + self._columns[ion[odd]]] = self._charges[ion[odd]]
            # A member of -1 reads the last ion, with an amount of 0.
            change.charge[:] += amount * (self._charges[members[:, place]] - self.entry.replaces.charge)
        removed = -taken.sum(axis=1)
        if self._own is not None:
            removed += np.where(members == self._own, taken, 0).sum(axis=1)
        change.add(self.elements.index(self.entry.replaces.element), removed)
        return np.where(members < 0, -1, members + self.first_ion), fractions
