"""LightGBM's trees as flat arrays, narrowed to the rows at hand and evaluated column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.exceptions import ModelError
from ssepredict.modeling.fast_kernels import (
    ALL_MISSING,
    NONE_MISSING,
    SOME_MISSING,
    FlagArray,
    IntArray,
    kernels,
)

_BATCH = 4096
_BLOCK = 256
_SMALLEST = 1e-30
_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT = 1, 2, 2
_ZERO_IS_MISSING, _NAN_IS_MISSING = 1, 2


@dataclass(frozen=True, eq=False)
class FlatTrees:
    """The regression trees of a LightGBM booster; predictions equal the booster's to the last bit.

    Inside a batch of candidates most columns are constant or confined to a narrow range (temperature,
    framework, amounts of absent elements). Trees are first narrowed to what the batch can reach, which is a
    tenth of their nodes, and then summed in their order.

    Parameters
    ----------
    feature : ndarray of int, shape (nodes,)
        Column that a node splits on; -1 for a leaf.
    value : ndarray, shape (nodes,)
        Threshold of a node (not above it goes left), prediction of a leaf.
    left, right : ndarray of int, shape (nodes,)
        Branches.
    nan_left : ndarray, shape (nodes,)
        1 where a missing value goes left.
    root : ndarray of int, shape (trees,)
    columns : int
        Columns of the matrix.
    leaves : int
        Leaves of the largest tree.
    """

    feature: IntArray
    value: FloatArray
    left: IntArray
    right: IntArray
    nan_left: FlagArray
    root: IntArray
    columns: int
    leaves: int

    @classmethod
    def of(cls, model: Any) -> Self:
        """Read the trees of a fitted `LGBMRegressor`.

        Raises
        ------
        ModelError
            When a split is categorical, takes zero for missing, a leaf holds a linear model, or the booster
            does something else to the sum of its trees.
        """
        booster = model.booster_
        parts = [_read_tree(text) for text in booster.model_to_string().split("\nTree=")[1:]]
        sizes = [len(part[0]) for part in parts]
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int32)
        feature, value, left, right, nan_left = (
            np.concatenate(column) for column in zip(*parts, strict=True)
        )
        shift = np.repeat(starts, sizes)
        found = cls(
            feature.astype(np.int32),
            value.astype(np.float64),
            (left + shift).astype(np.int32),
            (right + shift).astype(np.int32),
            nan_left.astype(np.uint8),
            starts,
            int(booster.num_feature()),
            (max(sizes) + 1) // 2,
        )
        probe = found.probe()
        if not np.array_equal(found.predict(probe), booster.predict(probe)):
            raise ModelError("the booster predicts something else than the sum of its trees")
        return found

    def predict(self, X: npt.ArrayLike) -> FloatArray:
        """Predicted values of the rows of X, shape (n, columns), as shape (n,).

        Raises
        ------
        ValueError
            When X has another number of columns.
        """
        matrix = np.asarray(X, dtype=np.float64)
        if matrix.ndim != 2 or matrix.shape[1] != self.columns:
            raise ValueError(f"X has shape {matrix.shape}, expected (n, {self.columns})")
        found = np.zeros(len(matrix))
        narrow = tuple(np.empty_like(table) for table in (self.feature, self.value, self.nan_left))
        root, waiting = np.empty(len(self.root) + 1, dtype=np.int32), np.empty(self.leaves, dtype=np.int32)
        held = np.empty((self.leaves, _BLOCK))
        run = kernels()
        for start in range(0, len(matrix), _BATCH):
            columns = np.ascontiguousarray(matrix[start : start + _BATCH].T)
            low, high, missing = _ranges(columns)
            run.specialise(
                self.feature, self.value, self.left, self.right, self.nan_left, self.root,
                low, high, missing, *narrow, root, waiting,
            )  # fmt: skip
            run.add_trees(*narrow, root, missing, columns, held, found[start : start + _BATCH])
        return found

    def probe(self, rows: int = 32, seed: int = 0) -> FloatArray:
        """Rows that visit many leaves, shape (rows, columns): thresholds, their next neighbours, NaN."""
        rng = np.random.default_rng(seed)
        found = np.zeros((rows, self.columns))
        for column in range(self.columns):
            thresholds = np.unique(self.value[self.feature == column])
            if len(thresholds):
                above = np.nextafter(thresholds, np.inf)
                found[:, column] = rng.choice(np.concatenate([thresholds, above, [np.nan]]), size=rows)
        # LightGBM takes what is smaller than its zero (1e-35) for 0; no feature is that small and not 0.
        return np.where(np.abs(found) < _SMALLEST, 0.0, found)


def _ranges(columns: FloatArray) -> tuple[FloatArray, FloatArray, FlagArray]:
    """Smallest and largest value of every column, shape (k, n), and how much of it is missing."""
    # NaN spreads through min and max, so that only columns that hold one are looked at twice.
    low, high = columns.min(axis=1), columns.max(axis=1)
    missing = np.full(len(columns), NONE_MISSING, dtype=np.uint8)
    for number in np.flatnonzero(np.isnan(low)).tolist():
        known = columns[number][~np.isnan(columns[number])]
        missing[number] = SOME_MISSING if len(known) else ALL_MISSING
        low[number], high[number] = (known.min(), known.max()) if len(known) else (0.0, 0.0)
    return low, high, missing


def _read_tree(text: str) -> tuple[npt.NDArray[Any], ...]:
    """Feature, value, left, right and nan_left of one tree in LightGBM's text format."""
    entries = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    leaves = int(entries["num_leaves"])
    values = np.array(entries["leaf_value"].split(), dtype=np.float64)
    if entries.get("is_linear", "0") != "0":
        raise ModelError("a tree has linear models in its leaves; the fast path reads plain trees only")
    nothing = np.zeros(leaves, dtype=np.int64)
    if leaves == 1:
        return np.array([-1]), values, nothing, nothing, nothing
    kind = np.array(entries["decision_type"].split(), dtype=np.int64)
    absent = (kind >> _MISSING_SHIFT) & 3
    if (kind & _CATEGORICAL).any() or (absent == _ZERO_IS_MISSING).any():
        raise ModelError("a tree splits by category or takes zero for missing; the fast path does not")
    threshold = np.array(entries["threshold"].split(), dtype=np.float64)
    # Where training saw no missing value, LightGBM takes one for zero.
    nan_left = np.where(absent == _NAN_IS_MISSING, (kind & _DEFAULT_LEFT) > 0, threshold >= 0.0)
    branches = [np.array(entries[f"{side}_child"].split(), dtype=np.int64) for side in ("left", "right")]
    # Leaves, counted as -1, -2 ..., are put behind the inner nodes.
    left, right = (np.where(child >= 0, child, leaves - 2 - child) for child in branches)
    return (
        np.concatenate([np.array(entries["split_feature"].split(), dtype=np.int64), nothing - 1]),
        np.concatenate([threshold, values]),
        np.concatenate([left, nothing]),
        np.concatenate([right, nothing]),
        np.concatenate([nan_left, nothing]),
    )
