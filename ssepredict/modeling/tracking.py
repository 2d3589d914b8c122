"""MLflow: a run per release with a child per target, the served model, the registry, evaluations.

Only modules whose name begins with ``tracking`` import mlflow. A release is written to disk before anything
is sent, with its left-out predictions beside it, so that a run can be sent, or sent again, from the folder
alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ssepredict import __version__
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.modeling.tracking_model import log_served_model
from ssepredict.modeling.tracking_plots import write_plots
from ssepredict.modeling.tracking_record import keep_left_out, read_left_out, release_digest
from ssepredict.modeling.tracking_registry import RELEASE_TAG, Promotion, register
from ssepredict.modeling.tracking_store import DIGEST_LENGTH, flat_metrics, tracking_store

if TYPE_CHECKING:
    from ssepredict.data.dataset import Dataset
    from ssepredict.modeling.evaluation import Evaluation

__all__ = ["SentRelease", "keep_left_out", "log_evaluation", "log_release"]

EXPERIMENT = "ssepredict"

_COMPLETE_TAG = "ssepredict.complete"
_PROMOTED_TAG = "ssepredict.promoted"
_REASON_TAG = "ssepredict.promotion"
_SUPERSEDED_TAG = "ssepredict.superseded_by"
_HEADLINES = ("rows_scored", "papers", "gain_over_baseline", "intervals")


@dataclass(frozen=True)
class SentRelease:
    """Where a release is tracked.

    Parameters
    ----------
    run_id : str
        Of the parent run.
    created : bool
        False when a complete run of the very same release was there already.
    promoted : bool
        Whether it carries the alias champion.
    reason : str
        Why, or why not.
    """

    run_id: str
    created: bool
    promoted: bool
    reason: str


def log_release(folder: str | Path, *, experiment: str = EXPERIMENT) -> SentRelease:
    """Send a written release to the tracking store: runs, plots, served model, registry version.

    A complete run of the same release is not repeated. What an interrupted attempt left behind stays, marked
    as failed and superseded.

    Parameters
    ----------
    folder : str or Path
        Where `Predictor.save` and `keep_left_out` wrote it.
    experiment : str

    Returns
    -------
    SentRelease

    Raises
    ------
    ModelError
        When the folder holds no complete release, or the tracking store cannot be reached or written; the
        release stays as it is.
    """
    release = Path(folder)
    predictor = load_predictor(release)
    left_out = read_left_out(release, predictor.digest)
    digest = release_digest(release)
    remedy = (
        f"the release in {release} is complete and stays; set MLFLOW_TRACKING_URI to a store that can be "
        f"reached and send it with `ssepredict train --resend {release}`"
    )
    with tracking_store(experiment, lost="the run", remedy=remedy):
        import mlflow

        attempts = _attempts(experiment, digest)
        for run in attempts:
            if run.data.tags.get(_COMPLETE_TAG) == "true":
                tags = run.data.tags
                return SentRelease(
                    run.info.run_id, False, tags.get(_PROMOTED_TAG) == "true", tags.get(_REASON_TAG, "")
                )
        with mlflow.start_run(run_name=predictor.name, tags={RELEASE_TAG: digest}) as parent:
            run_id = str(parent.info.run_id)
            _log_parent(predictor, left_out, release)
            for target in predictor.models:
                with mlflow.start_run(run_name=target, nested=True, tags={RELEASE_TAG: digest}):
                    _log_target(predictor, target, left_out[left_out["target"] == target])
            model_id = log_served_model(release)
            promotion = register(predictor.name, model_id, release, run_id=run_id, digest=digest)
            _log_promotion(promotion)
        _close(attempts, run_id)
        mlflow.MlflowClient().set_tag(run_id, _COMPLETE_TAG, "true")
        return SentRelease(run_id, True, promotion.promoted, promotion.reason)


def log_evaluation(evaluation: Evaluation, dataset: Dataset, *, experiment: str = EXPERIMENT) -> str:
    """Log a comparison of estimators: a run with a child per target, the table and every prediction.

    Parameters
    ----------
    evaluation : Evaluation
    dataset : Dataset
        What it was measured on.
    experiment : str

    Returns
    -------
    str
        The parent run's id.

    Raises
    ------
    ModelError
        When the tracking store cannot be reached or written.
    """
    remedy = "its table is complete; set MLFLOW_TRACKING_URI to a store that can be reached and run it again"
    table, predictions = evaluation.table, evaluation.predictions
    protocols = ", ".join(table["protocol"].unique())
    with tracking_store(experiment, lost="the evaluation", remedy=remedy):
        import mlflow

        with mlflow.start_run(run_name=f"evaluate {protocols}") as parent:
            mlflow.log_params(
                {"protocol": protocols, "version": __version__, "dataset_digest": dataset.digest}
            )
            _log_tables({name: part for name, part in vars(evaluation).items() if len(part)})
            for target, lines in table.groupby("target", sort=False):
                rows = predictions[predictions["target"] == target]
                with mlflow.start_run(run_name=str(target), nested=True):
                    mlflow.log_params({"target": target, "protocol": protocols})
                    _log_dataset(_measured(rows), f"ssepredict {target}", dataset.digest, "evaluation")
                    # Every other view stands in the logged table; as metrics it would be tens of thousands.
                    shown = lines[lines["processing"] == "withheld"]
                    shown = shown[~shown["scope"].str.startswith("distance")]
                    named = shown.drop(columns=["target", "baseline", "leader"], errors="ignore")
                    comparison = named.to_dict(orient="records")
                    mlflow.log_metrics(flat_metrics({"comparison": comparison}))
            return str(parent.info.run_id)


def _attempts(experiment: str, digest: str) -> list[Any]:
    """Parent runs of a release, newest first, finished or not."""
    import mlflow

    found = mlflow.search_runs(
        experiment_names=[experiment],
        filter_string=f"tags.`{RELEASE_TAG}` = '{digest}'",
        output_format="list",
    )
    return [run for run in found if "mlflow.parentRunId" not in run.data.tags]


def _close(attempts: list[Any], run_id: str) -> None:
    """Mark what interrupted attempts left behind, parents and children."""
    import mlflow

    client = mlflow.MlflowClient()
    for attempt in attempts:
        client.set_tag(attempt.info.run_id, _SUPERSEDED_TAG, run_id)
        children = client.search_runs(
            [attempt.info.experiment_id], f"tags.mlflow.parentRunId = '{attempt.info.run_id}'"
        )
        for run in (attempt, *children):
            if run.info.status in ("RUNNING", "SCHEDULED"):
                client.set_terminated(run.info.run_id, "FAILED")


def _log_parent(predictor: Predictor, left_out: pd.DataFrame, release: Path) -> None:
    import mlflow

    metrics = predictor.metrics
    mlflow.log_params(
        {
            "release": predictor.name,
            "version": __version__,
            "seed": metrics["seed"],
            "folds": metrics["folds"],
            "dataset_digest": predictor.dataset_digest,
            "model_sha256": predictor.digest,
        }
    )
    _log_dataset(_measured(left_out), "ssepredict", predictor.dataset_digest, "training")
    headlines = {
        target: {name: figures[name] for name in _HEADLINES if name in figures}
        | {"mae": _error(left_out[left_out["target"] == target])}
        for target, figures in metrics["targets"].items()
    }
    mlflow.log_metrics(flat_metrics(headlines))
    comparison = [
        pd.DataFrame(figures["comparison"]).assign(target=target)
        for target, figures in metrics["targets"].items()
    ]
    _log_tables({"comparison": pd.concat(comparison, ignore_index=True)})
    mlflow.log_artifacts(str(release), artifact_path="release")


def _log_target(predictor: Predictor, target: str, rows: pd.DataFrame) -> None:
    import mlflow

    figures = predictor.metrics["targets"][target]
    said = {name: value for name, value in figures.items() if isinstance(value, str) and value}
    settings = predictor.models[target].estimator.get_params()
    mlflow.log_params(
        {"target": target, "release": predictor.name}
        | said
        | {f"estimator.{name}": value for name, value in sorted(settings.items())}
    )
    _log_dataset(_measured(rows), f"ssepredict {target}", predictor.dataset_digest, "training")
    mlflow.log_metrics(flat_metrics({**figures, "mae": _error(rows)}))
    _log_tables({"left_out_predictions": rows})
    with tempfile.TemporaryDirectory() as scratch:
        write_plots(predictor, target, rows, Path(scratch))
        mlflow.log_artifacts(scratch, artifact_path="plots")


def _log_promotion(promotion: Promotion) -> None:
    import mlflow

    said = {_PROMOTED_TAG: str(promotion.promoted).lower(), _REASON_TAG: promotion.reason}
    mlflow.set_tags(said)
    if len(promotion.comparison):
        _log_tables({"champion_comparison": promotion.comparison})


def _log_dataset(rows: pd.DataFrame, name: str, digest: str, context: str) -> None:
    """Name the rows as an MLflow dataset under the digest of the tables they come from."""
    import mlflow

    source: Any = mlflow.data.from_pandas(  # type: ignore[attr-defined]  # registered at run time
        rows, targets="true", name=name, digest=digest[:DIGEST_LENGTH]
    )
    mlflow.log_input(source, context=context)


def _log_tables(tables: Mapping[str, pd.DataFrame]) -> None:
    import mlflow

    with tempfile.TemporaryDirectory() as scratch:
        for name, table in tables.items():
            table.to_csv(Path(scratch) / f"{name}.csv", index=False, lineterminator="\n")
        mlflow.log_artifacts(scratch)


def _measured(rows: pd.DataFrame) -> pd.DataFrame:
    """Distinct measured rows, what a dataset is, without the predictions."""
    columns = ["target", "measurement_id", "formula", "family", "host", "temperature_c", "true"]
    return rows[columns].drop_duplicates(ignore_index=True)


def _error(rows: pd.DataFrame) -> float:
    """Mean absolute error on left-out papers of what is released, in the target's error unit."""
    scored = rows[rows["scored"] == 1]
    return float((scored["predicted"] - scored["true"]).abs().mean())
