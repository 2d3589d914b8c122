"""Comparison of estimators and baselines on what they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec, fill_empty_columns
from ssepredict.modeling.metrics import POINT_METRICS, pair_concordance
from ssepredict.modeling.protocols import FOLDS, PROTOCOLS, IndexArray, TrainingTable, prepare
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS

PROCESSING_COLUMNS = {"withheld": "predicted_withheld", "as_stated": "predicted"}
"""Column of the left-out predictions by what the model was told of the processing."""


def fit_estimator(
    table: TrainingTable, spec: EstimatorSpec, rows: IndexArray, seed: int, weights: FloatArray | None = None
) -> Any:
    """Fit on the given rows, each once as stated and once with its processing withheld, at half weight.

    A model that has only seen stated processing is worse where none is stated, which is the case for every
    candidate; seeing both costs nothing where it is stated.
    """
    estimator = spec.build(seed)
    if spec.reads == "frame":
        return estimator.fit(table.frame.iloc[rows], table.y[rows])
    if spec.monotone:
        directions = [-int(name in table.target.falls_with) for name in table.feature_names]
        estimator.set_params(**{spec.monotone: directions})
    given = np.ones(len(rows)) if weights is None else weights[rows]
    return estimator.fit(
        fill_empty_columns(np.vstack([table.X[rows], table.X_withheld[rows]])),
        np.concatenate([table.y[rows], table.y[rows]]),
        sample_weight=0.5 * np.concatenate([given, given]),
    )


def left_out_predictions(
    table: TrainingTable,
    spec: EstimatorSpec,
    protocol: str,
    *,
    seed: int = 0,
    folds: int = FOLDS,
    weights: FloatArray | None = None,
) -> pd.DataFrame:
    """Predictions for rows that the model has not seen.

    Parameters
    ----------
    table : TrainingTable
    spec : EstimatorSpec
    protocol : str
        A name of `PROTOCOLS`.
    seed : int
        Of the folds and the estimator.
    folds : int
        0 leaves one paper out at a time.
    weights : ndarray, shape (n,), optional
        A row of weight 0 is not trained on; it is still predicted.

    Returns
    -------
    DataFrame
        `row`, `fold`, `predicted` (processing as stated), `predicted_withheld` (processing not given);
        under `dopant` a row with two dopants appears twice.
    """
    parts = []
    for number, (train, test) in enumerate(PROTOCOLS[protocol](table, seed, folds)):
        if weights is not None:
            train = train[weights[train] > 0]
        if not len(train) or not len(test):
            continue
        fitted = fit_estimator(table, spec, train, seed, weights)
        stated, withheld = (
            [table.frame.iloc[test]] * 2 if spec.reads == "frame" else [table.X[test], table.X_withheld[test]]
        )
        parts.append(
            pd.DataFrame(
                {
                    "row": test,
                    "fold": number,
                    "predicted": fitted.predict(stated),
                    "predicted_withheld": fitted.predict(withheld),
                }
            )
        )
    if not parts:
        names = ["row", "fold", "predicted", "predicted_withheld"]
        return pd.DataFrame({name: np.zeros(0, int if name in names[:2] else float) for name in names})
    return pd.concat(parts, ignore_index=True)


def series_of(frame: pd.DataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Series in which an order of compositions means something, and the compositions, both of shape (n,).

    A series is one paper, one host and one contribution: a bulk value above a total value is no discovery.
    """
    series = frame["work_id"].astype(str) + "|" + frame["host"].astype(str)
    if "contribution" in frame:  # a cell has none
        series = series + "|" + frame["contribution"].astype(str)
    return series.to_numpy(dtype=object), frame["composition_key"].to_numpy(dtype=object)


def score(
    table: TrainingTable, predictions: pd.DataFrame, column: str = "predicted_withheld"
) -> pd.DataFrame:
    """Metrics over all scored rows, at room temperature, and by family at room temperature.

    Parameters
    ----------
    table : TrainingTable
    predictions : DataFrame
        As `left_out_predictions` gives them.
    column : str
        Which predictions to score.

    Returns
    -------
    DataFrame
        `scope`, `rows`, `papers`, one column per metric, and the concordance of pairs of
        compositions within `series_of` with their number. A row predicted in several folds counts in each.
    """
    rows = predictions[table.scored[predictions["row"].to_numpy()]]
    index = rows["row"].to_numpy()
    true, predicted = table.y[index], rows[column].to_numpy()
    frame = table.frame.iloc[index]
    scopes = {"all": np.ones(len(index), dtype=bool)}
    temperature = frame["temperature_c"].to_numpy(dtype=np.float64)
    room = (temperature >= ROOM_TEMPERATURE_C[0]) & (temperature <= ROOM_TEMPERATURE_C[1])
    if table.target.needs_temperature:
        scopes["room_temperature"] = room
    else:
        room = scopes["all"]
    families = frame["family"].to_numpy(dtype=object)
    scopes |= {str(name): room & (families == name) for name in sorted(set(families))}
    series, items = series_of(frame)
    lines = []
    for scope, mask in scopes.items():
        line: dict[str, object] = {"scope": scope, "rows": int(mask.sum())}
        line["papers"] = int(frame.loc[mask, "work_id"].nunique())
        line |= {
            name: metric(true=true[mask], predicted=predicted[mask]) for name, metric in POINT_METRICS.items()
        }
        line["concordance"], line["pairs"], line["series"] = pair_concordance(
            true=true[mask & room],
            predicted=predicted[mask & room],
            series=series[mask & room],
            items=items[mask & room],
        )
        lines.append(line)
    return pd.DataFrame(lines)


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Parameters
    ----------
    table : DataFrame
        One line per target, protocol, estimator, processing (withheld or as stated) and scope.
    predictions : DataFrame
        One line per left-out prediction, with measurement, paper and true value (transformed).
    """

    table: pd.DataFrame
    predictions: pd.DataFrame = field(repr=False)


def evaluate(
    dataset: Dataset,
    protocol: str = "paper",
    *,
    targets: Sequence[str] = ("conductivity_s_cm", "activation_energy_ev"),
    estimators: Sequence[str] = tuple(ESTIMATORS),
    seed: int = 0,
    folds: int = FOLDS,
) -> Evaluation:
    """Compare estimators and baselines under a protocol.

    Parameters
    ----------
    dataset : Dataset
    protocol : str, default "paper"
        A name of `PROTOCOLS`.
    targets, estimators : sequence of str
        Names of `TARGETS` and `ESTIMATORS`.
    seed, folds : int
        0 folds leave one paper out at a time.

    Returns
    -------
    Evaluation

    Raises
    ------
    SsePredictError
        When a name is unknown.
    """
    check_names("protocol", [protocol], PROTOCOLS)
    check_names("target", targets, TARGETS)
    check_names("estimator", estimators, ESTIMATORS)
    tables, predictions = [], []
    for name in targets:
        prepared = prepare(TARGETS[name], dataset)
        for estimator in estimators:
            found = left_out_predictions(prepared, ESTIMATORS[estimator], protocol, seed=seed, folds=folds)
            labels = {"target": name, "protocol": protocol, "estimator": estimator}
            predictions.append(_labelled(_with_truth(prepared, found), labels))
            for processing, column in PROCESSING_COLUMNS.items():
                known = {**labels, "processing": processing}
                tables.append(_labelled(score(prepared, found, column), known))
    return Evaluation(pd.concat(tables, ignore_index=True), pd.concat(predictions, ignore_index=True))


def _with_truth(table: TrainingTable, predictions: pd.DataFrame) -> pd.DataFrame:
    index = predictions["row"].to_numpy()
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    known = table.frame.iloc[index][columns].reset_index(drop=True)
    return known.assign(
        true=table.y[index],
        predicted=predictions["predicted"].to_numpy(),
        predicted_withheld=predictions["predicted_withheld"].to_numpy(),
        fold=predictions["fold"].to_numpy(),
        scored=table.scored[index].astype(int),
    )


def _labelled(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    for position, (name, value) in enumerate(labels.items()):
        table.insert(position, name, value)
    return table


def check_names(what: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    """Refuse names that are not known, with the nearest that is.

    Raises
    ------
    SsePredictError
        Naming the first unknown one.
    """
    for name in names:
        if name not in known:
            raise SsePredictError(
                f"{what} {name!r} is unknown{did_you_mean(name, known)}; expected one of {', '.join(known)}"
            )
