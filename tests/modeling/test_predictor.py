"""The shipped release keeps its contract."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.exceptions import FormulaError, ModelError, SsePredictError
from ssepredict.modeling.targets import TARGETS

FORMULAS = ["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Li1.8Zr0.8Nb0.2Cl6", "Li1.3Al0.3Ti1.7(PO4)3", "Li3YCl6"]
TARGET_NAMES = ["conductivity_s_cm", "activation_energy_ev", "ccd_ma_cm2", "fade_pct_per_cycle"]


@pytest.fixture(scope="module")
def table(released) -> pd.DataFrame:
    return released.predict(FORMULAS)


def test_columns_are_those_of_the_contract(table):
    per_target = [name + end for name in TARGET_NAMES for end in ("", "_low", "_high", "_status")]
    assert table.columns.tolist() == [
        *("formula", "family", "framework", "temperature_c"),
        *per_target,
        *("carriers", "vacancies", "charge_residual", "domain_distance", "verdict"),
    ]
    assert table["formula"].tolist() == FORMULAS
    assert table["family"].tolist() == ["na_nasicon", "li_halide", "li_nasicon", "li_halide"]
    assert table["framework"].tolist() == ["nasicon", "close_packed_halide"] * 2
    assert (table["temperature_c"] == 25.0).all()
    np.testing.assert_allclose(table["carriers"], [3.4, 1.8, 1.3, 3.0], atol=1e-9)
    np.testing.assert_allclose(table["vacancies"], [0.6, 3.2, 2.7, 2.0], atol=1e-9)
    np.testing.assert_allclose(table["charge_residual"], 0.0, atol=1e-9)
    assert set(table["verdict"]) <= {"pass", "warn", "reject", "not_evaluable", "inform", "not_applicable"}


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_values_lie_inside_their_interval_and_range(table, name):
    low, value, high = table[f"{name}_low"], table[name], table[f"{name}_high"]
    assert (low <= value).all()
    assert (value <= high).all()
    assert (low < high).all()
    definition = TARGETS[name].definition
    assert low.min() >= definition.minimum
    assert high.max() <= definition.maximum
    assert set(table[f"{name}_status"]) <= {"ok", "outside_domain", "abstained"}


@pytest.mark.parametrize("name", TARGET_NAMES)
def test_a_higher_confidence_gives_a_wider_interval(released, name):
    half, ninety, most = (released.predict(FORMULAS, confidence=share) for share in (0.5, 0.9, 0.99))
    for narrow, wide in ((half, ninety), (ninety, most)):
        assert (wide[f"{name}_low"] <= narrow[f"{name}_low"]).all()
        assert (narrow[f"{name}_high"] <= wide[f"{name}_high"]).all()
    assert (half[name] == most[name]).all()


def test_heat_raises_the_conductivity_and_leaves_the_activation_energy(released):
    cold, warm, hot = (released.predict(FORMULAS, temperature_c=t) for t in (25.0, 100.0, 200.0))
    steps = np.log10([table["conductivity_s_cm"] for table in (cold, warm, hot)])
    assert (np.diff(steps, axis=0) >= -0.1).all()  # decades; see EstimatorSpec.monotone
    assert (steps[-1] > steps[0]).all()
    pd.testing.assert_series_equal(cold["activation_energy_ev"], hot["activation_energy_ev"])
    assert (hot["temperature_c"] == 200.0).all()


def test_known_good_conductors_are_predicted_to_conduct(released):
    good, poor = released.predict(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "NaZr2(PO4)3"])["conductivity_s_cm"]
    assert good > 1e-4 > 1e-5 > poor


def test_a_batch_equals_its_formulas_one_by_one(released, table):
    for row, formula in enumerate(FORMULAS):
        alone = released.predict(formula)
        assert len(alone) == 1
        pd.testing.assert_frame_equal(
            alone, table.iloc[[row]].reset_index(drop=True), check_exact=False, rtol=1e-9, atol=1e-6
        )


def test_the_writing_of_a_formula_changes_nothing(released):
    both = released.predict(["Na3Zr2Si2PO12", "Zr4Na6(SiO4)4(PO4)2"]).drop(columns="formula")
    one, other = (both.iloc[[row]].reset_index(drop=True) for row in (0, 1))
    pd.testing.assert_frame_equal(one, other, check_exact=False, rtol=1e-9, atol=1e-6)


def test_no_formulas_make_no_rows(released, table):
    empty = released.predict([])
    assert len(empty) == 0
    assert empty.columns.tolist() == table.columns.tolist()


def test_what_lies_far_from_everything_measured_says_so(released):
    table = released.predict(["Na3Zr2Si2PO12", "Li3Rh0.5Au0.5I6"])
    assert table["conductivity_s_cm_status"].tolist() == ["ok", "outside_domain"]
    assert table["domain_distance"][0] < released.domain_threshold < table["domain_distance"][1]


def test_a_temperature_beyond_the_measured_ones_says_so(released):
    table = released.predict(["Na3Zr2Si2PO12"], temperature_c=1500.0)
    assert table["conductivity_s_cm_status"].tolist() == ["outside_domain"]
    assert table["activation_energy_ev_status"].tolist() != ["outside_domain"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature_c": -300.0}, r"temperature_c is -300.0, expected a number above -273.15 \(°C\)"),
        ({"temperature_c": float("nan")}, "temperature_c is nan, expected a number"),
        ({"confidence": 1.0}, "confidence is 1.0, expected above 0 and below 1, e.g. 0.9"),
        ({"confidence": 0.0}, "confidence is 0.0, expected above 0"),
        ({"contribution": "grain"}, "contribution is 'grain', expected one of total, bulk, grain_boundary"),
        ({"contribution": "bulc"}, r"expected one of total, bulk, grain_boundary; did you mean 'bulk'\?"),
        ({"contributions": "bulk"}, r"condition 'contributions' is unknown; did you mean 'contribution'\?"),
        ({"zzz": 1}, "condition 'zzz' is unknown; expected some of c_rate, composite"),
        ({"relative_density_pct": "high"}, "relative_density_pct is 'high', expected a number"),
    ],
)
def test_bad_conditions_are_named(released, arguments, message):
    with pytest.raises(SsePredictError, match=message):
        released.predict(FORMULAS, **arguments)


def test_every_bad_formula_is_named(released):
    bad = ["Na3Zr2Si2PO12", "Xy2", "Al2O3", "Na5.1Sc2(PO4)3", "Na4Zr2Si2PO12", "", "Li3YCl6"]
    with pytest.raises(FormulaError, match="5 formulas cannot be used") as caught:
        released.predict(bad)
    problems = {row: problem for row, _, problem in caught.value.problems}
    assert sorted(problems) == [1, 2, 3, 4, 5]
    assert "has a net charge of +1 e per formula unit" in problems[4]
    usable, same = released.screen(bad)
    assert usable == [0, 6]
    assert same == caught.value.problems


def test_evidence_is_measured_and_nearest_first(released):
    (lines,) = released.evidence("Na3Zr2Si2PO12", k=5)
    assert len(lines) == 5
    assert lines[0]["distance"] == pytest.approx(0.0, abs=1e-6)
    assert [line["distance"] for line in lines] == sorted(line["distance"] for line in lines)
    assert all(line["measurement_id"] and line["source_id"] for line in lines)
    assert lines[0]["host"] == "Na3Zr2Si2PO12"


def test_the_best_reported_value_is_the_best(released):
    best = released.best_reported("Na3Zr2Si2PO12", "conductivity_s_cm")
    rows = released.metrics["best_reported"]["conductivity_s_cm"]
    same = [
        row["value"]
        for row in rows
        if row["composition_key"] == best["composition_key"] and abs(row["temperature_c"] - 25.0) <= 10
    ]
    assert best["value"] == max(same)
    lowest = released.best_reported("Na3Zr2Si2PO12", "activation_energy_ev")
    assert 0.1 < lowest["value"] < 0.5
    assert released.best_reported("Na3Zr2Si2PO12", "ccd_ma_cm2") is None
    assert released.best_reported("Li3Rh0.5Au0.5I6", "conductivity_s_cm") is None


def test_probabilities_agree_with_the_interval(released):
    from ssepredict.chemistry.sites import parse_sites

    sites = parse_sites(FORMULAS)
    found = released.distributions(sites, targets=["conductivity_s_cm"])["conductivity_s_cm"]
    low, high = found.interval(0.8)
    for row in range(len(FORMULAS)):
        assert found.probability_above(low[row])[row] == pytest.approx(0.9, abs=0.02)
        assert found.probability_below(high[row])[row] == pytest.approx(0.9, abs=0.02)
    np.testing.assert_allclose(found.probability_above(1e-4) + found.probability_below(1e-4), 1.0)


def test_a_folder_with_other_files_is_not_written_to(reduced, tmp_path):
    (tmp_path / "thesis.docx").write_text("precious")
    with pytest.raises(ModelError, match="holds other files and no release; name an empty or a new folder"):
        reduced.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_place_that_cannot_be_written_is_named(reduced, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="release cannot be written to"):
        reduced.save(tmp_path / "file" / "release")


def test_the_shipped_release_was_trained_on_the_shipped_dataset(released, dataset):
    assert released.dataset_digest == dataset.digest
