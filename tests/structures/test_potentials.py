from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures import potentials
from ssepredict.structures.doping import end_member_order
from ssepredict.structures.hosts import find_host
from ssepredict.structures.potentials import (
    CHGNET_WEIGHTS,
    POTENTIALS,
    SEVENNET_WEIGHTS,
    chgnet_potential,
    find_potential,
    method_text,
    potential_names,
    sevennet_potential,
)
from ssepredict.structures.relax import relax

WEIGHTS = {"CHGNet": CHGNET_WEIGHTS, "SevenNet": tuple(SEVENNET_WEIGHTS)}
NZP = find_host("NaZr2(PO4)3")


@pytest.fixture
def _installed(monkeypatch):
    """Whatever is on this machine, the packages are found, with a version."""
    monkeypatch.setattr(potentials.importlib.util, "find_spec", lambda name: SimpleNamespace(name=name))
    monkeypatch.setattr(potentials.importlib.metadata, "version", lambda name: "0")


@pytest.mark.parametrize(
    ("name", "remedy"), [("CHGNet", r"'ssepredict\[structure\]'"), ("SevenNet", r"'ssepredict\[sevennet\]'")]
)
def test_missing_package_names_the_extra(monkeypatch, name, remedy):
    monkeypatch.setattr(potentials.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SsePredictError, match=rf"{name} is not installed; run: pip install {remedy}"):
        POTENTIALS[name]()


def test_weights_that_the_package_lacks_are_refused():
    with pytest.raises(
        SsePredictError,
        match=r"CHGNet carries no weights '0\.4\.0'.*expected one of 0\.3\.0, 0\.2\.0, r2scan",
    ):
        chgnet_potential(weights="0.4.0")
    with pytest.raises(SsePredictError, match=r"SevenNet carries no weights '7net-omni'.*7net-0, 7net-l3i5"):
        sevennet_potential(weights="7net-omni")


def test_unknown_potential_names_the_known_ones():
    with pytest.raises(SsePredictError, match=r"'MACE' is unknown; expected one of CHGNet, SevenNet"):
        find_potential("MACE")
    with pytest.raises(SsePredictError, match="did you mean 'CHGNet'"):
        find_potential("CHGnett")


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize("name", POTENTIALS)
def test_every_choice_of_weights_has_a_name_of_its_own(name):
    builder = find_potential(name.lower())
    found = {weights: builder(1, weights, stress=False) for weights in WEIGHTS[name]}
    assert len({potential.name for potential in found.values()}) == len(found)
    assert builder().name == name
    assert all(f"weights {weights}," in potential.versions for weights, potential in found.items())


def test_potential_is_read_back_from_the_method():
    methods = [method_text(method, name) for method, name in (("a; b", "CHGNet r2scan"), ("c", "SevenNet"))]
    assert potential_names(pd.DataFrame({"method": methods})).tolist() == ["CHGNet r2scan", "SevenNet"]
    assert potential_names(pd.DataFrame({"method": pd.Series([], dtype=object)})).empty


def _calculator(name, **choice):
    package = {"CHGNet": "chgnet", "SevenNet": "sevenn"}[name]
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return POTENTIALS[name](**choice).make()


@pytest.mark.structure
@pytest.mark.parametrize("name", POTENTIALS)
def test_framework_expands_for_a_larger_ion(name):
    calculator = _calculator(name)
    small, large = (
        relax(end_member_order(NZP, Ion.parse(ion)).to_crystal(), calculator, force_ev_angstrom=0.3)
        for ion in ("Ti4+", "Zr4+")
    )
    assert 1.02 < large.crystal.volume / small.crystal.volume < 1.2


@pytest.mark.structure
@pytest.mark.filterwarnings("ignore::UserWarning:chgnet")  # how it writes its stresses, not ours to mend
@pytest.mark.parametrize("name", POTENTIALS)
def test_forces_without_stress_are_the_same(name):
    atoms = end_member_order(NZP, Ion.parse("Zr4+")).to_crystal().to_atoms()
    found = []
    for stress in (True, False):
        atoms.calc = _calculator(name, stress=stress)
        found.append((atoms.get_potential_energy(), atoms.get_forces()))
    assert found[1][0] == pytest.approx(found[0][0], abs=1e-4)
    assert found[1][1] == pytest.approx(found[0][1], abs=1e-4)


@pytest.mark.structure
@pytest.mark.parametrize("weights", SEVENNET_WEIGHTS)
def test_forces_are_the_slope_of_the_energy(weights):
    """Central difference along one O; single precision allows no finer step."""
    atoms = end_member_order(NZP, Ion.parse("Zr4+")).to_crystal().to_atoms()
    atoms.calc = _calculator("SevenNet", weights=weights)
    oxygen = int(np.argmax(np.abs(atoms.get_forces()[:, 0])))
    force, energies = atoms.get_forces()[oxygen, 0], []
    for step in (0.02, -0.02):
        moved = atoms.copy()
        moved.calc = atoms.calc
        moved.positions[oxygen, 0] += step
        energies.append(moved.get_potential_energy())
    assert (energies[1] - energies[0]) / 0.04 == pytest.approx(force, rel=0.02, abs=0.02)


@pytest.mark.structure
def test_two_functionals_of_one_model_differ():
    atoms = end_member_order(NZP, Ion.parse("Zr4+")).to_crystal().to_atoms()
    energies = []
    for weights in ("7net-mf-0-pbe", "7net-mf-0-r2scan"):
        atoms.calc = _calculator("SevenNet", weights=weights)
        energies.append(atoms.get_potential_energy() / len(atoms))
    assert abs(energies[1] - energies[0]) > 0.5
