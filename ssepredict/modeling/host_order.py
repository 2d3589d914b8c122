"""Whether a released estimator puts the compositions of one paper inside one host in the right order."""

from __future__ import annotations

from typing import Any

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.estimators import EstimatorSpec
from ssepredict.modeling.left_out import left_out_predictions, withheld_by_row
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.skill import order_skill


def order_within_hosts(
    table: TrainingTable, spec: EstimatorSpec, weights: FloatArray, seed: int, folds: int
) -> list[dict[str, Any]]:
    """Skill of an estimator's order inside every group of hosts, at room temperature.

    The paper is left out, its compositions are purged from training and the processing is withheld: a
    ranking is mostly about compositions that nobody has made.

    Parameters
    ----------
    table : TrainingTable, n rows
    spec : EstimatorSpec
    weights : ndarray, shape (n,)
        Of the rows in training.
    seed, folds : int

    Returns
    -------
    list of dict
        The lines of `ssepredict.modeling.skill.order_skill`, each with the `protocol`.
    """
    found = left_out_predictions(table, spec, ORDER_PROTOCOL, seed=seed, folds=folds, weights=weights)
    skill = order_skill(table, withheld_by_row(table, found), seed=seed)
    return [{**line, "protocol": ORDER_PROTOCOL} for line in skill]
