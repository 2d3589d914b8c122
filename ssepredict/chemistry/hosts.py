"""Names of compositions: the undoped host they derive from, and one canonical key per composition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import FRAMEWORKS, HALOGENS, LARGE_LANTHANIDES, MOBILE_IONS
from ssepredict.chemistry.sites import SiteTable

SILICATE_FROM = 1.0 / 3.0
"""Si / (Si + P) from which a tetravalent NASICON counts as silicate: nearer A3M2Si2PO12 than AM2(PO4)3."""

KEY_DECIMALS = 3
"""Decimals of an amount per formula unit in a composition key; papers print two or three."""

_TIE_DECIMALS = 6
_CHARGES = 10
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
    names, number = number_hosts(table)
    return names[number]


def number_hosts(table: SiteTable) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.intp]]:
    """Distinct hosts of a batch, and which of them each row has (`hosts_of`), shape (n,)."""
    if not len(table) or not table.elements:  # nothing given, or nothing that could be read
        return np.array([""], dtype=np.str_), np.zeros(len(table), dtype=np.intp)
    frameworks, mobiles = ("", *FRAMEWORKS), ("", *MOBILE_IONS)
    framework, mobile = _code(table.framework, frameworks), _code(table.mobile_ion, mobiles)
    metal, charge, any_metal = _majority_metal(
        table, framework == frameworks.index("nasicon"), framework == frameworks.index("ucl3_halide")
    )
    halogen = _majority_halogen(table)
    silicon, phosphorus = table.composition.amount("Si"), table.composition.amount("P")
    silicate = (silicon > 0) & (silicon >= SILICATE_FROM * (silicon + phosphorus) - 10.0**-_TIE_DECIMALS)
    named = (framework > 0) & (mobile > 0) & any_metal
    sizes = (len(frameworks), len(mobiles), len(table.elements), _CHARGES, len(HALOGENS), 2)
    traits = (framework, mobile, metal, charge, halogen, silicate.astype(np.intp))
    code = np.where(named, np.ravel_multi_index(traits, sizes), 0)
    distinct, number = np.unique(code, return_inverse=True)
    names = [""] * len(distinct)
    for place, entry in enumerate(zip(*np.unravel_index(distinct, sizes), strict=True)):
        kind, ion, column, state, anion, si = (int(part) for part in entry)
        if kind:
            parts = _Parts(mobiles[ion], table.elements[column], state, HALOGENS[anion], bool(si))
            names[place] = _NAMERS[frameworks[kind]](parts)
    return np.array(names, dtype=np.str_), number.ravel()


def _code(names: npt.NDArray[np.str_], known: Sequence[str]) -> npt.NDArray[np.intp]:
    """Place of every name among the known ones, shape (n,); 0 for any other."""
    found = np.zeros(len(names), dtype=np.intp)
    for place, name in enumerate(known):
        found[names == name] = place
    return found


def _majority_metal(
    table: SiteTable, nasicon: npt.NDArray[np.bool_], ucl3: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Column and charge of the M ion that names the host, and whether M holds anything, shape (n,) each."""
    held = table.held("M")
    amount = np.round(held.amounts, _TIE_DECIMALS)
    charge = np.nan_to_num(table.oxidation[held.rows, held.columns])
    wanted = np.where(nasicon[held.rows], (charge == 3) | (charge == 4), charge > 0)
    # Zr, Al or Ta dissolve in the lattice of LaCl3; none of them has a chloride MCl3 of the UCl3 type.
    lanthanide = np.isin(np.array(table.elements, dtype=np.str_), LARGE_LANTHANIDES)
    wanted &= ~ucl3[held.rows] | lanthanide[held.columns]
    size = len(table)
    eligible = np.where(wanted & (amount > 0), 1.0, 0.0)
    some = np.bincount(held.rows, weights=eligible, minlength=size) > 0
    # Charge breaks ties only: amounts differ by at least 1e-6, the term stays below 1e-8.
    rank = np.where((eligible > 0) | ~some[held.rows], amount + np.where(amount > 0, 1e-9 * charge, 0.0), 0.0)
    best = held.extreme(rank, size, largest=True, empty=0.0)
    first = np.flatnonzero(rank == best[held.rows])
    rows, place = np.unique(held.rows[first], return_index=True)
    column, state = np.zeros(size, dtype=np.intp), np.zeros(size, dtype=np.intp)
    column[rows] = held.columns[first[place]]
    # Beyond the range are only ions of compositions that no framework fits, and those have no host.
    state[rows] = np.clip(charge[first[place]], 0, _CHARGES - 1).astype(np.intp)
    return column, state, np.bincount(held.rows, weights=amount, minlength=size) > 0


def _majority_halogen(table: SiteTable) -> npt.NDArray[np.intp]:
    """Place among `HALOGENS` of the one of which there is most (on a tie the lightest), shape (n,)."""
    amounts: FloatArray = np.stack(
        [np.round(table.composition.amount(symbol), _TIE_DECIMALS) for symbol in HALOGENS], axis=1
    )
    return np.asarray(amounts.argmax(axis=1), dtype=np.intp)


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
