"""Order of doped compositions inside one host, on papers left out: pairs, rank correlation, regret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.host_groups import HOST_GROUPS, WIDTHS
from ssepredict.data.doping_gain import UNDOPED
from ssepredict.featurizers.site import NASICON_RADIUS_OPTIMUM
from ssepredict.modeling.protocols import IndexArray, TrainingTable
from ssepredict.modeling.series import TEMPERATURES, Points, pairs_of, points_of, rightness

CARRIERS_OPTIMUM = 3.35
"""Mobile ions per formula unit near which doped Na3Zr2Si2PO12 is held to conduct best: a rule of thumb."""

CONFIDENCE = 0.9
DRAWS = 1000
DRAWS_OVER_HOST = 300
"""Fewer, as every draw has to rank the compositions anew."""

FEWEST_FOR_RANKS = 3
"""Compositions that a series needs for a rank correlation."""

METRICS = (
    "concordance",
    "concordance_by_paper",
    "concordance_doped",
    "spearman_in_paper",
    "spearman_over_host",
    "regret",
)
"""Each with the ends of its interval as ``_low`` and ``_high``."""


def trivial_scores(table: TrainingTable) -> dict[str, FloatArray]:
    """Score compositions without a model, by name, shape (n,) each; NaN counts as the lowest."""
    column = dict(zip(table.feature_names, table.X.T, strict=True))
    rules = {
        "chance": np.zeros(len(table.y)),
        "more_carriers": column["carriers"],
        "carriers_nearest_optimum": -np.abs(column["carriers"] - CARRIERS_OPTIMUM),
        "radius_nearest_optimum": -np.abs(column["m_radius_mean"] - NASICON_RADIUS_OPTIMUM),
    }
    lowest = -1e9
    return {name: np.nan_to_num(np.asarray(values), nan=lowest) for name, values in rules.items()}


TRIVIAL = ("chance", "host_median", "more_carriers", "carriers_nearest_optimum", "radius_nearest_optimum")
"""What a model must beat to be said to know the order."""


class Draws:
    """How often each of some works is drawn, draw by draw; the first line draws each once.

    Parameters
    ----------
    works : int
    seed, draws : int
    """

    def __init__(self, works: int, seed: int, draws: int = DRAWS) -> None:
        generator = np.random.default_rng(seed)
        drawn = np.zeros((draws, works))
        if works:
            drawn[:] = generator.multinomial(works, np.full(works, 1.0 / works), size=draws)
        self.counts: FloatArray = np.vstack([np.ones((1, works)), drawn])

    def mean(self, works: npt.NDArray[np.int64], values: FloatArray) -> FloatArray:
        """Mean of values in every draw, each as often as its work is drawn, shape (draws + 1,)."""
        size = self.counts.shape[1]
        total = self.counts @ np.bincount(works, weights=values, minlength=size)
        held = self.counts @ np.bincount(works, minlength=size).astype(np.float64)
        found: FloatArray = np.divide(total, held, out=np.full(len(total), np.nan), where=held > 0)
        return found


def interval(values: FloatArray, works: int) -> tuple[float, float, float]:
    """Figure and its interval from the figure in every draw; no interval from fewer than two works."""
    tail = (1.0 - CONFIDENCE) / 2.0
    drawn = values[1:][np.isfinite(values[1:])]
    if works < 2 or not len(drawn):
        return float(values[0]), float("nan"), float("nan")
    return float(values[0]), float(np.quantile(drawn, tail)), float(np.quantile(drawn, 1.0 - tail))


def order_table(
    table: TrainingTable,
    scores: Mapping[str, FloatArray],
    *,
    seed: int = 0,
    widths: Sequence[str] = WIDTHS,
    temperatures: Sequence[str] = TEMPERATURES,
) -> pd.DataFrame:
    """Measure orders inside every group of hosts.

    Parameters
    ----------
    table : TrainingTable, n rows
    scores : dict of str to ndarray, shape (n,)
        Left-out predictions by estimator; NaN where there is none. `trivial_scores` are added.
    seed : int
        Of the bootstrap over works.
    widths : sequence of {"narrow", "wide"}
    temperatures : sequence of {"room", "any"}

    Returns
    -------
    DataFrame
        One line per group, width, temperature and score: `pairs` (of compositions of one series that differ
        by more than 0.15 decades), `pairs_doped` (neither of them the undoped host), `series`, `works`, then
        the `METRICS` with their intervals (90 %, works drawn whole): share of pairs in the right order, of
        all, of each paper first (a paper with many pairs counts like one with a single pair) and of those
        without the undoped host (papers on doping rarely report a failure, so that "doped is better" alone
        does well on the others); mean rank correlation inside series of three compositions or more; rank
        correlation over the compositions of the group at room temperature (bulk values left out, means over
        works); regret, decades by which the best-scored composition of a series lies below the best.
        `gain_over_rule` is the concordance above that of `best_rule`, the trivial score that is best on the
        same pairs.
    """
    everything = {**trivial_scores(table), **scores}
    lines = []
    for group, width, temperature in product(HOST_GROUPS.values(), widths, temperatures):
        points = points_of(table, everything, group, width, temperature)
        labels = {"host_group": group.name, "width": width, "temperature": temperature}
        lines += [labels | line for line in _lines(points, temperature == "room", seed)]
    return pd.DataFrame(lines)


def _lines(points: Points, comparable: bool, seed: int) -> list[dict[str, object]]:
    """Lines of one set of points; only at one temperature are values of different series `comparable`."""
    works, pairs = points.works, pairs_of(points)
    held = np.unique(works[pairs[0]])
    departure = points.frame["departure"].to_numpy()
    doped = (departure[pairs[0]] > UNDOPED) & (departure[pairs[1]] > UNDOPED)
    doped_works = works[pairs[0]][doped]
    draws = Draws(int(works.max()) + 1 if len(works) else 0, seed)
    counts = {
        "pairs": len(pairs[0]),
        "pairs_doped": int(doped.sum()),
        "series": len(np.unique(points.frame["series"].to_numpy()[pairs[0]])),
        "works": len(held),
    }
    right = {name: rightness(points, name, pairs) for name in points.scores}
    shares = {name: draws.mean(works[pairs[0]], values) for name, values in right.items()}
    rules = [name for name in TRIVIAL if name in shares]
    best = max(rules, key=lambda name: float(np.nan_to_num(shares[name][0])))
    lines = []
    for name in points.scores:
        found = {
            "concordance": (shares[name], len(held)),
            "concordance_by_paper": (_by_paper(works[pairs[0]], right[name], draws), len(held)),
            "concordance_doped": (draws.mean(doped_works, right[name][doped]), len(np.unique(doped_works))),
            "spearman_in_paper": _in_paper(points, name, draws),
            "spearman_over_host": _over_host(points, name, draws) if comparable else (np.full(1, np.nan), 0),
            "regret": _regret(points, name, draws),
        }
        line: dict[str, object] = {"estimator": name, **counts}
        for metric, (values, number) in found.items():
            ends = (metric, f"{metric}_low", f"{metric}_high")
            line |= dict(zip(ends, interval(values, number), strict=True))
        ends = ("gain_over_rule", "gain_over_rule_low", "gain_over_rule_high")
        line["best_rule"] = best
        line |= dict(zip(ends, interval(shares[name] - shares[best], len(held)), strict=True))
        lines.append(line)
    return lines


def _by_paper(works: npt.NDArray[np.int64], right: FloatArray, draws: Draws) -> FloatArray:
    held, inverse, count = np.unique(works, return_inverse=True, return_counts=True)
    return draws.mean(held, np.bincount(inverse, weights=right, minlength=len(held)) / count)


def _by_series(points: Points, fewest: int) -> list[IndexArray]:
    series = points.frame["series"].to_numpy()
    parts = (np.flatnonzero(series == number) for number in np.unique(series))
    return [rows for rows in parts if len(rows) >= fewest]


def _correlation(left: FloatArray, right: FloatArray) -> float:
    """Rank correlation; an order that ties everything is none, 0."""
    if np.ptp(left) == 0 or np.ptp(right) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(left), rankdata(right))[0, 1])


def _in_paper(points: Points, name: str, draws: Draws) -> tuple[FloatArray, int]:
    true, score = points.frame["true"].to_numpy(), points.scores[name]
    parts = [rows for rows in _by_series(points, FEWEST_FOR_RANKS) if np.ptp(true[rows]) > 0]
    works = np.array([points.works[rows[0]] for rows in parts], dtype=np.int64)
    values = np.array([_correlation(true[rows], score[rows]) for rows in parts], dtype=np.float64)
    return draws.mean(works, values), len(np.unique(works))


def _regret(points: Points, name: str, draws: Draws) -> tuple[FloatArray, int]:
    """Of several best-scored compositions one is taken by chance: their mean counts."""
    true, score = points.frame["true"].to_numpy(), points.scores[name]
    parts = _by_series(points, 2)
    works = np.array([points.works[rows[0]] for rows in parts], dtype=np.int64)
    values = np.array(
        [true[rows].max() - true[rows][score[rows] == score[rows].max()].mean() for rows in parts],
        dtype=np.float64,
    )
    return draws.mean(works, values), len(np.unique(works))


def _over_host(points: Points, name: str, draws: Draws) -> tuple[FloatArray, int]:
    keep = (points.frame["contribution"] != "bulk").to_numpy()
    code = points.frame["composition"].to_numpy()[keep]
    true, score, works = points.frame["true"].to_numpy()[keep], points.scores[name][keep], points.works[keep]
    found = np.full(DRAWS_OVER_HOST + 1, np.nan)
    if len(np.unique(code)) >= FEWEST_FOR_RANKS:
        for number, counts in enumerate(draws.counts[: DRAWS_OVER_HOST + 1]):
            weight = counts[works]
            held = np.bincount(code, weights=weight)
            drawn = held > 0
            if drawn.sum() >= FEWEST_FOR_RANKS:
                means = [np.bincount(code, weights=weight * v)[drawn] / held[drawn] for v in (true, score)]
                found[number] = _correlation(means[0], means[1])
    return found, len(np.unique(works))
