"""A researcher says what good means in a file, and ranks by it."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

SPACE = """
host = "Li2ZrCl6"
[[substitutions]]
site = "M"
replaces = "Zr4+"
ions = ["Sc3+", "Y3+", "Nb5+", "Cd2+"]
together = [1, 2]
fractions = [0.1, 0.2]
"""
OBJECTIVE = """
risk = "lower_bound"
[[specifications]]
target = "conductivity_s_cm"
direction = "maximise"
threshold = 1e-4
reach = 1e-2
[supply]
toxic_factor = 0.0
half_price_usd_per_kg = 50
[selection]
per_dopants = 1
pareto = ["conductivity_s_cm", "price_usd_per_kg"]
"""


def test_a_ranking_follows_the_objective_of_a_file(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    (tmp_path / "mine.toml").write_text(OBJECTIVE, encoding="utf-8")
    done = ssepredict("rank", "space.toml", "--objective", "mine.toml", "--top", "6", "--out", "ranking")
    assert done.status == 0, done.err
    table = pd.read_csv(tmp_path / "ranking" / "ranking.csv")
    assert len(table) == 6
    assert (table["toxic"] == 0).all()
    front = pd.read_csv(tmp_path / "ranking" / "front.csv")
    assert len(front)
    flagged = set(table.loc[table["pareto"] == 1, "candidate"])
    assert flagged == set(front["candidate"]) & set(table["candidate"])
    dopants = table["formula"].str.extractall("(Sc|Y|Nb|Cd)")[0].groupby(level=0).agg("".join)
    assert dopants.is_unique
    summary = json.loads((tmp_path / "ranking" / "summary.json").read_text(encoding="utf-8"))
    assert summary["objective"]["risk"] == "lower_bound"
    assert "worse end of their 68 % interval" in summary["score_meaning"]
    (demand,) = summary["objective"]["specifications"]
    assert (demand["direction"], demand["threshold"], demand["reach"]) == ("maximise", 1e-4, 1e-2)
    assert "worse end of their 68 % interval" in (tmp_path / "ranking" / "report.html").read_text("utf-8")


def test_a_shipped_objective_is_ranked_by_its_name(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    done = ssepredict("rank", "space.toml", "--objective", "affordable", "--top", "2", "--json")
    assert done.status == 0, done.err
    assert json.loads(done.out)["summary"]["objective"]["supply"]["toxic_factor"] == 0.2


def test_a_faulty_objective_ends_with_a_message(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    (tmp_path / "mine.toml").write_text('riks = "mean"\n', encoding="utf-8")
    done = ssepredict("rank", "space.toml", "--objective", "mine.toml")
    assert done.status == 1
    assert "objective: unknown key 'riks'; did you mean 'risk'?" in done.err
    done = ssepredict("rank", "space.toml", "--objective", "nowhere.toml")
    assert done.status == 1
    assert "objective file 'nowhere.toml' does not exist" in done.err
