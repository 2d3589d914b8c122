from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console, Group

from ssepredict.modeling.explanation import Effect, Explanation
from ssepredict.report.domain_plot import error_by_distance
from ssepredict.report.prediction_details import (
    Details,
    cell_tables,
    evidence_table,
    explanation_parts,
    reason_lines,
)

NEAR = {
    "formula": "Na3Zr2Si2PO12",
    "conductivity_s_cm": 6.7e-4,
    "temperature_c": 25.0,
    "distance": 0.128,
    "year": float("nan"),
    "doi": "",
    "source_id": "thesis",
}
CELL = {
    "formula": "Na3Zr2Si2PO12",
    "value": 0.8,
    "bound": ">",
    "temperature_c": 70.0,
    "negative_electrode": "Na",
    "positive_electrode": "",
    "interface": "",
    "interface_class": "not_stated",
    "retention_pct": float("nan"),
    "cycles": 400.0,
    "current_density_ma_cm2": 0.5,
    "c_rate": float("nan"),
    "stack_pressure_mpa": float("nan"),
    "distance": 0.25,
    "doi": "10.1039/x",
    "source_id": "10.1039/x",
}
EXPLANATION = Explanation(
    target="conductivity_s_cm",
    formula="Na3.4Zr1.6Sc0.4Si2PO12",
    reference="Na3Zr2Si2PO12",
    reference_is_host=True,
    unit="decades",
    value=2e-3,
    reference_value=1e-3,
    center=-2.7,
    reference_center=-3.0,
    effects=(
        Effect("carriers and vacancies", "fewer vacancies (0.6 against 1 per formula unit)", 0.35),
        Effect("disorder on M", "more mixing on M", -0.047),
        Effect("charge on M", "lower mean charge on M", -0.003),
    ),
)


@pytest.fixture
def details() -> Details:
    return Details(
        (NEAR,),
        {"ccd_ma_cm2": (CELL,), "fade_pct_per_cycle": ()},
        {"ccd_ma_cm2": "too few rows to learn from", "fade_pct_per_cycle": "no better than family_median"},
        (EXPLANATION,),
    )


def _text(*parts: Any) -> str:
    stream = io.StringIO()
    Console(file=stream, width=180, highlight=False).print(Group(*parts))
    return stream.getvalue()


def test_nearest_samples_name_their_source(details):
    shown = _text(evidence_table(details))
    assert "0.13" in shown
    assert "thesis" in shown  # a source without DOI


def test_cells_show_limit_electrodes_test_and_source(details):
    shown = _text(*cell_tables(details))
    for expected in (">0.8", "Na | –", "not stated", "400 cycles, 0.5 mA/cm²", "10.1039/x"):
        assert expected in shown
    assert "no measured cycling fade in this family" in shown


def test_reasons_of_abstention_are_said(details):
    assert "critical current density abstained: too few rows to learn from" in _text(*reason_lines(details))


def test_explanations_add_up_on_paper(details):
    shown = _text(*explanation_parts(details))
    assert "2.0e-3 S/cm against 1.0e-3 predicted for the undoped host Na3Zr2Si2PO12 at 25 °C" in shown
    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    assert "+0.35" in lines["carriers and vacancies"]
    assert "-0.05" in lines["disorder on M"]
    assert "-0.00" in lines["everything else"]  # effects too small to name
    assert "charge on M" not in shown
    assert "+0.30" in lines["together"]


def test_nothing_asked_nothing_shown():
    nothing = Details((), {}, {})
    assert _text(*explanation_parts(nothing), *cell_tables(nothing)).strip() == ""
    assert nothing.to_dict() == {"evidence": [], "abstained": {}}


def test_a_document_holds_everything(details):
    content = details.to_dict()
    assert content["evidence"][0]["year"] is None
    assert content["abstained"]["ccd_ma_cm2"]["comparable_cells"][0]["cycles"] == 400.0
    (said,) = content["explanations"]
    assert sum(effect["effect"] for effect in said["effects"]) == pytest.approx(
        said["center"] - said["reference_center"]
    )


def test_the_plot_holds_both_errors_and_the_line():
    line = {"rows": 10, "papers": 4, "distance_low": 0.0, "distance_high": 0.2}
    curve = {
        "unit": "decades",
        "baseline": "family_median",
        "threshold": 0.6,
        "bins": [
            line | {"distance": 0.1, "error": 0.5, "baseline_error": 0.8},
            line | {"distance": 0.9, "error": 1.4, "baseline_error": 1.1},
        ],
    }
    figure = error_by_distance(curve)
    assert [list(trace.y) for trace in figure.data] == [[0.5, 1.4], [0.8, 1.1]]
    assert [trace.name for trace in figure.data] == ["model", "family median"]
    assert figure.layout.shapes[0].x0 == 0.6
    assert "0.60" in figure.layout.annotations[0].text
    assert "decades" in figure.layout.yaxis.title.text
