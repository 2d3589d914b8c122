from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest


class Page(HTMLParser):
    """Elements with their attributes, and the text outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._stack: list[str] = []
        self.feed(text)
        self.text = re.sub(r"\s+", " ", "".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "br", "link", "img", "input"):
            self._stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._stack.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self._stack):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def read_page() -> Callable[[str], Page]:
    return Page


def _row(rank: int, formula: str, **changes: Any) -> dict[str, Any]:
    row = {
        "rank": rank,
        "formula": formula,
        "substitutions": "Sc3+ 0.2, Zn2+ 0.1 on M",
        "score": 0.5 / rank,
        "temperature_c": 25.0,
        "conductivity_s_cm": 2.4e-3,
        "conductivity_s_cm_low": 3e-4,
        "conductivity_s_cm_high": 9e-3,
        "activation_energy_ev": 0.29,
        "activation_energy_ev_low": 0.2,
        "activation_energy_ev_high": 0.4,
        "vacancies": 0.6,
        "status": "ok",
        "verdict": "warn",
        "warnings": "radius_mismatch",
        "unjudged": "",
        "remarks": "reducible_ion",
        "known": 0,
        "evidence_formula": "Na3.4Zr1.8Zn0.2Si2PO12",
        "evidence_source_id": "10.1039/d5eb00075k",
        "evidence_doi": "10.1039/d5eb00075k",
        "evidence_conductivity_s_cm": 3.7e-3,
        "evidence_temperature_c": 25.0,
        "evidence_distance": 0.17,
    }
    return row | changes


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    return [
        _row(1, "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"),
        _row(2, "Na3.2Zr1.8Y0.2Si2PO12", status="outside_domain", known=1, evidence_temperature_c=None),
    ]


@pytest.fixture
def summary() -> dict[str, Any]:
    return {
        "kind": "ssepredict ranking",
        "format": 1,
        "space": {
            "size": 1234,
            "digest": "5" * 64,
            "title": "a space",
            "host": "Na3Zr2Si2PO12",
            "substitutions": [
                {"site": "M", "replaces": "Zr4+", "ions": ["Sc3+"], "together": [1, 2], "fractions": [0.1]}
            ],
            "silicon": [2.0],
        },
        "candidates": {
            "evaluated": 1234,
            "rejected": 321,
            "rejected_by_rule": {"carriers_and_vacancies": 300, "site_capacity": 21},
            "no_framework": 4,
            "scored": 909,
            "listed": 2,
        },
        "objective": {
            "specifications": [
                {"target": "conductivity_s_cm", "direction": "above", "threshold": 5.6e-3,
                 "origin": "reported", "source_id": "10.1039/x1", "used": True},
                {"target": "activation_energy_ev", "direction": "below", "threshold": 0.25,
                 "origin": "stated", "source_id": "", "used": True},
            ],
            "temperature_c": 25.0,
            "warning_factor": 0.8,
            "unjudged_factor": 0.8,
            "outside_domain_factor": 0.5,
            "not_used": [],
        },
        "model": {"name": "nasicon-halide", "digest": "6" * 64, "dataset_digest": "7" * 64},
        "time": {"seconds": 12.3, "candidates_per_second": 100.0, "seconds_by_stage": {}},
        "versions": {"python": "3.11.0", "ssepredict": "0.1.0"},
        "seeds": "none",
    }  # fmt: skip


@pytest.fixture
def metrics() -> dict[str, Any]:
    def line(estimator: str, scope: str, mae: float, protocol: str = "paper") -> dict[str, Any]:
        return {
            "protocol": protocol,
            "estimator": estimator,
            "scope": scope,
            "mae": mae,
            "rows": 147,
            "papers": 54,
        }

    return {
        "within_host_order": [
            {"host_group": "LiTi2(PO4)3 and LiGe2(PO4)3", "concordance": 0.52, "pairs": 933, "series": 36},
            {"host_group": "Na3Zr2Si2PO12", "concordance": 0.615, "pairs": 102, "series": 17},
        ],
        "targets": {
            "ccd_ma_cm2": {"status": "abstained", "reason": "too few rows"},
            "conductivity_s_cm": {
                "status": "ok",
                "estimator": "lightgbm",
                "error_unit": "decades",
                "comparison": [
                    line("lightgbm", "na_nasicon", 0.4321),
                    line("host_median", "na_nasicon", 0.5678),
                    line("lightgbm", "na_nasicon", 9.99, protocol="random"),
                ],
                "intervals": {"confidence": 0.9, "na_nasicon": {"coverage": 0.912, "mean_width": 2.74}},
            },
        },
    }
