"""Pellets and cells: closed forms, Monte Carlo for errors, and published values."""

from __future__ import annotations

import numpy as np
import pytest

from ssepredict.data.dataset import load_dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.physics.relations import (
    area_specific_resistance,
    bruce_vincent_transference,
    conductivity_from_resistance,
    fade_per_cycle,
    retention_after,
    work_of_adhesion,
)


def test_conductivity_is_length_over_area_and_resistance() -> None:
    sigma = conductivity_from_resistance([100.0, 200.0], 1.2, 0.785)
    assert sigma.value == pytest.approx([0.12 / 0.785 / 100, 0.12 / 0.785 / 200], rel=1e-12)
    assert sigma.standard_error.tolist() == [0.0, 0.0]
    assert np.isnan(conductivity_from_resistance([0.0, -1.0], 1.0, 1.0).value).all()
    assert np.isnan(conductivity_from_resistance(1.0, 0.0, 1.0).value)


def test_errors_of_conductivity_add_in_squares() -> None:
    rng = np.random.default_rng(1)
    resistance, thickness, area = rng.normal(100, 2, 400_000), rng.normal(1, 0.01, 400_000), 0.785
    drawn = conductivity_from_resistance(resistance, thickness, rng.normal(area, 0.01, 400_000)).value
    computed = conductivity_from_resistance(
        100.0, 1.0, area, resistance_error_ohm=2.0, thickness_error_mm=0.01, area_error_cm2=0.01
    )
    assert computed.standard_error == pytest.approx(drawn.std(), rel=0.01)


def test_area_specific_resistance_is_per_interface() -> None:
    assert area_specific_resistance([10.0, 0.0, -1.0], 0.5, interfaces=2).tolist()[:2] == [2.5, 0.0]
    assert np.isnan(area_specific_resistance(-1.0, 0.5))
    assert np.isnan(area_specific_resistance(1.0, 0.0))
    with pytest.raises(SsePredictError, match="got 0 interfaces"):
        area_specific_resistance(1.0, 1.0, interfaces=0)


def test_an_interlayer_lowers_the_resistance_by_the_published_ratio() -> None:
    """doi 10.1039/d2sc05120f: 391 ohm cm2 pristine, 1.5 with a Pb/C interlayer; the ratio needs no area."""
    cells = load_dataset().cells.set_index("measurement_id")
    pristine, coated = cells.loc["F01819", "value"], cells.loc["F01818", "value"]
    assert (pristine, coated) == (391.0, 1.5)
    area = 0.636
    resistances = np.array([pristine, coated]) * 2 / area
    found = area_specific_resistance(resistances, area, interfaces=2)
    assert found == pytest.approx([391.0, 1.5], rel=1e-12)
    assert found[0] / found[1] == pytest.approx(260.67, abs=0.01)


def test_transference_without_interfaces_is_the_ratio_of_currents() -> None:
    assert bruce_vincent_transference(2e-3, [1.96e-3, 1e-3], 0.01) == pytest.approx([0.98, 0.5])


def test_transference_corrects_for_the_interfaces() -> None:
    # Evans, Vincent, Bruce (1987): t = I_s (V - I_0 R_0) / (I_0 (V - I_s R_s))
    found = bruce_vincent_transference(20e-6, 15e-6, 0.010, 200.0, 250.0)
    assert found == pytest.approx(15 * (10 - 20 * 0.2) / (20 * (10 - 15 * 0.25)), rel=1e-12)


def test_transference_is_one_when_only_interfaces_change() -> None:
    """A conductor of cations alone: bulk resistance R_b in series, the current follows the interfaces."""
    bulk, start, end, voltage = 300.0, 100.0, 250.0, 0.01
    found = bruce_vincent_transference(voltage / (bulk + start), voltage / (bulk + end), voltage, start, end)
    assert found == pytest.approx(1.0, rel=1e-12)


def test_transference_that_cannot_be_computed() -> None:
    assert np.isnan(
        bruce_vincent_transference([0.0, 1e-3, 1e-3], 5e-4, [0.01, -0.01, 0.01], [0, 0, 11.0])
    ).all()


def test_published_transference_numbers_are_reachable() -> None:
    transport = load_dataset().transport
    reported = transport.loc[transport["quantity"] == "transference_number", "value"].to_numpy()
    assert {0.79, 0.98} <= set(reported)  # doi 10.1039/d5eb00075k
    assert bruce_vincent_transference(1e-3, reported * 1e-3, 0.01) == pytest.approx(reported, rel=1e-12)


def test_young_dupre() -> None:
    assert work_of_adhesion(0.2, [0.0, 60.0, 90.0, 180.0]) == pytest.approx([0.4, 0.3, 0.2, 0.0], abs=1e-12)
    assert np.isnan(work_of_adhesion(0.2, [-1.0, 181.0])).all()


def test_the_printed_work_of_adhesion_does_not_follow_from_its_surface_energy() -> None:
    """Printed: 0.5036 J/m2 at 0° with 0.2523 J/m2 for sodium. The relation gives 0.5046: a misprint."""
    assert round(float(work_of_adhesion(0.2523, 0.0)), 4) == 0.5046
    assert float(work_of_adhesion(0.2523, 0.0)) - 0.5036 == pytest.approx(0.0010, abs=1e-9)
    assert round(float(work_of_adhesion(0.2518, 0.0)), 4) == 0.5036
    assert round(float(work_of_adhesion(0.2523, 5.1)), 4) == 0.5036


def test_fade_of_the_published_cell() -> None:
    # doi 10.1007/s40820-024-01474-6: 86.4 % after 650 cycles, 0.0209 % per cycle.
    assert round(float(fade_per_cycle(86.4, 650)), 4) == 0.0209
    assert fade_per_cycle([100.0, 110.0], 10).tolist() == [0.0, -1.0]
    assert np.isnan(fade_per_cycle(90.0, [0, -1])).all()
    # The other cell of the paper: 73.1 % after 4000 cycles is 0.0067, not the 0.005 that is printed.
    assert round(float(fade_per_cycle(73.1, 4000)), 4) == 0.0067


@pytest.mark.parametrize("convention", ["linear", "compound"])
def test_fade_and_retention_invert_each_other(convention: str) -> None:
    left = np.array([100.0, 98.71, 86.4, 50.0, 1.0])
    fade = fade_per_cycle(left, 650, convention)
    assert retention_after(fade, 650, convention) == pytest.approx(left, abs=1e-9)


def test_the_conventions_differ() -> None:
    assert fade_per_cycle(50.0, 2, "linear") == pytest.approx(25.0)
    assert fade_per_cycle(50.0, 2, "compound") == pytest.approx(100 * (1 - np.sqrt(0.5)))
    assert retention_after(1.0, 200) == 0.0
    assert retention_after(1.0, 200, "compound") == pytest.approx(100 * 0.99**200)
    assert np.isnan(fade_per_cycle(-5.0, 10, "compound"))
    assert np.isnan(retention_after(0.1, -1))
    with pytest.raises(SsePredictError, match="unknown convention 'compund'; did you mean 'compound'"):
        fade_per_cycle(90.0, 10, "compund")
