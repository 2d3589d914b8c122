"""How often the predicted order of two candidates is right: what a ranking inside a host can claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.host_groups import HOST_GROUPS, WIDTHS
from ssepredict.modeling.protocols import TrainingTable
from ssepredict.modeling.series import TEMPERATURES, Points, pairs_of, points_of, rightness
from ssepredict.modeling.within_host import Draws, interval

DIFFERENCES = (0.0, 0.1, 0.25, 0.5, math.inf)
"""Edges (decades) between which the predictions of two candidates lie apart."""

FEWEST_WORKS = 5
"""Works whose pairs must agree before an order is called better than chance."""

_SCORE = "predicted"


def order_skill(table: TrainingTable, predicted: FloatArray, *, seed: int = 0) -> list[dict[str, Any]]:
    """Skill of an order inside every group of hosts, narrow and wide, at room and at any temperature.

    Parameters
    ----------
    table : TrainingTable, n rows
    predicted : ndarray, shape (n,)
        Left-out predictions; NaN where there is none.
    seed : int
        Of the bootstrap over works.

    Returns
    -------
    list of dict
        Per group, width and temperature `host_group` (its name, or what the wide one holds), `width`,
        `temperature`, `hosts` (those of the table), `concordance` with its 90 % interval `low` and `high`,
        `pairs`, `series`, `works`, `better_than_chance` and `by_difference`: the same share for pairs whose
        predictions lie `difference_low` to `difference_high` decades apart (the last without an upper end,
        None; without pairs no entry).
    """
    lines = []
    hosts = table.frame["host"].to_numpy(dtype=str)
    for group, width, temperature in product(HOST_GROUPS.values(), WIDTHS, TEMPERATURES):
        points = points_of(table, {_SCORE: predicted}, group, width, temperature)
        lines.append(
            {
                "host_group": group.name if width == "narrow" else group.kind,
                "width": width,
                "temperature": temperature,
                "hosts": sorted({str(host) for host in hosts[group.holds(hosts, width)]}),
                **_skill(points, seed),
            }
        )
    return lines


def _skill(points: Points, seed: int) -> dict[str, Any]:
    pairs, works = pairs_of(points), points.works
    of_pair = works[pairs[0]]
    right = rightness(points, _SCORE, pairs)
    apart = np.abs(points.scores[_SCORE][pairs[0]] - points.scores[_SCORE][pairs[1]])
    draws = Draws(int(works.max()) + 1 if len(works) else 0, seed)

    def share(rows: np.ndarray[Any, np.dtype[np.bool_]]) -> dict[str, Any]:
        number = len(np.unique(of_pair[rows]))
        found = interval(draws.mean(of_pair[rows], right[rows]), number)
        return {
            **dict(zip(("concordance", "low", "high"), found, strict=True)),
            "pairs": int(rows.sum()),
            "works": number,
        }

    overall = share(np.ones(len(apart), dtype=bool))
    return {
        **overall,
        "series": len(np.unique(points.frame["series"].to_numpy()[pairs[0]])),
        "better_than_chance": bool(overall["works"] >= FEWEST_WORKS and overall["low"] > 0.5),
        "by_difference": [
            {
                "difference_low": low,
                "difference_high": high if math.isfinite(high) else None,
                **share((apart >= low) & (apart < high)),
            }
            for low, high in pairwise(DIFFERENCES)
            if ((apart >= low) & (apart < high)).any()
        ],
    }


def skill_of(metrics: Mapping[str, Any] | None, host: str) -> dict[str, Any] | None:
    """Skill of the narrowest group of hosts that holds a host and has pairs; None where nothing is measured.

    Where the same hosts are also measured over all temperatures with more pairs, that line stands in it as
    `any_temperature`: few pairs at room temperature should not be believed without the others.

    Parameters
    ----------
    metrics : mapping, optional
        `Predictor.metrics`, whose `within_host_order` holds the lines of `order_skill`.
    host : str

    Examples
    --------
    >>> line = {"host_group": "Li2ZrCl6", "hosts": ["Li2ZrCl6"], "concordance": 0.6, "pairs": 40}
    >>> skill_of({"within_host_order": [line]}, "Li2ZrCl6")["pairs"], skill_of({}, "Li2ZrCl6")
    (40, None)
    """
    lines = (metrics or {}).get("within_host_order") or []
    for line in lines:
        # Releases from before the groups listed their hosts name them in the label.
        hosts = line.get("hosts") or str(line["host_group"]).split(" and ")
        if host in hosts and line["pairs"] and line.get("concordance") is not None:
            return dict(line) | _over_more_temperatures(line, lines)
    return None


def _over_more_temperatures(
    line: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    same = ("host_group", "width")
    for other in lines:
        is_same = all(other.get(name) == line.get(name) for name in same)
        if is_same and other.get("temperature") == "any" and other["pairs"] > line["pairs"]:
            return {"any_temperature": dict(other)}
    return {}


def is_better_than_chance(line: Mapping[str, Any] | None) -> bool:
    """Whether an order is measured to be better than chance: the lower end of its interval is above 0.5.

    Where `skill_of` found more pairs over all temperatures, theirs has to be, too.
    """
    if line is None:
        return False
    more = line.get("any_temperature")
    if more is not None and not (more.get("low") is not None and more["low"] > 0.5):
        return False
    low = line.get("low")
    return bool(line.get("better_than_chance", low is not None and low > 0.5))
