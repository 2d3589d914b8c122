"""Ways to put intervals on left-out predictions, each judged on papers that its calibration has not seen.

The released method stands beside those that lost; their code is here, not in the package. `python -m
benchmarks.intervals` prints the table. Centres are predictions with the paper left out; the papers are
divided into ten parts, each judged by a calibration on the other nine. CV+ and jackknife+ cannot be built on
such centres: they refit the model inside each part, so nothing there has seen the judged papers. Jackknife+
is approximated by 20 folds of papers.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table
from sklearn.model_selection import GroupKFold

from ssepredict import load_dataset
from ssepredict.modeling.calibration import CONFIDENCE, PROBABILITY_THRESHOLDS
from ssepredict.modeling.difficulty import difficulty, distance_to_other_papers
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.intervals import GroupConformal
from ssepredict.modeling.left_out import fit_estimator, left_out_predictions
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.targets import TARGETS

Array = npt.NDArray[np.float64]

PARTS = 10
ESTIMATOR = "lightgbm"
_TAIL = (1.0 - CONFIDENCE) / 2.0


@dataclass(frozen=True)
class Rows:
    """Rows to calibrate on or to judge, with the processing withheld or both ways, shape (n, ...) each."""

    X: Array
    y: Array
    center: Array
    spread: Array
    distance: Array
    papers: npt.NDArray[np.int64]
    families: npt.NDArray[np.object_]

    def take(self, rows: npt.NDArray[np.intp]) -> Rows:
        """Select rows."""
        return Rows(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def and_(self, other: Rows) -> Rows:
        """Join two tables."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in self.__dataclass_fields__)
        return Rows(*(np.concatenate(pair) for pair in pairs))


Judged = dict[str, Array]
"""`low`, `high`, and where the method gives a distribution `crps` and `below` (levels, n)."""
Scheme = Callable[[Rows, Rows, Array], Judged]


def _of(conformal: GroupConformal, test: Rows, scale: Array, levels: Array, families: bool) -> Judged:
    names = test.families if families else None
    low, high = conformal.interval(test.center, scale, CONFIDENCE, names)
    below = [conformal.cumulative(test.center, scale, level, names) for level in levels]
    crps = conformal.crps(test.y, test.center, scale, names)
    return {"low": low, "high": high, "crps": crps, "below": np.array(below)}


def split(
    columns: tuple[str, ...] = (), families: bool = False, by_row: bool = False, **parameters: object
) -> Scheme:
    """`GroupConformal` with other settings; `by_row` counts every row as a paper of its own."""

    def scheme(calibration: Rows, test: Rows, levels: Array) -> Judged:
        def hard(rows: Rows) -> Array | None:
            known = {
                **dict(zip(("center", "distance"), difficulty(rows.center, rows.distance).T, strict=True))
            }
            known["spread"] = rows.spread
            return np.column_stack([known[name] for name in columns]) if columns else None

        conformal = GroupConformal(**parameters).fit(
            calibration.X,
            calibration.y,
            calibration.center,
            np.arange(len(calibration.y)) if by_row else calibration.papers,
            difficulty=hard(calibration),
            families=calibration.families if families else None,
        )
        return _of(conformal, test, conformal.scale(test.X, hard(test)), levels, families)

    return scheme


def normalised(column: str, offset: float) -> Scheme:
    """Residuals divided by a difficulty plus an offset, nothing learned."""

    def scheme(calibration: Rows, test: Rows, levels: Array) -> Judged:
        size, own = (getattr(rows, column) + offset for rows in (calibration, test))
        residuals = (calibration.y - calibration.center) / size
        conformal = GroupConformal(learn_scale=False)
        conformal.fit(calibration.X, residuals, np.zeros(len(size)), calibration.papers)
        return _of(conformal, test, own, levels, families=False)

    return scheme


def quantile_regression(calibration: Rows, test: Rows, levels: Array) -> Judged:
    """Conformalised quantile regression (Y. Romano et al., 2019), cross-fitted by paper."""
    from lightgbm import LGBMRegressor

    def both(train: Rows, other: Rows) -> tuple[Array, Array]:
        settings = {"n_estimators": 150, "learning_rate": 0.05, "num_leaves": 8, "min_child_samples": 15}
        more = {"colsample_bytree": 0.4, "n_jobs": 1, "random_state": 0, "verbose": -1}
        ends = (
            LGBMRegressor(objective="quantile", alpha=alpha, **settings, **more).fit(train.X, train.y)
            for alpha in (_TAIL, 1.0 - _TAIL)
        )
        low, high = (np.asarray(model.predict(other.X)) for model in ends)
        return np.minimum(low, high), np.maximum(low, high)

    score = np.empty(len(calibration.y))
    folds = GroupKFold(5, shuffle=True, random_state=0).split(calibration.X, groups=calibration.papers)
    for train, held in folds:
        low, high = both(calibration.take(train), calibration.take(held))
        score[held] = np.maximum(low - calibration.y[held], calibration.y[held] - high)
    rank = min(int(np.ceil((len(score) + 1) * CONFIDENCE)), len(score))
    margin = np.sort(score)[rank - 1]
    low, high = both(calibration, test)
    return {"low": low - margin, "high": high + margin}


SCHEMES: dict[str, Scheme] = {
    "residuals, one category": split(learn_scale=False),
    "residuals, Mondrian by tercile": split(learn_scale=False, n_bins=3),
    "residuals, Mondrian by family": split(learn_scale=False, families=True, own_weight=1000),
    "spread of models": normalised("spread", 0.3),
    "domain distance": normalised("distance", 0.3),
    "quantile regression": quantile_regression,
    "scale, tercile": split(n_bins=3),
    "scale": split(),
    "scale by rows": split(("center", "distance"), by_row=True),
    "scale + prediction": split(("center",)),
    "scale + distance": split(("distance",)),
    "scale + prediction, distance": split(("center", "distance")),
    "scale + prediction, distance, spread": split(("center", "distance", "spread")),
    "the same, tercile": split(("center", "distance"), n_bins=3),
    "the same, family only": split(("center", "distance"), families=True, own_weight=1000),
    "released: family counts three times": split(("center", "distance"), families=True),
}


def views(table: TrainingTable) -> tuple[Rows, Rows]:
    """Scored rows with the processing as stated and withheld, centres with the paper left out."""
    names = (ESTIMATOR, "hist_gradient_boosting", "extra_trees")
    found = {
        name: left_out_predictions(table, ESTIMATORS[name], "paper").sort_values("row") for name in names
    }
    domain = Domain().fit(table.sites, table.papers)
    distance = distance_to_other_papers(domain, table.papers, table.sites, table.papers)
    papers = pd.factorize(table.papers)[0]
    families = table.frame["family"].to_numpy(dtype=object)
    scored = np.flatnonzero(table.scored)
    both = []
    for X, column in ((table.X, "predicted"), (table.X_withheld, "predicted_withheld")):
        centers = np.array([rows[column].to_numpy() for rows in found.values()])
        rows = Rows(X, table.y, centers[0], centers.std(axis=0), distance, papers, families)
        both.append(rows.take(scored))
    return both[0], both[1]


def parts_of(papers: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.int64]:
    """Random part of each row, whole papers together."""
    return np.random.default_rng(seed).integers(0, PARTS, size=papers.max() + 1)[papers]


def judge(scheme: Scheme, stated: Rows, withheld: Rows, levels: Array, seed: int) -> dict[str, float]:
    """Figures of one partition, with the processing withheld: the case of every candidate."""
    part = parts_of(withheld.papers, seed)
    found = {name: np.full(len(part), np.nan) for name in ("low", "high", "crps")}
    found["below"] = np.full((len(levels), len(part)), np.nan)
    for number in range(PARTS):
        others, held = np.flatnonzero(part != number), np.flatnonzero(part == number)
        given = scheme(stated.take(others).and_(withheld.take(others)), withheld.take(held), levels)
        for name, values in given.items():
            found[name][..., held] = values
    return figures(withheld, found, levels)


def figures(rows: Rows, found: Judged, levels: Array) -> dict[str, float]:
    """Coverage, width, interval score and the scores of the distribution."""
    low, high = found["low"], found["high"]
    inside = (rows.y >= low) & (rows.y <= high)
    outside = np.maximum(low - rows.y, 0.0) + np.maximum(rows.y - high, 0.0)
    line = {"coverage": inside.mean(), "width": (high - low).mean()}
    line["interval score"] = (high - low + outside / _TAIL).mean()
    line["CRPS"] = found["crps"].mean() if "crps" in found else np.nan
    for place, level in enumerate(levels):
        share = ((found["below"][place] - (rows.y <= level)) ** 2).mean() if "below" in found else np.nan
        line[f"Brier {level:.3g}"] = share
    for name in sorted(set(rows.families)):
        line[str(name)] = inside[rows.families == name].mean()
    quartile = np.digitize(rows.distance, np.quantile(rows.distance, [0.25, 0.5, 0.75]))
    return line | {f"distance q{number + 1}": inside[quartile == number].mean() for number in range(4)}


def plus(table: TrainingTable, withheld: Rows, seed: int, folds: int, levels: Array) -> dict[str, float]:
    """CV+ by paper (R. F. Barber et al., 2021), refitted inside each part; 20 folds stand for jackknife+."""
    spec = ESTIMATORS[ESTIMATOR]
    all_papers = pd.factorize(table.papers)[0]
    part = parts_of(all_papers, seed)
    low, high = np.full((2, len(table.y)), np.nan)
    for number in range(PARTS):
        others, held = np.flatnonzero(part != number), np.flatnonzero(part == number)
        lower, upper = [], []
        cut = GroupKFold(folds, shuffle=True, random_state=seed).split(others, groups=all_papers[others])
        for train, left in cut:
            model = fit_estimator(table, spec, others[train], 0)
            left = others[left][table.scored[others[left]]]
            center = model.predict(table.X_withheld[held])[:, None]
            for X in (table.X, table.X_withheld):
                size = np.abs(table.y[left] - model.predict(X[left]))[None, :]
                lower.append(center - size)
                upper.append(center + size)
        ends = np.sort(np.hstack(lower), axis=1), np.sort(np.hstack(upper), axis=1)
        count = ends[0].shape[1]
        rank = min(int(np.ceil((count + 1) * CONFIDENCE)), count)
        low[held], high[held] = ends[0][:, count - rank], ends[1][:, rank - 1]
    scored = table.scored
    return figures(withheld, {"low": low[scored], "high": high[scored]}, levels)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.intervals", description=__doc__)
    parser.add_argument("--target", default="conductivity_s_cm", choices=sorted(PROBABILITY_THRESHOLDS))
    parser.add_argument("--partitions", type=int, default=5, help="random partitions of the papers")
    parser.add_argument("--refits", type=int, default=1, help="partitions for CV+ and jackknife+, 1 min each")
    options = parser.parse_args()
    table = prepare(TARGETS[options.target], load_dataset())
    levels = table.target.forward(PROBABILITY_THRESHOLDS[options.target])
    stated, withheld = views(table)
    found = {
        name: [judge(scheme, stated, withheld, levels, seed) for seed in range(options.partitions)]
        for name, scheme in SCHEMES.items()
    }
    for name, folds in (("CV+ by paper, 5 folds", 5), ("jackknife+ by paper, 20 folds", 20)):
        found[name] = [plus(table, withheld, seed, folds, levels) for seed in range(options.refits)]
    Console(width=240).print(
        as_table(options.target, {name: lines for name, lines in found.items() if lines})
    )


def as_table(title: str, found: dict[str, list[dict[str, float]]]) -> Table:
    table = Table(
        title=f"Intervals of {title} at {CONFIDENCE:.0%}: mean over partitions (spread of the score)"
    )
    table.add_column("method")
    for heading in next(iter(found.values()))[0]:
        table.add_column(heading, justify="right")
    for name, lines in found.items():
        means, spread = pd.DataFrame(lines).mean(), pd.DataFrame(lines)["interval score"].std(ddof=0)
        cells = ["" if np.isnan(value) else f"{value:.3f}" for value in means]
        cells[2] += f" ({spread:.3f})"
        table.add_row(name, *cells)
    return table


if __name__ == "__main__":
    main()
