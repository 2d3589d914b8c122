"""Folds stand still: what has one keeps it, whatever comes and goes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.columns import FOLDS
from ssepredict.data.dataset import Dataset, load_dataset, validate_folder
from ssepredict.data.folds import assign_folds, complete_folds, no_folds, read_folds, write_folds
from ssepredict.exceptions import TableError
from ssepredict.resources import shipped_folder


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="module")
def frozen(dataset: Dataset) -> pd.DataFrame:
    return complete_folds(no_folds(), dataset.tables)


@pytest.fixture
def folder(tmp_path: Path, dataset: Dataset) -> Path:
    place = tmp_path / "dataset"
    shutil.copytree(shipped_folder("datasets"), place)
    (place / "folds.csv").unlink(missing_ok=True)
    write_folds(place, dataset.tables)
    return place


def fold_of(table: pd.DataFrame, protocol: str) -> dict[str, int]:
    mine = table[table["protocol"] == protocol]
    return dict(zip(mine["key"], mine["fold"].astype(int), strict=True))


def test_the_largest_comes_first_and_each_goes_where_least_is():
    rows = {"a": 4, "b": 3, "c": 2, "d": 2, "e": 0}
    assert assign_folds(rows, {}, folds=2) == {"a": 0, "b": 1, "c": 1, "d": 0, "e": 1}


def test_the_order_of_the_keys_does_not_matter():
    rows = {f"work{number}": number % 7 for number in range(60)}
    backwards = dict(reversed(rows.items()))
    assert assign_folds(rows, {}) == assign_folds(backwards, {})


def test_what_stands_stays_and_what_is_gone_counts_no_rows():
    known = {"a": 1, "gone": 0}
    assert assign_folds({"a": 5, "new": 1, "newer": 2}, known, folds=2) == {
        "a": 1,
        "gone": 0,
        "newer": 0,
        "new": 0,
    }


def test_everything_that_is_left_out_has_one_fold(dataset, frozen):
    assert not frozen.duplicated(["protocol", "key"]).any()
    assert set(fold_of(frozen, "paper")) == set(dataset.sources["work_id"])
    assert set(fold_of(frozen, "host")) == set(dataset.samples["host"])
    measured = {*dataset.transport["measurement_id"], *dataset.cells["measurement_id"]}
    assert set(fold_of(frozen, "random")) == measured
    assert set(frozen["fold"]) == set(range(FOLDS))


def test_folds_of_papers_hold_as_many_rows_each(dataset, frozen):
    source = dataset.samples.set_index("sample_id")["source_id"]
    work = dataset.sources.set_index("source_id")["work_id"]
    figures = pd.concat([dataset.transport, dataset.cells])["sample_id"].map(source).map(work)
    rows = figures.map(fold_of(frozen, "paper")).value_counts()
    largest = figures.value_counts().max()
    assert rows.max() - rows.min() <= largest


def test_new_works_leave_the_old_ones_where_they_were(dataset, frozen):
    families = ("li_nasicon", "na_halide")
    first = complete_folds(no_folds(), dataset.select(family=families).tables)
    grown = complete_folds(first, dataset.tables)
    for protocol in ("paper", "host", "random"):
        assert fold_of(first, protocol).items() <= fold_of(grown, protocol).items()
        assert set(fold_of(grown, protocol)) == set(fold_of(frozen, protocol))
    pd.testing.assert_frame_equal(complete_folds(grown, dataset.tables), grown)


def test_a_written_file_is_read_as_it_was(folder, frozen):
    pd.testing.assert_frame_equal(read_folds(folder), frozen)
    before = (folder / "folds.csv").read_bytes()
    write_folds(folder, load_dataset(folder).tables)
    assert (folder / "folds.csv").read_bytes() == before
    assert ".0\n" not in before.decode()


def test_folds_travel_with_the_dataset_and_are_no_measurement(folder, dataset):
    loaded = load_dataset(folder)
    assert len(loaded.folds) > 1000
    assert loaded.digest == dataset.digest
    assert len(loaded.select(family="li_halide").folds) == len(loaded.folds)
    assert len(validate_folder(folder).folds) == len(loaded.folds)


def test_a_dataset_without_the_file_has_no_folds(folder):
    (folder / "folds.csv").unlink()
    assert load_dataset(folder).folds.empty
    assert validate_folder(folder).folds.empty


def test_a_work_without_a_fold_is_named(folder):
    lines = (folder / "folds.csv").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("paper,"))
    gone = lines.pop(at).split(",")[1]
    (folder / "folds.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(TableError, match=r"folds\.csv, column key: has no fold for the work") as error:
        validate_folder(folder)
    assert gone in str(error.value)
    assert "data refresh" in str(error.value)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("paper,x,20", r"column fold: got 20.0, expected 0 <= fold <= 19"),
        ("papers,x,1", r"column protocol: got 'papers', expected one of paper, host, random"),
        ("paper,x,", r"column fold: is empty"),
        ("paper,x,1\npaper,x,2", r"column key: got 'x' of paper more than once"),
    ],
)
def test_broken_lines_are_named(folder, line, message):
    with (folder / "folds.csv").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(TableError, match=message):
        validate_folder(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"folds\.csv: no readable UTF-8 CSV"),
        ("protocol,key\npaper,x\n", r"column fold: column is missing"),
        ("protocol,key,fold\npaper,x,one\n", r"row 2, column fold: got 'one', expected a number"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, text, message):
    (folder / "folds.csv").write_text(text, encoding="utf-8")
    with pytest.raises(TableError, match=message):
        load_dataset(folder)
