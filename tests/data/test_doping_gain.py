"""Gains against the work's own reference, and nothing that is not comparable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.hosts import composition_keys, hosts_of
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.doping_gain import departures, doping_gains, isotherms

HOST, DOPED, MORE = "Na3Zr2Si2PO12", "Na3.2Zr1.8Sc0.2Si2PO12", "Na3.4Zr1.6Sc0.4Si2PO12"


class Measured:
    """Stands in for a dataset: what `training_frame` gives."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        frame = pd.DataFrame(
            [
                {
                    "measurement_id": f"m{number}",
                    "work_id": "w",
                    "contribution": "total",
                    "synthesis": "solid_state",
                    "temperature_c": 25.0,
                    "bound": "",
                    "suspect": 0,
                    "computed": 0,
                    "composite": 0,
                    **row,
                }
                for number, row in enumerate(rows)
            ]
        )
        sites = parse_sites(frame["formula"].tolist())
        self.frame = frame.assign(
            host=hosts_of(sites), composition_key=composition_keys(sites), framework=sites.framework
        )

    def training_frame(self, quantity: str) -> pd.DataFrame:
        assert quantity == "conductivity"
        return self.frame


def row(formula: str, value: float, **others: Any) -> dict[str, Any]:
    return {"formula": formula, "value": value, **others}


def test_gain_is_the_decades_above_the_undoped_sample():
    gains = doping_gains(Measured(row(DOPED, 1e-3), row(HOST, 1e-4), row(MORE, 1e-5)))
    assert gains["doped_formula"].tolist() == [DOPED, MORE]
    np.testing.assert_allclose(gains["gain"], [1.0, -1.0])
    assert set(gains["reference_formula"]) == {HOST}
    assert set(gains["host_group"]) == {"Na3Zr2Si2PO12"}
    assert gains["reference_measurement_ids"].tolist() == ["m1", "m1"]
    np.testing.assert_allclose(gains["doped_departure"], [0.2, 0.4])


def test_least_doped_is_the_reference_where_the_host_was_not_measured():
    (line,) = doping_gains(Measured(row(MORE, 1e-2), row(DOPED, 1e-3))).to_dict("records")
    assert (line["reference_formula"], line["doped_formula"]) == (DOPED, MORE)
    assert line["reference_departure"] == pytest.approx(0.2)
    assert line["gain"] == pytest.approx(1.0)


def test_samples_of_one_composition_count_as_their_median():
    found = doping_gains(Measured(row(HOST, 1e-4), *(row(DOPED, value) for value in (1e-3, 1e-2, 1e-1))))
    assert found["gain"].tolist() == [pytest.approx(2.0)]
    assert found["doped_measurement_ids"].tolist() == ["m1;m2;m3"]


@pytest.mark.parametrize(
    "other",
    [
        {"work_id": "v"},
        {"contribution": "bulk"},
        {"synthesis": "sol_gel"},
        {"temperature_c": 30.1},
        {"temperature_c": float("nan")},
        {"suspect": 1},
        {"computed": 1},
        {"composite": 1},
        {"bound": "<"},
    ],
)
def test_what_is_not_comparable_forms_no_pair(other):
    assert doping_gains(Measured(row(HOST, 1e-4), row(DOPED, 1e-3, **other))).empty


def test_five_kelvin_are_the_same_temperature():
    assert len(doping_gains(Measured(row(HOST, 1e-4), row(DOPED, 1e-3, temperature_c=30.0)))) == 1


def test_every_temperature_is_a_series_of_its_own():
    rows = [row(HOST, 1e-4), row(DOPED, 1e-3), row(HOST, 1e-2), row(DOPED, 1e-2)]
    for number, temperature in enumerate((25.0, 25.0, 300.0, 302.0)):
        rows[number]["temperature_c"] = temperature
    found = doping_gains(Measured(*rows))
    np.testing.assert_allclose(found["gain"], [1.0, 0.0], atol=1e-12)
    assert found["temperature_c"].tolist() == [25.0, 301.0]


def test_departure_counts_both_sites_and_not_the_mobile_ion():
    found = departures(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Na3.2Zr2Si2.2P0.8O12", HOST], [HOST] * 3)
    np.testing.assert_allclose(found, [0.3, 0.2, 0.0], atol=1e-9)


def test_isotherms_do_not_chain():
    series = pd.DataFrame({"work": ["a"] * 4})
    found = isotherms(series, np.array([20.0, 24.0, 28.0, float("nan")]))
    np.testing.assert_array_equal(found, [0.0, 0.0, 1.0, float("nan")])


def test_shipped_dataset(dataset):
    gains = doping_gains(dataset)
    ids = set(dataset.transport["measurement_id"])
    used = set(";".join(gains["doped_measurement_ids"]).split(";"))
    assert used <= ids
    suspect = dataset.transport.loc[dataset.transport["suspect"] == 1, "measurement_id"]
    assert not used & set(suspect)
    assert np.isfinite(gains["gain"]).all()
    assert (gains["host_group"] == "Na3Zr2Si2PO12").sum() >= 30
