from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssepredict.structures.doping import host_order
from ssepredict.structures.hosts import find_host
from ssepredict.structures.percolation import TOLERANCE_EV, joined_directions, percolation_levels

LIMIT = 8.0


def _region(*lines, size=6):
    region = np.zeros((size, size, size), dtype=bool)
    for line in lines:
        region[line] = True
    return region


def _landscape(seed, size=5):
    return np.random.default_rng(seed).random((size, size, size)) * 3.0


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], 0),
        ([(2, 2, 2)], 0),
        ([(slice(1, 5), 2, 2)], 0),
        ([(slice(None), 2, 2)], 1),
        ([(slice(None), 2, 2), (0, slice(None), 0)], 1),  # two lines that do not touch
        ([(slice(None), 2, 2), (3, slice(None), 2)], 2),
        ([(slice(None), 2, 2), (3, slice(None), 2), (3, 3, slice(None))], 3),
        ([(slice(None), slice(None), slice(None))], 3),
    ],
)
def test_directions_of_lines(lines, expected):
    assert joined_directions(_region(*lines)) == expected


def test_a_path_through_two_cells_before_it_meets_itself_joins_one_direction():
    """It leaves in x at one height and comes back in at another: its images two cells on are joined."""
    region = np.zeros((8, 12, 6), dtype=bool)
    region[:, 2, 2] = region[:, 7, 2] = True
    region[0, 2, 2] = region[0, 7, 2] = False
    region[0, 3:7, 2] = region[7, 3, 2] = region[7, 7:, 2] = False
    assert joined_directions(region) == 0
    region[0, 2, 2] = region[0, 7, 2] = True
    assert joined_directions(region) == 1


def test_neighbours_across_an_edge_of_the_cell_touch():
    region = _region((0, 0, slice(None)), (5, 5, slice(None)))
    alone = _region((0, 0, 0), (5, 5, 5))
    assert joined_directions(region) == 1
    assert joined_directions(alone) == 0
    region[:, 0, 0] = True
    assert joined_directions(region) == 2


def test_levels_lie_where_the_landscape_has_its_passes():
    landscape = np.full((6, 6, 6), 5.0)
    landscape[3, 3, :], landscape[3, :, 2], landscape[:, 2, 2] = 2.5, 1.5, 1.0
    landscape[2, 2, 2] = -0.5
    one, three = percolation_levels(landscape, LIMIT)
    assert one == pytest.approx(1.5, abs=TOLERANCE_EV)  # above the minimum
    assert three == pytest.approx(3.0, abs=TOLERANCE_EV)
    one, three = percolation_levels(landscape, 2.0)
    assert one == pytest.approx(1.5, abs=TOLERANCE_EV)
    assert np.isnan(three)
    assert np.isnan(percolation_levels(landscape, 1.0)).all()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), shift=st.tuples(*[st.integers(0, 4)] * 3), axes=st.permutations(range(3)))
def test_neither_origin_nor_order_of_axes_matters(seed, shift, axes):
    landscape = _landscape(seed)
    moved = np.roll(landscape, shift, axis=(0, 1, 2)).transpose(axes)
    assert percolation_levels(moved + 7.0, LIMIT) == pytest.approx(percolation_levels(landscape, LIMIT))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16))
def test_three_directions_cost_no_less_than_one_and_a_larger_cell_changes_nothing(seed):
    one, three = percolation_levels(_landscape(seed), LIMIT)
    assert 0 < one <= three
    twice = np.tile(_landscape(seed), (2, 1, 1))
    assert percolation_levels(twice, LIMIT) == pytest.approx((one, three), abs=TOLERANCE_EV)


@pytest.mark.parametrize("name", ["Li3YCl6", "NaZr2(PO4)3"])
def test_bvlain_finds_the_same_barriers_in_its_steps(name):
    host = find_host(name)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        from bvlain import Lain

        lain = Lain(verbose=False)
        lain.read_structure(host_order(host, 0).to_crystal().to_structure(), oxi_check=False)
        lain.bvse_distribution(mobile_ion=f"{host.mobile.element}1+", r_cut=10.0, resolution=0.5)
        theirs = lain.percolation_barriers(encut=LIMIT)
    ours = percolation_levels(np.asarray(lain.data, dtype=float), LIMIT)
    for level, key in zip(ours, ("E_1D", "E_3D"), strict=True):
        assert -TOLERANCE_EV <= theirs[key] - level <= LIMIT / 1024 + TOLERANCE_EV
