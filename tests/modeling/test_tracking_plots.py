"""The plots that are logged with a target: drawn where there is something to draw."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.tracking_plots import feature_importance, noise_floor_of, write_plots

TARGET = "conductivity_s_cm"
CURVE = [{"low": 0.0, "high": 0.1, "rows": 4, "predicted": 0.05, "observed": 0.1}]
BY_DISTANCE = [{"distance": 0.1, "coverage": 0.92, "rows": 50}, {"distance": 0.9, "coverage": 0.8, "rows": 9}]


def with_intervals(predictor: Predictor, **more: object) -> Predictor:
    metrics = copy.deepcopy(predictor.metrics)
    intervals = metrics["targets"][TARGET]["intervals"]
    for name in ("reliability", "by_distance"):
        intervals.pop(name, None)
    intervals.update(more)
    return dataclasses.replace(predictor, metrics=metrics)


@pytest.mark.parametrize(
    ("measured", "drawn"),
    [
        ({}, set()),
        ({"reliability": CURVE}, {"reliability"}),
        ({"by_distance": BY_DISTANCE}, {"coverage_by_distance"}),
    ],
)
def test_what_is_measured_is_drawn(reduced: Predictor, tmp_path: Path, measured, drawn):
    paths = write_plots(with_intervals(reduced, **measured), TARGET, reduced.left_out, tmp_path)
    assert {path.stem for path in paths} == {"parity", "residuals", "feature_importance"} | drawn
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_median_has_no_features_and_unscored_rows_no_parity(reduced: Predictor, tmp_path: Path):
    median = dataclasses.replace(reduced.models[TARGET], reads="frame")
    abstained = dataclasses.replace(reduced, models={TARGET: median})
    unscored = reduced.left_out.assign(scored=0)
    assert write_plots(with_intervals(abstained), TARGET, unscored, tmp_path) == []


def test_only_what_the_estimator_reads_moves_its_predictions(reduced: Predictor):
    class Carriers:
        """Predict twice the carriers and nothing else."""

        def predict(self, X):
            return 2.0 * X[:, column]

    model = reduced.models[TARGET]
    column = model.feature_names.index("carriers")
    rows = reduced.left_out.head(40)
    found = feature_importance(dataclasses.replace(model, estimator=Carriers()), rows)
    assert found.index[0] == "carriers"
    assert found.iloc[0] > 0.1
    assert (found.iloc[1:] == 0.0).all()
    assert set(found.index) == set(model.feature_names)


def test_conductivity_moves_with_temperature(reduced: Predictor):
    rows = pd.DataFrame({"formula": ["Li3YCl6"] * 20, "temperature_c": np.linspace(0.0, 190.0, 20)})
    found = feature_importance(reduced.models[TARGET], rows)
    assert found.index[0] == "inverse_temperature_1000_per_k"
    assert (found.drop("inverse_temperature_1000_per_k") == 0.0).all()


def test_the_noise_floor_is_that_of_all_families():
    lines = [
        {"family": "na_nasicon", "mae_from_other_works": 0.3},
        {"family": "all", "mae_from_other_works": 0.6},
    ]
    metrics = {"noise_floor": {"conductivity": lines, "activation_energy": []}}
    assert noise_floor_of(metrics, TARGET) == 0.6
    assert noise_floor_of(metrics, "activation_energy_ev") is None
    assert noise_floor_of(metrics, "ccd_ma_cm2") is None
