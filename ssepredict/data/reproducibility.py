"""How far apart independent works report one composition: the noise floor that no model can beat."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.columns import CONTRIBUTIONS, DERIVED_TABLES, FAMILY_NAMES, TEMPERATURE_BANDS
from ssepredict.data.dataset import Dataset
from ssepredict.data.tables import typed_columns
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.resources import shipped_folder

TABLE = "reproducibility"
UNITS = {"conductivity": "log10(S/cm)", "activation_energy": "eV"}
"""Quantities with a noise floor and the unit of their differences."""

CONFIDENCE = 0.9
_RESAMPLES = 2000
_FEWEST = 3
_COLUMNS = [column.name for column in DERIVED_TABLES[TABLE]]


def noise_floor(dataset: Dataset, seed: int = 0) -> pd.DataFrame:
    """Measure how far apart independent works report the same composition.

    Exact measured values of samples without additives that nothing contradicts (neither `suspect` nor
    `computed`). A work counts once per composition, with its median; conductivities are compared as log10
    within one temperature band, activation energies of one polymorph's range.

    Parameters
    ----------
    dataset : Dataset
    seed : int
        Of the bootstrap over compositions.

    Returns
    -------
    DataFrame
        Columns of ``reproducibility.csv``: a row per quantity, family (and ``all``), contribution (and
        ``all``) and temperature band in which two works share a composition. `mae_from_other_works` is the
        error of the median of the other works, the floor of a model's error on a known composition.

    Examples
    --------
    >>> from ssepredict.data.dataset import load_dataset
    >>> bool(0.3 < noise_floor(load_dataset())["mae_from_other_works"].iloc[0] < 0.9)
    True
    """
    rows = []
    for quantity in UNITS:
        table = _usable(dataset, quantity)
        for family in ("all", *FAMILY_NAMES):
            of_family = table if family == "all" else table[table["family"] == family]
            for contribution in ("all", *CONTRIBUTIONS):
                chosen = (
                    of_family[of_family["contribution"] != "grain_boundary"]
                    if contribution == "all"
                    else of_family[of_family["contribution"] == contribution]
                )
                for band, here in _bands(chosen, quantity):
                    figures = _figures(here, seed)
                    if figures is not None:
                        rows.append((quantity, family, contribution, band, UNITS[quantity], *figures))
    frame = pd.DataFrame(rows, columns=_COLUMNS)
    return typed_columns(TABLE, frame)[0]


def noise_floor_of(
    family: str = "all",
    quantity: str = "conductivity",
    contribution: str = "all",
    temperature_band: str | None = None,
    table: pd.DataFrame | None = None,
) -> dict[str, Any] | None:
    """Return one line of the table, to be quoted beside a model's error.

    Parameters
    ----------
    family, quantity, contribution : str
        As in the table.
    temperature_band : str, optional
        ``"room"`` for conductivities and ``"any"`` for energies when omitted.
    table : DataFrame, optional
        Of `noise_floor`; the shipped table when omitted.

    Returns
    -------
    dict or None
        The line by column; None where no two works share a composition.

    Raises
    ------
    SsePredictError
        When the quantity has no noise floor.

    Examples
    --------
    >>> line = noise_floor_of("na_nasicon")
    >>> line["unit"], bool(line["mae_low"] <= line["mae_from_other_works"] <= line["mae_high"])
    ('log10(S/cm)', True)
    """
    if quantity not in UNITS:
        raise SsePredictError(
            f"no noise floor for {quantity!r}{did_you_mean(quantity, UNITS)}; "
            f"expected one of {', '.join(UNITS)}"
        )
    band = temperature_band or ("room" if quantity == "conductivity" else "any")
    known = load_noise_floor() if table is None else table
    wanted = {
        "quantity": quantity,
        "family": family,
        "contribution": contribution,
        "temperature_band": band,
    }
    rows = known[np.logical_and.reduce([known[name] == value for name, value in wanted.items()])]
    return None if rows.empty else dict(rows.iloc[0])


def quoted_noise_floor(dataset: Dataset) -> dict[str, list[dict[str, Any]]]:
    """Return the lines that a model's card quotes, ready for JSON.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of str to list of dict
        Quantity to a line per family (and ``all``) that has one; `mae_low` and `mae_high` are None where
        there are too few compositions.
    """
    table = noise_floor(dataset)
    quoted: dict[str, list[dict[str, Any]]] = {}
    for quantity in UNITS:
        lines = [noise_floor_of(family, quantity, table=table) for family in ("all", *FAMILY_NAMES)]
        quoted[quantity] = [
            {name: _plain(value) for name, value in line.items()} for line in lines if line is not None
        ]
    return quoted


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    number = float(value)
    return None if np.isnan(number) else int(number) if number.is_integer() else number


def load_noise_floor(path: str | Path | None = None) -> pd.DataFrame:
    """Read ``reproducibility.csv`` of a folder, or the shipped one."""
    folder = shipped_folder("datasets") if path is None else Path(path)
    raw = pd.read_csv(folder / f"{TABLE}.csv", dtype=str, keep_default_na=False, encoding="utf-8")
    return typed_columns(TABLE, raw)[0]


def write_noise_floor(folder: str | Path, dataset: Dataset) -> Path:
    """Write ``reproducibility.csv`` into a folder and return its path."""
    table = noise_floor(dataset)
    whole = [column.name for column in DERIVED_TABLES[TABLE] if column.dtype == "integer"]
    path = Path(folder) / f"{TABLE}.csv"
    written = table.astype(dict.fromkeys(whole, np.int64))
    written.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path


def _usable(dataset: Dataset, quantity: str) -> pd.DataFrame:
    frame = dataset.training_frame(quantity)
    keep = (frame["bound"] == "") & (frame["composite"] == 0)
    frame = frame[keep & (frame["suspect"] == 0) & (frame["computed"] == 0)]
    if quantity == "conductivity":
        frame = frame[frame["value"] > 0]
        return frame.assign(figure=np.log10(frame["value"].to_numpy(dtype=np.float64)), group="")
    return frame.assign(figure=frame["value"], group=frame["phase_range"])


def _bands(table: pd.DataFrame, quantity: str) -> Iterator[tuple[str, pd.DataFrame]]:
    if quantity != "conductivity":
        yield "any", table
        return
    celsius = table["temperature_c"]
    coldest = min(low for low, _ in TEMPERATURE_BANDS.values())
    for band, (low, high) in TEMPERATURE_BANDS.items():
        above = celsius >= low if low == coldest else celsius > low
        yield band, table[above & (celsius <= high)]


def _figures(table: pd.DataFrame, seed: int) -> tuple[float, ...] | None:
    """Compositions, works, pairs, median difference, error of the other works' median and its interval."""
    keys = ["composition_key", "group"]
    typical = table.groupby([*keys, "work_id"], as_index=False)["figure"].median()
    shared = typical[typical.groupby(keys)["work_id"].transform("size") >= 2]
    if shared.empty:
        return None
    pairs: list[npt.NDArray[np.float64]] = []
    errors: list[npt.NDArray[np.float64]] = []
    for _, group in shared.groupby(keys, sort=True):
        figures = group["figure"].to_numpy(dtype=np.float64)
        above, below = np.triu_indices(len(figures), 1)
        pairs.append(np.abs(figures[above] - figures[below]))
        others = [np.median(np.delete(figures, place)) for place in range(len(figures))]
        errors.append(np.abs(figures - np.array(others)))
    differences = np.concatenate(pairs)
    low, high = _interval(errors, seed)
    return (
        len(errors),
        int(shared["work_id"].nunique()),
        len(differences),
        round(float(np.median(differences)), 4),
        round(float(np.concatenate(errors).mean()), 4),
        round(low, 4),
        round(high, 4),
    )


def _interval(errors: list[npt.NDArray[np.float64]], seed: int) -> tuple[float, float]:
    """Bootstrap of the mean error over compositions; NaN for fewer than three."""
    if len(errors) < _FEWEST:
        return float("nan"), float("nan")
    sums = np.array([found.sum() for found in errors])
    sizes = np.array([len(found) for found in errors])
    drawn = np.random.default_rng(seed).integers(0, len(errors), size=(_RESAMPLES, len(errors)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
