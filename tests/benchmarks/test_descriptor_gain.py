"""Computed changes reach the rows of their host and ion, in proportion to the share of the sites."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.descriptor_gain import changes_per_fraction, described, measure, shuffled
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.targets import TARGETS


def rows(*lines: tuple[str, str, float, str, float]) -> pd.DataFrame:
    return pd.DataFrame(lines, columns=["host", "ion", "fraction", "descriptor", "mean"])


CHANGES = changes_per_fraction(
    rows(
        ("Na3Zr2Si2PO12", "Zr4+", 0.0, "volume", 270.0),
        ("Na3Zr2Si2PO12", "Sc3+", 0.2, "volume", 272.0),
        ("Na3Zr2Si2PO12", "Zn2+", 0.2, "volume", 275.0),
        ("Na3Zr2Si2PO12", "Sc3+", 0.2, "volume_strain", 0.5),
        ("Na3Zr2Si2PO12", "Y3+", 0.2, "volume_strain", float("nan")),
        ("LiTi2(PO4)3", "Sc3+", 0.5, "volume_strain", 3.0),
    )
)


@pytest.fixture(scope="module")
def table(dataset: Dataset) -> TrainingTable:
    return prepare(TARGETS["conductivity_s_cm"], dataset)


def test_values_are_held_against_the_undoped_cell_and_changes_are_not():
    assert CHANGES["Na3Zr2Si2PO12", "volume", "Sc"] == pytest.approx(10.0)
    assert CHANGES["Na3Zr2Si2PO12", "volume_strain", "Sc"] == pytest.approx(2.5)
    assert ("Na3Zr2Si2PO12", "volume_strain", "Y") not in CHANGES.index


def test_a_row_gets_its_share_of_the_sites_from_its_own_host(table):
    made = described(table, CHANGES, ["volume_strain"])
    assert made.feature_names[-1] == "computed_volume_strain"
    column = pd.Series(made.X_withheld[:, -1], index=table.frame["formula"].to_numpy())
    assert column["Na3.2Zr1.8Sc0.2Si2PO12"] == pytest.approx(0.1 * 2.5)
    assert (column["Na3Zr2Si2PO12"] == 0).all()
    assert (column[table.frame["family"].to_numpy() == "li_halide"] == 0).all()
    scandium = [name for name in column.index if "Sc" in name and name.startswith("Li") and "Ti" in name]
    assert scandium
    assert column[scandium[0]].max() > 0.0
    np.testing.assert_array_equal(made.X[:, :-1], table.X)


def test_shuffled_keeps_the_values_of_a_host_and_moves_them():
    many = pd.Series(
        np.arange(20.0), pd.MultiIndex.from_product([["h"], ["d"], [f"E{number}" for number in range(20)]])
    ).rename_axis(["host", "descriptor", "element"])
    other = shuffled(many)
    assert sorted(other) == sorted(many)
    assert (other != many).mean() > 0.5
    pd.testing.assert_series_equal(other, shuffled(many))


def test_every_way_is_measured_beside_none(table):
    found = measure(table, CHANGES, "host_median", seeds=(0,), folds=2).set_index("descriptor")
    assert list(found.index) == ["none", "volume", "volume_strain", "all of them", "all of them, shuffled"]
    # A median of the host reads no features, so that nothing may change.
    assert np.ptp(found["error"]) == 0.0
    assert found["Na3Zr2Si2PO12"].notna().all()
