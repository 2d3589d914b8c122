"""From a dataset to a predictor: compare, choose by left-out papers, calibrate, refit on everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.data.dataset import Dataset
from ssepredict.data.reproducibility import quoted_noise_floor
from ssepredict.modeling.calibration import CONFIDENCE, LeftOut, calibrate, interval_figures
from ssepredict.modeling.card_descriptors import descriptor_record
from ssepredict.modeling.cell_evidence import cell_evidence_table
from ssepredict.modeling.difficulty import distance_to_other_papers
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.domain_curve import CURVE_PROTOCOLS, distance_curve, left_out_errors
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.evidence import best_reported_table, evidence_table
from ssepredict.modeling.gains import leader_gains
from ssepredict.modeling.host_order import order_within_hosts
from ssepredict.modeling.left_out import fit_estimator, fold_distances, left_out_predictions
from ssepredict.modeling.metrics import paired_gain
from ssepredict.modeling.order_agreement import order_agreement
from ssepredict.modeling.peers import PEERS
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.protocols import FOLDS, PROTOCOLS, TrainingTable, prepare
from ssepredict.modeling.row_policies import choose_rows, policy_weights, withheld_error
from ssepredict.modeling.scopes import score
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import TARGETS

RELEASE_NAME = "nasicon-halide"

DOMAIN_TARGET = "conductivity_s_cm"
"""Target whose rows are the domain: the one that is measured most."""

PEER_PROTOCOL = "paper_purged"
PEERS_COMPARED = ("nearest_5", "random_forest_magpie")
"""What others use; under the strictest paper protocol only, as the forest takes as long as all the rest."""

Progress = Callable[[str], None]


def train(
    dataset: Dataset,
    *,
    name: str = RELEASE_NAME,
    targets: Sequence[str] = tuple(TARGETS),
    seed: int = 0,
    folds: int = FOLDS,
    protocols: Sequence[str] = tuple(PROTOCOLS),
    progress: Progress | None = None,
) -> Predictor:
    """Train every target and measure how far it can be trusted.

    For each target the estimators and baselines are compared with whole papers left out; the boosted one
    with the lowest mean absolute error is kept. When it does not beat the best baseline by a margin that a
    bootstrap over papers calls real, the target is abstained and the baseline takes its place.

    Parameters
    ----------
    dataset : Dataset
    name : str
        Name of the release.
    targets : sequence of str
        Names of `TARGETS`.
    seed : int
        Of folds and estimators; the same seed gives the same predictions on one machine.
    folds : int
        Folds of the paper protocols; 0 leaves one paper out at a time.
    protocols : sequence of str
        Protocols under which the estimators are compared; ``paper`` always runs.
    progress : callable, optional
        Called with a sentence before each step.

    Returns
    -------
    Predictor
        Its `metrics` hold everything that was measured, its `left_out` the left-out predictions.
    """
    say = progress or (lambda sentence: None)
    models: dict[str, TargetModel] = {}
    measured: dict[str, Any] = {}
    left_out: list[pd.DataFrame] = []
    _one_thread()
    known = prepare(TARGETS[DOMAIN_TARGET], dataset)
    domain = Domain().fit(known.sites, known.papers)
    left_out_by_all: dict[tuple[str, str], pd.DataFrame] = {}
    for target in targets:
        table = prepare(TARGETS[target], dataset)
        distance = distance_to_other_papers(domain, known.papers, table.sites, table.papers)
        asked = dict.fromkeys(("paper", *protocols))
        model, figures, rows, found = _train_target(table, distance, asked, seed, folds, say)
        if target == DOMAIN_TARGET:
            left_out_by_all = found
        models[target], measured[target] = model, figures
        left_out.append(rows.assign(target=target))
    say("domain and evidence")
    curve = _distance_curve(known, left_out_by_all, measured, (seed, folds), domain.threshold_)
    domain.threshold_ = curve["threshold"]
    evidence = evidence_table(dataset, known.frame)
    metrics = {
        "name": name,
        "seed": seed,
        "folds": folds,
        "dataset_digest": dataset.digest,
        "dataset": {"tables": {table: len(rows) for table, rows in dataset.tables.items()}},
        "domain_threshold": domain.threshold_,
        "domain": curve,
        "targets": measured,
        "noise_floor": quoted_noise_floor(dataset),
        "best_reported": best_reported_table(dataset),
        "descriptors": descriptor_record(dataset),
        "within_host_order": measured.get("conductivity_s_cm", {}).get("within_host_order", []),
        "order_agreement": order_agreement(known, seed=seed),
    }
    return Predictor(
        name=name,
        models=models,
        domain=domain,
        evidence_rows=evidence,
        cell_rows=cell_evidence_table(dataset),
        metrics=metrics,
        left_out=pd.concat(left_out, ignore_index=True),
    )


def _train_target(
    table: TrainingTable,
    distance: FloatArray,
    protocols: dict[str, None],
    seed: int,
    folds: int,
    say: Progress,
) -> tuple[TargetModel, dict[str, Any], pd.DataFrame, dict[tuple[str, str], pd.DataFrame]]:
    target = table.target
    baselines = [spec for spec in ESTIMATORS.values() if spec.kind == "baseline"]
    learnable = _is_learnable(table)
    specs = list(ESTIMATORS.values()) if learnable else baselines
    comparison = []
    comparison_as_stated = []
    by_paper: dict[str, LeftOut] = {}
    say(f"{target.name}: comparing {len(specs)} estimators under {', '.join(protocols)}")
    everything = _left_out_by_all(table, protocols, specs, seed, folds)
    for (protocol, name), found in everything.items():
        if protocol == "paper":
            by_paper[name] = LeftOut.of(found)
        if len(found):
            labels = {"protocol": protocol, "estimator": name}
            comparison.append(score(table, found).assign(**labels))
            comparison_as_stated.append(score(table, found, "predicted").assign(**labels))
    errors = {name: withheld_error(table, predicted) for name, predicted in by_paper.items()}
    baseline = min((spec.name for spec in baselines), key=lambda name: errors[name])
    chosen, reason, gain = baseline, "too few rows to learn from", (float("nan"),) * 3
    policy = "with_computed"
    policies: dict[str, float] = {}
    predicted = by_paper[baseline]
    if learnable:
        boosted = min((spec.name for spec in specs if spec.kind == "boosted"), key=lambda name: errors[name])
        say(f"{target.name}: which rows to train {boosted} on")
        policy, policies, best = choose_rows(table, ESTIMATORS[boosted], seed, folds)
        gain = _gain(table, best, by_paper[baseline], seed)
        if gain[1] > 0:
            chosen, reason, predicted = boosted, "", best
        else:
            reason = f"{boosted} is not better than {baseline} on left-out papers"
    say(f"{target.name}: intervals and final fit of {chosen}")
    model = _fit_final(table, ESTIMATORS[chosen], predicted, distance, policy, seed, reason)
    intervals = interval_figures(table, predicted, bool(reason), seed, distance)
    order: list[dict[str, Any]] = []
    if target.name == DOMAIN_TARGET:
        weights = policy_weights(table, policy)
        order = order_within_hosts(table, ESTIMATORS[chosen], weights, seed, folds)
    figures: dict[str, Any] = {
        "estimator": chosen,
        "status": model.status,
        "reason": reason,
        "error_unit": target.error_unit,
        "rows": len(table.y),
        "rows_scored": int(table.scored.sum()),
        "papers": len(np.unique(table.papers)),
        "best_baseline": baseline,
        "gain_over_baseline": {"mean": gain[0], "low": gain[1], "high": gain[2], "confidence": CONFIDENCE},
        "gains": leader_gains(table, everything, chosen, seed=seed),
        "row_policy": policy,
        "row_policies": policies,
        "comparison": pd.concat(comparison, ignore_index=True).to_dict(orient="records"),
        "comparison_as_stated": pd.concat(comparison_as_stated, ignore_index=True).to_dict(orient="records"),
        "intervals": intervals["withheld"],
        "intervals_as_stated": intervals["as_stated"],
        "within_host_order": order,
    }
    folds_of_rows = everything["paper", baseline].sort_values("row")["fold"].to_numpy()
    return model, figures, _left_out_rows(table, predicted, folds_of_rows), everything


def _distance_curve(
    table: TrainingTable,
    found: dict[tuple[str, str], pd.DataFrame],
    measured: dict[str, Any],
    options: tuple[int, int],
    cap: float,
) -> dict[str, Any]:
    """Error against distance of the conductivity's estimator; no rows where it was not trained."""
    seed, folds = options
    estimator = measured.get(table.target.name, {}).get("estimator", "")
    ran = [name for name in CURVE_PROTOCOLS if len(found.get((name, estimator), ()))]
    distances = {name: fold_distances(table, name, seed=seed, folds=folds) for name in ran}
    rows = left_out_errors(table, found, distances, estimator)
    return distance_curve(rows, unit=table.target.error_unit, cap=cap, seed=seed)


def _left_out_by_all(
    table: TrainingTable, protocols: Iterable[str], specs: Sequence[EstimatorSpec], seed: int, folds: int
) -> dict[tuple[str, str], pd.DataFrame]:
    """Left-out predictions by protocol and estimator, in one process per core with one thread each."""
    from joblib import Parallel, delayed

    tasks = [(protocol, spec) for protocol in protocols for spec in specs]
    if PEER_PROTOCOL in protocols and len(specs) == len(ESTIMATORS):
        tasks += [(PEER_PROTOCOL, PEERS[name]) for name in PEERS_COMPARED]
    found = Parallel(n_jobs=-1)(
        delayed(left_out_predictions)(table, spec, protocol, seed=seed, folds=folds)
        for protocol, spec in tasks
    )
    return {(protocol, spec.name): rows for (protocol, spec), rows in zip(tasks, found, strict=True)}


def _one_thread() -> None:
    """Keep the OpenMP loops of a fit in its own thread.

    Small fits on two threads of a busy machine are ten times slower, and sums stay the same.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1)


def _is_learnable(table: TrainingTable) -> bool:
    """Boosting and grouped calibration need some dozens of papers; below, only medians are honest."""
    return len(table.y) >= 60 and len(np.unique(table.papers)) >= 20


def _gain(table: TrainingTable, better: LeftOut, worse: LeftOut, seed: int) -> tuple[float, float, float]:
    rows = table.scored
    return paired_gain(
        better=np.abs(table.y - better.withheld)[rows],
        worse=np.abs(table.y - worse.withheld)[rows],
        groups=table.papers[rows],
        seed=seed,
        confidence=CONFIDENCE,
    )


def _fit_final(
    table: TrainingTable,
    spec: EstimatorSpec,
    predicted: LeftOut,
    distance: FloatArray,
    policy: str,
    seed: int,
    reason: str,
) -> TargetModel:
    weights = policy_weights(table, policy)
    used = np.flatnonzero(weights > 0) if spec.reads == "features" else np.arange(len(table.y))
    estimator = fit_estimator(table, spec, used, seed, weights)
    conformal = calibrate(table, predicted, np.flatnonzero(table.scored), bool(reason), seed, distance)
    temperature = table.frame["temperature_c"]
    return TargetModel(
        target=table.target.name,
        status="abstained" if reason else "ok",
        reason=reason,
        reads=spec.reads,
        estimator=estimator,
        conformal=conformal,
        elements=table.elements,
        feature_names=table.feature_names,
        temperature_range_c=(float(temperature.min()), float(temperature.max())),
    )


def _left_out_rows(table: TrainingTable, predicted: LeftOut, folds: npt.NDArray[np.int64]) -> pd.DataFrame:
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    return table.frame[columns].assign(
        true=table.y,
        predicted=predicted.withheld,
        predicted_as_stated=predicted.stated,
        scored=table.scored.astype(int),
        fold=folds,
    )
