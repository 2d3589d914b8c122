from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.structures.campaign import finished, plan, run
from ssepredict.structures.hosts import find_host
from ssepredict.structures.potentials import potential_names
from ssepredict.structures.summary import descriptor_table

LYC = find_host("Li3YCl6")
IONS = [Ion("In", 3), Ion("Zr", 4)]


@pytest.fixture(scope="module")
def tasks(sum_of_elements):
    return plan(LYC, IONS, count=1, configurations=2, potential=sum_of_elements.name)


@pytest.fixture(scope="module")
def records(tasks, sum_of_elements):
    return {task.key: record for task, record in run(tasks, sum_of_elements, {})}


def test_every_task_becomes_a_record_that_json_can_hold(tasks, records):
    assert [task.key for task in tasks] == [record["key"] for record in records.values()]
    assert all(json.loads(json.dumps(record, allow_nan=False)) == record for record in records.values())
    assert all("problem" not in record for record in records.values())


def test_a_finished_task_is_not_computed_again(tasks, records, sum_of_elements):
    assert list(run(tasks, sum_of_elements, records)) == []
    half = dict(list(records.items())[:-2])
    rest = {task.key: record for task, record in run(tasks, sum_of_elements, half)}
    assert [*half, *rest] == list(records)
    for key, record in rest.items():
        assert {**record, "seconds": 0} == {**records[key], "seconds": 0}


def test_a_cell_that_was_relaxed_less_strictly_is_continued(tasks, records, sum_of_elements):
    loose = {key: {**record, "stress_gpa": 0.5} for key, record in records.items()}
    stretched = np.array(records[tasks[0].key]["lattice"]) * 1.01
    loose[tasks[0].key]["lattice"] = stretched.tolist()
    assert not any(finished(record) for record in loose.values())
    assert descriptor_table(loose.values()).empty
    again = {task.key: record for task, record in run(tasks[:1], sum_of_elements, loose)}
    (record,) = again.values()
    assert finished(record)
    assert np.array(record["lattice"]) == pytest.approx(stretched)  # nothing moves: where it was left
    assert finished({"problem": "cannot be built"})
    assert not finished(None)


def test_nothing_moves_without_forces(tasks, records):
    undoped, doped = records[tasks[0].key], records[tasks[3].key]
    assert np.array(doped["lattice"]) == pytest.approx(np.array(undoped["lattice"]))
    shared = sorted(set(doped["sites"]) & set(undoped["sites"]))
    places = [dict(zip(r["sites"], r["fractional"], strict=True)) for r in (doped, undoped)]
    assert all(places[0][site] == places[1][site] for site in shared)


def test_table_of_an_ideal_mixture(records):
    table = descriptor_table(records.values())
    doped = table[(table["host"] == "Li3YCl6") & (table["fraction"] == 0.1667)].set_index(
        ["ion", "descriptor"]
    )
    for ion in ("In3+", "Zr4+"):
        assert doped.loc[(ion, "mixing_energy"), "mean"] == pytest.approx(0.0, abs=1e-4)
        assert doped.loc[(ion, "volume_strain"), "mean"] == 0.0
        assert doped.loc[(ion, "volume"), "configurations"] == 2
    assert doped.loc[("In3+", "volume"), "spread"] == 0.0
    assert doped.loc[("In3+", "volume"), "seed"] == "0 1"
    end_members = table[table["fraction"] == 1.0]
    assert set(end_members["ion"]) == {"In3+"}
    assert {"volume", "barrier_1d", "site_energy_spread"} <= set(end_members["descriptor"])
    assert not table.duplicated(["host", "ion", "fraction", "descriptor"]).any()


def test_an_end_member_that_is_a_host_stands_as_that_host(records):
    table = descriptor_table(records.values())
    hosts = table[table["fraction"] == 0.0].groupby("host")
    assert set(hosts.groups) == {"Li3YCl6", "Li2ZrCl6"}
    assert set(hosts.get_group("Li2ZrCl6")["configurations"]) == {1}
    assert set(hosts.get_group("Li3YCl6")["configurations"]) == {
        2
    }  # its own configurations, not the end member
    assert set(hosts.get_group("Li2ZrCl6")["cell"]) == {"27 ions, 3 formula units"}


def test_relaxations_that_did_not_converge_do_not_count(records):
    given_up = [
        {**record, "converged": not (record["kind"] == "doped" and record["ion"] == "In3+")}
        for record in records.values()
    ]
    table = descriptor_table(given_up)
    assert "In3+" not in set(table.loc[table["fraction"] < 1, "ion"])


def test_energies_of_two_potentials_never_meet(tasks, records):
    """Half of what a mixing energy needs is there with another potential only: nothing is mixed."""
    moved = {
        record["key"]: record for record in (_of("other", record) for record in list(records.values())[:4])
    }
    alone = descriptor_table(moved.values())
    both = descriptor_table([*records.values(), *moved.values()])
    potential = potential_names(both)
    assert set(potential) == {"other", "sum of elements"}
    pd.testing.assert_frame_equal(both[potential == "other"].reset_index(drop=True), alone)
    assert "mixing_energy" not in set(alone["descriptor"])
    own = both[potential == "sum of elements"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, descriptor_table(records.values()))


def _of(potential, record):
    key = "|".join([*record["key"].split("|")[:-1], potential])
    return {**record, "key": key, "potential": potential}


def test_what_cannot_be_built_is_a_record_with_its_reason(sum_of_elements):
    tasks = plan(LYC, [Ion("Mg", 2)], count=7, configurations=1, potential=sum_of_elements.name)
    problems = [record.get("problem", "") for _, record in run(tasks, sum_of_elements, {})]
    assert "7 of 6 Y3+ cannot be replaced" in problems[2]
    assert descriptor_table([]).empty
    assert isinstance(descriptor_table([]), pd.DataFrame)
