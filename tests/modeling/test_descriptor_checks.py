from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from ssepredict.data.dataset import load_dataset
from ssepredict.modeling.descriptor_checks import (
    CHECKS,
    REPORTED_CELLS,
    check_descriptors,
    rank_correlation,
    reliability,
    reported_activation_energies,
    used_descriptors,
    volume_errors,
)
from ssepredict.structures.descriptors import DESCRIPTORS

HOST = "Na3Zr2Si2PO12"
RADII = {"Al3+": 0.535, "Ti4+": 0.605, "Nb5+": 0.64, "Zn2+": 0.74, "Sc3+": 0.745, "Y3+": 0.9, "La3+": 1.032}


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


def _table(descriptor, values, *, spread=0.01, fraction=0.1667, host=HOST):
    return pd.DataFrame(
        [
            {"host": host, "ion": ion, "fraction": fraction, "descriptor": descriptor, "mean": value,
             "spread": spread, "configurations": 3}
            for ion, value in values.items()
        ]
    )  # fmt: skip


def _line(checks, host=HOST):
    (line,) = checks[checks["host"] == host].to_dict("records")
    return line


def test_a_descriptor_that_follows_the_radius_passes_and_is_used(dataset):
    checks = check_descriptors(_table("volume_strain", {ion: 3 * r for ion, r in RADII.items()}), dataset)
    line = _line(checks)
    assert (line["n"], line["spearman"], line["passed"]) == (7, 1.0, True)
    assert line["p_value"] < 0.01
    assert used_descriptors(checks) == {HOST: ("volume_strain",)}


def test_one_that_runs_against_physics_fails(dataset):
    checks = check_descriptors(_table("volume_strain", {ion: -r for ion, r in RADII.items()}), dataset)
    assert _line(checks)["spearman"] == -1.0
    assert not _line(checks)["passed"]
    assert used_descriptors(checks) == {}


def test_one_whose_configurations_disagree_fails(dataset):
    table = _table("volume_strain", RADII, spread=1.0)
    line = _line(check_descriptors(table, dataset))
    assert line["spearman"] == 1.0
    assert line["reliability"] < 0
    assert not line["passed"]


def test_too_few_pairs_are_not_evaluable_and_never_pass(dataset):
    few = dict(list(RADII.items())[:4])
    line = _line(check_descriptors(_table("volume_strain", few), dataset))
    assert np.isnan(line["p_value"])
    assert not line["passed"]


def test_mixing_energy_is_held_against_single_phase_shares(dataset):
    from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES

    shares = {ion: share for ion, (share, _) in SINGLE_PHASE_SHARES[HOST]["M"].items() if ion != "Zr4+"}
    line = _line(check_descriptors(_table("mixing_energy", {ion: -s for ion, s in shares.items()}), dataset))
    assert line["spearman"] == pytest.approx(-1.0)
    assert line["passed"]
    assert line["n"] == len(shares)


def test_rank_correlation_agrees_with_scipy():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=12), rng.normal(size=12).round(0)
    expected = spearmanr(x, y, alternative="greater")
    rho, p_value = rank_correlation(x, y, 1)
    assert rho == pytest.approx(expected.statistic)
    assert p_value == pytest.approx(expected.pvalue, abs=0.03)
    assert rank_correlation(x, y, -1)[1] == pytest.approx(1 - p_value, abs=0.03)
    assert np.isnan(rank_correlation(x, np.ones(12), 1)[0])


def test_reliability_is_one_without_scatter_and_zero_for_scatter_alone():
    rows = _table("volume", RADII, spread=0.0)
    assert reliability(rows) == 1.0
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(4000, 3))
    noise = pd.DataFrame(
        {"mean": draws.mean(axis=1), "spread": draws.std(axis=1, ddof=1), "configurations": 3}
    )
    assert reliability(noise) == pytest.approx(0.0, abs=0.05)
    assert np.isnan(reliability(rows.assign(spread=np.nan)))


def test_reported_activation_energies_name_the_only_dopant(dataset):
    found = reported_activation_energies(dataset)
    assert 0.2 < found[HOST][""] < 0.6
    assert {"Sc3+", "Mg2+"} <= found[HOST].keys()
    assert "Zr4+" not in found[HOST]


def test_reported_volumes_follow_from_their_cells():
    volumes = {(cell.host, cell.ion): cell.volume for cell in REPORTED_CELLS}
    assert volumes["Na3Cr2(PO4)3", "Cr3+"] == pytest.approx(1400.0 / 6, abs=0.1)  # printed beside the cell
    assert volumes["Li3ErCl6", "Er3+"] == pytest.approx(np.sqrt(3) / 2 * 11.177**2 * 6.036 / 3)


def test_volume_errors_are_relative_to_the_reported():
    table = _table("volume", {"Cr3+": 1.03 * 1400.0 / 6}, fraction=0.0, host="Na3Cr2(PO4)3")
    assert volume_errors(table)["error_pct"].tolist() == pytest.approx([3.0], abs=0.05)
    assert volume_errors(table.iloc[:0]).empty


def test_every_check_is_of_a_declared_descriptor():
    assert {check.descriptor for check in CHECKS} <= DESCRIPTORS.keys()
