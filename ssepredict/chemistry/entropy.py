"""Configurational entropy: how many ways the ions and vacancies of a composition share its sites.

Ideal mixing, ``S / k_B = sum over sites of sum_i n_i ln(N / n_i)`` per formula unit, with n_i the amount of
species i (vacancies included where the framework counts them) among the N places of a site. In k_B per
formula unit it has the same number as in R per mole of formula units. Order lowers the real one.
"""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SITES, SiteTable


def configurational_entropy(sites: SiteTable) -> dict[str, FloatArray]:
    """Ideal mixing entropy of every site, in k_B per formula unit.

    Vacancies mix with the A ions over the A places: four in a NASICON, in a close-packed halide the octahedra
    that M leaves. A and M are taken as ordered against each other.

    Parameters
    ----------
    sites : SiteTable
        n compositions.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Per site A, M, T and X, and ``total``; NaN for A, and so for the total, where vacancies cannot be
        counted or a site holds more than its places.

    Examples
    --------
    >>> from ssepredict.chemistry.sites import parse_sites
    >>> entropy = configurational_entropy(parse_sites(["Na3Zr2Si2PO12"]))
    >>> [round(float(entropy[site][0]), 3) for site in ("A", "M", "T", "X", "total")]
    [2.249, 0.0, 1.91, 0.0, 4.159]
    """
    found = {site: _mixing(sites.occupancy[site]) for site in SITES}
    found["A"] = _mixing(np.column_stack([sites.occupancy["A"], sites.vacancies]))
    found["total"] = np.sum([found[site] for site in SITES], axis=0)
    return found


def _mixing(amounts: FloatArray) -> FloatArray:
    """Sum n ln(N / n) over the columns; 0 ln 0 is 0, a negative or unknown amount makes NaN."""
    known = np.where(np.abs(amounts) < 1e-9, 0.0, amounts)
    total = known.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(known == 0, 0.0, known * np.log(total / known))
    return np.asarray(np.round(terms.sum(axis=1), 12) + 0.0, dtype=np.float64)
