from __future__ import annotations

import numpy as np
import pytest

from ssepredict.exceptions import SsePredictError
from ssepredict.structures.diffusion import (
    CM2_S_PER_ANGSTROM2_PS,
    arrhenius_energy,
    count_hops,
    diffusion,
    fitted_slope,
    mean_squared_displacement,
)
from ssepredict.units import BOLTZMANN_EV_K

STEP_PS = 0.02
D_CM2_S = 3e-5


def _walk(seed, *, frames=500, ions=18, diffusivity=D_CM2_S, rattle=0.0):
    """Brownian motion of known diffusivity, with an uncorrelated rattling on top."""
    rng = np.random.default_rng(seed)
    spread = np.sqrt(2 * diffusivity / CM2_S_PER_ANGSTROM2_PS * STEP_PS)
    steps = rng.normal(scale=spread, size=(frames, ions, 3))
    return np.cumsum(steps, axis=0) + rng.normal(scale=rattle, size=(frames, ions, 3))


def test_diffusivity_of_a_random_walk_is_found_and_its_error_is_not_flattering():
    found = [diffusion(_walk(seed), STEP_PS) for seed in range(60)]
    values = np.array([one.diffusivity_cm2_s for one in found])
    errors = np.array([one.standard_error_cm2_s for one in found])
    assert values.mean() == pytest.approx(D_CM2_S, abs=3 * values.std() / np.sqrt(60))
    assert 1.0 < np.sqrt((errors**2).mean()) / values.std() < 1.7
    assert found[0].blocks == 7
    assert found[0].picoseconds == pytest.approx(9.98)


def test_rattling_in_the_cage_does_not_count_as_diffusion():
    calm, shaken = (
        np.mean([diffusion(_walk(seed, rattle=rattle), STEP_PS).diffusivity_cm2_s for seed in range(20)])
        for rattle in (0.0, 0.5)
    )
    assert shaken == pytest.approx(calm, rel=0.1)
    still = [diffusion(_walk(seed, diffusivity=0.0, rattle=0.5), STEP_PS) for seed in range(20)]
    assert abs(np.mean([one.diffusivity_cm2_s for one in still])) < 0.02 * D_CM2_S
    assert all(one.hops == 0 for one in still)


def test_displacement_agrees_with_the_definition():
    walk = _walk(3, frames=30, ions=4)
    found = mean_squared_displacement(walk)
    by_hand = np.mean(
        [((walk[origin + 7, ion] - walk[origin, ion]) ** 2).sum() for origin in range(23) for ion in range(4)]
    )
    assert found[7] == pytest.approx(by_hand)
    assert found[0] == 0.0


def test_slope_is_that_of_the_window_alone():
    lags = np.arange(200) * STEP_PS
    kinked = np.where(lags < 0.35, 50 * lags, 6.0 * lags + 4.0)
    assert fitted_slope(kinked, STEP_PS, (0.4, 1.0)) == pytest.approx(6.0)
    with pytest.raises(SsePredictError, match="1 frames lie at time lags"):
        fitted_slope(kinked, STEP_PS, (0.995, 1.01))


def test_hops_are_counted_ion_by_ion_and_not_for_rattling():
    rng = np.random.default_rng(2)
    sites = np.zeros((400, 5, 3))
    for ion, jumps in enumerate([[], [50], [50, 200], [60, 160, 300], []]):
        for jump in jumps:
            sites[jump:, ion, 0] += 3.4
    rattled = sites + rng.normal(scale=0.3, size=sites.shape)
    assert count_hops(rattled, STEP_PS) == 6


def test_too_short_a_trajectory_is_refused_and_one_block_has_no_error():
    with pytest.raises(SsePredictError, match=r"0\.98 ps is too short.*at least 1\.25 ps"):
        diffusion(_walk(0, frames=50), STEP_PS)
    assert np.isnan(diffusion(_walk(0, frames=80), STEP_PS).standard_error_cm2_s)


def test_arrhenius_error_is_that_of_resampling():
    rng = np.random.default_rng(4)
    temperatures, energy = (800.0, 1000.0), 0.35
    exact = np.array([np.exp(-energy / (BOLTZMANN_EV_K * t)) for t in temperatures])
    errors = 0.05 * exact
    drawn = exact + rng.normal(size=(4000, 2)) * errors
    energies = [arrhenius_energy(temperatures, tuple(pair), (0.0, 0.0))[0] for pair in drawn]
    found, error = arrhenius_energy(temperatures, tuple(exact), tuple(errors))
    assert found == pytest.approx(energy)
    assert error == pytest.approx(np.std(energies), rel=0.05)
    assert np.isnan(arrhenius_energy(temperatures, (-1e-6, 1e-5), (1e-6, 1e-6))).all()
