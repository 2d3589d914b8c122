from __future__ import annotations

import re

import numpy as np
import pytest

from ssepredict.chemistry.formula import ELEMENTS
from ssepredict.chemistry.frameworks import (
    A_SITE_IONS,
    ANIONS,
    FAMILIES,
    FRAMEWORKS,
    LARGE_LANTHANIDES,
    OCTAHEDRAL_OR_A_IONS,
    TETRAHEDRAL_IONS,
    TETRAHEDRAL_OR_OCTAHEDRAL_IONS,
)
from ssepredict.chemistry.ions import shannon_radii
from ssepredict.chemistry.sites import parse_sites, read_sites

KNOWN = {
    "Na3Zr2Si2PO12": ("nasicon", "na_nasicon"),
    "Li1.3Al0.3Ti1.7(PO4)3": ("nasicon", "li_nasicon"),
    "Na3Zr2Si2PO11.5F0.5": ("nasicon", "na_nasicon"),
    "Li3YCl6": ("close_packed_halide", "li_halide"),
    "Na2.25Y0.25Zr0.75Cl6": ("close_packed_halide", "na_halide"),
    "Li3AlF6": ("close_packed_halide", "li_halide"),
    "Li2MgCl4": ("spinel_halide", "li_halide"),
    "Li2Sc0.6667Cl4": ("close_packed_halide", "li_halide"),  # trivalent: counted by octahedra like Li3MX6
    "NaTaCl6": ("glass", "na_halide"),
    "LiTaOCl4": ("oxyhalide", "li_halide"),
    "Li0.388Ta0.238La0.475Cl3": ("ucl3_halide", "li_halide"),
}


@pytest.mark.parametrize(("formula", "expected"), KNOWN.items())
def test_known_compositions_are_recognised(formula, expected):
    table = parse_sites([formula])
    assert (table.framework[0], table.family[0]) == expected


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("Al2O3", "is an oxide without P or Si, no framework known here"),
        ("Na3Zr2Si2PO", "has 1 O and 3 tetrahedral ions .* write the full formula, e.g. Na3Zr2Si2PO12"),
        ("Na3PS4", "has no O or halogen; expected a NASICON"),
        ("LiAlCl4", "is a halide that fits no framework known here"),
        ("LiCl", "is a halide that fits no framework known here"),
        ("KZr2(PO4)3", "has no mobile Li or Na; only Li and Na conductors are covered"),
    ],
)
def test_what_fits_nothing_is_explained(formula, message):
    table, problems = read_sites([formula, "Li3YCl6"])
    ((row, given, problem),) = problems
    assert (row, given) == (0, formula)
    assert re.search(message, problem)
    assert table.family.tolist() == ["", "li_halide"]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_the_table_is_consistent(name):
    framework = FRAMEWORKS[name]
    assert framework.name == name
    assert framework.anions == (12 if framework.group == "nasicon" else 6)
    assert set(framework.coordination) == {"A", "M", "T", "X"}
    sites = [framework.a_sites, framework.m_sites, framework.t_sites]
    assert np.isfinite(sites).all() or np.isnan(sites).all()
    assert framework.counts_vacancies == (name in ("nasicon", "spinel_halide", "close_packed_halide"))


def test_families_are_ion_and_group():
    assert FAMILIES == ("na_nasicon", "li_nasicon", "na_halide", "li_halide")


def test_no_ion_is_claimed_by_two_lists():
    lists = (A_SITE_IONS, ANIONS, TETRAHEDRAL_IONS, TETRAHEDRAL_OR_OCTAHEDRAL_IONS, OCTAHEDRAL_OR_A_IONS)
    claimed = [symbol for names in lists for symbol in names]
    assert len(set(claimed)) == len(claimed)
    assert set(claimed) | set(LARGE_LANTHANIDES) <= set(ELEMENTS)


def test_large_ions_are_in_the_order_of_their_radius():
    charges = [{"La": 3}.get(symbol, 2) for symbol in OCTAHEDRAL_OR_A_IONS]
    assert np.all(np.diff(shannon_radii(OCTAHEDRAL_OR_A_IONS, charges, 6)) > 0)
