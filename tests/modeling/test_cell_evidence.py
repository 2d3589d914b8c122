from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.modeling.cell_evidence import (
    CELL_COLUMNS,
    CELL_TARGETS,
    PER_SOURCE,
    cell_evidence_table,
    comparable_cells,
    interface_class,
    type_cells,
)
from ssepredict.modeling.domain import Domain

NZSP, SC, HALIDE = "Na3Zr2Si2PO12", "Na3.4Zr1.6Sc0.4Si2PO12", "Li3YCl6"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain().fit(parse_sites([NZSP, SC, "Na3.2Zr1.8Sc0.2Si2PO12", HALIDE]), ["a", "b", "c", "d"])


@pytest.fixture(scope="module")
def cells(dataset) -> pd.DataFrame:
    return cell_evidence_table(dataset)


def _cell(number: int, formula: str, temperature_c: float, interface: str, source: str) -> dict[str, object]:
    family = "li_halide" if formula == HALIDE else "na_nasicon"
    row: dict[str, object] = dict.fromkeys(CELL_COLUMNS, "")
    return row | {
        "target": "ccd_ma_cm2",
        "measurement_id": f"m{number}",
        "source_id": source,
        "formula": formula,
        "family": family,
        "value": 0.1 * number,
        "temperature_c": temperature_c,
        "interface_class": interface,
    }


@pytest.fixture
def few() -> pd.DataFrame:
    return pd.DataFrame(
        [
            _cell(0, SC, 25.0, "pristine", "a"),
            _cell(1, NZSP, 25.0, "pristine", "b"),
            _cell(2, NZSP, 80.0, "pristine", "c"),
            _cell(3, SC, 80.0, "alloy", "d"),
            _cell(4, NZSP, np.nan, "not_stated", "e"),
            _cell(5, HALIDE, 25.0, "pristine", "f"),
        ]
    )


def _ids(found: list[list[dict[str, object]]]) -> list[list[object]]:
    return [[row["measurement_id"] for row in rows] for rows in found]


def test_temperature_comes_before_the_nearness_of_the_composition(domain, few):
    found = comparable_cells(few, domain, NZSP, "ccd_ma_cm2")
    assert _ids(found) == [["m1", "m0", "m2", "m4", "m3"]]
    assert [row["same_temperature_band"] for row in found[0]] == [True, True, False, None, False]
    assert found[0][0]["distance"] == pytest.approx(0.0, abs=1e-6)


def test_the_interface_asked_for_comes_first(domain, few):
    found = comparable_cells(few, domain, NZSP, "ccd_ma_cm2", interface="alloy", k=2)
    assert _ids(found) == [["m3", "m1"]]
    assert [row["same_interface"] for row in found[0]] == [True, False]


def test_only_the_family_counts_and_rows_keep_their_order(domain, few):
    found = comparable_cells(few, domain, [HALIDE, NZSP, "NaTi2(PO4)3", "LiTi2(PO4)3"], "ccd_ma_cm2", k=1)
    assert _ids(found) == [["m5"], ["m1"], ["m1"], []]


def test_one_source_does_not_fill_the_list(domain, few):
    crowd = few.assign(source_id=["a", "a", "a", "a", "e", "f"])
    assert _ids(comparable_cells(crowd, domain, NZSP, "ccd_ma_cm2")) == [["m1", "m0", "m4"]]
    assert PER_SOURCE == 2


def test_without_cells_there_is_nothing_to_compare(domain, few):
    assert comparable_cells(few, domain, [NZSP, HALIDE], "fade_pct_per_cycle") == [[], []]


def test_the_table_holds_what_was_measured(dataset, cells):
    assert tuple(cells) == CELL_COLUMNS
    assert set(cells["target"]) == set(CELL_TARGETS)
    assert cells["measurement_id"].is_unique
    known = dataset.cells.set_index("measurement_id")
    suspect = set(known.index[known["suspect"] == 1])
    assert suspect.isdisjoint(cells["measurement_id"])
    limits = known["quantity"].eq("critical_current_density") & known["bound"].ne("") & known["suspect"].eq(0)
    kept = cells.set_index("measurement_id").loc[known.index[limits]]
    assert kept["bound"].tolist() == known.loc[limits, "bound"].tolist()


def test_a_retention_keeps_its_cycles(cells):
    """Na3.4Zr1.7Sc0.2Zn0.1Si2PO12, doi 10.1039/d5eb00075k: 98.71 % after 100 cycles at 0.2 C."""
    rows = cells[(cells["source_id"] == "10.1039/d5eb00075k") & (cells["retention_pct"] == 98.71)]
    assert rows["cycles"].tolist() == [100.0]
    assert rows["value"].tolist() == pytest.approx([0.0129], abs=1e-9)


def test_a_table_survives_a_file(cells, tmp_path):
    cells.to_csv(tmp_path / "cells.csv", index=False)
    read = type_cells(pd.read_csv(tmp_path / "cells.csv", dtype=str, keep_default_na=False))
    pd.testing.assert_frame_equal(read, cells, check_dtype=False)


@pytest.mark.parametrize(
    ("interface", "electrode", "expected"),
    [
        ("pristine (70-100 um thin pellet)", "Na", "pristine"),
        ("Na-Sn alloy interface", "Na", "alloy"),
        ("Pb/C interlayer", "Na", "interlayer"),
        ("PEO electrolyte (cathode side)", "Li", "polymer"),
        ("COMPOSITE: LATP particles in PVDF-HFP membrane", "Li", "composite"),
        ("liquid wetted (2 uL 1 M LiPF6 EC:DEC)", "Li", "wetted"),
        ("", "Na15Sn4", "alloy"),
        ("", "In/InLi", "alloy"),
        ("", "Na", "not_stated"),
        ("", "Li", "not_stated"),
        ("B-doped LBO-LRMO", "Li", "other"),
    ],
)
def test_interfaces_are_put_into_classes(interface, electrode, expected):
    assert interface_class(interface, electrode) == expected
