from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.descriptors import read_lattice
from ssepredict.modeling.reported_cells import cell_volume, doped_amounts, volume_errors
from ssepredict.resources import shipped_folder
from ssepredict.structures.hosts import HOSTS

COLUMNS = [
    "formula", "a_angstrom", "b_angstrom", "c_angstrom", "alpha_deg", "beta_deg", "gamma_deg",
    "formula_units", "source", "cites",
]  # fmt: skip


@pytest.fixture(scope="module")
def lattice():
    return read_lattice(shipped_folder("datasets"))


def _lattice(*rows):
    return pd.DataFrame([(*row, "here", "") for row in rows], columns=COLUMNS)


def _volume(host, ion, fraction, value):
    return pd.DataFrame(
        [{"host": host, "ion": ion, "fraction": fraction, "descriptor": "volume", "mean": value}]
    )


def test_volumes_follow_from_the_cells(lattice):
    of = dict(zip(zip(lattice["formula"], lattice["source"], strict=True), cell_volume(lattice), strict=True))
    (printed,) = [v for (name, source), v in of.items() if name == "Na3Cr2(PO4)3" and "cod" in source]
    assert printed == pytest.approx(1400.0 / 6, abs=0.1)  # printed beside the cell
    hexagonal = _lattice(("Li3ErCl6", 11.177, 11.177, 6.036, 90, 90, 120, 3))
    assert cell_volume(hexagonal) == pytest.approx([np.sqrt(3) / 2 * 11.177**2 * 6.036 / 3])


def test_shipped_cells_are_of_neutral_compositions_and_plausible(lattice):
    sites = parse_sites(lattice["formula"].tolist())
    assert np.abs(sites.charge_residual) == pytest.approx(np.zeros(len(lattice)), abs=0.02)
    oxides = parse_formulas(lattice["formula"].tolist()).amount("O") == 12
    assert ((cell_volume(lattice)[oxides] > 195) & (cell_volume(lattice)[oxides] < 280)).all()
    assert not lattice.duplicated(["formula", "a_angstrom", "c_angstrom"]).any()


@pytest.mark.parametrize("host", HOSTS)
def test_undoped_amounts_are_those_of_the_formula(host):
    formula = parse_formulas([host])
    amounts = doped_amounts(host, str(HOSTS[host].metal), 0.0)
    written = {symbol: float(formula.amount(symbol)[0]) for symbol in formula.elements}
    assert {symbol: amount for symbol, amount in amounts.items() if amount} == written


def test_error_is_relative_to_the_reported_cell_of_the_same_composition():
    found = _lattice(
        ("Li1.3Al0.3Ti1.7(PO4)3", 8.5, 8.5, 20.8, 90, 90, 120, 6),
        ("Li1.5Al0.5Ti1.5(PO4)3", 8.5, 8.5, 20.8, 90, 90, 120, 6),
        ("Li3ErCl6", 11.2, 11.2, 6.0, 90, 90, 120, 3),
    )
    reported = float(cell_volume(found)[0])
    errors = volume_errors(_volume("LiTi2(PO4)3", "Al3+", 0.1667, 1.03 * reported), found)
    assert errors["formula"].tolist() == ["Li1.3Al0.3Ti1.7(PO4)3"]
    assert errors["error_pct"].tolist() == pytest.approx([3.0])


def test_a_formula_may_be_written_as_a_multiple():
    twice = _lattice(("Li2Ti4P6O24", 8.5, 8.5, 20.8, 90, 90, 120, 3))
    assert len(volume_errors(_volume("LiTi2(PO4)3", "Ti4+", 0.0, 220.0), twice)) == 1


def test_without_reported_cells_nothing_is_compared(lattice):
    assert volume_errors(_volume("LiTi2(PO4)3", "Ti4+", 0.0, 220.0), lattice.iloc[:0]).empty
    assert volume_errors(_volume("LiTi2(PO4)3", "Ti4+", 0.0, 220.0).iloc[:0], lattice).empty
