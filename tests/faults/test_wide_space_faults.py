from __future__ import annotations

import math
import re

import pytest

from ssepredict.exceptions import RankingError, SpaceError
from ssepredict.inference.ranking import rank
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.modeling.predictor import load_predictor

NASICON, HAFNIUM, HALIDE = "Na3Zr2Si2PO12", "Na3Hf2Si2PO12", "Li3YCl6"
M = {"site": "M", "replaces": "Zr4+", "ions": ["Sc3+", "Zn2+"], "fractions": [0.1, 0.2]}
T = {"site": "T", "replaces": "P5+", "ions": ["Ge4+", "B3+"], "fractions": [0.1]}


def _refused(**description: object) -> str:
    raw = {"host": NASICON, "substitutions": [M]} | description
    if "hosts" in raw:
        del raw["host"]
    with pytest.raises(SpaceError, match="the space") as caught:
        SubstitutionSpace.from_dict(raw)
    return str(caught.value)


def test_the_description_that_the_faults_are_made_from_is_good():
    assert len(SubstitutionSpace.from_dict({"host": NASICON, "substitutions": [M, T]})) == 4 * 2


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            [M, T | {"ions": ["Ge4+", "B3+"], "replaces": "As5+"}],
            "substitutions[2].replaces: As5+ is not on the T site of the host; expected one of Si4+, P5+",
        ),
        ([M, T | {"ions": ["Zn2+"]}], "Zn2+ sits on the M site; expected ions of the T site, e.g. Ge4+"),
        ([M, T | {"ions": ["V3+"]}], "V3+ sits on the M site; expected ions of the T site"),
        (
            [M | {"site": "A", "replaces": "Na+", "ions": ["Mg2+"]}],
            "Mg2+ sits on the M site; expected ions of the A site, e.g. K+",
        ),
        (
            [M | {"site": "X", "replaces": "O2-", "ions": ["Cl-"]}],
            "Cl- has no Shannon radius at coordination 4; listed there: none of this element",
        ),
        (
            [M | {"site": "X", "replaces": "O2-", "ions": ["K+"]}],
            "K+ is no anion; expected ions of the X site, e.g. Br-",
        ),
        (
            [M | {"ions": ["Al3+", "Sc3+"]}, T | {"ions": ["Al3+"]}],
            "substitutions[2].ions: Al is in substitutions[1].ions too, so that one composition could be",
        ),
        (
            [M | {"ions": "plausible"}, M | {"ions": "plausible"}],
            "substitutions[2].ions: substitutions[1] holds every ion of 'plausible' already",
        ),
        (
            [M | {"ions": ["Fe2+", "Fe3+"]}, M | {"ions": ["Mn2+", "Mn3+"]}],
            "substitutions[2].ions: Mn and, in substitutions[1].ions, Fe stand in several oxidation states",
        ),
        ([M | {"optional": 1}], "substitutions[1].optional: got 1; expected true or false"),
        ([M | {"states": "common"}], "states: got 'common'; expected 'every' or 'common', beside a word"),
        ([M | {"hosts": ["Li3YCl6"]}], "substitutions[1].hosts: 'Li3YCl6' is not a host of the space"),
        ([M | {"hosts": "Li3YCl6"}], "substitutions[1].hosts: got 'Li3YCl6'; expected a list of formulas"),
        ([M | {"replaces": []}], "substitutions[1].replaces: got []; expected an ion of the host"),
    ],
)
def test_a_faulty_entry_is_named_with_its_remedy(entries, message):
    assert message in _refused(substitutions=entries)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"members": 1.5}, "high_entropy.members: got 1.5; expected distinct whole numbers from 1 to 8"),
        ({"members": 9}, "high_entropy.members: got 9; expected distinct whole numbers from 1 to 8"),
        ({"spread": 0.1, "step": 0.03}, "step: spread 0.1 is no whole number of steps of 0.03"),
        ({"spread": 0.1, "step": 0.0}, "step: spread 0.1 is no whole number of steps of 0"),
        ({"spread": -0.1}, "high_entropy.spread: -0.1 is not an amount"),
        (
            {"spread": 0.7},
            "0.7 is beyond the equal share of 3 ions in 2 Zr4+ of Na3Zr2Si2PO12; expected less",
        ),
        ({"spraed": 0.1}, "high_entropy.spraed: unknown key; did you mean 'spread'?"),
        ({"members": 4}, "high_entropy.members: 4 dopants together need as many elements, ions holds 3"),
    ],
)
def test_a_faulty_high_entropy_entry_is_named_with_its_remedy(change, message):
    entry = {"replaces": "Zr4+", "ions": ["Sc3+", "Hf4+", "Ti4+"], "high_entropy": {"members": 3} | change}
    assert message in _refused(substitutions=[entry])


def test_a_high_entropy_entry_stands_alone_on_its_ion():
    high = {"replaces": "Zr4+", "ions": ["Mg2+", "Hf4+", "Ti4+"], "high_entropy": {"members": 3}}
    assert "substitutions[1].high_entropy replaces all of Zr4+ already" in _refused(substitutions=[high, M])
    both = _refused(substitutions=[high | {"together": [2], "fractions": [0.1]}])
    assert "together: does not go with high_entropy" in both
    assert "fractions: does not go with high_entropy" in both
    table = _refused(substitutions=[high | {"high_entropy": 5}])
    assert "high_entropy: got 5; expected a table, e.g. {members = 5" in table


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"excess": [0.1]},
            "excess: mobile ions that are given cannot keep the charge as well; add neutral_by",
        ),
        ({"excess": ["a"], "neutral_by": "T"}, "excess: 'a' is not a number"),
        ({"neutral_by": "P"}, "neutral_by: got 'P'; expected 'A' (mobile ion), 'T' (Si for P)"),
        ({"neutral_by": "T", "silicon": [2.0]}, "silicon: follows from the charge with neutral_by = 'T'"),
        (
            {"neutral_by": "X", "substitutions": [M | {"site": "X", "replaces": "O2-", "ions": ["F-"]}]},
            "neutral_by varies F already, so that one composition could be reached in two ways",
        ),
        (
            {"host": "LiTi2P3O12", "silicon": [0.5], "substitutions": [T | {"ions": ["Si4+"]}]},
            "silicon varies Si already, so that one composition could be reached in two ways",
        ),
        (
            {"host": HALIDE, "neutral_by": "T", "substitutions": [M | {"replaces": "Y3+"}]},
            "neutral_by: 'T' is the ratio of Si to P and the T site of Li3YCl6 holds nothing",
        ),
        (
            {
                "neutral_by": "M",
                "substitutions": [
                    {"replaces": "Zr4+", "ions": ["Mg2+", "Hf4+"], "high_entropy": {"members": 2}}
                ],
            },
            "neutral_by: 'M' is the amount of Zr4+, all of which high_entropy replaces",
        ),
    ],
)
def test_a_charge_that_cannot_be_kept_is_refused(keys, message):
    assert message in _refused(**keys)


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        ([], "constraints: got []; expected a table"),
        ({"toxics": False}, "constraints.toxics: unknown key; did you mean 'toxic'?"),
        ({"toxic": "no"}, "constraints.toxic: got 'no'; expected false to leave such elements out"),
        ({"only": "Sc"}, "constraints.only: got 'Sc'; expected a list of elements"),
        ({"only": ["Scc"]}, "constraints.only: unknown element 'Scc'; did you mean 'Sc'?"),
        (
            {"exclude": ["Sc", "Zn"]},
            "substitutions[1].ions: constraints leave no ion of Sc3+, Zn2+; change the constraints",
        ),
        (
            {"only": ["Na", "Si", "P", "O", "Sc", "Zn"]},
            "constraints: host Na3Zr2Si2PO12 holds Zr, which is not among constraints.only, so that no",
        ),
        ({"exclude": ["O"]}, "holds O, which is in constraints.exclude, so that no candidate is left"),
        ({"most_elements": 0}, "constraints.most_elements: got 0; expected a whole number, e.g. 7"),
        (
            {"most_elements": 1},
            "constraints.most_elements: every candidate of Na3Zr2Si2PO12 holds at least 2 elements, got 1",
        ),
        ({"price_usd_per_kg": 0}, "constraints.price_usd_per_kg: got 0; expected a price above 0"),
        ({"price_usd_per_kg": True}, "constraints.price_usd_per_kg: got True; expected a price above 0"),
    ],
)
def test_an_impossible_constraint_is_named_with_its_remedy(constraints, message):
    assert message in _refused(constraints=constraints)


def test_a_toxic_host_leaves_no_candidate():
    text = _refused(host="Na3Zr2Si2AsO12", constraints={"toxic": False})
    assert "host Na3Zr2Si2AsO12 holds As, which is toxic and constraints.toxic is false" in text


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"hosts": []}, "hosts: got []; expected a list of formulas"),
        ({"hosts": NASICON}, "hosts: got 'Na3Zr2Si2PO12'; expected a list of formulas"),
        ({"hosts": [NASICON, "Al2O3"]}, "hosts: formula 'Al2O3' is an oxide without P or Si"),
        (
            {"hosts": [NASICON, HALIDE]},
            "hosts: no entry replaces an ion of Li3YCl6; add its ion to a replaces",
        ),
        (
            {"hosts": [NASICON, HALIDE], "substitutions": [M, M | {"replaces": "In3+"}]},
            "substitutions[2].replaces: In3+ is not on the M site of any host",
        ),
        (
            {
                "hosts": ["Li2.5Y0.5Zr0.5Cl6"],
                "substitutions": [M | {"replaces": ["Y3+", "Zr4+"], "ions": ["Sc3+"]}],
            },
            "Li2.5Y0.5Zr0.5Cl6 holds Y3+ and Zr4+ on M; expected one of them per entry",
        ),
    ],
)
def test_faulty_hosts_are_named_with_their_remedy(keys, message):
    assert message in _refused(**keys)


def test_host_and_hosts_together_are_refused():
    with pytest.raises(SpaceError, match="hosts: stands beside host; give one of the two"):
        SubstitutionSpace(NASICON, [Substitution("Zr4+", ["Sc3+"], [0.1])], hosts=[HAFNIUM])


def test_hosts_that_reach_one_composition_are_both_named_with_it():
    entries = [
        M | {"replaces": "Zr4+", "ions": ["Hf4+"], "fractions": [0.5, 1.0]},
        M | {"replaces": "Hf4+", "ions": ["Zr4+"], "fractions": [0.5, 1.0]},
    ]
    text = _refused(hosts=[NASICON, HAFNIUM], substitutions=entries)
    assert f"hosts {NASICON} and {HAFNIUM} reach the same composition, Na3ZrHfSi2PO12" in text
    again = _refused(hosts=[NASICON, "Na6Zr4Si4P2O24"], substitutions=[M])
    assert "reach the same composition, Na3.1Zr1.9Sc0.1Si2PO12; leave one of the hosts out" in again


def test_large_spaces_of_hosts_that_nothing_tells_apart_are_refused_unseen():
    entry = M | {"replaces": ["Zr4+", "Hf4+"], "ions": "all", "together": [1, 2, 3], "fractions": [0.5, 1, 2]}
    text = _refused(hosts=[NASICON, HAFNIUM], substitutions=[entry])
    assert f"hosts {NASICON} and {HAFNIUM} may reach the same composition, no element tells" in text


def test_a_space_beyond_64_bits_says_its_size_and_what_makes_it_smaller():
    grid = {"start": 0.001, "stop": 0.5, "step": 0.001}
    entry = Substitution("Zr4+", "all", grid, [1, 2, 3, 4])
    with pytest.raises(SpaceError, match=r"holds 1\.\d+e\+19 candidates") as caught:
        SubstitutionSpace(NASICON, [entry, Substitution("P5+", ["Ge4+"], grid, site="T")])
    for part in (
        "9,223,372,036,854,775,807",
        "500 amounts, 1 or 2 or 3 or 4 together",
        "coarsen the fractions",
    ):
        assert part in str(caught.value)


def test_several_hosts_have_no_single_host():
    entry = Substitution(["Zr4+", "Hf4+"], ["Sc3+"], [0.1])
    space = SubstitutionSpace(hosts=[NASICON, HAFNIUM], substitutions=[entry])
    with pytest.raises(SpaceError, match=re.escape("the space has 2 hosts (Na3Zr2Si2PO12, Na3Hf2Si2PO12)")):
        _ = space.host
    with pytest.raises(SpaceError, match="host_sites asks for one; take each of its parts"):
        _ = space.host_sites


def test_shares_too_fine_to_be_listed_are_refused():
    high = {"members": 5, "spread": 0.2, "step": 0.01}
    ions = ["Mg2+", "Hf4+", "Ti4+", "Sn4+", "Sc3+"]
    with pytest.raises(SpaceError, match=r"115,856,201 mixtures .*: take a coarser step of high_entropy"):
        SubstitutionSpace(NASICON, [Substitution("Zr4+", ions, high_entropy=high)])


def test_more_multivalent_ions_than_can_be_told_apart_are_refused():
    entry = Substitution("Zr4+", "plausible", [0.1], [4])
    with pytest.raises(SpaceError, match=r"multivalent ions, can exchange charges .* \(states = 'common'\)"):
        SubstitutionSpace(NASICON, [entry])
    common = SubstitutionSpace(NASICON, [Substitution("Zr4+", "plausible", [0.1], [4], states="common")])
    assert len(common) == math.comb(len(common.ions), 4)


def test_no_candidate_within_the_price_is_told_by_its_name():
    entry = Substitution("Zr4+", ["Sc3+", "Mg2+"], [0.1])
    space = SubstitutionSpace(NASICON, [entry], constraints={"price_usd_per_kg": 0.5})
    with pytest.raises(RankingError, match=r"price_usd_per_kg refuses 2\); .* or loosen its constraints"):
        rank(space, load_predictor())
