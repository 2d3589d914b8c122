"""Who becomes champion: decided on the same left-out rows, target by target."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.exceptions import ModelError
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.tracking_record import LEFT_OUT_FILE, keep_left_out, read_left_out, release_digest
from ssepredict.modeling.tracking_registry import Contender, judge, read_contender

FOLDS = {"dataset_digest": "d" * 64, "folds": 20, "seed": 0}
TARGETS = ("conductivity_s_cm", "activation_energy_ev")


def contender(errors, *, released=TARGETS, measured_on=FOLDS, fold=None, shift=0.0) -> Contender:
    """Make 60 rows of 20 papers a target, each predicted with the error given for the target."""
    parts = []
    for target, error in errors.items():
        true = np.linspace(-6.0, -2.0, 60) + shift
        part = pd.DataFrame({"target": target, "measurement_id": [f"m{row}" for row in range(60)]})
        part = part.assign(work_id=[f"w{row // 3}" for row in range(60)], true=true, predicted=true + error)
        parts.append(part.assign(scored=1))
    rows = pd.concat(parts, ignore_index=True)
    if fold is not None:
        rows["fold"] = fold
    return Contender(released, dict(measured_on), rows)


CHAMPION = contender({"conductivity_s_cm": 0.7, "activation_energy_ev": 0.08})


def test_a_lower_error_on_one_target_and_none_higher_is_promoted():
    found = judge(contender({"conductivity_s_cm": 0.5, "activation_energy_ev": 0.08}), CHAMPION)
    assert found.promoted
    assert "beats the champion on conductivity_s_cm: mean absolute error 0.5 against 0.7" in found.reason
    line = found.comparison.set_index("target").loc["conductivity_s_cm"]
    assert (line["rows"], line["papers"]) == (60, 20)
    assert line[["mae", "mae_champion", "gain", "low", "high"]].tolist() == pytest.approx(
        [0.5, 0.7, 0.2, 0.2, 0.2]
    )


def test_a_higher_error_on_one_target_is_refused_whatever_the_other_gains():
    found = judge(contender({"conductivity_s_cm": 0.1, "activation_energy_ev": 0.09}), CHAMPION)
    assert not found.promoted
    assert "it is worse than the champion on activation_energy_ev" in found.reason
    assert "conductivity_s_cm" not in found.reason


def test_the_same_errors_are_no_reason_to_change():
    found = judge(CHAMPION, CHAMPION)
    assert not found.promoted
    assert "not really better" in found.reason


def test_a_gain_that_a_bootstrap_over_papers_does_not_call_real_is_refused():
    new = contender({"conductivity_s_cm": 0.7, "activation_energy_ev": 0.08})
    first_paper = (new.left_out["work_id"] == "w0") & (new.left_out["target"] == "conductivity_s_cm")
    new.left_out.loc[first_paper, "predicted"] -= 0.6
    found = judge(new, CHAMPION)
    assert found.comparison.set_index("target").loc["conductivity_s_cm", "gain"] == pytest.approx(0.03)
    assert not found.promoted
    assert "not really better" in found.reason


def test_a_target_that_the_champion_predicts_may_not_be_missing():
    found = judge(contender({"conductivity_s_cm": 0.1}, released=TARGETS[:1]), CHAMPION)
    assert not found.promoted
    assert "it lacks activation_energy_ev" in found.reason


def test_abstaining_counts_by_the_estimate_that_is_given_instead():
    new = contender({"conductivity_s_cm": 0.5, "activation_energy_ev": 0.12}, released=TARGETS[:1])
    assert "worse than the champion on activation_energy_ev" in judge(new, CHAMPION).reason


def test_a_target_that_nobody_releases_does_not_count():
    champion = contender({"conductivity_s_cm": 0.7, "ccd_ma_cm2": 0.1}, released=TARGETS[:1])
    new = contender({"conductivity_s_cm": 0.5, "ccd_ma_cm2": 0.9}, released=TARGETS[:1])
    assert judge(new, champion).promoted


@pytest.mark.parametrize("changed", [{"dataset_digest": "e" * 64}, {"folds": 3}, {"seed": 1}])
def test_other_folds_or_data_cannot_be_compared(changed):
    new = contender({"conductivity_s_cm": 0.1, "activation_energy_ev": 0.01}, measured_on=FOLDS | changed)
    found = judge(new, CHAMPION)
    assert not found.promoted
    assert "cannot be compared" in found.reason


def test_frozen_folds_make_two_datasets_comparable_on_the_rows_they_share():
    errors = {"conductivity_s_cm": 0.7}
    fold = [row // 6 for row in range(60)]
    only = TARGETS[:1]
    champion = contender(errors, fold=fold, released=only)
    grown = contender(
        {"conductivity_s_cm": 0.5}, fold=fold, released=only, measured_on=FOLDS | {"dataset_digest": "e" * 64}
    )
    corrected = grown.left_out["measurement_id"] == "m0"
    grown.left_out.loc[corrected, ["true", "predicted"]] = [-9.0, 0.0]
    found = judge(grown, champion)
    assert found.promoted
    assert found.comparison["rows"].tolist() == [59]
    moved = contender(
        {"conductivity_s_cm": 0.5}, fold=fold[::-1], released=only, measured_on=FOLDS | {"seed": 1}
    )
    assert "cannot be compared" in judge(moved, champion).reason


def test_nothing_in_common_is_said():
    other = contender({"conductivity_s_cm": 0.1, "activation_energy_ev": 0.1}, shift=1.0)
    assert "no target has left-out rows in common" in judge(other, CHAMPION).reason


def test_a_release_is_read_as_a_contender(reduced: Predictor, reduced_folder: Path):
    keep_left_out(reduced, reduced_folder)
    found = read_contender(reduced_folder)
    assert found.released == ("conductivity_s_cm",)
    assert found.measured_on["dataset_digest"] == reduced.dataset_digest
    pd.testing.assert_frame_equal(
        found.left_out[["target", "true", "predicted"]], reduced.left_out[["target", "true", "predicted"]]
    )


def test_left_out_predictions_belong_to_one_model_file(reduced: Predictor, reduced_folder: Path, tmp_path):
    keep_left_out(reduced, reduced_folder)
    with pytest.raises(ModelError, match=r"left_out\.csv belongs to the model .*, expected 0{16}; .*train"):
        read_left_out(reduced_folder, "0" * 64)
    with pytest.raises(ModelError, match=r"left_out\.csv cannot be read \(No such file"):
        read_left_out(tmp_path, "0" * 64)
    (tmp_path / LEFT_OUT_FILE).write_text("a,b\n1,2\n")
    with pytest.raises(ModelError, match=r"lacks columns family, measurement_id, .*; train again"):
        read_left_out(tmp_path, "0" * 64)


def test_left_out_predictions_need_a_release_and_a_trained_predictor(reduced, released, tmp_path):
    with pytest.raises(ModelError, match=r"holds no release .*; call Predictor\.save first"):
        keep_left_out(reduced, tmp_path)
    with pytest.raises(ModelError, match="holds no left-out predictions, expected one that `train` returned"):
        keep_left_out(released, tmp_path)


def test_the_digest_of_a_release_changes_with_every_file(tmp_path: Path):
    (tmp_path / "metrics.json").write_text(json.dumps({"a": 1}))
    first = release_digest(tmp_path)
    (tmp_path / ".left_out.csv.17").write_text("half written")
    assert release_digest(tmp_path) == first
    (tmp_path / "metrics.json").write_text(json.dumps({"a": 2}))
    assert release_digest(tmp_path) != first


def test_no_metrics_is_no_contender(tmp_path: Path):
    with pytest.raises(ModelError, match=r"metrics\.json holds no metrics of a release .*train again"):
        read_contender(tmp_path)
