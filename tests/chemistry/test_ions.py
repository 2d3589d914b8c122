"""Every radius is Shannon's as pymatgen carries it; states are those of the periodic table."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.formula import ELEMENTS
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES, Ion, ions_with_radius, shannon_radii
from ssepredict.chemistry.shannon import SHANNON
from ssepredict.exceptions import SsePredictError

NUMERALS = dict(zip("I II III IV V VI VII VIII IX X XI XII XIII XIV".split(), range(1, 15), strict=True))
SPINS = {"": "", "High Spin": "high", "Low Spin": "low"}
NOT_COVERED = ("IVSQ", "IVPY", "IIIPY")  # square planar and pyramidal: no site here has these shapes


def test_every_entry_equals_pymatgen():
    from pymatgen.core import Element

    theirs = {
        (symbol, int(charge), NUMERALS[shape], SPINS[spin]): (radii["ionic_radius"], radii["crystal_radius"])
        for symbol in ELEMENTS
        for charge, shapes in (Element(symbol).data.get("Shannon radii") or {}).items()
        for shape, spins in shapes.items()
        if charge and shape not in NOT_COVERED  # pymatgen lists one entry of Eu without its charge
        for spin, radii in spins.items()
    }
    ours = {row[:4]: row[4:] for row in SHANNON}
    assert len(ours) == len(SHANNON)
    assert ours == theirs


@pytest.mark.parametrize(
    ("ion", "radius"), [("Zr4+", 0.72), ("Sc3+", 0.745), ("Zn2+", 0.74), ("Nb5+", 0.64), ("Yb3+", 0.868)]
)
def test_published_radii_at_six(ion, radius):
    element, charge = Ion.parse(ion).element, Ion.parse(ion).charge
    assert shannon_radii([element], [charge], 6, nearest=False)[0] == pytest.approx(radius, abs=1e-9)


def test_high_spin_is_taken_where_both_are_listed():
    assert shannon_radii(["Fe", "Mn", "Co"], [2, 2, 2], 6).tolist() == [0.78, 0.83, 0.745]


def test_missing_coordination_takes_the_nearest_and_of_two_the_larger():
    assert np.isnan(shannon_radii(["Si"], [4], 5, nearest=False)[0])
    assert shannon_radii(["Si"], [4], 5)[0] == 0.4  # 4 (0.26) and 6 (0.40) are equally near
    assert shannon_radii(["P"], [5], 9)[0] == shannon_radii(["P"], [5], 6)[0]


def test_crystal_radii_of_cations_are_a_constant_larger():
    ions, charges = ["Zr", "Y", "Li"], [4, 3, 1]
    crystal = shannon_radii(ions, charges, 6, kind="crystal")
    np.testing.assert_allclose(crystal - shannon_radii(ions, charges, 6), 0.14, atol=1e-9)


def test_a_batch_of_states_keeps_its_shape():
    states = np.array([[2.0, 4.0], [3.0, np.nan], [2.5, 9.0]])
    expected = [[0.78, 0.72], [0.645, np.nan], [np.nan, np.nan]]
    np.testing.assert_array_equal(shannon_radii(["Fe", "Zr"], states, 6), expected)


def test_ions_are_read_and_written_alike():
    for text in ("Na+", "Zr4+", "Cl-", "O2-"):
        assert str(Ion.parse(text)) == text
    assert Ion.parse(" Sc3+ ") == Ion("Sc", 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Sc", r"ion 'Sc' cannot be read; expected element, charge and sign, e\.g\. Sc3\+"),
        ("Sc+3", r"ion 'Sc\+3' cannot be read"),
        ("", "ion '' cannot be read"),
        ("X4+", r"ion 'X4\+' has an unknown element; did you mean 'Xe'\?"),
    ],
)
def test_bad_ions_are_named(text, message):
    with pytest.raises(SsePredictError, match=message):
        Ion.parse(text)


def test_common_states_are_known_to_pymatgen():
    from pymatgen.core import Element

    for symbol, states in COMMON_OXIDATION_STATES.items():
        assert len(set(states)) == len(states)
        assert set(states) <= set(Element(symbol).oxidation_states), symbol


def test_ions_with_radius_are_cations_that_shannon_lists_there():
    listed = {(row[0], row[1]) for row in SHANNON if row[2] == 6}
    found = ions_with_radius(6, minimum_charge=2)
    assert found
    assert len(set(found)) == len(found)
    assert {(ion.element, ion.charge) for ion in found} <= listed
    assert min(ion.charge for ion in found) == 2
    assert Ion("Na", 1) in ions_with_radius(6)
