"""Each comparison finds what it is for in a few rows, and leaves sound rows alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ssepredict.audit.arrhenius import OUTER_FENCE
from ssepredict.audit.audit import audit
from ssepredict.physics import RULES
from ssepredict.physics.relations import conductivity_at_temperature
from ssepredict.units import BOLTZMANN_EV_K

FORMULA = "Na1.5Al0.5Zr1.5P3O12"


def rules_of(dataset):
    return audit(dataset).findings["rule"].tolist()


def line(sigma, energy, at, to):
    return float(conductivity_at_temperature(sigma, energy, at, to))


def test_two_conductivities_at_the_wrong_temperatures_are_found_with_the_right_ones(build):
    data = build()
    sample = data.sample("s", "10.1/a", FORMULA)
    # 400 K and 600 K values listed as room temperature and 300 °C
    low, high = 5.7e-6, line(5.7e-6, 0.54, 126.85, 326.85)
    names = {data.figure(sample, low, 25.0), data.figure(sample, high, 300.0)}
    data.energy(sample, 0.54)
    found = audit(data.dataset())
    (finding,) = found.findings[found.findings["rule"] == "activation_energy_ratio"].to_dict("records")
    assert "400 K and 600 K restore it" in finding["note"]
    assert (finding["decision"], finding["expected"]) == ("flagged", "0.54 eV, stated")
    assert found.suspects == names


@pytest.mark.parametrize(("stated", "wrong"), [(0.54, False), (0.60, False), (0.63, True), (0.45, True)])
def test_a_ratio_is_judged_at_its_tolerance(build, stated, wrong):
    data = build()
    sample = data.sample("s", "10.1/a", FORMULA)
    data.figure(sample, 1e-6, 25.0)
    data.figure(sample, line(1e-6, 0.54, 25.0, 200.0), 200.0)
    data.energy(sample, stated)
    assert ("activation_energy_ratio" in rules_of(data.dataset())) is wrong


def test_a_ratio_between_the_energies_of_two_polymorphs_is_sound(build):
    data = build()
    sample = data.sample("s", "10.1/a", "Na3Zr2Si2PO12")
    data.figure(sample, 1e-4, 25.0)
    data.figure(sample, line(1e-4, 0.30, 25.0, 300.0), 300.0)
    data.energy(sample, 0.40, phase_range="low_temperature")
    data.energy(sample, 0.20, phase_range="high_temperature")
    assert "activation_energy_ratio" not in rules_of(data.dataset())


def test_without_an_energy_of_the_work_others_judge_less_strictly(build):
    data = build()
    sample, other = data.sample("s", "10.1/a", FORMULA), data.sample("t", "10.1/b", FORMULA)
    data.figure(sample, 1e-6, 25.0)
    data.figure(sample, line(1e-6, 0.20, 25.0, 300.0), 300.0)
    data.energy(other, 0.33)
    assert "activation_energy_ratio" not in rules_of(data.dataset())
    data.rows["transport"][-1]["value"] = 0.36
    assert "activation_energy_ratio" in rules_of(data.dataset())


def test_one_value_at_two_temperatures_in_two_readings_of_a_work(build):
    data = build()
    data.source("10.1/a")
    data.source("survey/ref-1", work="10.1/a", access="compilation")
    first, second = data.sample("s", "10.1/a", FORMULA), data.sample("t", "survey/ref-1", FORMULA)
    right = data.figure(first, 5.7e-6, 126.85)
    wrong = data.figure(second, 5.7e-6, 25.0, read_as="compilation", secondary=1)
    found = audit(data.dataset())
    (finding,) = found.findings[found.findings["rule"] == "temperature_label"].to_dict("records")
    assert wrong in finding["subject"]
    assert right in finding["expected"]
    assert found.suspects == {wrong}


def test_equal_values_of_strangers_count_only_when_the_same_temperatures_recur(build):
    data = build()
    formulas = [FORMULA, "Na2AlZrP3O12", "Na1.5Ga0.5Zr1.5P3O12"]
    for number, formula in enumerate(formulas):
        value = 1.1e-6 * (number + 1)
        data.figure(data.sample(f"s{number}", f"10.1/a{number}", formula), value, 127.0)
        data.figure(data.sample(f"t{number}", f"10.1/b{number}", formula), value, 25.0, read_as="compilation")
    found = audit(data.dataset())
    assert (found.findings["rule"] == "temperature_label").sum() == 3
    assert found.suspects == {"M2", "M4", "M6"}
    data.rows["transport"] = data.rows["transport"][:4]
    assert "temperature_label" not in rules_of(data.dataset())


def test_a_slipped_unit_is_the_reading_further_from_other_works(build):
    data = build()
    data.source("10.1/a")
    data.source("list/1", work="10.1/a")
    data.figure(data.sample("s", "10.1/a", "Li3YCl6"), 5.1e-4)
    wrong = data.figure(data.sample("t", "list/1", "Li3YCl6"), 5.1e-1, read_in="b")
    data.figure(data.sample("u", "10.1/b", "Li3YCl6"), 2.3e-4)
    found = audit(data.dataset())
    (finding,) = found.findings[found.findings["rule"] == "unit_slip"].to_dict("records")
    assert (wrong in finding["subject"], finding["reported"]) == (True, "0.51 S/cm at 25 °C")
    assert "compilation_disagreement" not in found.findings["rule"].tolist()
    data.rows["transport"][1]["value"] = 5.2e-1
    assert "unit_slip" not in rules_of(data.dataset())


def test_readings_of_a_work_a_decade_apart(build):
    data = build()
    data.source("10.1/a")
    data.source("list/1", work="10.1/a")
    data.figure(data.sample("s", "10.1/a", "Li3YCl6"), 5.1e-4)
    wrong = data.figure(data.sample("t", "list/1", "Li3YCl6"), 3e-5, read_as="compilation")
    found = audit(data.dataset())
    assert found.findings["rule"].tolist() == ["compilation_disagreement"]
    assert found.suspects == {wrong}
    data.rows["transport"][1]["contribution"] = "bulk"
    data.rows["transport"][0]["contribution"] = "total"
    assert rules_of(data.dataset()) == []


def test_a_figure_shared_by_two_works(build):
    data = build()
    for number, source in enumerate(("10.1/a", "10.1/b")):
        data.figure(data.sample(f"s{number}", source, "Li3YCl6"), 5.13e-4)
    found = audit(data.dataset())
    assert found.findings[["rule", "decision"]].to_numpy().tolist() == [["duplicate_figure", "kept"]]
    for row in data.rows["transport"]:
        row["value"] = 5e-4  # one digit is chance
    assert rules_of(data.dataset()) == []


def test_sources_of_one_doi_are_one_work_whatever_the_table_says(build):
    data = build()
    for number, source in enumerate(("first", "second")):
        data.source(source, doi="10.1/ABC" if number else "10.1/abc")
        data.figure(data.sample(f"s{number}", source, "Li3YCl6"), 5.13e-4)
    assert "duplicate_figure" not in rules_of(data.dataset())


def test_fade_against_retention_in_both_conventions(build):
    data = build()
    sample = data.sample("s", "10.1/a", "Na3Zr2Si2PO12")
    test = {"negative_electrode": "Na", "positive_electrode": "NVP"}
    data.cell(sample, "capacity_retention", 60.0, cycles=1000, c_rate=1.0, **test)
    data.cell(sample, "fade_per_cycle", 0.04, **test)
    assert rules_of(data.dataset()) == []
    data.rows["cells"][1]["value"] = 100 * (1 - 0.6 ** (1 / 1000))  # compound
    assert rules_of(data.dataset()) == []
    data.rows["cells"][1]["value"] = 0.005
    assert rules_of(data.dataset()) == ["fade_consistency"]
    data.rows["cells"][1]["c_rate"] = 0.1  # another test
    assert rules_of(data.dataset()) == []


def test_a_cell_does_not_regain_capacity(build):
    data = build()
    sample = data.sample("s", "10.1/a", "Na3Zr2Si2PO12")
    data.cell(sample, "capacity_retention", 90.0, cycles=100)
    data.cell(sample, "capacity_retention", 96.5, cycles=300)
    assert rules_of(data.dataset()) == ["fade_consistency"]
    data.rows["cells"][1]["value"] = 91.5
    assert rules_of(data.dataset()) == []


def test_an_impossible_prefactor_is_flagged_a_doubtful_one_kept(build):
    rule = RULES["arrhenius_consistency"]
    bound = next(b for b in rule.bounds if b.mobile_ion == "Na" and "nasicon" in b.frameworks)
    width = bound.high - bound.low

    def decision(decades):
        data = build()
        sample = data.sample("s", "10.1/a", "Na3Zr2Si2PO12")
        energy, kelvin = 0.3, 298.15
        sigma = 10**decades / kelvin * math.exp(-energy / (BOLTZMANN_EV_K * kelvin))
        data.figure(sample, sigma, 25.0)
        data.energy(sample, energy)
        found = audit(data.dataset()).findings
        return found.loc[found["rule"] == "arrhenius_consistency", "decision"].tolist()

    assert decision(bound.high - 0.1) == []
    assert decision(bound.high + 0.1) == ["kept"]
    assert decision(bound.high + OUTER_FENCE * width + 0.1) == ["flagged"]


def test_values_outside_their_range_are_named_and_limits_are_not(build):
    data = build()
    sample = data.sample("s", "10.1/a", "Li3YCl6")
    data.figure(sample, 50.0, 25.0)
    data.figure(sample, 1e-18, 25.0, bound="<")
    found = audit(data.dataset())
    assert found.findings["rule"].tolist() == ["admissible_range"]
    assert found.suspects == {"M1"}


def test_formulas_that_are_not_neutral_or_not_readable_or_in_another_family(build):
    data = build()
    data.figure(data.sample("s", "10.1/a", "Na3Zr1.88Y0.12Si2PO12"), 1e-4)
    data.figure(data.sample("t", "10.1/a", "Na3Xy"), 1e-4)
    data.figure(data.sample("u", "10.1/a", "Li3YCl6", family="na_halide"), 1e-4)
    found = audit(data.dataset()).findings.set_index("rule")
    assert found.loc["charge_neutrality", "reported"] == "net charge -0.120 e per formula unit"
    assert "Xy" in found.loc["formula", "note"]
    assert found.loc["family_disagreement", ["reported", "expected"]].tolist() == ["na_halide", "li_halide"]


def test_spread_of_two_decades_between_works(build):
    data = build()
    for number, value in enumerate((1e-6, 1.5e-4)):
        data.figure(data.sample(f"s{number}", f"10.1/{number}", "Li3YCl6"), value)
    assert rules_of(data.dataset()) == ["spread_between_sources"]
    data.rows["transport"][0]["value"] = 2e-6
    assert rules_of(data.dataset()) == []


def test_an_empty_dataset_has_no_findings(build):
    found = audit(build().dataset())
    assert found.findings.empty
    assert found.suspects == set()
    assert (found.counts["findings"] == 0).all()
    assert np.issubdtype(found.counts.to_numpy().dtype, np.integer)


def test_missing_energies_temperatures_and_contributions_are_no_obstacle(build):
    data = build()
    for number in range(3):
        sample = data.sample(f"s{number}", f"10.1/{number}", "Li3YCl6")
        data.figure(sample, 1e-4 * (number + 1), None)
    assert rules_of(data.dataset()) == []
    data.rows["transport"].append({**data.rows["transport"][0], "measurement_id": "x", "sample_id": "nobody"})
    assert rules_of(data.dataset()) == []  # a row whose sample is missing is `data validate`'s business


def test_many_figures_of_one_sample_and_condition_give_one_finding(build):
    data = build()
    sample = data.sample("s", "10.1/a", "Li3YCl6")
    values = np.random.default_rng(0).uniform(1e-6, 1e-3, 500)
    for value in values:
        data.figure(sample, float(value))
    found = audit(data.dataset()).findings
    (finding,) = found[found["rule"] == "compilation_disagreement"].to_dict("records")
    assert all(f"{end:.6g}" in finding["reported"] for end in (values.min(), values.max()))


def test_row_labels_do_not_matter(build):
    data = build()
    for number, value in enumerate((1e-6, 1.5e-4)):
        data.figure(data.sample(f"s{number}", f"10.1/{number}", "Li3YCl6"), value)
    dataset = data.dataset()
    labelled = type(dataset)(
        **{name: table.set_axis([0] * len(table)) for name, table in dataset.tables.items()}
    )
    assert rules_of(labelled) == ["spread_between_sources"]
