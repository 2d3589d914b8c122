from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.modeling.domain_curve import distance_curve, left_out_errors
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.left_out import fold_distances, left_out_predictions
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.targets import TARGETS


def _rows(count: int = 400, seed: int = 0) -> pd.DataFrame:
    """Errors that are 0.5 + distance on average, where the baseline errs by 1 everywhere."""
    rng = np.random.default_rng(seed)
    distance = rng.uniform(0.0, 1.0, count)
    return pd.DataFrame(
        {
            "protocol": "paper",
            "paper": [f"paper {number // 4}" for number in range(count)],
            "distance": distance,
            "error": 0.5 + distance + rng.uniform(-0.2, 0.2, count),
            "baseline_error": np.ones(count),
        }
    )


def test_the_line_is_drawn_where_the_error_reaches_the_baseline():
    curve = distance_curve(_rows(), unit="decades", cap=2.0)
    assert curve["threshold"] == pytest.approx(0.5, abs=0.05)
    assert curve["threshold_low"] <= curve["threshold"] <= curve["threshold_high"]
    assert curve["threshold_high"] - curve["threshold_low"] < 0.2
    assert curve["level"] == 1.0


def test_the_cap_holds_where_the_error_never_reaches_the_baseline():
    curve = distance_curve(_rows().assign(baseline_error=9.0), unit="decades", cap=0.8)
    assert (curve["threshold"], curve["threshold_low"], curve["threshold_high"]) == (0.8, 0.8, 0.8)


def test_a_model_that_is_never_better_has_no_domain():
    assert distance_curve(_rows().assign(baseline_error=0.1), unit="decades", cap=0.8)["threshold"] == 0.0


def test_bins_hold_every_row_once_and_rise():
    curve = distance_curve(_rows(), unit="decades", cap=2.0, bins=5)
    assert [line["rows"] for line in curve["bins"]] == [80] * 5
    assert np.all(np.diff([line["error"] for line in curve["bins"]]) > 0)
    assert np.all(np.diff([knot["error"] for knot in curve["smoothed"]]) >= 0)


def test_too_few_rows_leave_the_cap():
    curve = distance_curve(_rows(8), unit="decades", cap=0.7)
    assert curve["threshold"] == 0.7
    assert np.isnan(curve["threshold_low"])
    empty = distance_curve(_rows(0), unit="decades", cap=0.7)
    assert (empty["threshold"], empty["rows"], empty["bins"]) == (0.7, 0, [])


def test_rows_are_the_scored_ones_of_the_protocols_that_ran(li_halides):
    table = prepare(TARGETS["conductivity_s_cm"], li_halides)
    names = ("family_median", "host_median")
    found = {
        (protocol, name): left_out_predictions(table, ESTIMATORS[name], protocol, folds=3)
        for protocol in ("paper", "host", "random")
        for name in names
    }
    distances = {name: fold_distances(table, name, folds=3) for name in ("paper", "host", "random")}
    rows = left_out_errors(table, found, distances, "host_median")
    assert rows["protocol"].value_counts().to_dict() == {
        "paper": table.scored.sum(),
        "host": table.scored.sum(),
    }
    expected = found["paper", "host_median"].set_index("row")["predicted_withheld"].sort_index()
    errors = np.abs(table.y - expected.to_numpy())[table.scored]
    by_paper = rows[rows["protocol"] == "paper"]
    np.testing.assert_allclose(np.sort(by_paper["error"]), np.sort(errors), rtol=0, atol=1e-12)
    assert by_paper["distance"].mean() < rows.loc[rows["protocol"] == "host", "distance"].mean()


def test_nothing_left_out_is_an_empty_table(li_halides):
    table = prepare(TARGETS["conductivity_s_cm"], li_halides)
    assert left_out_errors(table, {}, {}, "lightgbm").empty
