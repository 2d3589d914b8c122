from __future__ import annotations

import itertools

import numpy as np
import pytest
from pymatgen.analysis.ewald import EwaldSummation
from pymatgen.core import Lattice, Structure

from ssepredict.chemistry.ions import Ion
from ssepredict.structures.cells import Crystal
from ssepredict.structures.doping import host_order
from ssepredict.structures.electrostatics import anneal, pair_energies, site_energies
from ssepredict.structures.hosts import find_host

EV_ANGSTROM = 14.399645  # e2 / (4 pi eps0)
MADELUNG_NACL = 1.747565


def _rock_salt(a=5.64):
    structure = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    ions = tuple(Ion(site.specie.symbol, 1 if site.specie.symbol == "Na" else -1) for site in structure)
    return Crystal(np.array(structure.lattice.matrix), structure.frac_coords, ions, 4)


def test_rock_salt_has_the_madelung_energy():
    crystal = _rock_salt()
    pairs = pair_energies(crystal.lattice, crystal.fractional)
    energy = crystal.charges @ pairs @ crystal.charges
    assert energy / 4 == pytest.approx(-MADELUNG_NACL * EV_ANGSTROM / (5.64 / 2), rel=1e-4)


def test_pair_energies_agree_with_pymatgen_for_any_charges():
    crystal = host_order(find_host("Li3YCl6"), 1).to_crystal()
    pairs = pair_energies(crystal.lattice, crystal.fractional)
    expected = EwaldSummation(crystal.to_structure()).total_energy
    assert crystal.charges @ pairs @ crystal.charges == pytest.approx(expected, rel=1e-6)


def test_site_energies_of_equal_sites_are_equal_and_add_up():
    crystal = _rock_salt()
    energies = site_energies(crystal)
    assert np.ptp(energies) < 1e-6
    pairs = pair_energies(crystal.lattice, crystal.fractional)
    own = (crystal.charges**2 * np.diag(pairs)).sum()
    assert energies.sum() + own == pytest.approx(2 * crystal.charges @ pairs @ crystal.charges)


def test_annealing_finds_the_best_of_all_orders():
    rng = np.random.default_rng(3)
    places = rng.random((8, 3))
    pairs = pair_energies(np.eye(3) * 9.0, places)
    start = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0, -2.0, -1.0])
    groups = {"A": np.arange(6), "X": np.array([6, 7])}
    found = start[anneal(pairs, start, groups, rng)]
    best = min(
        q @ pairs @ q
        for held in itertools.combinations(range(6), 3)
        for tail in ((-2.0, -1.0), (-1.0, -2.0))
        for q in [np.array([float(site in held) for site in range(6)] + list(tail))]
    )
    assert found @ pairs @ found == pytest.approx(best)
    assert sorted(found) == sorted(start)


def test_annealing_leaves_uniform_sites_alone():
    pairs = np.zeros((3, 3))
    taken = anneal(pairs, np.ones(3), {"A": np.arange(3)}, np.random.default_rng(0))
    assert taken.tolist() == [0, 1, 2]
