"""Metrics of distributions in closed form, by quadrature and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.modeling.probabilistic import brier, crps_of_sample, reliability


def crps_by_quadrature(true: float, members: np.ndarray) -> float:
    """Integral of the squared difference of the distribution functions, exact on their steps."""
    edges = np.sort(np.append(members, true))
    below = np.searchsorted(np.sort(members), edges[:-1], side="right") / len(members)
    return float((np.diff(edges) * (below - (edges[:-1] >= true)) ** 2).sum())


def test_crps_equals_the_integral_of_its_definition():
    generator = np.random.default_rng(4)
    residuals = np.sort(generator.normal(size=37))
    true, center = generator.normal(size=50) * 3, generator.normal(size=50)
    scale = generator.uniform(0.3, 2.0, size=50)
    expected = [
        crps_by_quadrature(value, at + size * residuals)
        for value, at, size in zip(true, center, scale, strict=True)
    ]
    found = crps_of_sample(true=true, center=center, scale=scale, residuals=residuals)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_crps_of_a_normal_distribution_has_a_closed_form():
    """At its centre: sigma times (sqrt(2) - 1) / sqrt(pi) (Gneiting and Raftery 2007, section 4.2)."""
    from scipy.stats import norm

    quantiles = norm.ppf((np.arange(20000) + 0.5) / 20000)
    found = crps_of_sample(true=np.zeros(1), center=np.zeros(1), scale=np.full(1, 2.0), residuals=quantiles)
    assert found[0] == pytest.approx(2.0 * (np.sqrt(2.0) - 1.0) / np.sqrt(np.pi), rel=1e-3)


def test_crps_of_a_point_is_the_absolute_error():
    true = np.array([-1.0, 0.5, 4.0])
    found = crps_of_sample(true=true, center=np.ones(3), scale=np.ones(3), residuals=np.zeros(1))
    np.testing.assert_allclose(found, np.abs(true - 1.0))


def test_brier_equals_scikit_learn():
    from sklearn.metrics import brier_score_loss

    generator = np.random.default_rng(0)
    probability = generator.uniform(size=300)
    happened = generator.uniform(size=300) < probability**2
    assert brier(happened=happened, probability=probability) == pytest.approx(
        brier_score_loss(happened, probability)
    )
    assert np.isnan(brier(happened=np.zeros(0, bool), probability=np.zeros(0)))


def test_reliability_equals_scikit_learn():
    from sklearn.calibration import calibration_curve

    generator = np.random.default_rng(1)
    probability = generator.uniform(size=500)
    happened = generator.uniform(size=500) < probability
    found = reliability(happened=happened, probability=probability)
    observed, predicted = calibration_curve(happened, probability, n_bins=10)
    np.testing.assert_allclose(found["observed"], observed)
    np.testing.assert_allclose(found["predicted"], predicted)
    assert found["rows"].sum() == 500
    assert ((found["low"] <= found["predicted"]) & (found["predicted"] <= found["high"])).all()


def test_certainty_is_in_the_last_bin_and_empty_bins_are_left_out():
    found = reliability(happened=np.array([True, False]), probability=np.array([1.0, 0.0]))
    assert found["low"].tolist() == pytest.approx([0.0, 0.9])
    assert found["observed"].tolist() == [0.0, 1.0]
    assert reliability(happened=np.zeros(0, bool), probability=np.zeros(0)).empty
