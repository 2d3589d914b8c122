from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.chemistry.hosts import hosts_of
from ssepredict.chemistry.sites import SITES, SiteTable, assign_sites, parse_sites, read_sites

ELEMENTS = ("Li", "Na", "Zr", "Sc", "La", "Si", "P", "V", "O", "Cl")


@st.composite
def tables(draw: st.DrawFn) -> SiteTable:
    """Any amounts, also absent, negative and absurd ones, around two real anion frameworks."""
    size = draw(st.integers(1, 6))
    tenths = draw(arrays(np.int64, (size, len(ELEMENTS)), elements=st.integers(-2, 25)))
    kept = draw(arrays(np.bool_, (size, len(ELEMENTS))))
    amounts = np.where(kept, tenths / 10.0, 0.0)
    amounts[::2, -2:], amounts[::2, 5:7] = (12.0, 0.0), (2.0, 1.0)
    amounts[1::2, -2:], amounts[1::2, 5:7] = (0.0, 6.0), 0.0
    return assign_sites(CompositionMatrix(ELEMENTS, amounts))


@given(tables())
def test_means_and_extremes_equal_those_over_all_columns(table: SiteTable) -> None:
    for site in SITES:
        held, radii = table.held(site), table.radii(site)
        occupied = table.occupancy[site] > 0
        np.testing.assert_array_equal(occupied[held.rows, held.columns], np.ones(len(held.rows), dtype=bool))
        assert len(held.rows) == occupied.sum()
        for row in range(len(table)):
            here, weights = radii[row][occupied[row]], table.occupancy[site][row][occupied[row]]
            mean = np.nan if not len(here) else float((here * weights).sum() / weights.sum())
            np.testing.assert_allclose(table.mean_radius(site)[row], mean, rtol=1e-12)
            for largest, choose in ((True, np.max), (False, np.min)):
                found = held.extreme(table.held_radii(site), len(table), largest=largest)[row]
                np.testing.assert_array_equal(found, choose(here) if len(here) else np.nan)


@given(tables())
def test_what_was_computed_once_follows_the_rows(table: SiteTable) -> None:
    for site in SITES:
        table.mean_radius(site), table.site_total(site)
    rows = np.array([len(table) - 1, 0])
    part = table.take(rows)
    fresh = assign_sites(table.composition.take(rows), table.oxidation[rows])
    for site in SITES:
        np.testing.assert_array_equal(part.mean_radius(site), table.mean_radius(site)[rows])
        np.testing.assert_array_equal(part.site_total(site), fresh.site_total(site))
        np.testing.assert_array_equal(part.held_radii(site), fresh.held_radii(site))


def test_empty_rows_take_the_stated_value() -> None:
    held = parse_sites(["Li2ZrCl6", "Na3Zr2Si2PO12"]).held("T")
    assert held.rows.tolist() == [1, 1]
    found = held.extreme(np.array([1.0, 2.0]), 2, largest=True, empty=-1.0)
    assert found.tolist() == [-1.0, 2.0]


@pytest.mark.parametrize("formula", ["Na3SbS4", "Li3N", "Al2O3", "NaCl"])
def test_compositions_outside_every_framework_have_no_host(formula: str) -> None:
    assert hosts_of(read_sites([formula])[0]).tolist() == [""]
