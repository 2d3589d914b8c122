"""Croissant, coverage and the numbers in the card."""

from __future__ import annotations

import json
import re
import shutil

import pytest

from ssepredict.columns import FAMILY_NAMES, QUANTITIES, TABLES
from ssepredict.data.card import BLOCKS, renewed
from ssepredict.data.coverage import (
    dopants_by_host,
    largest_hosts,
    measurements_by_family,
    measurements_by_period,
    measurements_by_year,
    repeated_conductivities,
)
from ssepredict.data.croissant import croissant, write_croissant
from ssepredict.data.dataset import load_dataset
from ssepredict.resources import shipped_folder


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


def test_croissant_is_in_step_with_the_files():
    folder = shipped_folder("datasets")
    assert json.loads((folder / "croissant.json").read_text(encoding="utf-8")) == croissant(folder)


def test_croissant_describes_every_column():
    described = croissant(shipped_folder("datasets"))
    fields = {field["@id"] for record in described["recordSet"] for field in record["field"]}
    assert fields >= {f"{name}/{column.name}" for name, columns in TABLES.items() for column in columns}


# rdflib, which mlcroissant reads JSON-LD with, deprecates parts of itself (2026-11).
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_mlcroissant_accepts_it_and_reads_the_records(tmp_path, dataset):
    import mlcroissant

    folder = shutil.copytree(shipped_folder("datasets"), tmp_path / "tables")
    described = mlcroissant.Dataset(jsonld=str(write_croissant(folder)))
    assert described.metadata.issues.errors == set()
    rows = list(described.records("transport"))
    assert len(rows) == len(dataset.transport)
    assert rows[0]["transport/value"] == dataset.transport["value"].iloc[0]


def test_dopants_are_the_elements_that_a_host_does_not_hold(dataset):
    table = dopants_by_host(dataset)
    mine = table[table["host"] == "Na3Zr2Si2PO12"].set_index("element")
    assert not {"Na", "Zr", "Si", "P", "O"} & set(mine.index)
    holding = dataset.samples[
        (dataset.samples["host"] == "Na3Zr2Si2PO12")
        & dataset.samples["composition_key"].str.contains(r"\bSc\d")
    ]
    assert mine.loc["Sc", "samples"] == holding["sample_id"].nunique()
    assert table["host"].iloc[0] == largest_hosts(dataset, 1).index[0]


def test_coverage_adds_up(dataset):
    assert measurements_by_family(dataset).to_numpy().sum() == len(dataset)
    assert measurements_by_period(dataset).to_numpy().sum() == len(dataset)
    assert measurements_by_year(dataset)["measurements"].sum() == len(dataset)
    assert list(measurements_by_family(dataset).columns) == list(FAMILY_NAMES)
    assert list(measurements_by_period(dataset).index) == list(QUANTITIES)


def test_repeated_compositions_have_two_works(dataset):
    table = repeated_conductivities(dataset)
    assert table.groupby("composition_key")["work_id"].nunique().min() == 2
    assert not table.duplicated(["composition_key", "work_id"]).any()


def test_the_card_is_in_step_with_the_tables(dataset):
    card = (shipped_folder("datasets") / "README.md").read_text(encoding="utf-8")
    assert renewed(card, dataset) == card
    for name, render in BLOCKS.items():
        assert render(dataset) in card, name


def test_the_card_has_its_parts():
    card = (shipped_folder("datasets") / "README.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", card, flags=re.MULTILINE)
    assert {"Coverage", "Noise floor", "Known biases", "Licence and attribution", "How to cite"} <= set(
        headings
    )


def test_a_stale_number_is_renewed_and_text_around_it_stays(dataset):
    card = (shipped_folder("datasets") / "README.md").read_text(encoding="utf-8")
    stale = re.sub(r"\| na_nasicon \|", "| stale |", card)
    assert stale != card
    assert renewed(stale, dataset) == card
