"""A researcher asks about compositions: predict and check."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

SC_ZN = "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"
NB = "Li1.8Zr0.8Nb0.2Cl6"


def test_predict_prints_what_a_chemist_expects(process) -> None:
    done = process("predict", SC_ZN)
    assert done.status == 0
    assert "\x1b" not in done.out  # no colour codes where the output is no terminal
    for expected in (
        "na_nasicon",
        "ionic conductivity",
        "S/cm",
        " eV",
        "90 % interval",
        "carriers 3.4, vacancies 0.6",
        "net charge 0 e",
        "nearest measured",
        "verdict pass",
    ):
        assert expected in done.out


def test_predict_as_json_is_one_document(ssepredict) -> None:
    done = ssepredict("predict", SC_ZN, NB, "--json", "--temperature", "60", "--synthesis", "solid_state")
    document = json.loads(done.out)
    assert done.status == 0
    assert [row["formula"] for row in document["predictions"]] == [SC_ZN, NB]
    first = document["predictions"][0]
    assert first["conductivity_s_cm_low"] < first["conductivity_s_cm"] < first["conductivity_s_cm_high"]
    assert first["temperature_c"] == 60.0
    assert document["conditions"] == {"synthesis": "solid_state"}
    assert document["problems"] == []
    assert len(document["model"]["digest"]) == 64


def test_predict_names_what_its_numbers_lean_on(ssepredict) -> None:
    (row,) = json.loads(ssepredict("predict", SC_ZN, "--json").out)["predictions"]
    distances = [near["distance"] for near in row["evidence"]]
    assert len(distances) == 3
    assert distances == sorted(distances)
    assert all(near["source_id"] and near["conductivity_s_cm"] > 0 for near in row["evidence"])
    assert "explanations" not in row


def test_predict_abstained_targets_come_with_comparable_cells(ssepredict) -> None:
    done = ssepredict("predict", SC_ZN)
    (row,) = json.loads(ssepredict("predict", SC_ZN, "--json").out)["predictions"]
    assert row["abstained"].keys() == {
        name.removesuffix("_status") for name, value in row.items() if value == "abstained"
    }
    for target, abstained in row["abstained"].items():
        assert row[f"{target}_low"] < row[target] < row[f"{target}_high"]
        assert abstained["reason"] in done.out
        assert 0 < len(abstained["comparable_cells"]) <= 5
        assert {cell["family"] for cell in abstained["comparable_cells"]} == {"na_nasicon"}
        assert abstained["comparable_cells"][0]["source_id"]
    assert "the number is that median, not a prediction for this composition" in done.out.replace("\n", " ")


def test_predict_prefers_cells_with_the_interface_asked_for(ssepredict) -> None:
    (row,) = json.loads(ssepredict("predict", SC_ZN, "--json", "--interface", "alloy").out)["predictions"]
    cells = row["abstained"]["ccd_ma_cm2"]["comparable_cells"]
    assert [cell["same_interface"] for cell in cells] == sorted(
        (cell["same_interface"] for cell in cells), reverse=True
    )
    assert cells[0]["interface_class"] == "alloy"
    refused = ssepredict("predict", SC_ZN, "--interface", "aloy")
    assert refused.status == 2
    assert "alloy" in refused.err


def test_predict_explains_itself(ssepredict) -> None:
    done = ssepredict("predict", NB, "--explain")
    assert done.status == 0
    assert "predicted for the undoped host Li2ZrCl6 at 25 °C" in done.out
    assert "more vacancies (3.2 against 3 per formula unit)" in done.out
    (row,) = json.loads(ssepredict("predict", NB, "--explain", "--json").out)["predictions"]
    assert {entry["target"] for entry in row["explanations"]} >= {"conductivity_s_cm"}
    for entry in row["explanations"]:
        total = sum(effect["effect"] for effect in entry["effects"])
        assert total == pytest.approx(entry["center"] - entry["reference_center"], abs=1e-9)
        assert entry["value"] == pytest.approx(row[entry["target"]])


@pytest.mark.parametrize(
    ("suffix", "read"), [(".csv", pd.read_csv), (".json", pd.read_json), (".parquet", pd.read_parquet)]
)
def test_predict_writes_a_table(ssepredict, tmp_path: Path, suffix: str, read) -> None:
    (tmp_path / "formulas.txt").write_text(f"# two hosts\n{SC_ZN}\n\n{NB}  # niobium\n", encoding="utf-8")
    done = ssepredict("predict", "--file", "formulas.txt", "--out", f"table{suffix}")
    assert (done.status, done.out) == (0, "")
    assert f"wrote 2 predictions to table{suffix}" in done.err
    assert read(tmp_path / f"table{suffix}")["formula"].tolist() == [SC_ZN, NB]
    assert {path.name for path in tmp_path.iterdir()} == {"formulas.txt", f"table{suffix}"}


def test_predict_reads_the_formula_column_of_a_table(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "formulas.csv").write_text(
        f'id,formula,note\n1,{SC_ZN},"a, b"\n2,{NB},\n', encoding="utf-8-sig"
    )
    done = ssepredict("predict", "--file", "formulas.csv", "--json")
    assert [row["formula"] for row in json.loads(done.out)["predictions"]] == [SC_ZN, NB]


def test_more_than_a_handful_share_one_table(ssepredict) -> None:
    formulas = [f"Na{3 + x}Zr{2 - x}Sc{x}Si2PO12" for x in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)]
    done = ssepredict("predict", *formulas)
    assert done.status == 0
    assert [line.split()[0] for line in done.out.splitlines() if line.startswith("Na3.")] == formulas
    assert "nearest measured" not in done.out


def test_wider_confidence_widens_the_interval(ssepredict) -> None:
    widths = []
    for confidence in ("0.5", "0.95"):
        (row,) = json.loads(ssepredict("predict", NB, "--confidence", confidence, "--json").out)[
            "predictions"
        ]
        widths.append(row["conductivity_s_cm_high"] / row["conductivity_s_cm_low"])
    assert widths[0] < widths[1]


def test_check_shows_who_sits_where(process) -> None:
    done = process("check", NB)
    assert done.status == 0
    for expected in (
        "Zr4+ 0.8, Nb5+ 0.2",
        "vacancies 3.2",
        "close_packed_halide",
        "radius_mismatch",
        "Nb5+ 0.640 Å",
    ):
        assert expected in done.out


def test_check_as_json(ssepredict) -> None:
    document = json.loads(ssepredict("check", SC_ZN, "--json").out)
    (formula,) = document["formulas"]
    assert formula["vacancies"] == pytest.approx(0.6, abs=1e-9)
    assert formula["sites"]["M"]["total"] == 2
    ions = {ion["element"]: (ion["oxidation_state"], ion["amount"]) for ion in formula["sites"]["M"]["ions"]}
    assert ions == {"Zr": (4, 1.7), "Sc": (3, 0.2), "Zn": (2, 0.1)}
    assert {row["rule"] for row in document["verdicts"]} >= {"charge_neutrality", "carriers_and_vacancies"}
    assert document["problems"] == []


def test_check_writes_verdicts(ssepredict, tmp_path: Path) -> None:
    assert ssepredict("check", SC_ZN, NB, "--out", "verdicts.csv").status == 0
    assert set(pd.read_csv(tmp_path / "verdicts.csv")["formula"]) == {SC_ZN, NB}


def test_check_ends_with_1_when_a_rule_rejects(ssepredict) -> None:
    done = ssepredict("check", "Na4Zr2Si2PO12")
    assert done.status == 1
    assert "charge_neutrality" in done.out
    assert "verdict reject" in done.out


def test_check_of_many_gives_reasons(ssepredict) -> None:
    done = ssepredict("check", SC_ZN, NB, "Li3YCl6", "Na4Zr2Si2PO12", "NaTaCl6", "LiTi2P3O12", "Al2O3")
    assert done.status == 1
    assert "net charge 1 e" in done.out
    assert "1 of 7 formulas cannot be used\n  argument 7, 'Al2O3'" in done.err
