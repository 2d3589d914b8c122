"""Intervals from left-out papers, and how well they hold on papers that calibration has not seen either."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.difficulty import difficulty
from ssepredict.modeling.intervals import GroupConformal
from ssepredict.modeling.metrics import coverage, mean_width
from ssepredict.modeling.probabilistic import brier, reliability
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.scopes import at_room_temperature

CONFIDENCE = 0.9
"""Coverage at which intervals are reported."""

PROBABILITY_THRESHOLDS: dict[str, tuple[float, ...]] = {
    "conductivity_s_cm": (1e-4, 1e-3),
    "activation_energy_ev": (0.25, 0.35),
}
"""Values (unit of the target) whose exceedance is judged as a probability; a target without has none."""

_MINIMUM_ROWS_FOR_SCALE = 200
_FEWEST_ROWS = 2
_PARTS = 10
_RELIABILITY_BINS = 10


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
    table: TrainingTable,
    predicted: LeftOut,
    rows: npt.NDArray[np.intp],
    abstained: bool,
    seed: int,
    distance: FloatArray | None = None,
) -> GroupConformal:
    """Calibrate on both views of the rows, as stated and with the processing withheld.

    Parameters
    ----------
    table : TrainingTable, n rows
    predicted : LeftOut
    rows : ndarray of int
        Rows to calibrate on.
    abstained : bool
        Medians are too coarse to learn a scale for.
    seed : int
    distance : ndarray, shape (n,), optional
        To the compositions of other papers; without it the scale reads the features alone, and so must
        whoever asks for one.
    """
    enough = int(table.scored.sum()) >= _MINIMUM_ROWS_FOR_SCALE
    learn_scale = enough and not abstained
    conformal = GroupConformal(n_bins=3 if enough and abstained else 1, learn_scale=learn_scale, seed=seed)
    center = np.concatenate([predicted.stated[rows], predicted.withheld[rows]])
    return conformal.fit(
        np.vstack([table.X[rows], table.X_withheld[rows]]),
        np.concatenate([table.y[rows]] * 2),
        center,
        np.concatenate([table.papers[rows]] * 2),
        difficulty=None if distance is None else difficulty(center, np.concatenate([distance[rows]] * 2)),
        families=np.concatenate([table.frame["family"].to_numpy(dtype=object)[rows]] * 2),
    )


@dataclass
class _Judged:
    """What a view of the rows was given by a calibration on other papers."""

    X: FloatArray
    center: FloatArray
    low: FloatArray = field(init=False)
    high: FloatArray = field(init=False)
    crps: FloatArray = field(init=False)
    above: FloatArray = field(init=False)

    def prepare(self, rows: int, thresholds: int) -> None:
        self.low, self.high, self.crps = np.full((3, rows), np.nan)
        self.above = np.full((thresholds, rows), np.nan)


def interval_figures(
    table: TrainingTable,
    predicted: LeftOut,
    abstained: bool,
    seed: int,
    distance: FloatArray | None = None,
) -> dict[str, dict[str, Any]]:
    """Judge the distributions on papers that the calibration has not seen.

    Parameters
    ----------
    table : TrainingTable, n rows
    predicted : LeftOut
    abstained : bool
    seed : int
    distance : ndarray, shape (n,), optional
        To the compositions of other papers.

    Returns
    -------
    dict
        For the views `withheld` and `as_stated`: `confidence`, `unit`, for `all` and for each family
        `rows`, `coverage`, `mean_width`, `crps`; lists of `by_distance` (quartiles), `thresholds`
        (`brier`, the `base_rate` and its Brier score, `reliability` bins) and `reliability` over all
        thresholds. Conductivities are held against thresholds at room temperature only.
    """
    rows = np.flatnonzero(table.scored)
    papers = pd.factorize(table.papers[rows])[0]
    part = np.random.default_rng(seed).integers(0, _PARTS, size=papers.max() + 1)[papers]
    levels = table.target.forward(PROBABILITY_THRESHOLDS.get(table.target.name, ()))
    families = table.frame["family"].to_numpy(dtype=object)[rows]
    views = {
        "withheld": _Judged(table.X_withheld[rows], predicted.withheld[rows]),
        "as_stated": _Judged(table.X[rows], predicted.stated[rows]),
    }
    for view in views.values():
        view.prepare(len(rows), len(levels))
    for number in np.unique(part):
        held = np.flatnonzero(part == number)
        others = rows[part != number]
        if len(others) < _FEWEST_ROWS:
            continue  # nothing is left to calibrate on: these rows do not count
        conformal = calibrate(table, predicted, others, abstained, seed, distance)
        for view in views.values():
            center = view.center[held]
            hard = None if distance is None else difficulty(center, distance[rows[held]])
            given = (center, conformal.scale(view.X[held], hard))
            view.low[held], view.high[held] = conformal.interval(*given, CONFIDENCE, families[held])
            view.crps[held] = conformal.crps(table.y[rows[held]], *given, families[held])
            for place, level in enumerate(levels):
                view.above[place, held] = 1.0 - conformal.cumulative(*given, level, families[held])
    true = table.y[rows]
    figures: dict[str, dict[str, Any]] = {}
    for name, view in views.items():
        figures[name] = {"confidence": CONFIDENCE, "unit": table.target.error_unit}
        figures[name] |= _by_scope(true, families, view)
        if distance is not None:
            figures[name]["by_distance"] = _by_distance(true, distance[rows], view)
        figures[name] |= _by_threshold(table, rows, view)
    return figures


def _line(true: FloatArray, view: _Judged, mask: npt.NDArray[np.bool_]) -> dict[str, Any]:
    low, high = view.low[mask], view.high[mask]
    return {
        "rows": int(mask.sum()),
        "coverage": coverage(true=true[mask], low=low, high=high),
        "mean_width": mean_width(low=low, high=high),
        "crps": float(view.crps[mask].mean()) if mask.any() else float("nan"),
    }


def _by_scope(true: FloatArray, families: npt.NDArray[Any], view: _Judged) -> dict[str, Any]:
    judged = np.isfinite(view.low)
    masks = {"all": judged} | {str(name): judged & (families == name) for name in sorted(set(families))}
    return {name: _line(true, view, mask) for name, mask in masks.items()}


def _by_distance(true: FloatArray, distance: FloatArray, view: _Judged) -> list[dict[str, Any]]:
    known = np.isfinite(distance) & np.isfinite(view.low)
    if not known.any():
        return []
    # Many rows lie at distance 0 of another paper's: equal quartiles are one.
    edges = np.unique(np.quantile(distance[known], [0.25, 0.5, 0.75]))
    quartile = np.digitize(distance, edges)
    masks = (known & (quartile == number) for number in range(len(edges) + 1))
    return [
        {"distance": float(np.median(distance[mask])), **_line(true, view, mask)}
        for mask in masks
        if mask.any()
    ]


def _by_threshold(table: TrainingTable, rows: npt.NDArray[np.intp], view: _Judged) -> dict[str, Any]:
    judged = np.isfinite(view.low) & at_room_temperature(table.target, table.frame)[rows]
    thresholds = PROBABILITY_THRESHOLDS.get(table.target.name, ())
    if not thresholds or not judged.any():
        return {}
    lines, happened, probability = [], [], []
    for threshold, level, above in zip(thresholds, table.target.forward(thresholds), view.above, strict=True):
        happened.append(table.y[rows][judged] > level)
        probability.append(above[judged])
        rate = float(happened[-1].mean())
        lines.append(
            {
                "threshold": threshold,
                "rows": int(judged.sum()),
                "base_rate": rate,
                "brier": brier(happened=happened[-1], probability=probability[-1]),
                "brier_of_base_rate": rate * (1.0 - rate),
                "reliability": _reliability_lines(happened[-1], probability[-1]),
            }
        )
    together = _reliability_lines(np.concatenate(happened), np.concatenate(probability))
    return {"thresholds": lines, "reliability": together}


def _reliability_lines(happened: npt.NDArray[np.bool_], probability: FloatArray) -> list[dict[str, Any]]:
    found = reliability(happened=happened, probability=probability, bins=_RELIABILITY_BINS)
    return [{str(name): value for name, value in line.items()} for line in found.to_dict("records")]
