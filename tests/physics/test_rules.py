"""Every rule: satisfied, violated, on the bound, not evaluable; and the check values of the project."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

import numpy as np
import pytest

from ssepredict.chemistry.formula import CompositionMatrix
from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable, assign_sites, parse_sites
from ssepredict.columns import QUANTITIES as COLUMN_QUANTITIES
from ssepredict.physics import ADMISSIBLE_RANGES, RULES, VERDICTS, RuleContext, check
from ssepredict.physics.bounds import PASS, REJECT
from ssepredict.physics.claims import make_claim
from ssepredict.physics.relations import conductivity_at_temperature, nernst_einstein_ceiling
from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES

NZSP = "Na3Zr2Si2PO12"


def sites(formula: str, **values: float | str) -> RuleContext:
    """One formula; amounts derived by the site table may be overwritten."""
    table = parse_sites([formula])
    return RuleContext(
        dataclasses.replace(table, **{name: np.array([value]) for name, value in values.items()})
    )


def amounts(**elements: float) -> SiteTable:
    return assign_sites(CompositionMatrix(tuple(elements), np.array([list(elements.values())])))


def between(low: Ion, high: Ion, low_radius: float, high_radius: float, mean: float) -> RuleContext:
    """Li3MCl6 with two M ions mixed so that their mean radius is `mean`."""
    share = (mean - low_radius) / (high_radius - low_radius)
    metals = {low.element: 1 - share, high.element: share}
    return RuleContext(amounts(**{"Li": 3.0, "Cl": 6.0}, **metals))


def predicted(formula: str = NZSP, **values: float) -> RuleContext:
    return RuleContext(parse_sites([formula]), values)


def unassigned() -> RuleContext:
    """A composition that fits no framework."""
    return RuleContext(amounts(O=3.0, Al=2.0))


def pair(log10_sigma0: float, energy_ev: float = 0.3) -> RuleContext:
    kelvin = 298.15
    sigma = 10**log10_sigma0 / kelvin * np.exp(-energy_ev / (8.617333262145179e-05 * kelvin))
    return predicted(conductivity_s_cm=float(sigma), activation_energy_ev=energy_ev, temperature_c=25.0)


def above_ceiling(decades: float) -> RuleContext:
    ceiling = float(nernst_einstein_ceiling(3.0, 1.0, 3.5, 272.0, 0.3, 25.0))
    return predicted(conductivity_s_cm=ceiling * 10**decades, activation_energy_ev=0.3, temperature_c=25.0)


def claimed(formula: str, direction: str, host: str) -> RuleContext:
    table = parse_sites([formula])
    return RuleContext(table, claim=make_claim(table, "vacancies", direction, host))


def reported_share(ion: str, element: str) -> RuleContext:
    """Li2ZrCl6 with as much of an ion as was reported."""
    share = SINGLE_PHASE_SHARES["Li2ZrCl6"]["M"][ion][0]
    return RuleContext(amounts(**{"Li": 2.0, "Cl": 6.0, "Zr": 1.0 - share, element: share}))


Case = tuple[Callable[[], RuleContext], str]
CASES: dict[str, dict[str, Case]] = {
    "charge_neutrality": {
        "satisfied": (lambda: sites("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"), "pass"),
        "violated": (lambda: sites("Na3Zr1.8Sc0.2Si2PO12"), "reject"),
        "on the bound": (lambda: sites("Na3.02Zr2Si2PO12"), "pass"),
        "not evaluable": (lambda: sites("Na3Zr1.9Xe0.1Si2PO12"), "not_evaluable"),
    },
    "site_capacity": {
        "satisfied": (lambda: sites(NZSP), "pass"),
        "violated": (lambda: RuleContext(amounts(O=12.0, Na=3.0, Si=2.0, P=1.0, Zr=2.3)), "reject"),
        "on the bound": (lambda: RuleContext(amounts(O=12.0, Na=3.0, Si=2.0, P=1.0, Zr=2.12)), "pass"),
        "not evaluable": (lambda: sites("NaTaCl6"), "not_evaluable"),
    },
    "carriers_and_vacancies": {
        "satisfied": (lambda: sites(NZSP), "pass"),
        "violated": (lambda: sites(NZSP, vacancies=0.05), "reject"),
        "on the bound": (lambda: sites(NZSP, vacancies=0.1), "warn"),
        "not evaluable": (lambda: sites("NaTaCl6"), "not_evaluable"),
    },
    "vacancy_direction": {
        "satisfied": (lambda: claimed("Li1.8Zr0.8Nb0.2Cl6", "up", "Li2ZrCl6"), "pass"),
        "violated": (lambda: claimed("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "up", NZSP), "inform"),
        "on the bound": (lambda: claimed("Na3.01Zr1.99Sc0.01Si2PO12", "down", NZSP), "pass"),
        "not evaluable": (lambda: claimed("NaTaCl6", "up", "NaTaCl6"), "not_evaluable"),
    },
    "polymorph": {
        "satisfied": (lambda: sites("Na3.4Zr2Si2.4P0.6O12"), "pass"),
        "violated": (lambda: sites(NZSP), "inform"),
        "on the bound": (lambda: sites("Na3.31Zr2Si2.31P0.69O12"), "pass"),
        "not evaluable": (unassigned, "not_evaluable"),
    },
    "dopant_fraction": {
        "satisfied": (lambda: sites("Na3.2Zr1.8Sc0.2Si2PO12"), "pass"),
        "violated": (lambda: sites("Na3.8Zr1.6Mg0.4Si2PO12"), "warn"),
        "on the bound": (lambda: reported_share("Ca2+", "Ca"), "pass"),
        "not evaluable": (lambda: sites("Na3.2Zr1.8Tm0.2Si2PO12"), "not_evaluable"),
    },
    "secondary_phase": {
        "satisfied": (lambda: sites("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"), "pass"),
        "violated": (lambda: sites("Li1.3La0.3Ti1.7(PO4)3"), "inform"),
        "on the bound": (lambda: sites("Li1.4Al0.4Ti1.6(PO4)3"), "pass"),
        "not evaluable": (unassigned, "not_evaluable"),
    },
    "radius_mismatch": {
        "satisfied": (lambda: sites("Na3.2Zr1.8Sc0.2Si2PO12"), "pass"),
        "violated": (lambda: sites("Na3.1Zr1.95Ba0.05Si2PO12"), "reject"),
        # Sn4+ 0.690 Å is 15 % above W6+ 0.600 Å
        "on the bound": (lambda: RuleContext(parse_sites(["LiSn2(PO4)3"]), host_ion=Ion("W", 6)), "pass"),
        "not evaluable": (lambda: sites("Na3Zr1.9Xe0.1Si2PO12"), "not_evaluable"),
    },
    "mean_site_radius": {
        "satisfied": (lambda: sites(NZSP), "pass"),
        "violated": (lambda: sites("Na3Y2Si2PO12"), "warn"),
        "on the bound": (lambda: sites("LiGe2(PO4)3"), "pass"),  # Ge4+ 0.530 Å
        "not evaluable": (lambda: sites("LiLaCl4"), "not_evaluable"),
    },
    "radius_ratio": {
        "satisfied": (lambda: sites("Li2ZrCl6"), "pass"),
        "violated": (lambda: RuleContext(amounts(Li=3.0, Cl=6.0, Sr=1.0)), "warn"),
        "on the bound": (
            lambda: between(Ion("Y", 3), Ion("Sr", 2), 1.04, 1.32, 0.732 * 1.67),
            "pass",
        ),
        "not evaluable": (lambda: sites("NaTaCl6"), "not_evaluable"),
    },
    "reducible_ion": {
        "satisfied": (lambda: sites("Na3.2Zr1.8Sc0.2Si2PO12"), "pass"),
        "violated": (lambda: sites("Li1.3Al0.3Ti1.7(PO4)3"), "inform"),
        "on the bound": (lambda: sites(NZSP), "pass"),  # the bound is none at all
        "not evaluable": (unassigned, "not_evaluable"),
    },
    "admissible_range": {
        "satisfied": (lambda: predicted(conductivity_s_cm=1e-3, ccd_ma_cm2=1.0), "pass"),
        "violated": (lambda: predicted(conductivity_s_cm=1e-3, activation_energy_ev=-0.1), "reject"),
        "on the bound": (lambda: predicted(conductivity_s_cm=3.0, fade_pct_per_cycle=0.0), "pass"),
        "not evaluable": (lambda: predicted(conductivity_s_cm=np.nan), "not_evaluable"),
    },
    "arrhenius_consistency": {
        "satisfied": (lambda: pair(4.3), "pass"),
        "violated": (lambda: pair(9.4, 0.82), "warn"),
        "on the bound": (lambda: pair(6.4), "pass"),
        "not evaluable": (
            lambda: predicted(conductivity_s_cm=1e-3, activation_energy_ev=0.3),
            "not_evaluable",
        ),
    },
    "nernst_einstein_ceiling": {
        "satisfied": (lambda: above_ceiling(0.0), "pass"),
        "violated": (lambda: above_ceiling(2.6), "reject"),
        "on the bound": (lambda: above_ceiling(1.5), "pass"),
        "not evaluable": (
            lambda: predicted(
                "NaTaCl6", conductivity_s_cm=1e-3, activation_energy_ev=0.3, temperature_c=25.0
            ),
            "not_evaluable",
        ),
    },
}


def judge(rule: str, context: RuleContext) -> tuple[str, float]:
    judgement = RULES[rule].judge(context)
    return VERDICTS[judgement.codes[0]], float(judgement.margins[0])


def test_every_rule_has_its_four_cases() -> None:
    assert set(CASES) == set(RULES)
    assert all(
        set(cases) == {"satisfied", "violated", "on the bound", "not evaluable"} for cases in CASES.values()
    )


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule in CASES for case in CASES[rule]])
def test_case(rule: str, case: str) -> None:
    build, expected = CASES[rule][case]
    verdict, margin = judge(rule, build())
    assert verdict == expected
    if case == "not evaluable":
        assert np.isnan(margin)
    elif case == "violated":
        assert margin < -1e-9
    elif case == "on the bound" and expected == "pass":
        assert margin == pytest.approx(0.0, abs=1e-9)
    else:
        assert np.isfinite(margin)


@pytest.mark.parametrize(
    ("vacancies", "expected"),
    [(0.3, "pass"), (0.29, "warn"), (0.1, "warn"), (0.099, "reject"), (-0.1, "reject")],
)
def test_vacancies_warn_before_they_reject(vacancies: float, expected: str) -> None:
    assert judge("carriers_and_vacancies", sites(NZSP, vacancies=vacancies))[0] == expected


@pytest.mark.parametrize(
    ("carriers", "expected"), [(0.8, "pass"), (0.79, "warn"), (0.5, "warn"), (0.49, "reject")]
)
def test_carriers_warn_before_they_reject(carriers: float, expected: str) -> None:
    assert judge("carriers_and_vacancies", sites(NZSP, carriers=carriers))[0] == expected


@pytest.mark.parametrize("ion", ["Y", "Yb", "Ca", "La"])
def test_large_dopants_that_have_been_made_warn(ion: str) -> None:
    sodium = 3.2 if ion == "Ca" else 3.1
    assert judge("radius_mismatch", sites(f"Na{sodium}Zr1.9{ion}0.1Si2PO12"))[0] == "warn"


def test_radius_mismatch_on_its_reject_bound_only_warns() -> None:
    # La3+ 1.032 Å is 60 % above high-spin Fe3+ 0.645 Å
    context = RuleContext(amounts(O=12.0, Na=3.0, La=2.0, P=3.0), host_ion=Ion("Fe", 3))
    assert judge("radius_mismatch", context) == ("warn", pytest.approx(-0.45, abs=1e-9))


def test_mismatch_is_measured_against_the_explicit_host() -> None:
    mostly_y = parse_sites(["Li2.6Y0.6Zr0.4Cl6"])
    own = RULES["radius_mismatch"].margin(RuleContext(mostly_y))
    host = RULES["radius_mismatch"].margin(RuleContext(mostly_y, host_ion=Ion("Zr", 4)))
    assert own == pytest.approx(0.15 - (1 - 0.72 / 0.9), abs=1e-9)
    assert host == pytest.approx(0.15 - (0.9 / 0.72 - 1), abs=1e-9)


def test_negative_occupation_is_refused() -> None:
    table = amounts(O=12.0, Na=3.0, Si=2.0, P=1.0, Zr=2.0)
    broken = {site: occupancy.copy() for site, occupancy in table.occupancy.items()}
    broken["M"][0, table.elements.index("Zr")] = -0.1
    context = RuleContext(dataclasses.replace(table, occupancy=broken))
    assert judge("site_capacity", context) == ("reject", pytest.approx(-0.1))


def test_zirconium_in_chloride_lies_inside_the_octahedral_window_with_crystal_radii() -> None:
    # Shannon crystal radii 0.86 and 1.67 Å; ionic radii would give 0.398, outside the window.
    assert RULES["radius_ratio"].margin(sites("Li2ZrCl6")) == pytest.approx(0.86 / 1.67 - 0.414, abs=1e-9)


def test_rules_of_another_framework_give_no_verdict() -> None:
    assert RULES["radius_ratio"].judge(sites(NZSP)).codes.tolist() == [-1]


@pytest.mark.parametrize(
    ("sigma", "expected"), [(0.0, "reject"), (-1.0, "reject"), (np.inf, "reject"), (1e-16, "pass")]
)
def test_impossible_conductivities_are_refused_not_unknown(sigma: float, expected: str) -> None:
    assert judge("admissible_range", predicted(conductivity_s_cm=sigma))[0] == expected


def test_one_missing_target_does_not_hide_the_others() -> None:
    assert judge("admissible_range", predicted(conductivity_s_cm=1e-3, ccd_ma_cm2=np.nan))[0] == "pass"
    assert judge("admissible_range", predicted(conductivity_s_cm=9.0, ccd_ma_cm2=np.nan))[0] == "reject"


def test_ceiling_warns_before_it_rejects() -> None:
    assert judge("nernst_einstein_ceiling", above_ceiling(1.6))[0] == "warn"
    assert judge("nernst_einstein_ceiling", above_ceiling(2.5))[0] == "warn"


def test_consistency_follows_the_line_not_the_temperature() -> None:
    hot = float(conductivity_at_temperature(1e-3, 0.3, 25.0, 300.0))
    cold = predicted(conductivity_s_cm=1e-3, activation_energy_ev=0.3, temperature_c=25.0)
    warm = predicted(conductivity_s_cm=hot, activation_energy_ev=0.3, temperature_c=300.0)
    rule = RULES["arrhenius_consistency"]
    assert rule.margin(cold) == pytest.approx(rule.margin(warm), abs=1e-9)


def test_a_rejection_outweighs_what_cannot_be_evaluated() -> None:
    context = sites(NZSP, vacancies=np.nan, carriers=0.2)
    assert RULES["carriers_and_vacancies"].judge(context).codes[0] == REJECT
    context = sites(NZSP, vacancies=np.nan, carriers=3.0)
    assert RULES["carriers_and_vacancies"].judge(context).codes[0] != PASS


def test_the_host_ion_is_looked_up_at_the_coordination_of_the_site() -> None:
    context = RuleContext(parse_sites(["LiLaCl4", NZSP]), host_ion=Ion("La", 3))  # UCl3 type: CN 9
    assert context.host_radius_angstrom == pytest.approx([1.216, 1.032])


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_the_record_says_all_that_a_reader_needs(rule: object) -> None:
    record = RULES[rule.id]  # type: ignore[attr-defined]
    assert re.search(r"doi 10\.|\((19|20)\d\d\)", record.reference)
    assert "{" not in record.statement
    assert all(bound.text in record.statement for bound in record.bounds if bound.quantity != "negative_ions")


def test_statement_follows_the_bound() -> None:
    rule = RULES["radius_mismatch"]
    tighter = dataclasses.replace(
        rule, bounds=(dataclasses.replace(rule.bounds[0], high=0.10), rule.bounds[1])
    )
    assert "at most 10 %" in tighter.statement
    assert "at most 10 %" not in rule.statement


def test_physical_ranges_lie_inside_what_the_tables_accept() -> None:
    quantity = {
        "conductivity_s_cm": "conductivity",
        "activation_energy_ev": "activation_energy",
        "ccd_ma_cm2": "critical_current_density",
        "fade_pct_per_cycle": "fade_per_cycle",
    }
    assert set(quantity) == set(ADMISSIBLE_RANGES)
    for name, (low, high) in ADMISSIBLE_RANGES.items():
        column = COLUMN_QUANTITIES[quantity[name]]
        assert low < high <= column.maximum
        assert low >= column.minimum or low == 0.0


def test_predictions_of_another_length_are_named() -> None:
    context = RuleContext(parse_sites([NZSP, NZSP]), {"conductivity_s_cm": [1.0, 2.0, 3.0]})
    with pytest.raises(
        ValueError, match=r"predictions\['conductivity_s_cm'\] have shape \(3,\), expected \(2,\)"
    ):
        RULES["admissible_range"].judge(context)


@pytest.mark.parametrize(
    ("formula", "phase"),
    [
        ("Na3Zr2Si2PO12", "ZrO2"),
        ("Na3.6Zr1.7Sc0.3Si2.3P0.7O12", "Na3PO4"),
        ("Li2.2Sc1.2Ti0.8(PO4)3", "Li3PO4"),
        ("Li1.5Al0.5Ti1.5(PO4)3", "AlPO4"),
        ("Na3.2La0.2Zr1.8Si2PO12", "monazite LnPO4"),
    ],
)
def test_every_competitor_is_named_with_what_feeds_it(formula: str, phase: str) -> None:
    said = check(formula).set_index("rule").loc["secondary_phase"]
    assert said["verdict"] == "inform"
    assert f"for {phase}" in said["message"]


def test_several_competitors_are_named_together() -> None:
    message = check("Na3.1La0.1Zr1.9Si2PO12").set_index("rule").loc["secondary_phase", "message"]
    assert "monazite" in message
    assert "ZrO2" not in message  # 1.9 Zr is on the bound
    both = check("Na3.05La0.05Zr1.95Si2PO12").set_index("rule").loc["secondary_phase", "message"]
    assert "monazite" in both
    assert "ZrO2" in both


@pytest.mark.parametrize(
    ("silicon", "expected"), [(1.7, "pass"), (1.8, "inform"), (2.3, "inform"), (2.4, "pass")]
)
def test_the_monoclinic_window_holds_its_ends(silicon: float, expected: str) -> None:
    table = amounts(O=12.0, Na=1.0 + silicon, Si=silicon, P=3.0 - silicon, Zr=2.0)
    assert judge("polymorph", RuleContext(table))[0] == expected


def test_much_substitution_and_lithium_are_outside_the_monoclinic_field() -> None:
    assert judge("polymorph", sites("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"))[0] == "pass"
    assert judge("polymorph", sites("Na3.2Zr1.8Ca0.1Mg0.1Si2PO12"))[0] == "inform"
    assert judge("polymorph", sites("Li3Zr2Si2PO12"))[0] == "pass"


def test_a_fraction_beyond_the_table_outweighs_an_ion_that_is_not_in_it() -> None:
    message = check("Na4Zr1.5Mg0.4Tm0.2Si2PO12").set_index("rule").loc["dopant_fraction", "message"]
    assert message.startswith("Mg2+ takes 0.19 of M; the largest share reported")


def test_an_ion_that_was_never_reported_is_named() -> None:
    row = check("Na3.2Zr1.8Tm0.2Si2PO12").set_index("rule").loc["dopant_fraction"]
    assert row["message"] == "no single-phase sample of Na3Zr2Si2PO12 with Tm3+ on M is in the dataset"
    undoped = check(NZSP).set_index("rule").loc["dopant_fraction"]
    assert (undoped["verdict"], undoped["margin"]) == ("pass", 1.0)


def test_a_claim_that_stays_is_held_both_ways() -> None:
    rule = RULES["vacancy_direction"]
    same = [claimed(NZSP, "same", NZSP), claimed("Na3Zr1.8Ti0.2Si2PO12", "same", NZSP)]
    assert [VERDICTS[rule.judge(context).codes[0]] for context in same] == ["pass", "pass"]
    assert judge("vacancy_direction", claimed("Na3.2Zr1.8Sc0.2Si2PO12", "same", NZSP))[0] == "inform"
    assert judge("vacancy_direction", claimed("Na3.2Zr1.8Sc0.2Si2PO12", "down", NZSP))[0] == "pass"


def test_without_a_majority_ion_the_mean_of_the_m_ions_is_the_reference() -> None:
    verdicts = check(["Li2.5Y0.5Zr0.5Cl6"]).set_index("rule")
    # Shannon radii at six: Y3+ 0.900, Zr4+ 0.720, mean 0.810
    assert "M-site radius of Y3+ 0.900 Å is 11 % above the mean of the M ions 0.810 Å" in str(
        verdicts.loc["radius_mismatch", "message"]
    )
    assert verdicts.loc["radius_mismatch", "verdict"] == "pass"
