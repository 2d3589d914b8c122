from __future__ import annotations

import re

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice

from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import make_cell
from ssepredict.structures.doping import host_order
from ssepredict.structures.hosts import HOSTS, PROTOTYPES, find_host

NASICON = PROTOTYPES["nasicon"]


def _distances(cell, first, second):
    lattice = Lattice(cell.lattice)
    found = lattice.get_all_distances(cell.fractional[cell.sites(first)], cell.fractional[cell.sites(second)])
    return np.sort(found, axis=1)


def test_derived_oxygen_makes_regular_phosphate_and_octahedra():
    cell = make_cell(NASICON)
    phosphate = _distances(cell, "T", "X")[:, :5]
    assert np.ptp(phosphate[:, :4]) < 0.01
    assert phosphate[:, :4].mean() == pytest.approx(1.52, abs=0.01)
    assert (phosphate[:, 4] > 2.5).all()
    octahedra = _distances(cell, "M", "X")[:, :7]
    assert (octahedra[:, :6] > 1.9).all()
    assert (octahedra[:, :6] < 2.1).all()
    assert (octahedra[:, 6] > 3.0).all()


def test_second_mobile_site_is_the_widest_hole_on_its_line():
    cell = make_cell(NASICON)
    line = np.array([[x, 0.0, 0.25] for x in np.arange(0.0, 1.0, 0.005)])
    near = Lattice(cell.lattice).get_all_distances(line, cell.fractional[cell.sites("X")]).min(axis=1)
    widest = line[int(near.argmax()), 0]
    assert NASICON.orbits[1].position[0] == pytest.approx(widest, abs=0.003)


def test_close_packing_has_equal_octahedra():
    cell = make_cell(PROTOTYPES["hcp_halide"])
    octahedra = _distances(cell, "A", "X")
    assert np.ptp(octahedra[:, :6]) < 1e-3
    assert (octahedra[:, 6] > 1.5 * octahedra[:, 0]).all()


@pytest.mark.parametrize("primitive", [False, True])
def test_cells_hold_the_sites_of_their_formula_units(primitive):
    cell = make_cell(NASICON, primitive=primitive)
    counts = [len(cell.sites(group)) / cell.formula_units for group in "AMTX"]
    assert counts == [4, 2, 3, 12]
    assert cell.formula_units == (2 if primitive else 6)


def test_supercell_keeps_the_density_of_sites():
    single = make_cell(PROTOTYPES["hcp_halide"])
    double = make_cell(PROTOTYPES["hcp_halide"], repeats=(1, 1, 2))
    assert len(double.group) == 2 * len(single.group)
    assert np.linalg.det(double.lattice) == pytest.approx(2 * np.linalg.det(single.lattice))


@pytest.mark.parametrize("formula", HOSTS)
def test_host_has_the_composition_it_names_and_is_neutral(formula):
    crystal = host_order(HOSTS[formula], 0).to_crystal()
    assert crystal.charges.sum() == 0
    elements = Composition({}) + Composition(
        {
            element: sum(ion.element == element for ion in crystal.ions)
            for element in {i.element for i in crystal.ions}
        }
    )
    assert elements.almost_equals(crystal.formula_units * Composition(formula))


def test_every_prototype_names_its_source():
    for prototype in PROTOTYPES.values():
        assert re.search(r"https?://", prototype.source)
        assert prototype.derived


def test_unknown_host_is_refused_with_a_near_name():
    with pytest.raises(SsePredictError, match=r"no declared structure; did you mean 'Na3Zr2Si2PO12'"):
        find_host("Na3Zr2Si2P012")
