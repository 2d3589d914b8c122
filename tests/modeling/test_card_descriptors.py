from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from ssepredict.data.dataset import load_dataset
from ssepredict.data.descriptors import read_descriptors, read_dynamics, write_descriptors
from ssepredict.modeling.card_descriptors import descriptor_record, descriptors_text
from ssepredict.resources import shipped_folder
from ssepredict.structures.potentials import method_text, potential_names

HOST = "Na3Zr2Si2PO12"


@pytest.fixture(scope="module")
def record():
    return descriptor_record(load_dataset())


def _run(temperature, diffusivity, hops, host=HOST):
    return {
        "host": host, "ion": "Zr4+", "fraction": 0.0, "temperature_k": temperature,
        "diffusivity_cm2_s": diffusivity, "standard_error_cm2_s": 0.2 * diffusivity, "blocks": 2,
        "hops": hops, "mobile_ions": 18, "length_ps": 2.5, "equilibration_ps": 0.5, "timestep_fs": 2.0,
        "lag_low_ps": 0.4, "lag_high_ps": 1.0, "mean_temperature_k": temperature, "method": "x; CHGNet",
        "versions": "x 0", "cell": "120 ions, 6 formula units", "seed": "0",
    }  # fmt: skip


def test_section_names_every_check_and_what_is_not_used(record):
    text = descriptors_text(record)
    assert text.startswith("## Computed descriptors")
    common = [line for line in record["common_checks"] if line["p_value_first"] is not None]
    filled = [lines for lines in (record["agreement"], common, record["dynamics"]) if lines]
    assert text.count("\n| ") == 1 + len(record["checks"]) + sum(1 + len(lines) for lines in filled)
    of_host = [line for line in record["checks"] if line["host"] == HOST]
    for potential in {line["potential"] for line in of_host}:
        mine = text.split(f"With {potential}:\n\n")[1].split("\n\n")[0]
        (verdict,) = [line for line in mine.splitlines() if line.startswith(f"- {HOST}: usable ")]
        failed = {
            line["descriptor"] for line in of_host if line["potential"] == potential and not line["passed"]
        }
        assert failed <= set(verdict.split("not used: ")[1].split(", because")[0].split(", "))
    assert "mean error +" in text


def test_record_is_json_and_text_survives_it(record):
    again = json.loads(json.dumps(record, allow_nan=False))
    assert descriptors_text(again) == descriptors_text(record)


def test_releases_of_before_there_were_two_potentials_are_read(record):
    old = {
        name: [
            {key: value for key, value in line.items() if key != "potential"}
            for line in record[name]
            if line["potential"] == "CHGNet"
        ]
        for name in ("checks", "volumes", "dynamics", "arrhenius")
    }
    text = descriptors_text(old | {"used": {HOST: ["volume_strain"]}})
    assert "With CHGNet:" in text
    assert f"- {HOST}: usable volume_strain; not used:" in text
    assert "two potentials" not in text


def test_two_potentials_are_put_beside_each_other(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(shipped_folder("datasets"), folder)
    table = read_descriptors(folder)
    table = table[potential_names(table) == "CHGNet"]
    other = table.assign(
        method=[method_text("relaxed cell", "SevenNet")] * len(table),
        mean=table["mean"].where(table["descriptor"] != "volume", 0.99 * table["mean"]),
    )
    write_descriptors(folder / "descriptors.csv", pd.concat([table, other]))
    found = descriptor_record(load_dataset(folder))
    assert descriptors_text(json.loads(json.dumps(found))) == descriptors_text(found)
    text = descriptors_text(found)
    assert "With SevenNet:" in text
    alike = [line for line in found["agreement"] if line["descriptor"] != "volume"]
    assert all(line["spearman"] == 1.0 and line["mean_difference"] == 0.0 for line in alike)
    assert any(line.startswith("| CHGNet, SevenNet | mixing_energy (eV) | ") for line in text.splitlines())
    compared = [line for line in found["common_checks"] if line["p_value_first"] is not None]
    assert f"with the second in 0 of {len(compared)} checks" in text
    volumes = text.split("Computed volumes against")[1].split("\n")[0].split("mean error ")[1:]
    means = [float(part.split(" %")[0]) for part in volumes]
    assert means[0] - means[1] == pytest.approx(1.0, abs=0.15)


def test_without_descriptors_there_is_no_section(tmp_path):
    folder = tmp_path / "mine"
    shutil.copytree(shipped_folder("datasets"), folder)
    (folder / "descriptors.csv").unlink()
    assert descriptor_record(load_dataset(folder)) == {}
    assert descriptor_record(replace(load_dataset(), folder="")) == {}
    assert descriptors_text({}) == ""


def test_dynamics_say_how_little_they_know(record, tmp_path):
    table = pd.DataFrame([_run(800.0, 1e-5, 12), _run(1000.0, 3e-5, 40), _run(900.0, -1e-6, 0, "Li3YCl6")])
    write_descriptors(tmp_path / "dynamics.csv", table)
    read = read_dynamics(tmp_path)
    assert read["hops"].tolist() == [12, 40, 0]
    lines = read.assign(potential=potential_names(read))
    energy = {
        "host": HOST, "ion": "Zr4+", "fraction": 0.0, "potential": "CHGNet", "activation_energy_ev": 0.379,
        "standard_error_ev": 0.097, "hops": 12, "reported_ev": 0.3,
    }  # fmt: skip
    mine = {**record, "dynamics": lines.to_dict("records"), "arrhenius": [energy]}
    text = descriptors_text(mine)
    assert "| Na3Zr2Si2PO12 | CHGNet | 800 | 2.5 | 1.0e-05 | 2e-06 | 12 | 18 |" in text
    assert f"{HOST} 0.379 ± 0.097 eV with CHGNet (reported 0.30)" in text
    assert "as few as 0 jumps these are orders of magnitude" in text
