from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.structures import descriptors
from ssepredict.structures.cells import Cell, Crystal
from ssepredict.structures.descriptors import (
    DESCRIPTORS,
    against_undoped,
    bvse_barriers,
    crystal_figures,
    mixing_energy,
)
from ssepredict.structures.doping import host_order
from ssepredict.structures.hosts import PROTOTYPES, find_host
from ssepredict.structures.windows import window_areas

LYC = find_host("Li3YCl6")


def test_window_of_a_close_packing_is_an_equilateral_triangle():
    order = host_order(LYC, 0)
    areas = window_areas(order.to_crystal(), order.cell, order.occupied)
    side = PROTOTYPES["hcp_halide"].cell[0] / 3
    assert areas == pytest.approx(np.full(len(areas), np.sqrt(3) / 4 * side**2))


def test_every_first_site_of_nasicon_has_six_windows():
    host = find_host("NaZr2(PO4)3")
    order = host_order(host, 0)
    areas = window_areas(order.to_crystal(), order.cell, order.occupied)
    assert len(areas) == 36  # six sites on 6b in the cell
    assert np.ptp(areas) < 1e-6


def test_windows_grow_with_the_square_of_the_cell():
    order = host_order(LYC, 0)
    crystal = order.to_crystal()
    wider = crystal.moved(1.1 * crystal.lattice, crystal.fractional)
    assert window_areas(wider, order.cell, order.occupied) == pytest.approx(
        1.21 * window_areas(crystal, order.cell, order.occupied)
    )


def test_windows_follow_their_anions():
    host = find_host("NaZr2(PO4)3")
    order = host_order(host, 0)
    crystal = order.to_crystal()
    areas = window_areas(crystal, order.cell, order.occupied)
    moved = crystal.fractional.copy()
    oxygen = next(number for number, ion in enumerate(crystal.ions) if ion == host.anion)
    moved[oxygen] = (moved[oxygen] + [0.01, 0.0, 0.0]) % 1.0
    changed = window_areas(crystal.moved(crystal.lattice, moved), order.cell, order.occupied)
    assert 0 < (np.abs(changed - areas) > 1e-9).sum() < len(areas)
    assert np.abs(changed - areas).max() < 0.3


def test_no_jump_gives_no_window():
    cell = Cell(np.eye(3) * 9.0, np.zeros((1, 3)), ("A",), 1)
    crystal = Crystal(cell.lattice, np.array([[0.5, 0.5, 0.5]]), (Ion("Cl", -1),), 1)
    lone = Cell(cell.lattice, np.array([[0.0, 0, 0], [0.01, 0, 0], [0.5, 0.5, 0.5]]), ("A", "A", "X"), 1)
    assert len(window_areas(crystal, lone, np.array([2]))) == 0


def test_barrier_in_one_dimension_is_below_that_in_three():
    crystal = host_order(LYC, 0).to_crystal()
    one, three = bvse_barriers(crystal, LYC.mobile)
    assert 0 < one <= three


def test_wider_windows_lower_the_barrier():
    crystal = host_order(LYC, 0).to_crystal()
    wider = crystal.moved(1.05 * crystal.lattice, crystal.fractional)
    assert bvse_barriers(wider, LYC.mobile)[0] < bvse_barriers(crystal, LYC.mobile)[0]


def test_barrier_above_the_limit_is_no_number(monkeypatch):
    crystal = host_order(LYC, 0).to_crystal()
    monkeypatch.setattr(descriptors, "BVSE_ENERGY_EV", 0.05)
    assert np.isnan(bvse_barriers(crystal, LYC.mobile)).all()


def test_all_figures_of_a_crystal_are_declared():
    order = host_order(LYC, 0)
    figures = crystal_figures(order.to_crystal(), order.cell, order.occupied, LYC.mobile)
    assert figures.keys() <= DESCRIPTORS.keys()
    assert all(np.isfinite(value) for value in figures.values())
    assert figures["volume"] == pytest.approx(order.to_crystal().volume / 6)


def test_site_energies_spread_only_where_the_surroundings_differ():
    host = find_host("NaZr2(PO4)3")
    order = host_order(host, 0)  # all Na on 6b: one environment
    figures = crystal_figures(order.to_crystal(), order.cell, order.occupied, host.mobile)
    assert figures["site_energy_spread"] < 1e-6


def test_strain_against_itself_is_zero():
    assert against_undoped({"volume": 3.0, "c": 2.0}, {"volume": 3.0, "c": 2.0}) == {
        "volume_strain": 0.0,
        "c_strain": 0.0,
    }


def test_ideal_mixture_has_no_mixing_energy():
    atoms = {"Zr": -9.0, "Sc": -7.0, "Na": -1.5}
    doped = 5 / 3 * atoms["Zr"] + 1 / 3 * atoms["Sc"] + 10 / 3 * atoms["Na"]
    undoped = 2 * atoms["Zr"] + 3 * atoms["Na"]
    end, frame = 2 * atoms["Sc"] + 3 * atoms["Na"], 2 * atoms["Zr"] + atoms["Na"]
    assert mixing_energy(doped, undoped, end, frame, per_unit=1 / 3, in_end=2) == pytest.approx(0.0)
    assert mixing_energy(doped + 0.2, undoped, end, frame, per_unit=1 / 3, in_end=2) == pytest.approx(0.2)
