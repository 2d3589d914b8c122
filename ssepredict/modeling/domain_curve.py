"""Error against distance on left-out groups, and the distance beyond which a prediction tells little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.protocols import TrainingTable

CURVE_PROTOCOLS = ("paper", "host", "framework")
"""Protocols whose left-out rows make the curve.

Left-out papers alone hold few rows far away, and all of those belong to sparsely measured families; left-out
hosts and frameworks are what a far composition is in the hands of a user.
"""

BASELINE = "family_median"
CONFIDENCE = 0.9
_SAMPLES = 200
_FEWEST_ROWS = 30


def left_out_errors(
    table: TrainingTable,
    found: Mapping[tuple[str, str], pd.DataFrame],
    distances: Mapping[str, FloatArray],
    estimator: str,
    baseline: str = BASELINE,
) -> pd.DataFrame:
    """Distance and error of every scored left-out row.

    Parameters
    ----------
    table : TrainingTable
    found : mapping of (protocol, estimator) to DataFrame
        As `left_out_predictions` gives them, with the same seed and folds as the distances.
    distances : mapping of str to ndarray
        Protocol to `fold_distances`; protocols beyond `CURVE_PROTOCOLS` are ignored.
    estimator, baseline : str
        Names in `found`.

    Returns
    -------
    DataFrame
        `protocol`, `paper`, `distance` (to what the fold's model was trained on), `error` and
        `baseline_error` (absolute, in the space that models see, processing withheld).
    """
    names = ["protocol", "paper", "distance", "error", "baseline_error"]
    parts = [pd.DataFrame({name: np.zeros(0, float if name in names[2:] else object) for name in names})]
    for protocol in CURVE_PROTOCOLS:
        if protocol not in distances or not len(distances[protocol]):
            continue
        model, reference = found[protocol, estimator], found[protocol, baseline]
        rows = model["row"].to_numpy()
        part = pd.DataFrame(
            {
                "protocol": protocol,
                "paper": table.papers[rows],
                "distance": distances[protocol],
                "error": np.abs(table.y[rows] - model["predicted_withheld"].to_numpy()),
                "baseline_error": np.abs(table.y[rows] - reference["predicted_withheld"].to_numpy()),
            }
        )
        parts.append(part[table.scored[rows] & np.isfinite(distances[protocol])])
    return pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)


def distance_curve(
    rows: pd.DataFrame, *, unit: str, cap: float, bins: int = 10, seed: int = 0
) -> dict[str, Any]:
    """Measure how the error grows with the distance and where to draw the line.

    The error is smoothed by isotonic regression over the distance. The line is drawn where the smoothed
    error reaches the mean error of the baseline over all rows: farther out, a prediction tells less than the
    family's median tells of an average composition.

    Parameters
    ----------
    rows : DataFrame
        As `left_out_errors` gives them.
    unit : str
        Of the errors.
    cap : float
        Largest threshold allowed: beyond it too little was left out to claim anything.
    bins : int, default 10
        Quantile bins of the distance, for tables and plots.
    seed : int
        Of the bootstrap over papers.

    Returns
    -------
    dict
        `unit`, `protocols`, `level` (baseline error), `threshold`, `threshold_low`, `threshold_high`
        (bootstrap over papers, `confidence`), `bins` (`rows`, `papers`, `distance_low`, `distance`,
        `distance_high`, `error`, `baseline_error`) and `smoothed` (knots `distance`, `error`). With fewer
        than 30 rows the threshold is the cap and the bounds are NaN.
    """
    low = high = float("nan")
    threshold, knots = cap, []
    level = float(rows["baseline_error"].mean()) if len(rows) else float("nan")
    if len(rows) >= _FEWEST_ROWS:
        distance, error = rows["distance"].to_numpy(), rows["error"].to_numpy()
        threshold = min(_crossing(distance, error, level), cap)
        sampled = np.minimum(_sampled_crossings(rows, seed), cap)
        tail = (1.0 - CONFIDENCE) / 2.0
        low, high = (float(value) for value in np.quantile(sampled, (tail, 1.0 - tail)))
        knots = [{"distance": x, "error": y} for x, y in zip(*_smoothed(distance, error), strict=True)]
    return {
        "unit": unit,
        "baseline": BASELINE,
        "protocols": list(dict.fromkeys(rows["protocol"])),
        "rows": len(rows),
        "level": level,
        "threshold": threshold,
        "threshold_low": low,
        "threshold_high": high,
        "confidence": CONFIDENCE,
        "bins": _binned(rows, bins),
        "smoothed": knots,
    }


def _smoothed(distance: FloatArray, error: FloatArray) -> tuple[list[float], list[float]]:
    """Knots of the rising curve through the errors."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(increasing=True).fit(distance, error)
    return fitted.X_thresholds_.tolist(), fitted.y_thresholds_.tolist()


def _crossing(distance: FloatArray, error: FloatArray, level: float) -> float:
    """Largest distance at which the smoothed error is below the level; 0 when it never is."""
    knots, heights = map(np.asarray, _smoothed(distance, error))
    return float(knots[heights < level].max(initial=0.0))


def _sampled_crossings(rows: pd.DataFrame, seed: int) -> FloatArray:
    """Crossings of the samples of a bootstrap over papers."""
    paper = pd.factorize(rows["paper"])[0]
    order = np.argsort(paper, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(paper))[:-1])
    arrays = [rows[name].to_numpy() for name in ("distance", "error", "baseline_error")]
    random = np.random.default_rng(seed)
    found = np.empty(_SAMPLES)
    for number in range(_SAMPLES):
        drawn = np.concatenate([members[index] for index in random.integers(0, len(members), len(members))])
        distance, error, baseline = (values[drawn] for values in arrays)
        found[number] = _crossing(distance, error, float(baseline.mean()))
    return found


def _binned(rows: pd.DataFrame, bins: int) -> list[dict[str, Any]]:
    """Means in quantile bins of the distance; fewer bins where distances repeat."""
    if not len(rows):
        return []
    edges: npt.NDArray[np.float64] = np.unique(np.quantile(rows["distance"], np.arange(1, bins) / bins))
    number = np.digitize(rows["distance"], edges, right=True)
    return [
        {
            "rows": len(part),
            "papers": int(part["paper"].nunique()),
            "distance_low": float(part["distance"].min()),
            "distance": float(part["distance"].median()),
            "distance_high": float(part["distance"].max()),
            "error": float(part["error"].mean()),
            "baseline_error": float(part["baseline_error"].mean()),
        }
        for _, part in rows.groupby(number)
    ]
