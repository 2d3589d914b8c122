"""Which estimator is better by more than chance: paired differences of errors, papers drawn whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.metrics import paired_gain
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.scopes import Mask, scopes_of

CONFIDENCE = 0.9
"""Of the intervals of gains."""


def gains_by_scope(
    table: TrainingTable,
    predictions: Mapping[str, pd.DataFrame],
    against: Mapping[str, str],
    *,
    seed: int = 0,
) -> dict[str, pd.DataFrame]:
    """Gain in mean absolute error of each estimator over others, with the processing withheld.

    Parameters
    ----------
    table : TrainingTable
    predictions : dict of str to DataFrame
        Estimator to its left-out predictions with `distance`, all of one protocol and so of the same rows.
    against : dict of str to str
        What an estimator stands for (``"baseline"``) to its name; an empty name gives no gains.
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict of str to DataFrame
        Estimator to a line per scope: for each of `against` its name, and ``gain_over_`` it (positive: the
        estimator errs less) with the ends ``_low`` and ``_high``; NaN for itself.
    """
    some = next(iter(predictions.values()))
    scored = table.scored[some["row"].to_numpy()]
    index = some.loc[scored, "row"].to_numpy()
    frame = table.frame.iloc[index]
    errors = {
        name: np.abs(found.loc[scored, "predicted_withheld"].to_numpy() - table.y[index])
        for name, found in predictions.items()
    }
    masks = scopes_of(table.target, frame, some.loc[scored, "distance"].to_numpy())
    papers = frame["work_id"].to_numpy(dtype=object)
    return {name: _lines(errors, name, against, masks, papers, seed) for name in predictions}


def _lines(
    errors: Mapping[str, FloatArray],
    name: str,
    against: Mapping[str, str],
    masks: Mapping[str, Mask],
    papers: npt.NDArray[np.object_],
    seed: int,
) -> pd.DataFrame:
    lines = []
    for scope, mask in masks.items():
        line: dict[str, object] = {"scope": scope}
        for what, other in against.items():
            figures = (float("nan"),) * 3
            if other and other != name and mask.any():
                figures = paired_gain(
                    better=errors[name][mask],
                    worse=errors[other][mask],
                    groups=papers[mask],
                    seed=seed,
                    confidence=CONFIDENCE,
                )
            line[what] = other
            ends = (f"gain_over_{what}{end}" for end in ("", "_low", "_high"))
            line |= dict(zip(ends, figures, strict=True))
        lines.append(line)
    return pd.DataFrame(lines)


def leader_gains(
    table: TrainingTable,
    found: Mapping[tuple[str, str], pd.DataFrame],
    leader: str,
    protocols: tuple[str, ...] = ("paper", "paper_purged"),
    *,
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Gain of one estimator over every other, over all scored rows and by family.

    Parameters
    ----------
    table : TrainingTable
    found : dict of (protocol, estimator) to DataFrame
        Left-out predictions.
    leader : str
    protocols : tuple of str
        Under which each row is predicted once.
    seed : int
        Of the bootstrap over papers.

    Returns
    -------
    list of dict
        `protocol`, `other`, `scope`, `gain` (mean absolute error of the other less that of the leader, the
        processing withheld), `low` and `high`.
    """
    lines: list[dict[str, Any]] = []
    families = table.frame["family"].to_numpy(dtype=object)
    scopes = {"all": table.scored} | {
        str(name): table.scored & (families == name) for name in sorted(set(families[table.scored]))
    }
    for protocol, other in found:
        if protocol not in protocols or other == leader or (protocol, leader) not in found:
            continue
        errors = []
        for name in (leader, other):
            error = np.full(len(table.y), np.nan)
            rows = found[protocol, name]["row"].to_numpy()
            error[rows] = np.abs(found[protocol, name]["predicted_withheld"].to_numpy() - table.y[rows])
            errors.append(error)
        both = np.isfinite(errors[0]) & np.isfinite(errors[1])
        for scope, mask in scopes.items():
            judged = mask & both
            if not judged.any():
                continue
            gain, low, high = paired_gain(
                better=errors[0][judged],
                worse=errors[1][judged],
                groups=table.papers[judged],
                seed=seed,
                confidence=CONFIDENCE,
            )
            lines.append(
                {"protocol": protocol, "other": other, "scope": scope, "gain": gain, "low": low, "high": high}
            )
    return lines
