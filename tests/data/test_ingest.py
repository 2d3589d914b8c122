from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.columns import TABLES
from ssepredict.data import store
from ssepredict.data.dataset import load_dataset, validate_folder
from ssepredict.data.duplicates import first_readings
from ssepredict.data.ingest import TEMPLATE, add_file
from ssepredict.data.mapping import ColumnMapping, load_mapping
from ssepredict.data.refusals import IngestError
from ssepredict.exceptions import SsePredictError, TableError
from ssepredict.resources import shipped_folder

WIDE = """formula,bulk conductivity (mS/cm),sigma_gb [S/m],Ea (kJ/mol),T (K),CCD (mA/cm²),retention (%),\
cycles,sintering temperature (°C),density (%),doi,year,anode
Na3.4Zr1.7Sc0.2Zn0.1Si2PO12,1.5,0.2,30,303.15,,90,100,1200,95,10.1234/ABC,2024,Na
Na3Zr2Si2PO12,<1e-6,,,298.15,0.5,,,1200,,https://doi.org/10.1234/abc,2024,Na
Li2ZrCl6,0.4,,,298.15,,,,,,10.1234/other,,
"""
LONG = """composition;property;value;unit;T (K);citation
Li3YCl6;ionic conductivity;5.1e-4;S/cm;298.15;Me 2026
Li3YCl6;bulk conductivity;0.53;mS/cm;298.15;Me 2026
Li3YCl6;Ea;40;kJ/mol;;Me 2026
Li3YCl6;CCD;<0.5;mA/cm2;298.15;Me 2026
Li3YCl6;t_Li+;0.99;;298.15;Me 2026
Li3YCl6;fade per cycle;0.02;%;298.15;Me 2026
Li3YCl6;conductivity;1.1e-4;;273.15;Me 2026
"""


@pytest.fixture
def table(tmp_path):
    """Write a table of the user's; returns its path."""

    def write(text: str, name: str = "my.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mine"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def failures_of(path: Path, folder: Path, **options) -> list[str]:
    with pytest.raises(IngestError, match="nothing was written") as caught:
        add_file(path, folder, **options)
    return caught.value.failures


def new_rows(folder: Path, table: str) -> pd.DataFrame:
    rows = getattr(load_dataset(folder), table)
    return rows[rows["measurement_id"].str.startswith("U")]


def test_a_wide_table_is_added_in_the_units_of_the_dataset(table, folder):
    added = add_file(table(WIDE), folder)
    assert added.rows == {"sources": 2, "samples": 3, "transport": 5, "cells": 2}
    assert added.made
    validate_folder(folder)
    rows = new_rows(folder, "transport").reset_index(drop=True)
    assert rows["value"].tolist()[:2] == [0.0015, 0.002]
    assert rows["contribution"].tolist() == ["bulk", "grain_boundary", "", "bulk", "bulk"]
    assert rows["temperature_c"].tolist()[:2] == [30.0, 30.0]
    assert np.isnan(rows["temperature_c"][2])  # an activation energy belongs to a range, not a point
    assert rows["value"][2] == pytest.approx(30 / 96.48533212331, rel=1e-12)
    assert (rows["value"][3], rows["bound"][3]) == (1e-9, "<")
    assert set(rows["read_in"]) == {"my.csv"}
    cells = new_rows(folder, "cells").reset_index(drop=True)
    assert cells["quantity"].tolist() == ["capacity_retention", "critical_current_density"]
    assert cells["negative_electrode"].tolist() == ["Na", "Na"]
    assert cells["cycles"][0] == 100


def test_sources_and_chemistry_are_computed(table, folder):
    add_file(table(WIDE), folder, start="empty")
    dataset = load_dataset(folder)
    assert dataset.sources["source_id"].tolist() == ["10.1234/abc", "10.1234/other"]
    assert dataset.sources["work_id"].tolist() == ["10.1234/abc", "10.1234/other"]
    assert dataset.sources["year"].tolist()[0] == 2024
    samples = dataset.samples
    assert samples["family"].tolist() == ["na_nasicon", "na_nasicon", "li_halide"]
    assert samples["host"].tolist() == ["Na3Zr2Si2PO12", "Na3Zr2Si2PO12", "Li2ZrCl6"]
    assert samples["composition_key"][0] == "Na3.4 O12 P1 Sc0.2 Si2 Zn0.1 Zr1.7"
    assert samples["sample_id"].tolist() == ["10.1234-abc-s01", "10.1234-abc-s02", "10.1234-other-s01"]
    assert (folder / "sources.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[4] == "2024"


def test_a_long_table_is_added(table, folder):
    add_file(table(LONG), folder, start="empty")
    rows = load_dataset(folder)
    assert rows.transport["quantity"].tolist() == [
        "conductivity", "conductivity", "activation_energy", "transference_number", "conductivity",
    ]  # fmt: skip
    assert rows.transport["value"].tolist()[:2] == [5.1e-4, 5.3e-4]
    assert rows.transport["temperature_c"].iloc[4] == 0.0
    assert rows.cells["bound"].tolist() == ["<", ""]
    assert rows.sources["citation"].tolist() == ["Me 2026"]


def test_the_shipped_tables_stay_as_they_are_and_the_copy_keeps_every_byte_of_them(table, folder):
    before = content(shipped_folder("datasets"))
    add_file(table(WIDE), folder)
    assert content(shipped_folder("datasets")) == before
    for name in TABLES:
        assert (folder / f"{name}.csv").read_bytes().startswith(before[f"{name}.csv"])


@pytest.mark.parametrize("part", ["", "mine"])
def test_the_shipped_folder_is_refused(table, part):
    with pytest.raises(SsePredictError, match="shipped with ssepredict, which is never changed"):
        add_file(table(WIDE), shipped_folder("datasets") / part)
    assert not (shipped_folder("datasets") / "mine").exists()


def test_a_link_to_the_shipped_folder_is_refused(table, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(shipped_folder("datasets"), target_is_directory=True)
    with pytest.raises(SsePredictError, match="never changed"):
        add_file(table(WIDE), link)


def test_the_same_file_gives_the_same_folder(table, folder, tmp_path):
    add_file(table(WIDE), folder)
    add_file(table(WIDE), tmp_path / "again")
    assert content(folder) == content(tmp_path / "again")


def test_two_files_one_after_the_other(table, folder):
    add_file(table(WIDE), folder)
    added = add_file(table(LONG, "long.csv"), folder)
    assert not added.made
    validate_folder(folder)
    more = "formula,conductivity (S/cm),T (K),doi,sintering temperature (°C)\n" \
        "Na3Zr2Si2PO12,1e-4,303.15,10.1234/abc,1200\n"  # fmt: skip
    counts = add_file(table(more, "more.csv"), folder).rows
    assert counts == {"sources": 0, "samples": 0, "transport": 1, "cells": 0}
    assert new_rows(folder, "transport")["sample_id"].iloc[-1] == "10.1234-abc-s02"


def test_every_failure_is_named_at_once(table, folder):
    bad = (
        "formula,conductivity (mS/cm),Ea (kJ/mol),T (K),contribution,doi,year,operator\n"
        'Na3Zr2Si2PO12,"1,5",30,298.15,gb,10.1000/x,2020,a\n'
        "Al2O3,1,,,total,10.1000/x,,b\n"
        "Na3Xy2Si2PO12,1e9,,-5,totl,11.1000/x,20,c\n"
        ",1,,,,10.1000/x,,\n"
        "Na3Zr2Si2PO12,1.0,,,,,,\n"
        "Na3Zr2Si2PO12,,n/a,298,,10.1000/x,,\n"
        "Na3Zr2Si2PO12,1,1,1\n"
    )
    failures = failures_of(table(bad), folder)
    wanted = [
        "my.csv, row 1, column 'operator': is unknown",
        "my.csv, row 2, column 'conductivity (mS/cm)': got '1,5', expected a number in mS/cm; the comma",
        "my.csv, row 3, column 'formula': formula 'Al2O3': ",
        "my.csv, row 4, column 'T (K)': got '-5' (-278.15 °C), expected a temperature_c from -273.15 to",
        "my.csv, row 4, column 'conductivity (mS/cm)': got '1e9' (1e+06 S/cm), expected a conductivity from",
        "my.csv, row 4, column 'contribution': got 'totl', expected one of total, bulk",
        "my.csv, row 4, column 'doi': got '11.1000/x', expected a DOI",
        "my.csv, row 4, column 'formula': formula 'Na3Xy2Si2PO12': unknown element 'Xy'",
        "my.csv, row 4, column 'year': got '20', expected a year from 1900 to 2100",
        "my.csv, row 5, column 'formula': formula '': is empty",
        "my.csv, row 6: has no source; fill in doi, source_id or citation",
        "my.csv, row 7, column 'Ea (kJ/mol)': got 'n/a', expected a number in kJ/mol; leave the cell empty",
        "my.csv, row 8: has 4 cells, expected 8 as in the header",
    ]
    assert len(failures) == len(wanted)
    for failure, beginning in zip(failures, wanted, strict=True):
        assert failure.startswith(beginning)
    assert not folder.exists()


def test_rows_are_counted_as_an_editor_does(table, folder):
    text = 'formula,citation,conductivity (S/cm)\nLi2ZrCl6,"two\nlines",1e-4\n\nLi2ZrCl6,x,much\n'
    (failure,) = failures_of(table(text), folder)
    assert failure.startswith("my.csv, row 5, column 'conductivity (S/cm)': got 'much'")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("formula,year,doi", "no column holds a figure"),
        ("conductivity (S/cm),doi", "no column 'formula'"),
        ("formula,conductivity,doi", "'conductivity': has no unit"),
        ("formula,conductivity (S/cm),sigma (mS/cm),doi", "says conductivity as column"),
        ("formula,T (K),temperature_c,conductivity (S/cm),doi", "says temperature as column 'T (K)' does"),
        ("formula,value,doi", "no column 'quantity'"),
    ],
)  # fmt: skip
def test_a_wrong_header_is_named(table, folder, header, words):
    cells = {"formula": "Li2ZrCl6", "doi": "10.1000/x", "year": "2020"}
    row = ",".join(cells.get(name, "1") for name in header.split(","))
    assert any(words in failure for failure in failures_of(table(f"{header}\n{row}\n"), folder))


def test_a_row_without_a_figure_is_named(table, folder):
    text = "formula,conductivity (S/cm),doi\nLi2ZrCl6,1e-4,10.1000/x\nLi2ZrCl6,,10.1000/x\n"
    assert failures_of(table(text), folder) == [
        "my.csv, row 3: holds no figure; fill one in or remove the row"
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "holds no row"),
        (b"formula,doi\n", "holds no row"),
        (b"formula,\xe5\n", r"no UTF-8 text \(byte 8\); save it as 'CSV UTF-8'"),
        (b"PK\x03\x04\x14\x00\xff", "no UTF-8 text"),
        (b'formula,doi\n"Li2ZrCl6,1\n', "no readable CSV: .*close every quote"),
    ],
)
def test_a_file_that_is_no_table(tmp_path, folder, data, words):
    (tmp_path / "my.csv").write_bytes(data)
    with pytest.raises(SsePredictError, match=words):
        add_file(tmp_path / "my.csv", folder)
    assert not folder.exists()


def test_a_missing_file_and_a_folder(tmp_path, folder):
    with pytest.raises(SsePredictError, match="does not exist"):
        add_file(tmp_path / "absent.csv", folder)
    with pytest.raises(SsePredictError, match="is a folder"):
        add_file(tmp_path, folder)


def test_a_byte_order_mark_is_no_part_of_the_header(table, folder):
    add_file(table("\ufeff" + WIDE), folder, start="empty")
    assert len(load_dataset(folder)) == 7


def test_a_mapping_says_what_headers_mean(table, folder, tmp_path):
    text = "sample,K25,who\nLi2ZrCl6,0.4,me\n"
    (tmp_path / "map.toml").write_text(
        'ignore = ["who"]\n[columns]\nsample = "formula"\nK25 = "bulk conductivity at 25 °C (mS/cm)"\n'
        '[constants]\nsynthesis = "ball mill"\ncitation = "book 7"\n"sintering temperature (K)" = 773.15\n',
        encoding="utf-8",
    )
    add_file(table(text), folder, mapping=tmp_path / "map.toml", start="empty")
    dataset = load_dataset(folder)
    row = dataset.transport.iloc[0]
    assert (row["value"], row["temperature_c"], row["contribution"]) == (0.0004, 25.0, "bulk")
    sample = dataset.samples.iloc[0]
    assert (sample["synthesis"], sample["sinter_temperature_c"]) == ("ball_mill", 500.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns = 3", r"columns: got 3, expected a table \[columns\]"),
        ("colums = {}", "colums: unknown key; did you mean 'columns'"),
        ("ignore = 'x'", "expected a list of headers"),
        ("[columns]\na b = 'x'", "is no TOML"),
        ("[columns]\na = 3", "columns.a: got 3, expected a text"),
    ],
)
def test_a_wrong_mapping_is_named(tmp_path, text, words):
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    with pytest.raises((TableError, SsePredictError), match=words):
        load_mapping(tmp_path / "map.toml")


def test_names_in_a_mapping_that_the_file_lacks_are_named(table, folder):
    mapping = ColumnMapping({"formul": "formula"}, ("whoo",), {"condition": "1", "T (K)": "1"})
    failures = failures_of(table(WIDE), folder, mapping=mapping)
    assert (
        "my.csv, column 'formul': is named in the mapping but not in the header; did you mean 'formula'?"
        in failures
    )
    assert any("column 'condition': is unknown" in failure for failure in failures)
    assert any(
        "column 'T (K)': is a constant of the mapping file, but the table says it itself" in f
        for f in failures
    )


def test_a_source_can_be_given_for_the_whole_file(table, folder):
    text = "formula,conductivity (S/cm),doi\nLi2ZrCl6,1e-4,\nLi2ZrCl6,2e-4,10.1000/x\n"
    add_file(table(text), folder, source={"doi": "10.1000/mine", "year": "2026"}, start="empty")
    sources = load_dataset(folder).sources
    assert sources["source_id"].tolist() == ["10.1000/mine", "10.1000/x"]
    assert sources["year"].tolist() == [2026, 2026]


def test_a_source_of_the_dataset_is_used_again(table, folder):
    text = "formula,conductivity (S/cm),T (K),doi\nLi3YBr6,1.9e-3,310.15,10.1002/ADMA.201803075\n"
    assert add_file(table(text), folder).rows["sources"] == 0
    dataset = load_dataset(folder)
    new = new_rows(folder, "transport").merge(dataset.samples, on="sample_id")
    assert new["source_id"].tolist() == ["10.1002/adma.201803075"]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("Li3YBr6,1e-3,10.1002/adma.201803075,2011,\n", "'10.1002/adma.201803075' is of 2018"),
        ("Li2ZrCl6,1e-3,10.1000/x,2011,\nLi2ZrCl6,2e-3,10.1000/x,2012,\n", "'10.1000/x' is of 2011"),
        ("Li2ZrCl6,1e-3,10.1000/x,,a\nLi2ZrCl6,2e-3,10.1000/y,,a\n", "got doi '10.1000/y'"),
    ],
)  # fmt: skip
def test_a_source_that_contradicts_itself_is_named(table, folder, rows, words):
    text = f"formula,conductivity (S/cm),doi,year,source_id\n{rows}"
    (failure,) = failures_of(table(text), folder)
    assert words in failure


DUPLICATES = """formula,conductivity (mS/cm),temperature (°C),contribution,doi
Li3YBr6,1.7,25,total,10.1002/adma.201803075
Li2ZrCl6,0.4,25,total,10.1000/x
Li4Zr2Cl12,0.40,25,,10.1000/x
Li2ZrCl6,0.4,30,total,10.1000/x
Li2ZrCl6,0.4,25,bulk,10.1000/x
Li2ZrCl6,0.4,25,total,10.1000/y
"""


def test_repeated_figures_are_refused_each_by_name(table, folder):
    failures = failures_of(table(DUPLICATES), folder)
    assert len(failures) == 2
    assert failures[0].startswith("my.csv, row 2, column 'conductivity (mS/cm)': repeats F")
    assert "of the dataset: Li3YBr6, conductivity 0.0017 S/cm at 25 °C" in failures[0]
    assert failures[1].startswith("my.csv, row 4, column 'conductivity (mS/cm)': repeats row 3: Li4Zr2Cl12")
    assert "--allow-duplicates" in failures[1]


def test_repeated_figures_are_kept_when_asked_for(table, folder):
    added = add_file(table(DUPLICATES), folder, allow_duplicates=True)
    assert (added.repeated, added.measurements) == (2, 6)
    again = add_file(table(DUPLICATES), folder, allow_duplicates=True)
    assert (again.repeated, again.rows["samples"]) == (6, 0)
    validate_folder(folder)
    assert new_rows(folder, "transport")["measurement_id"].is_unique


def test_adding_a_file_twice_is_refused(table, folder):
    add_file(table(WIDE), folder)
    before = content(folder)
    assert len(failures_of(table(WIDE), folder)) == 7
    assert content(folder) == before


def test_first_readings_agree_with_comparing_every_pair():
    random = np.random.default_rng(3)
    size = 300
    rows = pd.DataFrame(
        {
            "work_id": "w", "composition_key": "c", "composite": 0, "bound": "",
            "quantity": random.choice(["conductivity", "activation_energy"], size),
            "value": random.choice([1.0, 2.0], size),
            "temperature_c": random.choice([25.0, 60.0, np.nan], size),
            "contribution": random.choice(["total", "bulk", "unspecified", ""], size),
            "cycles": random.choice([100.0, np.nan], size),
        }
    )  # fmt: skip
    open_ = ("", "unspecified")

    def same(one, other):
        if (one["quantity"], one["value"]) != (other["quantity"], other["value"]):
            return False
        return all(
            one[name] in open_ or other[name] in open_ or one[name] != one[name] or other[name] != other[name]
            or one[name] == other[name]
            for name in ("temperature_c", "contribution", "cycles")
        )  # fmt: skip

    records = rows.to_dict("records")
    wanted: list[int] = []
    for at in range(size):
        kept = [i for i in range(at) if wanted[i] == i]
        wanted.append(next((i for i in kept if same(records[i], records[at])), at))
    assert first_readings(rows).tolist() == wanted


def test_charged_formulas_are_added_and_named(table, folder):
    added = add_file(table("formula,conductivity (S/cm),citation\nNa3.1Zr2Si2PO12,1e-4,x\n"), folder)
    assert added.unbalanced == ["Na3.1Zr2Si2PO12"]
    assert "not neutral as written" in str(added)


def test_the_template_is_a_table_that_can_be_added(table, folder):
    assert add_file(table(TEMPLATE), folder, start="empty").measurements == 1


# Whole or not at all.


@pytest.fixture
def filled(table, folder):
    add_file(table(WIDE), folder)
    return folder


class Stop(Exception):
    """Stands for whatever ends the writing."""


@pytest.mark.parametrize("step", range(7))
def test_a_failure_at_any_move_leaves_the_folder_as_it_was(filled, table, monkeypatch, step):
    before = content(filled)
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if len(calls) == step + 1:
            raise Stop
        real(source, target)

    monkeypatch.setattr(store.os, "replace", replace)
    with pytest.raises(Stop):
        add_file(table(LONG, "long.csv"), filled)
    monkeypatch.undo()
    assert content(filled) == before
    assert add_file(table(LONG, "long.csv"), filled).measurements == 7


@pytest.mark.parametrize("name", ["write_datapackage", "_flush", "_keep_old"])
def test_a_failure_before_the_moves_leaves_the_folder_as_it_was(filled, table, monkeypatch, name):
    before = content(filled)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, name, fail)
    with pytest.raises(OSError, match="No space left"):
        add_file(table(LONG, "long.csv"), filled)
    assert content(filled) == before


def test_a_failure_leaves_no_new_folder(table, folder, monkeypatch):
    monkeypatch.setattr(store, "write_datapackage", lambda folder: (_ for _ in ()).throw(Stop))
    with pytest.raises(Stop):
        add_file(table(WIDE), folder)
    assert not folder.exists()


@pytest.mark.parametrize("moved", range(7))
def test_a_killed_process_leaves_a_valid_dataset_that_the_next_one_completes(filled, table, tmp_path, moved):
    """The state after a kill: a complete staging folder, some of its files already moved."""
    goal = shutil.copytree(filled, tmp_path / "goal")
    add_file(table(LONG, "long.csv"), goal)
    staging = shutil.copytree(goal, filled / store.STAGING)
    (staging / "complete").touch()
    for name in store._FILES[:moved]:
        os.replace(staging / name, filled / name)
    validate_folder(filled)
    store.open_folder(filled)
    assert content(filled) == content(goal)


def test_an_unfinished_staging_folder_is_discarded(filled):
    before = content(filled)
    (filled / store.STAGING).mkdir()
    (filled / store.STAGING / "sources.csv").write_text("half", encoding="utf-8")
    store.open_folder(filled)
    assert content(filled) == before


def test_a_folder_that_holds_something_else_is_refused(table, tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "diary.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(TableError, match=r"expected the files sources\.csv"):
        add_file(table(WIDE), tmp_path / "notes")
    with pytest.raises(SsePredictError, match="is a file; name a folder"):
        add_file(table(WIDE), tmp_path / "notes" / "diary.txt")
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["diary.txt"]


def test_a_folder_is_described_by_its_datapackage(table, folder):
    add_file(table(WIDE), folder)
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert {resource["name"] for resource in package["resources"]} >= set(TABLES)


def test_fifty_thousand_rows(tmp_path, folder):
    """The whole of it, each value kept; its time is measured in the benchmarks."""
    size = 50_000
    random = np.random.default_rng(0)
    x = random.integers(1, 2000, size) / 10_000
    frame = pd.DataFrame(
        {
            "formula": [f"Na{3 + v:.4f}Zr{2 - v:.4f}Sc{v:.4f}Si2PO12" for v in x],
            "conductivity (S/cm)": random.lognormal(-7, 1, size),
            "T (K)": random.integers(290, 400, size) + 0.15,
            "doi": [f"10.1000/p{number}" for number in random.integers(0, 1000, size)],
        }
    )
    frame.to_csv(tmp_path / "big.csv", index=False)
    assert add_file(tmp_path / "big.csv", folder).measurements == size
    rows = new_rows(folder, "transport")
    assert rows["measurement_id"].is_unique
    assert rows["value"].tolist() == frame["conductivity (S/cm)"].tolist()
