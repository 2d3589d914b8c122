"""The Gaussian process against its own formula, its symmetries and its promise about heat."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from ssepredict.featurizers.site import SITE_FEATURES
from ssepredict.modeling.gaussian import SCALED_GROUPS, SiteGaussianProcess, _group_of

COLUMNS = (
    "carriers",
    "vacancies",
    "amount_Sc",
    "inverse_temperature_1000_per_k",
    "contribution_bulk",
    "sinter_time_h",
)


@pytest.fixture
def rows():
    generator = np.random.default_rng(0)
    count = 60
    X = np.column_stack(
        [
            generator.uniform(2, 4, count),
            generator.uniform(0, 2, count),
            generator.choice([0.0, 0.2, 0.4], count),
            generator.choice([3.354, 2.5, 1.745], count),
            generator.integers(0, 2, count),
            generator.uniform(1, 20, count),
        ]
    )
    y = -1.0 + X[:, 0] - 2.0 * (X[:, 3] - 2.5) + 0.1 * generator.normal(size=count)
    return X, y, generator.integers(0, 12, count)


@pytest.mark.parametrize("smoothness", [0.5, 1.5])
def test_without_temperature_it_is_the_textbook_process(rows, smoothness):
    X, y, _ = rows
    columns = ("carriers", "vacancies")
    model = SiteGaussianProcess(
        columns=columns,
        contribution=0.0,
        paper=0.0,
        noise=0.3,
        level=1.0,
        site_length=0.7,
        smoothness=smoothness,
    ).fit(X[:, :2], y)
    scaled = (X[:, :2] - X[:, :2].mean(axis=0)) / X[:, :2].std(axis=0) / np.sqrt(2) / 0.7
    mean, unit = y.mean(), y.var()
    kernel = ConstantKernel(unit, "fixed") * Matern(1.0, "fixed", nu=smoothness)
    oracle = GaussianProcessRegressor(kernel, alpha=0.3 * unit, optimizer=None).fit(scaled, y - mean)
    np.testing.assert_allclose(model.predict(X[:, :2]), mean + oracle.predict(scaled), atol=1e-7)


def test_a_scale_is_a_length_divided_by_it(rows):
    X, y, _ = rows
    amounts = {"columns": ("carriers", "amount_Na"), "site_length": 0.9}
    shorter = SiteGaussianProcess(**amounts, element_length=1.0).fit(X[:, :2], y)
    scaled = SiteGaussianProcess(**amounts, element_length=3.0, scales={"constituents": 3.0})
    np.testing.assert_allclose(scaled.fit(X[:, :2], y).predict(X[:, :2]), shorter.predict(X[:, :2]))
    columns = ("carriers", "vacancies")
    shorter = SiteGaussianProcess(columns=columns, site_length=0.5).fit(X[:, :2], y)
    scaled = SiteGaussianProcess(columns=columns, site_length=1.5, scales={"carriers": 3.0})
    np.testing.assert_allclose(scaled.fit(X[:, :2], y).predict(X[:, :2]), shorter.predict(X[:, :2]))
    assert not np.allclose(
        scaled.set_params(scales={"radius": 3.0}).fit(X[:, :2], y).predict(X[:, :2]),
        shorter.predict(X[:, :2]),
    )


def test_every_feature_that_is_read_belongs_to_one_group():
    named = [feature.name for feature in SITE_FEATURES] + ["amount_Na", "amount_Sc"]
    found = {name: _group_of(name) for name in named}
    assert found["m_radius_mean"] == "radius"
    assert found["m_entropy"] == "chemistry"
    assert found["m_total"] == "carriers"
    assert found["mobile_Li"] == "framework"
    assert found["amount_Na"] == "constituents"
    assert found["amount_Sc"] == ""
    assert {group for name, group in found.items() if not name.startswith("amount_")} == set(
        SCALED_GROUPS
    ) - {"constituents"}


def test_heat_never_lowers_it(rows):
    X, y, groups = rows
    rising = SiteGaussianProcess(columns=COLUMNS).fit(X, y + 3.0 * (X[:, 0] > 3) * X[:, 3], groups=groups)
    hot, cold = X.copy(), X.copy()
    hot[:, 3], cold[:, 3] = 1.6, 3.6
    assert (rising.predict(hot) >= rising.predict(cold)).all()


def test_processing_is_not_read_and_equal_rows_count_by_weight(rows):
    X, y, groups = rows
    other = X.copy()
    other[:, 5] = np.nan
    once = SiteGaussianProcess(columns=COLUMNS).fit(X, y, groups=groups)
    twice = SiteGaussianProcess(columns=COLUMNS).fit(
        np.vstack([X, other]),
        np.tile(y, 2),
        sample_weight=np.full(2 * len(y), 0.5),
        groups=np.tile(groups, 2),
    )
    np.testing.assert_allclose(twice.predict(other), once.predict(X), atol=1e-8)


def test_a_large_paper_pulls_less_than_as_many_papers(rows):
    X, y, _ = rows
    X, y = X[:20].copy(), np.r_[np.zeros(10), np.ones(10)]
    X[:] = X[0]
    X[:, 5] = np.arange(20)
    one_paper = np.r_[np.zeros(10), np.arange(1, 11)]
    model = SiteGaussianProcess(columns=COLUMNS).fit(X, y + 1e-9 * X[:, 5], groups=one_paper)
    assert model.predict(X[:1])[0] > 0.6


def test_the_block_size_does_not_show(rows):
    X, y, groups = rows
    model = SiteGaussianProcess(columns=COLUMNS).fit(X, y, groups=groups)
    many = np.tile(X, (100, 1))
    assert (model.predict(many).reshape(100, -1) == model.predict(X)).all()


def test_an_unstated_temperature_counts_as_room_temperature(rows):
    X, y, groups = rows
    model = SiteGaussianProcess(columns=COLUMNS).fit(X, y, groups=groups)
    unstated, room = X.copy(), X.copy()
    unstated[:, 3], room[:, 3] = np.nan, 1000 / 298.15
    np.testing.assert_allclose(model.predict(unstated), model.predict(room), atol=1e-9)
