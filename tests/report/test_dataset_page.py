from __future__ import annotations

import re
from pathlib import Path

import pytest

from ssepredict.audit.audit import audit
from ssepredict.data.coverage import dopants_by_host, repeated_conductivities
from ssepredict.data.dataset import load_dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.report.dataset_page import render_dataset_report, write_dataset_report
from ssepredict.report.dataset_plots import dopant_plot, finding_plot, spread_plot


@pytest.fixture(scope="module")
def dataset():
    return load_dataset()


@pytest.fixture(scope="module")
def html(dataset) -> str:
    return render_dataset_report(dataset, audit(dataset))


def test_the_page_needs_nothing_else(html):
    assert 'http-equiv="Content-Security-Policy" content="default-src' in html
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)
    assert html.count("<figure>") == 5


def test_the_page_shows_counts_rules_and_findings(html, dataset):
    assert f"<strong>{len(dataset):,}</strong>" in html
    assert "activation energy ratio" in html
    assert "10.1039/d5cc02859k" in html  # entered by hand
    assert dataset.digest in html


def test_the_periodic_table_places_elements(dataset):
    hosts = ["Na3Zr2Si2PO12"]
    figure = dopant_plot(dopants_by_host(dataset), hosts)
    assert [trace.visible for trace in figure.data] == [True, False]
    text = figure.data[1].text
    assert text[2][0].startswith("Li")  # period 2, group 1
    assert text[5][2].startswith("<b>Y</b>")
    assert text[8][2].startswith("<b>La</b>")
    assert text[8][16].startswith(("Lu", "<b>Lu</b>"))
    assert [button["label"].split(" (")[0] for button in figure.layout.updatemenus[0].buttons] == [
        "all hosts",
        *hosts,
    ]


def test_plots_hold_their_numbers(dataset):
    repeated = repeated_conductivities(dataset)
    marks = sum(len(trace.x) for trace in spread_plot(repeated, most=5).data)
    shown = repeated["composition_key"].drop_duplicates().head(5)
    assert marks == repeated["composition_key"].isin(shown).sum()
    findings = audit(dataset).findings
    assert sum(sum(trace.x) for trace in finding_plot(findings).data) == len(findings)


def test_an_empty_dataset_has_a_page(dataset, tmp_path: Path):
    empty = type(dataset)(**{name: table.iloc[:0] for name, table in dataset.tables.items()})
    path = write_dataset_report(empty, tmp_path / "page.html")
    assert "<strong>0</strong>" in path.read_text(encoding="utf-8")


def test_a_missing_folder_is_named(dataset, tmp_path: Path):
    empty = type(dataset)(**{name: table.iloc[:0] for name, table in dataset.tables.items()})
    with pytest.raises(SsePredictError, match="make it first"):
        write_dataset_report(empty, tmp_path / "nowhere" / "page.html")
