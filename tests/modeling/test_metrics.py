"""Metrics against scikit-learn and SciPy, and in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.modeling.metrics import (
    POINT_METRICS,
    concordance_interval,
    coverage,
    enrichment,
    mean_width,
    pair_concordance,
    paired_gain,
    spearman_within,
)


@pytest.fixture
def values() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(3)
    true = generator.normal(size=200).round(1)  # rounding makes ties
    return {"true": true, "predicted": (true + generator.normal(size=200)).round(1)}


def test_point_metrics_equal_independent_ones(values):
    from scipy.stats import spearmanr
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    expected = {
        "mae": mean_absolute_error(values["true"], values["predicted"]),
        "rmse": root_mean_squared_error(values["true"], values["predicted"]),
        "r2": r2_score(values["true"], values["predicted"]),
        "spearman": spearmanr(values["true"], values["predicted"]).statistic,
    }
    got = {name: metric(**values) for name, metric in POINT_METRICS.items()}
    assert got == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("name", "best"), [("mae", 0.0), ("rmse", 0.0), ("r2", 1.0), ("spearman", 1.0)])
def test_perfect_predictions(name, best, values):
    assert POINT_METRICS[name](true=values["true"], predicted=values["true"]) == pytest.approx(best)


@pytest.mark.parametrize("name", POINT_METRICS)
def test_no_rows_give_nan(name):
    assert np.isnan(POINT_METRICS[name](true=np.zeros(0), predicted=np.zeros(0)))


def test_what_does_not_vary_has_no_correlation():
    flat, rising = np.ones(4), np.arange(4.0)
    assert np.isnan(POINT_METRICS["r2"](true=flat, predicted=rising))
    assert np.isnan(POINT_METRICS["spearman"](true=flat, predicted=rising))
    assert np.isnan(POINT_METRICS["spearman"](true=rising, predicted=flat))
    assert POINT_METRICS["r2"](true=rising, predicted=flat * 1.5) == 0.0


def test_concordance_counts_pairs_inside_a_series_only():
    true = np.array([0.0, 1.0, 2.0, 5.0, 4.0])
    predicted = np.array([0.0, 2.0, 1.0, 9.0, 9.0])
    series = ["a", "a", "a", "b", "b"]
    # a: (0,1) and (0,2) right, (1,2) wrong; b: a tied prediction is half right
    assert pair_concordance(true=true, predicted=predicted, series=series) == (2.5 / 4, 4, 2)


def test_concordance_ignores_small_differences_and_equal_items():
    values = np.array([0.0, 0.15, 1.0])
    right = {"true": values, "predicted": values}
    assert pair_concordance(**right, series=["a"] * 3) == (1.0, 2, 1)
    assert pair_concordance(**right, series=["a"] * 3, minimum_difference=0.1) == (1.0, 3, 1)
    assert pair_concordance(**right, series=["a"] * 3, items=["x", "y", "x"]) == (1.0, 1, 1)


def test_concordance_equals_every_pair_taken_one_by_one(values):
    generator = np.random.default_rng(5)
    series, items = generator.integers(0, 20, 200), generator.integers(0, 5, 200)
    right, count = 0.0, 0
    for i in range(200):
        for j in range(i):
            gap = values["true"][i] - values["true"][j]
            if series[i] == series[j] and items[i] != items[j] and abs(gap) > 0.15:
                order = (values["predicted"][i] - values["predicted"][j]) * gap
                right += 1.0 if order > 0 else 0.5 if order == 0 else 0.0
                count += 1
    got = pair_concordance(**values, series=series, items=items)
    assert got == (pytest.approx(right / count), count, 20)


def test_concordance_without_pairs_is_nan():
    share, pairs, held = pair_concordance(true=np.ones(3), predicted=np.arange(3.0), series=["a"] * 3)
    assert np.isnan(share)
    assert (pairs, held) == (0, 0)
    empty = pair_concordance(true=np.zeros(0), predicted=np.zeros(0), series=[])
    assert np.isnan(empty[0])


def test_concordance_interval_holds_the_share_and_needs_two_series(values):
    series = np.repeat(np.arange(20), 10)
    share, _, _ = pair_concordance(**values, series=series)
    low, high = concordance_interval(**values, series=series)
    assert 0.0 <= low < share < high <= 1.0
    assert (low, high) == concordance_interval(**values, series=series)
    wide = concordance_interval(**values, series=series, confidence=0.99)
    assert wide[0] < low
    assert wide[1] > high
    assert np.isnan(concordance_interval(**values, series=np.zeros(200))).all()


def test_coverage_includes_the_ends():
    low, high = np.zeros(4), np.ones(4)
    assert coverage(true=np.array([0.0, 1.0, 1.01, -0.01]), low=low, high=high) == 0.5
    assert mean_width(low=low, high=2 * high) == 2.0
    assert np.isnan(coverage(true=np.zeros(0), low=np.zeros(0), high=np.zeros(0)))
    assert np.isnan(mean_width(low=np.zeros(0), high=np.zeros(0)))


def test_gain_is_the_mean_difference_with_an_interval_around_it():
    generator = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 5)
    better = np.abs(generator.normal(size=200))
    worse = better + 0.2 + generator.normal(scale=0.3, size=40)[groups]
    gain, low, high = paired_gain(better=better, worse=worse, groups=groups)
    assert gain == pytest.approx((worse - better).mean())
    assert low < gain < high
    assert paired_gain(better=worse, worse=better, groups=groups)[0] == pytest.approx(-gain)
    assert (gain, low, high) == paired_gain(better=better, worse=worse, groups=groups)


def test_equal_models_have_no_gain():
    errors = np.arange(6.0)
    assert paired_gain(better=errors, worse=errors, groups=list("aabbcc")) == (0.0, 0.0, 0.0)


def test_rows_of_one_paper_are_drawn_together():
    """The whole difference sits between papers: drawing rows would call it more certain than it is."""
    groups = np.repeat(np.arange(10), 50)
    worse = np.random.default_rng(2).normal(size=10)[groups]
    zeros = np.zeros(500)
    by_paper = paired_gain(better=zeros, worse=worse, groups=groups)
    by_row = paired_gain(better=zeros, worse=worse, groups=np.arange(500))
    assert by_paper[2] - by_paper[1] > 4 * (by_row[2] - by_row[1])


def test_order_inside_groups_is_the_mean_over_groups():
    from scipy.stats import spearmanr

    generator = np.random.default_rng(6)
    true, predicted = generator.normal(size=60), generator.normal(size=60)
    groups = np.repeat(["a", "b", "c"], 20)
    expected = [spearmanr(true[groups == g], predicted[groups == g]).statistic for g in "abc"]
    assert spearman_within(true=true, predicted=predicted, groups=groups) == (
        pytest.approx(np.mean(expected)),
        3,
    )


def test_order_between_groups_does_not_count():
    true = np.array([0.0, 0.1, 0.2, 9.0, 9.1, 9.2])
    right_groups_wrong_order = np.array([0.2, 0.1, 0.0, 9.2, 9.1, 9.0])
    groups = list("aaabbb")
    found = spearman_within(true=true, predicted=right_groups_wrong_order, groups=groups, minimum_rows=3)
    assert found == (pytest.approx(-1.0), 2)
    constant = spearman_within(true=true, predicted=np.ones(6), groups=groups, minimum_rows=3)
    assert constant == (0.0, 2)
    none = spearman_within(true=true, predicted=true, groups=groups, minimum_rows=4)
    assert np.isnan(none[0])
    assert none[1] == 0


def test_enrichment_in_closed_form():
    true = np.arange(100.0)
    half = true.copy()
    half[[90, 91, 92, 93, 94]] = -1.0  # five of the best ten are predicted worst
    assert enrichment(true=true, predicted=true) == 10.0
    assert enrichment(true=true, predicted=half) == pytest.approx(5.0)
    assert enrichment(true=true, predicted=-true) == 0.0
    assert enrichment(true=true, predicted=true, fraction=0.5) == 2.0
    assert np.isnan(enrichment(true=true[:9], predicted=true[:9]))


def test_ties_at_the_edge_of_the_top_count_in_part():
    true = np.arange(20.0)
    tied = np.where(true >= 16, 1.0, 0.0)  # four rows share two places, the best two among them
    assert enrichment(true=true, predicted=tied) == pytest.approx(5.0)
    assert enrichment(true=np.ones(20), predicted=true) == pytest.approx(1.0)


def test_a_random_order_is_not_enriched():
    generator = np.random.default_rng(8)
    true = generator.normal(size=200)
    found = [enrichment(true=true, predicted=generator.permutation(true)) for _ in range(2000)]
    assert np.mean(found) == pytest.approx(1.0, abs=0.07)
