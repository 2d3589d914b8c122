"""The outcome of an audit as Markdown and as a document."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ssepredict.audit.audit import COUNTS, Audit
from ssepredict.columns import DECISIONS
from ssepredict.modeling.rule_evidence import RuleReport


def rules_markdown(found: Audit) -> str:
    """Table of rules: what was judged, the verdicts, the findings and what was decided."""
    head = ["rule", "judged", "not evaluable", "warned", "rejected", "findings", "of them flagged"]
    flagged = found.findings.loc[found.findings["decision"] == "flagged", "rule"].value_counts()
    shown = found.counts[["rows", "not_evaluable", "warn", "reject", "findings"]]
    lines = [
        [str(rule), *(str(count) for count in counts), str(int(flagged.get(rule, 0)))]
        for rule, *counts in shown.itertuples(name=None)
    ]
    table = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    table += ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join(
        [
            "Rows judged (samples, figures, or pairs of figures), verdicts over rows, findings once per "
            "source and formula or figure:",
            "",
            *table,
        ]
    )


def evidence_markdown(report: RuleReport) -> str:
    """Table of rules on neutral samples: how often each refuses or warns, and what a warning means."""
    rates = report.rates[report.rates["family"] == "all"].set_index("rule")
    effects = report.effects[report.effects["family"] == "all"].set_index("rule")
    lines = ["| rule | passed | informed | warned | rejected | flagged minus other, log10(S/cm) (95 %) |"]
    lines.append("|---|---|---|---|---|---|")
    for rule, *counts in rates[["passed", "informed", "warned", "rejected"]].itertuples(name=None):
        effect = _effect(effects.loc[[rule]]) if rule in effects.index else ""
        lines.append(f"| {rule} | {' | '.join(str(count) for count in counts)} | {effect} |")
    return "\n".join(lines)


def _effect(line: pd.DataFrame) -> str:
    names = ["difference_log10", "difference_low_log10", "difference_high_log10"]
    difference, low, high = line[names].to_numpy(dtype=np.float64)[0].tolist()
    return "" if np.isnan(low) else f"{difference:+.2f} ({low:+.2f} to {high:+.2f})"


def audit_document(found: Audit, folder: str) -> dict[str, Any]:
    """Everything an audit found, ready for JSON."""
    return {
        "dataset": folder,
        "findings": found.findings.to_dict("records"),
        "rules": {
            str(rule): dict(zip(COUNTS, counts, strict=True))
            for rule, *counts in found.counts.itertuples(name=None)
        },
        "decisions": {name: int((found.findings["decision"] == name).sum()) for name in DECISIONS},
        "suspects": sorted(found.suspects),
    }
