from __future__ import annotations

import numpy as np
import pytest
from ase.calculators.lj import LennardJones

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures import relax as relax_module
from ssepredict.structures.cells import Crystal
from ssepredict.structures.doping import end_member_order
from ssepredict.structures.hosts import find_host
from ssepredict.structures.relax import chgnet_potential, relax

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


def test_missing_chgnet_names_the_extra(monkeypatch):
    monkeypatch.setattr(relax_module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SsePredictError, match=r"pip install 'ssepredict\[structure\]'"):
        chgnet_potential()


def test_weights_that_the_package_lacks_are_refused():
    with pytest.raises(
        SsePredictError, match=r"no weights '0\.4\.0'; expected one of 0\.3\.0, 0\.2\.0, r2scan"
    ):
        chgnet_potential(weights="0.4.0")


@pytest.mark.structure
def test_chgnet_expands_the_framework_for_a_larger_ion():
    host = find_host("NaZr2(PO4)3")
    calculator = chgnet_potential().make()
    small, large = (
        relax(end_member_order(host, Ion.parse(ion)).to_crystal(), calculator, force_ev_angstrom=0.3)
        for ion in ("Ti4+", "Zr4+")
    )
    assert 1.02 < large.crystal.volume / small.crystal.volume < 1.2


@pytest.mark.structure
@pytest.mark.filterwarnings("ignore::UserWarning:chgnet")  # how it writes its stresses, not ours to mend
def test_forces_without_stress_are_the_same():
    atoms = end_member_order(find_host("NaZr2(PO4)3"), Ion.parse("Zr4+")).to_crystal().to_atoms()
    found = []
    for stress in (True, False):
        atoms.calc = chgnet_potential(stress=stress).make()
        found.append((atoms.get_potential_energy(), atoms.get_forces()))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-4)
    assert found[1][1] == pytest.approx(found[0][1], abs=1e-4)
