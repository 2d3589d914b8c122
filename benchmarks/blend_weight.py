"""Error and orders inside one host by the weight of the Gaussian process in the released blend.

`python -m benchmarks.blend_weight` leaves papers out with their compositions on folds of other seeds than the
frozen ones, so that a weight chosen here can be reported there.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ssepredict import load_dataset
from ssepredict.chemistry.formula import FloatArray
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import left_out_predictions, withheld_by_row
from ssepredict.modeling.metrics import mean_absolute_error
from ssepredict.modeling.protocols import FOLDS, TrainingTable, prepare
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.targets import TARGETS
from ssepredict.modeling.within_host import order_table

SEEDS = (7, 11, 13, 17)
WEIGHTS = (0.0, 0.3, 0.55, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0)
METRICS = ("concordance", "concordance_by_paper")


def by_weight(
    table: TrainingTable,
    weights: Sequence[float] = WEIGHTS,
    *,
    seeds: Sequence[int] = SEEDS,
    folds: int = FOLDS,
) -> pd.DataFrame:
    """Measure blends of the two parts.

    Parameters
    ----------
    table : TrainingTable
    weights : sequence of float
        Of the process, 0 to 1.
    seeds : sequence of int
        Of the folds.
    folds : int

    Returns
    -------
    DataFrame
        Means over the seeds: `weight`, `host_group`, `pairs`, `error` (mean absolute, processing withheld;
        the same for all groups) and `METRICS` at room temperature in the hosts that name the group.
    """
    parts = []
    for seed in seeds:
        trees, process = (_left_out(table, name, seed, folds) for name in ("lightgbm", "gaussian_process"))
        known = table.scored & np.isfinite(trees) & np.isfinite(process)
        blends = {f"{weight:g}": (1.0 - weight) * trees + weight * process for weight in weights}
        order = order_table(table, blends, widths=("narrow",), temperatures=("room",))
        order = order[order["estimator"].isin(blends) & (order["pairs"] > 0)]
        errors = {
            name: mean_absolute_error(true=table.y[known], predicted=blend[known])
            for name, blend in blends.items()
        }
        lines = order.assign(weight=order["estimator"].astype(float), error=order["estimator"].map(errors))
        parts.append(lines[["weight", "host_group", "pairs", "error", *METRICS]])
    found = pd.concat(parts, ignore_index=True)
    return found.groupby(["weight", "host_group"], sort=False, as_index=False).mean()


def _left_out(table: TrainingTable, name: str, seed: int, folds: int) -> FloatArray:
    rows = left_out_predictions(table, ESTIMATORS[name], ORDER_PROTOCOL, seed=seed, folds=folds)
    return withheld_by_row(table, rows)


def as_table(found: pd.DataFrame) -> Table:
    """Lay out a line per weight: the error, then pairs in order (and paper by paper) of every group."""
    groups = list(dict.fromkeys(found["host_group"]))
    table = Table(title="By the weight of the process: error (decades), pairs in order (paper by paper)")
    for heading in ("weight", "error", *groups):
        table.add_column(heading)
    for weight, lines in found.groupby("weight", sort=True):
        shares = [
            f"{line[METRICS[0]]:.3f} ({line[METRICS[1]]:.3f})" for line in lines.to_dict(orient="records")
        ]
        table.add_row(f"{weight:g}", f"{lines['error'].iloc[0]:.4f}", *shares)
    return table


def run(dataset: Dataset | None = None, seeds: Sequence[int] = SEEDS) -> pd.DataFrame:
    """Measure the weights for the conductivity."""
    loaded = dataset if dataset is not None else load_dataset()
    return by_weight(prepare(TARGETS["conductivity_s_cm"], loaded), seeds=seeds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blend_weight", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS, help="of the folds")
    options = parser.parse_args()
    Console().print(as_table(run(seeds=options.seeds)))


if __name__ == "__main__":
    main()
