from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from ssepredict.columns import DERIVED_TABLES, FOREIGN_KEYS, PRIMARY_KEYS, QUANTITIES, TABLES
from ssepredict.data.card import BEGIN, END, counts_markdown, write_counts
from ssepredict.data.datapackage import datapackage, write_datapackage
from ssepredict.data.dataset import load_dataset, validate_folder
from ssepredict.data.schema import validate_tables
from ssepredict.data.tables import read_tables
from ssepredict.exceptions import TableError
from ssepredict.resources import shipped_folder


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped tables that a test may damage."""
    return shutil.copytree(shipped_folder("datasets"), tmp_path / "tables")


def damage(folder, table, line, column, value):
    """Write a value into one cell; line as an editor counts it, the header being line 1."""
    path = folder / f"{table}.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.loc[line - 2, column] = value
    frame.to_csv(path, index=False)


def failures_of(folder):
    with pytest.raises(TableError, match="failure") as caught:
        validate_folder(folder)
    return caught.value.failures


def test_the_shipped_dataset_is_valid():
    load_dataset().validate()
    assert len(validate_folder()) > 2000


@pytest.mark.parametrize(
    ("table", "column", "value", "words"),
    [
        ("transport", "value", "1.2.3e-4", ["got '1.2.3e-4'", "expected a number"]),
        ("transport", "value", "", ["is empty", "the figure as reported"]),
        ("transport", "value", "inf", ["got 'inf'", "expected a number"]),
        ("transport", "temperature_c", "nan", ["got 'nan'", "expected a number in °C"]),
        ("transport", "quantity", "conductvity", ["'conductvity'", "did you mean 'conductivity'?"]),
        ("transport", "contribution", "gb", ["'gb'", "grain_boundary"]),
        ("transport", "bound", "~", ["'~'", "<, >"]),
        ("transport", "temperature_c", "-300", ["-300", "-273.15 <= temperature_c <= 2000 in °C"]),
        ("transport", "suspect", "yes", ["got 'yes'", "expected a number"]),
        ("transport", "suspect", "2", ["2", "expected 0 or 1"]),
        ("transport", "suspect", "", ["is empty", "contradicts"]),
        ("transport", "sample_id", "nobody-s01", ["'nobody-s01'", "sample_id of samples.csv"]),
        ("samples", "source_id", "", ["is empty", "source that reports it"]),
        ("samples", "family", "k_nasicon", ["'k_nasicon'", "did you mean 'na_nasicon'?"]),
        ("samples", "relative_density_pct", "120", ["120", "<= 100 in %"]),
        ("sources", "year", "2015.5", ["'2015.5'", "expected a whole number"]),
        ("sources", "year", "20155", ["20155", "1900 <= year <= 2100"]),
        ("sources", "work_id", "10.1/none", ["'10.1/none'", "source_id of sources.csv"]),
        ("cells", "cycles", "0", ["1 <= cycles"]),
        ("discrepancies", "source_id", "10.1/none", ["'10.1/none'", "sources.csv"]),
        ("excluded", "reason", "boring", ["'boring'", "binary_salt"]),
    ],
)
def test_one_damaged_cell_is_named_with_row_and_column(folder, table, column, value, words):
    damage(folder, table, 7, column, value)
    (failure,) = [text for text in failures_of(folder) if f"column {column}:" in text]
    assert failure.startswith(f"{table}.csv, row 7, column {column}: ")
    for word in words:
        assert word in failure


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.name)
def test_a_value_outside_the_range_of_its_quantity_is_named(folder, quantity):
    frame = pd.read_csv(folder / f"{quantity.table}.csv", dtype=str, keep_default_na=False)
    line = int(np.flatnonzero(frame["quantity"] == quantity.name)[0]) + 2
    damage(folder, quantity.table, line, "value", str(quantity.maximum))
    validate_folder(folder)  # on the bound is inside
    damage(folder, quantity.table, line, "value", str(quantity.maximum * 1.01))
    (failure,) = failures_of(folder)
    assert f"{quantity.table}.csv, row {line}, column value" in failure
    assert f"expected a {quantity.name} from" in failure


def test_every_failure_is_reported_at_once_in_the_order_of_the_files(folder):
    damage(folder, "samples", 4, "framework", "perovskite")
    damage(folder, "transport", 3, "value", "much")
    damage(folder, "transport", 9, "sample_id", "nobody-s01")
    damage(folder, "cells", 5, "quantity", "voltage")
    frame = pd.read_csv(folder / "sources.csv", dtype=str, keep_default_na=False)
    frame.drop(columns="licence_note").to_csv(folder / "sources.csv", index=False)
    failures = failures_of(folder)
    assert [text.split(": ")[0] for text in failures] == [
        "sources.csv, column licence_note",
        "samples.csv, row 4, column framework",
        "transport.csv, row 3, column value",
        "transport.csv, row 9, column sample_id",
        "cells.csv, row 5, column quantity",
    ]


def test_a_duplicate_key_names_both_rows(folder):
    first = pd.read_csv(folder / "samples.csv", dtype=str)["sample_id"].iloc[0]
    damage(folder, "samples", 3, "sample_id", first)
    failures = [text for text in failures_of(folder) if "more than once" in text]
    assert [text.split(",")[1] for text in failures] == [" row 2", " row 3"]


def test_a_figure_in_two_tables_is_named(folder):
    measurement = pd.read_csv(folder / "transport.csv", dtype=str)["measurement_id"].iloc[0]
    damage(folder, "excluded", 2, "measurement_id", measurement)
    (failure,) = failures_of(folder)
    assert failure.startswith("excluded.csv, row 2, column measurement_id")
    assert "transport.csv" in failure


def test_a_misspelt_column_is_named_with_the_right_one(folder):
    path = folder / "samples.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("synthesis", "sinthesis", 1), encoding="utf-8")
    failures = failures_of(folder)
    assert any("column sinthesis: column is unknown; did you mean 'synthesis'?" in text for text in failures)
    assert any("column synthesis: column is missing" in text for text in failures)
    with pytest.raises(TableError, match="did you mean 'synthesis'"):
        load_dataset(folder)


def test_loading_names_every_cell_that_is_no_number(folder):
    damage(folder, "transport", 3, "value", "much")
    damage(folder, "samples", 4, "sinter_time_h", "overnight")
    with pytest.raises(TableError, match="2 failures") as caught:
        load_dataset(folder)
    assert [text.split(",")[0] for text in caught.value.failures] == ["samples.csv", "transport.csv"]


def test_missing_files_are_all_named(folder):
    (folder / "cells.csv").rename(folder / "cell.csv")
    (folder / "samples.csv").unlink()
    with pytest.raises(TableError, match=r"cells\.csv: file is missing; did you mean 'cell\.csv'") as caught:
        load_dataset(folder)
    assert len(caught.value.failures) == 2


def test_a_missing_folder_says_what_is_expected(tmp_path):
    with pytest.raises(TableError, match=r"expected the files sources\.csv, samples\.csv"):
        load_dataset(tmp_path / "nowhere")


def test_a_file_that_is_not_utf8_is_named(folder):
    (folder / "cells.csv").write_bytes(b"measurement_id,\xff\xfe\n1,2\n")
    with pytest.raises(TableError, match=r"cells\.csv: no readable UTF-8 CSV"):
        load_dataset(folder)


def test_an_empty_file_is_named(folder):
    (folder / "cells.csv").write_text("", encoding="utf-8")
    with pytest.raises(TableError, match=r"cells\.csv: no readable UTF-8 CSV"):
        load_dataset(folder)


def test_a_missing_table_is_named():
    tables = read_tables(shipped_folder("datasets"))
    del tables["cells"]
    with pytest.raises(TableError, match=r"cells\.csv: table is missing"):
        validate_tables(tables)


def test_datapackage_is_in_step_with_the_columns():
    path = shipped_folder("datasets") / "datapackage.json"
    assert json.loads(path.read_text(encoding="utf-8")) == datapackage()


def test_datapackage_is_in_step_with_the_files():
    for resource in datapackage()["resources"]:
        header = (shipped_folder("datasets") / resource["path"]).read_text(encoding="utf-8").split("\n", 1)[0]
        assert header.split(",") == [field["name"] for field in resource["schema"]["fields"]]


def test_writing_the_datapackage_gives_the_shipped_file(tmp_path):
    shipped = (shipped_folder("datasets") / "datapackage.json").read_text(encoding="utf-8")
    assert write_datapackage(tmp_path).read_text(encoding="utf-8") != shipped  # no computed table beside it
    for name in DERIVED_TABLES:
        (tmp_path / f"{name}.csv").touch()
    assert write_datapackage(tmp_path).read_text(encoding="utf-8") == shipped


def test_datapackage_describes_every_field():
    for resource in datapackage()["resources"]:
        for field in resource["schema"]["fields"]:
            assert field["description"], field
            may_be_empty = not field.get("constraints", {}).get("required", False)
            assert may_be_empty == ("missingMeaning" in field), field


def test_stored_numbers_carry_their_unit_in_the_name():
    # dimensionless numbers, counts and `value`, whose unit the quantity fixes, have none to carry
    endings = {"°C": "_c", "h": "_h", "%": "_pct", "MPa": "_mpa", "mA/cm2": "_ma_cm2", "1/h": "c_rate"}
    for columns in TABLES.values():
        for column in columns:
            if column.unit and column.unit != "by quantity":
                assert column.name.endswith(endings[column.unit]), column.name


def test_keys_point_to_declared_columns():
    names = {table: [column.name for column in columns] for table, columns in TABLES.items()}
    for table, key in PRIMARY_KEYS.items():
        assert names[table][0] == key
    for foreign in FOREIGN_KEYS:
        assert foreign.column in names[foreign.table]
        assert PRIMARY_KEYS[foreign.to_table] == foreign.to_column


def test_the_card_states_the_counts_of_the_tables():
    card = (shipped_folder("datasets") / "README.md").read_text(encoding="utf-8")
    assert counts_markdown(load_dataset()) in card


def test_the_card_is_renewed_between_its_markers(folder):
    card = folder / "README.md"
    before = card.read_text(encoding="utf-8")
    card.write_text(before.replace("| table | rows |", "| stale | rows |"), encoding="utf-8")
    write_counts(folder)
    assert card.read_text(encoding="utf-8") == before
    card.write_text("no markers", encoding="utf-8")
    with pytest.raises(TableError, match=f"{BEGIN} and {END}"):
        write_counts(folder)
