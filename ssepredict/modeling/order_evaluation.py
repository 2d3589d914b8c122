"""The protocol `within_host`: orders inside one host of every estimator, candidate and rule."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from ssepredict.modeling.gain_models import GAIN_MODELS
from ssepredict.modeling.left_out import left_out_predictions, withheld_by_row
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.within_host import order_table

WITHIN_HOST = "within_host"
"""Name of the protocol; rows are left out as by `ORDER_PROTOCOL`."""

ORDERED_TARGET = "conductivity_s_cm"
"""Target whose orders inside one host are measured."""


def evaluate_orders(
    table: TrainingTable,
    predictions: Mapping[str, pd.DataFrame],
    *,
    candidates: bool,
    seed: int,
    folds: int,
    workers: int,
) -> pd.DataFrame:
    """Measure the orders of left-out predictions inside every group of hosts.

    Parameters
    ----------
    table : TrainingTable
    predictions : dict of str to DataFrame
        Estimator to its left-out predictions under `ORDER_PROTOCOL`.
    candidates : bool
        Whether `GAIN_MODELS` are fitted and measured too.
    seed, folds, workers : int

    Returns
    -------
    DataFrame
        As `ssepredict.modeling.within_host.order_table` gives it.
    """
    found = dict(predictions)
    if candidates:
        found |= _gain_models(table, seed, folds, workers)
    return order_table(table, {name: withheld_by_row(table, rows) for name, rows in found.items()}, seed=seed)


def _gain_models(table: TrainingTable, seed: int, folds: int, workers: int) -> dict[str, pd.DataFrame]:
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        found = Parallel(n_jobs=workers)(
            delayed(left_out_predictions)(table, spec, ORDER_PROTOCOL, seed=seed, folds=folds)
            for spec in GAIN_MODELS.values()
        )
    return dict(zip(GAIN_MODELS, found, strict=True))
