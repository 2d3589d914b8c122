from __future__ import annotations

import numpy as np

from ssepredict.chemistry.formula import CompositionMatrix, parse_formulas
from ssepredict.chemistry.supply import material_price
from ssepredict.chemistry.supply_columns import SUPPLY_COLUMNS, supply_columns


def test_every_column_is_declared_and_keeps_to_its_range():
    table = supply_columns(parse_formulas(["Na3Zr2Si2PO12", "Li3YCl6", "Li2CdCl4"]))
    assert list(table) == [column.name for column in SUPPLY_COLUMNS]
    for column in SUPPLY_COLUMNS:
        if column.is_numeric:
            low = 0 if column.minimum is None else column.minimum
            high = np.inf if column.maximum is None else column.maximum
            assert table[column.name].between(low, high).all()
    assert table["toxic"].tolist() == [0, 0, 1]


def test_the_elements_behind_a_figure_are_named():
    table = supply_columns(parse_formulas(["Na3Zr2Si2PO12", "Li3ScCl6", "Li2ZrCl6", "Na3Hf2Si2PO12"]))
    assert table["dearest_element"].tolist() == ["Zr", "Sc", "Zr", "Hf"]
    assert table["scarcest_element"].tolist() == ["Zr", "Li", "Li", "Hf"]
    assert table["scarcest_abundance_mg_per_kg"].tolist() == [165.0, 20.0, 20.0, 3.0]


def test_what_is_not_known_stays_empty():
    table = supply_columns(parse_formulas(["Li2PmCl5"]))
    assert np.isnan(table.loc[0, "price_usd_per_kg"])
    assert np.isnan(table.loc[0, "scarcest_abundance_mg_per_kg"])
    assert table.loc[0, ["dearest_element", "scarcest_element"]].tolist() == ["", ""]
    assert table.loc[0, "radioactive"] == 1


def test_absent_elements_on_the_axis_change_nothing():
    plain = parse_formulas(["Li3YCl6"])
    wide = plain.on_axis([*plain.elements, "Pm", "Cd", "Sc"])
    assert supply_columns(wide).equals(supply_columns(plain))
    empty = CompositionMatrix(plain.elements, np.zeros((0, len(plain.elements))))
    assert supply_columns(empty).shape == (0, len(SUPPLY_COLUMNS))
    np.testing.assert_array_equal(material_price(wide), material_price(plain))
