from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from ssepredict.data.dataset import load_dataset
from ssepredict.data.descriptors import read_dynamics, write_descriptors
from ssepredict.modeling.card_descriptors import descriptor_record, descriptors_text
from ssepredict.resources import shipped_folder

HOST = "Na3Zr2Si2PO12"


@pytest.fixture(scope="module")
def record():
    return descriptor_record(load_dataset())


def _run(temperature, diffusivity, hops, host=HOST):
    return {
        "host": host, "ion": "Zr4+", "fraction": 0.0, "temperature_k": temperature,
        "diffusivity_cm2_s": diffusivity, "standard_error_cm2_s": 0.2 * diffusivity, "blocks": 2,
        "hops": hops, "mobile_ions": 18, "length_ps": 2.5, "equilibration_ps": 0.5, "timestep_fs": 2.0,
        "lag_low_ps": 0.4, "lag_high_ps": 1.0, "mean_temperature_k": temperature, "method": "x",
        "versions": "x 0", "cell": "120 ions, 6 formula units", "seed": "0",
    }  # fmt: skip


def test_section_names_every_check_and_what_is_not_used(record):
    text = descriptors_text(record)
    assert text.startswith("## Computed descriptors")
    assert text.count("\n| ") == 1 + len(record["checks"]) + (
        1 + len(record["dynamics"]) if record["dynamics"] else 0
    )
    assert f"- {HOST}: usable " in text
    failed = {line["descriptor"] for line in record["checks"] if line["host"] == HOST and not line["passed"]}
    (verdict,) = [line for line in text.splitlines() if line.startswith(f"- {HOST}:")]
    assert failed <= set(verdict.split("not used: ")[1].split(", because")[0].split(", "))
    assert "mean error +" in text


def test_record_is_json_and_text_survives_it(record):
    again = json.loads(json.dumps(record, allow_nan=False))
    assert descriptors_text(again) == descriptors_text(record)


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
    mine = {**record, "dynamics": read.to_dict("records"), "arrhenius": []}
    text = descriptors_text(mine)
    assert "| Na3Zr2Si2PO12 | 800 | 2.5 | 1.0e-05 | 2e-06 | 12 | 18 |" in text
    assert "as few as 0 jumps these are orders of magnitude" in text
