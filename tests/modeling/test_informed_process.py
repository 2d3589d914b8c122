"""A mean from transport theory: slopes come from inside papers, and only where a kind applies."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from ssepredict.modeling.informed_process import KINDS, PHYSICAL_TERMS, InformedProcess

TEMPERATURE = "inverse_temperature_1000_per_k"
COLUMNS = (*PHYSICAL_TERMS, *dict.fromkeys(name for kind in KINDS for name in kind), TEMPERATURE)
FLAT = {"level": 1e-6, "slope": 1e-6, "contribution": 1e-6, "paper": 1.0, "noise": 0.1}
"""A process that can learn next to nothing but the level of a paper."""


def rows(carriers: np.ndarray, mobile: str, framework: str = "framework_nasicon") -> np.ndarray:
    named = dict.fromkeys(COLUMNS, 0.0) | {framework: 1.0, mobile: 1.0, TEMPERATURE: 1000.0 / 298.15}
    matrix = np.tile([named[name] for name in COLUMNS], (len(carriers), 1))
    matrix[:, COLUMNS.index("carriers")] = carriers
    return matrix


@pytest.fixture
def papers() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three papers in which more sodium helps, though papers with more sodium lie lower altogether."""
    carriers = np.concatenate([start + np.linspace(0.0, 0.4, 9) for start in (3.0, 3.2, 3.4)])
    group = np.repeat([0, 1, 2], 9)
    values = -4.0 + 2.0 * carriers - 3.0 * group
    return rows(carriers, "mobile_Na"), values, group


def test_slopes_follow_papers_from_inside_not_their_levels(papers):
    X, y, group = papers
    fitted = InformedProcess(COLUMNS, FLAT, ridge=1e-6).fit(X, y, groups=group)
    low, high = fitted.predict(rows(np.array([3.1, 3.6]), "mobile_Na"))
    assert high - low == pytest.approx(1.0, rel=0.02)


def test_a_kind_without_rows_has_no_slope(papers):
    X, y, group = papers
    fitted = InformedProcess(COLUMNS, FLAT).fit(X, y, groups=group)
    for mobile, framework in (
        ("mobile_Li", "framework_nasicon"),
        ("mobile_Na", "framework_close_packed_halide"),
    ):
        low, high = fitted.predict(rows(np.array([3.1, 3.6]), mobile, framework))
        assert high == pytest.approx(low, abs=1e-3)


def test_belief_in_no_slope_shrinks_it(papers):
    X, y, group = papers
    gaps = []
    for ridge in (1e-6, 10.0, 1e6):
        fitted = InformedProcess(COLUMNS, FLAT, ridge=ridge).fit(X, y, groups=group)
        gaps.append(np.ptp(fitted.predict(rows(np.array([3.1, 3.6]), "mobile_Na"))))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] == pytest.approx(0.0, abs=1e-3)


def test_what_the_mean_leaves_is_left_to_the_process(papers):
    X, y, group = papers
    bump = np.where(np.isclose(X[:, 0], 3.2), 1.0, 0.0)
    near = rows(np.array([3.2, 3.35]), "mobile_Na")
    plain = InformedProcess(COLUMNS, FLAT).fit(X, y + bump, groups=group).predict(near)
    flexible = (
        InformedProcess(COLUMNS, {"paper": 1.0, "noise": 0.01}).fit(X, y + bump, groups=group).predict(near)
    )
    assert flexible[0] - flexible[1] > plain[0] - plain[1] + 0.2


def test_cloned_it_fits_the_same(papers):
    X, y, group = papers
    first = InformedProcess(COLUMNS, FLAT)
    again = clone(first)
    np.testing.assert_array_equal(
        first.fit(X, y, groups=group).predict(X), again.fit(X, y, groups=group).predict(X)
    )
