from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.hosts import _NAMERS, composition_keys, hosts_of
from ssepredict.chemistry.sites import assign_sites, parse_sites, read_sites

CASES = {
    "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12": "Na3Zr2Si2PO12",
    "Na3.4Zr2Si2.4P0.6O12": "Na3Zr2Si2PO12",
    "Na1.5Al0.5Zr1.5P3O12": "NaZr2(PO4)3",
    "Na1.5Zr2Si0.5P2.5O12": "NaZr2(PO4)3",
    "Na2Zr2SiP2O12": "Na3Zr2Si2PO12",  # exactly between the two ends
    "Li1.3Al0.3Ti1.7(PO4)3": "LiTi2(PO4)3",
    "Li1.5Al0.5Ge1.5(PO4)3": "LiGe2(PO4)3",
    "Na3Sc2(PO4)3": "Na3Sc2(PO4)3",
    "Na2CrZrP3O12": "NaZr2(PO4)3",  # a tie goes to the ion of higher charge
    "LiNbAl(PO4)3": "Li3Al2(PO4)3",  # no tetravalent ion: the trivalent one names the host
    "Li1.8Zr0.8Nb0.2Cl6": "Li2ZrCl6",
    "Li2.5Y0.5Zr0.5Cl6": "Li2ZrCl6",
    "Li3YBr6": "Li3YBr6",
    "Li3YBr3Cl3": "Li3YCl6",  # a tie of halogens goes to the lighter one
    "Na2.25Y0.25Zr0.75Cl6": "Na2ZrCl6",
    "Li2MgCl4": "Li2MgCl4",
    "NaTaCl6": "NaTaCl6",
    "LiTaOCl4": "LiTaOCl4",
    "Li3ZrO1.5Cl4": "Li2ZrOCl4",
    "NaAlCl2.5O0.75": "NaAlOCl2",
    "Li0.388Ta0.238La0.475Cl3": "LaCl3",
    "LiLa0.5Zr0.5Cl4.5": "LaCl3",  # a tie with Zr4+, of which there is no chloride ZrCl3 of the UCl3 type
    "Na1.5La0.2Ce0.2Zr0.2Hf0.2Ta0.2Cl5.3": "LaCl3",
    "LiCe0.3Zr0.7Cl4.7": "CeCl3",
}


@pytest.mark.parametrize(("formula", "host"), CASES.items())
def test_host_of_known_compositions(formula, host):
    assert hosts_of(parse_sites([formula])).tolist() == [host]


def test_a_batch_equals_its_rows_one_by_one():
    assert hosts_of(parse_sites(list(CASES))).tolist() == list(CASES.values())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_framework_has_a_naming_rule(framework):
    assert framework in _NAMERS


def test_a_host_is_its_own_host_and_neutral():
    hosts = sorted(set(CASES.values()) - {"LaCl3", "CeCl3"})
    table = parse_sites(hosts)
    assert hosts_of(table).tolist() == hosts
    np.testing.assert_allclose(table.charge_residual, 0.0, atol=1e-12)


def test_what_fits_no_framework_has_no_host():
    table, problems = read_sites(["LiCl", "Al2O3", "Li2ZrCl6", "nonsense"])
    assert [row for row, _, _ in problems] == [0, 1, 3]
    assert hosts_of(table).tolist() == ["", "", "Li2ZrCl6", ""]


def test_an_empty_batch_has_no_hosts():
    table = assign_sites(CompositionMatrix(("Li", "Cl"), np.zeros((0, 2))))
    assert len(hosts_of(table)) == 0


def test_composition_key_ignores_writing_order_and_scale():
    ways = ["Na3Zr2Si2PO12", "Na3Zr2(SiO4)2(PO4)", "Zr2Na3O12PSi2", "Na1.5ZrSiP0.5O6"]
    assert set(composition_keys(parse_sites(ways))) == {"Na3 O12 P1 Si2 Zr2"}


def test_composition_key_separates_neighbouring_fractions():
    keys = composition_keys(parse_sites(["Li1.3Al0.3Ti1.7(PO4)3", "Li1.31Al0.31Ti1.69(PO4)3"]))
    assert keys[0] != keys[1]
    assert keys[0] == "Al0.3 Li1.3 O12 P3 Ti1.7"


def test_formulas_that_cannot_be_read_have_no_host():
    table, problems = read_sites(["Xy", ""])
    assert len(problems) == 2
    assert hosts_of(table).tolist() == ["", ""]
