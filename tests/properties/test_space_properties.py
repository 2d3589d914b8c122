from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ssepredict.chemistry.ions import Ion
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.modeling.predictor import load_predictor

POOL = "Mg2+ Zn2+ Sc3+ Y3+ Nb5+ Nb4+ Fe2+ Fe3+ Mn2+ Mn3+ Mn4+ V2+ V3+ V4+ V5+ Ti3+ Ti4+ Hf4+".split()
GRID = ["0.05", "0.1", "0.15", "0.2", "0.25", "0.3", "0.4", "0.5"]
HOSTS = {"Na3Zr2Si2PO12": ("Na", 3, 2), "Li2ZrCl6": ("Li", 2, 1)}

ions_drawn = st.lists(st.sampled_from(POOL), min_size=3, max_size=7, unique=True)
grid_drawn = st.lists(st.sampled_from(GRID), min_size=1, max_size=3, unique=True).map(
    lambda grid: sorted(grid, key=float)
)


@st.composite
def spaces(draw: st.DrawFn) -> tuple[SubstitutionSpace, dict[str, object]]:
    ions, grid = draw(ions_drawn), draw(grid_drawn)
    together = draw(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=3, unique=True))
    assume(len({Ion.parse(text).element for text in ions}) >= max(together))
    host = draw(st.sampled_from(sorted(HOSTS)))
    silicon = draw(st.sampled_from([[], [1.8, 2.0], [0.0, 2.5, 3.0]])) if host.startswith("Na") else []
    entry = Substitution("Zr4+", ions, list(map(float, grid)), together)
    drawn = {"host": host, "ions": ions, "grid": grid, "together": together, "silicon": silicon}
    return SubstitutionSpace(host, [entry], silicon=silicon), drawn


def brute_force(drawn: dict[str, object]) -> set[tuple[tuple[str, Fraction], ...]]:
    """Every distinct composition, in exact fractions, by plain loops."""
    mobile, alkali, zirconium = HOSTS[str(drawn["host"])]
    found = set()
    ions = [Ion.parse(text) for text in drawn["ions"]]
    for together in drawn["together"]:
        for choice in itertools.combinations(ions, together):
            if len({ion.element for ion in choice}) < together:
                continue
            for amounts in itertools.product(map(Fraction, drawn["grid"]), repeat=together):
                for silicon in drawn["silicon"] or [None]:
                    atoms = {ion.element: amount for ion, amount in zip(choice, amounts, strict=True)}
                    atoms["Zr"] = zirconium - sum(amounts)
                    atoms[mobile] = alkali + sum(
                        amount * (4 - ion.charge) for ion, amount in zip(choice, amounts, strict=True)
                    )
                    if silicon is not None:
                        atoms[mobile] += Fraction(str(silicon)) - 2
                        atoms |= {"Si": Fraction(str(silicon)), "P": 3 - Fraction(str(silicon))}
                    found.add(tuple(sorted((symbol, amount) for symbol, amount in atoms.items() if amount)))
    return found


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_no_candidate_twice_and_none_missing(pair):
    space, drawn = pair
    expected = brute_force(drawn)
    batch = space.decode(np.arange(len(space)))
    varied = {symbol for key in expected for symbol, _ in key}
    decoded = {
        tuple(
            sorted(
                (symbol, Fraction(str(amount)))
                for symbol, amount in zip(batch.composition.elements, row, strict=True)
                if amount and symbol in varied
            )
        )
        for row in batch.composition.amounts.tolist()
    }
    assert len(decoded) == len(space)
    assert decoded == expected


@settings(max_examples=60, deadline=None)
@given(spaces())
def test_every_candidate_is_exactly_neutral(pair):
    space, _ = pair
    batch = space.decode(np.arange(len(space)))
    for amounts, states in zip(batch.composition.amounts.tolist(), batch.oxidation.tolist(), strict=True):
        charge = sum(
            Fraction(str(amount)) * int(state)
            for amount, state in zip(amounts, states, strict=True)
            if amount
        )
        assert charge == 0


@settings(max_examples=40, deadline=None)
@given(spaces(), st.randoms(use_true_random=False))
def test_decoding_a_batch_equals_decoding_its_rows(pair, random):
    space, _ = pair
    indices = [random.randrange(len(space)) for _ in range(20)]
    together = space.decode(indices)
    for row, index in enumerate(indices):
        alone = space.decode([index])
        np.testing.assert_array_equal(alone.composition.amounts[0], together.composition.amounts[row])
        np.testing.assert_array_equal(alone.oxidation[0], together.oxidation[row])


@settings(max_examples=40, deadline=None)
@given(spaces())
def test_dopants_and_fractions_say_what_was_composed(pair):
    space, _ = pair
    batch = space.decode(np.arange(len(space)))
    column = {symbol: index for index, symbol in enumerate(batch.composition.elements)}
    for row in range(len(batch)):
        chosen = [space.ions[number] for number in batch.dopants[row] if number >= 0]
        for ion, amount in zip(chosen, batch.fractions[row].tolist(), strict=False):
            assert batch.composition.amounts[row, column[ion.element]] == amount
            assert batch.oxidation[row, column[ion.element]] == ion.charge


@pytest.fixture(scope="module")
def screen() -> Screen:
    entry = Substitution(
        "Zr4+", ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+", "Fe2+", "Fe3+"], [0.1, 0.2, 1.5], [1, 2]
    )
    space = SubstitutionSpace("Na3Zr2Si2PO12", [entry], silicon=[1.8, 2.2])
    predictor, objective = load_predictor(), Objective()
    return Screen(space, predictor, objective, objective.resolve(space.host_sites, space.host, predictor))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 320), max_size=6), random=st.randoms(use_true_random=False))
def test_screening_ignores_the_order_of_candidates_and_of_chunks(screen, cuts, random):
    everything = np.arange(len(screen.space))
    whole = screen.run(everything, top=25)
    shuffled = everything.tolist()
    random.shuffle(shuffled)
    merged = Screened()
    for part in np.split(np.array(shuffled), sorted(min(cut, len(shuffled)) for cut in cuts)):
        merged = merged.merge(screen.run(part, top=25), 25)
    np.testing.assert_array_equal(merged.indices, whole.indices)
    np.testing.assert_array_equal(merged.scores, whole.scores)
    assert merged.tally.evaluated == whole.tally.evaluated
    assert merged.tally.rejected_by_rule == whole.tally.rejected_by_rule
    assert merged.tally.scored == whole.tally.scored


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunk=st.integers(1, 400))
def test_ranking_is_the_same_whatever_the_chunk_size(screen, chunk):
    assume(chunk >= 7)  # smaller ones only cost time
    whole = rank(screen.space, screen.predictor, top=20)
    assert rank(screen.space, screen.predictor, top=20, chunk=chunk).equals(whole)


@settings(max_examples=100, deadline=None)
@given(
    scores=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=30),
    top=st.integers(1, 12),
    cut=st.integers(0, 30),
)
def test_merging_keeps_the_best_and_breaks_ties_by_position(scores, top, cut):
    indices = np.arange(len(scores), dtype=np.int64)
    expected = sorted(indices.tolist(), key=lambda index: (-scores[index], index))[:top]
    values = np.array(scores)
    left, right = Screened(indices[:cut], values[:cut]), Screened(indices[cut:], values[cut:])
    for first, second in ((left, right), (right, left)):
        assert first.merge(second, top).indices.tolist() == expected
