"""Reported lattice parameters beside computed volumes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray, parse_formulas
from ssepredict.chemistry.ions import Ion
from ssepredict.structures.hosts import find_host

ALIKE_WITHIN = 0.05
"""Largest difference in any amount per formula unit between a computed and a reported composition."""


def cell_volume(lattice: pd.DataFrame) -> FloatArray:
    """Volume of a formula unit of every reported cell.

    Parameters
    ----------
    lattice : DataFrame, n rows
        ``lattice.csv``.

    Returns
    -------
    ndarray of float, shape (n,)
        Å3.
    """
    angles = lattice[["alpha_deg", "beta_deg", "gamma_deg"]].to_numpy(dtype=float)
    cosines = np.cos(np.radians(angles))
    shape = 1.0 - (cosines**2).sum(axis=1) + 2.0 * cosines.prod(axis=1)
    lengths = lattice[["a_angstrom", "b_angstrom", "c_angstrom"]].to_numpy(dtype=float).prod(axis=1)
    return np.asarray(lengths * np.sqrt(shape) / lattice["formula_units"].to_numpy(dtype=float))


def volume_errors(table: pd.DataFrame, lattice: pd.DataFrame) -> pd.DataFrame:
    """Put computed volumes beside reported ones of the same composition.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.
    lattice : DataFrame
        ``lattice.csv``.

    Returns
    -------
    DataFrame
        One row per computed volume and reported cell of its composition (amounts within `ALIKE_WITHIN`):
        `host`, `ion`, `fraction`, `formula` (as reported), `computed` and `reported` (Å3 per formula unit),
        `error_pct`, `source`.
    """
    volumes = table[table["descriptor"] == "volume"].iloc[: None if len(lattice) else 0]
    reported = parse_formulas(lattice["formula"].tolist())
    found = cell_volume(lattice)
    rows = []
    lines = zip(volumes["host"], volumes["ion"], volumes["fraction"], volumes["mean"], strict=True)
    for host, ion, fraction, computed in lines:
        for cell in _same_composition(reported, host, ion, fraction):
            formula, source = lattice["formula"].iloc[cell], lattice["source"].iloc[cell]
            rows.append((host, ion, fraction, formula, computed, found[cell], source))
    names = ["host", "ion", "fraction", "formula", "computed", "reported", "source"]
    errors = pd.DataFrame(rows, columns=names)
    errors.insert(6, "error_pct", 100.0 * (errors["computed"] / errors["reported"] - 1.0))
    return errors


def doped_amounts(host: str, ion: str, fraction: float) -> dict[str, float]:
    """Amounts per formula unit of a host of which a share of the M ions is replaced, charge balanced.

    Parameters
    ----------
    host : str
        One of `structures.hosts.HOSTS`.
    ion : str
    fraction : float
        Share of the M ions.

    Returns
    -------
    dict of str to float

    Examples
    --------
    >>> doped_amounts("LiTi2(PO4)3", "Al3+", 0.25)
    {'Li': 1.5, 'Ti': 1.5, 'Al': 0.5, 'P': 3.0, 'O': 12.0}
    """
    found, dopant = find_host(host), Ion.parse(ion)
    replaced = found.metals * fraction
    carriers = found.carriers + replaced * (found.metal.charge - dopant.charge) / found.mobile.charge
    parts = [
        (found.mobile.element, carriers), (found.metal.element, found.metals - replaced),
        (dopant.element, replaced), *((tetrahedral.element, n) for tetrahedral, n in found.tetrahedral),
        (found.anion.element, found.anions),
    ]  # fmt: skip
    amounts: dict[str, float] = {}
    for symbol, amount in parts:
        amounts[symbol] = amounts.get(symbol, 0.0) + float(amount)
    return amounts


def _same_composition(reported: CompositionMatrix, host: str, ion: str, fraction: float) -> list[int]:
    wanted = doped_amounts(host, ion, fraction)
    anion = find_host(host).anion.element
    anions = reported.amount(anion)
    scale = wanted[anion] / np.where(anions > 0, anions, np.nan)
    symbols = sorted({*reported.elements, *wanted})
    away = [np.abs(scale * reported.amount(symbol) - wanted.get(symbol, 0.0)) for symbol in symbols]
    return np.flatnonzero(np.max(away, axis=0) <= ALIKE_WITHIN).tolist()  # NaN compares as unlike
