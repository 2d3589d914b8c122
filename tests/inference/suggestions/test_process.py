from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from ssepredict.chemistry.sites import parse_sites
from ssepredict.inference.suggestions.process import (
    LABORATORY,
    LATENT,
    NOISE,
    WIDEST,
    Residuals,
    Warp,
    improvement,
    kernel,
    temperature_correlation,
)
from ssepredict.resources import shipped_folder

FORMULAS = [
    "Na3.2Zr1.8Sc0.2Si2PO12",
    "Na3.2Zr1.8Y0.2Si2PO12",
    "Na3.4Zr1.8Zn0.2Si2PO12",
    "Na2.8Zr1.8Nb0.2Si2PO12",
    "Li3YCl6",
]


@pytest.fixture(scope="module")
def sites():
    return parse_sites(FORMULAS)


@pytest.fixture(scope="module")
def warp(predictor, sites) -> Warp:
    return Warp.of(predictor.distributions(sites)["conductivity_s_cm"])


def _residuals(predictor, formulas, scores, measured_c=25.0) -> Residuals:
    made = np.array(scores, dtype=np.float64)
    return Residuals(predictor.domain, 25.0, parse_sites(formulas), made, np.full(len(made), measured_c))


def _nothing(predictor, sites) -> Residuals:
    return Residuals(predictor.domain, 25.0, sites.take(np.zeros(0, dtype=int)), np.zeros(0), np.zeros(0))


def test_values_and_standard_scores_are_each_others_inverse(warp):
    for score in (-2.0, -1.0, 0.0, 0.3, 2.0):
        values = warp.values(np.full(len(FORMULAS), score))
        for row, value in enumerate(values):
            assert warp.scores(float(value))[row] == pytest.approx(score, abs=0.05)


def test_quantiles_are_those_of_the_calibrated_interval(warp):
    low, high = warp.distribution.interval(0.9)
    edge = float(ndtri(0.95))
    np.testing.assert_allclose(warp.values(np.full(5, edge)), np.log10(high), atol=0.05)
    np.testing.assert_allclose(warp.values(np.full(5, -edge)), np.log10(low), atol=0.05)


def test_scores_beyond_calibration_count_as_three(warp):
    assert warp.scores(3.0).tolist() == [WIDEST] * 5
    assert warp.scores(-30.0).tolist() == [-WIDEST] * 5
    np.testing.assert_array_equal(warp.values(np.full(5, 7.0)), warp.values(np.full(5, WIDEST)))


def test_without_measurements_the_chance_is_that_of_the_release(predictor, sites, warp):
    mean, sd = _nothing(predictor, sites).marginal(sites)
    assert (mean.tolist(), sd.tolist()) == ([0.0] * 5, [1.0] * 5)
    for threshold in (1e-4, 1e-3):
        _, chance = improvement(warp, mean, sd, float(np.log10(threshold)))
        expected = warp.distribution.probability_above(threshold)
        np.testing.assert_allclose(chance, np.clip(expected, 0.00135, 0.99865), atol=1e-4)


def test_expected_improvement_is_the_mean_over_the_calibrated_residuals(warp):
    """The oracle draws residuals as calibration left them, family rows counted as often as it counts them."""
    found = warp.distribution
    best = -3.0
    expected, _ = improvement(warp, np.zeros(5), np.ones(5), best)
    for row in range(5):
        residuals = found.conformal.family_residuals_[str(found.families[row])][0]
        drawn = found.center[row] + found.scale[row] * residuals
        assert expected[row] == pytest.approx(np.maximum(drawn - best, 0.0).mean(), rel=0.06, abs=2e-3)


def test_conditioning_is_that_of_a_joint_normal_distribution(predictor, sites):
    """The oracle conditions by the precision matrix of everything, written out."""
    made = ["Na3.3Zr1.7Sc0.3Si2PO12", "Na3.1Zr1.9Y0.1Si2PO12", "Na3.3Zr1.7Sc0.3Si2PO12"]
    scores = np.array([1.2, -0.7, 0.4])
    residuals = _residuals(predictor, made, scores)
    together = parse_sites([*FORMULAS, *made])
    covariance = LATENT * kernel(predictor.domain.distances_to(together, together)) + LABORATORY
    covariance += NOISE * np.eye(8)
    precision = np.linalg.inv(covariance)
    mean = -np.linalg.solve(precision[:5, :5], precision[:5, 5:] @ scores)
    expected = np.linalg.inv(precision[:5, :5])
    joint_mean, joint_covariance = residuals.joint(sites)
    np.testing.assert_allclose(joint_mean, mean, atol=1e-9)
    np.testing.assert_allclose(joint_covariance + NOISE * np.eye(5), expected, atol=1e-9)
    own_mean, own_sd = residuals.marginal(sites)
    np.testing.assert_allclose(own_mean, mean, atol=1e-9)
    np.testing.assert_allclose(own_sd, np.sqrt(np.diag(expected)), atol=1e-9)


def test_a_measured_value_pulls_its_neighbourhood_and_narrows_it(predictor):
    near, far = "Na3.2Zr1.8Sc0.2Si2PO12", "Na2.6Zr1.6Nb0.4Si2PO12"
    sites = parse_sites([near, far])
    mean, sd = _residuals(predictor, ["Na3.3Zr1.7Sc0.3Si2PO12"], [2.0]).marginal(sites)
    assert mean[0] > mean[1] > 0.0
    assert sd[0] < sd[1] < 1.0
    again, narrower = _residuals(predictor, ["Na3.3Zr1.7Sc0.3Si2PO12"] * 3, [2.0] * 3).marginal(sites)
    assert again[0] > mean[0]
    assert narrower[0] < sd[0]


def test_a_value_at_another_temperature_says_a_little_less(predictor, sites):
    mean, _ = _residuals(predictor, [FORMULAS[0]], [1.0]).marginal(sites)
    hot, _ = _residuals(predictor, [FORMULAS[0]], [1.0], measured_c=200.0).marginal(sites)
    assert 0.0 < hot[0] < mean[0]


def test_temperature_correlation_is_a_correlation():
    celsius = np.array([-20.0, 25.0, 60.0, 300.0])
    matrix = temperature_correlation(celsius, celsius)
    np.testing.assert_allclose(np.diag(matrix), 1.0)
    np.testing.assert_allclose(matrix, matrix.T)
    assert np.linalg.eigvalsh(matrix).min() > -1e-9


def test_half_of_a_papers_samples_tell_about_the_other_half(predictor):
    """The claim of the process, on the left-out predictions of the shipped release."""
    rows = pd.read_csv(shipped_folder("models") / "nasicon-halide" / "left_out.csv")
    rows = rows[(rows["target"] == "conductivity_s_cm") & (rows["scored"] == 1)]
    rows = rows[rows["temperature_c"].between(15.0, 35.0)]
    # Standard scores by rank: calibration is not what is tested here.
    error = (rows["true"] - rows["predicted"]).rank() / (len(rows) + 1)
    rows = rows.assign(score=ndtri(error))
    generator = np.random.default_rng(0)
    before, after, inside = [], [], []
    for _, paper in rows.groupby("work_id"):
        if len(paper) < 4:
            continue
        order = generator.permutation(len(paper))
        known, asked = paper.iloc[order[: len(order) // 2]], paper.iloc[order[len(order) // 2 :]]
        residuals = _residuals(predictor, known["formula"].tolist(), known["score"].to_numpy())
        mean, sd = residuals.marginal(parse_sites(asked["formula"].tolist()))
        off = asked["score"].to_numpy() - mean
        before += np.abs(asked["score"]).tolist()
        after += np.abs(off).tolist()
        inside += (np.abs(off) < 1.645 * sd).tolist()
    assert len(after) > 200
    assert np.mean(after) < 0.85 * np.mean(before)
    assert 0.85 < np.mean(inside) < 0.97
