"""A contributor looks at the dataset, evaluates and trains."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.dataset import load_dataset
from ssepredict.data.ingest import as_text
from ssepredict.data.store import write_folder
from ssepredict.resources import shipped_folder


def test_summary_for_people(process) -> None:
    done = process("data", "summary")
    assert done.status == 0
    for expected in (
        "measurements by family",
        "sources by decade",
        "sources by access",
        "na_nasicon",
        "digest: ",
    ):
        assert expected in done.out


def test_summary_for_machines(ssepredict) -> None:
    document = json.loads(ssepredict("data", "summary", "--json").out)
    assert document["measurements_by_quantity"]["conductivity"] > 1000
    assert sum(document["measurements_by_family"].values()) == (
        document["tables"]["transport"] + document["tables"]["cells"]
    )


def test_shipped_dataset_is_valid(ssepredict) -> None:
    done = ssepredict("data", "validate")
    assert done.status == 0
    assert "every rule and key holds" in done.out


def test_broken_dataset_names_file_row_and_column(ssepredict, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(shipped_folder("datasets"), folder)
    samples = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    header = samples[0].split(",")
    cells = samples[4].split(",")
    cells[header.index("framework")] = "nasicom"
    samples[4] = ",".join(cells)
    (folder / "samples.csv").write_text("\n".join(samples) + "\n", encoding="utf-8")
    done = ssepredict("data", "validate", "broken")
    assert (done.status, done.out) == (1, "")
    assert "samples.csv, row 5, column framework: got 'nasicom'" in done.err
    assert "did you mean 'nasicon'" in done.err


def test_evaluate(ssepredict, small: str, tmp_path: Path) -> None:
    options = ("--dataset", small, "--target", "conductivity_s_cm", "--folds", "3")
    compared = ("--estimator", "host_median", "--estimator", "lightgbm")
    done = ssepredict("evaluate", *options, *compared, "--protocol", "time", "--json", "--out", "table.csv")
    document = json.loads(done.out)
    assert (done.status, document["protocol"]) == (0, "time")
    assert {row["estimator"] for row in document["results"]} == {"host_median", "lightgbm"}
    assert {row["target"] for row in document["results"]} == {"conductivity_s_cm"}
    later = load_dataset(tmp_path / small).training_frame("conductivity").query("year >= 2021")
    (whole,) = [
        row
        for row in document["results"]
        if (row["estimator"], row["processing"], row["scope"]) == ("lightgbm", "withheld", "all")
    ]
    assert 0 < whole["rows"] <= len(later)
    assert 0 < whole["papers"] <= later["work_id"].nunique()
    assert 0 < whole["mae"] < 5  # decades
    written = pd.read_csv(tmp_path / "table.csv")
    assert len(written) == len(document["results"])
    told = np.array([row["mae"] for row in document["results"]], dtype=float)
    assert written["mae"].to_numpy() == pytest.approx(told, nan_ok=True)

    for_people = ssepredict("evaluate", *options, "--estimator", "family_median")
    assert for_people.status == 0
    assert "family_median" in for_people.out
    assert "lightgbm" not in for_people.out
    refused = ssepredict("evaluate", *options, "--estimator", "lightgmb")
    assert refused.status == 1
    assert "did you mean 'lightgbm'" in refused.err


def test_train_writes_a_release_that_predicts(ssepredict, tmp_path: Path) -> None:
    small = load_dataset().select(family="na_halide")
    write_folder(tmp_path / "small", {name: as_text(name, table) for name, table in small.tables.items()})
    options = ("--dataset", "small", "--name", "mine", "--out", "releases", "--seed", "7", "--folds", "2")
    options = (*options, "--no-tracking")
    done = ssepredict("train", *options, "--target", "conductivity_s_cm", "--target", "activation_energy_ev")
    assert (done.status, done.out) == (0, "")
    assert not (tmp_path / "mlflow.db").exists()
    metrics = json.loads((tmp_path / "releases" / "mine" / "metrics.json").read_text())
    assert (metrics["name"], metrics["seed"], metrics["folds"]) == ("mine", 7, 2)
    predicted = ssepredict("predict", "Na3YCl6", "--model", "releases/mine", "--json")
    assert json.loads(predicted.out)["model"]["name"] == "mine"
    assert "did you mean 'ccd_ma_cm2'" in ssepredict("train", "--target", "ccd_ma_cm").err


def test_version(ssepredict) -> None:
    from ssepredict import __version__  # the fixture of the same name is the command

    done = ssepredict("--version")
    assert (done.status, done.out) == (0, f"ssepredict {__version__}\n")
