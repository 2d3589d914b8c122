"""Stated mechanisms against counts; the two seed cases of the project."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import SsePredictError
from ssepredict.physics import check_claim, check_sites, make_claim, parse_claim

NZSP = "Na3Zr2Si2PO12"
SC_ZN = "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"


def test_sc_and_zn_lower_the_vacancies_that_their_paper_says_they_add() -> None:
    # doi 10.1039/d5eb00075k speaks of added Na+ vacancies.
    found = check_claim(SC_ZN, NZSP, "vacancies", "up")
    assert (found.host_value, found.value) == (pytest.approx(1.0, abs=1e-9), pytest.approx(0.6, abs=1e-9))
    assert (found.computed, found.verdict, found.agrees) == ("down", "inform", False)
    assert found.sentence == (
        "vacancies fall from 1.0 to 0.6 per formula unit; the claim says up: contradicted"
    )


def test_nb_raises_the_vacancies_of_li2zrcl6() -> None:
    found = check_claim("Li1.8Zr0.8Nb0.2Cl6", "Li2ZrCl6", "vacancies", "up")
    assert (found.host_value, found.value) == (pytest.approx(3.0, abs=1e-9), pytest.approx(3.2, abs=1e-9))
    assert (found.computed, found.verdict, found.agrees) == ("up", "pass", True)
    assert found.sentence == "vacancies rise from 3.0 to 3.2 per formula unit; the claim says up: agrees"


@pytest.mark.parametrize(
    ("direction", "verdict"), [("up", "pass"), ("down", "inform"), ("same", "inform"), ("", "pass")]
)
def test_carriers_move_the_other_way(direction: str, verdict: str) -> None:
    found = check_claim(SC_ZN, NZSP, "carriers", direction)
    assert (found.computed, found.verdict) == ("up", verdict)
    assert found.sentence.startswith("carriers rise from 3.0 to 3.4 per formula unit")
    assert found.agrees is (None if direction == "" else verdict == "pass")


def test_an_isovalent_substitution_moves_nothing() -> None:
    found = check_claim("Na3Zr1.8Hf0.2Si2PO12", NZSP, direction="same")
    assert (found.computed, found.verdict) == ("same", "pass")
    assert found.sentence == "vacancies stay at 1.0 per formula unit; the claim says same: agrees"


def test_the_host_is_named_when_it_is_not_given() -> None:
    assert check_claim(SC_ZN, direction="up") == check_claim(SC_ZN, NZSP, direction="up")


def test_a_multiple_of_the_formula_changes_nothing() -> None:
    found = check_claim("Na6.8Zr3.4Sc0.4Zn0.2Si4P2O24", "Na6Zr4Si4P2O24", direction="down")
    assert (found.computed, found.verdict) == ("down", "pass")


@pytest.mark.parametrize(("formula", "host"), [("NaTaCl6", "NaTaCl6"), ("LiLaCl4", None)])
def test_what_cannot_be_counted_is_no_pass(formula: str, host: str | None) -> None:
    found = check_claim(formula, host, direction="up")
    assert (found.verdict, found.computed, found.agrees) == ("not_evaluable", "", None)
    assert "cannot be counted" in found.sentence


def test_a_claim_is_a_rule_of_the_table() -> None:
    table = parse_sites([SC_ZN, NZSP, "NaTaCl6"])
    assert "vacancy_direction" not in check_sites(table).codes
    own = make_claim(table, "vacancies", "up")
    frame = check_sites(table, claim=own).to_frame([SC_ZN, NZSP, "NaTaCl6"])
    rows = frame[frame["rule"] == "vacancy_direction"]
    assert rows["verdict"].tolist() == ["inform", "inform", "not_evaluable"]
    assert rows["margin"].tolist()[:2] == pytest.approx([-0.41, -0.01])
    assert "claim says up: contradicted" in rows["message"].iloc[0]
    assert "cannot be counted" in rows["message"].iloc[2]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("vacancies", "expected QUANTITY=DIRECTION, e.g. vacancies=up"),
        ("", "expected QUANTITY=DIRECTION"),
        ("vacancy=up", "unknown quantity 'vacancy'; did you mean 'vacancies'"),
        ("vacancies=upp", "unknown direction 'upp'; did you mean 'up'"),
        ("=", "unknown quantity ''"),
    ],
)
def test_claims_that_cannot_be_read(text: str, problem: str) -> None:
    with pytest.raises(SsePredictError, match=problem):
        parse_claim(text)


def test_a_claim_is_read_whatever_its_case() -> None:
    assert parse_claim(" Vacancies = Same ") == ("vacancies", "same")


def test_hosts_that_cannot_be_used() -> None:
    with pytest.raises(SsePredictError, match=r"host of the claim: formula 'Na3Xy': .*unknown element"):
        check_claim(SC_ZN, "Na3Xy", direction="up")
    with pytest.raises(
        SsePredictError, match=r"'Li2ZrCl6' is a halide and row 1 a nasicon: .*same framework"
    ):
        check_claim(SC_ZN, "Li2ZrCl6", direction="up")
    with pytest.raises(SsePredictError, match="unknown quantity 'charge'"):
        check_claim(SC_ZN, NZSP, "charge", "up")


def test_values_are_numbers_where_counted() -> None:
    assert np.isnan(check_claim("NaTaCl6", direction="up").value)
