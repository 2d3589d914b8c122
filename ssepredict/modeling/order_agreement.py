"""How often two papers agree on the order of two compositions: what a left-out order can be held against."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.host_groups import HOST_GROUPS, WIDTHS, HostGroup
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.scopes import at_room_temperature
from ssepredict.modeling.series import pairs_of, points_of
from ssepredict.modeling.within_host import Draws, interval

_VALUE = "others"


def order_agreement(table: TrainingTable, *, seed: int = 0) -> list[dict[str, Any]]:
    """Measure how far the order of compositions repeats from paper to paper, by group of hosts.

    Parameters
    ----------
    table : TrainingTable
    seed : int
        Of the bootstrap.

    Returns
    -------
    list of dict
        Per group and width, pairs of one series at room temperature that differ by more than 0.15 decades:
        `repeated_pairs` that two papers or more measured side by side, `comparisons` of two such papers and
        the share `agreement` of them with the same order (interval `agreement_low`, `agreement_high`, whole
        pairs drawn); and `known_pairs`, `known_works`, of whose two compositions other papers report a value
        each, with the share `known` that the medians of those papers put in the right order (`known_low`,
        `known_high`, whole papers drawn). NaN where nothing repeats.
    """
    return [
        {
            "host_group": group.name if width == "narrow" else group.kind,
            "width": width,
            **_repeated(table, group, width, seed),
            **_known(table, group, width, seed),
        }
        for group, width in product(HOST_GROUPS.values(), WIDTHS)
    ]


def _repeated(table: TrainingTable, group: HostGroup, width: str, seed: int) -> dict[str, Any]:
    points = points_of(table, {}, group, width)
    work, code = points.frame["work_id"].to_numpy(), points.frame["composition"].to_numpy()
    said: dict[tuple[int, int], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for better, worse in zip(*pairs_of(points), strict=True):
        low, high = sorted((int(code[better]), int(code[worse])))
        said[low, high][str(work[better])].append(1.0 if code[better] == high else -1.0)
    verdicts = [[float(np.sign(np.sum(v))) for v in works.values()] for works in said.values()]
    agreed = [[float(a == b) for a, b in combinations(found, 2)] for found in verdicts if len(found) > 1]
    pair = np.repeat(np.arange(len(agreed)), [len(one) for one in agreed])
    shares = Draws(len(agreed), seed).mean(pair, np.array([v for one in agreed for v in one]))
    return {
        "repeated_pairs": len(agreed),
        "comparisons": len(pair),
        **_named("agreement", interval(shares, len(agreed)) if agreed else (np.nan,) * 3),
    }


def _known(table: TrainingTable, group: HostGroup, width: str, seed: int) -> dict[str, Any]:
    points = points_of(table, {_VALUE: _other_papers(table)}, group, width)
    better, worse = pairs_of(points)
    works, value = points.works, points.scores[_VALUE]
    right = (np.sign(value[better] - value[worse]) + 1.0) / 2.0
    held = len(np.unique(works[better]))
    shares = Draws(int(works.max()) + 1 if len(works) else 0, seed).mean(works[better], right)
    return {
        "known_pairs": len(right),
        "known_works": held,
        **_named("known", interval(shares, held) if held else (np.nan,) * 3),
    }


def _named(name: str, figures: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip((name, f"{name}_low", f"{name}_high"), figures, strict=True))


def _other_papers(table: TrainingTable) -> FloatArray:
    """Median of the other papers on a row's composition at room temperature, shape (n,); NaN without any."""
    frame = table.frame.reset_index(drop=True).assign(y=table.y)
    usable = frame[table.scored & at_room_temperature(table.target, frame)]
    medians = usable.groupby(["composition_key", "work_id"])["y"].median()
    by_composition = {str(key): part.droplevel(0) for key, part in medians.groupby(level=0)}
    found = np.full(len(frame), np.nan)
    for row, (key, work) in enumerate(zip(frame["composition_key"], frame["work_id"], strict=True)):
        others = by_composition.get(str(key), pd.Series(dtype=float)).drop(work, errors="ignore")
        if len(others):
            found[row] = float(others.median())
    return found
