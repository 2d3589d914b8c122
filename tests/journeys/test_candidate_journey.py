"""A researcher ranks a space and opens a row of the list before going to the laboratory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SPACE = """
title = "a small space"
host = "Li2ZrCl6"
[[substitutions]]
replaces = "Zr4+"
ions = ["Sc3+", "Y3+", "In3+", "Nb5+"]
together = [1, 2]
fractions = [0.1, 0.2, 0.4]
"""


@pytest.fixture
def ranking(ssepredict, tmp_path: Path) -> str:
    (tmp_path / "space.toml").write_text(SPACE, encoding="utf-8")
    assert ssepredict("rank", "space.toml", "--top", "5", "--out", "ranking").status == 0
    return "ranking"


def test_a_row_is_opened(ssepredict, ranking: str, tmp_path: Path) -> None:
    shown = ssepredict("candidate", ranking, "2")
    assert shown.status == 0, shown.err
    document = json.loads(ssepredict("candidate", ranking, "2", "--json").out)
    assert document["row"]["rank"] == 2
    assert document["row"]["formula"] in shown.out
    for curve in document["curves"]:
        assert [point["amount"] for point in curve["points"]] == [0.0, 0.1, 0.2, 0.4]
    written = ssepredict("candidate", ranking, "2", "--out", "page.html")
    assert (written.status, written.out, written.err) == (0, "", "page: page.html\n")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Rank 2 of 5: " in text
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", "ranking", "space.toml"}
    report = (tmp_path / "ranking" / "report.html").read_text(encoding="utf-8")
    assert 'id="candidate-2"' in report


def test_any_candidate_of_a_space_is_opened(ssepredict, ranking: str, tmp_path: Path) -> None:
    row = json.loads(ssepredict("candidate", ranking, "1", "--json").out)["row"]
    alone = ssepredict("candidate", "--space", "space.toml", "--index", str(row["candidate"]), "--json")
    found = json.loads(alone.out)
    assert alone.status == 0
    assert found["row"]["score"] == row["score"]
    assert found["row"]["rank"] is None
    (tmp_path / "objective.toml").write_text(
        '[[specifications]]\ntarget = "conductivity_s_cm"\ndirection = "above"\nthreshold = 1e-3\n',
        encoding="utf-8",
    )
    asked = ("--space", "space.toml", "--index", "0", "--objective", "objective.toml", "--json")
    (demand,) = json.loads(ssepredict("candidate", *asked).out)["specifications"]
    assert (demand["threshold"], demand["origin"]) == (1e-3, "stated")


def test_bad_input_is_refused_with_a_remedy(ssepredict, ranking: str, tmp_path: Path) -> None:
    for arguments, message in (
        (
            (ranking, "6"),
            "rank 6 is not in the ranking in 'ranking', which lists 5; expected a rank from 1 to 5",
        ),
        ((ranking, "0"), "expected a rank from 1 to 5"),
        (("nowhere", "1"), "'nowhere' holds no ranking: No such file or directory"),
        (("--space", "space.toml", "--index", "5000"), "candidate 5,000 is not in the space"),
        ((ranking, "1", "--out", "page.pdf"), "'page.pdf' has the suffix '.pdf'; expected .html"),
        ((ranking, "1", "--out", "missing/page.html"), "folder 'missing' is missing: make it first"),
    ):
        done = ssepredict("candidate", *arguments)
        assert (done.status, done.out) == (1, ""), arguments
        assert message in done.err, arguments
    summary = json.loads((tmp_path / ranking / "summary.json").read_text(encoding="utf-8"))
    summary["model"]["digest"] = "0" * 64
    (tmp_path / ranking / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    done = ssepredict("candidate", ranking, "1")
    assert done.status == 1
    assert "name the folder of that release by --model, or rank again" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ranking",),
        ("ranking", "1", "--space", "x"),
        ("ranking", "1", "--objective", "x"),
        ("--index", "1"),
    ],
)
def test_wrong_usage(ssepredict, arguments: tuple[str, ...]) -> None:
    done = ssepredict("candidate", *arguments)
    assert done.status == 2
    assert "give DIR and RANK, or --space and --index" in done.err
