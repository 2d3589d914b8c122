"""Verdicts over a batch, their sentences, and bad chemistry that must not raise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import parse_sites
from ssepredict.physics import CLAIM_RULES, PREDICTION_RULES, RULES, SITE_RULES, check, check_sites
from ssepredict.physics.checks import VERDICT_COLUMNS

FORMULAS = [
    "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12",
    "Li1.8Zr0.8Nb0.2Cl6",
    "Na3.2Zr1.8Y0.2Si2PO12",
    "NaTaCl6",
    "Na3.1Zr1.95Ba0.05Si2PO12",
    "Li1.3Al0.3Ti1.7(PO4)3",
]
VALUES = {"conductivity_s_cm": 1e-3, "activation_energy_ev": 0.3, "temperature_c": 25.0}


def test_the_sentence_holds_the_numbers_of_the_row() -> None:
    frame = check("Na3.2Zr1.8Y0.2Si2PO12").set_index("rule")
    row = frame.loc["radius_mismatch"]
    assert row["message"] == "M-site radius of Y3+ 0.900 Å is 25 % above Zr4+ 0.720 Å; expected at most 15 %"
    assert row["verdict"] == row["severity"] == "warn"
    assert row["margin"] == pytest.approx(0.15 - 0.25)
    assert row["value"] == pytest.approx(0.25)


def test_the_sentence_names_the_explicit_host() -> None:
    verdicts = check_sites(parse_sites(["Li2.6Y0.6Zr0.4Cl6"]), host_ion=Ion("Zr", 4))
    message = verdicts.to_frame().set_index("rule").loc["radius_mismatch", "message"]
    assert message == "M-site radius of Y3+ 0.900 Å is 25 % above Zr4+ 0.720 Å; expected at most 15 %"


def test_values_are_shown_in_their_own_unit() -> None:
    frame = check("Na3Zr2Si2PO12", VALUES | {"conductivity_s_cm": 20.0}).set_index("rule")
    row = frame.loc["admissible_range"]
    assert row["verdict"] == "reject"
    assert row["value"] == pytest.approx(20.0)
    assert row["message"] == "conductivity 20 S/cm; expected 1e-16 to 3 S/cm"


def test_sc_zn_and_nb_compositions_break_no_rule() -> None:
    frame = check(FORMULAS[:2], VALUES)
    assert set(frame["verdict"]) == {"pass", "inform"}
    informed = frame[frame["verdict"] == "inform"]
    assert informed["formula"].tolist() == ["Li1.8Zr0.8Nb0.2Cl6"]
    assert informed["message"].str.startswith("alkali metal reduces Zr4+, Nb5+").all()


def test_columns_and_order() -> None:
    frame = check(FORMULAS, VALUES)
    assert tuple(frame.columns) == VERDICT_COLUMNS
    assert frame["formula"].drop_duplicates().tolist() == FORMULAS
    assert frame.loc[frame["formula"] == FORMULAS[1], "rule"].tolist() == [
        name
        for name, rule in RULES.items()
        if name not in CLAIM_RULES and "close_packed_halide" in rule.frameworks
    ]


@pytest.mark.parametrize("bad", ["Na3Xy", "", "Na3+xZr2Si2PO12", "Al2O3", "NaCl", "K3YCl6", None, 3.5])
def test_bad_chemistry_is_a_verdict(bad: object) -> None:
    frame = check([FORMULAS[0], bad], VALUES)  # type: ignore[list-item]
    line = frame[frame["formula"] == str(bad)]
    assert line[["rule", "verdict"]].to_numpy().tolist() == [["formula", "reject"]]
    assert len(line["message"].iloc[0]) > 20
    assert (frame["formula"] == FORMULAS[0]).sum() > 5


@pytest.mark.parametrize("formulas", [[], ["Xx"], ["", ""]])
def test_nothing_usable(formulas: list[str]) -> None:
    frame = check(formulas)
    assert tuple(frame.columns) == VERDICT_COLUMNS
    assert len(frame) == len(formulas)


def test_far_from_neutral_is_refused_with_its_charge() -> None:
    row = check("Na4Zr1.5Nb0.5Si2PO12").set_index("rule").loc["charge_neutrality"]
    assert row["verdict"] == "reject"
    # Nb5+ would leave 1.5 e; Nb4+, a common state too, leaves the smaller 1 e
    assert row["message"] == "net charge 1 e; expected at most 0.02 e"


def test_not_evaluable_says_so_and_is_no_pass() -> None:
    frame = check("NaTaCl6").set_index("rule")
    assert frame.loc["carriers_and_vacancies", "verdict"] == "not_evaluable"
    assert "glass" in frame.loc["carriers_and_vacancies", "message"]
    assert np.isnan(frame.loc["carriers_and_vacancies", "margin"])
    verdicts = check_sites(parse_sites(["NaTaCl6"]))
    assert verdicts.worst_names.tolist() == ["not_evaluable"]
    assert not verdicts.rejected[0]


def test_missing_predictions_are_not_evaluable_and_absent_ones_are_left_out() -> None:
    assert not set(check(FORMULAS)["rule"]) & set(PREDICTION_RULES)
    abstained = check("Na3Zr2Si2PO12", VALUES | {"activation_energy_ev": np.nan}).set_index("rule")
    assert abstained.loc["arrhenius_consistency", "verdict"] == "not_evaluable"
    assert "not given" in abstained.loc["arrhenius_consistency", "message"]


def test_overall_verdict_is_the_worst_and_warnings_are_counted() -> None:
    verdicts = check_sites(parse_sites(FORMULAS), VALUES)
    assert verdicts.worst_names.tolist() == ["pass", "inform", "warn", "not_evaluable", "reject", "inform"]
    assert verdicts.rejected.tolist() == [False, False, False, False, True, False]
    assert verdicts.warnings.tolist() == [0, 0, 1, 0, 0, 0]
    assert verdicts.counts().loc["charge_neutrality", "pass"] == len(FORMULAS)
    assert verdicts.codes["charge_neutrality"].dtype == np.int8


def test_a_batch_equals_its_rows_one_by_one() -> None:
    values = pd.DataFrame(
        {
            "conductivity_s_cm": [1e-3, 1e-4, 1e-5, 1e-2, 1e-6, 20.0],
            "activation_energy_ev": [0.3, 0.4, np.nan, 0.2, 0.6, 0.3],
            "temperature_c": 25.0,
        }
    )
    together = check(FORMULAS, values)
    singly = pd.concat(
        [check([text], values.iloc[[row]]) for row, text in enumerate(FORMULAS)], ignore_index=True
    )
    pd.testing.assert_frame_equal(together, singly)


def test_scaling_and_reordering_a_formula_changes_no_verdict() -> None:
    plain = check(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"]).drop(columns="formula")
    other = check(["O24P2Si4Zn0.2Sc0.4Zr3.4Na6.8"]).drop(columns="formula")
    pd.testing.assert_frame_equal(plain, other, rtol=1e-9, atol=1e-9)


def test_one_number_stands_for_all_rows_and_a_wrong_length_is_named() -> None:
    assert (check(FORMULAS, VALUES)["rule"] == "admissible_range").sum() == len(FORMULAS)
    with pytest.raises(ValueError, match=r"have shape \(2,\), expected \(6,\)"):
        check(FORMULAS, {"conductivity_s_cm": [1e-3, 1e-4]})


def test_prediction_free_rules_stand_alone() -> None:
    verdicts = check_sites(parse_sites(FORMULAS), rules=SITE_RULES)
    assert list(verdicts.codes) == list(SITE_RULES)
    assert set(SITE_RULES) | set(PREDICTION_RULES) | set(CLAIM_RULES) == set(RULES)
