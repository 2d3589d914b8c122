from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from ssepredict.data.dataset import load_dataset
from ssepredict.data.descriptors import read_lattice
from ssepredict.modeling.descriptor_checks import (
    CHECKS,
    check_descriptors,
    rank_correlation,
    reliability,
    reported_activation_energies,
    used_descriptors,
)
from ssepredict.structures.descriptors import DESCRIPTORS

HOST = "Na3Zr2Si2PO12"
RADII = {"Al3+": 0.535, "Ti4+": 0.605, "Nb5+": 0.64, "Zn2+": 0.74, "Sc3+": 0.745, "Y3+": 0.9, "La3+": 1.032}


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


@pytest.fixture(scope="module")
def lattice(dataset):
    return read_lattice(dataset.folder)


def _table(descriptor, values, *, spread=0.01, fraction=0.1667, host=HOST, potential="CHGNet"):
    return pd.DataFrame(
        [
            {"host": host, "ion": ion, "fraction": fraction, "descriptor": descriptor, "mean": value,
             "spread": spread, "configurations": 3, "method": f"somehow; {potential}"}
            for ion, value in values.items()
        ]
    )  # fmt: skip


def _line(checks, against=""):
    (line,) = checks[(checks["host"] == HOST) & checks["against"].str.contains(against)].to_dict("records")
    return line


def test_a_descriptor_that_follows_the_radius_passes_and_is_used(dataset, lattice):
    table = _table("volume_strain", {ion: 3 * radius for ion, radius in RADII.items()})
    checks = check_descriptors(table, dataset, lattice)
    line = _line(checks)
    assert (line["n"], line["spearman"], line["passed"]) == (7, 1.0, True)
    assert line["p_value"] < 0.01
    assert used_descriptors(checks) == {"CHGNet": {HOST: ("volume_strain",)}}


def test_every_potential_is_checked_for_itself(dataset, lattice):
    right = _table("volume_strain", RADII)
    wrong = _table("volume_strain", {ion: -radius for ion, radius in RADII.items()}, potential="SevenNet")
    checks = check_descriptors(pd.concat([right, wrong]), dataset, lattice)
    assert dict(zip(checks["potential"], checks["spearman"], strict=True)) == {
        "CHGNet": 1.0,
        "SevenNet": -1.0,
    }
    assert (checks["n"] == len(RADII)).all()
    assert used_descriptors(checks) == {"CHGNet": {HOST: ("volume_strain",)}}
    pd.testing.assert_frame_equal(checks.iloc[:1], check_descriptors(right, dataset, lattice))


def test_one_that_runs_against_physics_fails(dataset, lattice):
    table = _table("volume_strain", {ion: -radius for ion, radius in RADII.items()})
    checks = check_descriptors(table, dataset, lattice)
    assert _line(checks)["spearman"] == -1.0
    assert not _line(checks)["passed"]
    assert used_descriptors(checks) == {}


def test_one_whose_configurations_disagree_fails(dataset, lattice):
    table = _table("volume_strain", RADII, spread=1.0)
    line = _line(check_descriptors(table, dataset, lattice))
    assert line["spearman"] == 1.0
    assert line["reliability"] < 0
    assert not line["passed"]


def test_too_few_pairs_are_not_evaluable_and_never_pass(dataset, lattice):
    few = dict(list(RADII.items())[:4])
    line = _line(check_descriptors(_table("volume_strain", few), dataset, lattice))
    assert np.isnan(line["p_value"])
    assert not line["passed"]


def test_mixing_energy_is_held_against_single_phase_shares(dataset, lattice):
    from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES

    shares = {ion: share for ion, (share, _) in SINGLE_PHASE_SHARES[HOST]["M"].items() if ion != "Zr4+"}
    table = _table("mixing_energy", {ion: -share for ion, share in shares.items()})
    checks = check_descriptors(table, dataset, lattice)
    line = _line(checks, "share")
    assert line["spearman"] == pytest.approx(-1.0)
    assert line["passed"]
    assert line["n"] == len(shares)
    assert used_descriptors(checks) == {}  # La3+, which forms monazite, would mix best


def test_a_descriptor_that_passes_both_of_its_checks_is_used(dataset, lattice):
    energies = {"Al3+": 0.2, "Ga3+": 0.21, "Sc3+": 0.05, "Hf4+": 0.01, "In3+": 0.12, "Y3+": 0.15, "La3+": 0.9}
    table = _table("mixing_energy", energies | {"Nd3+": 0.95, "Ti4+": 0.1})
    checks = check_descriptors(table, dataset, lattice)
    assert _line(checks, "monazite")["passed"]
    assert _line(checks, "share")["passed"]
    assert used_descriptors(checks) == {"CHGNet": {HOST: ("mixing_energy",)}}


def test_unknown_reliability_is_never_a_pass(dataset, lattice):
    table = _table("volume_strain", RADII, spread=float("nan"))
    line = _line(check_descriptors(table, dataset, lattice))
    assert line["p_value"] < 0.01
    assert np.isnan(line["reliability"])
    assert not line["passed"]


def test_reported_volumes_of_doped_compositions_are_found(dataset, lattice):
    grown = {"Al3+": 0.3, "Cr3+": -1.5, "Ga3+": 0.1, "In3+": 1.0, "Sc3+": 1.2, "Y3+": 2.4, "Yb3+": 2.6}
    table = _table("volume_strain", grown, fraction=0.25, host="NaZr2(PO4)3")
    table = pd.concat([table, table.assign(descriptor="volume")])  # the cells are found by the volumes' rows
    checks = check_descriptors(table, dataset, lattice)
    inside = checks["against"].eq("reported volume") & checks["host"].ne("between hosts")
    (line,) = checks[inside].to_dict("records")
    assert (line["host"], line["n"], line["passed"]) == ("NaZr2(PO4)3", 7, True)


def test_hosts_are_compared_without_end_members(dataset, lattice):
    energies = reported_activation_energies(dataset)
    hosts = ["Na3Zr2Si2PO12", "LiTi2(PO4)3", "LiGe2(PO4)3", "LiZr2(PO4)3", "Li3YCl6", "NaZr2(PO4)3"]
    undoped = [_table("barrier_1d", {"M": energies[h][""]}, fraction=0.0, host=h) for h in hosts]
    ends = _table("barrier_1d", {"Al3+": 9.0, "Y3+": 0.0}, fraction=1.0, host="NaZr2(PO4)3")
    checks = check_descriptors(pd.concat([*undoped, ends]), dataset, lattice)
    (line,) = checks[checks["host"] == "between hosts"].to_dict("records")
    assert (line["n"], line["spearman"], line["passed"]) == (6, 1.0, True)


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


def test_every_check_is_of_a_declared_descriptor():
    assert {check.descriptor for check in CHECKS} <= DESCRIPTORS.keys()
