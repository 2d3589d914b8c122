"""Names of compositions: the undoped host they derive from, and one canonical key per composition."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import HALOGENS, LARGE_LANTHANIDES
from ssepredict.chemistry.sites import SiteTable

SILICATE_FROM = 1.0 / 3.0
"""Si / (Si + P) from which a tetravalent NASICON counts as silicate: nearer A3M2Si2PO12 than AM2(PO4)3."""

KEY_DECIMALS = 3
"""Decimals of an amount per formula unit in a composition key; papers print two or three."""

_TIE_DECIMALS = 6
_TETRAHEDRAL_PARENTS = ("Al", "Ga", "B")


class _Parts(NamedTuple):
    """What names a host: mobile ion, majority M ion and its charge (e), majority halogen, silicate or not."""

    mobile: str
    metal: str
    charge: int
    halogen: str
    silicate: bool


def _nasicon(parts: _Parts) -> str:
    if parts.charge == 4:
        tail, alkali = ("Si2PO12", 3) if parts.silicate else ("(PO4)3", 1)
    else:
        tail, alkali = "(PO4)3", 3
    return f"{parts.mobile}{'' if alkali == 1 else alkali}{parts.metal}2{tail}"


def _halide(parts: _Parts) -> str:
    if parts.charge == 2:
        return f"{parts.mobile}2{parts.metal}{parts.halogen}4"
    alkali = max(6 - parts.charge, 1)
    return f"{parts.mobile}{'' if alkali == 1 else alkali}{parts.metal}{parts.halogen}6"


def _oxyhalide(parts: _Parts) -> str:
    """Replace two halogens of the halide parent by one oxygen; Al, Ga and B have AMX4 for a parent."""
    if parts.metal in _TETRAHEDRAL_PARENTS:
        return f"{parts.mobile}{parts.metal}O{parts.halogen}2"
    alkali = max(6 - parts.charge, 1)
    return f"{parts.mobile}{'' if alkali == 1 else alkali}{parts.metal}O{parts.halogen}4"


def _ucl3(parts: _Parts) -> str:
    return f"{parts.metal}{parts.halogen}3"


_NAMERS = {
    "nasicon": _nasicon,
    "close_packed_halide": _halide,
    "spinel_halide": _halide,
    "glass": _halide,
    "oxyhalide": _oxyhalide,
    "ucl3_halide": _ucl3,
}


def hosts_of(table: SiteTable) -> npt.NDArray[np.str_]:
    """Name the undoped reference composition of every row.

    The host is named by the mobile ion and the M ion of which there is most; on a tie by the ion of higher
    charge, then of lower atomic number. NASICON: AM2(PO4)3 for tetravalent M, A3M2Si2PO12 when
    Si / (Si + P) is at least 1/3 (the nearer of the two ends), A3M2(PO4)3 for other M; ions of charge 3 and
    4 go before others, which are dopants whatever their amount. Halides: A3MX6, A2MX6, AMX6 or A2MX4 for
    M of charge 3, 4, 5 or 2, with the halogen of which there is most (on a tie the lightest). Oxyhalides:
    the halide with two X replaced by one O (A3MOX4, A2MOX4, AMOX4; AMOX2 for Al, Ga, B). UCl3 type: MX3
    of the large lanthanide of which there is most, whichever the mobile ion.

    Parameters
    ----------
    table : SiteTable
        n rows.

    Returns
    -------
    ndarray of str, shape (n,)
        Host formula; empty where no framework fits or the mobile or the M ion is missing.

    Examples
    --------
    >>> from ssepredict.chemistry.sites import parse_sites
    >>> hosts_of(parse_sites(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li1.8Zr0.8Nb0.2Cl6"])).tolist()
    ['Na3Zr2Si2PO12', 'Li2ZrCl6']
    """
    if not len(table) or not table.elements:  # nothing given, or nothing that could be read
        return np.full(len(table), "", dtype=np.str_)
    symbols = np.array(table.elements, dtype=np.str_)
    on_m = np.round(table.occupancy["M"], _TIE_DECIMALS)
    charge = np.nan_to_num(table.oxidation)
    wanted = np.where((table.framework == "nasicon")[:, None], (charge == 3) | (charge == 4), charge > 0)
    # Zr, Al or Ta dissolve in the lattice of LaCl3; none of them has a chloride MCl3 of the UCl3 type.
    wanted &= (table.framework != "ucl3_halide")[:, None] | np.isin(symbols, LARGE_LANTHANIDES)
    eligible = np.where((on_m > 0) & wanted, on_m, 0.0)
    eligible = np.where(eligible.any(axis=1, keepdims=True), eligible, on_m)
    # Charge breaks ties only: amounts differ by at least 1e-6, the term stays below 1e-8.
    metal = np.argmax(eligible + np.where(eligible > 0, 1e-9 * charge, 0.0), axis=1)
    rows = np.arange(len(table))
    halogen = _majority_halogen(table)
    silicon, phosphorus = table.composition.amount("Si"), table.composition.amount("P")
    silicate = (silicon > 0) & (silicon >= SILICATE_FROM * (silicon + phosphorus) - 10.0**-_TIE_DECIMALS)
    named = (table.framework != "") & (table.mobile_ion != "") & (on_m.sum(axis=1) > 0)
    traits = (table.framework, table.mobile_ion, symbols[metal], charge[rows, metal], halogen, silicate)
    codes = np.stack([np.unique(trait, return_inverse=True)[1].ravel() for trait in traits], axis=1)
    _, first, inverse = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    names = [
        _NAMERS[framework](_Parts(mobile, ion, int(q), x, bool(si))) if framework else ""
        for framework, mobile, ion, q, x, si in zip(*(trait[first].tolist() for trait in traits), strict=True)
    ]
    hosts: npt.NDArray[np.str_] = np.where(named, np.array(names, dtype=np.str_)[inverse.ravel()], "")
    return hosts


def _majority_halogen(table: SiteTable) -> npt.NDArray[np.str_]:
    amounts: FloatArray = np.stack(
        [np.round(table.composition.amount(symbol), _TIE_DECIMALS) for symbol in HALOGENS], axis=1
    )
    majority: npt.NDArray[np.str_] = np.array(HALOGENS, dtype=np.str_)[amounts.argmax(axis=1)]
    return majority


def composition_keys(table: SiteTable) -> npt.NDArray[np.str_]:
    """One text per composition: the same for every way of writing and every multiple of a formula.

    Amounts are per formula unit (12 anions, in halides 6), rounded to `KEY_DECIMALS`; elements in
    alphabetical order.

    Parameters
    ----------
    table : SiteTable
        n rows.

    Returns
    -------
    ndarray of str, shape (n,)

    Examples
    --------
    >>> from ssepredict.chemistry.sites import parse_sites
    >>> composition_keys(parse_sites(["Na3Zr2(SiO4)2(PO4)", "Na6Zr4Si4P2O24"])).tolist()
    ['Na3 O12 P1 Si2 Zr2', 'Na3 O12 P1 Si2 Zr2']
    """
    amounts = np.round(table.composition.amounts, KEY_DECIMALS)
    order = np.argsort(np.array(table.elements, dtype=np.str_))
    symbols = [table.elements[column] for column in order]
    unique, inverse = np.unique(amounts[:, order], axis=0, return_inverse=True)
    texts = [
        " ".join(
            f"{symbol}{amount:.{KEY_DECIMALS}f}".rstrip("0").rstrip(".")
            for symbol, amount in zip(symbols, row, strict=True)
            if amount > 0
        )
        for row in unique.tolist()
    ]
    return np.array(texts, dtype=np.str_)[inverse.ravel()]
