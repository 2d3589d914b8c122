"""The table of findings on disk: read leniently for an audit, rewritten whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ssepredict.columns import TABLES
from ssepredict.data.datapackage import write_datapackage
from ssepredict.data.dataset import Dataset
from ssepredict.data.schema import validate_tables
from ssepredict.data.store import write_folder
from ssepredict.data.tables import read_tables, type_tables
from ssepredict.resources import shipped_folder

OPTIONAL = ("discrepancies", "excluded")
"""Tables that a dataset of one's own may lack before its first audit."""

_OLDER = {"decision": "kept", "origin": "hand"}


def load_for_audit(path: str | Path | None = None) -> Dataset:
    """Read a dataset that has perhaps never been audited.

    `OPTIONAL` tables may be missing, and findings may lack the columns `decision` and `origin`: they count as
    kept and entered by hand.

    Parameters
    ----------
    path : str or Path, optional
        Folder with the CSV files; the shipped dataset when omitted.

    Raises
    ------
    TableError
        When a table cannot be read; keys and ranges are left to the rules and to `Dataset.validate`.
    """
    folder = shipped_folder("datasets") if path is None else Path(path)
    return Dataset(**type_tables(_raw_tables(folder), folder), folder=str(folder))


def write_findings(
    folder: str | Path, findings: pd.DataFrame, flagged: Mapping[str, Collection[str]]
) -> pd.DataFrame:
    """Renew the computed findings of a dataset and the flag `suspect`, all files or none.

    Findings entered by hand stay. A computed finding whose rule, source and subject a person has entered too
    is left out: to overrule a decision, set the `origin` of its row to ``hand`` and change it. `suspect`
    becomes 1 where a finding flags the row, and 0 where only a finding of an earlier audit did.

    Parameters
    ----------
    folder : str or Path
    findings : DataFrame
        Computed findings, in the columns of the table.
    flagged : mapping of str to collection of str
        Key of a computed finding to the keys of the measurements that it flags.

    Returns
    -------
    DataFrame
        The table as written.

    Raises
    ------
    TableError
        When the tables with the new findings would break a rule of the tables; nothing is written.
    OSError
        When a file cannot be written; every old file stays.
    """
    place = Path(folder)
    tables = _raw_tables(place)
    old = tables["discrepancies"]
    by_hand = old[old["origin"] != "audit"]
    entered = set(zip(by_hand["rule"], by_hand["source_id"], by_hand["subject"], strict=True))
    named = zip(findings["rule"], findings["source_id"], findings["subject"], strict=True)
    fresh = findings[[line not in entered for line in named]]
    doubted = {key for finding in fresh["discrepancy_id"] for key in flagged.get(finding, ())}
    doubted |= _named(by_hand[by_hand["decision"] == "flagged"])
    stale = _named(old[(old["origin"] == "audit") & (old["decision"] == "flagged")])
    tables["discrepancies"] = pd.concat([by_hand, fresh], ignore_index=True)[list(old.columns)]
    for name in ("transport", "cells"):
        ids, now = tables[name]["measurement_id"], tables[name]["suspect"]
        flags = np.where(ids.isin(doubted), "1", np.where(ids.isin(stale), "0", now))
        tables[name] = tables[name].assign(suspect=flags)
    validate_tables(tables, place)
    write_folder(place, tables)
    write_datapackage(place)
    return tables["discrepancies"]


def _named(findings: pd.DataFrame) -> set[str]:
    """Words of the subjects: among them the keys of the measurements that are meant."""
    return {word.strip(",;") for subject in findings["subject"] for word in str(subject).split()}


def _raw_tables(folder: Path) -> dict[str, pd.DataFrame]:
    absent = [name for name in OPTIONAL if folder.is_dir() and not (folder / f"{name}.csv").exists()]
    tables = read_tables(folder, optional=absent)
    findings = tables["discrepancies"]
    for name, value in _OLDER.items():
        if name not in findings:
            findings[name] = value
    known = [column.name for column in TABLES["discrepancies"]]
    others = [name for name in findings.columns if name not in known]
    tables["discrepancies"] = findings[[name for name in known if name in findings] + others]
    return tables
