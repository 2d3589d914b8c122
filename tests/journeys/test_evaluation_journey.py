"""A modeller compares estimators under every protocol and keeps the table."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from ssepredict.modeling.protocols import PROTOCOLS


def test_every_protocol_in_one_command(ssepredict, small: str, tmp_path: Path) -> None:
    options = ("--dataset", small, "--protocol", "all", "--folds", "3", "--workers", "1")
    chosen = ("--target", "conductivity_s_cm", "--estimator", "host_median", "--estimator", "nearest_5")
    done = ssepredict("evaluate", *options, *chosen, "--leader", "nearest_5", "--out", "table.csv")
    assert done.status == 0
    table = pd.read_csv(tmp_path / "table.csv")
    run = set(table["protocol"])
    assert run >= set(PROTOCOLS) - {"dopant", "framework"}  # a small dataset has few of both
    for word in ("noise floor", "nearest_5", "= leader", "= baseline", *run):
        assert word in done.out
    assert f"of {2 * len(PROTOCOLS)}: conductivity_s_cm, random, nearest_5" in done.err
    assert set(table["leader"].dropna()) == {"nearest_5"}


def test_reliability_is_in_the_document(ssepredict, small: str) -> None:
    options = ("--dataset", small, "--target", "conductivity_s_cm", "--folds", "3", "--workers", "1")
    done = ssepredict("evaluate", *options, "--estimator", "host_median", "--json")
    document = json.loads(done.out)
    whole = next(row for row in document["results"] if row["scope"] == "all")
    bins = document["reliability"]
    # Parts of so small a dataset leave too few rows to calibrate on: their rows have no probability.
    assert 0 < sum(line["rows"] for line in bins) <= whole["rows"]
    assert all(line["low"] <= line["predicted"] <= line["high"] for line in bins)
    assert all(0 <= line["observed"] <= 1 for line in bins)


def test_the_year_of_the_split_is_an_option(ssepredict, small: str) -> None:
    options = ("--dataset", small, "--target", "conductivity_s_cm", "--protocol", "time", "--workers", "1")
    rows = {}
    for year in ("2000", "2021"):
        done = ssepredict("evaluate", *options, "--estimator", "host_median", "--before", year, "--json")
        rows[year] = next(row for row in json.loads(done.out)["results"] if row["scope"] == "all")["rows"]
    assert rows["2000"] > rows["2021"] > 0
