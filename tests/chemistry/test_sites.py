"""Who sits where, for published compositions and for those that do not add up."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ssepredict.chemistry.formula import CompositionMatrix, parse_formulas
from ssepredict.chemistry.sites import SITES, SiteTable, assign_sites, parse_sites, read_sites
from ssepredict.exceptions import FormulaError

# carriers, vacancies, net charge
CHECK_VALUES = {
    "Na3Zr2Si2PO12": (3.0, 1.0, 0.0),
    "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12": (
        3.4,
        0.6,
        0.0,
    ),  # Sc/Zn co-doping leaves fewer vacancies
    "Li1.3Al0.3Ti1.7(PO4)3": (1.3, 2.7, 0.0),
    "Li2ZrCl6": (2.0, 3.0, 0.0),
    "Li1.8Zr0.8Nb0.2Cl6": (1.8, 3.2, 0.0),
    "Li3YCl6": (3.0, 2.0, 0.0),
    "Li2.5Y0.5Zr0.5Cl6": (2.5, 2.5, 0.0),
    "Li2MgCl4": (3.0, 1.5, 0.0),  # per 6 anions
    "Na3Zr2Si2PO11.5F0.5": (3.0, 1.0, 0.5),
    "NaTaCl6": (1.0, np.nan, 0.0),  # a glass does not say how many sites are empty
    "LiTaOCl4": (1.2, np.nan, 0.0),
}

# formula, element, where it sits (amounts on A, M, T)
PLACES = [
    ("Na3Zr2Si2PO12", "Zr", (0, 2, 0)),
    ("Na3Zr2Si2PO12", "Si", (0, 0, 2)),
    ("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Sc", (0, 0.2, 0)),
    ("Na3.3Zr1.7La0.3Si2PO12", "La", (0, 0.3, 0)),  # M has room
    ("Na3.1Zr1.95La0.1Si2PO12", "La", (0.05, 0.05, 0)),  # room for half of it: the rest spills to A
    ("Na2.8Zr2Ca0.1Si2PO12", "Ca", (0.1, 0, 0)),
    ("Na2.5Zr1.9Ca0.1La0.1Si2PO12", "Ca", (0, 0.1, 0)),  # the smaller one keeps the place on M
    ("Na2.5Zr1.9Ca0.1La0.1Si2PO12", "La", (0.1, 0, 0)),
    ("Na3.1Zr2Si2.2Al0.05P0.75O12", "Al", (0, 0, 0.05)),  # T lacks 0.05
    ("Na3Zr2Si1.8Al0.2PO12", "Al", (0, 0, 0.2)),
    ("Li1.5Al0.5Ge1.5(PO4)3", "Al", (0, 0.5, 0)),  # T is full of P
    ("Li1.5Al0.5Ge1.5(PO4)3", "Ge", (0, 1.5, 0)),
    ("Na3Zr1.9Al0.2Ge0.1Si1.8PO12", "Ge", (0, 0, 0.1)),  # Ge goes to T before Al
    ("Na3Zr1.9Al0.2Ge0.1Si1.8PO12", "Al", (0, 0.1, 0.1)),
    ("Na3Zr2Si2P0.9V0.1O12", "V", (0, 0, 0.1)),  # V5+ replaces P5+
    ("Na3V2(PO4)3", "V", (0, 2, 0)),  # V3+ is octahedral
    ("Na3K0.1Zr2Si2.1P0.9O12", "K", (0.1, 0, 0)),
    ("Li3Al0.2Y0.8Cl6", "Al", (0, 0.2, 0)),  # halides fill no tetrahedra
]

STATES = {
    ("Na3Fe2(PO4)3", "Fe"): 3,
    ("Na3FeZr(PO4)3", "Fe"): 2,
    ("Li2FeCl4", "Fe"): 2,
    ("Li3FeCl6", "Fe"): 3,
    ("Na3V2(PO4)3", "V"): 3,
    ("NaVZr(PO4)3", "V"): 4,
    ("Na3Zr2Si2P0.9V0.1O12", "V"): 5,
    ("Na3MnTi(PO4)3", "Mn"): 2,
    ("Na2MnCr(PO4)3", "Mn"): 4,  # Cr3+ keeps its common state
    ("Na2MnCr(PO4)3", "Cr"): 3,
    ("NaTi2(PO4)3", "Ti"): 4,
    ("Na3Ti2(PO4)3", "Ti"): 3,
    ("Li2ZrCl6", "Zr"): 4,
}


def held(table: SiteTable, symbol: str, site: str) -> float:
    return float(table.occupancy[site][0, table.elements.index(symbol)])


@pytest.mark.parametrize(("formula", "expected"), CHECK_VALUES.items())
def test_check_values(formula, expected):
    table = parse_sites([formula])
    got = [table.carriers[0], table.vacancies[0], table.charge_residual[0]]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("formula", "symbol", "places"), PLACES)
def test_places_of_published_dopants(formula, symbol, places):
    table = parse_sites([formula])
    assert [held(table, symbol, site) for site in "AMT"] == pytest.approx(places, abs=1e-9)


@pytest.mark.parametrize(("ion", "state"), STATES.items())
def test_states_that_balance_are_taken(ion, state):
    formula, symbol = ion
    table = parse_sites([formula])
    assert table.oxidation[0, table.elements.index(symbol)] == state
    assert abs(table.charge_residual[0]) < 1e-9


@pytest.mark.parametrize(
    ("formula", "charge"),
    [
        ("Na4Zr2Si2PO12", 1.0),
        ("Na3Zr2La0.1Si2PO12", 0.3),
        ("Na2.9Zr2Si2PO12", -0.1),
        ("Na4Fe2(PO4)3", 1.0),  # one state per element: Fe2+ beside Fe3+ is not resolved
        ("Li3ZrCl6", 1.0),
    ],
)
def test_what_does_not_balance_is_reported(formula, charge):
    assert parse_sites([formula]).charge_residual[0] == pytest.approx(charge, abs=1e-9)


def test_the_common_state_stays_when_rounding_explains_the_charge():
    table = parse_sites(["Na3.01Fe2(PO4)3"])  # 0.01 e from a printed amount is no reason for Fe2+
    assert table.oxidation[0, table.elements.index("Fe")] == 3


def test_given_states_win():
    composition = parse_formulas(["Na3V2(PO4)3"])
    states = [{"O": -2.0, "Na": 1.0, "P": 5.0, "V": 4.0}[symbol] for symbol in composition.elements]
    assert assign_sites(composition, states).charge_residual[0] == pytest.approx(2.0)


def test_unknown_state_leaves_the_charge_unknown():
    table = assign_sites(parse_formulas(["Li2XeCl6"]))
    assert np.isnan(table.charge_residual[0])


@pytest.mark.parametrize("formula", list(CHECK_VALUES))
def test_sites_add_up_to_the_composition(formula):
    table = parse_sites([formula])
    np.testing.assert_allclose(
        sum(table.occupancy[site] for site in SITES), table.composition.amounts, rtol=0, atol=1e-12
    )
    assert all((amounts >= 0).all() for amounts in table.occupancy.values())
    assert table.site_total("X")[0] == pytest.approx(12 if table.group[0] == "nasicon" else 6, abs=1e-12)


def test_overfull_sites_are_left_for_the_rules_to_see():
    table = parse_sites(["Na3Zr2Sc0.5Si2PO12", "Na4.5Zr1.5Sc0.5Si2PO12"])
    assert table.site_total("M")[0] == pytest.approx(2.5)
    assert table.vacancies[1] == pytest.approx(-0.5)


def test_exact_formula_units_stay_exact_to_the_last_bit():
    table = parse_sites(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"])
    assert table.carriers[0] == 3.4
    assert table.composition.amount("Zr")[0] == 1.7


def test_radii_are_taken_at_the_coordination_of_the_site():
    table = parse_sites(["Na3Zr2Si2PO12", "Li0.388Ta0.238La0.475Cl3"])
    column = table.elements.index
    assert table.radii("M")[0, column("Zr")] == 0.72
    assert table.radii("T")[0, column("Si")] == 0.26
    assert table.radii("M")[1, column("La")] == 1.216  # nine-fold in the UCl3 type
    assert table.radii("M", "crystal")[0, column("Zr")] == 0.86


def test_site_means_are_weighted_and_an_unknown_value_is_not_averaged_away():
    table = parse_sites(["Na3.5Zr1.5Sc0.5Si2PO12"])
    assert table.site_mean("M", table.radii("M"))[0] == pytest.approx((1.5 * 0.72 + 0.5 * 0.745) / 2)
    values = np.where(np.array(table.elements) == "Sc", np.nan, 1.0)[None, :]
    assert np.isnan(table.site_mean("M", values)[0])
    assert table.site_mean("A", values)[0] == 1.0
    halide = parse_sites(["Li3YCl6"])
    assert np.isnan(halide.site_mean("T", np.ones((1, 3)))[0])


def test_take_keeps_rows_together():
    table = parse_sites(list(CHECK_VALUES))
    rows = np.array([4, 0])
    part = table.take(rows)
    np.testing.assert_array_equal(part.carriers, table.carriers[rows])
    np.testing.assert_array_equal(part.occupancy["M"], table.occupancy["M"][rows])
    np.testing.assert_array_equal(part.radii("M"), table.radii("M")[rows])
    assert part.family.tolist() == table.family[rows].tolist()


def test_every_unusable_row_is_named():
    texts = ["Li3YCl6", "Xy", "Al2O3", "K3Zr2Si2PO12", "Na3Zr2Si2PO12"]
    table, problems = read_sites(texts)
    assert len(table) == len(texts)
    assert [row for row, _, _ in problems] == [1, 2, 3]
    with pytest.raises(FormulaError, match="3 formulas cannot be used") as caught:
        parse_sites(texts)
    assert caught.value.problems == problems


def test_an_empty_batch_has_no_rows():
    table = assign_sites(CompositionMatrix(("Li", "Cl"), np.zeros((0, 2))))
    assert (len(table), table.family.size, table.vacancies.size) == (0, 0, 0)


@pytest.mark.parametrize(
    ("formula", "counts"),
    [
        ("Na9Zr2Si2PO12", "2 octahedral ions and 9 mobile"),
        ("NaZr0.5Si2PO12", "0.5 octahedral ions and 1 mobile"),
    ],
)
def test_a_nasicon_with_too_many_or_too_few_ions_is_named_by_its_counts(formula: str, counts: str) -> None:
    with pytest.raises(FormulaError, match=f"has {re.escape(counts)} ions per 12 anions where nasicon holds"):
        parse_sites([formula])
