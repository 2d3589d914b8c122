from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import norm

from ssepredict.inference.suggestions.batch import choose_by_improvement, choose_by_thompson, joint_draws


def _free(size: int, **other: object) -> dict[str, object]:
    plain = {"worth": np.ones(size), "similarity": np.eye(size), "diversity": 0.0, "reserve": np.zeros(size)}
    return plain | other


def test_draws_have_the_mean_and_covariance_that_were_asked_for():
    mean = np.array([1.0, -2.0, 0.5])
    root = np.array([[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 0.3, 0.2]])
    drawn = joint_draws(mean, root @ root.T, seed=3, draws=40_000)
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=1e-9)
    np.testing.assert_allclose(np.cov(drawn.T), root @ root.T, atol=0.03)
    np.testing.assert_array_equal(drawn, joint_draws(mean, root @ root.T, seed=3, draws=40_000))
    assert not np.array_equal(drawn, joint_draws(mean, root @ root.T, seed=4, draws=40_000))


def test_the_first_gain_is_the_closed_form():
    mean, sd, best = np.array([0.1, -0.2, -0.5]), np.array([0.3, 0.6, 0.4]), 0.2
    values = joint_draws(mean, np.diag(sd**2), seed=0, draws=200_000)
    z = (mean - best) / sd
    expected = (mean - best) * norm.cdf(z) + sd * norm.pdf(z)
    chosen = choose_by_improvement(values, best, 1, **_free(3))
    assert chosen.rows.tolist() == [int(expected.argmax())]
    assert chosen.gain[0] == pytest.approx(expected.max(), rel=0.01)


def test_each_step_adds_most_to_the_batch_so_far():
    """The oracle tries every addition on the same draws."""
    generator = np.random.default_rng(1)
    root = generator.standard_normal((12, 12)) / 3.0
    values = joint_draws(generator.normal(size=12), root @ root.T, seed=1, draws=4000)

    def joint(rows: list[int]) -> float:
        return float(np.maximum(values[:, rows].max(axis=1) - 0.5, 0.0).mean())

    chosen = choose_by_improvement(values, 0.5, 4, **_free(12))
    rows: list[int] = []
    for row, gain in zip(chosen.rows.tolist(), chosen.gain, strict=True):
        others = [joint([*rows, other]) for other in range(12)]
        assert joint([*rows, row]) == pytest.approx(max(others), abs=1e-12)
        before = joint(rows) if rows else 0.0
        assert gain == pytest.approx(joint([*rows, row]) - before, abs=1e-12)
        rows.append(row)
    # Greedy is within (1 - 1/e) of the best of all batches; here it is far nearer.
    best = max(joint(list(rows)) for rows in itertools.combinations(range(12), 4))
    assert joint(rows) > 0.97 * best


def test_a_twin_is_not_chosen_beside_its_twin():
    covariance = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.5]])
    values = joint_draws(np.array([0.5, 0.49, 0.0]), covariance, seed=0)
    assert choose_by_improvement(values, 0.0, 2, **_free(3)).rows.tolist() == [0, 2]


def test_diversity_counts_likeness_and_worth_counts_everything_else():
    values = joint_draws(np.array([0.5, 0.45, 0.0]), 0.25 * np.eye(3), seed=0)
    alike = np.array([[1.0, 0.95, 0.1], [0.95, 1.0, 0.1], [0.1, 0.1, 1.0]])
    assert choose_by_improvement(values, 0.0, 2, **_free(3)).rows.tolist() == [0, 1]
    chosen = choose_by_improvement(values, 0.0, 2, **_free(3, similarity=alike, diversity=1.0))
    assert chosen.rows.tolist() == [0, 2]
    np.testing.assert_allclose(chosen.diversity, [1.0, 0.9])
    worth = np.array([0.1, 1.0, 1.0])
    assert choose_by_improvement(values, 0.0, 1, **_free(3, worth=worth)).rows.tolist() == [1]


def test_where_nothing_is_to_gain_the_reserve_decides_then_the_position():
    values = np.full((8, 4), -9.0)
    reserve = np.array([0.0, 2.0, 2.0, 1.0])
    chosen = choose_by_improvement(values, 0.0, 4, **_free(4, reserve=reserve))
    assert chosen.rows.tolist() == [1, 2, 3, 0]
    assert chosen.gain.tolist() == [0.0] * 4


def test_a_batch_is_never_larger_than_the_pool_and_never_repeats():
    values = joint_draws(np.zeros(3), np.eye(3), seed=0)
    assert sorted(choose_by_improvement(values, 0.0, 9, **_free(3)).rows.tolist()) == [0, 1, 2]
    options = _free(3)
    del options["reserve"]
    assert sorted(choose_by_thompson(values, values, 0.0, 9, **options).rows.tolist()) == [0, 1, 2]


def test_thompson_chooses_a_candidate_as_often_as_it_is_the_best():
    mean, sd = np.array([0.0, 0.3]), np.array([1.0, 0.5])
    expected = norm.cdf((mean[0] - mean[1]) / np.hypot(*sd))
    options = _free(2)
    del options["reserve"]
    first = [
        choose_by_thompson(drawn, drawn, 0.0, 1, **options).rows[0]
        for drawn in (joint_draws(mean, np.diag(sd**2), seed, draws=2) for seed in range(2000))
    ]
    assert np.mean(np.array(first) == 0) == pytest.approx(expected, abs=0.035)


def test_worth_and_likeness_lower_the_conductivity_in_thompson_sampling():
    drawn = np.array([[0.0, -0.5, -0.9], [0.0, -0.1, -0.4]])
    alike = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    options = {"worth": np.ones(3), "similarity": alike, "diversity": 1.0}
    assert choose_by_thompson(drawn, drawn, 0.0, 2, **options).rows.tolist() == [0, 2]
    options["worth"] = np.array([0.1, 1.0, 1.0])  # a decade less
    assert choose_by_thompson(drawn, drawn, 0.0, 1, **options).rows.tolist() == [1]
