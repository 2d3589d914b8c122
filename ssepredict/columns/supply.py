"""What the elements of a material cost and where they come from, as columns beside a candidate."""

from __future__ import annotations

from ssepredict.columns.records import Column

_UNKNOWN = "an element has no figure in the table"

SUPPLY_COLUMNS: tuple[Column, ...] = (
    Column(
        "price_usd_per_kg",
        "price of the elements, without precursors, synthesis and waste; prices of 1999 to 2020",
        "number",
        "USD/kg",
        minimum=0,
        missing=_UNKNOWN,
    ),
    Column("dearest_element", "element that contributes most to the price", missing=_UNKNOWN),
    Column(
        "scarcest_abundance_mg_per_kg",
        "crustal abundance of the scarcest element",
        "number",
        "mg/kg",
        minimum=0,
        missing=_UNKNOWN,
    ),
    Column("scarcest_element", "that element", missing=_UNKNOWN),
    Column(
        "hhi_production",
        "Herfindahl-Hirschman index of producing countries, mean by mass; above 2,500 highly concentrated",
        "number",
        minimum=0,
        maximum=10_000,
        missing=_UNKNOWN,
    ),
    Column(
        "hhi_reserve",
        "the same for the countries that hold the reserves",
        "number",
        minimum=0,
        maximum=10_000,
        missing=_UNKNOWN,
    ),
    Column("toxic", "1: holds an element of a list of toxic or carcinogenic substances", "flag"),
    Column("radioactive", "1: holds a radioactive element", "flag"),
)
"""What `ssepredict.chemistry.supply_columns.supply_columns` gives, in its order."""
