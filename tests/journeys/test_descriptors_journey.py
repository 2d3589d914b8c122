"""Compute descriptors, gather them, and what wrong input says."""

from __future__ import annotations

import json
import shutil
from typing import Any, ClassVar

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

from ssepredict import cli
from ssepredict.data.descriptors import append_record, read_descriptors, read_dynamics, read_records
from ssepredict.resources import shipped_folder
from ssepredict.structures import descriptors, potentials


def _fails(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        cli.main(["descriptors", *arguments])
    assert end.value.code == 1
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("host", "ions", "message"),
    [
        ("Na3Zr2Si2P012", "Sc3+", "did you mean 'Na3Zr2Si2PO12'"),
        ("Na3Zr2Si2PO12", "Sc", "expected element, charge and sign, e.g. Sc3+"),
        ("Na3Zr2Si2PO12", "Sc3+,Xx2+", "unknown element"),
    ],
)
def test_wrong_input_is_one_message(capsys, tmp_path, host, ions, message):
    said = _fails(capsys, "compute", "--host", host, "--ions", ions, "--out", str(tmp_path / "a.jsonl"))
    assert message in said
    assert not (tmp_path / "a.jsonl").exists()


@pytest.mark.parametrize(("potential", "extra"), [("CHGNet", "structure"), ("SevenNet", "sevennet")])
@pytest.mark.parametrize("command", [("compute", "--ions", "In3+"), ("dynamics", "--temperatures", "800")])
def test_missing_potential_names_the_extra(capsys, tmp_path, monkeypatch, command, potential, extra):
    monkeypatch.setattr(potentials.importlib.util, "find_spec", lambda name: None)
    out = str(tmp_path / "a.jsonl")
    said = _fails(capsys, *command, "--host", "Li3YCl6", "--potential", potential, "--out", out)
    assert f"{potential} is not installed; run: pip install 'ssepredict[{extra}]'" in said


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (("--potential", "SevenNett"), "did you mean 'SevenNet'?; expected one of CHGNet, SevenNet"),
        (("--weights", "7net-0"), "CHGNet carries no weights '7net-0'; expected one of 0.3.0"),
        (("--potential", "sevennet", "--weights", "7net-omni"), "expected one of 7net-0, 7net-l3i5"),
    ],
)
def test_unknown_potential_names_the_known_ones(capsys, tmp_path, chosen, message):
    out = tmp_path / "a.jsonl"
    said = _fails(capsys, "compute", "--host", "Li3YCl6", "--ions", "In3+", *chosen, "--out", str(out))
    assert message in " ".join(said.split())
    assert not out.exists()


def test_table_of_nothing_is_refused(capsys, tmp_path):
    said = _fails(capsys, "table", str(tmp_path / "none.jsonl"), "--out", str(tmp_path / "descriptors.csv"))
    assert "no finished configuration; run compute first" in said


def test_finished_configurations_become_a_table(tmp_path, capsys):
    record = {
        "key": "undoped|Li3YCl6|Y3+|0|0|x", "kind": "undoped", "host": "Li3YCl6", "ion": "Y3+", "count": 0,
        "seed": 0, "potential": "x", "versions": "x 1", "formula_units": 6, "atoms": 60, "metal_sites": 6,
        "energy_ev": -1.0, "steps": 1, "converged": True, "stress_gpa": 0.05,
        "figures": {"volume": 217.7, "barrier_1d": None},
        "lattice": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    }  # fmt: skip
    append_record(tmp_path / "a.jsonl", record)
    with pytest.raises(SystemExit) as end:
        cli.main(
            ["descriptors", "table", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "descriptors.csv")]
        )
    assert not end.value.code
    assert capsys.readouterr().out.strip().endswith("descriptors.csv")
    (row,) = read_descriptors(tmp_path).to_dict("records")
    assert (row["host"], row["descriptor"], row["mean"], row["fraction"]) == ("Li3YCl6", "volume", 217.7, 0.0)


def test_shipped_descriptors_are_checked_against_the_literature(capsys):
    with pytest.raises(SystemExit):
        cli.main(["descriptors", "check", "--json"])
    found = json.loads(capsys.readouterr().out)
    volume = [line for line in found["checks"] if line["descriptor"] == "volume_strain"]
    assert volume
    repeated = [line for line in volume if line["n"] >= 10 and line["reliability"] is not None]
    assert repeated
    assert all(line["spearman"] > 0 for line in repeated)
    assert all(abs(line["error_pct"]) < 10 for line in found["volumes"])
    checked = {line["potential"] for line in found["checks"]}
    assert {line["potential"] for line in found["volumes"]} <= checked
    passed = {
        (line["potential"], line["host"], line["descriptor"]) for line in found["checks"] if line["passed"]
    }
    used = {
        (potential, host, name)
        for potential, hosts in found["used"].items()
        for host, names in hosts.items()
        for name in names
    }
    assert used <= passed
    with pytest.raises(SystemExit):
        cli.main(["descriptors", "check"])
    assert "reported activation energy" in capsys.readouterr().out


def test_dataset_without_descriptors_says_how_to_make_them(tmp_path, capsys):
    folder = tmp_path / "mine"
    shutil.copytree(shipped_folder("datasets"), folder)
    (folder / "descriptors.csv").unlink()
    assert "descriptors compute" in _fails(capsys, "check", str(folder))


class Free(Calculator):
    """No forces: every ion flies on."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        count = len(self.atoms)
        self.results = {"energy": -float(count), "forces": np.zeros((count, 3)), "stress": np.zeros(6)}


def _dynamics(out, *more):
    with pytest.raises(SystemExit) as end:
        cli.main(["descriptors", "dynamics", "--host", "Li3YCl6", "--out", str(out), *more])
    return end.value.code


def test_dynamics_of_a_doped_cell_become_diffusivities(tmp_path, capsys, monkeypatch):
    free = potentials.Potential("free", "none 0", Free)
    monkeypatch.setitem(potentials.POTENTIALS, "SevenNet", lambda *_, **__: free)
    monkeypatch.setattr(descriptors, "BVSE_RESOLUTION_ANGSTROM", 0.8)
    out, csv = tmp_path / "a.jsonl", tmp_path / "dynamics.csv"
    doped = ("--ion", "In3+", "--count", "1", "--temperatures", "300,1200", "--potential", "SevenNet")
    assert not _dynamics(out, *doped, "--picoseconds", "0.5")
    half = read_records(out)
    assert [record["kind"] for record in half.values()].count("dynamics") == 10
    assert not _dynamics(out, *doped, "--picoseconds", "1.0")
    assert list(read_records(out))[: len(half)] == list(half)
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        cli.main(
            ["descriptors", "diffusivity", str(out), "--out", str(csv), "--lags", "0.1,0.3",
             "--equilibration", "0.2"]
        )  # fmt: skip
    assert not end.value.code
    said = capsys.readouterr()
    assert said.out.strip() == str(csv)
    assert "activation_energy_ev" in said.err
    table = read_dynamics(tmp_path)
    assert table["temperature_k"].tolist() == [300.0, 1200.0]
    assert table["fraction"].tolist() == [0.1667] * 2
    cold, hot = table["diffusivity_cm2_s"]
    assert hot > cold > 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["dynamics", "--host", "Li3YCl6", "--temperatures", "warm"],
            "--temperatures 'warm': expected positive",
        ),
        (["dynamics", "--host", "Li3YCl6", "--temperatures", "-300"], "expected positive numbers"),
        (["diffusivity", "none.jsonl"], "no molecular dynamics; run dynamics first"),
        (["diffusivity", "none.jsonl", "--lags", "1.0,0.4"], "a shorter and a longer time"),
    ],
)
def test_wrong_dynamics_are_one_message(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert message in _fails(capsys, *arguments)
    assert not list(tmp_path.iterdir())
