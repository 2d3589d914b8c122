"""How the order inside one host grows with the number of papers, and how many the target would need.

Papers are drawn at random; a paper that was not drawn is not trained on, but every paper is still left out
and judged. `python -m benchmarks.learning_curve` prints the table; a straight line in the doublings of the
papers is carried on to the target, and where its slope is not clear of zero no number is given.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ssepredict import load_dataset
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import left_out_predictions, withheld_by_row
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.targets import TARGETS
from ssepredict.modeling.within_host import order_table

SHARES = (0.125, 0.25, 0.5, 1.0)
DRAWS = 5
FOLDS = 10
TARGET = 0.75
METRICS = ("concordance", "spearman_over_host")
_CLEAR = 1.645


def learning_curve(
    table: TrainingTable,
    *,
    estimator: str = "gaussian_process",
    shares: Sequence[float] = SHARES,
    draws: int = DRAWS,
    folds: int = FOLDS,
    seed: int = 0,
) -> pd.DataFrame:
    """Measure the order inside every group of hosts with a share of the papers.

    Parameters
    ----------
    table : TrainingTable
    estimator : str
    shares : sequence of float
        Of the papers, above 0 and up to 1; the whole is measured once, as all its draws are equal.
    draws, folds, seed : int

    Returns
    -------
    DataFrame
        `share`, `papers`, `draw`, `host_group`, `pairs` and `METRICS`.
    """
    papers = np.unique(table.papers)
    generator = np.random.default_rng(seed)
    parts = []
    for share in shares:
        for draw in range(draws if share < 1.0 else 1):
            drawn = generator.choice(papers, size=max(round(share * len(papers)), 2), replace=False)
            weights = np.isin(table.papers, drawn).astype(np.float64)
            rows = left_out_predictions(
                table, ESTIMATORS[estimator], ORDER_PROTOCOL, seed=seed, folds=folds, weights=weights
            )
            scores = withheld_by_row(table, rows)
            order = order_table(
                table, {estimator: scores}, seed=seed, widths=("narrow",), temperatures=("room",)
            )
            lines = order[order["estimator"] == estimator][["host_group", "pairs", *METRICS]]
            parts.append(lines.assign(share=share, papers=len(drawn), draw=draw))
    return pd.concat(parts, ignore_index=True)


def papers_needed(curve: pd.DataFrame, metric: str = "concordance", target: float = TARGET) -> float:
    """Papers at which the line through the draws reaches the target.

    Parameters
    ----------
    curve : DataFrame
        `papers` and the metric, of one group of hosts.

    Returns
    -------
    float
        What is there already when the line has passed the target; NaN where the slope per doubling is not
        clear of zero (one-sided, 95 %).

    Examples
    --------
    >>> papers_needed(pd.DataFrame({"papers": [50, 100, 200, 400], "concordance": [0.50, 0.56, 0.60, 0.65]}))
    1623.0
    """
    known = curve.dropna(subset=[metric])
    x, y = np.log2(known["papers"].to_numpy(dtype=np.float64)), known[metric].to_numpy(dtype=np.float64)
    if len(np.unique(x)) < 3:
        return float("nan")
    (slope, offset), covariance = np.polyfit(x, y, 1, cov=True)
    if slope < _CLEAR * np.sqrt(covariance[0, 0]):
        return float("nan")
    return float(max(np.round(2.0 ** ((target - offset) / slope)), known["papers"].max()))


def as_table(curve: pd.DataFrame) -> Table:
    """Lay out mean and standard deviation over the draws."""
    table = Table(
        title="Order inside one host by papers trained on (mean and standard deviation of the draws)"
    )
    for heading in ("hosts", "pairs", "papers", *METRICS, f"papers for {TARGET:g} concordance"):
        table.add_column(heading)
    for group, lines in curve.groupby("host_group", sort=False):
        needed = papers_needed(lines)
        for count, some in lines.groupby("papers"):
            figures = [f"{some[metric].mean():.3f} ± {some[metric].std():.3f}" for metric in METRICS]
            last = count == lines["papers"].max()
            told = ("no clear growth" if np.isnan(needed) else f"{needed:,.0f}") if last else ""
            table.add_row(str(group), str(some["pairs"].iloc[0]), str(count), *figures, told)
    return table


def run(dataset: Dataset | None = None, draws: int = DRAWS) -> pd.DataFrame:
    """Measure the curve for the conductivity."""
    table = prepare(TARGETS["conductivity_s_cm"], dataset if dataset is not None else load_dataset())
    return learning_curve(table, draws=draws)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learning_curve", description=__doc__)
    parser.add_argument("--draws", type=int, default=DRAWS, help="random halves, quarters ... of the papers")
    options = parser.parse_args()
    Console().print(as_table(run(draws=options.draws)))


if __name__ == "__main__":
    main()
