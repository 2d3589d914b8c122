"""The plot of the simulated campaigns: how fast each strategy closes in on the best, and when it is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    "random": "#7b8794",
    "best predicted": "#c05d00",
    "expected improvement": "#1f5fa8",
    "thompson": "#2b8a5b",
}


def write_plot(found: pd.DataFrame, path: Path) -> None:
    """Draw the results of `benchmarks.campaign.summary` and write them as SVG.

    Parameters
    ----------
    found : DataFrame
        One line per literature, group of hosts and strategy.
    path : Path
    """
    groups, literatures = (list(dict.fromkeys(found[name])) for name in ("host_group", "literature"))
    figure = Figure(figsize=(3.4 * len(groups), 7.4), layout="constrained")
    axes = figure.subplots(1 + len(literatures), len(groups), squeeze=False, height_ratios=(3, 2, 2))
    for column, group in enumerate(groups):
        for row, literature in enumerate(literatures, start=1):
            part = found[(found["host_group"] == group) & (found["literature"] == literature)]
            _draw_counts(axes[row, column], part, literature, named=column == 0)
        whole = found[(found["host_group"] == group) & (found["literature"] == literatures[0])]
        _draw_gaps(axes[0, column], whole)
        candidates, left = whole["candidates"].iloc[0], whole["left"].iloc[0]
        axes[0, column].set_title(f"{group}\n{candidates:.0f} reported, {left:.0f} to find", fontsize=9)
    axes[0, 0].set_ylabel("best of all over best known (decades)", fontsize=9)
    axes[0, 0].legend(fontsize=8, frameon=False)
    # Nothing in the file may change from run to run: no date, and names of parts from a fixed salt.
    with mpl.rc_context({"svg.hashsalt": "campaign", "svg.fonttype": "none"}):
        figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_gaps(axes: Axes, part: pd.DataFrame) -> None:
    """Mean gap after each number of experiments, with the interval of the mean."""
    names = [name for name in part if name.startswith("gap_") and name.count("_") == 1]
    last = part["left"].max()
    names = [name for name in names if int(name.removeprefix("gap_")) <= last]
    after = [int(name.removeprefix("gap_")) for name in names]
    for line in part.to_dict(orient="records"):
        colour = COLOURS[line["strategy"]]
        axes.plot(after, [line[name] for name in names], color=colour, label=line["strategy"], linewidth=1.6)
        low, high = ([line[f"{name}_{end}"] for name in names] for end in ("low", "high"))
        axes.fill_between(after, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.set_ylim(bottom=0)
    axes.set_xlim(0, last)
    _tidy(axes)
    axes.set_xlabel("experiments", fontsize=9)


def _draw_counts(axes: Axes, part: pd.DataFrame, literature: str, named: bool) -> None:
    """Mean number of experiments until the best is found, with its interval."""
    for place, line in enumerate(part.to_dict(orient="records")):
        mean, low, high = (line[f"experiments_to_best{end}"] for end in ("", "_low", "_high"))
        axes.errorbar(
            mean,
            -place,
            xerr=[[mean - low], [high - mean]],
            fmt="o",
            color=COLOURS[line["strategy"]],
            capsize=3,
        )
    names = part["strategy"].tolist()
    axes.set_yticks([-place for place in range(len(names))], names if named else [""] * len(names))
    axes.set_ylim(0.6 - len(names), 0.4)
    axes.set_xlim(left=0)
    _tidy(axes)
    axes.set_xlabel(f"experiments to the best, {literature}", fontsize=7.5)


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    axes.grid(color="#e4e7eb", linewidth=0.7)
    axes.set_axisbelow(True)
