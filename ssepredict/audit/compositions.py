"""Printed formulas under the rules of physics, one finding per source and formula that a rule rejects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from ssepredict.audit.finding import Finding
from ssepredict.audit.material import Material
from ssepredict.chemistry.sites import NEUTRAL_WITHIN
from ssepredict.physics.bounds import REJECT, VERDICTS, CodeArray
from ssepredict.physics.checks import Verdicts, check_sites
from ssepredict.physics.rules import SITE_RULES

_CHARGE = "charge_neutrality"
_CHARGE_NOTE = "computed from the formula as printed and common oxidation states; its rows are kept"


def composition_findings(given: Material) -> tuple[list[Finding], pd.DataFrame]:
    """Hold every printed formula against the rules that need a composition alone.

    Parameters
    ----------
    given : Material

    Returns
    -------
    list of Finding
        What cannot be placed, what a rule rejects, families that disagree with their formula.
    DataFrame
        Rows per rule and verdict, counted over samples.
    """
    findings = [*_unreadable(given), *_excluded(given), *_other_family(given)]
    verdicts = check_sites(given.sites, rules=SITE_RULES)
    placed = given.samples[given.samples["site_row"] >= 0]
    findings += _rejected(given, verdicts, placed)
    rows = placed["site_row"].to_numpy(dtype=np.int64)
    return findings, verdict_counts({name: codes[rows] for name, codes in verdicts.codes.items()})


def verdict_counts(codes: Mapping[str, CodeArray]) -> pd.DataFrame:
    """Count rows per rule and verdict; rows that a rule does not apply to are left out."""
    table = {name: np.bincount(code[code >= 0], minlength=len(VERDICTS)) for name, code in codes.items()}
    return pd.DataFrame.from_dict(table, orient="index", columns=list(VERDICTS)).rename_axis("rule")


def _rejected(given: Material, verdicts: Verdicts, placed: pd.DataFrame) -> Iterator[Finding]:
    refused = np.zeros(len(given.sites), dtype=bool)
    for codes in verdicts.codes.values():
        refused |= codes == REJECT
    rows = np.flatnonzero(refused)
    if not len(rows):
        return
    names = [str(row) for row in rows]
    lines = check_sites(given.sites.take(refused), rules=SITE_RULES).to_frame(names)
    for line in lines[lines["verdict"] == "reject"].itertuples():
        row = int(str(line.formula))
        said, _, expected = str(line.message).partition("; expected ")
        note = "computed from the formula as printed; its rows are kept"
        if line.rule == _CHARGE:
            charge = float(given.sites.charge_residual[row])
            said, expected = f"net charge {charge:+.3f} e per formula unit", f"0 within {NEUTRAL_WITHIN:g}"
            note = _CHARGE_NOTE
        for sample in _once(placed[placed["site_row"] == row]).itertuples():
            yield Finding(
                str(line.rule),
                str(sample.source_id),
                str(sample.formula),
                said,
                expected or str(line.bound),
                note,
                "kept",
            )


def _unreadable(given: Material) -> Iterator[Finding]:
    for sample in _once(given.samples[given.samples["site_row"] < 0]).itertuples():
        yield Finding(
            "formula",
            str(sample.source_id),
            str(sample.formula),
            "the formula as printed",
            "a formula of a known framework",
            f"{sample.problem}; no other rule can judge its rows",
            "kept",
        )


def _excluded(given: Material) -> Iterator[Finding]:
    malformed = given.excluded[given.excluded["reason"] == "malformed_formula"]
    for row in malformed.drop_duplicates(["source_id", "formula"]).itertuples():
        yield Finding(
            "formula",
            str(row.source_id),
            f"{row.formula}, {row.measurement_id}",
            "the formula as printed",
            "a formula of a known framework",
            str(row.explanation),
            "excluded",
            (str(row.measurement_id),),
        )


def _other_family(given: Material) -> Iterator[Finding]:
    placed = given.samples[given.samples["site_row"] >= 0]
    computed = given.sites.family[placed["site_row"].to_numpy(dtype=np.int64)]
    differs = (placed["family"].to_numpy(dtype=str) != computed) & (placed["family"] != "").to_numpy()
    for sample, family in zip(placed[differs].itertuples(), computed[differs], strict=True):
        yield Finding(
            "family_disagreement",
            str(sample.source_id),
            f"{sample.formula}, {sample.sample_id}",
            str(sample.family),
            str(family),
            "computed from the formula",
            "kept",
        )


def _once(samples: pd.DataFrame) -> pd.DataFrame:
    return samples.drop_duplicates(["source_id", "formula"])
