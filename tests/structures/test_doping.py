from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures.doping import (
    dopants_in_end_member,
    dope,
    end_member_order,
    host_order,
    parent,
)
from ssepredict.structures.hosts import find_host

NZSP = find_host("Na3Zr2Si2PO12")
LYC = find_host("Li3YCl6")
IONS = [Ion("Zn", 2), Ion("Sc", 3), Ion("Ti", 4), Ion("Nb", 5)]


def _counts(order):
    crystal = order.to_crystal()
    return {str(ion): n / crystal.formula_units for ion, n in Counter(crystal.ions).items()}


@pytest.mark.parametrize("ion", IONS, ids=str)
@pytest.mark.parametrize("host", [NZSP, LYC], ids=lambda host: host.formula)
def test_doped_cells_are_neutral_and_hold_the_dopant(host, ion):
    order = dope(host_order(host, 0), host, ion, 1, 0)
    assert order.charges.sum() == 0
    assert sum(held == ion for held in order.ions) == 1


def test_mobile_ions_balance_the_charge():
    base = host_order(NZSP, 0)
    carriers = {
        str(ion): sum(held == NZSP.mobile for held in dope(base, NZSP, ion, 2, 0).ions) for ion in IONS
    }
    assert carriers == {"Zn2+": 22, "Sc3+": 20, "Ti4+": 18, "Nb5+": 16}


def test_a_seed_replaces_the_same_sites_whatever_the_dopant():
    base = host_order(NZSP, 4)
    places = [
        [site for site, held in enumerate(dope(base, NZSP, ion, 2, 4).ions) if held == ion] for ion in IONS
    ]
    assert all(place == places[0] for place in places)


def test_seeds_repeat_and_differ():
    assert host_order(NZSP, 1).ions == host_order(NZSP, 1).ions
    assert host_order(NZSP, 1).ions != host_order(NZSP, 2).ions


def test_added_ions_keep_the_others_where_they_were():
    base = host_order(NZSP, 0)
    doped = dope(base, NZSP, Ion("Sc", 3), 2, 0)
    mobile = np.array([ion == NZSP.mobile for ion in base.ions])
    assert all(doped.ions[site] == NZSP.mobile for site in np.flatnonzero(mobile))


@pytest.mark.parametrize(
    ("host", "ion", "expected"),
    [
        (NZSP, "Zr4+", {"Na+": 1, "Zr4+": 2, "P5+": 3, "O2-": 12}),
        (NZSP, "Hf4+", {"Na+": 1, "Hf4+": 2, "P5+": 3, "O2-": 12}),
        (NZSP, "Sc3+", {"Na+": 3, "Sc3+": 2, "P5+": 3, "O2-": 12}),
        (NZSP, "Mg2+", {"Na+": 3, "Mg2+": 1, "Zr4+": 1, "P5+": 3, "O2-": 12}),
        (NZSP, "Nb5+", {"Nb5+": 1, "Zr4+": 1, "P5+": 3, "O2-": 12}),
        (LYC, "Zr4+", {"Li+": 2, "Zr4+": 1, "Cl-": 6}),
        (LYC, "Mg2+", {"Li+": 4, "Mg2+": 1, "Cl-": 6}),
    ],
)
def test_end_members(host, ion, expected):
    assert _counts(end_member_order(host, Ion.parse(ion))) == expected


@pytest.mark.parametrize("ion", IONS, ids=str)
def test_host_and_end_members_mix_to_the_doped_composition(ion):
    base = host_order(NZSP, 0)
    doped, undoped = _counts(dope(base, NZSP, ion, 2, 0)), _counts(base)
    end, frame = (_counts(end_member_order(NZSP, i)) for i in (ion, NZSP.metal))
    share = (2 / 6) / dopants_in_end_member(NZSP, ion)
    for held in {*doped, *undoped, *end, *frame}:
        mixed = undoped.get(held, 0) + share * (end.get(held, 0) - frame.get(held, 0))
        assert mixed == pytest.approx(doped.get(held, 0)), held


def test_parent_of_a_silicophosphate_is_the_phosphate():
    assert parent(NZSP).formula == "NaZr2(PO4)3"
    assert parent(NZSP).carriers == 1
    assert parent(LYC) is LYC


@pytest.mark.parametrize(
    ("ion", "count", "message"),
    [
        ("Sc3+", 13, r"13 of 12 Zr4\+ cannot be replaced; give 1 to 12"),
        ("Zn2+", 6, r"more Na\+ than the cell has vacant sites"),
    ],
)
def test_impossible_doping_is_refused(ion, count, message):
    with pytest.raises(SsePredictError, match=message):
        dope(host_order(NZSP, 0), NZSP, Ion.parse(ion), count, 0)


def test_end_member_beyond_the_sites_is_refused():
    with pytest.raises(SsePredictError, match=r"W6\+ has no end member .* expected 0 to 4"):
        end_member_order(NZSP, Ion("W", 6))
