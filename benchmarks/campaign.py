"""Campaigns played again on the published data: experiments until the best composition of a host is found.

Candidates are the compositions reported of a group of hosts (wide, `ssepredict.chemistry.host_groups`): exact
conductivities at 15 to 35 °C, total or not specified; the value of a composition is the median over works of
their medians. A campaign starts with three works of the group, drawn at random from those without the best
composition; their compositions are known. It then asks for four compositions at a time and is told what every
work reports of them, until the best one is among them.

The model is a Gaussian process with the covariance of `SiteGaussianProcess`. It has seen the other hosts'
works, without any work that reports a candidate (purged), and what was revealed; it is conditioned on the
latter, nothing is fitted again. Its variances and lengths were chosen on left-out papers of the whole
dataset, these hosts among them: that much it knows beforehand. All strategies use the same model; the batches
of expected improvement and of Thompson sampling are chosen by the code of `ssepredict suggest`.

One best composition is one case, however many starts lead to it. So every campaign is also played with two
thirds of the group's works, drawn at random for each seed: another literature, often with another best.

`python -m benchmarks.campaign --out FOLDER` writes campaign.json and campaign.svg; the results in
`benchmarks/results` were written so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.campaign_board import PROCESS, Array, Board, board_of, comparable_rows
from benchmarks.campaign_plot import write_plot
from benchmarks.timing import Figure
from ssepredict import load_dataset
from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.inference.suggestions.batch import choose_by_improvement, choose_by_thompson, joint_draws

Rows = npt.NDArray[np.intp]

NAME = "campaign"
START_WORKS = 3
BATCH = 4
SEEDS = 100
QUICK_SEEDS = 10
DRAWS = 1024
NEAR = 0.15
"""A composition within so many decades of the best counts as nearly as good: papers differ by more."""

LITERATURES = {"all works": 1.0, "two thirds of the works": 2 / 3}
CONFIDENCE = 0.9
RESAMPLES = 2000
GAPS_AFTER = (*range(0, 20), *range(20, 40, 2), *range(40, 190, 10))


@dataclass(frozen=True, eq=False)
class Position:
    """What a strategy sees: the compositions not yet asked for.

    Parameters
    ----------
    mean, covariance : ndarray, shape (n,) and (n, n)
    best : float
        Best value known.
    noise : float
        Variance of what a new work reports around them.
    seed : int
    """

    mean: Array
    covariance: Array
    best: float
    noise: float
    seed: int

    def draws(self) -> tuple[Array, Array]:
        """Draw what compositions can do, and what would be reported of them."""
        functions = joint_draws(self.mean, self.covariance, self.seed, DRAWS)
        extra = np.random.default_rng([self.seed, 1]).standard_normal(functions.shape)
        return functions, functions + np.sqrt(self.noise) * extra

    @property
    def options(self) -> dict[str, Any]:
        """No other demands, and no diversity but that of the correlations."""
        size = len(self.mean)
        return {"worth": np.ones(size), "similarity": np.eye(size), "diversity": 0.0}


def _at_random(position: Position) -> Rows:
    return np.random.default_rng(position.seed).permutation(len(position.mean))[:BATCH]


def _best_predicted(position: Position) -> Rows:
    return np.argsort(-position.mean, kind="stable")[:BATCH]


def _by_improvement(position: Position) -> Rows:
    _, values = position.draws()
    chosen = choose_by_improvement(values, position.best, BATCH, **position.options, reserve=position.mean)
    return chosen.rows


def _by_thompson(position: Position) -> Rows:
    functions, values = position.draws()
    return choose_by_thompson(functions, values, position.best, BATCH, **position.options).rows


STRATEGIES: dict[str, Callable[[Position], Rows]] = {
    "random": _at_random,
    "best predicted": _best_predicted,
    "expected improvement": _by_improvement,
    "thompson": _by_thompson,
}


@dataclass(frozen=True, eq=False)
class Played:
    """One campaign.

    Parameters
    ----------
    start : float
        Best value known at the start.
    logs : ndarray, shape (k,)
        Value of each composition asked for, in order; the last batch holds the best of all.
    left : int
        Compositions that were not known at the start.
    """

    start: float
    logs: Array
    left: int


def play(board: Board, strategy: str, seed: int) -> Played:
    """Play one campaign until the best composition is among those asked for."""
    goal = int(board.logs.argmax())
    revealed = np.zeros(len(board.logs), dtype=bool)
    works = np.setdiff1d(np.unique(board.work), board.work[board.composition == goal])
    start = np.random.default_rng(seed).choice(works, size=START_WORKS, replace=False)
    revealed[board.composition[np.isin(board.work, start)]] = True
    known, left = float(board.logs[revealed].max()), int((~revealed).sum())
    noise = board.unit * (PROCESS.paper + PROCESS.noise)
    asked: list[int] = []
    while not revealed[goal]:
        free = np.flatnonzero(~revealed)
        mean, covariance = board.after(revealed)
        position = Position(
            mean[free],
            covariance[np.ix_(free, free)],
            float(board.logs[revealed].max()),
            noise,
            1000 * seed + len(asked),
        )
        rows = free[STRATEGIES[strategy](position)]
        asked += rows.tolist()
        revealed[rows] = True
    return Played(known, board.logs[asked], left)


def campaigns(seeds: int, names: tuple[str, ...] = tuple(HOST_GROUPS)) -> pd.DataFrame:
    """Play every strategy on every group from the same starts.

    Returns
    -------
    DataFrame
        One line per literature, group, seed and strategy: `candidates`, `left` (not known at the start),
        `experiments_to_best`, `experiments_to_near_best` (0 when the start holds one), and `gap_<k>`, decades
        between the best of all and the best known after k experiments.
    """
    rows = comparable_rows(load_dataset())
    lines = []
    for name in names:
        board = board_of(rows, HOST_GROUPS[name])
        for literature, share in LITERATURES.items():
            for seed in range(seeds):
                part = board if share == 1.0 else board.only(_some_works(board, share, seed))
                for strategy in STRATEGIES:
                    labels = {"literature": literature, "host_group": name, "strategy": strategy}
                    lines.append(labels | {"seed": seed} | _line(part, play(part, strategy, seed)))
    return pd.DataFrame(lines)


def _some_works(board: Board, share: float, seed: int) -> npt.NDArray[np.int64]:
    works = np.unique(board.work)
    count = round(share * len(works))
    return np.random.default_rng([seed, 2]).choice(works, size=count, replace=False)


def _line(board: Board, played: Played) -> dict[str, float]:
    best = float(board.logs.max())
    known = np.maximum.accumulate([played.start, *played.logs])
    gaps = {f"gap_{k}": best - float(known[min(k, len(known) - 1)]) for k in GAPS_AFTER}
    return {
        "candidates": len(board.logs),
        "left": played.left,
        "experiments_to_best": int(np.argmax(known >= best)),
        "experiments_to_near_best": int(np.argmax(known >= best - NEAR)),
        **gaps,
    }


MEASURES = ("experiments_to_best", "experiments_to_near_best")


def summary(lines: pd.DataFrame, seed: int = 0) -> pd.DataFrame:
    """Means over seeds with 90 % intervals (bootstrap over seeds), and the difference from chance.

    The seeds are different starts on one set of published values: the intervals do not say how another
    host would do.
    """
    generator = np.random.default_rng(seed)
    found = []
    labels = ["literature", "host_group", "strategy"]
    by_chance = lines[lines["strategy"] == "random"].groupby(labels[:2])
    for key, part in lines.groupby(labels, sort=False):
        chance = by_chance.get_group(key[:2])
        line: dict[str, Any] = dict(zip(labels, key, strict=True))
        line |= {"candidates": float(part["candidates"].mean()), "left": float(part["left"].mean())}
        drawn = generator.integers(0, len(part), size=(RESAMPLES, len(part)))
        for measure in MEASURES:
            values = part[measure].to_numpy(dtype=np.float64)
            saved = chance[measure].to_numpy(dtype=np.float64) - values
            line |= _interval(measure, values, drawn) | _interval(f"{measure}_saved", saved, drawn)
        for after in GAPS_AFTER:
            name = f"gap_{after}"
            line |= _interval(name, part[name].to_numpy(dtype=np.float64), drawn)
        found.append(line)
    return pd.DataFrame(found)


def _interval(name: str, values: Array, drawn: npt.NDArray[np.int64]) -> dict[str, float]:
    low, high = np.quantile(values[drawn].mean(axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return {name: float(values.mean()), f"{name}_low": float(low), f"{name}_high": float(high)}


def run() -> list[Figure]:
    """Few seeds, for the table of all benchmarks."""
    return [
        Figure(
            NAME,
            f"{line['host_group']}, {line['literature']}: {line['strategy']}, of {line['left']:.0f} left",
            line["experiments_to_best"],
            f"experiments ({line['experiments_to_best_low']:.0f} to {line['experiments_to_best_high']:.0f})",
        )
        for line in summary(campaigns(QUICK_SEEDS)).to_dict(orient="records")
    ]


def as_table(found: pd.DataFrame) -> Table:
    table = Table(title=f"Experiments until the best is found: mean over seeds ({CONFIDENCE:.0%} interval)")
    for heading in ("literature", "hosts", "strategy"):
        table.add_column(heading)
    for heading in ("left", "to the best", "fewer than by chance", f"to within {NEAR} decades"):
        table.add_column(heading, justify="right")
    for line in found.to_dict(orient="records"):
        cells = [
            f"{line[name]:.1f} ({line[f'{name}_low']:.1f} to {line[f'{name}_high']:.1f})"
            for name in ("experiments_to_best", "experiments_to_best_saved", "experiments_to_near_best")
        ]
        table.add_row(line["literature"], line["host_group"], line["strategy"], f"{line['left']:.0f}", *cells)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help="starts per group of hosts")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write campaign.json and .svg there")
    options = parser.parse_args()
    lines = campaigns(options.seeds)
    found = summary(lines)
    Console(width=190).print(as_table(found))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        record = {"settings": settings(options.seeds), "results": found.round(3).to_dict(orient="records")}
        text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
        (options.out / "campaign.json").write_text(text, encoding="utf-8")
        write_plot(found, options.out / "campaign.svg")


def settings(seeds: int) -> dict[str, Any]:
    """Name what the figures rest on."""
    return {
        "dataset_digest": load_dataset().digest,
        "seeds": seeds,
        "start_works": START_WORKS,
        "batch": BATCH,
        "draws": DRAWS,
        "near_best_decades": NEAR,
        "confidence": CONFIDENCE,
    }


if __name__ == "__main__":
    main()
