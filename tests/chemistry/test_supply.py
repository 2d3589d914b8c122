from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.formula import ELEMENTS, CompositionMatrix, parse_formulas
from ssepredict.chemistry.supply import (
    SOURCES,
    contains_radioactive,
    contains_toxic,
    mass_fractions,
    material_hhi,
    material_price,
    scarcest_abundance,
    supply_figures,
    supply_table,
)

FORMULAS = ["Na3Zr2Si2PO12", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li1.3Al0.3Ti1.7P3O12", "Li2ZrCl6", "Li3YbBr6"]


def test_every_figure_names_a_source_and_its_unit():
    figures = supply_figures()
    assert {figure["source"] for figure in figures} == set(SOURCES)
    keys = [(figure["element"], figure["quantity"], figure["source"]) for figure in figures]
    assert len(set(keys)) == len(keys)
    for figure in figures:
        assert figure["element"] in ELEMENTS
        assert float(figure["value"]) >= 0.0
        if figure["quantity"] == "price":
            assert figure["note"], "the origin of a price"
            assert 1999 <= int(figure["year"]) <= 2020
            assert not figure["value_high"] or float(figure["value_high"]) > float(figure["value"])


def test_concentration_agrees_with_pymatgen():
    hhi = pytest.importorskip("pymatgen.analysis.hhi").HHIModel()
    composition = parse_formulas(FORMULAS)
    expected = np.array([hhi.get_hhi(formula) for formula in FORMULAS])
    np.testing.assert_allclose(material_hhi(composition), expected[:, 0], rtol=1e-4)
    np.testing.assert_allclose(material_hhi(composition, "hhi_reserve"), expected[:, 1], rtol=1e-4)


def test_the_index_of_every_element_is_that_of_pymatgen():
    table = pytest.importorskip("pymatgen.analysis.hhi").HHIModel().symbol_hhip_hhir
    ours = supply_table()[["hhi_production", "hhi_reserve"]].dropna()
    assert set(ours.index) == set(table)
    for symbol, pair in table.items():
        assert tuple(ours.loc[symbol]) == pair


def test_atomic_weights_agree_with_pymatgen():
    element = pytest.importorskip("pymatgen.core").Element
    table = supply_table()
    stable = table.index[~table["radioactive"]]
    expected = [float(element(symbol).atomic_mass) for symbol in stable]
    np.testing.assert_allclose(table.loc[stable, "atomic_weight"], expected, rtol=5e-4)


def test_the_price_is_the_mass_weighted_mean():
    composition = parse_formulas(FORMULAS)
    shares = mass_fractions(composition)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    prices = supply_table().loc[list(composition.elements), "price_usd_per_kg"].to_numpy()
    np.testing.assert_allclose(material_price(composition), shares @ prices, rtol=1e-12)


def test_the_size_of_the_formula_and_of_the_batch_changes_nothing():
    composition = parse_formulas(FORMULAS)
    doubled = CompositionMatrix(composition.elements, 2.0 * composition.amounts)
    np.testing.assert_allclose(material_price(doubled), material_price(composition), rtol=1e-12)
    for row, formula in enumerate(FORMULAS):
        (alone,) = material_price(composition.take([row]))
        assert alone == material_price(composition)[row]
        np.testing.assert_allclose(material_price(parse_formulas([formula])), alone, rtol=1e-12)
    fortran = CompositionMatrix(composition.elements, np.asfortranarray(composition.amounts))
    np.testing.assert_array_equal(material_price(fortran), material_price(composition))


def test_an_unknown_figure_makes_the_figure_of_the_material_unknown():
    composition = parse_formulas(["Li3YCl6", "Li2PmCl5", "Li3HCl4"])
    np.testing.assert_array_equal(np.isnan(material_price(composition)), [False, True, False])
    np.testing.assert_array_equal(np.isnan(material_hhi(composition)), [False, False, True])
    np.testing.assert_array_equal(np.isnan(scarcest_abundance(composition)), [False, True, False])


def test_an_element_without_a_price_is_radioactive():
    table = supply_table()
    assert table.loc[table["price_usd_per_kg"].isna(), "radioactive"].all()


def test_a_row_without_atoms_has_no_figures():
    empty = CompositionMatrix(("Li", "Cl"), np.zeros((1, 2)))
    for figure in (material_price(empty), material_hhi(empty), scarcest_abundance(empty)):
        assert np.isnan(figure).all()
    assert not contains_toxic(empty)[0]
    assert not contains_radioactive(empty)[0]


def test_flags_follow_the_elements_that_are_present():
    composition = parse_formulas(["Li3YCl6", "Li2CdCl4", "Na3Th0.1Zr1.9Si2PO12", "Na3Cr2P3O12"])
    np.testing.assert_array_equal(contains_toxic(composition), [False, True, False, False])
    np.testing.assert_array_equal(contains_radioactive(composition), [False, False, True, False])
    assert supply_table().loc["Cd", "toxic_sources"] == "who;iarc;rohs"


def test_the_table_is_a_copy():
    mine = supply_table()
    mine.loc["Sc", "price_usd_per_kg"] = 0.0
    assert supply_table().loc["Sc", "price_usd_per_kg"] == 3460.0
