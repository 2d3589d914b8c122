from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st
from lightgbm import LGBMRegressor

from ssepredict.exceptions import ModelError
from ssepredict.modeling.blend import randomized_boosting
from ssepredict.modeling.fast_trees import FlatTrees

COLUMNS = 7


def table(rows: int, seed: int, missing: float = 0.15) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Columns as those of candidates: a few values each, constants, missing values, one with none known."""
    rng = np.random.default_rng(seed)
    found = rng.integers(-3, 4, size=(rows, COLUMNS)) / 4.0
    found[:, 1] = rng.normal(size=rows)
    found[:, 2] = 0.5
    found[rng.random((rows, COLUMNS)) < missing] = np.nan
    found[:, 3] = np.abs(rng.normal(size=rows))
    found[:, 6] = np.nan
    return found


def fitted(missing: float = 0.15, **changes: Any) -> LGBMRegressor:
    X = table(400, seed=0, missing=missing)
    X[:, 6] = np.random.default_rng(9).normal(size=400)
    y = np.nan_to_num(X[:, 0]) * X[:, 3] + np.sin(3.0 * np.nan_to_num(X[:, 1]))
    return randomized_boosting(0).set_params(**{"n_estimators": 40, "alpha": 0.5} | changes).fit(X, y)


@pytest.fixture(scope="module")
def trees() -> tuple[LGBMRegressor, FlatTrees]:
    model = fitted()
    return model, FlatTrees.of(model)


@settings(max_examples=40, deadline=None)
@given_any(rows=st.integers(1, 40), seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.1, 1.0]))
def test_predictions_equal_those_of_the_booster_bit_for_bit(
    trees: tuple[LGBMRegressor, FlatTrees], rows: int, seed: int, missing: float
) -> None:
    model, flat = trees
    X = table(rows, seed, missing)
    np.testing.assert_array_equal(flat.predict(X), model.booster_.predict(X))


@pytest.mark.parametrize(
    "changes",
    [{}, {"num_leaves": 90, "min_child_samples": 1}, {"extra_trees": False}, {"n_estimators": 1}],
    ids=["as released", "large trees", "exact thresholds", "one tree"],
)
@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_any_shape_of_trees_over_several_batches(changes: dict[str, Any], missing: float) -> None:
    model = fitted(missing, **changes)
    X = table(5_000, seed=3)
    np.testing.assert_array_equal(FlatTrees.of(model).predict(X), model.booster_.predict(X))


def test_values_on_a_threshold_go_left_as_in_the_booster(trees: tuple[LGBMRegressor, FlatTrees]) -> None:
    model, flat = trees
    X = flat.probe(rows=500, seed=5)
    assert np.isnan(X).any()
    np.testing.assert_array_equal(flat.predict(X), model.booster_.predict(X))


def test_trees_without_a_split_are_constants() -> None:
    X, y = np.zeros((30, 2)), np.arange(30.0)
    model = LGBMRegressor(n_estimators=3, verbose=-1).fit(X, y)
    assert FlatTrees.of(model).predict(X).tolist() == model.booster_.predict(X).tolist()


def test_no_rows(trees: tuple[LGBMRegressor, FlatTrees]) -> None:
    assert trees[1].predict(np.empty((0, COLUMNS))).shape == (0,)


def test_another_number_of_columns_is_refused(trees: tuple[LGBMRegressor, FlatTrees]) -> None:
    with pytest.raises(ValueError, match=r"X has shape \(2, 3\), expected \(n, 7\)"):
        trees[1].predict(np.zeros((2, 3)))


@pytest.mark.filterwarnings("ignore::UserWarning")  # LightGBM's remarks on parameters and categories
@pytest.mark.parametrize(
    ("changes", "given"),
    [
        ({"zero_as_missing": True}, {}),
        ({"objective": "poisson"}, {}),
        ({"linear_tree": True}, {}),
        ({"min_data_per_group": 1, "cat_smooth": 0}, {"categorical_feature": [0]}),
    ],
    ids=["zero is missing", "transformed", "linear leaves", "categories"],
)
def test_trees_that_are_read_otherwise_are_refused(changes: dict[str, Any], given: dict[str, Any]) -> None:
    X = np.abs(np.round(4.0 * table(200, seed=1, missing=0.0)[:, :2]))
    model = LGBMRegressor(n_estimators=3, min_child_samples=3, n_jobs=1, verbose=-1, **changes)
    model.fit(X, np.exp(X[:, 0] / 4.0), **given)
    with pytest.raises(ModelError, match="tree"):
        FlatTrees.of(model)
