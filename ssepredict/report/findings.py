"""The outcome of an audit for people at a terminal."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from ssepredict.audit.audit import Audit
from ssepredict.columns import DECISIONS
from ssepredict.report.tables import table_of

SHOWN_PER_RULE = 3
_SHOWN = ["source_id", "subject", "reported", "expected", "decision"]


def audit_summary(found: Audit) -> RenderableType:
    """Render the rules with what they judged and found, and the first findings of each."""
    rules = table_of("rule", "judged", "not evaluable", "warned", "rejected", "findings")
    shown = found.counts[["rows", "not_evaluable", "warn", "reject", "findings"]]
    for rule, *numbers in shown.itertuples(name=None):
        rules.add_row(str(rule), *(f"{number:,}" for number in numbers))
    examples = table_of("rule", *(name.removesuffix("_id") for name in _SHOWN))
    for rule, group in found.findings.groupby("rule", sort=True):
        for finding in group.head(SHOWN_PER_RULE)[_SHOWN].itertuples(index=False, name=None):
            examples.add_row(str(rule), *map(str, finding))
        if len(group) > SHOWN_PER_RULE:
            examples.add_row(str(rule), "", f"and {len(group) - SHOWN_PER_RULE} more", "", "", "")
    counts = found.findings["decision"].value_counts()
    decided = ", ".join(f"{name} {int(counts.get(name, 0))}" for name in DECISIONS)
    total = f"{len(found.findings)} findings ({decided}); {len(found.suspects)} measurements are doubtful"
    parts: list[RenderableType] = [rules, Text("")]
    if len(found.findings):
        parts += [examples, Text("")]
    return Group(*parts, Text(total))
