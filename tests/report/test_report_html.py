"""The report is self-contained, escaped, accessible, and says what the tables say."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ssepredict.exceptions import RankingError
from ssepredict.report.html import render_report, write_report
from ssepredict.report.order import order_note


@pytest.fixture
def page(
    rows: list[dict[str, Any]],
    summary: dict[str, Any],
    metrics: dict[str, Any],
    read_page: Callable[[str], Any],
) -> Any:
    return read_page(render_report(rows, summary, metrics))


def test_nothing_is_fetched(page: Any) -> None:
    assert not [a for a in page.all("script") if "src" in a]
    assert page.all("link") == []
    assert page.all("img") == []
    assert page.all("iframe") == []
    (policy,) = [a["content"] for a in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_plotly_is_inside_once(rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    text = render_report(rows, summary)
    assert 3e6 < len(text) < 8e6
    assert text.count("Plotly.newPlot(") >= 2


def test_accessible(page: Any) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("h1")) == 1
    assert len(page.all("h2")) >= 6
    assert len(page.all("caption")) == len(page.all("table")) >= 4
    assert all(a.get("scope") == "col" for a in page.all("th"))
    assert len(page.all("figcaption")) == len(page.all("figure")) == 2


def test_says_what_was_asked_and_found(page: Any) -> None:
    for expected in (
        "Which dopants next: Na3Zr2Si2PO12",
        "1,234",
        "above 5.6e-3 S/cm",
        "best value reported for the host: 10.1039/x1",
        "below 0.25 eV",
        "stated by the user",
        "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12",
        "3.0e-4 to 9.0e-3",
        "0.20 to 0.40",
        "radius mismatch, reducible ion",
        "outside domain",
        "(the same composition)",
        "carriers and vacancies",
        "24.3 %",  # 300 of 1,234
        "4 more fit no framework",
    ):
        assert expected in page.text, expected


def test_evidence_links_to_its_source(page: Any) -> None:
    links = [a["href"] for a in page.all("a")]
    assert "https://doi.org/10.1039/d5eb00075k" in links


def test_trust_is_the_measured_one(page: Any) -> None:
    assert "Of 102 pairs of compositions of Na3Zr2Si2PO12" in page.text
    assert "17 series, each left out of training" in page.text
    assert "puts 62 % in the right order; 50 % is chance" in page.text
    assert "means next to nothing" in page.text
    assert "0.43" in page.text
    assert "0.57" in page.text
    assert "91 %" in page.text
    assert "9.99" not in page.text  # random folds flatter: they are not shown
    assert "abstains from critical current density (too few rows)" in page.text


@pytest.mark.parametrize(
    ("share", "pairs", "expected"),
    [
        (0.54, 100, "no better than a coin"),
        (0.55, 100, "means next to nothing"),
        (0.7, 100, "useful for coarse steps"),
        (0.9, 29, "So few pairs say next to nothing"),
    ],
)
def test_order_is_judged_by_its_bound(share: float, pairs: int, expected: str) -> None:
    line = {"host_group": "Li2ZrCl6", "concordance": share, "pairs": pairs, "series": 5}
    assert expected in order_note({"within_host_order": [line]}, "Li2ZrCl6")


def test_of_an_interval_the_lower_end_is_judged() -> None:
    line = {
        "host_group": "Li2ZrCl6",
        "concordance": 0.8,
        "low": 0.52,
        "high": 0.95,
        "pairs": 100,
        "series": 5,
    }
    said = order_note({"within_host_order": [line]}, "Li2ZrCl6")
    assert "80 % (90 % interval 52 to 95 %) in the right order" in said
    assert "no better than a coin" in said


@pytest.mark.parametrize(
    "metrics",
    [
        None,
        {},
        {"within_host_order": [{"host_group": "Li2ZrCl6", "concordance": None, "pairs": 0, "series": 1}]},
        {"within_host_order": [{"host_group": "Li3MX6", "concordance": 0.9, "pairs": 99, "series": 9}]},
    ],
)
def test_order_that_was_not_measured_is_said_so(metrics: dict[str, Any] | None) -> None:
    assert "has not been measured" in order_note(metrics, "Li2ZrCl6")


def test_without_metrics(
    rows: list[dict[str, Any]], summary: dict[str, Any], read_page: Callable[[str], Any]
) -> None:
    assert "measured errors of this model are not at hand" in read_page(render_report(rows, summary)).text


def test_foreign_text_is_escaped(rows: list[dict[str, Any]], summary: dict[str, Any]) -> None:
    evil = "<script>alert('x')</script>"
    rows[0] |= {"formula": evil, "evidence_formula": evil, "evidence_source_id": evil, "evidence_doi": ""}
    summary["space"]["title"] = evil
    text = render_report(rows, summary)
    assert evil not in text
    assert "&lt;script&gt;alert" in text


def test_missing_values_show_a_dash(
    rows: list[dict[str, Any]], summary: dict[str, Any], read_page: Callable[[str], Any]
) -> None:
    rows[0] |= {"vacancies": None, "evidence_conductivity_s_cm": None}
    summary["objective"]["specifications"][1] |= {"threshold": None, "used": False, "origin": "predicted"}
    text = read_page(render_report(rows, summary)).text
    assert "– S/cm" in text
    assert "no: the model abstains" in text


def test_written_from_a_folder(
    tmp_path: Path, rows: list[dict[str, Any]], summary: dict[str, Any], read_page: Callable[[str], Any]
) -> None:
    pd.DataFrame(rows).to_csv(tmp_path / "ranking.csv", index=False)
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    path = write_report(tmp_path)
    text = read_page(path.read_text(encoding="utf-8")).text
    assert "radius mismatch, reducible ion" in text
    assert not re.search(r"\bnan\b", text)
    assert {entry.name for entry in tmp_path.iterdir()} == {"ranking.csv", "summary.json", "report.html"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("summary.json", "{", "holds no ranking: unreadable"),
        ("summary.json", "{}", "a ranking of another version"),
        ("ranking.csv", "", "holds no ranking: unreadable"),
        ("ranking.csv", "rank,formula\n", "another version, or none"),
    ],
)
def test_broken_ranking_is_refused(
    tmp_path: Path, rows: list[dict[str, Any]], summary: dict[str, Any], name: str, content: str, message: str
) -> None:
    pd.DataFrame(rows).to_csv(tmp_path / "ranking.csv", index=False)
    (tmp_path / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(RankingError, match=message):
        write_report(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_partial_ranking_says_so_first(
    rows: list[dict[str, Any]], summary: dict[str, Any], read_page: Callable[[str], Any]
) -> None:
    assert "partial" not in read_page(render_report(rows, summary | {"partial": False})).text
    summary["candidates"]["asked_for"] = 5000
    text = read_page(render_report(rows, summary | {"partial": True})).text
    assert "This ranking is partial. The run was interrupted after 1,234 of 5,000 candidates" in text


def test_several_hosts_and_substitutions(
    rows: list[dict[str, Any]],
    summary: dict[str, Any],
    metrics: dict[str, Any],
    read_page: Callable[[str], Any],
) -> None:
    del summary["space"]["host"]
    summary["space"] |= {
        "hosts": ["Na3Zr2Si2PO12", "Li2ZrCl6"],
        "substitutions": [
            {"site": "M", "replaces": "Zr4+", "ions": ["Sc3+"], "together": [1], "fractions": [0.1]},
            {
                "site": "X",
                "replaces": "Cl-",
                "ions": ["Br-", "I-"],
                "high_entropy": {"members": [2], "spread": 0.5, "step": 0.1},
                "hosts": ["Li2ZrCl6"],
                "optional": True,
            },
        ],
        "neutral_by": "T",
        "excess": [-0.1, 0.0],
        "constraints": {"price_usd_per_kg": 100.0},
    }
    for line, host in zip(summary["objective"]["specifications"], summary["space"]["hosts"], strict=True):
        line["host"] = host
    rows[0]["host"] = "Li2ZrCl6"
    text = read_page(render_report(rows, summary, metrics)).text
    for expected in (
        "Which dopants next: Na3Zr2Si2PO12, Li2ZrCl6",
        "for Zr4+ on M: Sc3+; 1 together, 0.1 per formula unit",
        "for Cl- on X of Li2ZrCl6: 2 ions (Br-, I-); 2 of them filling the site, shares within 0.5 of equal",
        "of equal; or none",
        "balanced by the ratio of Si to P",
        "price usd per kgat most 100",
        "activation energy (Li2ZrCl6)",
        "Sc3+ 0.2, Zn2+ 0.1 on M of Li2ZrCl6",
        "Of 102 pairs of compositions of Na3Zr2Si2PO12",
        "How well the model orders compositions of Li2ZrCl6 has not been measured",
    ):
        assert expected in text, expected


def test_what_else_lowers_the_score(
    rows: list[dict[str, Any]], summary: dict[str, Any], read_page: Callable[[str], Any]
) -> None:
    summary["objective"] |= {
        "risk": "lower_bound",
        "risk_confidence": 0.68,
        "supply": {"half_price_usd_per_kg": 50.0},
    }
    summary["objective"]["specifications"][0] |= {"weight": 2.0, "direction": "maximise", "reach": 0.01}
    text = read_page(render_report(rows, summary)).text
    assert "maximise from 5.6e-3 S/cm to 1.0e-2 S/cm, weight 2" in text
    assert "worse end of their 68 % interval" in text
    assert "half price usd per kg 50" in text
    assert "is no probability" in text
