"""From positions to compositions, over all hosts of a space."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import ATOMIC_INDEX, CompositionMatrix
from ssepredict.chemistry.ions import Ion
from ssepredict.inference.spaces.batch import CandidateBatch
from ssepredict.inference.spaces.exchange import IntArray
from ssepredict.inference.spaces.part import PartDecoder
from ssepredict.inference.spaces.plan import SpacePlan

Writer = Callable[[PartDecoder, CandidateBatch], list[str]]


@dataclass(frozen=True, eq=False)
class SpaceDecoder:
    """The candidates of one host after the other.

    Parameters
    ----------
    plan : SpacePlan
    """

    plan: SpacePlan

    @cached_property
    def elements(self) -> tuple[str, ...]:
        """The element axis, in the order of the atomic number."""
        present = {symbol for part in self.plan.parts for symbol in PartDecoder(part).own_elements}
        return tuple(sorted(present, key=ATOMIC_INDEX.__getitem__))

    @cached_property
    def parts(self) -> tuple[PartDecoder, ...]:
        """One decoder per host, all on the same axis."""
        return tuple(PartDecoder(part, self.elements) for part in self.plan.parts)

    @cached_property
    def size(self) -> int:
        """Number of candidates, however large."""
        return sum(part.size for part in self.parts)

    @cached_property
    def starts(self) -> IntArray:
        """Position of the first candidate of each part, shape (parts,)."""
        return np.cumsum([0, *(part.size for part in self.parts[:-1])], dtype=np.int64)

    @cached_property
    def ions(self) -> tuple[Ion, ...]:
        """The dopant ions, each once."""
        return tuple(dict.fromkeys(ion for part in self.parts for ion in part.ions))

    def checked(self, indices: npt.ArrayLike) -> IntArray:
        """Return positions as whole numbers.

        Raises
        ------
        IndexError
            When one lies outside the space.
        """
        positions = np.asarray(indices, dtype=np.int64)
        if positions.size and (positions.min() < 0 or positions.max() >= self.size):
            raise IndexError(
                f"candidates go from 0 to {self.size - 1}, got {positions.min()} to {positions.max()}"
            )
        return positions

    def part_of(self, positions: IntArray) -> IntArray:
        """Part of every position, shape (n,)."""
        return np.searchsorted(self.starts, positions, side="right").astype(np.int64) - 1

    def decode(self, positions: IntArray) -> CandidateBatch:
        """Turn positions, all of them valid, into compositions."""
        if len(self.parts) == 1:
            return self.parts[0].decode(positions)
        part, count = self.part_of(positions), len(positions)
        width = max(decoder.width for decoder in self.parts)
        shape = (count, len(self.elements))
        amounts, oxidation = np.zeros(shape), np.zeros(shape)
        dopants, fractions = np.full((count, width), -1, dtype=np.int64), np.zeros((count, width))
        silicon, excess = np.zeros(count), np.zeros(count)
        for number in np.unique(part).tolist():
            rows = np.flatnonzero(part == number)
            batch = self.parts[number].decode(positions[rows] - self.starts[number])
            here = batch.dopants.shape[1]
            if len(rows) == count:
                amounts, oxidation = batch.composition.amounts, batch.oxidation
            else:
                amounts[rows], oxidation[rows] = batch.composition.amounts, batch.oxidation
            dopants[rows, :here] = self._ion_numbers[number][batch.dopants]
            fractions[rows, :here] = batch.fractions
            silicon[rows], excess[rows] = batch.silicon, batch.excess
        composition = CompositionMatrix(self.elements, amounts)
        return CandidateBatch(positions, composition, oxidation, dopants, fractions, silicon, excess, part)

    def write(self, positions: IntArray, write: Writer) -> list[str]:
        """Write candidates as text, each by the decoder of its own part."""
        texts = [""] * len(positions)
        part = self.part_of(positions)
        for number in np.unique(part).tolist():
            rows, decoder = np.flatnonzero(part == number), self.parts[number]
            found = write(decoder, decoder.decode(positions[rows] - self.starts[number]))
            for row, text in zip(rows.tolist(), found, strict=True):
                texts[row] = text
        return texts

    @cached_property
    def _ion_numbers(self) -> tuple[IntArray, ...]:
        """Per part: where its ions (and -1, last) stand among those of the space."""
        place = {ion: number for number, ion in enumerate(self.ions)}
        return tuple(
            np.array([*(place[ion] for ion in decoder.ions), -1], dtype=np.int64) for decoder in self.parts
        )
