"""A release in a real MLflow store, and the logged model loaded by MLflow itself."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import ModelError
from ssepredict.modeling.evaluation import evaluate
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.tracking import SentRelease, keep_left_out, log_evaluation, log_release
from ssepredict.modeling.tracking_model import predict_table
from ssepredict.modeling.tracking_store import flat_metrics, tracking_store

TARGET = "conductivity_s_cm"
FORMULAS = ["Li3YCl6", "Li1.8Zr0.8Nb0.2Cl6", "Na3Zr2Si2PO12"]
PICKLES = (".pkl", ".pickle", ".joblib", ".cloudpickle")


class Logged(NamedTuple):
    folder: Path
    sent: SentRelease
    parent: Any
    child: Any
    client: Any


@pytest.fixture(scope="module")
def release(reduced: Predictor, reduced_folder: Path) -> Path:
    keep_left_out(reduced, reduced_folder)
    return reduced_folder


@pytest.fixture(scope="module")
def logged(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Logged:
    """Log the release to the default store, in an empty working folder."""
    import mlflow

    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        sent = log_release(release)
        client = mlflow.MlflowClient(f"sqlite:///{folder / 'mlflow.db'}")
        parent = client.get_run(sent.run_id)
        (child,) = client.search_runs(
            [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{sent.run_id}'"
        )
        yield Logged(folder, sent, parent, child, client)


def artifacts(logged: Logged, run: Any) -> dict[str, Path]:
    place = Path(logged.client.download_artifacts(run.info.run_id, ""))
    return {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}


def test_the_default_store_is_a_file_in_the_working_folder(logged):
    assert (logged.folder / "mlflow.db").is_file()
    assert logged.parent.info.status == logged.child.info.status == "FINISHED"
    assert (logged.parent.info.run_name, logged.child.info.run_name) == ("reduced", TARGET)


def test_the_parent_names_release_data_and_folds(logged, reduced):
    parameters = logged.parent.data.params
    assert parameters["dataset_digest"] == reduced.dataset_digest
    assert (parameters["release"], parameters["seed"], parameters["folds"]) == ("reduced", "0", "4")
    scored = reduced.left_out[reduced.left_out["scored"] == 1]
    error = float((scored["predicted"] - scored["true"]).abs().mean())
    assert logged.parent.data.metrics[f"{TARGET}.mae"] == pytest.approx(error)
    assert f"{TARGET}.intervals.all.coverage" in logged.parent.data.metrics


def test_the_child_names_the_estimator_and_its_settings(logged, reduced):
    parameters = logged.child.data.params
    figures = reduced.metrics["targets"][TARGET]
    assert parameters["estimator"] == figures["estimator"]
    known = reduced.models[TARGET].estimator.get_params()
    assert {f"estimator.{name}" for name in known} <= set(parameters)


def test_every_figure_of_every_protocol_is_a_metric_of_the_child(logged, reduced):
    figures = reduced.metrics["targets"][TARGET]
    expected = flat_metrics(figures)
    assert (
        expected.items()
        <= {name: pytest.approx(value) for name, value in logged.child.data.metrics.items()}.items()
    )
    lines = [line for line in figures["comparison"] if line["scope"] == "all"]
    assert {f"comparison.paper.{line['estimator']}.all.mae" for line in lines} <= set(expected)
    assert "intervals.all.coverage" in expected


def test_datasets_are_inputs_under_the_digest_of_the_tables(logged, reduced):
    for run, name in ((logged.parent, "ssepredict"), (logged.child, f"ssepredict {TARGET}")):
        (given,) = run.inputs.dataset_inputs
        assert given.dataset.name == name
        assert reduced.dataset_digest.startswith(given.dataset.digest)
        assert len(given.dataset.digest) == 36
        assert f'"num_rows": {len(reduced.left_out)}' in given.dataset.profile


def test_artifacts_hold_predictions_plots_and_the_release(logged, reduced, release):
    found = artifacts(logged, logged.parent)
    files = {path.name for path in release.iterdir()}
    assert {"comparison.csv", *(f"release/{name}" for name in files)} == set(found)
    assert found["release/model.skops"].read_bytes() == (release / "model.skops").read_bytes()
    of_child = artifacts(logged, logged.child)
    assert {f"plots/{name}.png" for name in ("parity", "residuals", "feature_importance")} <= set(of_child)
    left_out = pd.read_csv(of_child["left_out_predictions.csv"])
    assert left_out["predicted"].tolist() == pytest.approx(reduced.left_out["predicted"].tolist())


def test_the_first_release_is_the_champion(logged):
    assert (logged.sent.created, logged.sent.promoted) == (True, True)
    version = logged.client.get_model_version_by_alias("reduced", "champion")
    assert version.run_id == logged.sent.run_id
    assert version.description == "Champion: it is the first champion"


@pytest.mark.usefixtures("logged")
def test_the_champion_answers_a_batch_job_with_a_line_per_formula(logged, release):
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{logged.folder / 'mlflow.db'}")
    served = mlflow.pyfunc.load_model("models:/reduced@champion")
    assert served.metadata.signature.inputs.required_input_names() == ["formula"]
    assert served.metadata.saved_input_example_info is not None
    table = pd.DataFrame({"formula": FORMULAS, "temperature_c": [25.0, 100.0, 25.0]}, index=[4, 2, 9])
    predictor = load_predictor(release)
    expected = [
        predictor.predict(formula, temperature_c=celsius, confidence=0.5).iloc[0]
        for formula, celsius in table.itertuples(index=False, name=None)
    ]
    got = served.predict(table, params={"confidence": 0.5})
    assert got.columns.tolist() == served.metadata.signature.outputs.input_names()
    assert got["problem"].tolist() == [""] * 3
    pd.testing.assert_frame_equal(
        got.drop(columns="problem"),
        pd.DataFrame(expected).set_axis(table.index),
        check_exact=False,
        rtol=1e-9,
        atol=1e-6,
        check_dtype=False,
    )


def test_a_bad_formula_costs_its_row_and_not_the_batch(reduced):
    table = pd.DataFrame({"formula": ["Li3XyCl6", "Li3YCl6"], "synthesis": [None, "ball_mill"]})
    found = predict_table(reduced, table)
    assert found["problem"].str.startswith("unknown element 'Xy'").tolist() == [True, False]
    assert found[TARGET].isna().tolist() == [True, False]
    expected = reduced.predict("Li3YCl6", synthesis="ball_mill").iloc[0]
    assert found.loc[1, TARGET] == pytest.approx(expected[TARGET])
    assert found.loc[1, TARGET] != pytest.approx(reduced.predict("Li3YCl6").iloc[0][TARGET], rel=1e-6)
    only_bad = predict_table(reduced, table.iloc[:1])
    assert only_bad.columns.tolist() == found.columns.tolist()
    assert only_bad[f"{TARGET}_status"].tolist() == [""]


def test_nothing_that_was_logged_is_a_pickle(logged):
    files = [path for path in logged.folder.rglob("*") if path.is_file()]
    assert any(path.name == "model.skops" for path in files)
    assert any(path.name == "served_model.py" for path in files)
    assert [path for path in files if path.suffix in PICKLES] == []
    assert [path for path in files if path.read_bytes()[:1] == b"\x80"] == []


def test_a_complete_run_is_not_repeated_and_another_release_is(
    logged, reduced, release, tmp_path, monkeypatch
):
    monkeypatch.chdir(logged.folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert log_release(release) == dataclasses.replace(logged.sent, created=False)
    worse = dataclasses.replace(reduced, left_out=reduced.left_out.assign(predicted=0.0))
    reduced.save(tmp_path)
    keep_left_out(worse, tmp_path)
    second = log_release(tmp_path)
    assert (second.created, second.promoted) == (True, False)
    assert second.run_id != logged.sent.run_id
    assert f"it is worse than the champion on {TARGET}: mean absolute error" in second.reason
    assert logged.client.get_model_version_by_alias("reduced", "champion").run_id == logged.sent.run_id
    assert logged.client.get_model_version("reduced", "2").description.startswith(
        "Not the champion: it is worse"
    )
    comparison = pd.read_csv(
        artifacts(logged, logged.client.get_run(second.run_id))["champion_comparison.csv"]
    )
    assert comparison["target"].tolist() == [TARGET]


def test_an_evaluation_is_logged_with_a_child_per_target(dataset: Dataset, tmp_path, monkeypatch):
    import mlflow

    store = f"sqlite:///{tmp_path / 'evaluations.db'}"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    small = dataset.select(family="na_halide")
    medians = ("dummy_median", "host_median")
    found = evaluate(small, targets=(TARGET,), estimators=medians, folds=2, workers=1)
    run_id = log_evaluation(found, small)
    client = mlflow.MlflowClient(store)
    run = client.get_run(run_id)
    assert (run.info.run_name, run.info.status) == ("evaluate paper", "FINISHED")
    assert run.data.params["dataset_digest"] == small.digest
    children = client.search_runs([run.info.experiment_id], f"tags.mlflow.parentRunId = '{run_id}'")
    assert {child.info.run_name for child in children} == set(found.table["target"])
    line = found.table.iloc[0]
    (child,) = [child for child in children if child.info.run_name == line["target"]]
    labels = [line[name] for name in ("protocol", "estimator", "processing", "scope")]
    assert child.data.metrics[".".join(["comparison", *labels, "mae"])] == pytest.approx(line["mae"])
    (given,) = child.inputs.dataset_inputs
    assert small.digest.startswith(given.dataset.digest)
    for name in ("table", "predictions"):
        logged = pd.read_csv(client.download_artifacts(run_id, f"{name}.csv"))
        assert len(logged) == len(getattr(found, name))


def test_metric_names_are_what_mlflow_takes():
    lines = [
        {"host_group": "LiTi2(PO4)3", "concordance": 0.5, "low": np.nan, "pairs": np.int64(3), "unit": "%"}
    ]
    curve = [{"predicted": 0.1, "observed": 0.2}]
    assert flat_metrics({"order": lines, "reliability": curve, "live": True, "none": None}) == {
        "order.LiTi2_PO4_3.concordance": 0.5,
        "order.LiTi2_PO4_3.pairs": 3.0,
    }


def test_a_store_that_cannot_be_reached_is_named_and_nothing_is_lost(release, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nosuch://me:secret@store")
    before = {path.name: path.read_bytes() for path in release.iterdir()}
    expected = rf"the run cannot be logged to nosuch://\*\*\*@store: .*`ssepredict train --resend {release}`"
    with pytest.raises(ModelError, match=expected) as caught:
        log_release(release)
    assert "secret" not in str(caught.value)
    assert {path.name: path.read_bytes() for path in release.iterdir()} == before
    with (
        pytest.raises(ModelError, match=r"it cannot be logged to nosuch.*; do that"),
        tracking_store("any", lost="it", remedy="do that"),
    ):
        pass


def test_a_folder_without_left_out_predictions_is_refused(reduced, tmp_path):
    reduced.save(tmp_path)
    with pytest.raises(ModelError, match=r"left_out\.csv cannot be read .* `ssepredict train` writes it"):
        log_release(tmp_path)
