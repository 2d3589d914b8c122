"""The section of an opened row about its elements: price, abundance, who produces them, toxicity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ssepredict.chemistry.supply import SOURCES, TOXIC_MEANING, mass_fractions, supply_table
from ssepredict.chemistry.supply_columns import supply_columns
from ssepredict.report.documents import records
from ssepredict.report.markup import Markup, join, table, tag
from ssepredict.report.wording import show_number

if TYPE_CHECKING:
    from ssepredict.chemistry.formula import CompositionMatrix
    from ssepredict.report.candidate import OpenedRow

_SHOWN = (
    "price_usd_per_kg", "price_year", "crustal_abundance_mg_per_kg", "hhi_production", "toxic", "radioactive",
)  # fmt: skip
_LARGE = 1000.0
_NAMED_SOURCES = ("wikipedia_prices", "crc", "gaultois")


def supply_record(composition: CompositionMatrix) -> dict[str, Any]:
    """Supply of one material and of each of its elements.

    Parameters
    ----------
    composition : CompositionMatrix
        One row.

    Returns
    -------
    dict
        `material` (the columns of `supply_columns`) and `elements`, the largest share of the price first:
        `element`, `mass_pct`, `price_share_pct` and the columns of `supply_table`.

    Examples
    --------
    >>> from ssepredict.chemistry.formula import parse_formulas
    >>> found = supply_record(parse_formulas(["Li3ScCl6"]))
    >>> found["elements"][0]["element"], round(found["elements"][0]["price_share_pct"])
    ('Sc', 99)
    """
    (material,) = records(supply_columns(composition))
    held = [symbol for symbol in composition.elements if composition.amount(symbol)[0] > 0]
    rows = supply_table().loc[held, list(_SHOWN)]
    share = mass_fractions(composition.on_axis(composition.elements))[0]
    mass = np.array([share[composition.elements.index(symbol)] for symbol in held])
    cost = mass * rows["price_usd_per_kg"].to_numpy()
    rows = rows.assign(mass_pct=100 * mass, price_share_pct=100 * cost / cost.sum())
    rows = rows.sort_values("price_share_pct", ascending=False, kind="stable").rename_axis("element")
    return {"material": material, "elements": records(rows.reset_index())}


def supply(opened: OpenedRow) -> Markup:
    """Elements with price and year, abundance, concentration of supply, flags; where the figures are from."""
    lines = [
        [
            line["element"],
            show_number(line["mass_pct"], ".3g"),
            _figure(line["price_usd_per_kg"]),
            show_number(line["price_year"], ".0f"),
            show_number(line["price_share_pct"], ".2g"),
            _figure(line["crustal_abundance_mg_per_kg"]),
            _figure(line["hhi_production"]),
            ", ".join(name for name in ("toxic", "radioactive") if line[name]),
        ]
        for line in opened.supply["elements"]
    ]
    head = ["element", "% of mass", "USD/kg", "of year", "% of price", "in the crust (mg/kg)", "HHI", "flags"]
    caption = "Elements; HHI is the concentration of the producing countries, above 2,500 highly concentrated"
    sources = "; ".join(SOURCES[name] for name in _NAMED_SOURCES)
    notes = f"Sources: {sources}. Toxic: {TOXIC_MEANING}."
    return join(
        [
            table(caption, head, lines, numeric=range(1, 7)),
            tag("p", supply_words(opened)),
            tag("p", notes, class_="small"),
        ]
    )


def _figure(value: float | None) -> str:
    """Write a figure without an exponent."""
    return show_number(value, ",.0f" if value is not None and value >= _LARGE else ".3g")


def supply_words(opened: OpenedRow) -> str:
    """Price of the elements of the material, and what decides it."""
    material = opened.supply["material"]
    price = show_number(material["price_usd_per_kg"])
    if price == "–":
        return "The price of an element is not known, so that the material has none."
    return (
        f"The elements cost {price} USD per kg of the material, most of it for "
        f"{material['dearest_element']}; the scarcest is {material['scarcest_element'] or 'not known'}. "
        "Precursors, synthesis and waste come on top."
    )
