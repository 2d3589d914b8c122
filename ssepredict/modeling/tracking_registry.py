"""The model registry: every release is a version, the best on the frozen folds carries the alias champion."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.exceptions import ModelError
from ssepredict.modeling.metrics import paired_gain
from ssepredict.modeling.tracking_record import read_left_out

ALIAS = "champion"
"""Alias of the version that a service should load: ``models:/<release name>@champion``."""

RELEASE_TAG = "ssepredict.release_sha256"
CONFIDENCE = 0.9


@dataclass(frozen=True)
class Contender:
    """A release as the comparison sees it.

    Parameters
    ----------
    released : tuple of str
        Targets that are not abstained from.
    measured_on : dict
        Dataset digest, number and seed of the folds of its left-out predictions.
    left_out : DataFrame
        Columns `target, measurement_id, work_id, true, predicted, scored`, and `fold` where folds are
        frozen.
    """

    released: tuple[str, ...]
    measured_on: dict[str, Any]
    left_out: pd.DataFrame = field(repr=False)


@dataclass(frozen=True)
class Promotion:
    """Whether a release becomes champion.

    Parameters
    ----------
    promoted : bool
    reason : str
        In a sentence.
    comparison : DataFrame
        Per target: `rows`, `papers`, `mae`, `mae_champion`, `gain`, `low`, `high` (in the target's error
        unit; a gain is the champion's error minus the new one's).
    """

    promoted: bool
    reason: str
    comparison: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)


def read_contender(folder: str | Path) -> Contender:
    """Read from a release folder what the comparison needs; no model is built.

    Raises
    ------
    ModelError
        When files are missing or do not belong together.
    """
    path = Path(folder) / "metrics.json"
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
        released = tuple(name for name, one in metrics["targets"].items() if one["status"] == "ok")
        measured_on = {name: metrics[name] for name in ("dataset_digest", "folds", "seed")}
        left_out = read_left_out(folder, metrics["model_sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} holds no metrics of a release ({error!r}); train again") from error
    return Contender(released, measured_on, left_out)


def judge(new: Contender, champion: Contender, seed: int = 0) -> Promotion:
    """Hold a release against the champion, row by row, on the same left-out papers.

    It is promoted when on no target that either releases its mean absolute error is higher, and on at
    least one it is lower by a margin that a bootstrap over papers calls real.

    Parameters
    ----------
    new, champion : Contender
    seed : int
        Of the bootstrap.

    Returns
    -------
    Promotion
    """
    if not _same_folds(new, champion):
        return Promotion(
            False,
            "it cannot be compared: it was measured on other folds or data than the champion "
            f"({_told(new)} against {_told(champion)}); train both on the same dataset and folds",
        )
    targets = sorted({*new.released, *champion.released})
    lost = sorted(set(champion.released) - set(new.left_out["target"]))
    if lost:
        return Promotion(False, f"it lacks {', '.join(lost)}, which the champion predicts")
    lines = [line for target in targets if (line := _compare(target, new, champion, seed))]
    table = pd.DataFrame(lines)
    if table.empty:
        return Promotion(False, "no target has left-out rows in common with the champion")
    worse = table[table["gain"] < 0.0]
    if len(worse):
        return Promotion(False, f"it is worse than the champion on {_listed(worse)}", table)
    better = table[table["low"] > 0.0]
    if not len(better):
        return Promotion(False, f"it is not really better than the champion on {_listed(table)}", table)
    return Promotion(True, f"it beats the champion on {_listed(better)}", table)


def register(name: str, model_id: str, folder: Path, *, run_id: str, digest: str) -> Promotion:
    """Make a logged model the next version of a registered model, and champion when it is the best.

    Parameters
    ----------
    name : str
        Of the registered model; created when it does not exist.
    model_id : str
        Of the logged model.
    folder : Path
        Of the release.
    run_id : str
        Parent run, whose artifact ``release`` holds the release's files.
    digest : str
        Of the release.

    Returns
    -------
    Promotion
        Written into the version's tags and description too.
    """
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    client = MlflowClient()
    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name, description="Releases of ssepredict; load the alias champion.")
    promotion = _held_against_champion(client, name, folder, digest)
    version = client.create_model_version(
        name,
        f"models:/{model_id}",
        run_id=run_id,
        model_id=model_id,
        tags={RELEASE_TAG: digest, "ssepredict.promoted": str(promotion.promoted).lower()},
        description=("Champion: " if promotion.promoted else "Not the champion: ") + promotion.reason,
    )
    if promotion.promoted:
        client.set_registered_model_alias(name, ALIAS, version.version)
    return promotion


def _held_against_champion(client: Any, name: str, folder: Path, digest: str) -> Promotion:
    from mlflow.artifacts import download_artifacts

    held = client.get_registered_model(name).aliases.get(ALIAS)
    if held is None:
        return Promotion(True, "it is the first champion")
    version = client.get_model_version(name, held)
    if version.tags.get(RELEASE_TAG) == digest:
        return Promotion(True, "it is the champion, sent again")
    with tempfile.TemporaryDirectory() as scratch:
        place = download_artifacts(run_id=version.run_id, artifact_path="release", dst_path=scratch)
        try:
            champion = read_contender(place)
        except ModelError as error:
            return Promotion(False, f"version {held}, the champion, cannot be compared with: {error}")
    return judge(read_contender(folder), champion)


def _same_folds(one: Contender, other: Contender) -> bool:
    """Tell whether both left out the same rows together: the same run of folds, or the same frozen ones."""
    if one.measured_on == other.measured_on:
        return True
    if "fold" not in one.left_out or "fold" not in other.left_out:
        return False
    columns = ["target", "measurement_id", "fold"]
    common = one.left_out[columns].merge(other.left_out[columns], on=columns[:2], suffixes=("", "_other"))
    return bool(len(common) and (common["fold"] == common["fold_other"]).all())


def _told(contender: Contender) -> str:
    known = contender.measured_on
    return f"dataset {str(known['dataset_digest'])[:12]}, {known['folds']} folds, seed {known['seed']}"


def _compare(target: str, new: Contender, champion: Contender, seed: int) -> dict[str, Any] | None:
    """Errors on the rows that both left out and that hold the same value, None when there are none."""
    columns = ["measurement_id", "work_id", "true", "predicted"]
    ours, theirs = (
        side.left_out[(side.left_out["target"] == target) & (side.left_out["scored"] == 1)][columns]
        for side in (new, champion)
    )
    rows = ours.merge(theirs.drop(columns="work_id"), on="measurement_id", suffixes=("", "_champion"))
    rows = rows[np.isclose(rows["true"], rows["true_champion"], rtol=1e-9, atol=1e-12)]
    if rows.empty:
        return None
    error = (rows["predicted"] - rows["true"]).abs().to_numpy()
    before = (rows["predicted_champion"] - rows["true"]).abs().to_numpy()
    gain, low, high = paired_gain(
        better=error, worse=before, groups=rows["work_id"], seed=seed, confidence=CONFIDENCE
    )
    return {
        "target": target,
        "rows": len(rows),
        "papers": int(rows["work_id"].nunique()),
        "mae": float(error.mean()),
        "mae_champion": float(before.mean()),
        "gain": gain,
        "low": low,
        "high": high,
    }


def _listed(table: pd.DataFrame) -> str:
    return "; ".join(
        f"{row.target}: mean absolute error {row.mae:.3g} against {row.mae_champion:.3g} on {row.rows} rows "
        f"of {row.papers} papers, gain {row.gain:.2g} ({row.low:.2g} to {row.high:.2g})"
        for row in table.itertuples(index=False)
    )
