"""A researcher ranks a small space and reads the report."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

SPACE = """
title = "a small space"
host = "Li2ZrCl6"
[[substitutions]]
replaces = "Zr4+"
ions = ["Sc3+", "Y3+", "Nb5+", "Mg2+"]
together = [1, 2]
fractions = [0.1, 0.2, 0.4]
"""


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    return "space.toml"


def test_rank_writes_table_summary_and_report(process, space: str, tmp_path: Path) -> None:
    done = process("rank", space, "--top", "8", "--out", "ranking")
    assert done.status == 0, done.err
    assert "66" in done.err  # candidates, in the progress bar
    assert "report: ranking/report.html" in done.err
    assert "\x1b" not in done.out + done.err
    names = {path.name for path in (tmp_path / "ranking").iterdir()}
    assert names == {"ranking.csv", "ranking.parquet", "summary.json", "report.html"}
    table = pd.read_csv(tmp_path / "ranking" / "ranking.csv")
    assert table["rank"].tolist() == list(range(1, 9))
    assert table["score"].is_monotonic_decreasing
    for formula in table["formula"]:
        assert formula in done.out


def test_rank_as_json_without_a_folder(ssepredict, space: str, tmp_path: Path) -> None:
    done = ssepredict("rank", space, "--top", "3", "--json")
    document = json.loads(done.out)
    assert done.status == 0
    assert document["summary"]["space"]["size"] == 4 * 3 + 6 * 9
    assert len(document["candidates"]) == 3
    assert [path.name for path in tmp_path.iterdir()] == ["space.toml"]


def test_report_is_written_again(ssepredict, space: str, tmp_path: Path) -> None:
    assert ssepredict("rank", space, "--top", "3", "--out", "ranking").status == 0
    report = tmp_path / "ranking" / "report.html"
    first = report.read_text(encoding="utf-8")
    report.unlink()
    done = ssepredict("report", "ranking")
    assert (done.status, done.out) == (0, "ranking/report.html\n")
    again = report.read_text(encoding="utf-8")
    assert "How far this can be trusted" in again
    # plotly numbers its figures at random; everything before the first of them is the same
    assert again.split("<figure>")[0] == first.split("<figure>")[0]
