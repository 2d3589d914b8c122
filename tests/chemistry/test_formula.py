"""Amounts are those that pymatgen reads; what cannot be read is named, with what to do about it."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from ssepredict.chemistry.formula import (
    ELEMENTS,
    CompositionMatrix,
    format_formulas,
    parse_formulas,
    read_formulas,
)
from ssepredict.exceptions import FormulaError
from ssepredict.resources import shipped_folder

REAL_FORMULAS = 500

UNREADABLE = {
    "": "is empty; give a formula such as",
    "  \t": "is empty; give a formula such as",
    "Na3Zr2Si2PO12·H2O": r"'·' at position 14 separates an additive or water",
    "Li3YCl6•2H2O": r"'•' at position 8 separates an additive or water",
    "Li3YCl6*2": r"'\*' at position 8 separates an additive or water",
    "Na3+xZr2Si2PO12": r"'\+' at position 4 stands for a charge or a variable; leave charges out",
    "Zr4+O2": r"'\+' at position 4 stands for a charge",
    "NaxZr2Si2PO12": r"'x' at position 3 is no element symbol; write variables \(x, y, δ\) as numbers",
    "Li3YCl6δ": r"'δ' at position 8 is no element symbol",
    "na3Zr2Si2PO12": r"'n' at position 1 is no element symbol",
    "Zr2-xSi2": r"'-' at position 4 stands for a charge, a range or a variable",
    "Zr2−xSi2": r"'−' at position 4 stands for",
    "Zr2–3Si2": r"'–' at position 4 stands for a charge, a range",
    "Na3,4Zr2Si2PO12": r"',' at position 4 is no decimal sign here; write a point, e\.g\. Na3\.4",
    "Na3Xy2Si2PO12": r"unknown element 'Xy'; use the symbols of the periodic table",
    "Na3Zrr2": r"'r' at position 6 is no element symbol",
    "Naa3PO4": r"'a' at position 3 is no element symbol",
    "D2O": r"unknown element 'D'; did you mean 'Dy'\?",
    "Na3X2PO12": r"unknown element 'X'; did you mean 'Xe'\?",
    "Na3Zr2(SiO4)2(PO4": r"'\(' is not closed; add '\)'",
    "Na3Zr2SiO4)2": r"'\)' at position 11 closes no group; add '\(' or remove it",
    "2LiCl": r"number '2' before position 1 follows no element; write it after one",
    "Li1.2.3Cl": r"'\.3Cl' at position 6 continues a number that has ended",
    "Sc2/0O3": r"'2/0' divides by zero",
    "Li3Y/Cl6": r"'/' at position 5 cannot be read; use element symbols, numbers and parentheses",
    "Li²YCl6": r"'²' at position 3 cannot be read",
    "Li٣YCl6": r"'٣' at position 3 cannot be read",  # an Arabic digit is no silent 1
    "Li3\nCl3": r"'\\n' at position 4 cannot be read",
    "Li0Cl0": "every amount is zero; write the amounts of the atoms",
    "()": "every amount is zero",
    "Li" + "9" * 400 + "Cl": "has an amount that is too large to be a number",
}

WRITTEN_WAYS = {
    "Na3Zr2(SiO4)2(PO4)": "Na3Zr2Si2PO12",
    "Na3Zr2[SiO4]2{PO4}": "Na3Zr2Si2PO12",
    "Na₃Zr₂Si₂PO₁₂": "Na3Zr2Si2PO12",
    "Na３Zr２Si２PO１２": "Na3Zr2Si2PO12",  # full-width digits, as copied from Japanese and Chinese papers
    "Na3 Zr2 Si2 P O12": "Na3Zr2Si2PO12",
    " Na3Zr2Si2PO12\u00a0": "Na3Zr2Si2PO12",
    "Na\u200b3Zr\u20092Si2PO12": "Na3Zr2Si2PO12",
    "Na_{3}Zr_{2}Si_{2}PO_{12}": "Na3Zr2Si2PO12",
    "Na$_3$Zr$_2$Si$_2$PO$_{12}$": "Na3Zr2Si2PO12",
    "Na<sub>3</sub>Zr<sub>2</sub>Si<sub>2</sub>PO<sub>12</sub>": "Na3Zr2Si2PO12",
    "Li2.50Y.5Zr0.5Cl6.": "Li2.5Y0.5Zr0.5Cl6",
    "Li3(Y0.5In0.5)Cl6": "Li3Y0.5In0.5Cl6",
    "Li(Ti(Al0.5)2)2": "LiTi2Al2",
    "LiClLiCl": "Li2Cl2",
    "Li3(HoCl6)1": "Li3HoCl6",
    "Li3Y(Cl)0Br6": "Li3YBr6",
    "Li4/2ZrCl6": "Li2ZrCl6",
}


@pytest.fixture(scope="module")
def real_formulas() -> list[str]:
    with (shipped_folder("datasets") / "samples.csv").open(encoding="utf-8", newline="") as file:
        return list(dict.fromkeys(row["formula"] for row in csv.DictReader(file)))[:REAL_FORMULAS]


def test_amounts_equal_pymatgen_on_real_formulas(real_formulas):
    from pymatgen.core import Composition

    assert len(real_formulas) == REAL_FORMULAS
    ours = parse_formulas(real_formulas)
    for row, text in enumerate(real_formulas):
        theirs = {str(element): amount for element, amount in Composition(text).items()}
        got = {symbol: ours.amount(symbol)[row] for symbol in ours.elements if ours.amount(symbol)[row]}
        assert got == pytest.approx(theirs, rel=1e-12), text


@pytest.mark.parametrize(("written", "plain"), WRITTEN_WAYS.items())
def test_every_way_of_writing(written, plain):
    both = parse_formulas([written, plain])
    np.testing.assert_allclose(both.amounts[0], both.amounts[1], rtol=1e-15)


def test_simple_fractions_are_exact():
    assert parse_formulas(["Li3Sc2/3Cl5"]).amount("Sc")[0] == 2 / 3


def test_elements_are_in_the_order_of_the_atomic_number():
    from pymatgen.core import Element

    assert [Element.from_Z(number).symbol for number in range(1, len(ELEMENTS) + 1)] == list(ELEMENTS)
    assert parse_formulas(["ZrOLi"]).elements == ("Li", "O", "Zr")


@pytest.mark.parametrize(("text", "message"), UNREADABLE.items())
def test_what_cannot_be_read_is_named(text, message):
    with pytest.raises(FormulaError, match=message) as caught:
        parse_formulas(["Li3YCl6", text])
    assert [(row, given) for row, given, _ in caught.value.problems] == [(1, text)]


@pytest.mark.parametrize(("value", "kind"), [(None, "NoneType"), (3.5, "float"), (b"LiCl", "bytes")])
def test_what_is_no_text_is_named(value, kind):
    with pytest.raises(FormulaError, match=f"is not text but {kind}; give a formula"):
        parse_formulas([value])


def test_every_bad_row_is_named_and_the_good_ones_are_kept():
    texts = ["Li3YCl6", *UNREADABLE, "NaCl"]
    composition, problems = read_formulas(texts)
    assert [row for row, _, _ in problems] == list(range(1, len(texts) - 1))
    assert [given for _, given, _ in problems] == list(UNREADABLE)
    assert np.isfinite(composition.amounts).all()
    assert composition.amounts.sum(axis=1).tolist() == [10.0, *[0.0] * len(UNREADABLE), 2.0]


def test_one_error_lists_all_rows():
    expected = r"2 formulas cannot be used\n  row 2, 'Xy': .*\n  row 3, '': is empty"
    with pytest.raises(FormulaError, match=expected):
        parse_formulas(["LiCl", "Xy", ""])


def test_no_formulas_make_no_rows():
    composition, problems = read_formulas([])
    assert composition.amounts.shape == (0, 0)
    assert problems == []


def test_formatting_follows_the_given_order_and_leaves_out_what_is_absent():
    composition = parse_formulas(["Cl6ZrLi2.10", "NaCl"])
    assert format_formulas(composition, order=["Li", "Zr", "Br"]) == ["Li2.1ZrCl6", "NaCl"]
    assert format_formulas(composition)[0] == "Li2.1Cl6Zr"


def test_matrix_totals_and_axes():
    composition = parse_formulas(["Li3YCl6", "NaCl"])
    assert composition.amount("Zr").tolist() == [0.0, 0.0]
    assert composition.total(["Li", "Na", "Kr"]).tolist() == [3.0, 1.0]
    assert composition.take([1]).amount("Na").tolist() == [1.0]
    assert composition.take(np.array([True, False])).amount("Y").tolist() == [1.0]
    wide = composition.on_axis(ELEMENTS)
    assert wide.amounts.shape == (2, len(ELEMENTS))
    assert wide.amount("Cl").tolist() == [6.0, 1.0]


def test_an_axis_that_would_lose_atoms_is_refused():
    with pytest.raises(ValueError, match="element Cl is present but missing from the new axis"):
        parse_formulas(["LiCl"]).on_axis(["Li"])
    with pytest.raises(ValueError, match=r"amounts have shape \(2,\), expected \(n, 2\)"):
        CompositionMatrix(("Li", "Cl"), np.ones(2))
