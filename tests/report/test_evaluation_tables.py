"""The printed evaluation: floor first, worst to best, gains with their sign."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from rich.console import Console

from ssepredict.report.evaluation import evaluation_tables


def line(
    estimator: str, scope: str, mae: float, gain: float, processing: str = "withheld"
) -> dict[str, object]:
    return {
        "target": "conductivity_s_cm",
        "protocol": "paper",
        "estimator": estimator,
        "processing": processing,
        "scope": scope,
        "rows": 1045,
        "mae": mae,
        "spearman_within_host": 0.25,
        "concordance": 0.61,
        "enrichment": 4.4,
        "coverage": 0.91,
        "mean_width": 3.36,
        "crps": 0.511,
        "brier": 0.137,
        "noise_floor": 0.623,
        "baseline": "host_median",
        "leader": "lightgbm",
        "gain_over_baseline": gain,
        "gain_over_baseline_low": gain - 0.05,
        "gain_over_baseline_high": gain + 0.05,
        "gain_over_leader": float("nan"),
        "gain_over_leader_low": float("nan"),
        "gain_over_leader_high": float("nan"),
    }


@pytest.fixture
def printed() -> str:
    found = pd.DataFrame(
        [
            line("lightgbm", "all", 0.7012, 0.177),
            line("lightgbm", "na_nasicon", 0.4801, 0.01),
            line("host_median", "all", 0.9119, float("nan")),
            line("lightgbm", "all", 0.5555, 0.0, "as_stated"),
        ]
    )
    stream = io.StringIO()
    Console(file=stream, width=220).print(evaluation_tables(found))
    return stream.getvalue()


def test_errors_stand_beside_the_noise_floor_and_the_worst_comes_first(printed):
    places = [printed.index(text) for text in ("1,045", "0.623", "0.912", "0.701")]
    assert places == sorted(places)
    assert "0.480" in printed
    assert "0.555" not in printed  # the processing as stated is in the file only


def test_gains_carry_sign_interval_and_mark(printed):
    assert "+0.18 (0.13, 0.23)*" in printed
    assert "= baseline" in printed
    assert "= leader" in printed


def test_a_family_without_a_row_of_an_estimator_shows_a_dash(printed):
    (row,) = [text for text in printed.splitlines() if "0.912" in text]
    assert "–" in row


def test_coverage_and_width_by_distance_have_a_table_of_their_own(printed):
    assert "distance_q4" in printed
    assert "0.91 / 3.36" in printed
