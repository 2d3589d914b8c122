"""Chunks of molecular dynamics, gathered to one line per crystal and temperature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import pandas as pd

from ssepredict.columns import DERIVED_TABLES
from ssepredict.structures.campaign import Record
from ssepredict.structures.diffusion import LAGS_PS, arrhenius_energy, diffusion
from ssepredict.structures.dynamics import METHOD, trajectory
from ssepredict.structures.potentials import method_text, potential_names

EQUILIBRATION_PS = 0.5
"""Time at the start of a run that is left out."""

COLUMNS = [column.name for column in DERIVED_TABLES["dynamics"]]
_DIGITS = 4


def mobility_table(
    records: Iterable[Record],
    *,
    equilibration_ps: float = EQUILIBRATION_PS,
    lags_ps: tuple[float, float] = LAGS_PS,
) -> pd.DataFrame:
    """Gather the chunks of all runs.

    Parameters
    ----------
    records : iterable of dict
        As `dynamics.simulate` yields them; others are passed over.
    equilibration_ps : float
        Time at the start of a run that is left out (ps).
    lags_ps : tuple of float
        Shortest and longest time lag of the fit (ps).

    Returns
    -------
    DataFrame
        Columns of ``dynamics.csv``.

    Raises
    ------
    SsePredictError
        When a run lacks a chunk or is too short.
    """
    runs: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record["kind"] == "dynamics":
            runs[record["run"]].append(record)
    rows = [
        _row(sorted(chunks, key=lambda chunk: int(chunk["chunk"])), equilibration_ps, lags_ps)
        for chunks in runs.values()
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(["host", "ion", "fraction", "temperature_k", "seed"], ignore_index=True)


def arrhenius_table(table: pd.DataFrame) -> pd.DataFrame:
    """Activation energy of every crystal and potential between its lowest and its highest temperature.

    Parameters
    ----------
    table : DataFrame
        Columns of ``dynamics.csv``.

    Returns
    -------
    DataFrame
        `host`, `ion`, `fraction`, `potential`, `activation_energy_ev`, `standard_error_ev` (NaN where a
        diffusivity is not positive or has no error), `hops` (the fewer of the two).
    """
    rows = []
    crystals = table.assign(potential=potential_names(table))
    for names, of_one in crystals.groupby(["host", "ion", "fraction", "potential"]):
        ends = of_one.sort_values("temperature_k").iloc[[0, -1]]
        low, high = ends["temperature_k"]
        if low == high:
            continue
        energy, error = arrhenius_energy(
            (low, high), tuple(ends["diffusivity_cm2_s"]), tuple(ends["standard_error_cm2_s"])
        )
        rows.append((*names, energy, error, int(ends["hops"].min())))
    columns = ["host", "ion", "fraction", "potential", "activation_energy_ev", "standard_error_ev", "hops"]
    return pd.DataFrame(rows, columns=columns)


def _row(chunks: list[Record], equilibration_ps: float, lags_ps: tuple[float, float]) -> dict[str, object]:
    positions, step_ps = trajectory(chunks, equilibration_ps)
    found = diffusion(positions, step_ps, lags_ps)
    first = chunks[0]
    kept = [chunk for chunk in chunks if _end_ps(chunk) > equilibration_ps + 1e-9]
    return {
        "host": first["host"],
        "ion": first["ion"],
        "fraction": round(first["count"] / first["metal_sites"], _DIGITS),
        "temperature_k": first["temperature_k"],
        "diffusivity_cm2_s": float(f"{found.diffusivity_cm2_s:.4g}"),
        "standard_error_cm2_s": float(f"{found.standard_error_cm2_s:.4g}"),
        "blocks": found.blocks,
        "hops": found.hops,
        "mobile_ions": positions.shape[1],
        "length_ps": round(found.picoseconds, _DIGITS),
        "equilibration_ps": equilibration_ps,
        "timestep_fs": first["timestep_fs"],
        "lag_low_ps": lags_ps[0],
        "lag_high_ps": lags_ps[1],
        "mean_temperature_k": round(sum(chunk["mean_temperature_k"] for chunk in kept) / len(kept), 1),
        "method": method_text(f"{METHOD}, constant volume of the relaxed cell", first["potential"]),
        "versions": first["versions"],
        "cell": f"{first['atoms']} ions, {first['formula_units']} formula units",
        "seed": str(first["seed"]),
    }


def _end_ps(chunk: Record) -> float:
    return float((chunk["chunk"] + 1) * chunk["steps"] * chunk["timestep_fs"] / 1000.0)
