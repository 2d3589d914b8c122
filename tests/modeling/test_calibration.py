"""What is reported of the intervals: on papers that the calibration has not seen, in what JSON can say."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ssepredict.modeling import release
from ssepredict.modeling.calibration import LeftOut, calibrate, interval_figures
from ssepredict.modeling.difficulty import difficulty, distance_to_other_papers
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import left_out_predictions
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import TARGETS


@pytest.fixture(scope="module")
def table(dataset) -> TrainingTable:
    return prepare(TARGETS["conductivity_s_cm"], dataset)


@pytest.fixture(scope="module")
def distance(table) -> np.ndarray:
    domain = Domain().fit(table.sites, table.papers)
    return distance_to_other_papers(domain, table.papers, table.sites, table.papers)


@pytest.fixture(scope="module")
def left_out(table) -> LeftOut:
    """Medians of the host: quick, and wrong in a way that the scale can learn."""
    return LeftOut.of(left_out_predictions(table, ESTIMATORS["host_median"], "paper"))


@pytest.fixture(scope="module")
def figures(table, left_out, distance) -> dict:
    return interval_figures(table, left_out, False, 0, distance)["withheld"]


def test_coverage_holds_overall_and_in_every_family_with_fifty_rows(figures):
    assert 0.87 <= figures["all"]["coverage"] <= 0.93
    families = [line for line in figures.values() if isinstance(line, dict) and line["rows"] >= 50]
    assert len(families) >= 4  # all, and three families
    assert all(0.85 <= line["coverage"] <= 0.95 for line in families)
    assert all(0 < line["crps"] < line["mean_width"] for line in families)


def test_coverage_holds_near_and_far_from_what_was_measured(figures):
    lines = figures["by_distance"]
    assert sum(line["rows"] for line in lines) == figures["all"]["rows"]
    assert [line["distance"] for line in lines] == sorted(line["distance"] for line in lines)
    assert all(0.83 <= line["coverage"] <= 0.97 for line in lines)


def test_probabilities_of_exceeding_a_threshold_are_better_than_the_base_rate(figures):
    assert [line["threshold"] for line in figures["thresholds"]] == [1e-4, 1e-3]
    for line in figures["thresholds"]:
        assert line["brier"] < line["brier_of_base_rate"]
        assert sum(part["rows"] for part in line["reliability"]) == line["rows"]
    well_filled = [line for line in figures["reliability"] if line["rows"] >= 100]
    assert well_filled
    gaps = [abs(line["predicted"] - line["observed"]) for line in well_filled]
    assert max(gaps) < 0.2, gaps  # medians of hosts are crude, a release is closer
    assert np.mean(gaps) < 0.1


def test_figures_can_be_written_as_json(figures):
    assert json.loads(json.dumps(release.without_nan(figures)))["confidence"] == 0.9


def test_thresholds_and_distances_are_left_out_where_there_are_none(dataset):
    table = prepare(TARGETS["ccd_ma_cm2"], dataset)
    predicted = LeftOut(table.y * 0.0, table.y * 0.0)
    found = interval_figures(table, predicted, True, 0)["as_stated"]
    assert {"by_distance", "thresholds", "reliability"}.isdisjoint(found)


def test_a_calibration_travels_through_the_model_file(table, left_out, distance):
    rows = np.flatnonzero(table.scored)
    conformal = calibrate(table, left_out, rows, False, 0, distance)
    domain = Domain().fit(table.sites, table.papers)
    estimator = ESTIMATORS["host_median"].build(0).fit(table.frame, table.y)
    model = TargetModel("conductivity_s_cm", "ok", "", "frame", estimator, conformal, (), (), (0.0, 1.0))
    packed = release.pack("tried", domain, {model.target: model})
    found = release.unpack(packed, "memory")[2][model.target].conformal
    hard = difficulty(left_out.withheld, distance)
    scale = conformal.scale(table.X_withheld, hard)
    np.testing.assert_array_equal(found.scale(table.X_withheld, hard), scale)
    families = table.frame["family"].to_numpy(dtype=object)
    for one, other in zip(
        found.interval(left_out.withheld, scale, 0.9, families),
        conformal.interval(left_out.withheld, scale, 0.9, families),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


def test_the_distance_to_other_papers_is_that_of_the_domain_on_its_own_rows(table, distance):
    domain = Domain().fit(table.sites, table.papers)
    np.testing.assert_allclose(distance, domain.left_out_distance(table.sites, table.papers), atol=1e-9)


def test_without_another_paper_the_distance_is_not_known(table):
    rows = np.flatnonzero(table.papers == table.papers[0])
    sites = table.sites.take(rows)
    domain = Domain().fit(table.sites, table.papers)
    few = Domain().fit(sites.take(np.arange(len(rows))), np.arange(len(rows)))
    same = np.zeros(len(rows))
    assert np.isnan(distance_to_other_papers(few, same, sites, same)).all()
    assert np.isfinite(distance_to_other_papers(domain, table.papers, sites, table.papers[rows])).all()
