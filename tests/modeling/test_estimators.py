from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from ssepredict.modeling.estimators import (
    ESTIMATORS,
    GroupMedianRegressor,
    fill_empty_columns,
    temperature_band,
)


def frame(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["family", "host", "temperature_c"])


TRAINING = frame(
    ("f", "a", 25.0),
    ("f", "a", 25.0),
    ("f", "a", 300.0),
    ("f", "b", 25.0),
    ("g", "c", 100.0),
    ("g", "c", 100.0),
)
VALUES = [1.0, 3.0, 10.0, 6.0, 20.0, 40.0]


@pytest.mark.parametrize(
    ("row", "expected", "why"),
    [
        (("f", "a", 20.0), 2.0, "the host in this band"),
        (("f", "a", 300.0), 10.0, "the host in another band"),
        (("f", "a", 100.0), 3.0, "the host at any temperature"),
        (("f", "unknown", 25.0), 3.0, "the family in this band"),
        (("f", "unknown", 100.0), 4.5, "the family at any temperature"),
        (("unknown", "unknown", 25.0), 3.0, "every row in this band"),
        (("unknown", "unknown", -100.0), 8.0, "every row"),
        (("f", "a", np.nan), 3.0, "no temperature: the host at any"),
        (("g", "a", 100.0), 30.0, "a host counts inside its family only"),
    ],
)
def test_medians_fall_back_from_fine_to_coarse(row, expected, why):
    model = GroupMedianRegressor(("family", "host")).fit(TRAINING, VALUES)
    assert model.predict(frame(row)).tolist() == [expected], why


def test_small_groups_have_no_median_of_their_own():
    model = GroupMedianRegressor(("family", "host"), minimum_rows=2).fit(TRAINING, VALUES)
    assert model.predict(frame(("f", "b", 25.0))).tolist() == [3.0]


def test_without_keys_the_band_decides():
    model = GroupMedianRegressor().fit(TRAINING, VALUES)
    assert model.predict(TRAINING).tolist() == [3.0, 3.0, 10.0, 3.0, 30.0, 30.0]


def test_an_unfitted_median_says_so():
    with pytest.raises(NotFittedError, match="not fitted"):
        GroupMedianRegressor().predict(TRAINING)


def test_bands_hold_their_lower_edge():
    assert temperature_band([-273.0, 14.9, 15.0, 34.9, 35.0, 350.0, 1e4]).tolist() == [0, 0, 1, 1, 2, 6, 6]


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_entry_builds_and_keeps_its_seed(name):
    spec = ESTIMATORS[name]
    assert spec.name == name
    estimator = spec.build(7)
    assert clone(estimator).get_params() == estimator.get_params()
    assert estimator.get_params().get("random_state", 7) == 7


@pytest.mark.parametrize("name", [name for name, spec in ESTIMATORS.items() if spec.reads == "features"])
def test_learners_cope_with_missing_values_and_repeat_themselves(name):
    generator = np.random.default_rng(0)
    X = generator.normal(size=(120, 4))
    y = 2.0 * X[:, 0] + 0.1 * generator.normal(size=120)
    X[generator.random(X.shape) < 0.1] = np.nan
    X[:, 3] = np.nan  # a condition that nobody states
    spec = ESTIMATORS[name]
    columns = (
        {"columns": ("carriers", "vacancies", "m_radius_mean", "sinter_time_h")} if spec.by_paper else {}
    )
    first, second = (
        spec.build(1).set_params(**columns).fit(fill_empty_columns(X), y).predict(X) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert np.abs(y - first).mean() < 0.6 * np.abs(y - np.median(y)).mean()


def test_only_empty_columns_are_filled():
    X = np.array([[np.nan, 1.0, np.nan], [np.nan, np.nan, 2.0]])
    np.testing.assert_array_equal(fill_empty_columns(X), [[0.0, 1.0, np.nan], [0.0, np.nan, 2.0]])
    assert np.isnan(X[0, 0])
