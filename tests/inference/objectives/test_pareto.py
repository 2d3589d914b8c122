from __future__ import annotations

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ssepredict.exceptions import SpaceError
from ssepredict.inference.objectives.pareto import AXES, Front, axes_of, front_flags, pareto_mask

TWO = axes_of(["conductivity_s_cm", "activation_energy_ev"])
THREE = axes_of(["conductivity_s_cm", "activation_energy_ev", "price_usd_per_kg"])
FEW_VALUES = st.sampled_from([-1.0, -0.0, 0.0, 0.5, 1.0, 2.0, np.nan, np.inf])


def _by_definition(values: np.ndarray) -> list[bool]:
    """Every pair of rows, one by one."""

    def beats(one: np.ndarray, other: np.ndarray) -> bool:
        return bool((one >= other).all() and (one > other).any())

    sound = [bool(np.isfinite(row).all()) for row in values]
    return [
        sound[i] and not any(sound[j] and beats(values[j], values[i]) for j in range(len(values)))
        for i in range(len(values))
    ]


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12), elements=FEW_VALUES))
@settings(deadline=None, max_examples=150)
def test_the_mask_is_that_of_the_definition(values):
    assert pareto_mask(values).tolist() == _by_definition(values)


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_a_front_larger_than_the_blocks_is_exact(columns):
    generator = np.random.default_rng(columns)
    values = generator.normal(size=(700, columns))
    if columns == 3:  # on a sphere nearly every row stays: several blocks of front
        values = np.abs(values) / np.linalg.norm(values, axis=1, keepdims=True)
    mask = pareto_mask(values)
    rows = np.flatnonzero(mask)
    upper = (values[:, None, :] >= values[None, :, :]).all(axis=2)
    strictly = upper & (values[:, None, :] > values[None, :, :]).any(axis=2)
    np.testing.assert_array_equal(mask, ~strictly.any(axis=0))
    assert columns != 3 or len(rows) > 512


def test_no_rows_have_no_front():
    assert pareto_mask(np.empty((0, 3))).shape == (0,)


def _random_columns(count: int, seed: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "conductivity_s_cm": 10.0 ** generator.integers(-5, -2, count).astype(float),
        "activation_energy_ev": generator.integers(2, 8, count) / 10.0,
        "price_usd_per_kg": np.where(generator.random(count) < 0.1, np.nan, generator.integers(1, 9, count)),
    }


def _front(columns: dict[str, np.ndarray], rows: np.ndarray, **options: object) -> Front:
    return Front.of(THREE, rows, {name: values[rows] for name, values in columns.items()}, **options)


@pytest.mark.parametrize("coarse", [False, True])
def test_merging_does_not_depend_on_pieces_or_their_order(coarse):
    generator = np.random.default_rng(3)
    for seed in range(20):
        columns = _random_columns(60, seed)
        if coarse:
            columns["conductivity_s_cm"] *= 10.0 ** (0.03 * generator.random(60))
        whole = _front(columns, np.arange(60), coarse=coarse)
        pieces = np.split(generator.permutation(60), np.sort(generator.integers(0, 60, 5)))
        fronts = [_front(columns, rows, coarse=coarse) for rows in pieces]
        for order in itertools.islice(itertools.permutations(fronts), 0, 720, 97):
            left = functools.reduce(Front.merge, order, Front(THREE, coarse=coarse))
            right = functools.reduce(lambda done, piece: piece.merge(done), order)
            for merged in (left, right):
                assert merged.indices.tolist() == whole.indices.tolist()
                np.testing.assert_array_equal(merged.points, whole.points)


def test_an_exact_front_is_the_mask_with_the_first_of_equals():
    columns = _random_columns(80, 11)
    oriented = np.column_stack([axis.oriented(columns[axis.name]) for axis in THREE])
    first: dict[tuple[float, ...], int] = {}
    for row in np.flatnonzero(pareto_mask(oriented)):
        first.setdefault(tuple(oriented[row]), int(row))
    assert _front(columns, np.arange(80)).indices.tolist() == sorted(first.values())


def test_a_coarse_front_keeps_one_candidate_per_box():
    columns = {"conductivity_s_cm": [1e-3, 1.001e-3, 1e-4], "activation_energy_ev": [0.3001, 0.3004, 0.2]}
    exact = Front.of(TWO, [4, 5, 6], columns)
    assert exact.indices.tolist() == [4, 5, 6]
    assert Front.of(TWO, [4, 5, 6], columns, coarse=True).indices.tolist() == [5, 6]


def test_a_front_beyond_the_cap_is_given_up_and_stays_so():
    columns = {"conductivity_s_cm": [1e-4, 1e-3, 1e-2], "activation_energy_ev": [0.2, 0.3, 0.4]}
    best = Front.of(TWO, [9], {"conductivity_s_cm": [1.0], "activation_energy_ev": [0.1]}, cap=2)
    full = Front.of(TWO, [0, 1, 2], columns, cap=2)
    for front in (full, full.merge(best), best.merge(full)):
        assert front.overflowed
        assert len(front.indices) == 0
    assert not Front.of(TWO, [0, 1, 2], columns, cap=3).overflowed


def test_fronts_of_different_kinds_do_not_merge():
    with pytest.raises(ValueError, match="fronts differ in axes, resolution or cap"):
        Front(TWO).merge(Front(THREE))
    with pytest.raises(ValueError, match="fronts differ in axes, resolution or cap"):
        Front(TWO).merge(Front(TWO, coarse=True))


def test_the_axes_turn_the_right_way():
    assert AXES["conductivity_s_cm"].oriented([1e-3]).tolist() == [-3.0]
    assert AXES["price_usd_per_kg"].oriented([100.0]).tolist() == [-2.0]
    assert not np.isfinite(AXES["ccd_ma_cm2"].oriented([0.0])).any()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["conductivity_s_cm", "price"],
            "unknown column 'price'",
        ),
        (["conductivity_s_cm"], "columns are conductivity_s_cm; expected two or more, each once"),
        (["score", "score"], "columns are score, score; expected two or more, each once"),
        ([], "columns are none; expected two or more"),
    ],
)
def test_impossible_axes_are_refused(names, message):
    with pytest.raises(SpaceError, match=message):
        axes_of(names)


def test_rows_of_a_ranking_are_marked_and_those_without_a_value_are_not():
    table = pd.DataFrame(
        {"conductivity_s_cm": [1e-3, 1e-4, 1e-2], "price_usd_per_kg": [9.0, 5.0, np.nan], "formula": "x"}
    )
    assert front_flags(table, ["conductivity_s_cm", "price_usd_per_kg"]).tolist() == [1, 1, 0]
