from __future__ import annotations

import re

import pytest

from ssepredict.exceptions import SpaceError
from ssepredict.inference.objectives.objective import Objective, Selection, Specification, SupplyPenalties
from ssepredict.resources import shipped_objectives

EVERYTHING = """
temperature_c = 60
risk = "upper_bound"
risk_confidence = 0.8
warning_factor = 0.7
unjudged_factor = 0.6
outside_domain_factor = 0.4

[[specifications]]
target = "conductivity_s_cm"
direction = "maximise"
threshold = 1e-4
reach = 1e-2
weight = 2

[[specifications]]
target = "ccd_ma_cm2"
direction = "above"
threshold = 1

[supply]
half_price_usd_per_kg = 40
concentrated_factor = 0.9
toxic_factor = 0.1
radioactive_factor = 0

[selection]
per_dopants = 2
relevance = 0.8
pool = 5
pareto = ["conductivity_s_cm", "price_usd_per_kg"]
"""


def test_every_key_of_a_file_is_read(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(EVERYTHING, encoding="utf-8")
    expected = Objective(
        (
            Specification("conductivity_s_cm", "maximise", 1e-4, 2.0, 1e-2),
            Specification("ccd_ma_cm2", "above", 1.0),
        ),
        60.0,
        0.7,
        0.6,
        0.4,
        "upper_bound",
        0.8,
        SupplyPenalties(40.0, 0.9, 0.1, 0.0),
        Selection(2, 0.8, 5, ("conductivity_s_cm", "price_usd_per_kg")),
    )
    assert Objective.from_toml(file) == expected
    assert Objective.from_toml(str(file)) == expected


@pytest.mark.parametrize("name", shipped_objectives())
def test_every_shipped_objective_is_read_by_its_name(name):
    objective = Objective.from_toml(name)
    assert objective != Objective()
    assert Objective.from_dict(objective.to_dict()) == objective


def test_an_empty_file_is_the_default(tmp_path):
    file = tmp_path / "empty.toml"
    file.write_text("# nothing\n", encoding="utf-8")
    assert Objective.from_toml(file) == Objective()


def test_a_missing_file_offers_the_shipped_ones():
    with pytest.raises(SpaceError, match=r"'cautius' does not exist; .* did you mean 'cautious'"):
        Objective.from_toml("cautius")


def test_what_is_no_toml_is_refused(tmp_path):
    with pytest.raises(SpaceError, match=r"cannot be read .*; give a UTF-8 TOML file"):
        Objective.from_toml(tmp_path)
    file = tmp_path / "broken.toml"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(SpaceError, match=r"cannot be read .*; give a UTF-8 TOML file"):
        Objective.from_toml(file)
    file.write_text("risk = ", encoding="utf-8")
    with pytest.raises(SpaceError, match=r"is no TOML: .*; correct that place"):
        Objective.from_toml(file)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"risk": "lower"}, "risk is 'lower'; did you mean 'lower_bound'?; expected one of"),
        ({"risk_confidence": 1.0}, "risk_confidence is 1.0; expected above 0 and below 1"),
        ({"temperature_c": "25"}, "temperature_c is '25'; expected °C"),
        ({"warning_factor": "0.5"}, "warning_factor is '0.5'; expected a number from 0 to 1"),
        ({"specifications": {"target": "x"}}, "expected a list, in TOML [[specifications]]"),
        ({"specifications": ["conductivity_s_cm"]}, "specification 'conductivity_s_cm' cannot be read"),
        ({"supply": 3}, "supply is 3; expected a table"),
        ({"supply": {"toxicfactor": 0.5}}, "supply has unknown key 'toxicfactor'; did you mean 'toxic_"),
        ({"supply": {"toxic_factor": 2}}, "toxic_factor is 2; expected a number from 0 to 1"),
        ({"supply": {"half_price_usd_per_kg": 0}}, "half_price_usd_per_kg is 0; expected a price above 0"),
        ({"selection": []}, "selection is []; expected a table"),
        ({"selection": {"per_dopant": 1}}, "selection has unknown key 'per_dopant'; did you mean"),
        ({"selection": {"per_dopants": 0}}, "per_dopants is 0; expected a whole number of 1 or more"),
        ({"selection": {"pool": 2.5}}, "pool is 2.5; expected a whole number of 1 or more"),
        ({"selection": {"relevance": -1}}, "relevance is -1; expected a number from 0 to 1"),
        ({"selection": {"pareto": "score"}}, "pareto is 'score'; expected a list of columns"),
        ({"selection": {"pareto": ["score"]}}, "columns are score; expected two or more"),
    ],
)
def test_a_faulty_value_is_named_with_its_remedy(raw, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        Objective.from_dict(raw)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ccd_ma_cm2", "above", 1.0, 0.0), "has weight 0.0; expected a number above 0"),
        (("ccd_ma_cm2", "above", 1.0, float("inf")), "has weight inf; expected a number above 0"),
        (("ccd_ma_cm2", "above", 1.0, 1.0, 2.0), "above has a reach; expected one with 'maximise'"),
        (("ccd_ma_cm2", "maximise", 1.0, 1.0, 0.5), "from 1 to 0.5; expected a reach above the threshold"),
        (("ccd_ma_cm2", "maximise", 1.0, 1.0, 1.0), "from 1 to 1; expected a reach above the threshold"),
        (("ccd_ma_cm2", "minimise", 1.0, 1.0, 2.0), "from 1 to 2; expected a reach below the threshold"),
        (("ccd_ma_cm2", "maximise", 1.0, 1.0, 1e3), "has reach 1000.0; expected a number from 0 to 100"),
        (("ccd_ma_cm2", "minimise", 1.0, 1.0, 0), "has reach 0; expected a number from 0 to 100, above 0"),
        (("ccd_ma_cm2", "maximise", 0.0), "is to maximise from 0, which has no decades"),
    ],
)
def test_a_faulty_demand_is_named_with_its_remedy(arguments, message):
    with pytest.raises(SpaceError, match=re.escape(message)):
        Specification(*arguments)
