"""One finding: what is wrong, which rows it concerns, what happens to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

import pandas as pd

from ssepredict.columns import TABLES

FINDING_COLUMNS = [column.name for column in TABLES["discrepancies"]]


class Finding(NamedTuple):
    """A finding of the audit.

    Parameters
    ----------
    rule : str
        A name of `ssepredict.columns.DISCREPANCY_RULES`.
    source_id : str
        Source concerned; empty where there are several.
    subject : str
        Formula and the keys of the figures.
    reported, expected : str
        What the source says, and what contradicts it.
    note : str
        How it was found.
    decision : str
        A name of `ssepredict.columns.DECISIONS`.
    measurements : tuple of str
        Keys of the rows that the decision holds for.
    """

    rule: str
    source_id: str
    subject: str
    reported: str
    expected: str
    note: str
    decision: str
    measurements: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Key that stays the same as long as rule, source and subject do.

        Examples
        --------
        >>> Finding("unit_slip", "10.1/x", "LiZr2(PO4)3, F1", "1", "2", "", "flagged").key
        'A-4f17f3a5d6'
        """
        text = "\x1f".join((self.rule, self.source_id, self.subject))
        return f"A-{hashlib.sha256(text.encode()).hexdigest()[:10]}"


def findings_frame(findings: Iterable[Finding]) -> pd.DataFrame:
    """Bring findings into the columns of the table `discrepancies`, ordered by rule, source and subject."""
    rows = {
        finding.key: {**finding._asdict(), "discrepancy_id": finding.key, "origin": "audit"}
        for finding in findings
    }
    frame = pd.DataFrame(list(rows.values()), columns=FINDING_COLUMNS).astype(object)
    return frame.sort_values(["rule", "source_id", "subject"], kind="stable").reset_index(drop=True)


def shown(value: float, unit: str = "") -> str:
    """Write a figure for people.

    Examples
    --------
    >>> shown(5.7e-06, "S/cm"), shown(25.0, "°C")
    ('5.7e-06 S/cm', '25 °C')
    """
    return f"{value:.6g} {unit}".rstrip()
