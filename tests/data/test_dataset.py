from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.hosts import composition_keys, hosts_of
from ssepredict.chemistry.sites import NEUTRAL_WITHIN, parse_sites, read_sites
from ssepredict.columns import FRAMEWORK_NAMES, QUANTITIES, TABLES
from ssepredict.data.dataset import load_dataset
from ssepredict.data.fade import cycling_fade
from ssepredict.exceptions import SsePredictError
from ssepredict.resources import shipped_folder

IDS_SHA256 = "b87fecc2e0469a51fa6b27ed1e5f29c18b719a3796d008834a95f84d8b091c53"


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


def test_every_collected_figure_is_there_once(dataset):
    ids = [*dataset.transport["measurement_id"], *dataset.cells["measurement_id"]]
    ids += dataset.excluded["measurement_id"].tolist()
    assert len(ids) == len(set(ids)) == 2500
    # frozen: the list of all keys of the collection
    assert hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest() == IDS_SHA256


def test_figures_are_stored_as_reported(dataset):
    text = (shipped_folder("datasets") / "transport.csv").read_text(encoding="utf-8")
    assert ",conductivity,0.00192," in text  # Li3YBr6, doi 10.1002/adma.201803075
    row = dataset.transport.set_index("measurement_id").loc["F00011"]
    assert (row["value"], row["temperature_c"], row["contribution"]) == (0.00192, 25.0, "unspecified")


def test_computed_columns_equal_the_chemistry(dataset):
    table = parse_sites(dataset.samples["formula"].tolist())
    assert dataset.samples["framework"].tolist() == table.framework.tolist()
    assert dataset.samples["family"].tolist() == table.family.tolist()
    assert dataset.samples["host"].tolist() == hosts_of(table).tolist()
    assert dataset.samples["composition_key"].tolist() == composition_keys(table).tolist()


def test_only_unplaceable_formulas_are_excluded(dataset):
    formulas = dataset.excluded["formula"].tolist()
    _, problems = read_sites(formulas)
    assert [row for row, _, _ in problems] == list(range(len(formulas)))


def test_every_charged_formula_is_a_discrepancy(dataset):
    table = parse_sites(dataset.samples["formula"].tolist())
    charged = dataset.samples[np.abs(table.charge_residual) > NEUTRAL_WITHIN + 1e-9]
    found = dataset.discrepancies.query(
        "rule == 'charge_neutrality' and reported.str.startswith('net charge')"
    )
    expected = set(zip(charged["source_id"], charged["formula"], strict=True))
    assert expected == set(zip(found["source_id"], found["subject"], strict=True))
    assert len(expected) > 30


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("10.1039/d5eb00075k", "vacancy_direction"),
        ("10.1039/d5cc02859k", "radius"),
        ("guin-tietz-2015/ref-48", "arrhenius_consistency"),
    ],
)
def test_known_contradictions_are_recorded(dataset, source, rule):
    found = dataset.discrepancies
    assert ((found["source_id"] == source) & (found["rule"] == rule)).any()


def test_every_suspect_row_has_a_finding(dataset):
    suspects = dataset.transport.loc[dataset.transport["suspect"] == 1, "measurement_id"]
    subjects = " ".join(dataset.discrepancies["subject"])
    assert len(suspects) >= 38
    assert [measurement for measurement in suspects if measurement not in subjects] == []


def test_no_sample_merges_conflicting_facts_and_none_is_empty(dataset):
    used = set(dataset.transport["sample_id"]) | set(dataset.cells["sample_id"])
    assert used == set(dataset.samples["sample_id"])
    facts = ["synthesis", "sinter_temperature_c", "sinter_time_h", "relative_density_pct", "phase"]
    identity = ["source_id", "composition_key", "composite", *facts]
    assert not dataset.samples.duplicated(identity).any()


def test_sources_of_one_doi_are_one_work(dataset):
    known = dataset.sources[dataset.sources["doi"] != ""]
    assert known[["doi", "work_id"]].drop_duplicates()["doi"].is_unique
    assert known["doi"].str.fullmatch(r"10\.\d{4,9}/\S+").all()
    representatives = set(dataset.sources["work_id"])
    own = dataset.sources.set_index("source_id").loc[sorted(representatives), "work_id"]
    assert (own == own.index).all()


def test_a_survey_lends_its_doi_only_to_compiled_by(dataset):
    survey = "10.1016/j.jpowsour.2014.09.137"
    assert survey not in set(dataset.sources["doi"])
    listed = dataset.sources["source_id"].str.startswith("guin-tietz-2015/")
    assert dataset.sources.loc[listed, "compiled_by_doi"].str.contains(survey).all()
    unknown = dataset.sources[listed & (dataset.sources["doi"] == "")]
    # the year of reference 48 (Winand et al. 1990) is its own; the survey's year is nobody's
    assert unknown["year"].dropna().tolist() == [1990.0]


def test_symmetric_cells_have_equal_electrodes(dataset):
    limits = dataset.cells[dataset.cells["quantity"] == "critical_current_density"]
    assert (limits["negative_electrode"] == limits["positive_electrode"]).all()


def test_a_c_rate_written_as_a_fraction_is_a_number(dataset):
    row = dataset.cells.set_index("measurement_id").loc["F00236"]
    assert (row["c_rate"], row["current_as_reported"]) == (0.2, "")
    kept = dataset.cells.set_index("measurement_id").loc["F01657"]
    assert (np.isnan(kept["c_rate"]), kept["current_as_reported"]) == (True, "500 mA/g")


def test_types(dataset):
    for name, table in dataset.tables.items():
        for column in TABLES[name]:
            kind = table[column.name].dtype.kind
            assert kind == {"flag": "i"}.get(column.dtype, "f" if column.is_numeric else "O"), column.name
            assert column.is_numeric or table[column.name].map(type).eq(str).all()


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_training_frame_holds_each_measurement_once(dataset, quantity):
    frame = dataset.training_frame(quantity)
    assert frame["measurement_id"].is_unique
    assert len(frame) > 0
    assert frame[["source_id", "work_id", "formula", "family", "framework", "host"]].ne("").all(axis=None)
    if quantity != "fade_per_cycle":
        both = pd.concat([dataset.transport, dataset.cells])
        assert len(frame) == (both["quantity"] == quantity).sum()


def test_training_frame_joins_sample_and_source(dataset):
    row = dataset.training_frame("critical_current_density").set_index("measurement_id").loc["F01838"]
    assert row["formula"] == "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"
    assert row["host"] == "Na3Zr2Si2PO12"
    assert (row["source_id"], row["year"]) == ("10.1039/d5eb00075k", 2025)
    assert (row["value"], row["temperature_c"], row["negative_electrode"]) == (0.9, 30.0, "Na")


def test_training_frame_of_an_unknown_quantity(dataset):
    with pytest.raises(SsePredictError, match="did you mean 'conductivity'"):
        dataset.training_frame("conductivty")


def test_fade_follows_the_convention_of_the_sources(dataset):
    frame = dataset.training_frame("fade_per_cycle").set_index("measurement_id")
    # doi 10.1007/s40820-024-01474-6: 86.4 % after 650 cycles, stated as 0.021 % per cycle
    assert frame.loc["F01658", "value"] == pytest.approx((100 - 86.4) / 650, rel=1e-12)
    assert frame.loc["F01658", "value_origin"] == "from_retention"
    assert frame.loc["F01660", ["value", "value_origin", "restated"]].tolist() == [0.021, "reported", 1]
    assert frame.loc["F01840", ["value", "value_origin", "restated"]].tolist() == [0.029, "reported", 0]


def test_fade_turns_a_limit_round_and_needs_cycles(dataset):
    rows = dataset.cells[dataset.cells["measurement_id"].isin(["F00234", "F00019"])].copy()
    fade = cycling_fade(rows).set_index("measurement_id")
    assert fade.loc["F00234", ["bound", "value"]].tolist() == ["<", pytest.approx(20 / 3000)]
    assert fade.loc["F00019", "bound"] == ""
    rows["cycles"] = np.nan
    assert cycling_fade(rows).empty


def test_select_keeps_what_is_asked_for_and_stands_alone(dataset):
    chosen = dataset.select(quantity="conductivity", family=["na_nasicon", "na_halide"], suspect=False)
    chosen.validate()
    assert set(chosen.transport["quantity"]) == {"conductivity"}
    assert set(chosen.samples["family"]) == {"na_nasicon", "na_halide"}
    assert len(chosen.cells) == 0
    assert chosen.transport["suspect"].eq(0).all()
    frame = dataset.training_frame("conductivity")
    assert len(chosen) == (frame["family"].str.startswith("na_") & (frame["suspect"] == 0)).sum()


def test_select_by_every_flag_splits_the_dataset(dataset):
    for flag in ("secondary", "computed", "suspect", "composite"):
        parts = [dataset.select(**{flag: value}) for value in (True, False)]
        assert sum(map(len, parts)) == len(dataset)
        assert all(len(part) > 0 for part in parts)


def test_select_names_what_is_unknown(dataset):
    with pytest.raises(SsePredictError, match="unknown family 'na_nasicn'; did you mean 'na_nasicon'"):
        dataset.select(family="na_nasicn")


def test_summary_adds_up_and_is_json(dataset):
    summary = json.loads(json.dumps(dataset.summary()))
    assert sum(summary["measurements_by_quantity"].values()) == len(dataset)
    assert sum(summary["measurements_by_family"].values()) == len(dataset)
    assert sum(summary["sources_by_decade"].values()) == len(dataset.sources)
    assert sum(summary["sources_by_access"].values()) == len(dataset.sources)
    assert sum(summary["excluded_by_reason"].values()) == len(dataset.excluded)
    assert set(summary["samples_by_framework"]) <= set(FRAMEWORK_NAMES)


def test_digest_ignores_the_order_of_rows_but_no_value(dataset, tmp_path):
    folder = shutil.copytree(shipped_folder("datasets"), tmp_path / "tables")
    path = folder / "transport.csv"
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    frame.iloc[::-1].to_csv(path, index=False)
    assert load_dataset(folder).digest == dataset.digest
    frame.loc[5, "value"] = "0.123"
    frame.to_csv(path, index=False)
    assert load_dataset(folder).digest != dataset.digest
