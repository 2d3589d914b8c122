from __future__ import annotations

import json
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from ase.calculators.calculator import Calculator, all_changes

from ssepredict.exceptions import SsePredictError
from ssepredict.structures.campaign import Task, run
from ssepredict.structures.dynamics import CHUNK_STEPS, SAMPLE_STEPS, Run, simulate, trajectory
from ssepredict.structures.mobility import arrhenius_table, mobility_table
from ssepredict.structures.potentials import Potential, chgnet_potential

HOST = "Li3YCl6"


class Springs(Calculator):
    """Every ion but Li on a spring to the place where the first crystal has it; Li is free."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]
    places: ClassVar[Any] = None

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if Springs.places is None:
            Springs.places = self.atoms.get_positions()
        held = np.array([symbol != "Li" for symbol in self.atoms.symbols])[:, None]
        away = (self.atoms.get_positions() - self.places) * held
        self.results = {"energy": float(2.0 * (away**2).sum()), "forces": -4.0 * away, "stress": np.zeros(6)}


@pytest.fixture(scope="module")
def springs():
    return Potential("springs", "none 0", Springs)


@pytest.fixture(scope="module")
def relaxed(springs):
    task = Task("undoped", HOST, "Y3+", 0, 0, springs.name)
    return {done.key: record for done, record in run([task], springs, {})}


@pytest.fixture(scope="module")
def runs(relaxed, springs):
    task = Task("undoped", HOST, "Y3+", 0, 0, springs.name)
    return [Run(task, 600.0), Run(task, 1200.0)]


@pytest.fixture(scope="module")
def records(runs, relaxed, springs):
    return [record for _, record in simulate(runs, 3.0, springs, relaxed)]


def test_temperatures_take_turns_and_every_chunk_is_a_line_of_json(records):
    assert [record["temperature_k"] for record in records[:4]] == [600.0, 1200.0, 600.0, 1200.0]
    assert len(records) == 60
    assert json.loads(json.dumps(records[3], allow_nan=False)) == records[3]
    assert np.array(records[0]["frames"]).shape == (CHUNK_STEPS // SAMPLE_STEPS, 18, 3)


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(records, runs, relaxed, springs):
    before = relaxed | {record["key"]: json.loads(json.dumps(record)) for record in records[:5]}
    rest = [record for _, record in simulate(runs, 0.5, springs, before)]
    assert [record["key"] for record in rest] == [record["key"] for record in records[5:10]]
    assert rest[-1]["positions"] == records[9]["positions"]
    assert rest[-1]["velocities"] == records[9]["velocities"]
    whole = relaxed | {record["key"]: record for record in records}
    assert list(simulate(runs, 0.5, springs, whole)) == []


def test_the_thermostat_holds_its_temperature_and_the_whole_stays_at_rest(records):
    for kelvin in (600.0, 1200.0):
        warm = [r["mean_temperature_k"] for r in records if r["temperature_k"] == kelvin][10:]
        assert np.mean(warm) == pytest.approx(kelvin, rel=0.1)


def test_table_holds_what_moved(records):
    table = mobility_table(records, lags_ps=(0.2, 0.6))
    assert table["temperature_k"].tolist() == [600.0, 1200.0]
    assert (table["host"] == HOST).all()
    assert table["mobile_ions"].tolist() == [18, 18]
    assert table["length_ps"].tolist() == [pytest.approx(2.48)] * 2
    assert (table["diffusivity_cm2_s"] > 0).all()
    assert (table["hops"] > 18).all()
    (line,) = arrhenius_table(table).to_dict("records")
    assert line["hops"] == table["hops"].min()
    assert line["potential"] == "springs"
    assert arrhenius_table(table.iloc[:1]).empty


def test_no_activation_energy_lies_between_two_potentials(records):
    table = mobility_table(records, lags_ps=(0.2, 0.6))
    other = table.assign(method="somehow; ropes", diffusivity_cm2_s=2.0 * table["diffusivity_cm2_s"])
    both = arrhenius_table(pd.concat([table, other]))
    assert both["potential"].tolist() == ["ropes", "springs"]
    assert np.ptp(both["activation_energy_ev"]) < 1e-9
    assert arrhenius_table(pd.concat([table.iloc[:1], other.iloc[1:]])).empty


def test_a_gap_and_a_start_without_a_crystal_are_refused(records, runs, springs):
    hot = [record for record in records if record["temperature_k"] == 600.0]
    with pytest.raises(SsePredictError, match=r"chunks of .* are missing"):
        trajectory([hot[0], hot[2]], 0.0)
    with pytest.raises(SsePredictError, match=r"no longer than 9 ps"):
        trajectory(hot, 9.0)
    with pytest.raises(SsePredictError, match=r"relaxed cell .* is missing"):
        list(simulate(runs, 0.1, springs, {}))


def test_a_run_is_not_continued_in_another_cell(records, runs, relaxed, springs):
    ((key, record),) = relaxed.items()
    wider = {key: {**record, "lattice": (1.01 * np.array(record["lattice"])).tolist()}}
    begun = {chunk["key"]: chunk for chunk in records[:2]}
    with pytest.raises(SsePredictError, match=r"began in another cell.*begin in a new file"):
        list(simulate(runs, 0.2, springs, wider | begun))


def test_an_explosion_is_named(relaxed, runs):
    class Repelling(Springs):
        def calculate(self, *arguments):
            super().calculate(*arguments)
            self.results["forces"] = 200.0 * (self.atoms.get_positions() - self.places + 0.1)

    with pytest.raises(SsePredictError, match=r"runs away.*shorter time step"):
        list(simulate(runs[:1], 1.0, Potential("springs", "none 0", Repelling), relaxed))


@pytest.mark.structure
def test_chgnet_moves_the_ions_of_a_halide_and_keeps_its_framework(sum_of_elements):
    task = Task("undoped", HOST, "Y3+", 0, 0, sum_of_elements.name)
    ideal = {done.key: record for done, record in run([task], sum_of_elements, {})}
    found = [record for _, record in simulate([Run(task, 300.0)], 0.1, chgnet_potential(stress=False), ideal)]
    moved = np.array(found[-1]["frames"])
    assert 20 < found[-1]["mean_temperature_k"] < 3000
    assert 0.001 < np.abs(moved - moved[0]).max() < 3.0
