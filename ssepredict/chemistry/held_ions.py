"""The ions that a site holds as one list: of a hundred element columns a composition fills few."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray


@dataclass(frozen=True, eq=False)
class HeldIons:
    """The ions that a site of n compositions holds.

    Parameters
    ----------
    rows, columns : ndarray of int, shape (e,)
        Row and element column of each ion, row by row.
    amounts : ndarray, shape (e,)
        Ions per formula unit, above 0.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    amounts: FloatArray

    def take(self, which: npt.NDArray[np.bool_]) -> HeldIons:
        """Return some of the ions."""
        return HeldIons(self.rows[which], self.columns[which], self.amounts[which])

    @cached_property
    def starts(self) -> npt.NDArray[np.intp]:
        """Where the ions of each row that holds any begin, shape (rows that hold any,)."""
        return np.flatnonzero(np.diff(self.rows, prepend=-1))

    def total(self, values: FloatArray, size: int) -> FloatArray:
        """Sum of a value per ion over the ions of each row, shape (size,)."""
        return np.asarray(np.bincount(self.rows, weights=values, minlength=size), dtype=np.float64)

    def extreme(self, values: FloatArray, size: int, *, largest: bool, empty: float = np.nan) -> FloatArray:
        """Largest or smallest of a value per ion, shape (size,); `empty` for a row without ions."""
        found = np.full(size, empty)
        if len(self.rows):
            choose = np.maximum if largest else np.minimum
            found[self.rows[self.starts]] = choose.reduceat(values, self.starts)
        return found
