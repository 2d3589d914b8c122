"""Whether descriptors of relaxed crystals help a model that already has the composition.

Every doped ion adds its computed change per fraction of the metal sites, taken from the host that stands for
the kind. `python -m benchmarks.descriptor_gain` prints the error and the orders inside one host without, with
each, with all, and with all of them shuffled among the elements: what columns without meaning do.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from ssepredict import load_dataset
from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.chemistry.ions import Ion
from ssepredict.data.dataset import Dataset
from ssepredict.data.descriptors import read_descriptors
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import left_out_predictions, withheld_by_row
from ssepredict.modeling.metrics import mean_absolute_error
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.targets import TARGETS
from ssepredict.modeling.within_host import order_table

STANDS_FOR = {
    "Na3Zr2Si2PO12": "Na3Zr2Si2PO12",
    "LiTi2(PO4)3 and LiGe2(PO4)3": "LiTi2(PO4)3",
    "Li2ZrCl6": "Li2ZrCl6",
    "Li3MX6": "Li3YCl6",
}
"""Groups of hosts (in their wide form) and the host whose doped crystals speak for them."""

SEEDS = (0, 7, 11)
METRIC = "concordance_by_paper"
POTENTIAL = "CHGNet"


def changes_per_fraction(descriptors: pd.DataFrame) -> pd.Series:
    """Change of each descriptor by one dopant per fraction of the metal sites it takes.

    Parameters
    ----------
    descriptors : DataFrame
        Rows of one potential of ``descriptors.csv``.

    Returns
    -------
    Series
        By host, descriptor and element; descriptors that are changes themselves are divided alone.
    """
    undoped = descriptors[descriptors["fraction"] == 0].set_index(["host", "descriptor"])["mean"]
    doped = descriptors[descriptors["fraction"] > 0].copy()
    start = [
        undoped.get((host, name), 0.0) for host, name in zip(doped["host"], doped["descriptor"], strict=True)
    ]
    doped["change"] = (doped["mean"] - start) / doped["fraction"]
    doped["element"] = [Ion.parse(ion).element for ion in doped["ion"]]
    return doped.dropna(subset=["change"]).groupby(["host", "descriptor", "element"])["change"].mean()


def described(table: TrainingTable, changes: pd.Series, names: Sequence[str]) -> TrainingTable:
    """Add a column per descriptor to the features; 0 where no dopant was computed.

    Parameters
    ----------
    table : TrainingTable
    changes : Series
        Of `changes_per_fraction`.
    names : sequence of str
        Descriptors.
    """
    hosts = table.frame["host"].to_numpy(dtype=str)
    speaker = np.full(len(hosts), "", dtype=object)
    for group, host in STANDS_FOR.items():
        speaker[HOST_GROUPS[group].holds(hosts, "wide")] = host
    metal = table.sites.occupancy["M"]
    share = metal / np.maximum(metal.sum(axis=1, keepdims=True), 1e-9)
    columns: list[FloatArray] = []
    for name in names:
        column = np.zeros(len(hosts))
        for host in STANDS_FOR.values():
            per_element = [float(changes.get((host, name, element), 0.0)) for element in table.sites.elements]
            column += np.where(speaker == host, share @ np.array(per_element), 0.0)
        columns.append(column)
    added = np.column_stack(columns)
    return dataclasses.replace(
        table,
        X=np.hstack([table.X, added]),
        X_withheld=np.hstack([table.X_withheld, added]),
        feature_names=(*table.feature_names, *(f"computed_{name}" for name in names)),
    )


def shuffled(changes: pd.Series, seed: int = 0) -> pd.Series:
    """Give every element the changes of another one of its host and descriptor."""
    generator = np.random.default_rng(seed)
    moved = changes.copy()
    for rows in changes.groupby(level=["host", "descriptor"]).indices.values():
        moved.iloc[rows] = generator.permutation(changes.iloc[rows].to_numpy())
    return moved


def measure(
    table: TrainingTable, changes: pd.Series, estimator: str, seeds: Sequence[int] = SEEDS, folds: int = 20
) -> pd.DataFrame:
    """Error and orders without descriptors, with each, all, all shuffled; means over seeds of the folds.

    Returns
    -------
    DataFrame
        `descriptor`, `error` (mean absolute, decades, processing withheld) and a column per group of hosts.
    """
    known = sorted(changes.index.get_level_values("descriptor").unique())
    tried = {"none": table} | {name: described(table, changes, [name]) for name in known}
    tried["all of them"] = described(table, changes, known)
    tried["all of them, shuffled"] = described(table, shuffled(changes), known)
    lines = []
    for name, features in tried.items():
        figures = [_figures(features, estimator, seed, folds) for seed in seeds]
        lines.append({"descriptor": name, **pd.DataFrame(figures).mean().to_dict()})
    return pd.DataFrame(lines)


def _figures(table: TrainingTable, estimator: str, seed: int, folds: int) -> dict[str, float]:
    rows = left_out_predictions(table, ESTIMATORS[estimator], ORDER_PROTOCOL, seed=seed, folds=folds)
    found = withheld_by_row(table, rows)
    known = table.scored & np.isfinite(found)
    order = order_table(table, {estimator: found}, widths=("wide",), temperatures=("any",))
    order = order[order["estimator"] == estimator]
    error = mean_absolute_error(true=table.y[known], predicted=found[known])
    shares = zip(order["host_group"], order[METRIC].astype(float), strict=True)
    return {"error": error} | {str(group): share for group, share in shares}


def as_table(measured: pd.DataFrame, estimator: str) -> Table:
    """Lay out the figures."""
    table = Table(title=f"{estimator} with computed descriptors: error (decades), orders paper by paper")
    for heading in measured.columns:
        table.add_column(str(heading))
    for line in measured.to_dict(orient="records"):
        name, *figures = line.values()
        table.add_row(str(name), *(f"{figure:.3f}" for figure in figures))
    return table


def run(
    dataset: Dataset | None = None,
    estimator: str = "lightgbm",
    potential: str = POTENTIAL,
    seeds: Sequence[int] = SEEDS,
    folds: int = 20,
) -> pd.DataFrame:
    """Measure with the shipped descriptors of one potential."""
    loaded = dataset if dataset is not None else load_dataset()
    found = read_descriptors(loaded.folder)
    found = found[found["method"].str.endswith(f"; {potential}")]
    table = prepare(TARGETS["conductivity_s_cm"], loaded)
    return measure(table, changes_per_fraction(found), estimator, seeds, folds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.descriptor_gain", description=__doc__)
    parser.add_argument("--estimator", default="lightgbm", choices=sorted(ESTIMATORS))
    parser.add_argument("--potential", default=POTENTIAL, help="whose crystals, as in descriptors.csv")
    options = parser.parse_args()
    measured = run(estimator=options.estimator, potential=options.potential)
    Console().print(as_table(measured, options.estimator))


if __name__ == "__main__":
    main()
