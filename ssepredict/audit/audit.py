"""Every applicable rule over every row: findings, what happens to the rows, and counts by rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ssepredict.audit.arrhenius import contradicted, pair_findings, ratio_findings
from ssepredict.audit.compositions import composition_findings, verdict_counts
from ssepredict.audit.cycling import fade_findings, regain_findings
from ssepredict.audit.finding import Finding, findings_frame, shown
from ssepredict.audit.material import Material, material
from ssepredict.audit.readings import (
    disagreement_findings,
    duplicate_findings,
    spread_findings,
    temperature_findings,
    unit_findings,
)
from ssepredict.columns import DISCREPANCY_RULES, QUANTITIES
from ssepredict.data.dataset import Dataset
from ssepredict.physics.bounds import REJECT
from ssepredict.physics.rules import ADMISSIBLE_RANGES

COUNTS = ("rows", "not_evaluable", "pass", "inform", "warn", "reject", "findings")
"""Columns of `Audit.counts`."""

_TARGET_OF = {
    "conductivity": "conductivity_s_cm",
    "activation_energy": "activation_energy_ev",
    "critical_current_density": "ccd_ma_cm2",
    "fade_per_cycle": "fade_pct_per_cycle",
}


@dataclass(frozen=True, eq=False)
class Audit:
    """What the rules say about a dataset.

    Parameters
    ----------
    findings : DataFrame
        Computed findings, in the columns of the table `discrepancies`.
    flagged : dict of str to tuple of str
        Key of a finding to the keys of the measurements that it flags.
    counts : DataFrame
        Rules as index, columns `COUNTS`: rows (or pairs of rows) judged, their verdicts where the rule is one
        of `ssepredict.physics.RULES`, and findings.
    """

    findings: pd.DataFrame
    flagged: dict[str, tuple[str, ...]]
    counts: pd.DataFrame

    @property
    def suspects(self) -> set[str]:
        """Keys of all measurements that a finding flags."""
        return {measurement for measurements in self.flagged.values() for measurement in measurements}


def audit(dataset: Dataset) -> Audit:
    """Hold a dataset against every rule; nothing is written.

    Earlier findings and the flag `suspect` are never looked at, so that an audit can be repeated.

    Parameters
    ----------
    dataset : Dataset
        Of any size, empty tables included. Rows whose formula cannot be placed are named and left out of the
        other rules.

    Returns
    -------
    Audit

    Examples
    --------
    >>> from ssepredict.data.dataset import load_dataset
    >>> found = audit(load_dataset())
    >>> bool((found.findings["rule"] == "activation_energy_ratio").sum() >= 15)
    True
    """
    given = material(dataset)
    on_formulas, composition_counts = composition_findings(given)
    on_pairs, pair_counts = pair_findings(given)
    on_values, value_counts = _value_findings(given)
    on_ratios, ratios = ratio_findings(given)
    slips = unit_findings(given)
    slipped = {measurement for finding in slips for measurement in finding.measurements}
    fades, fade_pairs = fade_findings(given)
    regains, regain_pairs = regain_findings(given)
    findings = [
        *on_formulas,
        *on_pairs,
        *on_values,
        *on_ratios,
        *temperature_findings(given, set(contradicted(on_ratios))),
        *slips,
        *disagreement_findings(given, slipped),
        *duplicate_findings(given),
        *spread_findings(given),
        *fades,
        *regains,
    ]
    figures = len(given.conductivity)
    compared = {
        "formula": len(given.samples),
        "family_disagreement": int((given.samples["site_row"] >= 0).sum()),
        "activation_energy_ratio": ratios,
        "fade_consistency": fade_pairs + regain_pairs,
        "temperature_label": figures,
        "unit_slip": figures,
        "compilation_disagreement": figures,
        "duplicate_figure": figures,
        "spread_between_sources": given.conductivity["key"].nunique(),
    }
    verdicts = pd.concat([composition_counts, pair_counts, value_counts])
    flagged = {finding.key: finding.measurements for finding in findings if finding.decision == "flagged"}
    return Audit(findings_frame(findings), flagged, _counts(verdicts, compared, findings))


def _value_findings(given: Material) -> tuple[list[Finding], pd.DataFrame]:
    """Every value against the physical range of its target and the admissible range of its quantity."""
    findings = []
    codes = []
    for table in (given.transport, given.cells):
        for name, quantity in QUANTITIES.items():
            rows = table[(table["quantity"] == name) & table["value"].notna()]
            low, high = ADMISSIBLE_RANGES.get(_TARGET_OF.get(name, ""), (quantity.minimum, quantity.maximum))
            # A limit that the source gives may lie outside on its open side.
            outside = ((rows["value"] < low) & (rows["bound"] != "<")) | (
                (rows["value"] > high) & (rows["bound"] != ">")
            )
            codes.append(np.where(outside, REJECT, 0).astype(np.int8))
            findings += [
                Finding(
                    "admissible_range",
                    str(row.source_id),
                    f"{row.formula}, {row.measurement_id}",
                    f"{name} {row.bound}{shown(float(str(row.value)), quantity.unit)}",
                    f"{low:g} to {shown(high, quantity.unit)}",
                    "outside what is physically possible; check the unit",
                    "flagged",
                    (str(row.measurement_id),),
                )
                for row in rows[outside].itertuples()
            ]
    return findings, verdict_counts({"admissible_range": np.concatenate(codes)})


def _counts(verdicts: pd.DataFrame, compared: dict[str, int], findings: list[Finding]) -> pd.DataFrame:
    found = pd.Series([finding.rule for finding in findings], dtype=object).value_counts()
    table = verdicts.assign(rows=verdicts.sum(axis=1))
    for rule, rows in compared.items():
        table.loc[rule, "rows"] = rows
    table["findings"] = [int(found.get(rule, 0)) for rule in table.index]
    order = [name for name in DISCREPANCY_RULES if name in table.index]
    order += [name for name in table.index if name not in order]
    return table.reindex(order)[list(COUNTS)].fillna(0).astype(np.int64).rename_axis("rule")
