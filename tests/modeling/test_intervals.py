"""Intervals hold what they promise on groups that neither the model nor the calibration has seen."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.neighbors import KNeighborsRegressor

from ssepredict.modeling.intervals import GroupConformal

CONFIDENCES = (0.5, 0.8, 0.9, 0.95)


def literature(generator: np.random.Generator, papers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of papers of very different size, with an effect of the paper and noise that grows with x."""
    sizes = np.minimum(generator.geometric(0.25, size=papers), 25)
    groups = np.repeat(np.arange(papers), sizes)
    X = generator.normal(size=(len(groups), 3)) + generator.normal(size=(papers, 3))[groups]
    paper_effect = generator.normal(scale=0.6, size=papers)[groups]
    noise = generator.normal(size=len(groups)) * np.exp(0.4 * X[:, 1])
    return X, X[:, 0] + paper_effect + 0.5 * noise, groups


def calibrated(seed: int, papers: int = 120, **parameters: object) -> tuple[GroupConformal, LinearRegression]:
    X, y, groups = literature(np.random.default_rng(seed), papers)
    left_out = cross_val_predict(LinearRegression(), X, y, groups=groups, cv=GroupKFold(10))
    return GroupConformal(seed=seed, **parameters).fit(X, y, left_out, groups), LinearRegression().fit(X, y)


@pytest.mark.parametrize("parameters", [{}, {"n_bins": 3}, {"n_bins": 3, "learn_scale": False}])
def test_ninety_percent_means_ninety_percent_on_unseen_papers(parameters):
    covered, low_bin = [], []
    for seed in range(12):
        conformal, model = calibrated(seed, **parameters)
        X, y, _ = literature(np.random.default_rng(10_000 + seed), 400)
        center = model.predict(X)
        low, high = conformal.interval(center, conformal.scale(X), 0.9)
        inside = (y >= low) & (y <= high)
        covered.append(inside.mean())
        low_bin.append(inside[center < np.quantile(center, 1 / 3)].mean())
    assert 0.87 <= np.mean(covered) <= 0.93
    assert 0.86 <= np.mean(low_bin) <= 0.94


DATASETS, PAPERS, NEW_PAPERS = 20, 100, 200


def papers_apart(generator: np.random.Generator, papers: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows that lie near those of their own paper: a model can learn the effect of a paper by heart."""
    sizes = 1 + generator.integers(0, 9, size=papers)
    groups = np.repeat(np.arange(papers), sizes)
    X = generator.normal(size=(papers, 3))[groups] + 0.05 * generator.normal(size=(len(groups), 3))
    noise = generator.normal(size=len(groups)) * 0.4 * np.exp(0.5 * X[:, 1])
    return X, X[:, 0] + generator.normal(scale=0.7, size=papers)[groups] + noise, groups


def coverage_on_new_papers(folds: GroupKFold | KFold, confidences: tuple[float, ...]) -> list[float]:
    """Share of covered rows, one row of every new paper, over many simulated literatures."""
    covered: dict[float, list[float]] = {confidence: [] for confidence in confidences}
    for seed in range(DATASETS):
        generator = np.random.default_rng([2024, seed])
        X, y, groups = papers_apart(generator, PAPERS)
        model = KNeighborsRegressor(4)
        by = groups if isinstance(folds, GroupKFold) else None
        left_out = cross_val_predict(model, X, y, groups=by, cv=folds)
        by = np.arange(len(y)) if by is None else by
        conformal = GroupConformal(seed=seed).fit(X, y, left_out, by, difficulty=left_out[:, None])
        new, true, of = papers_apart(generator, NEW_PAPERS)
        first = np.unique(of, return_index=True)[1]
        center = model.fit(X, y).predict(new[first])
        scale = conformal.scale(new[first], center[:, None])
        for confidence in confidences:
            low, high = conformal.interval(center, scale, confidence)
            covered[confidence].append(float(((true[first] >= low) & (true[first] <= high)).mean()))
    return [float(np.mean(shares)) for shares in covered.values()]


def tolerance(confidence: float) -> float:
    """Four standard errors: of the rows judged and, since papers are what repeats, of those calibrated on."""
    variance = confidence * (1 - confidence) * (1 / NEW_PAPERS + 1 / PAPERS) / DATASETS
    return 4 * float(np.sqrt(variance))


@pytest.mark.slow
def test_the_promise_is_kept_over_many_literatures_and_broken_by_random_folds():
    confidences = (0.8, 0.9)
    kept = coverage_on_new_papers(GroupKFold(20), confidences)
    broken = coverage_on_new_papers(KFold(20, shuffle=True, random_state=0), confidences)
    for confidence, by_paper, at_random in zip(confidences, kept, broken, strict=True):
        assert abs(by_paper - confidence) <= tolerance(confidence)
        assert at_random < confidence - 2 * tolerance(confidence)


def two_families(generator: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Residuals of families of which one is off to one side."""
    families = np.where(np.arange(rows) % 4 == 0, "halide", "nasicon")
    return generator.normal(size=rows) + np.where(families == "halide", 2.0, 0.0), families


def test_a_family_corrects_its_own_quantiles_and_an_unknown_one_has_those_of_all():
    residuals, families = two_families(np.random.default_rng(5), 400)
    zeros = np.zeros(400)
    conformal = GroupConformal(learn_scale=False).fit(
        np.zeros((400, 1)), residuals, zeros, np.arange(400), families=families
    )
    asked = np.array(["halide", "nasicon", "garnet"])
    low, high = conformal.interval(np.zeros(3), np.ones(3), 0.9, asked)
    assert low[0] > low[2] > low[1] - 1e-12
    assert high[0] >= high[2] >= high[1]
    pooled = conformal.interval(np.zeros(1), np.ones(1), 0.9)
    assert (low[2], high[2]) == (pooled[0][0], pooled[1][0])
    below = conformal.cumulative(np.zeros(3), np.ones(3), 1.0, asked)
    assert below[0] < below[2] < below[1]
    true = np.full(3, 2.0)
    scores = conformal.crps(true, np.zeros(3), np.ones(3), asked)
    assert scores[0] < scores[2] < scores[1]


def test_a_family_alone_has_the_quantiles_of_its_residuals_once():
    residuals = np.arange(1.0, 100.0)
    pooled, alone = (
        GroupConformal(learn_scale=False, own_weight=weight).fit(
            np.zeros((99, 1)), residuals, np.zeros(99), np.arange(99), families=np.full(99, "a")
        )
        for weight in (1, 5)
    )
    asked = np.array(["a"])
    for confidence in CONFIDENCES:
        expected = pooled.interval(np.zeros(1), np.ones(1), confidence, asked)
        found = alone.interval(np.zeros(1), np.ones(1), confidence, asked)
        np.testing.assert_array_equal(found, expected)


def test_difficulty_widens_intervals_where_the_features_say_nothing():
    generator = np.random.default_rng(8)
    X, hard = generator.normal(size=(600, 2)), generator.uniform(0.2, 3.0, size=(600, 1))
    y = generator.normal(size=600) * hard[:, 0]
    conformal = GroupConformal().fit(X, y, np.zeros(600), np.arange(600), difficulty=hard)
    easy, difficult = conformal.scale(np.zeros((2, 2)), np.array([[0.3], [2.8]]))
    assert difficult > 2 * easy
    with pytest.raises(ValueError, match="difficulty has 0 columns, expected 1"):
        conformal.scale(X)


@pytest.fixture(scope="module")
def fitted() -> tuple[GroupConformal, np.ndarray, np.ndarray]:
    conformal, model = calibrated(0)
    X, _, _ = literature(np.random.default_rng(99), 60)
    return conformal, model.predict(X), conformal.scale(X)


def test_a_learned_scale_is_wider_where_the_noise_is(fitted):
    conformal = fitted[0]
    X = np.zeros((2, 3))
    X[:, 1] = [-1.5, 1.5]
    quiet, loud = conformal.scale(X)
    assert 0 < quiet < loud
    assert conformal.scale_range_[0] <= quiet
    assert loud <= conformal.scale_range_[1]


def test_a_large_paper_counts_for_more_than_one_and_less_than_its_rows():
    groups = np.r_[np.zeros(60), np.arange(1, 61)]
    residuals = np.r_[np.full(60, 4.0), np.ones(60)] * np.resize([1.0, -1.0], 120)
    X = np.zeros((120, 1))
    scale = GroupConformal().fit(X, residuals, np.zeros(120), groups).scale(X)[0]
    by_row, by_paper = (
        np.exp(np.average(np.log(np.abs(residuals) + 0.25 * 2.5), weights=weights))
        for weights in (np.ones(120), np.r_[np.full(60, 1 / 60), np.ones(60)])
    )
    assert 1.02 * by_paper < scale < 0.9 * by_row


def test_intervals_are_nested_with_confidence(fitted):
    conformal, center, scale = fitted
    ends = [conformal.interval(center, scale, confidence) for confidence in CONFIDENCES]
    for (low, high), (wider_low, wider_high) in itertools.pairwise(ends):
        assert (wider_low <= low).all()
        assert (low < high).all()
        assert (high <= wider_high).all()


def test_cumulative_rises_and_never_reaches_its_ends(fitted):
    conformal, center, scale = fitted
    grid = np.linspace(-50.0, 50.0, 101)
    levels = np.array([conformal.cumulative(center, scale, threshold) for threshold in grid])
    assert (np.diff(levels, axis=0) >= 0).all()
    assert levels.min() > 0.0
    assert levels.max() < 1.0
    assert (levels[-1] > 0.9).all()
    assert (levels[0] < 0.1).all()


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_cumulative_agrees_with_the_interval(fitted, confidence):
    conformal, center, scale = fitted
    low, high = conformal.interval(center, scale, confidence)
    bins = np.digitize(center, conformal.edges_)
    tail = (1 - confidence) / 2
    for row in range(0, len(center), 7):
        one = slice(row, row + 1)
        step = 1 / (len(conformal.residuals_[bins[row]]) + 1)
        below_low = conformal.cumulative(center[one], scale[one], low[row])[0]
        below_high = conformal.cumulative(center[one], scale[one], high[row])[0]
        assert tail - step <= below_low <= tail + 1e-9
        assert 1 - tail - 1e-9 <= below_high <= 1 - tail + step


def test_without_a_scale_and_categories_the_quantiles_are_those_of_the_residuals():
    residuals = np.arange(1.0, 100.0)  # 99 of them: level k / 100 is residual k
    conformal = GroupConformal(n_bins=1, learn_scale=False).fit(
        np.zeros((99, 1)), residuals, np.zeros(99), np.arange(99)
    )
    low, high = conformal.interval(np.array([1000.0]), np.ones(1), 0.5)
    assert (low[0], high[0]) == (1025.0, 1075.0)
    assert conformal.cumulative(np.array([1000.0]), np.ones(1), 1030.0)[0] == pytest.approx(0.3)
    assert conformal.scale(np.zeros((4, 1))).tolist() == [1.0] * 4


@pytest.mark.parametrize(
    "predicted",
    [
        np.zeros(30),
        np.repeat([0.0, 1.0], [3, 27]),
        np.repeat([0.0, 1.0, 2.0, 3.0], [20, 1, 1, 8]),
        np.arange(30.0),
    ],
    ids=["constant", "two values", "unequal", "all different"],
)
def test_repeated_predictions_leave_no_category_empty(predicted):
    y = predicted + np.random.default_rng(0).normal(size=30)
    conformal = GroupConformal(n_bins=3, learn_scale=False)
    conformal.fit(np.zeros((30, 1)), y, predicted, np.arange(30))
    assert min(len(residuals) for residuals in conformal.residuals_) > 0
    low, high = conformal.interval(np.array([-9.0, 0.0, 1.0, 99.0]), np.ones(4), 0.9)
    assert np.isfinite(low).all()
    assert (low < high).all()


def test_calibration_repeats_itself_for_a_seed():
    X = np.random.default_rng(4).normal(size=(50, 3))
    first, second = (calibrated(1)[0] for _ in range(2))
    np.testing.assert_array_equal(first.scale(X), second.scale(X))
    for one, other in zip(first.residuals_, second.residuals_, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_cannot_be_calibrated_is_refused():
    X, groups = np.zeros((5, 1)), np.arange(5)
    with pytest.raises(ValueError, match="5 rows for 3 categories; expected more, all finite"):
        GroupConformal(n_bins=3).fit(X, np.zeros(5), np.zeros(5), groups)
    with pytest.raises(ValueError, match="all finite"):
        GroupConformal(n_bins=1).fit(X, np.zeros(5), np.full(5, np.nan), groups)
    with pytest.raises(NotFittedError, match="not fitted"):
        GroupConformal().scale(X)
