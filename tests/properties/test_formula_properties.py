"""What no formula may change: its writing, its scale, the order of its elements, its company."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssepredict.chemistry.formula import ELEMENTS, format_formulas, parse_formulas, read_formulas
from ssepredict.chemistry.sites import SITES, SiteTable, parse_sites, read_sites
from ssepredict.exceptions import FormulaError

hundredths = st.integers(min_value=1, max_value=1200).map(lambda number: number / 100)
contents = st.dictionaries(st.sampled_from(ELEMENTS), hundredths, min_size=1, max_size=10)
small = st.integers(min_value=0, max_value=35).map(lambda number: number / 100)
M_IONS = ["Sc", "Zn", "La", "Al", "Ge", "V", "Fe", "Mg", "Ca", "Y", "Nb", "Ti"]


@st.composite
def conductors(draw: st.DrawFn) -> dict[str, float]:
    """Return a NASICON or a halide with up to three substitutions, not necessarily neutral.

    The odd thousandths of Zr keep every sum away from the bounds between frameworks and charge states,
    where the last bit of a scaled amount would decide.
    """
    dopants = draw(st.dictionaries(st.sampled_from(M_IONS), small.filter(bool), max_size=3))
    if draw(st.booleans()):
        base = {"Na": 3.0 + draw(small), "Zr": 1.503, "Si": 2.0, "P": 1.0, "O": 12.0}
    else:
        base = {"Li": 2.0 + draw(small), "Zr": 0.503, "Cl": 6.0}
    return base | dopants


def text(content: dict[str, float] | list[tuple[str, float]]) -> str:
    return "".join(f"{symbol}{amount:.10g}" for symbol, amount in dict(content).items())


def columns(table: SiteTable) -> dict[str, np.ndarray]:
    """Everything of a table that does not depend on which elements its neighbours hold."""
    values = {"carriers": table.carriers, "vacancies": table.vacancies, "charge": table.charge_residual}
    for site in SITES:
        for symbol in ELEMENTS:
            if symbol in table.elements:
                values[f"{site}.{symbol}"] = table.occupancy[site][:, table.elements.index(symbol)]
    return values


def assert_same(left: SiteTable, right: SiteTable, atol: float) -> None:
    assert left.framework.tolist() == right.framework.tolist()
    assert left.mobile_ion.tolist() == right.mobile_ion.tolist()
    here, there = columns(left), columns(right)
    for name in here.keys() | there.keys():
        zeros = np.zeros(len(left))
        np.testing.assert_allclose(
            here.get(name, zeros), there.get(name, zeros), rtol=0, atol=atol, err_msg=name
        )


@given(batch=st.lists(contents, min_size=1, max_size=6), data=st.data())
def test_parsing_what_was_formatted_is_the_identity(batch, data):
    composition = parse_formulas([text(content) for content in batch])
    order = data.draw(st.permutations(composition.elements))
    again = parse_formulas(format_formulas(composition, order=order))
    assert again.elements == composition.elements
    np.testing.assert_allclose(again.amounts, composition.amounts, rtol=0, atol=1e-10)


@given(content=contents)
def test_formatting_what_was_parsed_is_stable(content):
    once = format_formulas(parse_formulas([text(content)]))
    assert format_formulas(parse_formulas(once)) == once


@given(inner=contents, outer=contents, factor=st.integers(1, 9), second=st.integers(1, 4))
def test_nested_parentheses_equal_the_flat_formula(inner, outer, factor, second):
    nested = f"(({text(inner)}){factor}{text(outer)}){second}"
    total = {
        symbol: second * (factor * inner.get(symbol, 0.0) + outer.get(symbol, 0.0))
        for symbol in inner.keys() | outer.keys()
    }
    read = parse_formulas([nested])
    assert set(read.elements) == set(total)
    for symbol, amount in total.items():
        np.testing.assert_allclose(read.amount(symbol)[0], amount, rtol=1e-12)


@given(content=contents, data=st.data())
def test_the_order_of_elements_changes_no_amount(content, data):
    shuffled = data.draw(st.permutations(list(content.items())))
    one, other = parse_formulas([text(content)]), parse_formulas([text(shuffled)])
    assert one.elements == other.elements
    np.testing.assert_array_equal(one.amounts, other.amounts)


@given(batch=st.lists(st.text(alphabet="LiNaZrPO()0123456789.+-xy·,/ ", max_size=14), max_size=6))
def test_any_text_is_read_or_named(batch):
    composition, problems = read_formulas(batch)
    named = {row for row, _, _ in problems}
    assert len(composition) == len(batch)
    for row in range(len(batch)):
        assert (composition.amounts[row].sum() > 0) == (row not in named)
    if named:
        with pytest.raises(FormulaError, match=r"cannot be used|formula '") as caught:
            parse_formulas(batch)
        assert caught.value.problems == problems


@given(content=conductors(), scale=st.sampled_from([0.5, 2.0, 3.0, 7.0]))
def test_scaling_changes_nothing_per_formula_unit(content, scale):
    scaled = {symbol: amount * scale for symbol, amount in content.items()}
    table, problems = read_sites([text(content)])
    other, same_problems = read_sites([text(scaled)])
    assert [row for row, _, _ in problems] == [row for row, _, _ in same_problems]
    if not problems:
        assert_same(table, other, atol=1e-7)  # the scaled text has ten digits


@given(content=conductors(), data=st.data())
def test_the_order_of_elements_changes_no_site(content, data):
    shuffled = data.draw(st.permutations(list(content.items())))
    table, problems = read_sites([text(content)])
    other, _ = read_sites([text(shuffled)])
    if not problems:
        assert_same(table, other, atol=0.0)


@given(batch=st.lists(conductors(), min_size=2, max_size=6))
def test_a_batch_of_sites_equals_its_rows(batch):
    texts = [text(content) for content in batch]
    table, problems = read_sites(texts)
    bad = {row for row, _, _ in problems}
    for row, formula in enumerate(texts):
        if row not in bad:
            assert_same(table.take([row]), parse_sites([formula]), atol=1e-12)


@given(content=conductors())
def test_sites_add_up_and_charge_is_what_the_ions_carry(content):
    table, problems = read_sites([text(content)])
    if problems:
        return
    np.testing.assert_allclose(
        sum(table.occupancy[site] for site in SITES), table.composition.amounts, rtol=0, atol=1e-12
    )
    present = table.composition.amounts[0] > 0
    charge = (table.composition.amounts[0] * table.oxidation[0])[present].sum()
    np.testing.assert_allclose(table.charge_residual[0], charge, atol=1e-12)
