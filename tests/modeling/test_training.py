"""A real training run on one family: repeatable, honest about noise and about too few rows."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.dataset import Dataset
from ssepredict.modeling.card import render_card
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.row_policies import ROW_POLICIES
from ssepredict.modeling.targets import TARGETS
from ssepredict.modeling.training import train

FORMULAS = ["Li3YCl6", "Li1.8Zr0.8Nb0.2Cl6", "Li2.5Y0.5Zr0.5Cl6", "Na3Zr2Si2PO12"]
BASELINES = {name for name, spec in ESTIMATORS.items() if spec.kind == "baseline"}


@pytest.fixture(scope="module")
def figures(reduced: Predictor) -> dict:
    return reduced.metrics["targets"]["conductivity_s_cm"]


def test_the_same_seed_gives_the_same_release(reduced, li_halides):
    again = train(li_halides, name="reduced", targets=("conductivity_s_cm",), folds=4, protocols=("paper",))
    pd.testing.assert_frame_equal(again.predict(FORMULAS), reduced.predict(FORMULAS), check_exact=True)
    pd.testing.assert_frame_equal(again.left_out, reduced.left_out, check_exact=True)
    np.testing.assert_equal(again.metrics, reduced.metrics)


def test_everything_that_competes_is_reported(figures):
    lines = pd.DataFrame(figures["comparison"])
    assert set(lines["estimator"]) == set(ESTIMATORS)
    assert set(lines["protocol"]) == {"paper"}
    assert set(lines["scope"]) == {"all", "room_temperature", "li_halide"}
    assert set(figures["row_policies"]) <= set(ROW_POLICIES)
    assert figures["row_policy"] == min(figures["row_policies"], key=figures["row_policies"].get)


def test_the_chosen_one_is_the_best_boosted_or_the_best_baseline(figures):
    lines = pd.DataFrame(figures["comparison"]).set_index(["estimator", "scope"])["mae"]
    overall = lines.xs("all", level="scope")
    assert figures["best_baseline"] == overall[sorted(BASELINES)].idxmin()
    if figures["status"] == "ok":
        assert ESTIMATORS[figures["estimator"]].kind == "boosted"
        assert figures["gain_over_baseline"]["low"] > 0
    else:
        assert figures["estimator"] == figures["best_baseline"]


def test_the_error_in_the_metrics_is_that_of_the_left_out_predictions(reduced, figures):
    rows = reduced.left_out[reduced.left_out["scored"] == 1]
    assert len(rows) == figures["rows_scored"]
    error = (rows["true"] - rows["predicted"]).abs().mean()
    if figures["status"] == "ok":
        assert error == pytest.approx(figures["row_policies"][figures["row_policy"]])
    assert figures["intervals"]["all"]["rows"] == len(rows)
    assert 0.8 <= figures["intervals"]["all"]["coverage"] <= 1.0


def test_the_dataset_is_named_by_its_digest(reduced, li_halides, dataset):
    assert reduced.dataset_digest == li_halides.digest != dataset.digest
    assert len(reduced.evidence_rows) == len(prepare(TARGETS["conductivity_s_cm"], li_halides).y)


def test_a_saved_release_predicts_the_same(reduced, reduced_folder):
    loaded = load_predictor(reduced_folder)
    for conditions in ({}, {"temperature_c": 100.0, "contribution": "bulk", "synthesis": "ball_mill"}):
        pd.testing.assert_frame_equal(
            loaded.predict(FORMULAS, **conditions), reduced.predict(FORMULAS, **conditions), check_exact=True
        )
    for here, there in zip(loaded.evidence(FORMULAS), reduced.evidence(FORMULAS), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(here), pd.DataFrame(there), check_dtype=False)
    assert sorted(path.name for path in reduced_folder.iterdir()) == [
        "card.md",
        "cells.csv",
        "evidence.csv",
        "left_out.csv",
        "metrics.json",
        "model.skops",
    ]


def test_a_release_may_be_written_over_and_states_the_digest_of_its_file(reduced, tmp_path):
    reduced.save(tmp_path / "again")
    reduced.save(tmp_path / "again")
    packed = (tmp_path / "again" / "model.skops").read_bytes()
    assert load_predictor(tmp_path / "again").digest == hashlib.sha256(packed).hexdigest()


def test_metrics_are_json_without_nan_and_the_card_is_rendered_from_them(reduced, reduced_folder):
    text = (reduced_folder / "metrics.json").read_text(encoding="utf-8")
    metrics = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    card = (reduced_folder / "card.md").read_text(encoding="utf-8")
    assert card == render_card(reduced.metrics)
    assert render_card(metrics)  # None instead of NaN
    assert "# Model card: reduced" in card
    assert f"{metrics['targets']['conductivity_s_cm']['intervals']['all']['coverage']:.3f}" in card


def test_heat_does_not_lower_the_conductivity(reduced):
    if not reduced.live_targets:
        pytest.fail("the reduced release abstains: nothing is tested")
    known = reduced.evidence_rows["formula"].unique().tolist()
    formulas = [known[row] for row in reduced.screen(known)[0]]
    assert len(formulas) > 50
    curve = np.array(
        [
            reduced.predict(formulas, temperature_c=celsius)["conductivity_s_cm"]
            for celsius in (-20.0, 25.0, 40.0, 60.0, 80.0, 100.0, 150.0, 250.0)
        ]
    )
    assert (np.diff(np.log10(curve), axis=0) >= -0.1).all()  # decades; see EstimatorSpec.monotone
    assert np.median(np.log10(curve[-1] / curve[1])) > 0.0


def test_noise_is_abstained_from(dataset):
    table = dataset.select(family="na_nasicon").transport.copy()
    rows = table["quantity"] == "activation_energy"
    table.loc[rows, "value"] = np.random.default_rng(0).permutation(table.loc[rows, "value"].to_numpy())
    noise = dataclasses.replace(dataset.select(family="na_nasicon"), transport=table)
    found = train(noise, targets=("activation_energy_ev",), folds=3, protocols=("paper",))
    figures = found.metrics["targets"]["activation_energy_ev"]
    assert figures["estimator"] in BASELINES
    assert "not better than" in figures["reason"]
    assert figures["gain_over_baseline"]["low"] <= 0
    prediction = found.predict(["Na3Zr2Si2PO12"]).iloc[0]
    assert prediction["activation_energy_ev_status"] == "abstained"
    assert found.live_targets == ()
    assert "**Abstained**" in render_card(found.metrics)


def test_too_few_rows_are_abstained_from(dataset):
    found = train(dataset.select(family="na_halide"), targets=("conductivity_s_cm",), folds=3, protocols=())
    assert found.models["conductivity_s_cm"].reason == "too few rows to learn from"
    row = found.predict(["Na2.25Y0.25Zr0.75Cl6"]).iloc[0]
    assert row["conductivity_s_cm_status"] == "abstained"
    assert row["conductivity_s_cm_low"] < row["conductivity_s_cm"] < row["conductivity_s_cm_high"]


def test_progress_is_told_in_sentences(dataset):
    said: list[str] = []
    halides: Dataset = dataset.select(family="na_halide")
    train(halides, targets=("conductivity_s_cm",), folds=2, protocols=(), progress=said.append)
    assert said[0] == "conductivity_s_cm: comparing 3 estimators under paper"
    assert said[-1] == "domain and evidence"
