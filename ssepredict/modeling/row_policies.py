"""Which rows a target is trained on: extrapolated ones and those without a temperature only if they help."""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.calibration import LeftOut
from ssepredict.modeling.estimators import EstimatorSpec
from ssepredict.modeling.left_out import left_out_predictions
from ssepredict.modeling.metrics import mean_absolute_error
from ssepredict.modeling.protocols import TrainingTable

ROW_POLICIES: dict[str, dict[str, float]] = {
    "measured_only": {"computed": 0.0, "no_temperature": 0.0},
    "with_unstated_temperature": {"computed": 0.0, "no_temperature": 1.0},
    "with_half_computed": {"computed": 0.5, "no_temperature": 1.0},
    "with_computed": {"computed": 1.0, "no_temperature": 1.0},
}
"""Weights that training may give to rows extrapolated by a survey's authors (`computed`) and to rows whose
temperature is not stated; the policy with the lowest left-out-paper error is kept. Suspect rows and limits
are never trained on."""


def policy_weights(table: TrainingTable, policy: str) -> FloatArray:
    """Weight of each row under a policy of `ROW_POLICIES`, shape (n,)."""
    weights = np.ones(len(table.y))
    weights[table.frame["computed"].to_numpy() == 1] = ROW_POLICIES[policy]["computed"]
    if table.target.needs_temperature:
        weights[table.frame["temperature_c"].isna().to_numpy()] *= ROW_POLICIES[policy]["no_temperature"]
    return weights


def choose_rows(
    table: TrainingTable, spec: EstimatorSpec, seed: int, folds: int
) -> tuple[str, dict[str, float], LeftOut]:
    """Find the policy with the lowest left-out-paper error.

    Policies that train on the same rows count once.

    Returns
    -------
    str, dict of str to float, LeftOut
        The policy, the error of each that was tried, and its left-out predictions.
    """
    errors: dict[str, float] = {}
    predictions: dict[str, LeftOut] = {}
    tried: dict[bytes, str] = {}
    for policy in ROW_POLICIES:
        weights = policy_weights(table, policy)
        if tried.setdefault(weights.tobytes(), policy) != policy:
            continue
        found = left_out_predictions(table, spec, "paper", seed=seed, folds=folds, weights=weights)
        predictions[policy] = LeftOut.of(found)
        errors[policy] = withheld_error(table, predictions[policy])
    best = min(errors, key=lambda policy: errors[policy])
    return best, errors, predictions[best]


def withheld_error(table: TrainingTable, predicted: LeftOut) -> float:
    """Mean absolute error with the processing withheld: the case of every candidate."""
    rows = table.scored
    return mean_absolute_error(true=table.y[rows], predicted=predicted.withheld[rows])
