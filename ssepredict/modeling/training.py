"""From a dataset to a predictor: compare, choose by left-out papers, calibrate, refit on everything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.data.dataset import Dataset
from ssepredict.data.reproducibility import quoted_noise_floor
from ssepredict.modeling.calibration import CONFIDENCE, LeftOut, calibrate, interval_figures
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.evaluation import fit_estimator, left_out_predictions, score, series_of
from ssepredict.modeling.evidence import best_reported_table, evidence_table
from ssepredict.modeling.metrics import (
    concordance_interval,
    mean_absolute_error,
    pair_concordance,
    paired_gain,
)
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.protocols import FOLDS, PROTOCOLS, TrainingTable, prepare
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS

RELEASE_NAME = "nasicon-halide"

ROW_POLICIES: dict[str, dict[str, float]] = {
    "measured_only": {"computed": 0.0, "no_temperature": 0.0},
    "with_unstated_temperature": {"computed": 0.0, "no_temperature": 1.0},
    "with_half_computed": {"computed": 0.5, "no_temperature": 1.0},
    "with_computed": {"computed": 1.0, "no_temperature": 1.0},
}
"""Weights that training may give to rows extrapolated by a survey's authors (`computed`) and to rows whose
temperature is not stated; the policy with the lowest left-out-paper error is kept. Suspect rows and limits
are never trained on."""

ORDER_PROTOCOL = "paper_purged"
"""Protocol under which the order inside one host is measured."""

_WITHIN_HOST_GROUPS = {
    "Na3Zr2Si2PO12": ("Na3Zr2Si2PO12",),
    "LiTi2(PO4)3 and LiGe2(PO4)3": ("LiTi2(PO4)3", "LiGe2(PO4)3"),
    "Li2ZrCl6": ("Li2ZrCl6",),
    "Li3MX6": ("Li3YCl6", "Li3InCl6", "Li3ScCl6", "Li3ErCl6", "Li3HoCl6", "Li3YBr6", "Li3InBr6"),
}

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
    for target in targets:
        table = prepare(TARGETS[target], dataset)
        model, figures, rows = _train_target(table, dict.fromkeys(("paper", *protocols)), seed, folds, say)
        models[target], measured[target] = model, figures
        left_out.append(rows.assign(target=target))
    say("domain and evidence")
    known = prepare(TARGETS["conductivity_s_cm"], dataset)
    domain = Domain().fit(known.sites, known.papers)
    evidence = evidence_table(dataset, known.frame)
    metrics = {
        "name": name,
        "seed": seed,
        "folds": folds,
        "dataset_digest": dataset.digest,
        "dataset": {"tables": {table: len(rows) for table, rows in dataset.tables.items()}},
        "domain_threshold": domain.threshold_,
        "targets": measured,
        "noise_floor": quoted_noise_floor(dataset),
        "best_reported": best_reported_table(dataset),
        "within_host_order": measured.get("conductivity_s_cm", {}).get("within_host_order", []),
    }
    return Predictor(
        name=name,
        models=models,
        domain=domain,
        evidence_rows=evidence,
        metrics=metrics,
        left_out=pd.concat(left_out, ignore_index=True),
    )


def _train_target(
    table: TrainingTable, protocols: dict[str, None], seed: int, folds: int, say: Progress
) -> tuple[TargetModel, dict[str, Any], pd.DataFrame]:
    target = table.target
    baselines = [spec for spec in ESTIMATORS.values() if spec.kind == "baseline"]
    learnable = _is_learnable(table)
    specs = list(ESTIMATORS.values()) if learnable else baselines
    comparison = []
    comparison_as_stated = []
    by_paper: dict[str, LeftOut] = {}
    say(f"{target.name}: comparing {len(specs)} estimators under {', '.join(protocols)}")
    for (protocol, name), found in _left_out_by_all(table, protocols, specs, seed, folds).items():
        if protocol == "paper":
            by_paper[name] = LeftOut.of(found)
        if len(found):
            labels = {"protocol": protocol, "estimator": name}
            comparison.append(score(table, found).assign(**labels))
            comparison_as_stated.append(score(table, found, "predicted").assign(**labels))
    errors = {name: _error(table, predicted) for name, predicted in by_paper.items()}
    baseline = min((spec.name for spec in baselines), key=lambda name: errors[name])
    chosen, reason, gain = baseline, "too few rows to learn from", (float("nan"),) * 3
    policy = "with_computed"
    policies: dict[str, float] = {}
    predicted = by_paper[baseline]
    if learnable:
        boosted = min((spec.name for spec in specs if spec.kind == "boosted"), key=lambda name: errors[name])
        say(f"{target.name}: which rows to train {boosted} on")
        policy, policies, best = _choose_rows(table, ESTIMATORS[boosted], seed, folds)
        gain = _gain(table, best, by_paper[baseline], seed)
        if gain[1] > 0:
            chosen, reason, predicted = boosted, "", best
        else:
            reason = f"{boosted} is not better than {baseline} on left-out papers"
    say(f"{target.name}: intervals and final fit of {chosen}")
    model = _fit_final(table, ESTIMATORS[chosen], predicted, policy, seed, reason)
    intervals = interval_figures(table, predicted, bool(reason), seed)
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
        "row_policy": policy,
        "row_policies": policies,
        "comparison": pd.concat(comparison, ignore_index=True).to_dict(orient="records"),
        "comparison_as_stated": pd.concat(comparison_as_stated, ignore_index=True).to_dict(orient="records"),
        "intervals": intervals["withheld"],
        "intervals_as_stated": intervals["as_stated"],
        "within_host_order": _within_host(table, ESTIMATORS[chosen], policy, seed, folds),
    }
    return model, figures, _left_out_rows(table, predicted)


def _left_out_by_all(
    table: TrainingTable, protocols: Iterable[str], specs: Sequence[EstimatorSpec], seed: int, folds: int
) -> dict[tuple[str, str], pd.DataFrame]:
    """Left-out predictions by protocol and estimator, in one process per core with one thread each."""
    from joblib import Parallel, delayed

    tasks = [(protocol, spec) for protocol in protocols for spec in specs]
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


def _policy_weights(table: TrainingTable, policy: str) -> FloatArray:
    weights = np.ones(len(table.y))
    weights[table.frame["computed"].to_numpy() == 1] = ROW_POLICIES[policy]["computed"]
    if table.target.needs_temperature:
        weights[table.frame["temperature_c"].isna().to_numpy()] *= ROW_POLICIES[policy]["no_temperature"]
    return weights


def _choose_rows(
    table: TrainingTable, spec: EstimatorSpec, seed: int, folds: int
) -> tuple[str, dict[str, float], LeftOut]:
    """Policy with the lowest left-out-paper error; policies that train on the same rows count once."""
    errors: dict[str, float] = {}
    predictions: dict[str, LeftOut] = {}
    tried: dict[bytes, str] = {}
    for policy in ROW_POLICIES:
        weights = _policy_weights(table, policy)
        if tried.setdefault(weights.tobytes(), policy) != policy:
            continue
        found = left_out_predictions(table, spec, "paper", seed=seed, folds=folds, weights=weights)
        predictions[policy] = LeftOut.of(found)
        errors[policy] = _error(table, predictions[policy])
    best = min(errors, key=lambda policy: errors[policy])
    return best, errors, predictions[best]


def _error(table: TrainingTable, predicted: LeftOut) -> float:
    """Mean absolute error with the processing withheld: the case of every candidate."""
    rows = table.scored
    return mean_absolute_error(true=table.y[rows], predicted=predicted.withheld[rows])


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
    table: TrainingTable, spec: EstimatorSpec, predicted: LeftOut, policy: str, seed: int, reason: str
) -> TargetModel:
    weights = _policy_weights(table, policy)
    used = np.flatnonzero(weights > 0) if spec.reads == "features" else np.arange(len(table.y))
    estimator = fit_estimator(table, spec, used, seed, weights)
    conformal = calibrate(table, predicted, np.flatnonzero(table.scored), bool(reason), seed)
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


def _within_host(
    table: TrainingTable, spec: EstimatorSpec, policy: str, seed: int, folds: int
) -> list[dict[str, Any]]:
    """Order of the compositions of one paper inside one host, at room temperature.

    The paper is left out, its compositions are purged from training and the processing is withheld: a
    ranking is mostly about compositions that nobody has made.
    """
    weights = _policy_weights(table, policy)
    found = left_out_predictions(table, spec, ORDER_PROTOCOL, seed=seed, folds=folds, weights=weights)
    predicted = LeftOut.of(found).withheld
    temperature = table.frame["temperature_c"].to_numpy(dtype=np.float64)
    room = (temperature >= ROOM_TEMPERATURE_C[0]) & (temperature <= ROOM_TEMPERATURE_C[1])
    rows = table.scored & (room if table.target.needs_temperature else True)
    hosts = table.frame["host"].to_numpy(dtype=object)
    lines = []
    for label, group in _WITHIN_HOST_GROUPS.items():
        mask = rows & np.isin(hosts, group)
        series, items = series_of(table.frame[mask])
        here: dict[str, Any] = {"true": table.y[mask], "predicted": predicted[mask]}
        here |= {"series": series, "items": items}
        share, pairs, held = pair_concordance(**here)
        low, high = concordance_interval(**here, seed=seed, confidence=CONFIDENCE)
        line = {"host_group": label, "concordance": share, "low": low, "high": high, "pairs": pairs}
        lines.append({**line, "series": held, "protocol": ORDER_PROTOCOL})
    return lines


def _left_out_rows(table: TrainingTable, predicted: LeftOut) -> pd.DataFrame:
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    return table.frame[columns].assign(
        true=table.y,
        predicted=predicted.withheld,
        predicted_as_stated=predicted.stated,
        scored=table.scored.astype(int),
    )
