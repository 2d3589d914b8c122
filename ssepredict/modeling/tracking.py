"""MLflow: parameters, dataset digest, every metric, left-out predictions, parity plots and the model itself.

The only module that imports mlflow.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict import __version__
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import ModelError
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.targets import TARGETS

DEFAULT_STORE = "sqlite:///mlflow.db"
"""Where runs go unless MLFLOW_TRACKING_URI says otherwise: a local SQLite file in the working folder."""

_PROGRESS_BARS = "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"
_SERVED_CODE = "from ssepredict.modeling.tracking import register_served_model\n\nregister_served_model()\n"
_EXAMPLE_FORMULAS = ["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li1.8Zr0.8Nb0.2Cl6"]


def log_training(
    predictor: Predictor, dataset: Dataset, release_folder: str | Path, *, experiment: str = "ssepredict"
) -> str:
    """Log a training run whose release is already written.

    Parameters
    ----------
    predictor : Predictor
        As `train` returns it, with its left-out predictions.
    dataset : Dataset
        What it was trained on.
    release_folder : str or Path
        Where `Predictor.save` wrote it.
    experiment : str

    Returns
    -------
    str
        The run's id.

    Raises
    ------
    ModelError
        When the tracking store cannot be reached or written; the release stays as it is.
    """
    import mlflow

    store = os.environ.get("MLFLOW_TRACKING_URI") or DEFAULT_STORE
    try:
        with _quiet():
            mlflow.set_tracking_uri(store)
            mlflow.set_experiment(experiment)
            with mlflow.start_run(run_name=predictor.name) as run:
                mlflow.log_params(_parameters(predictor))
                mlflow.log_input(_dataset_input(dataset), context="training")
                mlflow.log_metrics(flat_metrics(predictor.metrics))
                _log_artifacts(predictor, Path(release_folder))
                _log_model(Path(release_folder))
                return str(run.info.run_id)
    except mlflow.exceptions.MlflowException as error:
        raise ModelError(
            f"the run cannot be logged to {store}: {error}; the release in {release_folder} is complete, "
            "set MLFLOW_TRACKING_URI to a store that can be reached"
        ) from error


def flat_metrics(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Every figure of every protocol under a name of its own, those that are not finite left out.

    Examples
    --------
    >>> line = {"protocol": "paper", "estimator": "lightgbm", "scope": "all", "mae": 0.7, "rows": 3}
    >>> figures = {"comparison": [line], "intervals": {"all": {"coverage": 0.9}}}
    >>> flat_metrics({"targets": {"x": figures}})
    {'x.paper.lightgbm.all.mae': 0.7, 'x.paper.lightgbm.all.rows': 3.0, 'x.intervals.all.coverage': 0.9}
    """
    flat: dict[str, float] = {}
    for target, figures in metrics["targets"].items():
        for line in figures["comparison"]:
            head = f"{target}.{line['protocol']}.{line['estimator']}.{line['scope']}"
            flat |= {f"{head}.{name}": value for name, value in line.items() if _is_number(value)}
        for scope, entry in figures["intervals"].items():
            if isinstance(entry, Mapping):
                flat |= {f"{target}.intervals.{scope}.{name}": value for name, value in entry.items()}
        for policy, error in figures.get("row_policies", {}).items():
            flat[f"{target}.row_policy.{policy}.mae"] = error
    return {name: float(value) for name, value in flat.items() if _is_number(value)}


def register_served_model() -> None:
    """Declare the model that MLflow serves; called by the code file that is logged with it (no pickle)."""
    import mlflow

    class ServedPredictor(mlflow.pyfunc.PythonModel):  # type: ignore[misc, name-defined]  # lazy in mlflow
        """Formulas in, predictions out."""

        def load_context(self, context: Any) -> None:
            self.predictor = load_predictor(context.artifacts["release"])

        # A DataFrame is the one hint that MLflow does not hold against the signature that is logged.
        def predict(
            self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
        ) -> pd.DataFrame:
            parts = []
            for temperature in model_input["temperature_c"].unique().tolist():
                rows = model_input[model_input["temperature_c"] == temperature]
                found = self.predictor.predict(rows["formula"].tolist(), temperature_c=temperature)
                parts.append(found.set_axis(rows.index))
            return pd.concat(parts).loc[model_input.index]

    mlflow.models.set_model(ServedPredictor())


def _parameters(predictor: Predictor) -> dict[str, Any]:
    metrics = predictor.metrics
    parameters: dict[str, Any] = {
        "release": predictor.name,
        "version": __version__,
        "seed": metrics["seed"],
        "folds": metrics["folds"],
        "dataset_digest": metrics["dataset_digest"],
    }
    for name, model in predictor.models.items():
        parameters[f"{name}.estimator"] = metrics["targets"][name]["estimator"]
        parameters[f"{name}.status"] = model.status
        parameters[f"{name}.row_policy"] = metrics["targets"][name]["row_policy"]
        for key, value in sorted(model.estimator.get_params().items()):
            parameters[f"{name}.{key}"] = value
    return parameters


def _dataset_input(dataset: Dataset) -> Any:
    """Name the training rows as an MLflow dataset under the digest of the tables."""
    import mlflow

    frame = dataset.training_frame("conductivity")[["formula", "temperature_c", "contribution", "value"]]
    return mlflow.data.from_pandas(  # type: ignore[attr-defined]  # registered at run time
        frame, name="ssepredict-datasets", digest=dataset.digest[:36]
    )


def _log_artifacts(predictor: Predictor, release: Path) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        predictor.left_out.to_csv(place / "left_out_predictions.csv", index=False)
        comparison = [
            pd.DataFrame(figures["comparison"]).assign(target=target)
            for target, figures in predictor.metrics["targets"].items()
        ]
        pd.concat(comparison).to_csv(place / "comparison.csv", index=False)
        for target, rows in predictor.left_out.groupby("target"):
            _parity_plot(str(target), rows[rows["scored"] == 1], place / f"parity_{target}.png")
        mlflow.log_artifacts(str(place))
    mlflow.log_artifacts(str(release), artifact_path="release")


def _parity_plot(target: str, rows: pd.DataFrame, path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for family, group in rows.groupby("family"):
        axes.scatter(group["true"], group["predicted"], s=10, alpha=0.6, label=str(family))
    ends = [float(rows[["true", "predicted"]].min().min()), float(rows[["true", "predicted"]].max().max())]
    axes.plot(ends, ends, color="black", linewidth=0.8)
    label = ("log10 of " if TARGETS[target].log10 else "") + TARGETS[target].label
    axes.set(xlabel=f"reported {label}", ylabel="predicted, paper left out", title=target)
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, dpi=120)


def _log_model(release: Path) -> None:
    import mlflow

    example = pd.DataFrame({"formula": _EXAMPLE_FORMULAS, "temperature_c": 25.0})
    answer = load_predictor(release).predict(_EXAMPLE_FORMULAS, temperature_c=25.0)
    with tempfile.TemporaryDirectory() as scratch:
        code = Path(scratch) / "served_model.py"
        code.write_text(_SERVED_CODE, encoding="utf-8")
        mlflow.pyfunc.log_model(
            name="predictor",
            python_model=str(code),
            artifacts={"release": str(release)},
            signature=mlflow.models.infer_signature(example, answer),
            input_example=example,
            pip_requirements=[f"ssepredict=={__version__}"],
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep MLflow's progress chatter and its advice to other tools out of the user's terminal."""
    import logging
    import warnings

    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    bars = os.environ.get(_PROGRESS_BARS)
    os.environ[_PROGRESS_BARS] = "false"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars is None:
            del os.environ[_PROGRESS_BARS]
        else:
            os.environ[_PROGRESS_BARS] = bars


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))
