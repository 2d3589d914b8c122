"""Decoded candidates, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray
from ssepredict.chemistry.sites import SiteTable, assign_sites
from ssepredict.inference.spaces.exchange import IntArray


@dataclass(frozen=True)
class CandidateBatch:
    """Decoded candidates.

    Parameters
    ----------
    indices : ndarray of int, shape (n,)
        Positions in the space.
    composition : CompositionMatrix
        Amounts per formula unit, shape (n, m), on the element axis of the space.
    oxidation : ndarray, shape (n, m)
        Oxidation states (e); where every element has one state a single row, repeated without a copy
        (read-only).
    dopants : ndarray of int, shape (n, k)
        Positions in `SubstitutionSpace.ions`, entry after entry; -1 where a candidate has fewer dopants.
    fractions : ndarray, shape (n, k)
        Dopant ions per formula unit; 0 where there is none.
    silicon : ndarray, shape (n,)
        Si on T per formula unit.
    excess : ndarray, shape (n,)
        Mobile ions per formula unit beyond the host's that the description asks for; 0 where they follow
        from the charge.
    part : ndarray of int, shape (n,)
        Position in `SubstitutionSpace.parts`.
    """

    indices: IntArray
    composition: CompositionMatrix
    oxidation: FloatArray
    dopants: IntArray
    fractions: FloatArray
    silicon: FloatArray
    excess: FloatArray
    part: IntArray

    def __len__(self) -> int:
        return len(self.indices)

    def sites(self) -> SiteTable:
        """Assign the sites, with the oxidation states of the dopant ions as they were chosen."""
        return assign_sites(self.composition, self.oxidation)

    def take(self, rows: npt.ArrayLike) -> CandidateBatch:
        """Return the given rows (indices or mask)."""
        index = np.asarray(rows)
        return CandidateBatch(
            self.indices[index],
            self.composition.take(index),
            self.oxidation[index],
            self.dopants[index],
            self.fractions[index],
            self.silicon[index],
            self.excess[index],
            self.part[index],
        )
