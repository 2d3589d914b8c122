"""Fits without what is left out, predictions of it, and how far it lies from what was fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import EstimatorSpec, fill_empty_columns
from ssepredict.modeling.protocols import FOLDS, PROTOCOLS, SPLIT_YEAR, IndexArray, TrainingTable


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
    if spec.tuned is not None:
        estimator.set_params(**spec.tuned(table.target.name))
    papers: dict[str, Any] = {}
    if spec.by_paper:
        estimator.set_params(columns=table.feature_names)
        papers["groups"] = np.concatenate([table.papers[rows]] * 2)
    given = np.ones(len(rows)) if weights is None else weights[rows]
    return estimator.fit(
        fill_empty_columns(np.vstack([table.X[rows], table.X_withheld[rows]])),
        np.concatenate([table.y[rows], table.y[rows]]),
        sample_weight=0.5 * np.concatenate([given, given]),
        **papers,
    )


def left_out_predictions(
    table: TrainingTable,
    spec: EstimatorSpec,
    protocol: str,
    *,
    seed: int = 0,
    folds: int = FOLDS,
    weights: FloatArray | None = None,
    split_year: int = SPLIT_YEAR,
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
    split_year : int
        First year that the protocol ``time`` leaves out.

    Returns
    -------
    DataFrame
        `row`, `fold`, `predicted` (processing as stated), `predicted_withheld` (processing not given);
        under `dopant` a row with two dopants appears twice.
    """
    parts = []
    for number, (train, test) in enumerate(PROTOCOLS[protocol](table, seed, folds, split_year)):
        if weights is not None:
            train = train[weights[train] > 0]
        if not len(train) or not len(test):
            continue
        fitted = fit_estimator(table, spec, train, seed, weights)
        stated, withheld = (
            [table.frame.iloc[test]] * 2 if spec.reads == "frame" else [table.X[test], table.X_withheld[test]]
        )
        predicted = fitted.predict(stated)
        parts.append(
            pd.DataFrame(
                {
                    "row": test,
                    "fold": number,
                    "predicted": predicted,
                    "predicted_withheld": predicted if withheld is stated else fitted.predict(withheld),
                }
            )
        )
    if not parts:
        names = ["row", "fold", "predicted", "predicted_withheld"]
        return pd.DataFrame({name: np.zeros(0, int if name in names[:2] else float) for name in names})
    return pd.concat(parts, ignore_index=True)


def withheld_by_row(table: TrainingTable, predictions: pd.DataFrame) -> FloatArray:
    """Order left-out predictions by the rows of a table.

    Parameters
    ----------
    table : TrainingTable, n rows
    predictions : DataFrame
        As `left_out_predictions` gives them.

    Returns
    -------
    ndarray, shape (n,)
        With the processing withheld; NaN for rows that were never left out, as a fold without training rows
        predicts nothing.
    """
    found = np.full(len(table.y), np.nan)
    found[predictions["row"].to_numpy()] = predictions["predicted_withheld"].to_numpy()
    return found


def fold_distances(
    table: TrainingTable, protocol: str, *, seed: int = 0, folds: int = FOLDS, split_year: int = SPLIT_YEAR
) -> FloatArray:
    """Distance of each left-out row to the compositions trained on, in the order of the predictions.

    Returns
    -------
    ndarray, shape (n,)
        NaN where fewer than two papers are trained on.
    """
    parts = [np.zeros(0)]
    for train, test in PROTOCOLS[protocol](table, seed, folds, split_year):
        if not len(train) or not len(test):
            continue
        if len(np.unique(table.papers[train])) < 2:
            parts.append(np.full(len(test), np.nan))
            continue
        domain = Domain().fit(table.sites.take(train), table.papers[train])
        parts.append(domain.distance(table.sites.take(test)))
    return np.concatenate(parts)
