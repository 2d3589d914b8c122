from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ssepredict.chemistry.ions import Ion
from ssepredict.inference.spaces.space import SubstitutionSpace

Atoms = dict[str, Fraction]

HOSTS: dict[str, dict[str, int]] = {
    "Na3Zr2Si2PO12": {"Na": 3, "Zr": 2, "Si": 2, "P": 1, "O": 12},
    "LiTi2P3O12": {"Li": 1, "Ti": 2, "P": 3, "O": 12},
    "Li3YCl6": {"Li": 3, "Y": 1, "Cl": 6},
}
CHARGE = {"Na": 1, "Li": 1, "Zr": 4, "Ti": 4, "Y": 3, "Si": 4, "P": 5, "O": -2, "Cl": -1, "F": -1}
MOBILE = {"Na3Zr2Si2PO12": "Na", "LiTi2P3O12": "Li", "Li3YCl6": "Li"}
REPLACED = {
    "Na3Zr2Si2PO12": {"M": "Zr4+", "T": "P5+", "A": "Na+", "X": "O2-"},
    "LiTi2P3O12": {"M": "Ti4+", "T": "P5+", "A": "Li+", "X": "O2-"},
    "Li3YCl6": {"M": "Y3+", "A": "Li+", "X": "Cl-"},
}
POOL = {
    "M": "Mg2+ Zn2+ Sc3+ In3+ Nb5+ Nb4+ Fe2+ Fe3+ Mn2+ Mn3+ Mn4+ Ti3+ Ti4+ Hf4+".split(),
    "T": ["Ge4+", "As5+", "B3+", "Al3+"],
    "A": ["K+", "Rb+", "Ag+"],
    "X": ["F-"],
}
HALIDE_X = ["Br-", "I-", "F-"]
GRID = ["0.05", "0.1", "0.15", "0.2", "0.3", "0.4"]


@st.composite
def grids(draw: st.DrawFn, most: int = 2) -> list[str]:
    return sorted(draw(st.lists(st.sampled_from(GRID), min_size=1, max_size=most, unique=True)), key=Fraction)


@st.composite
def entries(draw: st.DrawFn, host: str, site: str, most: int) -> dict[str, object]:
    pool = HALIDE_X if site == "X" and host == "Li3YCl6" else POOL[site]
    pool = [ion for ion in pool if Ion.parse(ion).element not in HOSTS[host]]
    ions = draw(st.lists(st.sampled_from(pool), min_size=1, max_size=most, unique=True))
    elements = len({Ion.parse(ion).element for ion in ions})
    counts = st.integers(1, min(elements, 3))
    together = draw(st.lists(counts, min_size=1, max_size=2, unique=True))
    return {
        "site": site,
        "replaces": REPLACED[host][site],
        "ions": ions,
        "together": together,
        "fractions": draw(grids()),
        "optional": draw(st.booleans()),
    }


@st.composite
def descriptions(draw: st.DrawFn, host: str = "", alone: bool = True) -> dict[str, object]:
    host = host or draw(st.sampled_from(sorted(HOSTS)))
    most = 3 if alone else 2
    sites = draw(st.lists(st.sampled_from(sorted(REPLACED[host])), min_size=1, max_size=most, unique=True))
    oxide = host != "Li3YCl6"
    neutral_by = draw(st.sampled_from(["A", "T", "M", "X"] if oxide else ["A", "M", "X"])) if alone else "A"
    assume(not (oxide and neutral_by == "X" and "X" in sites))  # F would be a dopant and keep the charge
    described: dict[str, object] = {"host": host, "neutral_by": neutral_by}
    described["substitutions"] = [draw(entries(host, site, most + 1)) for site in sites]
    if neutral_by != "A" and draw(st.booleans()):
        described["excess"] = draw(st.sampled_from([["-0.2", "0", "0.1"], ["0.3"]]))
    if oxide and neutral_by != "T" and draw(st.booleans()):
        described["silicon"] = draw(st.sampled_from([["0.5"], ["1.8", "2.2"]]))
    size = 1
    for entry in described["substitutions"]:
        size *= 1 + sum(
            len(list(itertools.combinations(entry["ions"], k))) * len(entry["fractions"]) ** k
            for k in entry["together"]
        )
    assume(size * len(described.get("excess", [0])) * len(described.get("silicon", [0])) <= 3000)
    return described


def build(described: dict[str, object]) -> SubstitutionSpace:
    """Build the space, the amounts that are kept as exact text turned into numbers."""
    plain = dict(described)
    plain["substitutions"] = [
        entry | {"fractions": [float(amount) for amount in entry["fractions"]]}
        for entry in described["substitutions"]
    ]
    for key in ("excess", "silicon"):
        if key in plain:
            plain[key] = [float(amount) for amount in described[key]]
    return SubstitutionSpace.from_dict(plain)


def choices(entry: dict[str, object]) -> Iterator[list[tuple[Ion, Fraction]]]:
    if entry["optional"]:
        yield []
    ions = [Ion.parse(text) for text in entry["ions"]]
    for together in entry["together"]:
        for chosen in itertools.combinations(ions, together):
            if len({ion.element for ion in chosen}) == together:
                for amounts in itertools.product(map(Fraction, entry["fractions"]), repeat=together):
                    yield list(zip(chosen, amounts, strict=True))


def balance(atoms: Atoms, site: str, host: str, charge: Fraction) -> None:
    """Take up a charge on a site, by the rule in words."""
    metal = Ion.parse(REPLACED[host]["M"])
    if site == "A":
        atoms[MOBILE[host]] -= charge
    elif site == "T":
        atoms["Si"] = atoms.get("Si", Fraction(0)) + charge
        atoms["P"] -= charge
    elif site == "M":
        atoms[metal.element] -= charge / metal.charge
    else:
        halogen = "Cl" if host == "Li3YCl6" else "F"
        atoms["O"] = atoms.get("O", Fraction(0)) + charge
        atoms[halogen] = atoms.get(halogen, Fraction(0)) - charge


def brute_force(described: dict[str, object]) -> set[tuple[tuple[str, Fraction], ...]]:
    """Every distinct composition, in exact fractions, by plain loops."""
    host = str(described["host"])
    found = set()
    for picked in itertools.product(*(list(choices(entry)) for entry in described["substitutions"])):
        for excess, silicon in itertools.product(
            map(Fraction, described.get("excess", ["0"])), described.get("silicon", [None])
        ):
            atoms: Atoms = {symbol: Fraction(amount) for symbol, amount in HOSTS[host].items()}
            charges = dict(CHARGE)
            for entry, dopants in zip(described["substitutions"], picked, strict=True):
                replaced = Ion.parse(entry["replaces"])
                for ion, amount in dopants:
                    atoms[ion.element] = amount
                    charges[ion.element] = ion.charge
                    atoms[replaced.element] -= amount
            atoms[MOBILE[host]] += excess
            if silicon is not None:
                more = Fraction(silicon) - HOSTS[host].get("Si", 0)
                atoms["Si"] = atoms.get("Si", Fraction(0)) + more
                atoms["P"] -= more
            balance(atoms, str(described["neutral_by"]), host, _charge(atoms, charges))
            assert _charge(atoms, charges) == 0
            found.add(tuple(sorted((symbol, amount) for symbol, amount in atoms.items() if amount)))
    return found


def _charge(atoms: Atoms, charges: dict[str, int]) -> Fraction:
    return sum((amount * charges[symbol] for symbol, amount in atoms.items()), Fraction(0))


def decoded(space: SubstitutionSpace) -> list[tuple[tuple[str, Fraction], ...]]:
    batch = space.decode(np.arange(len(space)))
    return [
        tuple(
            sorted(
                (symbol, Fraction(amount).limit_denominator(10**6))
                for symbol, amount in zip(batch.composition.elements, row, strict=True)
                if amount
            )
        )
        for row in batch.composition.amounts.tolist()
    ]


@settings(max_examples=60, deadline=None)
@given(descriptions())
def test_several_entries_hold_no_candidate_twice_and_miss_none(described):
    found = decoded(build(described))
    assert len(set(found)) == len(found)
    assert set(found) == brute_force(described)


@settings(max_examples=40, deadline=None)
@given(descriptions(), st.randoms(use_true_random=False))
def test_a_batch_equals_its_rows_and_any_order(described, random):
    space = build(described)
    indices = [random.randrange(len(space)) for _ in range(12)]
    batch = space.decode(indices)
    for row, index in enumerate(indices):
        alone = space.decode([index])
        for name in ("oxidation", "dopants", "fractions", "silicon", "excess", "part"):
            np.testing.assert_array_equal(getattr(alone, name)[0], getattr(batch, name)[row])
        np.testing.assert_array_equal(alone.composition.amounts[0], batch.composition.amounts[row])


@settings(max_examples=40, deadline=None)
@given(descriptions())
def test_a_description_reads_back_into_the_same_space(described):
    space = build(described)
    again = SubstitutionSpace.from_dict(space.to_dict())
    assert (again, again.digest, len(again)) == (space, space.digest, len(space))
    last = [len(space) - 1]
    assert again.formulas(last) == space.formulas(last)


@settings(max_examples=25, deadline=None)
@given(descriptions("Na3Zr2Si2PO12", alone=False), descriptions("Li3YCl6", alone=False))
def test_several_hosts_are_their_spaces_one_after_the_other(first, second):
    tables = [
        entry | {"fractions": [float(amount) for amount in entry["fractions"]], "hosts": [part["host"]]}
        for part in (first, second)
        for entry in part["substitutions"]
    ]
    silicon = [float(amount) for amount in first.get("silicon", [])]
    plain = {"hosts": [first["host"], second["host"]], "substitutions": tables}
    space = SubstitutionSpace.from_dict(plain | ({"silicon": silicon} if silicon else {}))
    assert space.starts.tolist() == [0, len(brute_force(first))]
    found = decoded(space)
    assert len(set(found)) == len(found)
    assert set(found) == brute_force(first) | brute_force(second)
    assert SubstitutionSpace.from_dict(space.to_dict()) == space
    for number, part in enumerate(space.parts):
        rows = space.starts[number] + np.arange(len(part))
        assert space.formulas(rows) == part.formulas(np.arange(len(part)))
        assert space.describe(rows) == part.describe(np.arange(len(part)))
        batch = space.decode(rows)
        assert set(batch.part.tolist()) == {number}
        chosen = [[space.ions[ion] for ion in row if ion >= 0] for row in batch.dopants.tolist()]
        alone = part.decode(np.arange(len(part))).dopants.tolist()
        assert chosen == [[part.ions[ion] for ion in row if ion >= 0] for row in alone]


@settings(max_examples=12, deadline=None)
@given(
    ions=st.lists(st.sampled_from(POOL["M"]), min_size=3, max_size=6, unique=True),
    members=st.lists(st.sampled_from([3, 4, 5]), min_size=1, max_size=2, unique=True),
    step=st.sampled_from(["0.01", "0.02"]),
    steps=st.integers(0, 2),
    own=st.booleans(),
)
def test_near_equal_shares_fill_the_site_and_none_is_missing(ions, members, step, steps, own):
    ions = [ion for ion in ions if not ion.startswith("Y")] + (["Y3+"] if own else [])
    assume(len({Ion.parse(ion).element for ion in ions}) >= max(members))
    spread = steps * Fraction(step)
    shape = {"members": members, "spread": float(spread), "step": float(step)}
    entry = {"replaces": "Y3+", "ions": ions, "high_entropy": shape}
    space = SubstitutionSpace.from_dict({"host": "Li3YCl6", "substitutions": [entry]})
    expected = set()
    for count in members:
        grid = [Fraction(1, count) + number * Fraction(step) for number in range(-steps, steps + 1)]
        for chosen in itertools.combinations([Ion.parse(text) for text in ions], count):
            for amounts in itertools.product(grid, repeat=count):
                if len({ion.element for ion in chosen}) == count and sum(amounts) == 1:
                    atoms = {ion.element: amount for ion, amount in zip(chosen, amounts, strict=True)}
                    metal = sum(ion.charge * amount for ion, amount in zip(chosen, amounts, strict=True))
                    atoms |= {"Cl": Fraction(6), "Li": 6 - metal}
                    expected.add(tuple(sorted((key, value) for key, value in atoms.items() if value)))
    found = decoded(space)
    assert len(set(found)) == len(found)
    assert set(found) == expected
