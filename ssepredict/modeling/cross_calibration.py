"""Predictive distributions of left-out rows, calibrated on papers that the row's own is not among."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ssepredict.modeling.calibration import CONFIDENCE, LeftOut, calibrate
from ssepredict.modeling.difficulty import difficulty
from ssepredict.modeling.protocols import TrainingTable

CALIBRATION_PROTOCOL = "paper"
"""Left-out predictions whose residuals calibrate the intervals, under every protocol: a coverage under
`host` says how the intervals of a release hold on a new host."""

THRESHOLDS = {
    "conductivity_s_cm": 1e-3,
    "activation_energy_ev": 0.35,
    "ccd_ma_cm2": 1.0,
    "fade_pct_per_cycle": 0.1,
}
"""Values whose exceedance is predicted as a probability: what is asked of a good electrolyte."""

PARTS = 5
_FEWEST_ROWS = 12


def cross_calibrated(
    table: TrainingTable,
    calibration: pd.DataFrame,
    predictions: dict[str, pd.DataFrame],
    *,
    learn_scale: bool,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Add a distribution to left-out predictions of one estimator, with the processing withheld.

    The papers are divided into `PARTS`; the rows of a part get the distribution that the residuals of the
    other parts give.

    Parameters
    ----------
    table : TrainingTable
    calibration : DataFrame
        Its predictions of every row under `CALIBRATION_PROTOCOL`, with `distance`.
    predictions : dict of str to DataFrame
        Protocol to its predictions, with `distance`.
    learn_scale : bool
        Whether the size of the residuals is learned, from the features, the prediction and the distance.
    seed : int

    Returns
    -------
    dict of str to DataFrame
        The same with `low`, `high` (`CONFIDENCE`), `crps`, `probability` (of a value above the threshold of
        `THRESHOLDS`) and `above` (whether it is); NaN where too few rows are left to calibrate on.
    """
    papers = pd.factorize(table.papers)[0]
    part = np.random.default_rng(seed).integers(0, PARTS, size=papers.max() + 1)[papers]
    left_out = LeftOut.of(calibration)
    distance = calibration.sort_values("row")["distance"].to_numpy() if learn_scale else None
    families = table.frame["family"].to_numpy(dtype=object)
    level = float(table.target.forward([THRESHOLDS[table.target.name]])[0])
    names = ["low", "high", "crps", "probability"]
    found = {
        protocol: rows.assign(**dict.fromkeys(names, np.nan), above=table.y[rows["row"]] > level)
        for protocol, rows in predictions.items()
    }
    for number in range(PARTS):
        others = np.flatnonzero(table.scored & (part != number))
        if len(others) < _FEWEST_ROWS:
            continue
        conformal = calibrate(table, left_out, others, not learn_scale, seed, distance)
        for rows in found.values():
            here = part[rows["row"].to_numpy()] == number
            index = rows.loc[here, "row"].to_numpy()
            if not len(index):
                continue
            center = rows.loc[here, "predicted_withheld"].to_numpy()
            hard = difficulty(center, rows.loc[here, "distance"].to_numpy()) if learn_scale else None
            given = (center, conformal.scale(table.X_withheld[index], hard))
            low, high = conformal.interval(*given, CONFIDENCE, families[index])
            crps = conformal.crps(table.y[index], *given, families[index])
            above = 1.0 - conformal.cumulative(*given, level, families[index])
            rows.loc[here, names] = np.column_stack([low, high, crps, above])
    return found
