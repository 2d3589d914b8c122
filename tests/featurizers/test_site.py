"""Site features against closed forms, on compositions whose sites are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from ssepredict.chemistry.formula import parse_formulas
from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import FormulaError
from ssepredict.featurizers.site import SITE_FEATURES, SiteFeaturizer, site_features

NAMES = [feature.name for feature in SITE_FEATURES]


def features_of(formula: str) -> pd.Series:
    return pd.Series(site_features(parse_sites([formula]))[0], index=NAMES)


def test_names_are_unique_and_every_feature_has_a_meaning():
    assert len(set(NAMES)) == len(NAMES)
    assert all(feature.meaning for feature in SITE_FEATURES)


def test_a_nasicon_against_closed_forms():
    got = features_of("Na3.5Zr1.5Sc0.5Si2PO12")
    share = np.array([0.75, 0.25])
    radii, charges, chi = np.array([0.72, 0.745]), np.array([4.0, 3.0]), np.array([1.33, 1.36])
    mean = share @ radii
    expected = {
        "framework_nasicon": 1.0,
        "framework_glass": 0.0,
        "mobile_Na": 1.0,
        "mobile_Li": 0.0,
        "carriers": 3.5,
        "vacancies": 0.5,
        "carriers_times_vacancies": 1.75,
        "a_total": 3.5,
        "m_total": 2.0,
        "charge_residual": 0.0,
        "m_radius_mean": mean,
        "m_radius_spread": np.sqrt(share @ (radii - mean) ** 2),
        "m_radius_largest": 0.745,
        "m_radius_smallest": 0.72,
        "m_radius_off_optimum": mean - 0.72,
        "m_charge_mean": share @ charges,
        "m_charge_spread": np.sqrt(share @ (charges - share @ charges) ** 2),
        "m_electronegativity_mean": share @ chi,
        "m_electronegativity_spread": np.sqrt(share @ (chi - share @ chi) ** 2),
        "m_entropy": -(share @ np.log(share)),
        "t_radius_mean": (2 * 0.26 + 0.17) / 3,
        "t_fraction_Si": 2 / 3,
        "x_radius_mean": 1.24,
        "x_electronegativity_mean": 3.44,
        "x_fraction_O": 1.0,
        "x_fraction_Cl": 0.0,
        "x_entropy": 0.0,
        "m_to_x_radius": (mean + 0.14) / 1.24,
    }
    np.testing.assert_allclose(got[list(expected)], list(expected.values()), rtol=0, atol=1e-9)
    rest = set(NAMES) - set(expected)
    assert all(got[name] == 0.0 for name in rest), rest


def test_a_mixed_halide_against_closed_forms():
    got = features_of("Li3YBr1.5Cl4.5")
    assert got["framework_close_packed_halide"] == 1.0
    assert got["vacancies"] == 2.0
    assert got["x_fraction_Br"] == 0.25
    assert got["x_entropy"] == pytest.approx(-(0.25 * np.log(0.25) + 0.75 * np.log(0.75)))
    assert got["x_radius_mean"] == pytest.approx(0.75 * 1.67 + 0.25 * 1.82)
    assert np.isnan(got["t_radius_mean"])
    assert got["t_fraction_Si"] == 0.0


def test_unknown_is_nan_and_never_zero():
    glass = features_of("NaTaCl6")
    assert np.isnan(glass[["vacancies", "carriers_times_vacancies"]]).all()
    assert glass["carriers"] == 1.0


def test_elements_get_a_column_when_seen_or_named():
    formulas = ["Li2ZrCl6", "Li1.8Zr0.8Nb0.2Cl6", "Li3YCl6"]
    assert SiteFeaturizer().fit(formulas).elements_ == ("Li", "Cl", "Y", "Zr", "Nb")
    assert SiteFeaturizer(elements=["Zr", "Sc"]).fit(formulas).elements_ == ("Sc", "Zr")
    assert SiteFeaturizer(elements=[]).fit(formulas).elements_ == ()


def test_amounts_are_per_formula_unit_and_unseen_elements_are_left_out():
    featurizer = SiteFeaturizer().set_output(transform="pandas").fit(["Li2ZrCl6"])
    out = featurizer.transform(["Li4Zr2Cl12", "Li3YCl6"])
    assert out["amount_Zr"].tolist() == [1.0, 0.0]
    assert "amount_Y" not in out
    assert out.columns.tolist() == [*NAMES, "amount_Li", "amount_Cl", "amount_Zr"]


def test_assigned_sites_are_used_as_they_are():
    formulas = ["Na3Zr2Si2PO12", "Li3YCl6"]
    featurizer = SiteFeaturizer().fit(parse_sites(formulas))
    expected = featurizer.transform(formulas)
    np.testing.assert_array_equal(featurizer.transform(parse_sites(formulas)), expected)
    np.testing.assert_array_equal(featurizer.transform(parse_formulas(formulas)), expected)


def test_faults_are_named():
    with pytest.raises(ValueError, match=r"elements holds \['Xy'\], expected symbols"):
        SiteFeaturizer(elements=["Xy"]).fit(["Li3YCl6"])
    with pytest.raises(NotFittedError, match="not fitted"):
        SiteFeaturizer().transform(["Li3YCl6"])
    with pytest.raises(FormulaError, match="no framework known here"):
        SiteFeaturizer().fit(["Al2O3"])
