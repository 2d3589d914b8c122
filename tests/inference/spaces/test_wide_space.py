from __future__ import annotations

import itertools
import math
import pickle

import numpy as np
import pytest

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.ions import Ion, ions_with_radius, shannon_radii
from ssepredict.chemistry.sites import parse_sites
from ssepredict.chemistry.supply import material_price, supply_table
from ssepredict.inference.spaces.dopants import common_states, misplaced, site_ions
from ssepredict.inference.spaces.enumeration import count_choices
from ssepredict.inference.spaces.search import narrow_space
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace

NASICON, HAFNIUM, HALIDE = "Na3Zr2Si2PO12", "Na3Hf2Si2PO12", "Li3YCl6"


def _whole(space: SubstitutionSpace) -> np.ndarray:
    return np.arange(len(space))


def test_sites_are_substituted_together_and_named():
    space = SubstitutionSpace(
        NASICON,
        [
            Substitution("Zr4+", ["Sc3+"], [0.2]),
            Substitution("P5+", ["Ge4+"], [0.1], site="T"),
            Substitution("Na+", ["K+"], [0.05], site="A"),
            Substitution("O2-", ["F-"], [0.1], site="X"),
        ],
    )
    assert space.formulas([0]) == ["Na3.15K0.05Zr1.8Sc0.2Si2P0.9Ge0.1O11.9F0.1"]
    assert space.describe([0]) == ["Sc3+ 0.2 on M; Ge4+ 0.1 on T; K+ 0.05 on A; F- 0.1 on X"]
    assert str(space.replaced_ion) == "Zr4+"
    sites = space.decode([0]).sites()
    for site, element in (("M", "Sc"), ("T", "Ge"), ("A", "K"), ("X", "F")):
        assert sites.occupancy[site][0, sites.elements.index(element)] > 0


def test_every_ion_that_a_space_puts_on_a_site_sits_there_in_the_site_table():
    for host, site, replaced in (
        (NASICON, "M", "Zr4+"),
        (NASICON, "T", "P5+"),
        (NASICON, "A", "Na+"),
        (NASICON, "X", "O2-"),
        (HALIDE, "M", "Y3+"),
        (HALIDE, "A", "Li+"),
        (HALIDE, "X", "Cl-"),
    ):
        entry = Substitution(replaced, "all", [0.01], site=site)
        space = SubstitutionSpace(host, [entry])
        sites = space.decode(_whole(space)).sites()
        for row in np.flatnonzero(sites.framework == sites.framework[0]).tolist():
            (ion,) = (space.ions[number] for number in space.decode([row]).dopants[0])
            here = sites.occupancy[site][row, sites.elements.index(ion.element)]
            assert here == pytest.approx(0.01, abs=1e-9), (host, site, ion)


def test_all_is_every_ion_that_shannon_lists_at_the_coordination_and_that_can_sit_there():
    framework = FRAMEWORKS["nasicon"]
    ions = site_ions("all", "M", framework, Ion.parse("Zr4+"))
    wanted = {ion for ion in ions_with_radius(6) if not misplaced(ion, "M", framework)}
    assert set(ions) == {ion for ion in wanted if ion.element not in ("Zr", "C")}
    assert {"La3+", "Ba2+", "Cu+", "U6+", "Re7+"} <= set(map(str, ions))
    assert set(site_ions("plausible", "M", framework, Ion.parse("Zr4+"))) < set(ions)
    assert all(np.isfinite(shannon_radii([i.element], [i.charge], 6, nearest=False)[0]) for i in ions)


def test_three_together_take_the_common_state_of_all_and_every_one_when_asked():
    pairs = SubstitutionSpace(NASICON, [Substitution("Zr4+", "all", [0.1], [1, 2])])
    threes = SubstitutionSpace(NASICON, [Substitution("Zr4+", "all", [0.1], [1, 2, 3])])
    every = SubstitutionSpace(NASICON, [Substitution("Zr4+", "all", [0.1], [3], states="every")])
    assert threes.ions == common_states(pairs.ions) != pairs.ions == every.ions
    count = len(threes.ions)
    assert len(threes) == count + math.comb(count, 2) + math.comb(count, 3)


@pytest.mark.parametrize("together", [1, 2, 3, 4, 5])
def test_choices_are_numbered_as_plain_loops_give_them(together):
    texts = ["Mg2+", "Sc3+", "V3+", "V5+", "V4+", "Mn2+", "Mn3+", "Fe3+", "Fe2+", "Zn2+", "Y3+", "Nb5+"]
    ions, grid = [Ion.parse(text) for text in texts], [2, 3, 5]

    def made(chosen: tuple[int, ...], amounts: tuple[int, ...]) -> tuple[object, int]:
        """Elements with amounts, and the charge: the composition."""
        pairs = list(zip(chosen, amounts, strict=True))
        atoms = tuple((ions[number].element, amount) for number, amount in pairs)
        return atoms, sum(ions[number].charge * amount for number, amount in pairs)

    expected = {
        made(chosen, amounts)
        for chosen in itertools.combinations(range(len(ions)), together)
        if len({ions[number].element for number in chosen}) == together
        for amounts in itertools.product(grid, repeat=together)
    }
    block = count_choices(ions, grid, together)
    members, taken = block.decode(np.arange(block.size))
    choices = [(tuple(m), tuple(a)) for m, a in zip(members.tolist(), taken.tolist(), strict=True)]
    assert choices == sorted(choices)
    assert block.size == len(expected)
    assert {made(*choice) for choice in choices} == expected


def test_a_space_of_1e18_is_addressed_to_its_last_candidate():
    grid = {"start": 0.002, "stop": 0.4, "step": 0.002}
    ions = "Mg2+ Zn2+ Sc3+ In3+ Y3+ Lu3+ Yb3+ Er3+ Ho3+ Dy3+ Gd3+ Hf4+ Ti4+ Sn4+ Nb5+ Ta5+ Mo6+ W6+".split()
    entry = Substitution("Zr4+", ions, grid, [1, 2, 3, 4])
    tetrahedra = Substitution("P5+", ["Ge4+", "B3+", "As5+"], grid, [1, 2], site="T")
    space = SubstitutionSpace(NASICON, [entry, tetrahedra], silicon=[1.8, 2.0])
    on_m = sum(math.comb(len(ions), k) * 200**k for k in (1, 2, 3, 4))
    on_t = 3 * 200 + 3 * 200**2
    assert len(space) == 2 * on_m * on_t
    assert 1e18 < len(space) < 2**63
    drawn = np.random.default_rng(3).integers(0, len(space), 2000)
    batch = space.decode([0, *drawn.tolist(), len(space) - 1])
    charge = (batch.composition.amounts * batch.oxidation).sum(axis=1)
    assert np.abs(charge).max() < 1e-9
    last = space.formulas([len(space) - 1])
    # Lu3+ adds 0.4 Na, Ta5+ and W6+ take 0.4 and 0.8, Ge4+ for P5+ adds 0.4.
    assert last == ["Na2.6Zr0.4Hf0.4Lu0.4Ta0.4W0.4Si2P0.2As0.4Ge0.4O12"]


def test_the_ion_of_a_full_share_of_the_site_may_be_the_one_that_was_there():
    shape = {"members": 4, "spread": 0.05, "step": 0.05}
    entry = Substitution("Y3+", ["Y3+", "Sc3+", "In3+", "Er3+", "Yb3+"], high_entropy=shape)
    space = SubstitutionSpace(HALIDE, [entry])
    shares = 19  # ways to draw four of -1, 0 and 1 that add up to 0
    assert len(space) == 5 * shares
    batch = space.decode(_whole(space))
    np.testing.assert_allclose(batch.fractions.sum(axis=1), 1.0, atol=1e-12)
    assert (batch.composition.amount("Y") > 0).sum() == 4 * shares
    assert batch.composition.amount("Li").tolist() == [3.0] * len(space)


def test_thirds_of_a_site_are_kept_neutral_exactly():
    entry = Substitution("Zr4+", ["Sc3+", "Hf4+", "Nb5+"], high_entropy={"members": 3})
    space = SubstitutionSpace(NASICON, [entry])
    assert space.decode([0]).composition.amount("Na")[0] == 3.0
    assert space.decode([0]).composition.amount("Hf")[0] == 2 / 3
    assert SubstitutionSpace.from_dict(space.to_dict()) == space


@pytest.mark.parametrize(
    ("neutral_by", "formula"),
    [
        ("T", "Na3.2Zr1.8Sc0.2Si2PO12"),
        ("M", "Na3.2Zr1.8Sc0.2Si2PO12"),
        ("X", "Na3.2Zr1.8Sc0.2Si2PO12"),
    ],
)
def test_a_balanced_excess_leaves_the_rest_alone(neutral_by, formula):
    entry = Substitution("Zr4+", ["Sc3+"], [0.2])
    space = SubstitutionSpace(NASICON, [entry], excess=[0.0, 0.2], neutral_by=neutral_by)
    assert space.formulas([1]) == [formula]
    assert space.decode([1]).excess.tolist() == [0.2]


@pytest.mark.parametrize(
    ("neutral_by", "formula", "text"),
    [
        ("T", "Na3.4Zr1.8Sc0.2Si2.2P0.8O12", "Sc3+ 0.2 on M; Si 2.2 on T; Na +0.4 on A"),
        ("M", "Na3.4Zr1.75Sc0.2Si2PO12", "Sc3+ 0.2 on M; Na +0.4 on A"),
        ("X", "Na2.8Zr1.8Sc0.2Si2PO11.6F0.4", "Sc3+ 0.2 on M; Na -0.2 on A"),
    ],
)
def test_an_excess_is_made_up_for_by_the_stated_site(neutral_by, formula, text):
    entry = Substitution("Zr4+", ["Sc3+"], [0.2])
    space = SubstitutionSpace(NASICON, [entry], excess=[-0.2, 0.4], neutral_by=neutral_by)
    index = [0 if neutral_by == "X" else 1]
    assert (space.formulas(index), space.describe(index)) == ([formula], [text])
    assert abs(parse_sites([formula]).charge_residual[0]) < 1e-9


def test_a_word_leaves_out_what_another_entry_names_and_the_smaller_site_keeps_what_two_words_share():
    named = [Substitution("Zr4+", "all", [0.1]), Substitution("P5+", ["Ge4+"], [0.1], site="T")]
    assert "Ge4+" not in SubstitutionSpace(NASICON, named).substitutions[0].ions
    words = [Substitution("Zr4+", "all", [0.1]), Substitution("P5+", "all", [0.1], site="T")]
    on_m, on_t = (set(entry.ions) for entry in SubstitutionSpace(NASICON, words).substitutions)
    assert {"Al3+", "Ge4+", "V5+"} <= on_t
    assert not {"Al", "Ge", "V"} & {text.rstrip("+0123456789") for text in on_m}


def test_hosts_share_entries_and_silicon_where_they_can():
    space = SubstitutionSpace(
        hosts=[NASICON, HAFNIUM, HALIDE],
        substitutions=[
            Substitution(["Zr4+", "Hf4+"], ["Zr4+", "Hf4+", "Sc3+"], [0.1]),
            Substitution("Y3+", ["Sc3+", "Zr4+"], [0.1]),
        ],
        silicon=[1.8, 2.2],
    )
    assert space.hosts == (NASICON, HAFNIUM, HALIDE)
    assert [len(part) for part in space.parts] == [4, 4, 2]
    assert space.starts.tolist() == [0, 4, 8]
    assert space.part_of([0, 3, 4, 9]).tolist() == [0, 0, 1, 2]
    assert [str(part.replaced_ion) for part in space.parts] == ["Zr4+", "Hf4+", "Y3+"]
    assert space.replaced_ion is None
    assert space.formulas([9, 0, 5]) == [
        "Li2.9Y0.9Zr0.1Cl6",
        "Na2.9Zr1.9Sc0.1Si1.8P1.2O12",
        "Na3.3Hf1.9Sc0.1Si2.2P0.8O12",
    ]
    again = pickle.loads(pickle.dumps(space))
    assert again == space
    assert again.digest == space.digest
    with pytest.raises(IndexError, match="candidates go from 0 to 9, got 10 to 10"):
        space.part_of([10])


def test_a_host_in_a_list_is_the_host_itself():
    entry = Substitution("Zr4+", ["Sc3+"], [0.1])
    listed = SubstitutionSpace(hosts=[NASICON], substitutions=[entry])
    assert listed == SubstitutionSpace(NASICON, [entry])
    assert listed.parts == (listed,)


def test_elements_are_left_out_by_supply_and_by_name():
    entry = Substitution("Zr4+", "all", [0.1])
    table = supply_table()
    flagged = set(table.index[table["toxic"] | table["radioactive"]])
    free = SubstitutionSpace(NASICON, [entry])
    kept = SubstitutionSpace(NASICON, [entry], constraints={"toxic": False, "radioactive": False})
    assert {ion.element for ion in free.ions} - {ion.element for ion in kept.ions} == flagged & set(
        free.elements
    )
    only = SubstitutionSpace(NASICON, [entry], constraints={"only": ["Na", "Zr", "Si", "P", "O", "Sc", "Y"]})
    assert set(map(str, only.ions)) == {"Sc3+", "Y3+"}
    without = SubstitutionSpace(NASICON, [entry], constraints={"exclude": ["Sc"]})
    assert {ion.element for ion in free.ions} - {ion.element for ion in without.ions} == {"Sc"}
    assert SubstitutionSpace.from_dict(kept.to_dict()) == kept


def test_limits_on_the_candidate_are_told_by_name():
    entry = Substitution("Zr4+", ["Sc3+", "Mg2+", "Zn2+"], [0.1, 0.4], [1, 2])
    limits = {"price_usd_per_kg": 40.0, "most_elements": 6}
    space = SubstitutionSpace(NASICON, [entry], constraints=limits)
    assert space.to_dict()["constraints"] == limits
    batch = space.decode(_whole(space))
    refused = space.refused(batch)
    dear = material_price(batch.composition) > 40.0
    np.testing.assert_array_equal(refused["price_usd_per_kg"], dear)
    np.testing.assert_array_equal(refused["most_elements"], (batch.dopants >= 0).sum(axis=1) == 2)
    assert 0 < dear.sum() < len(space)
    assert SubstitutionSpace(NASICON, [entry]).refused(batch) == {}


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("nasicon_sites", "Na3.3K0.1Hf1.6Sc0.4Si2P0.9V0.1O12"),
        ("nasicon_excess", "Na3.4Zr1.9Sc0.1Si2.3P0.7O12"),
        ("li3ycl6_mixed_halogens", "Li2.9Y0.9Zr0.1Cl3Br3"),
        ("li3ycl6_high_entropy", "Li3Y0.2Er0.2In0.2Sc0.2Yb0.2Cl6"),
    ],
)
def test_shipped_wide_spaces_hold_what_they_are_for(name, formula):
    space = SubstitutionSpace.from_toml(name)
    assert 4e5 < len(space) < 6e6
    (row,) = parse_sites([formula]).composition.amounts
    amounts = dict(zip(parse_sites([formula]).elements, row.tolist(), strict=True))
    found = [few for part in space.parts if (few := narrow_space(part, amounts)) is not None]
    written = [text for few in found for text in few.formulas(_whole(few))]
    assert len(written) < 1000
    assert written.count(formula) == 1
