from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from ssepredict.data.dataset import load_dataset
from ssepredict.data.descriptors import read_lattice
from ssepredict.modeling.potential_comparison import agreement, common_checks, potential_volume_errors

HOST = "Na3Zr2Si2PO12"
RADII = {"Al3+": 0.535, "Ti4+": 0.605, "Nb5+": 0.64, "Zn2+": 0.74, "Sc3+": 0.745, "Y3+": 0.9, "La3+": 1.032}


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


@pytest.fixture(scope="module")
def lattice(dataset):
    return read_lattice(dataset.folder)


def _table(potential, descriptor, values, *, host=HOST, fraction=0.1667, unit="%"):
    return pd.DataFrame(
        [
            {"host": host, "ion": ion, "fraction": fraction, "descriptor": descriptor, "mean": value,
             "spread": 0.01, "configurations": 3, "unit": unit, "method": f"somehow; {potential}"}
            for ion, value in values.items()
        ]
    )  # fmt: skip


def test_only_what_both_computed_is_compared():
    rng = np.random.default_rng(1)
    mine = {ion: 3 * radius for ion, radius in RADII.items()}
    other = {ion: value + rng.normal(0.4, 0.6) for ion, value in mine.items() if ion != "La3+"}
    table = pd.concat(
        [
            _table("SevenNet", "volume_strain", other).iloc[::-1],
            _table("CHGNet", "volume_strain", mine),
            _table("CHGNet", "volume_strain", mine, fraction=0.3333),
            _table("CHGNet", "mixing_energy", mine),
        ]
    )
    (line,) = agreement(table).to_dict("records")
    shared = np.array([[mine[ion], other[ion]] for ion in other])
    assert (line["first"], line["second"], line["host"], line["n"]) == ("CHGNet", "SevenNet", HOST, 6)
    assert line["spearman"] == pytest.approx(spearmanr(*shared.T).statistic)
    assert line["mean_difference"] == pytest.approx((shared[:, 1] - shared[:, 0]).mean())
    assert line["scatter"] == pytest.approx((shared[:, 1] - shared[:, 0]).std(ddof=1))
    assert line["range"] == pytest.approx(np.ptp(shared[:, 0]))


def test_volumes_are_compared_between_hosts_and_strains_inside_one():
    hosts = ["LiTi2(PO4)3", "LiGe2(PO4)3", "LiZr2(PO4)3"]
    undoped = [
        _table(name, "volume", {"M": 200.0 + 10 * number + shift}, host=host, fraction=0.0, unit="Å3")
        for name, shift in (("CHGNet", 0.0), ("SevenNet", -5.0))
        for number, host in enumerate(hosts)
    ]
    doped = [_table(name, "volume", RADII) for name in ("CHGNet", "SevenNet")]
    found = agreement(pd.concat([*undoped, *doped]))
    assert found[["host", "n", "mean_difference", "unit"]].to_numpy().tolist() == [
        ["between hosts", 3, -5.0, "Å3"]
    ]


def test_fewer_than_three_compositions_and_one_potential_give_no_line():
    few = dict(list(RADII.items())[:2])
    assert agreement(pd.concat([_table(name, "volume_strain", few) for name in ("a", "b")])).empty
    assert agreement(_table("a", "volume_strain", RADII)).empty
    apart = [_table("a", "volume_strain", RADII), _table("b", "volume_strain", RADII, fraction=0.3333)]
    assert agreement(pd.concat(apart)).empty


def test_three_potentials_are_compared_two_by_two():
    table = pd.concat([_table(name, "volume_strain", RADII) for name in ("c", "a", "b")])
    assert agreement(table)[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]


def test_both_are_checked_on_the_same_compositions(dataset, lattice):
    mine = _table("CHGNet", "volume_strain", {ion: -radius for ion, radius in RADII.items()})
    other = _table("SevenNet", "volume_strain", dict(list(RADII.items())[:6]))
    (line,) = common_checks(pd.concat([mine, other]), dataset, lattice).to_dict("records")
    assert (line["n"], line["against"], line["expected"]) == (6, "Shannon radius", 1)
    assert (line["spearman_first"], line["spearman_second"]) == (-1.0, 1.0)
    assert line["p_value_second"] < 0.01 < line["p_value_first"]
    assert common_checks(mine, dataset, lattice).empty


def test_volume_errors_name_the_potential(lattice):
    reported = {"CHGNet": 1.03, "SevenNet": 1.01}
    table = pd.concat(
        [
            _table(name, "volume", {"Ti4+": 220.0 * factor}, host="LiTi2(PO4)3", fraction=0.0)
            for name, factor in reported.items()
        ]
    )
    errors = potential_volume_errors(table, lattice)
    assert set(errors["potential"]) == set(reported)
    of = errors.groupby("potential")["computed"].first()
    assert of["CHGNet"] / of["SevenNet"] == pytest.approx(1.03 / 1.01)
    assert (errors.groupby("potential").size() == len(errors) / 2).all()
