"""Comparison of estimators, baselines and peers on what they have not seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from ssepredict.columns import FAMILY_NAMES
from ssepredict.data.dataset import Dataset
from ssepredict.data.reproducibility import UNITS, noise_floor, noise_floor_of
from ssepredict.exceptions import SsePredictError, did_you_mean
from ssepredict.modeling.cross_calibration import CALIBRATION_PROTOCOL, cross_calibrated
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.gains import gains_by_scope
from ssepredict.modeling.left_out import fit_estimator, fold_distances, left_out_predictions
from ssepredict.modeling.order_agreement import order_agreement
from ssepredict.modeling.order_evaluation import ORDERED_TARGET, WITHIN_HOST, evaluate_orders
from ssepredict.modeling.peers import PEERS, has_elmd
from ssepredict.modeling.probabilistic import reliability
from ssepredict.modeling.protocols import FOLDS, PROTOCOLS, SPLIT_YEAR, TrainingTable, prepare
from ssepredict.modeling.scopes import score, series_of
from ssepredict.modeling.series import ORDER_PROTOCOL
from ssepredict.modeling.targets import TARGETS, Target

__all__ = [
    "ALL",
    "COMPARED",
    "Evaluation",
    "check_names",
    "evaluate",
    "fit_estimator",
    "left_out_predictions",
    "score",
    "series_of",
]

ALL = "all"
"""Name that stands for every protocol."""

COMPARED: dict[str, EstimatorSpec] = {**ESTIMATORS, **PEERS}
"""Estimators, baselines and peers by name."""

PROCESSING_COLUMNS = {"withheld": "predicted_withheld", "as_stated": "predicted"}
"""Column of the left-out predictions by what the model was told of the processing."""

FEWEST_ROWS = 30
FEWEST_PAPERS = 10
"""Targets with fewer scored rows or papers are left out unless they are asked for by name."""

Progress = Callable[[str], None]
Found = dict[tuple[str, str, str], pd.DataFrame]


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Parameters
    ----------
    table : DataFrame
        One line per target, protocol, estimator, processing (withheld or as stated) and scope: the columns
        of `score`, the noise floor of the data, and the gain in mean absolute error, with its interval by a
        bootstrap over papers, over the best baseline of the protocol and over the leading model.
    predictions : DataFrame
        One line per left-out prediction, with measurement, paper, true value (transformed) and distribution.
    reliability : DataFrame
        Predicted and observed share of values above the threshold, by tenths of the probability.
    within_host : DataFrame
        Orders of the conductivity inside one host, as `ssepredict.modeling.within_host.order_table` gives
        them; empty where the protocol that leaves papers out purged did not run.
    order_agreement : DataFrame
        How often two papers agree on such an order (`ssepredict.modeling.order_agreement`); empty likewise.
    """

    table: pd.DataFrame
    predictions: pd.DataFrame = field(repr=False)
    reliability: pd.DataFrame = field(repr=False)
    within_host: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    order_agreement: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)


def evaluate(
    dataset: Dataset,
    protocol: str = "paper",
    *,
    targets: Sequence[str] | None = None,
    estimators: Sequence[str] | None = None,
    seed: int = 0,
    folds: int = FOLDS,
    split_year: int = SPLIT_YEAR,
    leader: str | None = None,
    workers: int = -1,
    progress: Progress | None = None,
) -> Evaluation:
    """Compare estimators, baselines and peers under a protocol, or under all of them.

    Parameters
    ----------
    dataset : Dataset
    protocol : str, default "paper"
        A name of `PROTOCOLS`, ``"all"``, or ``"within_host"``: orders inside one host on purged papers, with
        the candidates of `ssepredict.modeling.gain_models` beside the estimators (``"all"`` does so too).
    targets : sequence of str, optional
        Names of `TARGETS`; those with rows enough when omitted.
    estimators : sequence of str, optional
        Names of `COMPARED`; all when omitted, without ElMD where it is not installed.
    seed, folds : int
        With the defaults the frozen folds of the dataset are used; 0 folds leave one paper out at a time.
    split_year : int
        First year that the protocol ``time`` leaves out.
    leader : str, optional
        Estimator that the others are held against; when omitted, the boosted one with the lowest error.
    workers : int, default -1
        Processes, one thread each; -1 for one per core.
    progress : callable, optional
        Called with a sentence as steps end.

    Returns
    -------
    Evaluation

    Raises
    ------
    SsePredictError
        When a name is unknown, or no target has rows enough.
    """
    check_names("protocol", [protocol], {**PROTOCOLS, ALL: None, WITHIN_HOST: None})
    check_names("target", targets or (), TARGETS)
    check_names("estimator", [*(estimators or ()), *([leader] if leader else [])], COMPARED)
    say = progress or (lambda sentence: None)
    protocols = list(PROTOCOLS) if protocol == ALL else [protocol]
    if protocol == WITHIN_HOST:
        protocols, targets = [ORDER_PROTOCOL], targets or [ORDERED_TARGET]
    named = list(dict.fromkeys(estimators)) if estimators else _runnable(say)
    tables = _prepared(dataset, targets, say)
    found = _left_out(tables, protocols, named, seed, folds, split_year, workers, say)
    floor = noise_floor(dataset)
    lines: list[pd.DataFrame] = []
    predictions: list[pd.DataFrame] = []
    bins: list[pd.DataFrame] = []
    for target, table in tables.items():
        for name in protocols:
            labels = {"target": target, "protocol": name}
            rows = {estimator: found[target, name, estimator] for estimator in named}
            if not table.scored[rows[named[0]]["row"].to_numpy()].any():
                say(f"{target}: nothing scored can be left out under {name}")
                continue
            scores = {est: _scores(table, here, floor) for est, here in rows.items()}
            errors = {est: _error(measured) for est, measured in scores.items()}
            against = {"baseline": _lowest(errors, "baseline"), "leader": _lowest(errors, "boosted")}
            if leader in rows:
                against["leader"] = leader
            gains = gains_by_scope(table, rows, against, seed=seed)
            for est, here in rows.items():
                known = {**labels, "estimator": est}
                compared = gains[est].assign(processing="withheld")
                merged = scores[est].merge(compared, on=["processing", "scope"], how="left")
                lines.append(_labelled(merged, known))
                predictions.append(_labelled(_with_truth(table, here), known))
                bins.append(_labelled(_reliability(table, here), known))
    if not lines:
        raise SsePredictError(f"nothing can be left out under {protocol}; name another protocol or target")
    orders = agreement = pd.DataFrame()
    if ORDER_PROTOCOL in protocols and ORDERED_TARGET in tables:
        say("orders inside one host")
        rows_of = {est: found[ORDERED_TARGET, ORDER_PROTOCOL, est] for est in named}
        options = {"seed": seed, "folds": folds, "workers": workers}
        candidates = protocol in (ALL, WITHIN_HOST)
        orders = evaluate_orders(tables[ORDERED_TARGET], rows_of, candidates=candidates, **options)
        agreement = pd.DataFrame(order_agreement(tables[ORDERED_TARGET], seed=seed))
    joined = [pd.concat(parts, ignore_index=True) for parts in (lines, predictions, bins)]
    return Evaluation(joined[0], joined[1], joined[2], orders, agreement)


def _runnable(say: Progress) -> list[str]:
    if has_elmd():
        return list(COMPARED)
    say("elmd_nearest_5 is left out: install the extra with pip install 'ssepredict[peers]'")
    return [name for name in COMPARED if name != "elmd_nearest_5"]


def _prepared(dataset: Dataset, targets: Sequence[str] | None, say: Progress) -> dict[str, TrainingTable]:
    if targets:
        return {name: prepare(TARGETS[name], dataset) for name in dict.fromkeys(targets)}
    tables = {}
    for name, target in TARGETS.items():
        scored = target.frame(dataset)
        scored = scored[target.scored(scored)]
        papers = scored["work_id"].nunique()
        if len(scored) >= FEWEST_ROWS and papers >= FEWEST_PAPERS:
            tables[name] = prepare(target, dataset)
        else:
            say(f"{name} is left out: {len(scored)} scored rows from {papers} papers are too few")
    if not tables:
        raise SsePredictError(
            f"no target has {FEWEST_ROWS} scored rows from {FEWEST_PAPERS} papers; name one with --target"
        )
    return tables


def _left_out(
    tables: Mapping[str, TrainingTable],
    protocols: Sequence[str],
    estimators: Sequence[str],
    seed: int,
    folds: int,
    split_year: int,
    workers: int,
    say: Progress,
) -> Found:
    """Left-out predictions with distance and distribution, in processes of one thread each."""
    from joblib import Parallel, delayed
    from threadpoolctl import threadpool_limits

    run = list(dict.fromkeys([*protocols, CALIBRATION_PROTOCOL]))
    tasks = [(target, name, estimator) for target in tables for estimator in estimators for name in run]
    options = {"seed": seed, "folds": folds, "split_year": split_year}
    with threadpool_limits(1):
        parallel = Parallel(n_jobs=workers, return_as="generator")
        jobs = parallel(
            delayed(left_out_predictions)(tables[target], COMPARED[estimator], name, **options)
            for target, name, estimator in tasks
        )
        found = {}
        for number, (task, rows) in enumerate(zip(tasks, jobs, strict=True), 1):
            found[task] = rows
            say(f"{number} of {len(tasks)}: {task[0]}, {task[1]}, {task[2]}")
        say("distances and intervals")
        for target, table in tables.items():
            for name in run:
                distance = fold_distances(table, name, **options)
                for estimator in estimators:
                    task = (target, name, estimator)
                    found[task] = found[task].assign(distance=distance)
        pairs = [(target, estimator) for target in tables for estimator in estimators]
        calibrated = parallel(
            delayed(cross_calibrated)(
                tables[target],
                found[target, CALIBRATION_PROTOCOL, estimator],
                {name: found[target, name, estimator] for name in protocols},
                learn_scale=COMPARED[estimator].kind == "boosted",
                seed=seed,
            )
            for target, estimator in pairs
        )
        return {
            (target, name, estimator): rows
            for (target, estimator), by_protocol in zip(pairs, calibrated, strict=True)
            for name, rows in by_protocol.items()
        }


def _scores(table: TrainingTable, rows: pd.DataFrame, floor: pd.DataFrame) -> pd.DataFrame:
    """Score both processings; distributions belong to the one with the processing withheld."""
    parts = []
    for processing, column in PROCESSING_COLUMNS.items():
        given = rows if processing == "withheld" else rows.drop(columns=["low", "high"])
        lines = score(table, given, column)
        lines.insert(0, "processing", processing)
        parts.append(lines)
    lines = pd.concat(parts, ignore_index=True)
    floors = [_floor(table.target, str(scope), floor) for scope in lines["scope"]]
    return lines.assign(noise_floor=floors)


def _floor(target: Target, scope: str, floor: pd.DataFrame) -> float:
    """Error of other works' median (conductivities at room temperature), of all families or of one."""
    if target.quantity not in UNITS:
        return float("nan")
    family = scope if scope in FAMILY_NAMES else "all"
    line = noise_floor_of(family, target.quantity, table=floor)
    return float("nan") if line is None else float(line["mae_from_other_works"])


def _error(lines: pd.DataFrame) -> float:
    overall = (lines["processing"] == "withheld") & (lines["scope"] == "all")
    return float(lines.loc[overall, "mae"].iloc[0])


def _lowest(errors: Mapping[str, float], kind: str) -> str:
    mine = [name for name in errors if COMPARED[name].kind == kind]
    return min(mine, key=lambda name: errors[name], default="")


def _reliability(table: TrainingTable, rows: pd.DataFrame) -> pd.DataFrame:
    known = rows[table.scored[rows["row"].to_numpy()] & rows["probability"].notna().to_numpy()]
    return reliability(
        happened=known["above"].to_numpy(dtype=bool), probability=known["probability"].to_numpy()
    )


def _with_truth(table: TrainingTable, predictions: pd.DataFrame) -> pd.DataFrame:
    index = predictions["row"].to_numpy()
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    known = table.frame.iloc[index][columns].reset_index(drop=True)
    told = ["predicted", "predicted_withheld", "fold", "distance", "low", "high", "crps", "probability"]
    return known.assign(
        true=table.y[index],
        **{name: predictions[name].to_numpy() for name in told},
        scored=table.scored[index].astype(int),
    )


def _labelled(table: pd.DataFrame, labels: dict[str, str]) -> pd.DataFrame:
    for position, (name, value) in enumerate(labels.items()):
        table.insert(position, name, value)
    return table


def check_names(what: str, names: Iterable[str], known: Mapping[str, object]) -> None:
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
