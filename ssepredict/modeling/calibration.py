"""Intervals from left-out papers, and how well they hold on papers that calibration has not seen either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.intervals import GroupConformal
from ssepredict.modeling.metrics import coverage, mean_width
from ssepredict.modeling.protocols import TrainingTable

CONFIDENCE = 0.9
"""Coverage at which intervals are reported."""

_MINIMUM_ROWS_FOR_SCALE = 200
_FEWEST_ROWS = 2
_PARTS = 10


@dataclass(frozen=True)
class LeftOut:
    """Predictions of every row by models that have not seen its paper, shape (n,) each."""

    stated: FloatArray
    withheld: FloatArray

    @classmethod
    def of(cls, found: pd.DataFrame) -> LeftOut:
        """Put the folds back into the order of the rows."""
        ordered = found.sort_values("row")
        return cls(ordered["predicted"].to_numpy(), ordered["predicted_withheld"].to_numpy())


def calibrate(
    table: TrainingTable, predicted: LeftOut, rows: npt.NDArray[np.intp], abstained: bool, seed: int
) -> GroupConformal:
    """Calibrate on both views of the rows, as stated and with the processing withheld."""
    enough = int(table.scored.sum()) >= _MINIMUM_ROWS_FOR_SCALE
    conformal = GroupConformal(n_bins=3 if enough else 1, learn_scale=enough and not abstained, seed=seed)
    return conformal.fit(
        np.vstack([table.X[rows], table.X_withheld[rows]]),
        np.concatenate([table.y[rows]] * 2),
        np.concatenate([predicted.stated[rows], predicted.withheld[rows]]),
        np.concatenate([table.papers[rows]] * 2),
    )


def interval_figures(
    table: TrainingTable, predicted: LeftOut, abstained: bool, seed: int
) -> dict[str, dict[str, Any]]:
    """Coverage and width on papers that neither the model nor the calibration has seen."""
    rows = np.flatnonzero(table.scored)
    papers = pd.factorize(table.papers[rows])[0]
    part = np.random.default_rng(seed).integers(0, _PARTS, size=papers.max() + 1)[papers]
    views = {"withheld": (table.X_withheld, predicted.withheld), "as_stated": (table.X, predicted.stated)}
    ends = {name: np.full((2, len(rows)), np.nan) for name in views}
    for number in np.unique(part):
        held = part == number
        if (~held).sum() < _FEWEST_ROWS:
            continue  # nothing is left to calibrate on: these rows do not count
        conformal = calibrate(table, predicted, rows[~held], abstained, seed)
        for name, (X, center) in views.items():
            scale = conformal.scale(X[rows[held]])
            ends[name][:, held] = conformal.interval(center[rows[held]], scale, CONFIDENCE)
    families = table.frame["family"].to_numpy(dtype=object)[rows]
    return {name: _by_scope(table, table.y[rows], families, low, high) for name, (low, high) in ends.items()}


def _by_scope(
    table: TrainingTable, true: FloatArray, families: npt.NDArray[Any], low: FloatArray, high: FloatArray
) -> dict[str, Any]:
    figures: dict[str, Any] = {"confidence": CONFIDENCE, "unit": table.target.error_unit}
    for scope in ("all", *sorted(set(families))):
        mask = np.isfinite(low) & (True if scope == "all" else families == scope)
        figures[scope] = {
            "rows": int(mask.sum()),
            "coverage": coverage(true=true[mask], low=low[mask], high=high[mask]),
            "mean_width": mean_width(low=low[mask], high=high[mask]),
        }
    return figures
