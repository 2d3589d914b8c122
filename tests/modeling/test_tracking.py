"""A training run in a real MLflow store, and the logged model served by MLflow itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import ModelError
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.tracking import flat_metrics, log_training

FORMULAS = ["Li3YCl6", "Li1.8Zr0.8Nb0.2Cl6", "Na3Zr2Si2PO12"]


class Run(NamedTuple):
    folder: Path
    run: Any
    client: Any


@pytest.fixture(scope="module")
def logged(
    reduced: Predictor, reduced_folder: Path, li_halides: Dataset, tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """Log one run to the default store, in an empty working folder."""
    import mlflow

    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run_id = log_training(reduced, li_halides, reduced_folder)
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        client = mlflow.MlflowClient()
        yield Run(folder, client.get_run(run_id), client)


def test_the_default_store_is_a_file_in_the_working_folder(logged):
    assert (logged.folder / "mlflow.db").is_file()
    assert logged.run.info.status == "FINISHED"
    assert logged.run.info.run_name == "reduced"


def test_parameters_name_release_data_and_estimators(logged, reduced, li_halides):
    parameters = logged.run.data.params
    assert parameters["dataset_digest"] == li_halides.digest
    assert parameters["seed"] == "0"
    assert parameters["folds"] == "3"
    figures = reduced.metrics["targets"]["conductivity_s_cm"]
    assert parameters["conductivity_s_cm.estimator"] == figures["estimator"]
    assert parameters["conductivity_s_cm.row_policy"] == figures["row_policy"]
    known = reduced.models["conductivity_s_cm"].estimator.get_params()
    assert {f"conductivity_s_cm.{name}" for name in known} <= set(parameters)


def test_the_dataset_is_an_input_of_the_run(logged, li_halides):
    (given,) = logged.run.inputs.dataset_inputs
    assert li_halides.digest.startswith(given.dataset.digest)


def test_every_figure_of_every_protocol_is_a_metric(logged, reduced):
    expected = flat_metrics(reduced.metrics)
    assert logged.run.data.metrics == pytest.approx(expected)
    lines = reduced.metrics["targets"]["conductivity_s_cm"]["comparison"]
    assert {f"conductivity_s_cm.paper.{line['estimator']}.all.mae" for line in lines} <= set(expected)
    assert "conductivity_s_cm.intervals.all.coverage" in expected


def artifacts(run: Run) -> dict[str, Path]:
    import mlflow

    place = Path(mlflow.artifacts.download_artifacts(run_id=run.run.info.run_id))
    return {str(path.relative_to(place)): path for path in place.rglob("*") if path.is_file()}


def test_artifacts_hold_predictions_plots_and_the_release(logged, reduced, reduced_folder):
    found = artifacts(logged)
    assert {
        "left_out_predictions.csv",
        "comparison.csv",
        "parity_conductivity_s_cm.png",
        "release/model.skops",
        "release/metrics.json",
        "release/evidence.csv",
        "release/card.md",
    } <= set(found)
    left_out = pd.read_csv(found["left_out_predictions.csv"])
    assert left_out["predicted"].tolist() == pytest.approx(reduced.left_out["predicted"].tolist())
    assert found["parity_conductivity_s_cm.png"].read_bytes().startswith(b"\x89PNG")
    assert found["release/model.skops"].read_bytes() == (reduced_folder / "model.skops").read_bytes()


def test_the_model_is_served_with_signature_and_example(logged, reduced_folder):
    import mlflow

    (output,) = logged.run.outputs.model_outputs
    served = mlflow.pyfunc.load_model(f"models:/{output.model_id}")
    signature = served.metadata.signature
    assert signature.inputs.input_names() == ["formula", "temperature_c"]
    assert served.metadata.saved_input_example_info is not None
    table = pd.DataFrame({"formula": FORMULAS, "temperature_c": [25.0, 100.0, 25.0]})
    predictor = load_predictor(reduced_folder)
    expected = [
        predictor.predict(formula, temperature_c=celsius).iloc[0]
        for formula, celsius in table.itertuples(index=False, name=None)
    ]
    got = served.predict(table)
    assert got.columns.tolist() == signature.outputs.input_names()
    pd.testing.assert_frame_equal(
        got.reset_index(drop=True),
        pd.DataFrame(expected).reset_index(drop=True),
        check_exact=False,
        rtol=1e-9,
        atol=1e-6,
        check_dtype=False,
    )


def test_nothing_that_was_logged_is_a_pickle(logged):
    files = [path for path in logged.folder.rglob("*") if path.is_file()]
    assert any(path.name == "model.skops" for path in files)
    assert [path for path in files if path.suffix in (".pkl", ".pickle", ".joblib", ".cloudpickle")] == []
    assert [path for path in files if path.read_bytes()[:1] == b"\x80"] == []


def test_the_variable_names_another_store(reduced, reduced_folder, li_halides, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    assert log_training(reduced, li_halides, reduced_folder, experiment="other")
    assert (tmp_path / "elsewhere.db").is_file()
    assert not (tmp_path / "mlflow.db").exists()


def test_a_store_that_cannot_be_reached_is_named(reduced, reduced_folder, li_halides, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nosuch://store")
    with pytest.raises(ModelError, match=r"cannot be logged to nosuch://store: .* set MLFLOW_TRACKING_URI"):
        log_training(reduced, li_halides, reduced_folder)
    assert load_predictor(reduced_folder).name == "reduced"
