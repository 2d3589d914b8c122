from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

from ssepredict.chemistry.sites import parse_sites
from ssepredict.modeling.domain import Domain

MEASURED = [f"Na{3 + x:.2f}Zr{2 - x:.2f}Sc{x:.2f}Si2PO12" for x in np.arange(0.0, 0.5, 0.05)]
PAPERS = [f"paper {row // 2}" for row in range(len(MEASURED))]


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain(neighbours=1).fit(parse_sites(MEASURED), PAPERS)


def test_measured_compositions_have_no_distance(domain):
    assert domain.distance(parse_sites(MEASURED)) == pytest.approx(0.0, abs=1e-6)


def test_distance_grows_with_strangeness(domain):
    near, other_ion, other_framework = domain.distance(
        parse_sites(["Na3.22Zr1.78Sc0.22Si2PO12", "Na3.2Zr1.8Lu0.2Si2PO12", "Li3YCl6"])
    )
    assert 0 < near < other_ion < other_framework
    assert near < domain.threshold_ < other_framework


def test_an_element_never_seen_counts_whatever_the_statistics_say(domain):
    known, unseen = domain.distance(parse_sites(["Na3.2Zr1.8Sc0.2Si2PO12", "Na3.2Zr1.8In0.2Si2PO12"]))
    assert unseen > known + 0.02


def test_distance_ignores_writing_scale_and_company(domain):
    texts = ["Na3.22Zr1.78Sc0.22Si2PO12", "Zr3.56Sc0.44Na6.44(SiO4)4(PO4)2", "Li2ZrCl6"]
    together = domain.distance(parse_sites(texts))
    assert together[0] == pytest.approx(together[1], abs=1e-6)
    alone = [domain.distance(parse_sites([text]))[0] for text in texts]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def test_nearest_are_the_measured_rows_in_order(domain):
    rows, distances = domain.nearest(parse_sites(["Na3.24Zr1.76Sc0.24Si2PO12", MEASURED[0]]), 3)
    assert [MEASURED[row] for row in rows[0]] == [MEASURED[5], MEASURED[4], MEASURED[6]]
    assert rows[1, 0] == 0
    assert distances[1, 0] == pytest.approx(0.0, abs=1e-6)
    assert (np.diff(distances, axis=1) >= 0).all()


def test_distance_is_the_mean_of_the_nearest():
    domain = Domain(neighbours=3).fit(parse_sites(MEASURED), PAPERS)
    sites = parse_sites(["Na3.24Zr1.76Sc0.24Si2PO12", "Li3YCl6"])
    np.testing.assert_allclose(domain.distance(sites), domain.nearest(sites, 3)[1].mean(axis=1), rtol=1e-9)


def test_the_threshold_looks_at_other_papers_only():
    """Each paper reports the same two compositions twice: within a paper every distance would be zero."""
    formulas = [MEASURED[row] for row in (0, 0, 4, 4, 8, 8)]
    domain = Domain(neighbours=1, quantile=0.5).fit(parse_sites(formulas), ["a", "a", "b", "b", "c", "c"])
    assert domain.threshold_ > 0.01
    assert len(domain.reference_) == 3


def test_a_repeated_composition_is_one_reference():
    domain = Domain().fit(parse_sites([MEASURED[0], "Na6Zr4Si4P2O24", MEASURED[4]]), ["a", "b", "c"])
    assert domain.rows_.tolist() in ([0, 2], [2, 0])


def test_the_left_out_distance_is_that_to_the_other_groups():
    """Leaving a row's group out and measuring gives the same as a domain of the others would."""
    sites, folds = parse_sites(MEASURED), np.arange(len(MEASURED)) % 3
    domain = Domain(neighbours=2).fit(sites, PAPERS)
    found = domain.left_out_distance(sites, folds)
    for fold in range(3):
        squares = domain.distances_to(sites.take(folds == fold), sites.take(folds != fold))
        expected = np.sort(squares, axis=1)[:, :2].mean(axis=1)
        np.testing.assert_allclose(found[folds == fold], expected, rtol=0, atol=1e-6)


def test_a_composition_that_others_report_too_is_near():
    repeated = parse_sites([MEASURED[0], MEASURED[0], MEASURED[4]])
    domain = Domain(neighbours=1).fit(repeated, ["a", "b", "c"])
    assert domain.left_out_[:2] == pytest.approx(0.0, abs=1e-6)
    assert domain.left_out_[2] > 0.01


def test_one_group_alone_has_nothing_to_be_left_out_from():
    sites = parse_sites(MEASURED[:3])
    domain = Domain().fit(sites, ["a", "b", "c"])
    assert np.isnan(domain.left_out_distance(sites, ["a", "a", "a"])).all()


def test_distances_to_agree_with_the_nearest(domain):
    asked = parse_sites(["Na3.24Zr1.76Sc0.24Si2PO12", "Li3YCl6"])
    every = domain.distances_to(asked, parse_sites(MEASURED))
    np.testing.assert_allclose(every.min(axis=1), domain.nearest(asked, 1)[1][:, 0], rtol=0, atol=1e-9)


def test_halides_alone_do():
    halides = parse_sites(["Li3YCl6", "Li2ZrCl6", "Li3InCl6", "Li2.5Y0.5Zr0.5Cl6"])  # nothing sits on T
    domain = Domain(neighbours=2).fit(halides, ["a", "b", "c", "d"])
    assert np.isfinite(domain.distance(parse_sites(["Li3ScCl6", "Na3Zr2Si2PO12"]))).all()


def test_an_unfitted_domain_says_so():
    with pytest.raises(NotFittedError, match="not fitted"):
        Domain().distance(parse_sites(["Li3YCl6"]))
