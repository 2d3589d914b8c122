"""Doping gain: what a dopant adds to the conductivity of the sample that the same work compares it with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import MOBILE_IONS
from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset

SAME_TEMPERATURE_K = 5.0
"""Figures of one series lie within this many kelvin."""

UNDOPED = 1e-6
"""Departure from the host (atoms per formula unit) up to which a composition is the host itself."""

_SERIES = ["work_id", "host", "contribution", "synthesis"]
_COLUMNS = [
    "work_id",
    "host",
    "host_group",
    "contribution",
    "synthesis",
    "temperature_c",
    "reference_formula",
    "doped_formula",
    "reference_measurement_ids",
    "doped_measurement_ids",
    "reference_departure",
    "doped_departure",
    "gain",
]


def doping_gains(dataset: Dataset) -> pd.DataFrame:
    """Pair every doped composition of a work with the work's own reference.

    A series is one work, host, contribution and synthesis at one temperature (within 5 K). Its reference is
    the undoped host, or the least doped composition. Several samples of one composition in a series count as
    one, with their median. Limits, suspect and extrapolated figures and composites are left out, and hosts
    without a mobile ion (LaCl3), in which every composition is doped.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    DataFrame
        One row per series and doped composition: `work_id`, `host`, `host_group` (narrow; empty for other
        hosts), `contribution`, `synthesis`, `temperature_c` (median of the series), formulas and measurement
        ids (joined by ``;``) of both, their departures from the host (`departures`) and `gain`, log10 of the
        conductivity over that of the reference (decades).

    Examples
    --------
    >>> from ssepredict.data.dataset import load_dataset
    >>> gains = doping_gains(load_dataset())
    >>> bool((gains["doped_departure"] > gains["reference_departure"]).all())
    True
    """
    frame = dataset.training_frame("conductivity")
    usable = (frame["bound"] == "") & (frame[["suspect", "computed", "composite"]] == 0).all(axis=1)
    usable &= frame["temperature_c"].notna() & (frame["host"] != "") & (frame["value"] > 0)
    usable &= frame["framework"] != "ucl3_halide"
    frame = frame[usable].reset_index(drop=True)
    if frame.empty:
        return pd.DataFrame(columns=_COLUMNS)
    frame["departure"] = departures(frame["formula"].tolist(), frame["host"].tolist())
    frame["log"] = np.log10(frame["value"])
    frame["isotherm"] = isotherms(frame[_SERIES], frame["temperature_c"].to_numpy(dtype=np.float64))
    parts = [_gains_of(series) for _, series in frame.groupby([*_SERIES, "isotherm"], sort=True)]
    found = pd.concat(parts, ignore_index=True)
    found["host_group"] = ""
    for name, group in HOST_GROUPS.items():
        found.loc[group.holds(found["host"].to_numpy(dtype=str)), "host_group"] = name
    return found[_COLUMNS]


def departures(formulas: list[str], hosts: list[str]) -> FloatArray:
    """Atoms per formula unit by which compositions differ from their host, shape (n,).

    Half the sum of the absolute differences over all elements but the mobile ions, which only balance the
    charge.

    Parameters
    ----------
    formulas, hosts : list of str, length n

    Examples
    --------
    >>> departures(["Na3.2Zr1.8Sc0.2Si2PO12"], ["Na3Zr2Si2PO12"]).round(6).tolist()
    [0.2]
    """
    sites = parse_sites([*formulas, *hosts])
    held = [column for column, symbol in enumerate(sites.elements) if symbol not in MOBILE_IONS]
    amounts = sites.composition.amounts[:, held]
    return np.asarray(np.abs(amounts[: len(formulas)] - amounts[len(formulas) :]).sum(axis=1) / 2.0)


def isotherms(series: pd.DataFrame, temperature_c: FloatArray) -> FloatArray:
    """Give the temperatures of every series numbers: rows of one number lie within `SAME_TEMPERATURE_K`.

    Parameters
    ----------
    series : DataFrame, n rows
        Rows that agree in all columns are one series.
    temperature_c : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (n,)
        From 0 in each series; NaN where the temperature is not stated.

    Examples
    --------
    >>> isotherms(pd.DataFrame({"work": list("aaab")}), np.array([25.0, 300.0, 28.0, 25.0])).tolist()
    [0.0, 1.0, 0.0, 0.0]
    """
    found = np.full(len(series), np.nan)
    numbers = series.groupby(list(series.columns), dropna=False).ngroup().to_numpy()
    for number_of_series in np.unique(numbers):
        known = np.flatnonzero((numbers == number_of_series) & np.isfinite(temperature_c))
        start, number = -np.inf, -1
        for row in known[np.argsort(temperature_c[known], kind="stable")]:
            if temperature_c[row] - start > SAME_TEMPERATURE_K:
                start, number = temperature_c[row], number + 1
            found[row] = number
    return found


def _gains_of(series: pd.DataFrame) -> pd.DataFrame:
    """Pairs of one series; none where one composition is all there is."""
    table = series.groupby("composition_key", sort=True).agg(
        formula=("formula", "first"),
        ids=("measurement_id", ";".join),
        departure=("departure", "first"),
        log=("log", "median"),
    )
    table = table.sort_values("departure", kind="stable")
    reference = table.iloc[0]
    doped = table[table["departure"] > reference["departure"] + UNDOPED]
    labels = {name: series[name].iloc[0] for name in _SERIES}
    return pd.DataFrame(
        {
            "doped_formula": doped["formula"].to_numpy(),
            "doped_measurement_ids": doped["ids"].to_numpy(),
            "doped_departure": doped["departure"].to_numpy(),
            "gain": doped["log"].to_numpy() - reference["log"],
        }
    ).assign(
        **labels,
        temperature_c=float(series["temperature_c"].median()),
        reference_formula=reference["formula"],
        reference_measurement_ids=reference["ids"],
        reference_departure=reference["departure"],
    )
