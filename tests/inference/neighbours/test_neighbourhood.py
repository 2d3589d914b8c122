"""Neighbours are what brute force finds, and are predicted as the space's own candidates are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.chemistry.sites import parse_sites, read_sites
from ssepredict.inference.neighbours.axes import OTHER_CHARGE, SAME_CHARGE, STEPS, nearest_ions
from ssepredict.inference.neighbours.neighbourhood import Neighbourhood
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.predictor import Predictor

NASICON = {
    "host": "Na3Zr2Si2PO12",
    "silicon": [1.8, 2.0, 2.3],
    "substitutions": [
        {
            "replaces": "Zr4+",
            "ions": ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+"],
            "together": [1, 2],
            "fractions": [0.1, 0.2, 0.4, 1.5],
        }
    ],
}
TWO_HOSTS = {
    "hosts": ["Li2ZrCl6", "Li3YCl6"],
    "substitutions": [
        {
            "replaces": ["Zr4+", "Y3+"],
            "ions": ["Sc3+", "In3+", "Nb5+"],
            "together": [1, 2],
            "fractions": [0.1, 0.2, 0.3],
        },
        {"replaces": "Cl-", "site": "X", "ions": ["Br-", "I-"], "fractions": [0.5, 1.0], "optional": True},
    ],
}
EXCESS = {
    "host": "Na3Zr2Si2PO12",
    "neutral_by": "T",
    "excess": [-0.2, 0.0, 0.2],
    "substitutions": [{"replaces": "Zr4+", "ions": ["Sc3+", "Mg2+"], "fractions": [0.1, 0.2, 0.3]}],
}
FILLED = {
    "host": "Na3Zr2Si2PO12",
    "substitutions": [
        {
            "replaces": "Zr4+",
            "ions": ["Sc3+", "Hf4+", "Y3+", "Mg2+", "Ti4+", "Sn4+"],
            "high_entropy": {"members": [5], "spread": 0.1, "step": 0.05},
        }
    ],
}
SPACES = {"nasicon": NASICON, "two hosts": TWO_HOSTS, "excess": EXCESS}


def _space(description: dict) -> SubstitutionSpace:
    return SubstitutionSpace.from_dict(description)


def _keys(space: SubstitutionSpace) -> list[str]:
    keys: list[str] = composition_keys(space.decode(np.arange(len(space))).sites()).tolist()
    return keys


def _found(table: pd.DataFrame) -> list[str]:
    """Composition keys of a table; some neighbours fit no framework."""
    keys: list[str] = composition_keys(read_sites(table["formula"].tolist())[0]).tolist()
    return keys


def _choices(space: SubstitutionSpace) -> list[dict[str, float]]:
    """What each candidate is made of, by name; entries are told apart by their column."""
    batch = space.decode(np.arange(len(space)))
    follows = space.to_dict().get("neutral_by") == "T"  # then the silicon keeps the charge
    silicon = np.zeros(len(space)) if follows else batch.silicon
    return [
        {
            f"{column // 2}:{ion}": amount
            for column, (ion, amount) in enumerate(zip(ions, amounts, strict=True))
            if ion >= 0
        }
        | {"part": part, "Si": si, "excess": excess}
        for ions, amounts, part, si, excess in zip(
            batch.dopants.tolist(),
            batch.fractions.tolist(),
            batch.part.tolist(),
            silicon.tolist(),
            batch.excess.tolist(),
            strict=True,
        )
    ]


def _grid(space: SubstitutionSpace, name: str) -> list[float]:
    description = space.to_dict()
    if name in ("Si", "excess"):
        return list(description[{"Si": "silicon"}.get(name, name)])
    return list(description["substitutions"][int(name.split(":")[0])]["fractions"])


def _steps_by_force(space: SubstitutionSpace, index: int) -> list[int]:
    """Candidates that differ in one amount alone, by so many steps of its grid as count."""
    choices = _choices(space)
    own = choices[index]
    found = []
    for other, theirs in enumerate(choices):
        differ = [name for name in own if theirs.get(name) != own[name]]
        if theirs.keys() == own.keys() and len(differ) == 1 and differ != ["part"]:
            grid = _grid(space, differ[0])
            if grid.index(theirs[differ[0]]) - grid.index(own[differ[0]]) in STEPS:
                found.append(other)
    room = (space.decode(found).composition.amounts >= 0).all(axis=1)
    return [other for other, fits in zip(found, room, strict=True) if fits]


@pytest.mark.parametrize("name", SPACES)
def test_steps_are_those_of_brute_force(name: str, predictor: Predictor) -> None:
    space = _space(SPACES[name])
    keys = _keys(space)
    for index in np.linspace(0, len(space) - 1, 5).astype(int).tolist():
        table = _around(space, index, predictor).neighbours()
        expected = [keys[other] for other in _steps_by_force(space, index)]
        assert sorted(_found(table[table["kind"] == "step"])) == sorted(expected), space.formulas([index])


@pytest.mark.parametrize("name", SPACES)
def test_every_neighbour_is_a_neutral_candidate_of_the_space(name: str, predictor: Predictor) -> None:
    space = _space(SPACES[name])
    keys = set(_keys(space))
    for index in np.linspace(0, len(space) - 1, 4).astype(int).tolist():
        around = _around(space, index, predictor)
        table = around.neighbours()
        found = _found(table)
        assert set(found) <= keys
        assert len(set(found)) == len(found)
        assert composition_keys(around.sites)[0] not in found
        assert (table["charge_residual"].abs() < 1e-9).all()


@pytest.mark.parametrize("index", [0, 40, 150])
def test_a_neighbour_is_predicted_as_the_candidate_that_it_is(index: int, predictor: Predictor) -> None:
    space = _space(NASICON)
    place = {key: number for number, key in enumerate(_keys(space))}
    table = _around(space, index, predictor, temperature_c=60.0).neighbours()
    numbers = [place[key] for key in _found(table)]
    expected = predictor.predict_sites(space.decode(numbers).sites(), temperature_c=60.0)
    pd.testing.assert_frame_equal(table[expected.columns.tolist()], expected, rtol=1e-12)


@pytest.mark.parametrize("name", SPACES)
def test_scores_are_those_of_the_ranking(name: str, predictor: Predictor) -> None:
    space = _space(SPACES[name])
    place = {key: number for number, key in enumerate(_keys(space))}
    screen = Screen.of(space, predictor, Objective())
    for index in (0, len(space) // 2, len(space) - 1):
        table = Neighbourhood(screen, index).neighbours()
        numbers = [place[key] for key in _found(table)]
        ranked = screen.run(numbers, len(numbers))
        expected = dict(zip(ranked.indices.tolist(), ranked.scores.tolist(), strict=True))
        found = dict(zip(numbers, table["score"].tolist(), strict=True))
        scored = {number: score for number, score in found.items() if not np.isnan(score)}
        assert scored == pytest.approx(expected, abs=2e-9)  # the last of the nine decimals


def test_a_curve_spans_the_grid_and_the_composition_without_the_dopant(predictor: Predictor) -> None:
    space = _space(NASICON)
    index = _find(space, "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12")
    scandium, zinc, silicon = _around(space, index, predictor).curves()
    grid = space.to_dict()["substitutions"][0]["fractions"]
    assert scandium.table["amount"].tolist() == [0.0, *grid]
    assert scandium.table["in_space"].tolist() == [0] + [1] * len(grid)
    assert scandium.table["formula"].iloc[0] == "Na3.2Zr1.9Zn0.1Si2PO12"
    assert silicon.table["amount"].tolist() == [1.8, 2.0, 2.3]  # Si is the host's: it is never left out
    for curve, own in ((scandium, 0.2), (zinc, 0.1), (silicon, 2.0)):
        point = curve.table[curve.table["amount"] == own].iloc[0]
        alone = predictor.predict_sites(space.decode([index]).sites()).iloc[0]
        assert point["conductivity_s_cm"] == pytest.approx(alone["conductivity_s_cm"], rel=1e-12)
        assert (curve.table["conductivity_s_cm_low"] < curve.table["conductivity_s_cm"]).all()


def test_off_the_grid_too(predictor: Predictor) -> None:
    space = _space(NASICON)
    around = _around(space, _find(space, "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"), predictor)
    sites = around.sites_along(around.axes[0], [0.33])
    expected = parse_sites(["Na3.53Zr1.57Sc0.33Zn0.1Si2PO12"])
    assert composition_keys(sites).tolist() == composition_keys(expected).tolist()


def test_amounts_without_room_are_left_out(predictor: Predictor) -> None:
    space = _space(NASICON)
    texts = [formula.split("Si")[0] for formula in space.formulas(np.arange(len(space)))]
    index = next(number for number, text in enumerate(texts) if text.endswith("Zr0.4Sc1.5Zn0.1"))
    curves = {str(curve.axis.ion): curve.table for curve in _around(space, index, predictor).curves()}
    assert curves["Zn2+"]["amount"].tolist() == [
        0.0,
        0.1,
        0.2,
        0.4,
    ]  # 1.5 Zn and 1.5 Sc are three ions for two


def test_ions_that_fill_a_site_trade_with_each_other(predictor: Predictor) -> None:
    space = _space(FILLED)
    keys = set(_keys(space))
    for index in (0, 1000, len(space) - 1):
        around = _around(space, index, predictor)
        table = around.neighbours()
        assert {"step", "exchange"} == set(table["kind"])
        assert set(_found(table)) <= keys
        for curve in around.curves():
            assert (curve.table["in_space"] == 1).all()
            on_m = read_sites(curve.table["formula"].tolist())[0]
            held = on_m.composition.total(["Sc", "Hf", "Y", "Mg", "Ti", "Sn", "Zr"])
            assert held == pytest.approx(2.0)


def test_constraints_of_the_space_hold_for_neighbours(predictor: Predictor) -> None:
    ions = ["Sc3+", "In3+", "Fe3+"]
    plain = {
        "host": "Li2ZrCl6",
        "substitutions": [{"replaces": "Zr4+", "ions": ions, "fractions": [0.1, 0.2]}],
    }
    free, capped = (
        _around(_space(plain | extra), _find(_space(plain | extra), "Li2.2Zr0.8Fe0.2Cl6"), predictor)
        for extra in ({}, {"constraints": {"price_usd_per_kg": 50.0}})
    )
    changes = set(free.neighbours()["change"])
    assert {"Sc3+ for Fe3+ (0.2)", "Fe3+ 0.2 to 0.1"} <= changes
    left = set(capped.neighbours()["change"])
    assert "Fe3+ 0.2 to 0.1" in left
    assert "Sc3+ for Fe3+ (0.2)" not in left  # scandium costs thousands of dollars per kg


def test_exchanges_are_the_nearest_in_radius_first(predictor: Predictor) -> None:
    ions = ["Mg2+", "Zn2+", "Sc3+", "Y3+", "In3+", "Lu3+", "Yb3+", "Al3+", "Hf4+", "Ti4+", "Nb5+"]
    (entry,) = NASICON["substitutions"]
    space = _space(NASICON | {"substitutions": [entry | {"ions": ions, "fractions": [0.1, 0.2]}]})
    (axis, *_) = _around(space, _find(space, "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"), predictor).axes
    chosen = nearest_ions(axis, 6)
    assert [ion.charge for ion in chosen] == [3] * SAME_CHARGE + [2] * OTHER_CHARGE + [4] * OTHER_CHARGE
    assert not {"Sc", "Zn", "Zr", "Na", "Si", "P", "O"} & {ion.element for ion in chosen}

    def off(ion: Ion) -> float:
        return abs(shannon_radii([ion.element], [ion.charge], 6)[0] - 0.745)

    by_hand = sorted((ion for ion in axis.others if ion.charge == 3), key=off)
    assert [off(ion) for ion in chosen[:SAME_CHARGE]] == [off(ion) for ion in by_hand[:SAME_CHARGE]]


def test_a_host_without_dopants_has_no_neighbour(predictor: Predictor) -> None:
    description = {
        "host": "Li2ZrCl6",
        "substitutions": [{"replaces": "Zr4+", "ions": ["Sc3+"], "fractions": [0.1], "optional": True}],
    }
    around = _around(_space(description), 0, predictor)
    assert around.formula == "Li2ZrCl6"
    assert around.curves() == ()
    table = around.neighbours()
    assert table.empty
    assert {"kind", "change", "formula", "conductivity_s_cm", "verdict"} <= set(table.columns)


@pytest.mark.parametrize("index", [-1, 10**6])
def test_a_position_outside_the_space_is_refused(index: int, predictor: Predictor) -> None:
    space = _space(EXCESS)
    with pytest.raises(IndexError, match="candidates go from 0 to 17"):
        _around(space, index, predictor).neighbours()


def _around(
    space: SubstitutionSpace, index: int, predictor: Predictor, temperature_c: float = 25.0
) -> Neighbourhood:
    return Neighbourhood(Screen.of(space, predictor, Objective(temperature_c=temperature_c)), index)


def _find(space: SubstitutionSpace, formula: str) -> int:
    return _keys(space).index(composition_keys(parse_sites([formula]))[0])
