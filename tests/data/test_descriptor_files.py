from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from ssepredict.columns import DERIVED_TABLES
from ssepredict.data.dataset import load_dataset
from ssepredict.data.descriptors import (
    append_record,
    read_descriptors,
    read_dynamics,
    read_lattice,
    read_records,
    write_descriptors,
)
from ssepredict.exceptions import TableError
from ssepredict.resources import shipped_folder
from ssepredict.structures.descriptors import DESCRIPTORS
from ssepredict.structures.hosts import HOSTS

ROW = {
    "host": "Na3Zr2Si2PO12", "ion": "Sc3+", "fraction": 0.1667, "descriptor": "volume", "mean": 275.0,
    "spread": 0.4, "configurations": 3, "unit": "Å3", "method": "relaxed cell; CHGNet",
    "versions": "chgnet 0", "cell": "122 ions, 6 formula units", "seed": "0 1 2",
}  # fmt: skip


def test_records_come_back(tmp_path):
    path = tmp_path / "runs" / "a.jsonl"
    assert read_records(path) == {}
    for number in range(3):
        append_record(path, {"key": f"k{number}", "value": number, "ion": "Sc³⁺"})
    assert [record["value"] for record in read_records(path).values()] == [0, 1, 2]


@pytest.mark.parametrize("torn", [b'{"key": "k9", "val', b'{"key": "k9"}', b"\xc3"])
def test_a_line_torn_by_a_killed_process_is_passed_over_and_replaced(tmp_path, torn):
    path = tmp_path / "a.jsonl"
    append_record(path, {"key": "k0"})
    with path.open("ab") as file:
        file.write(torn)
    assert list(read_records(path)) == ["k0"]
    append_record(path, {"key": "k1"})
    assert [json.loads(line)["key"] for line in path.read_text().splitlines()] == ["k0", "k1"]


def test_a_broken_line_in_between_is_named(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"key": "k0"}\nnonsense\n{"value": 1}\n')
    with pytest.raises(TableError, match=r"(?s)remove these lines.*line 2.*line 3"):
        read_records(path)


def test_a_number_that_json_lacks_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_record(tmp_path / "a.jsonl", {"key": "k", "value": float("nan")})
    assert read_records(tmp_path / "a.jsonl") == {}


def test_table_comes_back_typed(tmp_path):
    rows = [ROW, {**ROW, "ion": "Zn2+", "spread": float("nan"), "configurations": 1}]
    write_descriptors(tmp_path / "descriptors.csv", pd.DataFrame(rows))
    found = read_descriptors(tmp_path)
    assert found["mean"].tolist() == [275.0, 275.0]
    assert found["spread"].isna().tolist() == [False, True]
    assert list(found.columns) == [column.name for column in DERIVED_TABLES["descriptors"]]


@pytest.mark.parametrize("read", [read_descriptors, read_dynamics, read_lattice])
def test_no_table_is_an_empty_one(tmp_path, read):
    assert read(tmp_path).empty


def test_a_table_that_breaks_its_columns_is_refused(tmp_path):
    pd.DataFrame([ROW]).drop(columns="seed").to_csv(tmp_path / "descriptors.csv", index=False)
    with pytest.raises(TableError, match="seed"):
        read_descriptors(tmp_path)


def test_a_number_that_is_none_is_refused(tmp_path):
    pd.DataFrame([{**ROW, "mean": "many"}]).to_csv(tmp_path / "descriptors.csv", index=False)
    with pytest.raises(TableError, match="mean"):
        read_descriptors(tmp_path)


def test_shipped_table_names_declared_hosts_and_descriptors():
    table = read_descriptors(shipped_folder("datasets"))
    assert set(table["host"]) <= HOSTS.keys()
    assert set(table["descriptor"]) <= DESCRIPTORS.keys()
    units = table.drop_duplicates("descriptor").set_index("descriptor")["unit"]
    assert units.to_dict() == {name: DESCRIPTORS[name].unit for name in units.index}
    assert not table.duplicated(["host", "ion", "fraction", "descriptor", "method"]).any()
    assert (table.loc[table["fraction"] == 0, "configurations"] >= 1).all()


def test_shipped_cells_and_dynamics_are_of_declared_hosts_and_named_sources():
    folder = shipped_folder("datasets")
    assert set(read_dynamics(folder)["host"]) <= HOSTS.keys()
    lattice = read_lattice(folder)
    assert lattice["source"].str.startswith("http").all()
    assert (lattice[["a_angstrom", "b_angstrom", "c_angstrom"]] > 5).all(axis=None)


def test_what_was_computed_is_no_part_of_the_digest(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(shipped_folder("datasets"), folder)
    write_descriptors(folder / "descriptors.csv", pd.DataFrame([ROW]))
    (folder / "dynamics.csv").unlink()
    (folder / "lattice.csv").unlink()
    assert load_dataset(folder).digest == load_dataset().digest
