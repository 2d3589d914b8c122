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
    UCL3_LANTHANIDE_FROM,
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

REPORTED_UCL3 = (
    # P63/m with La and Ce as a minority of the M ions, doi 10.1002/anie.202306433
    "Li1.5La0.2Ce0.2Hf0.2Al0.2Ta0.2Cl5.1",
    "Li1.5La0.2Ce0.2Zr0.2Hf0.2Ta0.2Cl5.3",
    "Na1.5La0.2Ce0.2Zr0.2Hf0.2Ta0.2Cl5.3",
    "LiLa0.2Ce0.2Zr0.2Al0.2Ta0.2Cl4.6",
    "Li1.5La0.166667Ce0.166667Zr0.166667Hf0.166667Al0.166667Ta0.166667Cl5.166667",
    # exactly half, and all of the M ions
    "LiLa0.5Ta0.5Cl5",
    "NaCe0.83Ta0.5Cl6",
    "LiLaCl4",
    "Li0.5SmCl3.5",
    "Na0.75Sm1.75Cl6",
)

REPORTED_CLOSE_PACKED = (
    "Li2.375Zr0.625Nd0.375Cl6",  # P-3m1: more large lanthanide than the mixtures above, but one M per 6 Cl
    "Li2.73Dy1.09Cl6",  # Pnma: metal-rich, but of small lanthanides
    "Li2.4Ho1.2Cl6",
    "Li2.1Y1.3Cl6",
    "Li2.5Y0.5Zr0.5Cl6",
    "Li2.75Y0.16Er0.16Yb0.16In0.25Zr0.25Cl6",  # C2/m: as many M ions, all of them small
)

OPEN_ANION_PACKING = ("NaTaCl6", "LiTaCl6", "LiNbCl6", "Li2TaCl7", "LiNbOCl4", "LiTaOCl4", "NaTaOCl4")


@pytest.mark.parametrize(("formula", "expected"), KNOWN.items())
def test_known_compositions_are_recognised(formula, expected):
    table = parse_sites([formula])
    assert (table.framework[0], table.family[0]) == expected


def test_a_minority_of_large_lanthanides_makes_a_metal_rich_chloride_ucl3_type():
    table = parse_sites(REPORTED_UCL3)
    assert dict.fromkeys(REPORTED_UCL3, "ucl3_halide") == dict(
        zip(REPORTED_UCL3, table.framework.tolist(), strict=True)
    )
    assert np.isnan(table.vacancies).all()


def test_small_lanthanides_and_one_m_ion_per_six_halogens_stay_close_packed():
    table = parse_sites(REPORTED_CLOSE_PACKED)
    assert set(table.framework.tolist()) == {"close_packed_halide"}
    on_a_and_m = table.site_total("A") + table.site_total("M")
    np.testing.assert_allclose(table.vacancies, 6 - on_a_and_m)


@pytest.mark.parametrize("lanthanide", LARGE_LANTHANIDES)
def test_every_large_lanthanide_counts_towards_the_ucl3_type(lanthanide):
    table = parse_sites([f"Li{lanthanide}0.3333Zr0.6667Cl4.6667", f"Li3{lanthanide}Cl6"])
    assert table.framework.tolist() == ["ucl3_halide", "close_packed_halide"]


def test_mixtures_of_la_and_ta_are_ucl3_type_or_glass_and_never_close_packed():
    share = np.arange(0, 21) / 20
    table = parse_sites([f"LiLa{la:.2f}Ta{1 - la:.2f}Cl{6 - 2 * la:.2f}" for la in share])
    expected = np.where(share >= UCL3_LANTHANIDE_FROM, "ucl3_halide", "glass")
    assert table.framework.tolist() == expected.tolist()


def test_vacancies_of_glasses_and_oxyhalides_are_not_evaluable():
    table = parse_sites(OPEN_ANION_PACKING)
    assert set(table.framework.tolist()) == {"glass", "oxyhalide"}
    assert np.isnan(table.vacancies).all()
    assert np.all(table.carriers > 0)


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
