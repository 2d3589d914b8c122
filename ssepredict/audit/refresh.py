"""Everything in a dataset's folder that is computed, made anew by one call."""

from __future__ import annotations

from pathlib import Path

from ssepredict.audit.audit import Audit, audit
from ssepredict.audit.rendering import evidence_markdown, rules_markdown
from ssepredict.data.card import write_counts
from ssepredict.data.croissant import write_croissant
from ssepredict.data.datapackage import write_datapackage
from ssepredict.data.dataset import load_dataset
from ssepredict.data.findings import load_for_audit, write_findings
from ssepredict.data.folds import write_folds
from ssepredict.data.reproducibility import write_noise_floor
from ssepredict.modeling.rule_evidence import rule_report

CARD = "README.md"


def refresh(folder: str | Path) -> Audit:
    """Audit a dataset and rewrite its generated files.

    In this order: ``discrepancies.csv`` with the flag `suspect` (an audit), ``reproducibility.csv``,
    ``folds.csv`` (completed: what has a fold keeps it), ``datapackage.json``, ``croissant.json``, and the
    numbers in ``README.md`` where there is one.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Audit

    Raises
    ------
    TableError
        When the tables break their rules; nothing is written.
    """
    place = Path(folder)
    found = audit(load_for_audit(place))
    write_findings(place, found.findings, found.flagged)
    refreshed = load_dataset(place)
    write_noise_floor(place, refreshed)
    write_folds(place, refreshed.tables)
    write_datapackage(place)
    if (place / CARD).exists():
        evidence = rule_report(load_dataset(place))
        write_counts(place, {"rules": rules_markdown(found), "rule evidence": evidence_markdown(evidence)})
    write_croissant(place)
    return found
