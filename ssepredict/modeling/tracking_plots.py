"""Plots of a target that are logged with its run: what is off, by how much, and what moves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import parse_sites
from ssepredict.featurizers.site import site_features
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.requests import checked_conditions
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN_FEATURES = 20
_SAMPLED_ROWS = 300
_FAMILY_COLORS = {"na_nasicon": "C0", "li_nasicon": "C1", "na_halide": "C2", "li_halide": "C3"}


def write_plots(predictor: Predictor, target: str, left_out: pd.DataFrame, folder: Path) -> list[Path]:
    """Draw every plot of a target that its figures allow, as PNG files.

    Parameters
    ----------
    predictor : Predictor
    target : str
    left_out : DataFrame
        Left-out predictions of the target, columns of `Predictor.left_out`.
    folder : Path

    Returns
    -------
    list of Path
        `parity`, `residuals`, and where they are measured `reliability`, `coverage_by_distance`; for a
        model that reads features `feature_importance`.
    """
    rows = left_out[left_out["scored"] == 1]
    figures = predictor.metrics["targets"][target]
    intervals = figures["intervals"]
    unit = TARGETS[target].error_unit
    plots: dict[str, Callable[[Axes], None]] = {}
    if len(rows):
        floor = noise_floor_of(predictor.metrics, target)
        plots["parity"] = lambda axes: _parity(axes, rows, _axis_label(target))
        plots["residuals"] = lambda axes: _residuals(axes, rows, _axis_label(target), unit, floor)
    if intervals.get("reliability"):
        plots["reliability"] = lambda axes: _reliability(axes, intervals["reliability"])
    if intervals.get("by_distance"):
        plots["coverage_by_distance"] = lambda axes: _coverage(
            axes, intervals["by_distance"], intervals["confidence"], predictor.domain_threshold
        )
    if len(importance := feature_importance(predictor.models[target], left_out)):
        plots["feature_importance"] = lambda axes: _importance(axes, importance, unit)
    return [_write(draw, target, folder / f"{name}.png") for name, draw in plots.items()]


def feature_importance(model: TargetModel, rows: pd.DataFrame, seed: int = 0) -> pd.Series:
    """How far a prediction moves when a feature takes the value of another row.

    Parameters
    ----------
    model : TargetModel
    rows : DataFrame
        `formula` and `temperature_c` of the rows to look at; a sample of 300 is used.
    seed : int
        Of the sample and of the shuffling.

    Returns
    -------
    Series
        Mean absolute change per feature in the target's error unit, largest first; empty for a model that
        reads no features. Processing counts as not stated, as it is for a candidate.
    """
    if model.reads != "features" or rows.empty:
        return pd.Series(dtype=float)
    generator = np.random.default_rng(seed)
    chosen = rows.sample(min(len(rows), _SAMPLED_ROWS), random_state=seed)
    X = _design(model, chosen)
    known = np.asarray(model.estimator.predict(X), dtype=np.float64)
    moved = {}
    for column, name in enumerate(model.feature_names):
        shuffled = X.copy()
        shuffled[:, column] = generator.permutation(X[:, column])
        moved[name] = float(np.abs(np.asarray(model.estimator.predict(shuffled)) - known).mean())
    return pd.Series(moved).sort_values(ascending=False)


def noise_floor_of(metrics: Mapping[str, Any], target: str) -> float | None:
    """Error of the median of other works on a known composition, all families; None when not measured."""
    lines = metrics["noise_floor"].get(TARGETS[target].quantity, ())
    found = [line["mae_from_other_works"] for line in lines if line["family"] == "all"]
    return float(found[0]) if found and found[0] is not None else None


def _design(model: TargetModel, rows: pd.DataFrame) -> FloatArray:
    """Feature matrix that the model's estimator sees for these rows, shape (n, k)."""
    parts = []
    temperatures = rows["temperature_c"].fillna(ROOM_TEMPERATURE_C[0])
    for temperature, group in rows.groupby(temperatures, sort=False):
        sites = parse_sites(group["formula"].tolist())
        given = checked_conditions(float(str(temperature)), {})
        parts.append(model.features(sites, site_features(sites), given))
    return np.vstack(parts)


def _axis_label(target: str) -> str:
    return ("log10 of " if TARGETS[target].log10 else "") + TARGETS[target].label


def _write(draw: Callable[[Axes], None], target: str, path: Path) -> Path:
    # Figures made without pyplot need no display and leave nothing behind.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(target)
    draw(axes)
    figure.savefig(path, dpi=120)
    return path


def _by_family(axes: Axes, rows: pd.DataFrame, x: str, y: pd.Series) -> None:
    for family, group in rows.groupby("family"):
        name = str(family)
        axes.scatter(
            group[x], y[group.index], s=10, alpha=0.6, color=_FAMILY_COLORS.get(name, "C4"), label=name
        )
    axes.legend(frameon=False, fontsize=8)


def _parity(axes: Axes, rows: pd.DataFrame, label: str) -> None:
    _by_family(axes, rows, "true", rows["predicted"])
    values = rows[["true", "predicted"]].to_numpy()
    axes.axline((values.min(), values.min()), slope=1.0, color="black", linewidth=0.8)
    axes.set(xlabel=f"reported {label}", ylabel="predicted, paper left out")


def _residuals(axes: Axes, rows: pd.DataFrame, label: str, unit: str, floor: float | None) -> None:
    residual = rows["predicted"] - rows["true"]
    error = float(residual.abs().mean())
    said = f"mean absolute error {error:.3g} {unit}"
    if floor is not None:
        axes.axhspan(-floor, floor, color="0.85", zorder=0)
        said += f", noise floor {floor:.3g} {unit} (grey)"
    _by_family(axes, rows, "predicted", residual)
    axes.axhline(0.0, color="black", linewidth=0.8)
    axes.set(xlabel=f"predicted {label}", ylabel=f"predicted minus reported ({unit})")
    axes.set_title(f"{axes.get_title()}\n{said}", fontsize=9)


def _importance(axes: Axes, importance: pd.Series, unit: str) -> None:
    shown = importance.head(SHOWN_FEATURES).iloc[::-1]
    axes.barh(shown.index.astype(str).tolist(), shown.to_numpy(), color="C0")
    axes.tick_params(axis="y", labelsize=7)
    axes.set(xlabel=f"mean change when shuffled ({unit})")


def _reliability(axes: Axes, lines: list[Mapping[str, Any]]) -> None:
    table = pd.DataFrame(lines)
    axes.axline((0.0, 0.0), slope=1.0, color="black", linewidth=0.8)
    axes.plot(table["predicted"], table["observed"], marker="o", markersize=4)
    axes.set(
        xlabel="predicted probability", ylabel="observed share, paper left out", xlim=(0, 1), ylim=(0, 1)
    )


def _coverage(axes: Axes, lines: list[Mapping[str, Any]], confidence: float, threshold: float) -> None:
    table = pd.DataFrame(lines)
    axes.axhline(confidence, color="black", linewidth=0.8)
    axes.axvline(threshold, color="0.6", linestyle="--", linewidth=0.8)
    axes.plot(table["distance"], table["coverage"], marker="o")
    axes.set(xlabel="distance to the nearest training paper's composition", ylabel="coverage", ylim=(0, 1.02))
