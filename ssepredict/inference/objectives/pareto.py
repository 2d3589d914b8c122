"""Pareto fronts: candidates that no other beats on one axis without losing on another.

A front of the rows of a list is `pareto_mask`. The front of a whole space is gathered piece by piece: `Front`
holds that of a piece, and merging is associative and commutative, so that neither the size nor the order of
the pieces matters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.supply import BoolArray
from ssepredict.exceptions import SpaceError, did_you_mean
from ssepredict.inference.spaces.enumeration import IntArray

CAP = 100_000
"""Candidates that a front may hold (some MB); a larger one is given up, never cut."""

_BLOCK, _FRONT_BLOCK = 256, 4096  # rows compared at a time: 1 MB of truth values


@dataclass(frozen=True)
class Axis:
    """One thing that should be large or small.

    Parameters
    ----------
    name : str
        Column of a ranking.
    higher_is_better : bool
    logarithmic : bool
        Whether boxes are even in the decimal logarithm.
    box : float
        Difference that is not worth a place of its own in a coarse front: in decades for a logarithmic axis,
        else in the unit of the column.
    """

    name: str
    higher_is_better: bool
    logarithmic: bool
    box: float

    def oriented(self, values: npt.ArrayLike) -> FloatArray:
        """Values that are the better the higher, shape (n,); what has no logarithm is not finite."""
        array = np.asarray(values, dtype=np.float64)
        if self.logarithmic:
            with np.errstate(divide="ignore", invalid="ignore"):
                array = np.log10(array)
        return array if self.higher_is_better else -array


AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis("conductivity_s_cm", True, True, 0.01),
        Axis("activation_energy_ev", False, False, 0.001),
        Axis("ccd_ma_cm2", True, True, 0.01),
        Axis("fade_pct_per_cycle", False, False, 0.001),
        Axis("score", True, False, 0.001),
        Axis("price_usd_per_kg", False, True, 0.01),
        Axis("scarcest_abundance_mg_per_kg", True, True, 0.01),
        Axis("hhi_production", False, False, 10.0),
        Axis("hhi_reserve", False, False, 10.0),
        Axis("domain_distance", False, False, 0.01),
    )
}
"""Columns of a ranking over which a front can be drawn."""


def axes_of(names: Sequence[str]) -> tuple[Axis, ...]:
    """Axes by name.

    Raises
    ------
    SpaceError
        When fewer than two are named, one twice, or one is no axis.

    Examples
    --------
    >>> [axis.higher_is_better for axis in axes_of(["conductivity_s_cm", "price_usd_per_kg"])]
    [True, False]
    """
    for name in names:
        if name not in AXES:
            hint = did_you_mean(str(name), AXES) or f"; expected some of {', '.join(AXES)}"
            raise SpaceError(f"pareto: unknown column {name!r}{hint}")
    if len(names) < 2 or len(set(names)) < len(names):
        raise SpaceError(
            f"pareto: columns are {', '.join(names) or 'none'}; expected two or more, each once, e.g. "
            "conductivity_s_cm and price_usd_per_kg"
        )
    return tuple(AXES[name] for name in names)


def pareto_mask(values: npt.ArrayLike) -> BoolArray:
    """Rows that no other row beats.

    A row beats another when it is nowhere lower and somewhere higher. Equal rows do not beat each other. A
    row with a value that is not finite neither beats nor stays.

    Parameters
    ----------
    values : array_like, shape (n, k)
        The higher the better.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> pareto_mask([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0], [2.0, 1.0]]).tolist()
    [True, True, False, True]
    """
    table = np.asarray(values, dtype=np.float64)
    mask = np.zeros(len(table), dtype=bool)
    finite = np.flatnonzero(np.isfinite(table).all(axis=1))
    if finite.size:
        distinct, inverse = np.unique(table[finite], axis=0, return_inverse=True)
        # In descending order only an earlier row can beat a later one.
        mask[finite] = _front_of(distinct[::-1])[::-1][inverse.reshape(-1)]
    return mask


def front_flags(table: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.int64]:
    """1 for the rows of a ranking that no other row of it beats, shape (n,).

    Parameters
    ----------
    table : DataFrame
        n rows with the columns that are named.
    names : sequence of str
        Columns among `AXES`. A row without a value in one of them is not on the front.

    Raises
    ------
    SpaceError
        See `axes_of`.

    Examples
    --------
    >>> table = pd.DataFrame({"score": [0.9, 0.5, 0.4], "price_usd_per_kg": [30.0, 10.0, 20.0]})
    >>> front_flags(table, ["score", "price_usd_per_kg"]).tolist()
    [1, 1, 0]
    """
    oriented = [axis.oriented(table[axis.name].to_numpy(dtype=np.float64)) for axis in axes_of(names)]
    return pareto_mask(np.column_stack(oriented)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Front:
    """The front of some part of a space.

    Of candidates with the same values (the same boxes, where the front is coarse) the best by the axes in
    their order stands for all, then the lower position.

    Parameters
    ----------
    axes : tuple of Axis
    indices : ndarray of int, shape (m,)
        Positions in the space, ascending.
    points : ndarray, shape (m, k)
        In the units of the columns.
    coarse : bool, default False
        Whether candidates are compared by the boxes of the axes instead of their values. The size of a front
        is then bounded by the boxes, not by the space.
    cap : int
        Candidates that are kept at most. A front that would hold more is given up: `overflowed`, and empty
        from then on. It is never cut, because what is cut off could come back to the front when a later piece
        beats its neighbours: a front is exact, or there is none and a coarse one can be asked for.
    overflowed : bool

    Examples
    --------
    >>> axes = axes_of(["conductivity_s_cm", "price_usd_per_kg"])
    >>> left = Front.of(axes, [0, 1], {"conductivity_s_cm": [1e-3, 1e-4], "price_usd_per_kg": [9.0, 9.0]})
    >>> right = Front.of(axes, [7], {"conductivity_s_cm": [1e-4], "price_usd_per_kg": [5.0]})
    >>> left.merge(right).indices
    array([0, 7])
    """

    axes: tuple[Axis, ...]
    indices: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    points: FloatArray = field(default_factory=lambda: np.empty((0, 0)))
    coarse: bool = False
    cap: int = CAP
    overflowed: bool = False

    @classmethod
    def of(
        cls,
        axes: tuple[Axis, ...],
        indices: npt.ArrayLike,
        columns: Mapping[str, npt.ArrayLike],
        *,
        coarse: bool = False,
        cap: int = CAP,
    ) -> Front:
        """Front of a batch; `columns` holds at least those of the axes, shape (n,) each."""
        positions = np.asarray(indices, dtype=np.int64)
        points = np.column_stack([np.asarray(columns[axis.name], dtype=np.float64) for axis in axes])
        return cls(axes, positions, points, coarse, cap)._reduced()

    def merge(self, other: Front) -> Front:
        """Front of both parts; the two must have the same axes, resolution and cap.

        Raises
        ------
        ValueError
            When they have not.
        """
        if (self.axes, self.coarse, self.cap) != (other.axes, other.coarse, other.cap):
            raise ValueError("fronts differ in axes, resolution or cap; expected two of one kind")
        if self.overflowed or other.overflowed:
            return replace(self._emptied(), overflowed=True)
        parts = [front for front in (self, other) if len(front.indices)]
        if not parts:
            return self
        return replace(
            self,
            indices=np.concatenate([front.indices for front in parts]),
            points=np.concatenate([front.points for front in parts]),
        )._reduced()

    def _reduced(self) -> Front:
        oriented = np.column_stack(
            [axis.oriented(column) for axis, column in zip(self.axes, self.points.T, strict=True)]
        )
        boxes = oriented
        if self.coarse:
            boxes = np.floor(oriented / np.array([axis.box for axis in self.axes]))
        rows = np.flatnonzero(pareto_mask(boxes))
        order = rows[np.lexsort((self.indices[rows], *(-oriented[rows].T[::-1]), *(boxes[rows].T[::-1])))]
        fresh = np.ones(len(order), dtype=bool)
        fresh[1:] = (boxes[order][1:] != boxes[order][:-1]).any(axis=1)
        kept = order[fresh]
        kept = kept[np.argsort(self.indices[kept])]
        if len(kept) > self.cap:
            return replace(self._emptied(), overflowed=True)
        return replace(self, indices=self.indices[kept], points=self.points[kept])

    def _emptied(self) -> Front:
        empty = np.empty((0, len(self.axes)))
        return replace(self, indices=np.empty(0, dtype=np.int64), points=empty)


def _front_of(rows: FloatArray) -> BoolArray:
    """Which of distinct rows in descending order no earlier row beats, shape (n,)."""
    kept = np.zeros(len(rows), dtype=bool)
    if rows.shape[1] == 2:
        best = np.maximum.accumulate(rows[:, 1])
        kept[0] = True
        kept[1:] = rows[1:, 1] > best[:-1]
        return kept
    front = rows[:0]
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        alive = np.flatnonzero(~_beaten(block, front))
        alive = alive[~_beaten_inside(block[alive])]
        kept[start + alive] = True
        front = np.concatenate([front, block[alive]])
    return kept


def _beaten(block: FloatArray, front: FloatArray) -> BoolArray:
    """Rows of a block that a row of the front, distinct from them, reaches or exceeds everywhere."""
    beaten = np.zeros(len(block), dtype=bool)
    for start in range(0, len(front), _FRONT_BLOCK):
        beaten |= _reaches(front[start : start + _FRONT_BLOCK], block).any(axis=1)
    return beaten


def _beaten_inside(block: FloatArray) -> BoolArray:
    return np.asarray(np.tril(_reaches(block, block), k=-1).any(axis=1))


def _reaches(upper: FloatArray, lower: FloatArray) -> BoolArray:
    """Whether each row of `upper` is at least each row of `lower`, shape (len(lower), len(upper))."""
    found = np.ones((len(lower), len(upper)), dtype=bool)
    for column in range(upper.shape[1]):
        found &= upper[None, :, column] >= lower[:, None, column]
    return found
