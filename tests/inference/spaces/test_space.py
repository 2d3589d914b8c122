from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import NEUTRAL_WITHIN, parse_sites
from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.dopants import MISMATCH, plausible_dopants, sort_ions
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.resources import shipped_spaces

NARROW = ["li2zrcl6", "na3zr2si2po12"]
SHIPPED = sorted(shipped_spaces())


def _space(ions: object, fractions: object, together: object = (1,), **keys: object) -> SubstitutionSpace:
    return SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ions, fractions, together)], **keys)


def _find(space: SubstitutionSpace, formula: str) -> list[int]:
    wanted = parse_sites([formula]).composition.on_axis(space.elements).amounts
    found = []
    for start in range(0, len(space), 20_000):
        indices = np.arange(start, min(start + 20_000, len(space)))
        amounts = space.decode(indices).composition.amounts
        found += indices[np.abs(amounts - wanted).max(axis=1) < 1e-9].tolist()
    return found


def test_size_is_the_closed_form_for_ions_of_one_state():
    ions = ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+", "Hf4+"]
    space = _space(ions, [0.1, 0.2, 0.3], [1, 2, 3], silicon=[1.8, 2.0])
    assert len(space) == 2 * sum(math.comb(6, k) * 3**k for k in (1, 2, 3))


def test_states_of_one_element_never_meet_and_exchanged_charges_count_once():
    # Fe2+/Mn3+ and Fe3+/Mn2+ in equal amounts are one composition; in unequal amounts they are two.
    space = _space(["Fe2+", "Fe3+", "Mn2+", "Mn3+"], [0.1, 0.2], [2])
    assert len(space) == 4 * 4 - 2
    assert all("Fe" in text and "Mn" in text for text in space.describe(range(len(space))))


def test_the_kept_charges_are_those_that_the_formula_alone_is_read_with():
    space = _space(["Fe2+", "Fe3+", "Mn2+", "Mn3+"], [0.1], [2])
    batch = space.decode(range(len(space)))
    read = parse_sites(space.formulas(range(len(space))))
    for element in ("Fe", "Mn"):
        chosen = batch.oxidation[:, batch.composition.elements.index(element)]
        np.testing.assert_array_equal(chosen, read.oxidation[:, read.elements.index(element)])


@pytest.mark.parametrize("name", NARROW)
def test_shipped_spaces_are_large_and_hold_no_composition_twice(name):
    space = SubstitutionSpace.from_toml(name)
    assert 50_000 <= len(space) <= 250_000
    amounts = np.vstack(
        [
            space.decode(np.arange(start, min(start + 20_000, len(space)))).composition.amounts
            for start in range(0, len(space), 20_000)
        ]
    )
    millionths = np.rint(amounts * 1e6).astype(np.int64)
    # Equal rows get equal hashes; 64 bits make an accidental pair among 1e5 rows improbable (1e-9).
    weights = np.random.default_rng(7).integers(1, 2**63, millionths.shape[1], dtype=np.uint64)
    assert len(np.unique(millionths.astype(np.uint64) @ weights)) == len(space)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_candidate_is_neutral(name):
    space = SubstitutionSpace.from_toml(name)
    for start in range(0, len(space), max(len(space) // 10, 20_000)):
        batch = space.decode(np.arange(start, min(start + 20_000, len(space))))
        charge = (batch.composition.amounts * batch.oxidation).sum(axis=1)
        assert np.abs(charge).max() < 1e-9


@pytest.mark.parametrize(
    ("name", "formula", "carriers", "vacancies"),
    [
        ("na3zr2si2po12", "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", 3.4, 0.6),
        ("li2zrcl6", "Li1.8Zr0.8Nb0.2Cl6", 1.8, 3.2),
    ],
)
def test_published_compositions_are_in_the_shipped_spaces(name, formula, carriers, vacancies):
    space = SubstitutionSpace.from_toml(name)
    found = _find(space, formula)
    assert space.formulas(found) == [formula]
    sites = space.decode(found).sites()
    assert sites.carriers[0] == pytest.approx(carriers, abs=1e-9)
    assert sites.vacancies[0] == pytest.approx(vacancies, abs=1e-9)


def test_amounts_are_the_nearest_doubles():
    batch = _space(["Sc3+", "Zn2+"], [0.1, 0.2], [2]).decode([2])
    assert batch.composition.amount("Zr")[0] == 1.7
    assert batch.composition.amount("Na")[0] == 3.4


def test_candidates_that_overfill_the_site_are_left_to_the_rules():
    batch = _space(["Sc3+", "Y3+"], [1.5], [2]).decode([0])
    assert batch.composition.amount("Zr")[0] == -1.0


def test_silicon_replaces_phosphorus_and_sodium_follows():
    space = _space(["Sc3+"], [0.1], silicon=[0.0, 1.8, 3.0])
    assert space.formulas([0, 1, 2]) == [
        "Na1.1Zr1.9Sc0.1P3O12",
        "Na2.9Zr1.9Sc0.1Si1.8P1.2O12",
        "Na4.1Zr1.9Sc0.1Si3O12",
    ]
    assert space.describe([1]) == ["Sc3+ 0.1 on M; Si 1.8 on T"]


def test_a_host_in_another_multiple_or_with_rounded_amounts_is_brought_to_the_formula_unit():
    twice = SubstitutionSpace("Na6Zr4Si4P2O24", [Substitution("Zr4+", ["Sc3+"], [0.1])])
    assert twice.formulas([0]) == ["Na3.1Zr1.9Sc0.1Si2PO12"]
    rounded = SubstitutionSpace("Na2.333Zr1.667Sc0.333SiP2O12", [Substitution("Zr4+", ["Nb5+"], [0.1])])
    sites = rounded.decode([0]).sites()
    assert abs(parse_sites(["Na2.333Zr1.667Sc0.333SiP2O12"]).charge_residual[0]) < NEUTRAL_WITHIN
    assert abs(sites.charge_residual[0]) < 1e-9


def test_grids_as_ranges_and_lists_make_the_same_space():
    steps = _space(["Sc3+"], {"start": 0.1, "stop": 0.3, "step": 0.1})
    plain = _space(["Sc3+"], [0.1, 0.2, 0.3])
    assert steps == plain
    assert steps.digest == plain.digest


def test_the_order_of_ions_does_not_matter():
    assert _space(["Zn2+", "Sc3+"], [0.1], [1, 2]) == _space(["Sc3+", "Zn2+"], [0.1], [2, 1])


def test_description_round_trips_and_the_digest_tells_spaces_apart():
    space = _space("all", [0.1, 0.2], [1, 2], silicon=[2.0], title="a title")
    again = SubstitutionSpace.from_dict(space.to_dict())
    assert again == space
    assert again.digest == space.digest
    assert SubstitutionSpace.from_dict(space.to_dict() | {"title": "another"}).digest == space.digest
    assert _space("all", [0.1, 0.3], [1, 2], silicon=[2.0]).digest != space.digest


def test_a_space_survives_pickling():
    space = _space(["Sc3+", "Zn2+"], [0.1, 0.2], [1, 2])
    again = pickle.loads(pickle.dumps(space))
    assert again.formulas(range(len(again))) == space.formulas(range(len(space)))


def test_toml_file_is_read(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        'host = "Li2ZrCl6"\n[[substitutions]]\nreplaces = "Zr4+"\nions = ["Nb5+"]\n'
        "fractions = { start = 0.1, stop = 0.2, step = 0.1 }\ntogether = 1\n",
        encoding="utf-8",
    )
    space = SubstitutionSpace.from_toml(file)
    assert space.formulas(range(len(space))) == ["Li1.9Zr0.9Nb0.1Cl6", "Li1.8Zr0.8Nb0.2Cl6"]


@pytest.mark.parametrize("index", [-1, 8])
def test_positions_outside_are_refused(index):
    with pytest.raises(IndexError, match="candidates go from 0 to 7"):
        _space(["Sc3+", "Zn2+"], [0.1, 0.2], [1, 2]).decode([index])


def test_no_positions_decode_to_no_candidates():
    assert len(_space(["Sc3+"], [0.1]).decode([]).sites()) == 0


def test_plausible_dopants_are_bounded_by_charge_radius_and_site():
    host = Ion.parse("Zr4+")
    ions = plausible_dopants(host, 6)
    assert {"Sc3+", "Zn2+", "Nb5+", "Y3+", "Yb3+", "Mg2+", "Hf4+", "W6+"} <= set(map(str, ions))
    assert not {"Zr", "Na", "K", "Ag", "Si", "P", "As", "U", "Th", "Pm"} & {ion.element for ion in ions}
    assert all(2 <= ion.charge <= 6 for ion in ions)
    # Closed form: 0.72 Å less and more 45 % is 0.396 to 1.044 Å; Sr2+ has 1.18 Å, B3+ 0.27 Å.
    assert MISMATCH == 0.45
    assert not {"Sr", "Ba", "B"} & {ion.element for ion in ions}
    assert ions == sort_ions(ions)


def test_all_leaves_out_what_is_excluded_and_what_the_host_holds():
    entry = Substitution("Zr4+", "all", [0.1], exclude=["Cd", "Fe"])
    space = SubstitutionSpace("Na3.2Zr1.8Sc0.2Si2PO12", [entry])
    assert not {"Cd", "Fe", "Sc", "Zr"} & {ion.element for ion in space.ions}


def test_a_space_without_substitutions_is_refused():
    with pytest.raises(SpaceError, match=r"got 0 tables; expected one or more \[\[substitutions\]\] tables"):
        SubstitutionSpace("Na3Zr2Si2PO12", [])
