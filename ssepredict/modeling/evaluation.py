"""Validation that leaves whole papers, whole dopants and later years out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.featurizers.conditions import ConditionFeaturizer
from ssepredict.featurizers.site import SiteFeaturizer
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.metrics import POINT_METRICS, pair_concordance
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS, Target

IndexArray = npt.NDArray[np.intp]
Fold = tuple[IndexArray, IndexArray]

FOLDS = 20
"""Folds of the protocols that leave papers out; every paper is left out once, whole."""

SPLIT_YEAR = 2021
"""The protocol `time` trains on what was published before and tests on the rest."""

_MINIMUM_ROWS_PER_ELEMENT = 3


@dataclass(frozen=True)
class TrainingTable:
    """One target's rows, ready to fit.

    Parameters
    ----------
    target : Target
    frame : DataFrame, n rows
        As the dataset gives it; `work_id` groups the rows of one paper, however it was found.
    sites : SiteTable, n rows
    X : ndarray, shape (n, k)
    y : ndarray, shape (n,)
        Transformed values.
    feature_names : tuple of str, length k
    elements : tuple of str
        Elements with a column of their own.
    """

    target: Target
    frame: pd.DataFrame
    sites: SiteTable
    X: FloatArray
    y: FloatArray
    feature_names: tuple[str, ...]
    elements: tuple[str, ...]

    @property
    def papers(self) -> npt.NDArray[np.object_]:
        """The work each row was published in, shape (n,)."""
        return self.frame["work_id"].to_numpy(dtype=object)

    @property
    def scored(self) -> npt.NDArray[np.bool_]:
        """Rows on which errors are measured, shape (n,)."""
        return self.target.scored(self.frame)


def prepare(target: Target, dataset: Dataset) -> TrainingTable:
    """Features and transformed values of every usable row of a target."""
    frame = target.frame(dataset)
    sites = parse_sites(frame["formula"].tolist())
    site = SiteFeaturizer(minimum_rows=_MINIMUM_ROWS_PER_ELEMENT).fit(sites)
    condition = ConditionFeaturizer(target.conditions).fit(frame)
    names = (*site.get_feature_names_out(), *condition.get_feature_names_out())
    X = np.hstack([site.transform(sites), condition.transform(frame)])
    return TrainingTable(target, frame, sites, X, target.forward(frame["value"]), names, site.elements_)


def _by_paper(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    count = min(folds, len(np.unique(table.papers))) if folds else len(np.unique(table.papers))
    yield from GroupKFold(count, shuffle=True, random_state=seed).split(table.X, table.y, table.papers)


def _by_paper_purged(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    keys = table.frame["composition_key"].to_numpy(dtype=object)
    for train, test in _by_paper(table, seed, folds):
        yield train[~np.isin(keys[train], keys[test])], test


def _by_dopant(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    on_m = table.sites.occupancy["M"]
    total = on_m.sum(axis=1, keepdims=True)
    share = np.divide(on_m, total, out=np.zeros_like(on_m), where=total > 0)
    for column in range(on_m.shape[1]):
        test = np.flatnonzero((share[:, column] > 0) & (share[:, column] < 0.5) & table.scored)
        if len(test) >= 5 and len(np.unique(table.papers[test])) >= 2:
            holds = table.sites.composition.amounts[:, column] > 0
            yield np.flatnonzero(~holds), test


def _by_host(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    hosts = table.frame["host"].to_numpy(dtype=object)
    count = min(folds, len(np.unique(hosts))) if folds else len(np.unique(hosts))
    if count > 1:
        yield from GroupKFold(count, shuffle=True, random_state=seed).split(table.X, table.y, hosts)


def _by_year(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    year = table.frame["year"].to_numpy(dtype=np.float64)
    yield np.flatnonzero(year < SPLIT_YEAR), np.flatnonzero(year >= SPLIT_YEAR)


def _at_random(table: TrainingTable, seed: int, folds: int) -> Iterator[Fold]:
    yield from KFold(folds or FOLDS, shuffle=True, random_state=seed).split(table.X)


PROTOCOLS: dict[str, Callable[[TrainingTable, int, int], Iterator[Fold]]] = {
    "paper": _by_paper,
    "paper_purged": _by_paper_purged,
    "dopant": _by_dopant,
    "host": _by_host,
    "time": _by_year,
    "random": _at_random,
}
"""Protocol to folds. `paper_purged` also removes the left-out compositions from training; `dopant` leaves
out every composition with an ion that is a minority on M; `host` leaves out all compositions derived from
a host; `random` is for comparison only: it flatters."""


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
        `row`, `fold`, `predicted`; under `dopant` a row with two dopants appears twice.
    """
    parts = []
    for number, (train, test) in enumerate(PROTOCOLS[protocol](table, seed, folds)):
        if weights is not None:
            train = train[weights[train] > 0]
        if not len(train) or not len(test):
            continue
        predicted = _fit_predict(table, spec, train, test, seed, weights)
        parts.append(pd.DataFrame({"row": test, "fold": number, "predicted": predicted}))
    if not parts:
        return pd.DataFrame({"row": np.zeros(0, int), "fold": np.zeros(0, int), "predicted": np.zeros(0)})
    return pd.concat(parts, ignore_index=True)


def _fit_predict(
    table: TrainingTable,
    spec: EstimatorSpec,
    train: IndexArray,
    test: IndexArray,
    seed: int,
    weights: FloatArray | None,
) -> FloatArray:
    estimator = spec.build(seed)
    if spec.reads == "frame":
        fitted = estimator.fit(table.frame.iloc[train], table.y[train])
        return np.asarray(fitted.predict(table.frame.iloc[test]), dtype=np.float64)
    given = {} if weights is None else {"sample_weight": weights[train]}
    fitted = estimator.fit(table.X[train], table.y[train], **given)
    return np.asarray(fitted.predict(table.X[test]), dtype=np.float64)


def series_of(frame: pd.DataFrame) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Series in which an order of compositions means something, and the compositions, both of shape (n,).

    A series is one paper, one host and one contribution: a bulk value above a total value is no discovery.
    """
    parts = [frame[name].astype(str) for name in ("work_id", "host", "contribution")]
    series = parts[0] + "|" + parts[1] + "|" + parts[2]
    return series.to_numpy(dtype=object), frame["composition_key"].to_numpy(dtype=object)


def score(table: TrainingTable, predictions: pd.DataFrame) -> pd.DataFrame:
    """Metrics over all scored rows, at room temperature, and by family at room temperature.

    Returns
    -------
    DataFrame
        `scope`, `rows`, `papers`, one column per metric, and the concordance of pairs of
        compositions within `series_of` with their number. A row predicted in several folds counts in each.
    """
    rows = predictions[table.scored[predictions["row"].to_numpy()]]
    index = rows["row"].to_numpy()
    true, predicted = table.y[index], rows["predicted"].to_numpy()
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
        line["concordance"], line["pairs"] = pair_concordance(
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
        One line per target, protocol, estimator and scope.
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
    _known("protocol", [protocol], PROTOCOLS)
    _known("target", targets, TARGETS)
    _known("estimator", estimators, ESTIMATORS)
    tables, predictions = [], []
    for name in targets:
        prepared = prepare(TARGETS[name], dataset)
        for estimator in estimators:
            found = left_out_predictions(prepared, ESTIMATORS[estimator], protocol, seed=seed, folds=folds)
            labels = {"target": name, "protocol": protocol, "estimator": estimator}
            tables.append(_labelled(score(prepared, found), labels))
            predictions.append(_labelled(_with_truth(prepared, found), labels))
    return Evaluation(pd.concat(tables, ignore_index=True), pd.concat(predictions, ignore_index=True))


def _with_truth(table: TrainingTable, predictions: pd.DataFrame) -> pd.DataFrame:
    index = predictions["row"].to_numpy()
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    known = table.frame.iloc[index][columns].reset_index(drop=True)
    return known.assign(
        true=table.y[index],
        predicted=predictions["predicted"].to_numpy(),
        fold=predictions["fold"].to_numpy(),
        scored=table.scored[index].astype(int),
    )


def _labelled(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    for position, (name, value) in enumerate(labels.items()):
        table.insert(position, name, value)
    return table


def _known(what: str, names: Sequence[str], known: Mapping[str, object]) -> None:
    for name in names:
        if name not in known:
            raise SsePredictError(
                f"{what} {name!r} is unknown{did_you_mean(name, known)}; expected one of {', '.join(known)}"
            )
