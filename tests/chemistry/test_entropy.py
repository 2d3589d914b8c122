"""Configurational entropy in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.entropy import configurational_entropy
from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.chemistry.sites import assign_sites, parse_sites

LN2 = np.log(2.0)


def test_vacancies_mix_with_carriers() -> None:
    entropy = configurational_entropy(parse_sites(["Na3Zr2Si2PO12", "Na4Zr2Si3O12", "Na2Zr2SiP2O12"]))
    assert entropy["A"] == pytest.approx([3 * np.log(4 / 3) + np.log(4), 0.0, 4 * LN2], abs=1e-9)
    assert entropy["M"].tolist() == [0.0, 0.0, 0.0]


def test_five_equal_ions_on_m_have_twice_ln_five() -> None:
    table = assign_sites(
        CompositionMatrix(
            ("O", "Na", "Si", "P", "Zr", "Hf", "Ti", "Sn", "Ge"),
            np.array([[12.0, 3.0, 2.0, 1.0, 0.4, 0.4, 0.4, 0.4, 0.4]]),
        )
    )
    assert configurational_entropy(table)["M"][0] == pytest.approx(2 * np.log(5), abs=1e-9)


def test_halides_share_the_octahedra_that_m_leaves() -> None:
    entropy = configurational_entropy(parse_sites(["Li2ZrCl6", "Li3YCl3Br3"]))
    assert entropy["A"] == pytest.approx(
        [2 * np.log(5 / 2) + 3 * np.log(5 / 3), 3 * np.log(5 / 3) + 2 * np.log(5 / 2)], abs=1e-9
    )
    assert entropy["X"] == pytest.approx([0.0, 6 * LN2], abs=1e-9)
    assert entropy["total"] == pytest.approx(entropy["A"] + entropy["X"], abs=1e-9)


def test_where_vacancies_cannot_be_counted_there_is_no_total() -> None:
    entropy = configurational_entropy(parse_sites(["NaTaCl6", "LiLaCl4"]))
    assert np.isnan(entropy["A"]).all()
    assert np.isnan(entropy["total"]).all()
    assert entropy["M"].tolist() == [0.0, 0.0]


def test_a_full_site_too_many_is_no_number() -> None:
    table = assign_sites(CompositionMatrix(("O", "Na", "P", "Zr"), np.array([[12.0, 4.5, 3.0, 2.0]])))
    assert np.isnan(configurational_entropy(table)["A"][0])


def test_the_multiple_of_a_formula_has_the_same_entropy_per_formula_unit() -> None:
    one, two = (configurational_entropy(parse_sites([text])) for text in ("Na3Zr2Si2PO12", "Na6Zr4Si4P2O24"))
    assert one["total"] == pytest.approx(two["total"], abs=1e-9)
