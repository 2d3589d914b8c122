"""What an element costs, how scarce it is, who supplies it and whether it is toxic or radioactive.

Every figure stands in ``supply.csv`` beside this module with its year and the key of its source in `SOURCES`.
What no source states is missing (NaN) and makes the figure of every material that holds the element missing.

A material is priced by the elements in it, so the price is a lower bound: precursors, synthesis and waste
come on top, and prices of elements move by factors within years.
"""

from __future__ import annotations

import csv
import functools
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import ATOMIC_INDEX, ELEMENTS, CompositionMatrix, FloatArray

BoolArray = npt.NDArray[np.bool_]

SOURCES: dict[str, str] = {
    "ciaaw": "standard and conventional atomic weights of CIAAW/IUPAC, mass number of the most stable "
    "isotope where there is none; as tabulated in the package mendeleev 1.3.0 (MIT)",
    "wikipedia_prices": "Prices of chemical elements, Wikipedia (CC BY-SA), 8 September 2020, which names "
    "the year and the origin given in the note; as tabulated in the package mofdscribe 0.0.8 (MIT)",
    "crc": "W. M. Haynes (ed.), CRC Handbook of Chemistry and Physics, 2014, abundance in the Earth's crust; "
    "as tabulated in the package mendeleev 1.3.0 (MIT)",
    "gaultois": "M. W. Gaultois et al., Chem. Mater. 25 (2013) 2911, doi 10.1021/cm400893e; as tabulated, "
    "equally, in the packages SMACT 4.0.2 (MIT) and pymatgen-core 2026.10.16 (MIT)",
    "who": "World Health Organization, 10 chemicals of public health concern, 1 June 2020",
    "iarc": "International Agency for Research on Cancer, working group of March 2009 on metals, arsenic, "
    "fibres and dusts: Group 1, carcinogenic to humans, as a class of compounds",
    "rohs": "Directive 2011/65/EU (RoHS), Annex II: restricted in electrical and electronic equipment",
    "clp": "Regulation (EC) No 1272/2008 (CLP), as a supplier's safety data sheet states it",
    "mendeleev": "flag is_radioactive of the package mendeleev 1.3.0 (MIT): Tc, Pm and from Po on",
}
"""Where the figures come from. Facts are carried over, not texts; licences are those of the collections."""

TOXIC_MEANING = (
    "the element or its compounds as a class stand in at least one of: the ten chemicals of public health "
    "concern of the WHO, Group 1 of the IARC, Annex II of RoHS, Acute Tox. 2 of CLP for the element. "
    "Chromium is listed in its hexavalent form only and does not count. Not listed is not harmless"
)
"""What the flag `toxic` says, and what it does not."""

HIGHLY_CONCENTRATED = 2500.0
"""Herfindahl-Hirschman index above which a market is highly concentrated (1,500 to 2,500: moderately).

U.S. Department of Justice and Federal Trade Commission, Horizontal Merger Guidelines (2010), section 5.3.
"""

_FILE = Path(__file__).with_name("supply.csv")
_COLUMNS = {
    "atomic_weight": "atomic_weight",
    "price": "price_usd_per_kg",
    "crustal_abundance": "crustal_abundance_mg_per_kg",
    "hhi_production": "hhi_production",
    "hhi_reserve": "hhi_reserve",
}
_PRESENT = 1e-8  # smaller amounts are rounding residue


def supply_table() -> pd.DataFrame:
    """Supply of every element.

    Returns
    -------
    DataFrame
        One row per element, H to Lr, indexed by symbol. `atomic_weight` (u), `price_usd_per_kg` (the middle
        where the source gives a range), `price_low_usd_per_kg`, `price_high_usd_per_kg`, `price_year`,
        `price_origin`, `crustal_abundance_mg_per_kg`, `hhi_production` and `hhi_reserve`
        (Herfindahl-Hirschman index of the producing countries, 0 to 10,000), `toxic` (see `TOXIC_MEANING`),
        `toxic_sources` (keys of `SOURCES`, joined by ``;``) and `radioactive`. Numbers that no source states
        are NaN.

    Examples
    --------
    >>> table = supply_table()
    >>> table.loc[["Sc", "Zr"], "price_usd_per_kg"].round(2).tolist()
    [3460.0, 36.4]
    >>> " ".join(table.index[table["toxic"]])
    'Be Ni As Cd Hg Tl Pb'
    """
    return _read().copy()


def supply_figures() -> list[dict[str, str]]:
    """Every figure of the table as it stands in the file: element, quantity, value, unit, year, source, note.

    Examples
    --------
    >>> next(figure for figure in supply_figures() if figure["quantity"] == "hhi_production")["source"]
    'gaultois'
    """
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def mass_fractions(composition: CompositionMatrix) -> FloatArray:
    """Share of each element in the mass, shape (n, m); NaN for a row without atoms."""
    weights = _of("atomic_weight", composition)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = composition.amounts * weights / _weighted(composition, weights)[0][:, None]
    return np.asarray(shares, dtype=np.float64)


def material_price(composition: CompositionMatrix) -> FloatArray:
    """Price of the elements in a material (USD per kg of it), shape (n,).

    Mass-weighted mean of the elements' prices; NaN where an element has none.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> material_price(parse_formulas(["Li3YCl6", "Li3ScCl6"])).round(1).tolist()
    [14.0, 564.9]
    """
    return _by_mass("price_usd_per_kg", composition)


def material_hhi(composition: CompositionMatrix, column: str = "hhi_production") -> FloatArray:
    """Supply concentration of a material (0 to 10,000), shape (n,).

    Mass-weighted mean of the elements' Herfindahl-Hirschman indices; NaN where an element has none.

    Parameters
    ----------
    composition : CompositionMatrix
    column : {"hhi_production", "hhi_reserve"}

    References
    ----------
    M. W. Gaultois et al., Chem. Mater. 25 (2013) 2911, doi 10.1021/cm400893e.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> material_hhi(parse_formulas(["Na3Zr2Si2PO12", "Li3YCl6"])).round().tolist()
    [2107.0, 3879.0]
    """
    return _by_mass(column, composition)


def scarcest_abundance(composition: CompositionMatrix) -> FloatArray:
    """Crustal abundance of the scarcest element in a material (mg/kg), shape (n,); NaN where one is unknown.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> scarcest_abundance(parse_formulas(["Na3Zr2Si2PO12", "Li2ZrCl6"])).tolist()
    [165.0, 20.0]
    """
    present = present_elements(composition)
    abundance = _of("crustal_abundance_mg_per_kg", composition)
    least = np.where(present, abundance, np.inf).min(axis=1, initial=np.inf)
    return np.where(np.isfinite(least), least, np.nan)


def contains_toxic(composition: CompositionMatrix) -> BoolArray:
    """Whether a material holds an element that is flagged toxic, see `TOXIC_MEANING`, shape (n,)."""
    return _holds("toxic", composition)


def contains_radioactive(composition: CompositionMatrix) -> BoolArray:
    """Whether a material holds a radioactive element, shape (n,)."""
    return _holds("radioactive", composition)


def present_elements(composition: CompositionMatrix) -> BoolArray:
    """Which elements a material holds, rounding residue left out, shape (n, m)."""
    return np.asarray(np.abs(composition.amounts) > _PRESENT)


@functools.cache
def _read() -> pd.DataFrame:
    numbers: dict[str, dict[str, float]] = defaultdict(dict)
    texts: dict[str, dict[str, str]] = defaultdict(dict)
    toxic: dict[str, list[str]] = defaultdict(list)
    for figure in supply_figures():
        symbol, quantity, value = figure["element"], figure["quantity"], figure["value"]
        if quantity == "toxic":
            toxic[symbol].append(figure["source"])
        elif quantity == "radioactive":
            numbers[quantity][symbol] = float(value)
        elif quantity == "price":
            low, high = float(value), float(figure["value_high"] or value)
            numbers["price_low_usd_per_kg"][symbol] = low
            numbers["price_high_usd_per_kg"][symbol] = high
            numbers["price_usd_per_kg"][symbol] = (low + high) / 2.0
            numbers["price_year"][symbol] = float(figure["year"])
            texts["price_origin"][symbol] = figure["note"]
        else:
            numbers[_COLUMNS[quantity]][symbol] = float(value)
    columns: dict[str, object] = {
        name: [numbers[name].get(symbol, np.nan) for symbol in ELEMENTS]
        for name in (
            "atomic_weight",
            "price_usd_per_kg",
            "price_low_usd_per_kg",
            "price_high_usd_per_kg",
            "price_year",
            "crustal_abundance_mg_per_kg",
            "hhi_production",
            "hhi_reserve",
        )
    }
    columns["price_origin"] = [texts["price_origin"].get(symbol, "") for symbol in ELEMENTS]
    columns["toxic"] = [symbol in toxic for symbol in ELEMENTS]
    columns["toxic_sources"] = [";".join(toxic.get(symbol, ())) for symbol in ELEMENTS]
    columns["radioactive"] = [bool(numbers["radioactive"][symbol]) for symbol in ELEMENTS]
    return pd.DataFrame(columns, index=pd.Index(ELEMENTS, name="element"))


@functools.cache
def _column(name: str) -> npt.NDArray[np.generic]:
    return _read()[name].to_numpy()


def _of(name: str, composition: CompositionMatrix) -> FloatArray:
    """One figure per column of the composition, shape (m,)."""
    rows = [ATOMIC_INDEX[symbol] for symbol in composition.elements]
    return np.asarray(_column(name)[rows], dtype=np.float64)


def _holds(name: str, composition: CompositionMatrix) -> BoolArray:
    flagged = _of(name, composition) > 0
    return np.asarray(present_elements(composition)[:, flagged].any(axis=1))


def _by_mass(name: str, composition: CompositionMatrix) -> FloatArray:
    figures, weights = _of(name, composition), _of("atomic_weight", composition)
    unknown = np.isnan(figures)
    mass, total = _weighted(composition, weights, weights * np.where(unknown, 0.0, figures))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / mass
    missing = (np.abs(composition.amounts[:, unknown]) > _PRESENT).any(axis=1)
    return np.where(missing, np.nan, mean)


def _weighted(composition: CompositionMatrix, *weights: FloatArray) -> list[FloatArray]:
    """Sum the amounts times each set of weights, shape (n,) each.

    Added element by element, so that the last bits of a row depend on nothing but the row: neither on the
    size of the batch nor on elements that are absent.
    """
    totals = [np.zeros(len(composition)) for _ in weights]
    for place, column in enumerate(np.ascontiguousarray(composition.amounts.T)):
        if column.any():
            for total, factors in zip(totals, weights, strict=True):
                total += column * factors[place]
    return totals
