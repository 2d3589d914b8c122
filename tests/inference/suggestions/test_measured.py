from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.ingest import add_file
from ssepredict.exceptions import SsePredictError, TableError
from ssepredict.inference.suggestions.measured import held_against, of_families, read_measured

HEADER = "formula,conductivity_s_cm,temperature_c,contribution\n"


def _file(folder: Path, text: str) -> Path:
    path = folder / "my.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_measured_is_no_rows(predictor):
    assert len(read_measured(None, predictor)) == 0
    assert held_against(read_measured(None, predictor), predictor).empty


def test_a_file_is_read_in_the_units_of_its_headers(predictor, tmp_path):
    path = _file(tmp_path, "composition;σ (mS/cm);T (K)\nNa3.2Zr1.8Sc0.2Si2PO12;1.5;298.15\n")
    row = read_measured(path, predictor).frame.iloc[0]
    assert (row["conductivity_s_cm"], row["temperature_c"]) == (0.0015, 25.0)
    assert (row["place"], row["contribution"]) == ("my.csv, row 2", "")


def test_a_table_in_memory_is_read_as_a_file(predictor, tmp_path):
    text = HEADER + "Na3.2Zr1.8Sc0.2Si2PO12,1.5e-3,25,bulk\n"
    from_file = read_measured(_file(tmp_path, text), predictor).frame
    table = pd.DataFrame(
        {
            "formula": ["Na3.2Zr1.8Sc0.2Si2PO12"],
            "conductivity_s_cm": [1.5e-3],
            "temperature_c": [25],
            "contribution": ["bulk"],
        }
    )
    in_memory = read_measured(table, predictor).frame
    pd.testing.assert_frame_equal(
        in_memory.drop(columns="place"), from_file.drop(columns="place"), check_dtype=False
    )


def test_every_failure_is_named_at_once_with_row_and_column(predictor, tmp_path):
    path = _file(
        tmp_path,
        HEADER
        + "Na3.2Zr1.8Sc0.2Si2PO12,good,25,total\n"
        + "Na3.2Zr1.8Xy0.2Si2PO12,1e-3,25,total\n"
        + "Na3.2Zr1.8Sc0.2Si2PO12,1e-3,,total\n"
        + "Na5.2Zr1.8Sc0.2Si2PO12,1e-3,25,total\n",
    )
    with pytest.raises(TableError, match=r"^my\.csv cannot be used: 4 failures") as caught:
        read_measured(path, predictor)
    message = str(caught.value)
    assert "my.csv, row 2, column 'conductivity_s_cm': got 'good', expected a number in S/cm" in message
    assert "my.csv, row 3, column 'formula': formula 'Na3.2Zr1.8Xy0.2Si2PO12'" in message
    assert "my.csv, row 4: has no temperature; fill in 'temperature (°C)', e.g. 25" in message
    assert "my.csv, row 5, column 'formula': formula 'Na5.2Zr1.8Sc0.2Si2PO12'" in message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("formula,temperature_c\nNa3Zr2Si2PO12,25\n", "no column holds a figure"),
        ("formula,temperature_c,Ea (eV)\nNa3Zr2Si2PO12,25,0.3\n", "no column holds a conductivity"),
        ("conductivity_s_cm,temperature_c\n1e-3,25\n", "no column 'formula'"),
        ("formula,konductivity_s_cm,temperature_c\nNa3Zr2Si2PO12,1e-3,25\n", "did you mean"),
    ],
)
def test_a_missing_column_is_named(predictor, tmp_path, text, said):
    with pytest.raises(TableError, match=said):
        read_measured(_file(tmp_path, text), predictor)


def test_a_missing_file_is_named(predictor, tmp_path):
    with pytest.raises(SsePredictError, match=r"nowhere\.csv' does not exist; give the path of a CSV file"):
        read_measured(tmp_path / "nowhere.csv", predictor)


def test_rows_that_say_nothing_here_are_counted(predictor, tmp_path):
    path = _file(
        tmp_path,
        "formula,conductivity_s_cm,temperature_c,contribution,Ea (eV)\n"
        "Na3.2Zr1.8Sc0.2Si2PO12,1e-3,25,total,0.3\n"
        "Na3.2Zr1.8Sc0.2Si2PO12,1e-4,25,gb,\n"
        "Li3YCl6,1e-4,25,total,\n",
    )
    measured = of_families(read_measured(path, predictor), {"na_nasicon"})
    assert measured.frame["place"].tolist() == ["my.csv, row 2"]
    assert measured.ignored == {
        "another quantity": 1,
        "of grain boundaries alone": 1,
        "of another family than the space": 1,
    }


def test_values_are_held_against_the_prediction_at_their_own_temperature(predictor):
    formula = "Na3.2Zr1.8Sc0.2Si2PO12"
    table = pd.DataFrame(
        {"formula": formula, "conductivity_s_cm": [1e-3, 1e-3, 1e-3], "temperature_c": [25, 100, 25]}
    ).assign(contribution=["total", "total", "bulk"])
    found = held_against(read_measured(table, predictor), predictor)
    for (celsius, contribution), row in zip(
        [(25, "total"), (100, "total"), (25, "bulk")], found.itertuples(), strict=True
    ):
        alone = predictor.predict(formula, celsius, contribution=contribution).iloc[0]
        assert row.predicted_s_cm == pytest.approx(alone["conductivity_s_cm"])
        assert row.predicted_low_s_cm == pytest.approx(alone["conductivity_s_cm_low"])
        assert row.predicted_high_s_cm == pytest.approx(alone["conductivity_s_cm_high"])
    assert found["standard_score"].iloc[1] < found["standard_score"].iloc[0]


def test_a_value_far_outside_its_interval_surprises(predictor):
    formula = "Na3.2Zr1.8Sc0.2Si2PO12"
    row = predictor.predict(formula, confidence=0.9).iloc[0]
    values = [row["conductivity_s_cm"], row["conductivity_s_cm_high"] * 0.9, 0.9, 1e-12]
    table = pd.DataFrame({"formula": formula, "conductivity_s_cm": values, "temperature_c": 25})
    found = held_against(read_measured(table, predictor), predictor)
    assert found["surprising"].tolist() == [0, 0, 1, 1]
    assert np.abs(found["standard_score"]).max() <= 3.0


def test_a_limit_counts_only_where_it_contradicts(predictor):
    formula = "Na3.2Zr1.8Sc0.2Si2PO12"
    table = pd.DataFrame(
        {"formula": formula, "conductivity_s_cm": ["<1e-9", "<1e-1", ">1e-9", ">1e-1"], "temperature_c": 25}
    )
    found = held_against(read_measured(table, predictor), predictor)
    assert found["bound"].tolist() == ["<", "<", ">", ">"]
    assert found["used"].tolist() == [1, 0, 0, 1]
    assert found["surprising"].tolist() == [1, 0, 0, 1]


def test_of_a_dataset_only_what_the_release_has_not_seen_counts(predictor, tmp_path):
    path = _file(tmp_path, HEADER + "Na3.33Zr1.67Sc0.33Si2PO12,2e-3,25,total\n")
    add_file(path, tmp_path / "mine", source={"citation": "our lab book", "year": "2026"})
    measured = read_measured(tmp_path / "mine", predictor)
    assert measured.frame["formula"].tolist() == ["Na3.33Zr1.67Sc0.33Si2PO12"]
    assert measured.frame["conductivity_s_cm"].tolist() == [2e-3]
    assert measured.frame["place"].iloc[0].startswith("measurement ")
