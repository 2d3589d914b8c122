from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.featurizers.site import SITE_FEATURES, site_features
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.domain import Domain
from ssepredict.modeling.fast_kernels import SAME_POINT, kernels
from ssepredict.modeling.fast_process import FastDomain, FastProcess, References
from ssepredict.modeling.gaussian import SiteGaussianProcess

ELEMENTS = ("Na", "Zr", "Sc", "Zn", "Y", "Si", "P", "O")
COLUMNS = (
    *(feature.name for feature in SITE_FEATURES),
    *(f"amount_{symbol}" for symbol in ELEMENTS),
    "inverse_temperature_1000_per_k",
    "contribution_total",
    "contribution_bulk",
)


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    substitution = {
        "site": "M",
        "replaces": "Zr4+",
        "ions": ["Sc3+", "Zn2+", "Y3+", "Ti4+"],
        "fractions": [0.1, 0.2, 0.3, 0.4],
        "together": [1, 2],
    }
    return SubstitutionSpace("Na3Zr2Si2PO12", [substitution], silicon=[1.8, 2.0, 2.2])


def matrix(sites: SiteTable, seed: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Features with temperatures and contributions, some of them not stated."""
    rng = np.random.default_rng(seed)
    temperature = rng.choice([3.354, 2.9, 2.4, np.nan], size=len(sites))
    contribution = np.eye(3)[rng.integers(0, 3, size=len(sites))][:, :2]
    return np.column_stack([site_features(sites, ELEMENTS), temperature, contribution])


@pytest.mark.parametrize("smoothness", [0.5, 1.5])
def test_the_process_predicts_the_same(space: SubstitutionSpace, smoothness: float) -> None:
    known = matrix(space.decode(np.arange(0, len(space) // 2, 3)).sites(), seed=1)
    y = -known[:, 0] - np.nan_to_num(known[:, -3], nan=3.0) * (1.0 + 0.1 * known[:, 20])
    process = SiteGaussianProcess(columns=COLUMNS, smoothness=smoothness).fit(known, y)
    asked = matrix(space.decode(np.arange(len(space) // 2, len(space))).sites(), seed=2)
    asked[:40] = known[:40]  # no distance at all
    found, expected = FastProcess.of(process).predict(asked), process.predict(asked)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=1.1e-9)
    np.testing.assert_array_equal(FastProcess.of(process).predict(asked[::-1]), found[::-1])


def test_compiled_kernel_equals_the_formula_everywhere() -> None:
    distance = np.concatenate([[0.0, 1e-12], np.geomspace(1e-4, 1e4, 500)])
    first, second = np.ones(1), np.full(1, 2.0)
    for stretch, bow in ((3.0, 1.0), (1.0, 0.0)):
        found = np.empty((len(distance), 2))
        kernels().matern_sums((distance**2)[:, None].copy(), stretch, bow, first, second, found)
        scaled = np.sqrt(stretch) * np.where(distance**2 > SAME_POINT, distance, 0.0)
        np.testing.assert_allclose(
            found[:, 0], (1.0 + bow * scaled) * np.exp(-scaled), rtol=1e-12, atol=1e-300
        )
        np.testing.assert_array_equal(found[:, 1], 2.0 * found[:, 0])


def test_the_domain_measures_the_same(space: SubstitutionSpace) -> None:
    known = parse_sites(["Na3Zr2Si2PO12", "Na3.4Zr1.6Sc0.4Si2PO12", "LiTi2(PO4)3", "Li2ZrCl6", "Li3YCl6"])
    domain = Domain().fit(known, ["a", "b", "c", "d", "e"])
    fast = FastDomain.of(domain)
    for sites in (space.decode(np.arange(len(space))).sites(), known):
        np.testing.assert_allclose(fast.distance(sites), domain.distance(sites), rtol=0.0, atol=1e-9)
        far = domain.nearest(sites, 1)[1][:, 0] > 0.01
        np.testing.assert_allclose(fast.distance(sites)[far], domain.distance(sites)[far], rtol=1e-11)
    assert far.tolist() == [False] * len(known)


def test_fewer_references_than_neighbours() -> None:
    known = parse_sites(["Na3Zr2Si2PO12", "Li2ZrCl6"])
    domain = Domain(neighbours=5).fit(known, ["a", "b"])
    np.testing.assert_allclose(FastDomain.of(domain).distance(known), domain.distance(known), rtol=1e-6)


def test_distances_over_several_blocks_with_constant_columns() -> None:
    rng = np.random.default_rng(0)
    rows, points = rng.normal(size=(700, 6)), rng.normal(size=(9, 6))
    rows[:300, 2], rows[:, 4] = 1.5, -0.5
    found = np.empty((len(rows), len(points)))
    for block, squared in References(points).iter_squared(rows):
        found[block] = squared
    np.testing.assert_allclose(found, ((rows[:, None] - points) ** 2).sum(axis=2), rtol=0.0, atol=1e-12)


def test_nearest_of_many() -> None:
    squared = np.random.default_rng(0).random((50, 30))
    found = np.empty(50)
    kernels().mean_of_nearest(squared, 3, found)
    np.testing.assert_allclose(found, np.sqrt(np.sort(squared, axis=1)[:, :3]).mean(axis=1), rtol=1e-14)
