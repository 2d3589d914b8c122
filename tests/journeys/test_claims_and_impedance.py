"""From the command line: a stated mechanism, and a spectrum that becomes a row of one's own dataset."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ssepredict.data.dataset import load_dataset


def test_a_contradicted_claim_is_told_with_its_numbers(ssepredict) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict(
        "check", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "--claim", "vacancies=up", "--host", "Na3Zr2Si2PO12"
    )
    assert done.status == 0
    said = "vacancies fall from 1.0 to 0.6 per formula unit; the claim says up: contradicted"
    assert said in done.out
    assert "configurational entropy" in done.out


def test_claims_in_json(ssepredict) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict(
        "check", "Li1.8Zr0.8Nb0.2Cl6", "--claim", "vacancies=up", "--claim", "carriers=up", "--json"
    )
    claims = json.loads(done.out)["claims"]
    assert [(claim["quantity"], claim["computed"], claim["agrees"]) for claim in claims] == [
        ("vacancies", "up", True),
        ("carriers", "down", False),
    ]
    assert claims[0]["host"] == "Li2ZrCl6"
    assert (claims[0]["host_value"], claims[0]["value"]) == (pytest.approx(3.0), pytest.approx(3.2))
    record = json.loads(done.out)["formulas"][0]
    assert record["entropy_kb"] == pytest.approx(sum(site["entropy_kb"] for site in record["sites"].values()))


def test_a_host_alone_asks_for_the_change(ssepredict) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict("check", "Na3.2Zr1.8Sc0.2Si2PO12", "--host", "Na3Zr2Si2PO12")
    assert "vacancies fall from 1.0 to 0.8 per formula unit" in done.out
    assert "carriers rise from 3.0 to 3.2 per formula unit" in done.out


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--claim", "vacancy=up"), "unknown quantity 'vacancy'; did you mean 'vacancies'?"),
        (("--claim", "up"), "expected QUANTITY=DIRECTION"),
        (("--claim", "vacancies=up", "--host", "Na3Xy"), "host of the claim"),
        (("--claim", "vacancies=up", "--host", "Li2ZrCl6"), "give a host of the same framework"),
    ],
)
def test_bad_claims(ssepredict, options: tuple[str, ...], problem: str) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict("check", "Na3.2Zr1.8Sc0.2Si2PO12", *options)
    assert done.status == 1
    assert problem in done.err


@pytest.fixture
def spectrum(tmp_path: Path) -> Path:
    frequency = np.logspace(7, 0, 57)
    omega = 2j * np.pi * frequency
    impedance = (
        1 / (1 / 120 + 2e-10 * omega**0.95) + 1 / (1 / 380 + 5e-8 * omega**0.9) + 1 / (2e-6 * omega**0.85)
    )
    rng = np.random.default_rng(5)
    impedance = impedance * (1 + 0.005 * (rng.normal(size=57) + 1j * rng.normal(size=57)))
    lines = [
        f"{f!r},{z.real!r},{z.imag!r}" for f, z in zip(frequency.tolist(), impedance.tolist(), strict=True)
    ]
    file = tmp_path / "pellet.csv"
    file.write_text("\n".join(["frequency_hz,z_real_ohm,z_imag_ohm", *lines]))
    return file


def test_a_spectrum_becomes_a_row(ssepredict, spectrum: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict(
        "data", "fit-impedance", str(spectrum), "--thickness-mm", "1.2", "--area-cm2", "0.785",
        "--formula", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "--temperature", "25", "--out", "fit", "--json",
    )  # fmt: skip
    assert done.status == 0, done.err
    document = json.loads(done.out)
    total = document["contributions"]["total"]
    assert total["conductivity_s_cm"] == pytest.approx(0.12 / (0.785 * 500), rel=0.02)
    assert abs(total["conductivity_s_cm"] - 0.12 / (0.785 * 500)) < 4 * total["conductivity_error_s_cm"]
    assert {path.name for path in (tmp_path / "fit").iterdir()} == {"row.csv", "nyquist.png", "fit.json"}
    assert (tmp_path / "fit" / "nyquist.png").read_bytes().startswith(b"\x89PNG")
    added = ssepredict("data", "add", "fit/row.csv", "--dataset", "mine")
    assert added.status == 0, added.err
    mine, shipped = load_dataset(tmp_path / "mine").transport, load_dataset().transport
    new = mine[~mine["measurement_id"].isin(shipped["measurement_id"])].set_index("contribution")
    assert set(new.index) == {"total", "bulk", "grain_boundary"}
    assert new.loc["total", "value"] == pytest.approx(total["conductivity_s_cm"])
    assert (new["temperature_c"] == 25).all()


def test_without_a_formula_there_is_no_row(ssepredict, spectrum: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict(
        "data", "fit-impedance", str(spectrum), "--thickness-mm", "1.2", "--area-cm2", "0.785", "--out", "fit"
    )
    assert done.status == 0, done.err
    assert "grain boundary" in done.out
    assert not (tmp_path / "fit" / "row.csv").exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (("--thickness-mm", "0", "--area-cm2", "1"), "thickness_mm is 0, expected a positive number"),
        (("--thickness-mm", "1", "--area-cm2", "-1"), "area_cm2 is -1, expected a positive number"),
        (("--thickness-mm", "1", "--area-cm2", "1", "--formula", "Na3Xy"), "unknown element"),
    ],
)
def test_bad_geometry(ssepredict, spectrum: Path, options: tuple[str, ...], problem: str) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict("data", "fit-impedance", str(spectrum), *options)
    assert done.status == 1
    assert problem in done.err


def test_a_missing_file_is_named(ssepredict) -> None:  # type: ignore[no-untyped-def]
    done = ssepredict("data", "fit-impedance", "nowhere.csv", "--thickness-mm", "1", "--area-cm2", "1")
    assert done.status == 1
    assert "nowhere.csv" in done.err
