"""From a dataset to a predictor: compare, choose by left-out papers, calibrate, refit on everything."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.evaluation import (
    FOLDS,
    PROTOCOLS,
    TrainingTable,
    left_out_predictions,
    prepare,
    score,
    series_of,
)
from ssepredict.modeling.evidence import best_reported_table, evidence_table
from ssepredict.modeling.intervals import GroupConformal
from ssepredict.modeling.metrics import (
    concordance_interval,
    coverage,
    mean_absolute_error,
    mean_width,
    pair_concordance,
    paired_gain,
)
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.target_model import TargetModel
from ssepredict.modeling.targets import ROOM_TEMPERATURE_C, TARGETS

RELEASE_NAME = "nasicon-halide"
CONFIDENCE = 0.9

ROW_POLICIES: dict[str, dict[str, float]] = {
    "measured_only": {"computed": 0.0, "no_temperature": 0.0},
    "with_unstated_temperature": {"computed": 0.0, "no_temperature": 1.0},
    "with_half_computed": {"computed": 0.5, "no_temperature": 1.0},
    "with_computed": {"computed": 1.0, "no_temperature": 1.0},
}
"""Weights that training may give to rows extrapolated by a survey's authors (`computed`) and to rows whose
temperature is not stated; the policy with the lowest left-out-paper error is kept. Suspect rows and limits
are never trained on."""

_MINIMUM_ROWS_FOR_SCALE = 200
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
        Of folds and estimators; the same seed gives the same release on one machine.
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
    from threadpoolctl import threadpool_limits

    say = progress or (lambda sentence: None)
    models: dict[str, TargetModel] = {}
    measured: dict[str, Any] = {}
    left_out: list[pd.DataFrame] = []
    # One thread: small fits on two threads of a busy machine are ten times slower, and sums stay the same.
    with threadpool_limits(1):
        for target in targets:
            table = prepare(TARGETS[target], dataset)
            model, figures, rows = _train_target(
                table, dict.fromkeys(("paper", *protocols)), seed, folds, say
            )
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
    by_paper: dict[str, FloatArray] = {}
    for protocol in protocols:
        for spec in specs:
            say(f"{target.name}: {spec.name} under {protocol}")
            found = left_out_predictions(table, spec, protocol, seed=seed, folds=folds)
            if protocol == "paper":
                by_paper[spec.name] = found.sort_values("row")["predicted"].to_numpy()
            if len(found):
                comparison.append(score(table, found).assign(protocol=protocol, estimator=spec.name))
    errors = {
        name: mean_absolute_error(true=table.y[table.scored], predicted=predicted[table.scored])
        for name, predicted in by_paper.items()
    }
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
        "intervals": _interval_figures(table, predicted, model, seed),
        "within_host_order": _within_host(table, predicted, seed),
    }
    return model, figures, _left_out_rows(table, predicted)


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
) -> tuple[str, dict[str, float], FloatArray]:
    """Policy with the lowest left-out-paper error; policies that train on the same rows count once."""
    errors: dict[str, float] = {}
    predictions: dict[str, FloatArray] = {}
    tried: dict[bytes, str] = {}
    for policy in ROW_POLICIES:
        weights = _policy_weights(table, policy)
        if tried.setdefault(weights.tobytes(), policy) != policy:
            continue
        found = left_out_predictions(table, spec, "paper", seed=seed, folds=folds, weights=weights)
        predictions[policy] = found.sort_values("row")["predicted"].to_numpy()
        errors[policy] = mean_absolute_error(
            true=table.y[table.scored], predicted=predictions[policy][table.scored]
        )
    best = min(errors, key=lambda policy: errors[policy])
    return best, errors, predictions[best]


def _gain(
    table: TrainingTable, better: FloatArray, worse: FloatArray, seed: int
) -> tuple[float, float, float]:
    rows = table.scored
    return paired_gain(
        better=np.abs(table.y - better)[rows],
        worse=np.abs(table.y - worse)[rows],
        groups=table.papers[rows],
        seed=seed,
        confidence=CONFIDENCE,
    )


def _calibration(table: TrainingTable, abstained: bool, seed: int) -> GroupConformal:
    enough = int(table.scored.sum()) >= _MINIMUM_ROWS_FOR_SCALE
    learned = enough and not abstained
    return GroupConformal(n_bins=3 if enough else 1, learn_scale=learned, seed=seed)


def _fit_final(
    table: TrainingTable, spec: EstimatorSpec, predicted: FloatArray, policy: str, seed: int, reason: str
) -> TargetModel:
    rows = table.scored
    conformal = _calibration(table, bool(reason), seed)
    conformal.fit(table.X[rows], table.y[rows], predicted[rows], table.papers[rows])
    estimator = spec.build(seed)
    if spec.reads == "frame":
        estimator.fit(table.frame, table.y)
    else:
        weights = _policy_weights(table, policy)
        used = weights > 0
        estimator.fit(table.X[used], table.y[used], sample_weight=weights[used])
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


def _interval_figures(
    table: TrainingTable, predicted: FloatArray, model: TargetModel, seed: int
) -> dict[str, Any]:
    """Coverage and width on papers that neither the model nor the calibration has seen."""
    rows = np.flatnonzero(table.scored)
    low, high = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    papers = table.papers[rows]
    labels = pd.factorize(papers)[0]
    part = np.random.default_rng(seed).integers(0, 10, size=labels.max() + 1)[labels]
    for number in range(10):
        held, rest = part == number, part != number
        if not held.any():
            continue
        conformal = _calibration(table, model.status == "abstained", seed)
        conformal.fit(table.X[rows[rest]], table.y[rows[rest]], predicted[rows[rest]], papers[rest])
        scale = conformal.scale(table.X[rows[held]])
        low[held], high[held] = conformal.interval(predicted[rows[held]], scale, CONFIDENCE)
    true = table.y[rows]
    families = table.frame["family"].to_numpy(dtype=object)[rows]
    figures: dict[str, Any] = {"confidence": CONFIDENCE, "unit": table.target.error_unit}
    for scope in ("all", *sorted(set(families))):
        mask = np.ones(len(rows), dtype=bool) if scope == "all" else families == scope
        figures[scope] = {
            "rows": int(mask.sum()),
            "coverage": coverage(true=true[mask], low=low[mask], high=high[mask]),
            "mean_width": mean_width(low=low[mask], high=high[mask]),
        }
    return figures


def _within_host(table: TrainingTable, predicted: FloatArray, seed: int) -> list[dict[str, Any]]:
    """Order of the compositions of one paper inside one host, at room temperature."""
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
        share, pairs = pair_concordance(**here)
        low, high = concordance_interval(**here, seed=seed, confidence=CONFIDENCE)
        line = {"host_group": label, "concordance": share, "low": low, "high": high, "pairs": pairs}
        lines.append({**line, "papers": int(table.frame.loc[mask, "work_id"].nunique())})
    return lines


def _left_out_rows(table: TrainingTable, predicted: FloatArray) -> pd.DataFrame:
    columns = ["measurement_id", "work_id", "formula", "family", "host", "temperature_c"]
    return table.frame[columns].assign(true=table.y, predicted=predicted, scored=table.scored.astype(int))
