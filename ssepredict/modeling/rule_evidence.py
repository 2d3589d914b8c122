"""The dataset as judge of the rules: how often each refuses or warns, and whether a warning means anything.

It lives with the models because it is a measurement on data: rules and data do not import each other, and
the report only shows what is measured here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.sites import NEUTRAL_WITHIN, SiteTable, parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.single_phase import left_out_verdicts
from ssepredict.physics.bounds import INFORM, NOT_APPLICABLE, NOT_EVALUABLE, PASS, REJECT, WARN, CodeArray
from ssepredict.physics.checks import check_sites
from ssepredict.physics.rules import PREDICTION_RULES, RULES, SITE_RULES

ROOM_C = (15.0, 35.0)
"""Temperatures (°C) at which conductivities are compared."""

FEWEST_SAMPLES = 5
"""Samples with a conductivity that a group needs before its median is compared."""

RATE_COLUMNS = (
    "rule", "family", "severity", "samples", "passed", "informed", "warned", "rejected", "not_evaluable",
    "rejected_pct", "flagged_pct",
)  # fmt: skip
EFFECT_COLUMNS = (
    "rule", "family", "flagged_samples", "flagged_median_log10", "other_samples", "other_median_log10",
    "difference_log10", "difference_low_log10", "difference_high_log10",
)  # fmt: skip
REFUSAL_COLUMNS = ("rule", "family", "sample_id", "source_id", "formula", "message")


class RuleReport(NamedTuple):
    """How the rules fare on reported samples.

    Parameters
    ----------
    rates : DataFrame
        Columns `RATE_COLUMNS`: one row per rule and family (and ``all``); `flagged` is informed, warned or
        rejected, of the samples that could be evaluated.
    effects : DataFrame
        Columns `EFFECT_COLUMNS`: median log10 of the conductivity (S/cm) near room temperature of flagged and
        other samples, their difference and its 95 % bootstrap interval over works; NaN where one side has
        fewer than `FEWEST_SAMPLES` samples.
    refusals : DataFrame
        Columns `REFUSAL_COLUMNS`: every sample that a rule rejects, with the sentence.
    samples : int
        Neutral samples without additive, on which everything but `charge_neutrality` is measured.
    """

    rates: pd.DataFrame
    effects: pd.DataFrame
    refusals: pd.DataFrame
    samples: int


def rule_report(dataset: Dataset, *, draws: int = 1000, seed: int = 0) -> RuleReport:
    """Hold every rule against every reported sample.

    Rules on the composition are held against neutral samples without additive (`charge_neutrality` against
    all without additive), `dopant_fraction` with the work of the sample left out of its table; rules on
    values against the median conductivity near room temperature and the median activation energy of the
    sample. Suspect, computed and grain-boundary figures and limits are left out, as they are wherever the
    project learns from conductivities.

    Parameters
    ----------
    dataset : Dataset
    draws : int
        Bootstrap draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    RuleReport
    """
    samples = dataset.samples[dataset.samples["composite"] == 0].reset_index(drop=True)
    works = dataset.sources.set_index("source_id")["work_id"]
    samples = samples.assign(work_id=samples["source_id"].map(works))
    samples = samples.merge(_room_values(dataset), on="sample_id", how="left")
    sites = parse_sites(samples["formula"].tolist())
    neutral = np.abs(sites.charge_residual) <= NEUTRAL_WITHIN
    codes, messages = _judge(sites, samples)
    codes["dopant_fraction"] = left_out_verdicts(samples, samples["work_id"])
    rates, effects, refusals = [], [], []
    for rule, code in codes.items():
        judged = (code != NOT_APPLICABLE) & (neutral | (rule == "charge_neutrality"))
        for family in ("all", *sorted(samples["family"].unique())):
            here = judged & ((samples["family"] == family).to_numpy() | (family == "all"))
            rates.append(_rate(rule, family, code[here]))
            rows = samples[here].assign(flagged=np.isin(code[here], (INFORM, WARN, REJECT)))
            rows = rows[code[here] != NOT_EVALUABLE]
            effects.append(_effect(rule, family, rows, draws, np.random.default_rng(seed)))
        refusals += [
            (rule, *samples.loc[row, ["family", "sample_id", "source_id", "formula"]], messages[rule][row])
            for row in np.flatnonzero(judged & (code == REJECT)).tolist()
        ]
    return RuleReport(
        pd.DataFrame(rates, columns=list(RATE_COLUMNS)),
        pd.DataFrame(effects, columns=list(EFFECT_COLUMNS)),
        pd.DataFrame(refusals, columns=list(REFUSAL_COLUMNS)),
        int(neutral.sum()),
    )


def _room_values(dataset: Dataset) -> pd.DataFrame:
    """Median conductivity near room temperature and activation energy per sample."""

    def measured(quantity: str) -> pd.DataFrame:
        frame = dataset.training_frame(quantity)
        keep = (frame["bound"] == "") & (frame["contribution"] != "grain_boundary")
        return frame[keep & (frame["computed"] == 0) & (frame["suspect"] == 0)]

    energy = measured("activation_energy")
    energy = energy[energy["phase_range"] != "high_temperature"]
    sigma = measured("conductivity")
    sigma = sigma[sigma["temperature_c"].between(*ROOM_C) & (sigma["value"] > 0)]
    return (
        pd.DataFrame(
            {
                "conductivity_s_cm": sigma.groupby("sample_id")["value"].median(),
                "temperature_c": sigma.groupby("sample_id")["temperature_c"].median(),
                "activation_energy_ev": energy.groupby("sample_id")["value"].median(),
            }
        )
        .rename_axis("sample_id")
        .reset_index()
    )


def _judge(
    sites: SiteTable, samples: pd.DataFrame
) -> tuple[dict[str, CodeArray], Mapping[str, npt.NDArray[np.object_]]]:
    """Codes per rule, and the sentence about every row that it rejects."""
    values = samples[["conductivity_s_cm", "temperature_c", "activation_energy_ev"]]
    found = (check_sites(sites, None, SITE_RULES), check_sites(sites, values, PREDICTION_RULES))
    codes: dict[str, CodeArray] = {}
    messages: dict[str, npt.NDArray[np.object_]] = {}
    for verdicts in found:
        for rule, code in verdicts.codes.items():
            codes[rule] = code
            rows = np.flatnonzero(code == REJECT)
            said = np.full(len(samples), "", dtype=object)
            if rows.size:
                refused = check_sites(
                    sites.take(rows),
                    values.iloc[rows] if rule in PREDICTION_RULES else None,
                    {rule: RULES[rule]},
                )
                said[rows] = refused.to_frame()["message"].to_numpy()
            messages[rule] = said
    return codes, messages


def _rate(rule: str, family: str, code: CodeArray) -> tuple[object, ...]:
    counts = [int((code == verdict).sum()) for verdict in (PASS, INFORM, WARN, REJECT, NOT_EVALUABLE)]
    _, informed, warned, rejected, unknown = counts
    judged = len(code) - unknown
    flagged = 100.0 * (informed + warned + rejected) / judged if judged else float("nan")
    refused = 100.0 * rejected / len(code) if len(code) else float("nan")
    return (rule, family, RULES[rule].severity, len(code), *counts, refused, flagged)


def _effect(
    rule: str, family: str, rows: pd.DataFrame, draws: int, rng: np.random.Generator
) -> tuple[object, ...]:
    rows = rows[rows["conductivity_s_cm"].notna()]
    decades = np.log10(rows["conductivity_s_cm"].to_numpy(dtype=np.float64))
    flagged = rows["flagged"].to_numpy(dtype=bool)
    counts = int(flagged.sum()), int((~flagged).sum())
    medians = [
        float(np.median(decades[side])) if side.any() else float("nan") for side in (flagged, ~flagged)
    ]
    low = high = difference = float("nan")
    if min(counts) >= FEWEST_SAMPLES:
        difference = medians[0] - medians[1]
        low, high = _bootstrap(decades, flagged, rows["work_id"].to_numpy(), draws, rng)
    return rule, family, counts[0], medians[0], counts[1], medians[1], difference, low, high


def _bootstrap(
    decades: npt.NDArray[np.float64],
    flagged: npt.NDArray[np.bool_],
    works: npt.NDArray[np.object_],
    draws: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """95 % interval of the difference of medians when whole works are drawn with replacement."""
    _, group = np.unique(works.astype(str), return_inverse=True)
    members = [np.flatnonzero(group == number) for number in range(group.max() + 1)]
    differences = []
    for _ in range(draws):
        rows = np.concatenate([members[pick] for pick in rng.integers(0, len(members), len(members))])
        side = flagged[rows]
        if side.any() and not side.all():
            differences.append(np.median(decades[rows[side]]) - np.median(decades[rows[~side]]))
    if not differences:
        return float("nan"), float("nan")
    low, high = np.quantile(differences, [0.025, 0.975])
    return float(low), float(high)
