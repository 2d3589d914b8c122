"""The wide group holds the narrow one, and no host stands in two groups."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ssepredict.chemistry.host_groups import HOST_GROUPS, WIDTHS
from ssepredict.chemistry.hosts import hosts_of
from ssepredict.chemistry.sites import parse_sites


@pytest.mark.parametrize("name", HOST_GROUPS)
def test_wide_holds_narrow(name):
    group = HOST_GROUPS[name]
    assert group.holds(group.hosts, "narrow").all()
    assert group.holds(group.hosts, "wide").all()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_host_in_two_groups(dataset, width):
    hosts = np.unique(dataset.samples["host"].to_numpy(dtype=str))
    for left, right in itertools.combinations(HOST_GROUPS.values(), 2):
        assert not (left.holds(hosts, width) & right.holds(hosts, width)).any()


@pytest.mark.parametrize(
    ("formula", "name"),
    [
        ("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Na3Zr2Si2PO12"),
        ("Na1.2Zr2Si0.2P2.8O12", "Na3Zr2Si2PO12"),
        ("Na3Hf2Si2PO12", "Na3Zr2Si2PO12"),
        ("Li1.3Al0.3Ti1.7(PO4)3", "LiTi2(PO4)3 and LiGe2(PO4)3"),
        ("Li1.2Ca0.1Zr1.9(PO4)3", "LiTi2(PO4)3 and LiGe2(PO4)3"),
        ("Li2.1Hf0.9In0.1Cl6", "Li2ZrCl6"),
        ("Li2.5Y0.6Zr0.4Cl6", "Li3MX6"),
        ("Li3ErI6", "Li3MX6"),
        ("Na3Sc2(PO4)3", ""),
        ("NaTi2(PO4)3", ""),
        ("Na3YCl6", ""),
        ("Li2MgCl4", ""),
    ],
)
def test_kind_of_a_composition(formula, name):
    hosts = hosts_of(parse_sites([formula]))
    assert [group.name for group in HOST_GROUPS.values() if group.holds(hosts, "wide").all()] == (
        [name] if name else []
    )


def test_empty():
    assert HOST_GROUPS["Li2ZrCl6"].holds(np.array([], dtype=str), "wide").tolist() == []
