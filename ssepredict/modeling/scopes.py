"""Errors by scope: over all rows, at room temperature, by family, and by distance to the training data."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.metrics import (
    POINT_METRICS,
    coverage,
    enrichment,
    mean_width,
    pair_concordance,
    spearman_within,
)
from ssepredict.modeling.probabilistic import brier
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, Target

LOWER_IS_BETTER = frozenset({"activation_energy_ev", "fade_pct_per_cycle"})
"""Targets whose best values, for the enrichment, are the lowest."""

TOP = 0.1
"""Share of the rows that is the top, of which the enrichment speaks."""

DISTANCE_QUARTILES = tuple(f"distance_q{number}" for number in range(1, 5))
"""Scopes by distance to the training compositions of the fold, the nearest quarter of the rows first."""

Mask = npt.NDArray[np.bool_]


def series_of(frame: pd.DataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Series in which an order of compositions means something, and the compositions, both of shape (n,).

    A series is one paper, one host and one contribution: a bulk value above a total value is no discovery.
    """
    series = frame["work_id"].astype(str) + "|" + frame["host"].astype(str)
    if "contribution" in frame:  # a cell has none
        series = series + "|" + frame["contribution"].astype(str)
    return series.to_numpy(dtype=object), frame["composition_key"].to_numpy(dtype=object)


def at_room_temperature(target: Target, frame: pd.DataFrame) -> Mask:
    """Rows at room temperature, shape (n,); all rows of a target that does not depend on it."""
    if not target.needs_temperature:
        return np.ones(len(frame), dtype=bool)
    low, high = ROOM_TEMPERATURE_C
    return np.asarray(frame["temperature_c"].between(low, high).to_numpy(dtype=bool))


def scopes_of(target: Target, frame: pd.DataFrame, distance: FloatArray | None = None) -> dict[str, Mask]:
    """Name the parts over which errors are measured.

    Parameters
    ----------
    target : Target
    frame : DataFrame, n rows
    distance : ndarray, shape (n,), optional
        To the training compositions; NaN where there is none.

    Returns
    -------
    dict of str to ndarray of bool, shape (n,)
        ``all``, ``room_temperature`` where the target depends on it, each family at room temperature and,
        with distances, their quartiles over all rows.
    """
    scopes = {"all": np.ones(len(frame), dtype=bool)}
    room = at_room_temperature(target, frame)
    if target.needs_temperature:
        scopes["room_temperature"] = room
    families = frame["family"].to_numpy(dtype=object)
    scopes |= {str(name): room & (families == name) for name in sorted(set(families))}
    if distance is not None and np.isfinite(distance).any():
        edges = np.nanquantile(distance, [0.25, 0.5, 0.75])
        quarter = np.where(np.isfinite(distance), np.searchsorted(edges, distance), -1)
        scopes |= {name: quarter == number for number, name in enumerate(DISTANCE_QUARTILES)}
    return scopes


def score(
    table: TrainingTable, predictions: pd.DataFrame, column: str = "predicted_withheld"
) -> pd.DataFrame:
    """Measure left-out predictions in every scope.

    Parameters
    ----------
    table : TrainingTable
    predictions : DataFrame
        As `left_out_predictions` gives them. With `distance` the scopes by distance are added; with `low`,
        `high`, `crps`, `probability` and `above` (`cross_calibrated`) what those say of them.
    column : str
        Which predictions to score.

    Returns
    -------
    DataFrame
        `scope`, `rows`, `papers`, the point metrics; order at room temperature: `spearman_within_host` over
        `hosts`, `concordance` of the `pairs` of compositions within `series_of`, `enrichment` of the best
        tenth; then `coverage`, `mean_width`, `crps` and `brier`. A row predicted in several folds counts in
        each.
    """
    rows = predictions[table.scored[predictions["row"].to_numpy()]]
    index = rows["row"].to_numpy()
    frame, true, predicted = table.frame.iloc[index], table.y[index], rows[column].to_numpy()
    distance = rows["distance"].to_numpy() if "distance" in rows else None
    room = at_room_temperature(table.target, frame)
    lines = []
    for scope, mask in scopes_of(table.target, frame, distance).items():
        line: dict[str, object] = {"scope": scope, "rows": int(mask.sum())}
        line["papers"] = int(frame.loc[mask, "work_id"].nunique())
        line |= {
            name: metric(true=true[mask], predicted=predicted[mask]) for name, metric in POINT_METRICS.items()
        }
        line |= _order(table.target, frame[mask & room], true[mask & room], predicted[mask & room])
        if "low" in rows:
            line |= _distribution(rows[mask], true[mask])
        lines.append(line)
    return pd.DataFrame(lines)


def _order(target: Target, frame: pd.DataFrame, true: FloatArray, predicted: FloatArray) -> dict[str, object]:
    series, items = series_of(frame)
    sign = -1.0 if target.name in LOWER_IS_BETTER else 1.0
    within, hosts = spearman_within(true=true, predicted=predicted, groups=frame["host"].to_numpy())
    share, pairs, held = pair_concordance(true=true, predicted=predicted, series=series, items=items)
    return {
        "spearman_within_host": within,
        "hosts": hosts,
        "concordance": share,
        "pairs": pairs,
        "series": held,
        "enrichment": enrichment(true=sign * true, predicted=sign * predicted, fraction=TOP),
    }


def _distribution(rows: pd.DataFrame, true: FloatArray) -> dict[str, float]:
    known = np.isfinite(rows["low"].to_numpy())
    low, high, crps, probability = (
        rows[name].to_numpy()[known] for name in ("low", "high", "crps", "probability")
    )
    return {
        "coverage": coverage(true=true[known], low=low, high=high),
        "mean_width": mean_width(low=low, high=high),
        "crps": float(crps.mean()) if len(crps) else float("nan"),
        "brier": brier(happened=rows["above"].to_numpy(dtype=bool)[known], probability=probability),
    }
