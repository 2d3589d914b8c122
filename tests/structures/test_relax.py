from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.lj import LennardJones
from ase.units import GPa

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures.cells import Crystal
from ssepredict.structures.relax import STRESS_GPA, relax

# Nearest neighbours of an fcc Lennard-Jones crystal, cut off at 3 sigma and summed shell by shell.
SIGMA, CUTOFF = 3.0, 9.0


def _fcc(edge):
    places = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    return Crystal(np.eye(3) * edge, places, (Ion("Li", 1),) * 4, 4)


def _lattice_energy(edge):
    steps = np.array(np.meshgrid(*[np.arange(-4, 5)] * 3)).reshape(3, -1).T
    places = np.concatenate([steps + p for p in ([0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0])])
    r = np.linalg.norm(places, axis=1) * edge
    r = r[(r > 0) & (r < CUTOFF)]
    shift = 4 * ((SIGMA / CUTOFF) ** 12 - (SIGMA / CUTOFF) ** 6)
    return (4 * ((SIGMA / r) ** 12 - (SIGMA / r) ** 6) - shift).sum()


def test_cell_relaxes_to_the_minimum_of_the_lattice_sum():
    calculator = LennardJones(sigma=SIGMA, epsilon=1.0, rc=CUTOFF, smooth=False)
    found = relax(_fcc(4.9), calculator, force_ev_angstrom=1e-4)
    edges = np.linspace(4.4, 5.0, 6001)
    best = edges[np.argmin([_lattice_energy(edge) for edge in edges])]
    assert found.converged
    assert found.crystal.volume ** (1 / 3) == pytest.approx(best, abs=2e-3)
    assert found.crystal.ions == _fcc(4.9).ions


def test_a_soft_crystal_is_not_left_under_pressure():
    """Forces vanish by symmetry, and per ion the pressure is small: only the stress tells."""
    calculator = LennardJones(sigma=SIGMA, epsilon=0.02, rc=CUTOFF, smooth=False)
    free = relax(_fcc(4.6), calculator, stress_gpa=1e-4).crystal.volume
    squeezed = _fcc((0.97 * free) ** (1 / 3))
    found = relax(squeezed, calculator)
    atoms = found.crystal.to_atoms()
    atoms.calc = calculator
    assert found.converged
    assert np.abs(atoms.get_stress()).max() / GPa <= STRESS_GPA
    assert found.crystal.volume == pytest.approx(free, rel=0.01)
    assert squeezed.volume < 0.98 * found.crystal.volume
    loose = relax(squeezed, calculator, stress_gpa=10.0)
    assert (loose.steps, loose.crystal.volume) == (0, pytest.approx(squeezed.volume))


def test_relaxation_that_is_given_up_says_so():
    found = relax(_fcc(5.4), LennardJones(sigma=SIGMA, rc=CUTOFF), steps=1)
    assert not found.converged
    assert found.steps == 1


def test_energy_that_is_no_number_is_refused(sum_of_elements):
    calculator = sum_of_elements.make()
    calculate = calculator.calculate

    def broken(*arguments):
        calculate(*arguments)
        calculator.results["energy"] = np.nan

    calculator.calculate = broken
    with pytest.raises(SsePredictError, match="relaxation diverged"):
        relax(_fcc(4.9), calculator)
