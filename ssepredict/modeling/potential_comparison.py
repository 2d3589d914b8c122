"""Two potentials beside each other, on the compositions that both computed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
import pandas as pd

from ssepredict.data.dataset import Dataset
from ssepredict.modeling.descriptor_checks import check_descriptors, rank_correlation
from ssepredict.modeling.reported_cells import volume_errors
from ssepredict.structures.potentials import potential_names

LINE = ["host", "ion", "fraction", "descriptor"]
"""What a figure is of, whichever potential computed it."""

COMPARED = {
    "volume": True,
    "volume_strain": False,
    "mixing_energy": False,
    "bottleneck_area": False,
    "barrier_1d": False,
    "barrier_3d": False,
}
"""Descriptors that are compared; whether between undoped hosts and end members, or between the dopants of a
host."""

FEWEST_ALIKE = 3
"""Compositions below which no rank correlation is given."""


def agreement(table: pd.DataFrame) -> pd.DataFrame:
    """Compare the figures of each two potentials.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.

    Returns
    -------
    DataFrame
        One row per two potentials, descriptor and host: `first`, `second`, `descriptor`, `host`
        (``between hosts`` for undoped hosts and end members), `n` (compositions that both computed, at least
        `FEWEST_ALIKE`), `spearman`, `mean_difference` and `scatter` (second less first: mean and standard
        deviation), `range` (between the largest and the smallest figure of the first), `unit`.

    Examples
    --------
    >>> lines = [
    ...     {"host": "Li3YCl6", "ion": ion, "fraction": 0.1667, "descriptor": "volume_strain", "mean": mean,
    ...      "unit": "%", "method": f"relaxed cell; {name}"}
    ...     for name, means in (("CHGNet", (-0.4, 0.1, 0.3)), ("SevenNet", (-0.3, 0.2, 0.5)))
    ...     for ion, mean in zip(("Sc3+", "Er3+", "In3+"), means)
    ... ]
    >>> agreement(pd.DataFrame(lines))[["second", "n", "spearman", "mean_difference"]].round(3).to_numpy()
    array([['SevenNet', 3, 1.0, 0.133]], dtype=object)
    """
    rows = [row for pair in _pairs(table) for row in _compare(*pair)]
    names = [
        "first", "second", "descriptor", "host", "n", "spearman", "mean_difference", "scatter", "range",
        "unit",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def common_checks(table: pd.DataFrame, dataset: Dataset, lattice: pd.DataFrame) -> pd.DataFrame:
    """Hold each two potentials against what was reported, on what both computed.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.
    dataset : Dataset
    lattice : DataFrame
        ``lattice.csv``.

    Returns
    -------
    DataFrame
        One row per two potentials, check and host: `first`, `second`, `descriptor`, `against`, `host`, `n`,
        `expected`, then `spearman` and `p_value` of both (``spearman_first`` ...). On the same compositions a
        difference is one of the potentials, not of what was computed.
    """
    found = []
    on = ["descriptor", "against", "host", "n", "expected"]
    for first, second, alike, other in _pairs(table):
        sides = [check_descriptors(side, dataset, lattice) for side in (alike, other)]
        kept = [side[[*on, "spearman", "p_value"]] for side in sides]
        merged = kept[0].merge(kept[1], on=on, suffixes=("_first", "_second"))
        merged.insert(0, "second", second)
        merged.insert(0, "first", first)
        found.append(merged)
    names = [
        "first", "second", *on, "spearman_first", "p_value_first", "spearman_second", "p_value_second",
    ]  # fmt: skip
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=names)


def potential_volume_errors(table: pd.DataFrame, lattice: pd.DataFrame) -> pd.DataFrame:
    """Put the volumes of every potential beside the reported cells.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.
    lattice : DataFrame
        ``lattice.csv``.

    Returns
    -------
    DataFrame
        As `reported_cells.volume_errors` gives it, with `potential` before.
    """
    found = []
    for potential, lines in table.groupby(potential_names(table)):
        errors = volume_errors(lines, lattice)
        errors.insert(0, "potential", str(potential))
        found.append(errors)
    return pd.concat(found, ignore_index=True)


def _pairs(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, pd.DataFrame]]:
    """Yield each two potentials with their lines of the same compositions and descriptors, in one order."""
    of = potential_names(table)
    sides = {str(name): lines.set_index(LINE) for name, lines in table.groupby(of)}
    for first, second in combinations(sides, 2):
        shared = sides[first].index.intersection(sides[second].index, sort=True)
        if len(shared):
            yield (
                first,
                second,
                sides[first].loc[shared].reset_index(),
                sides[second].loc[shared].reset_index(),
            )


def _compare(
    first: str, second: str, alike: pd.DataFrame, other: pd.DataFrame
) -> Iterator[tuple[object, ...]]:
    for descriptor, between_hosts in COMPARED.items():
        doped = alike["fraction"].between(0, 0.5, inclusive="neither")
        lines = alike[(alike["descriptor"] == descriptor) & (doped != between_hosts)]
        groups = [("between hosts", lines)] if between_hosts else lines.groupby("host")
        for host, rows in groups:
            if len(rows) < FEWEST_ALIKE:
                continue
            one, two = rows["mean"].to_numpy(dtype=float), other.loc[rows.index, "mean"].to_numpy(dtype=float)
            rho, _ = rank_correlation(one, two, 1)
            away = two - one
            yield (
                first, second, descriptor, str(host), len(rows), rho, float(away.mean()),
                float(away.std(ddof=1)), float(np.ptp(one)), rows["unit"].iloc[0],
            )  # fmt: skip
