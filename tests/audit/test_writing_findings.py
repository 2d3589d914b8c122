"""`--write` and `refresh`: whole or not at all; what people entered stays; a second time changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.audit.audit import audit
from ssepredict.audit.refresh import refresh
from ssepredict.columns import TABLES
from ssepredict.data import findings as findings_module
from ssepredict.data.dataset import load_dataset
from ssepredict.data.findings import load_for_audit, write_findings
from ssepredict.exceptions import TableError
from ssepredict.resources import shipped_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(shipped_folder("datasets"), tmp_path / "tables")


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def store(table: pd.DataFrame, folder: Path, name: str) -> None:
    table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")


def write(folder: Path) -> pd.DataFrame:
    found = audit(load_for_audit(folder))
    return write_findings(folder, found.findings, found.flagged)


def test_refreshing_the_shipped_dataset_changes_nothing(folder: Path) -> None:
    before = content(folder)
    refresh(folder)
    assert content(folder) == before


def test_flags_and_findings_come_back_after_they_were_removed(folder: Path) -> None:
    before = content(folder)
    table = read(folder, "discrepancies")
    store(table[table["origin"] == "hand"], folder, "discrepancies")
    store(read(folder, "transport").assign(suspect="0"), folder, "transport")
    write(folder)
    assert content(folder) == before


def test_a_person_overrules_a_decision(folder: Path) -> None:
    table = read(folder, "discrepancies")
    chosen = table.index[(table["rule"] == "compilation_disagreement") & (table["decision"] == "flagged")][0]
    row = table.loc[chosen].copy()
    table.loc[chosen, ["origin", "decision", "note"]] = ["hand", "kept", "two specimens, asked the authors"]
    store(table, folder, "discrepancies")
    after = write(folder)
    same = after[(after["rule"] == row["rule"]) & (after["subject"] == row["subject"])]
    assert same[["origin", "decision"]].to_numpy().tolist() == [["hand", "kept"]]


def test_a_flag_of_an_earlier_audit_falls_when_its_reason_is_gone(folder: Path) -> None:
    transport = read(folder, "transport")
    places = transport["measurement_id"].isin(["F02092", "F02093"])
    assert (transport.loc[places, "suspect"] == "1").all()
    transport.loc[transport["measurement_id"] == "F02092", "temperature_c"] = "126.85"
    transport.loc[transport["measurement_id"] == "F02093", "temperature_c"] = "326.85"
    store(transport, folder, "transport")
    write(folder)
    assert (read(folder, "transport").loc[places, "suspect"] == "0").all()


def test_a_broken_dataset_is_left_as_it_is(folder: Path) -> None:
    samples = read(folder, "samples")
    samples.loc[3, "framework"] = "perovskite"
    store(samples, folder, "samples")
    before = content(folder)
    with pytest.raises(TableError, match=r"samples\.csv, row 5, column framework"):
        write(folder)
    assert content(folder) == before


def test_a_full_disk_leaves_every_old_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(folder)
    transport = read(folder, "transport").assign(suspect="0")
    store(transport, folder, "transport")
    damaged = content(folder)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(findings_module, "write_folder", full)
    with pytest.raises(OSError, match="No space left"):
        write(folder)
    assert content(folder) == damaged
    assert damaged != before


def test_a_dataset_without_findings_of_its_own_can_be_audited(folder: Path) -> None:
    (folder / "discrepancies.csv").unlink()
    (folder / "excluded.csv").unlink()
    (folder / "reproducibility.csv").unlink()
    write(folder)
    load_dataset(folder).validate()
    assert read(folder, "discrepancies")["origin"].eq("audit").all()


def test_findings_of_an_older_table_count_as_entered_by_hand(folder: Path) -> None:
    table = read(folder, "discrepancies").query("origin == 'hand'")
    store(table.drop(columns=["decision", "origin"]), folder, "discrepancies")
    after = write(folder)
    assert after.columns.tolist() == [column.name for column in TABLES["discrepancies"]]
    kept = after[after["discrepancy_id"].isin(table["discrepancy_id"])]
    assert kept["decision"].eq("kept").all()
    assert len(kept) == len(table)


def test_an_unreadable_table_is_named(folder: Path) -> None:
    (folder / "samples.csv").unlink()
    with pytest.raises(TableError, match=r"samples\.csv: file is missing"):
        load_for_audit(folder)
