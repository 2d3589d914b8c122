"""A researcher asks whether the tool would have found what was published later."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.cli import backtest as command
from ssepredict.data.dataset import load_dataset
from ssepredict.data.ingest import as_text
from ssepredict.data.store import write_folder
from ssepredict.inference import backtest as room
from ssepredict.modeling import training
from ssepredict.modeling.estimators import ESTIMATORS


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Folder of two families' conductivities, and one model to choose from: training is quick."""
    few = {name: ESTIMATORS[name] for name in ("family_median", "host_median", "lightgbm")}
    monkeypatch.setattr(training, "ESTIMATORS", few)
    families = ("li_halide", "na_nasicon")
    chosen = load_dataset().select(family=families, quantity=("conductivity", "activation_energy"))
    write_folder(tmp_path / "part", {name: as_text(name, table) for name, table in chosen.tables.items()})
    return "part"


def test_a_year_is_ranked_and_the_named_case_printed(ssepredict, part: str, tmp_path: Path) -> None:
    done = ssepredict(
        *("backtest", "li2zrcl6", "--before", "2025", "--before", "1990", "--dataset", part),
        *("--sample", "200", "--folds", "2", "--out", "years.csv"),
    )
    assert done.status == 0, done.err
    assert "before 2025: conductivity_s_cm: comparing" in done.err
    assert "comparing" not in done.out
    assert "Li1.8Zr0.8Nb0.2Cl6" in done.out
    assert "before 1990: not enough data (" in done.out
    assert "are never used, they may be later" in done.out
    assert "\x1b" not in done.out + done.err
    years = pd.read_csv(tmp_path / "years.csv")
    assert years["before"].tolist() == [1990, 2025]
    assert years["status"].tolist() == ["not_enough", "ok"]
    percentile = years["winner_percentile_conductivity"].iloc[1]
    assert f"{percentile:.0f}" in done.out


def test_json_holds_everything(ssepredict, small: str) -> None:
    done = ssepredict("backtest", "na3zr2si2po12", "--before", "2020", "--dataset", small, "--json")
    assert done.status == 0, done.err
    document = json.loads(done.out)
    assert list(document) == ["settings", "years", "cases", "compositions"]
    assert document["settings"]["candidates_drawn"] == 20_000
    (line,) = document["years"]
    assert line["status"] == "not_enough"
    assert "dated papers to train on" in line["reason"]
    (case,) = document["cases"]
    assert case["formula"] == "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"
    assert case["percentile_score"] is None


@pytest.mark.parametrize("years", [(), ("--all-years", "--before", "2025")])
def test_years_are_named_one_way(ssepredict, years: tuple[str, ...]) -> None:
    done = ssepredict("backtest", "li2zrcl6", *years)
    assert done.status == 2
    assert "--all-years" in done.err


def test_bad_input_is_refused_before_any_training(ssepredict) -> None:
    done = ssepredict("backtest", "li2zrcl", "--before", "2025")
    assert done.status == 1
    assert "did you mean 'li2zrcl6'" in done.err
    done = ssepredict("backtest", "li2zrcl6", "--before", "2025", "--out", "years.xls")
    assert done.status == 1
    assert "suffix '.xls'" in done.err


def test_the_defaults_of_the_command_are_those_of_the_function() -> None:
    command_line = inspect.signature(command).parameters
    function = inspect.signature(room.backtest).parameters
    for name in ("sample", "seed", "folds"):
        assert command_line[name].default == function[name].default
