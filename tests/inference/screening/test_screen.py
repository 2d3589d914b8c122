from __future__ import annotations

import numpy as np
import pytest

from ssepredict.chemistry.supply import material_price
from ssepredict.inference.objectives.objective import Objective, Selection
from ssepredict.inference.screening.listing import list_candidates
from ssepredict.inference.screening.screen import COMPILED_FROM, Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.screening.summary import summarise
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.modeling.predictor import Predictor, load_predictor

HOSTS = ["Na3Zr2Si2PO12", "Li3YCl6"]
ENTRIES = [
    Substitution("Zr4+", ["Mg2+", "Sc3+", "Nb5+", "Sr2+"], [0.1, 0.2, 1.5], [1, 2]),
    Substitution("Y3+", ["Zr4+", "In3+", "Er3+", "Be2+"], [0.1, 0.3], [1, 2]),
    Substitution("Cl-", ["Br-"], [1.0], site="X", optional=True),
]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor()


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    return SubstitutionSpace(hosts=HOSTS, substitutions=ENTRIES)


@pytest.fixture(scope="module")
def screen(space: SubstitutionSpace, predictor: Predictor) -> Screen:
    return Screen.of(space, predictor, Objective())


@pytest.fixture(scope="module")
def best(screen: Screen) -> Screened:
    return screen.run(np.arange(len(screen.space)), len(screen.space))


def test_each_host_is_screened_as_if_it_were_alone(screen, best, space, predictor):
    merged = Screened()
    for start, part in zip(space.starts.tolist(), space.parts, strict=True):
        alone = Screen.of(part, predictor, Objective())
        found = alone.run(np.arange(len(part)), len(part))
        merged = merged.merge(Screened(found.indices + start, found.scores, found.tally), len(space))
    np.testing.assert_array_equal(merged.indices, best.indices)
    np.testing.assert_array_equal(merged.scores, best.scores)
    assert merged.tally.rejected_by_rule == best.tally.rejected_by_rule
    for name in ("evaluated", "rejected", "no_framework", "scored"):
        assert getattr(merged.tally, name) == getattr(best.tally, name)
    assert best.tally.rejected_by_rule["radius_mismatch"] > 0  # Sr2+ for Zr4+, Be2+ for Y3+


def test_thresholds_are_those_of_the_candidates_own_host(screen, predictor):
    values = [
        [(entry.target, entry.threshold, entry.origin) for entry in screen.resolved_for(part)]
        for part in (0, 1)
    ]
    for host, resolved in zip(HOSTS, values, strict=True):
        for target, threshold, origin in resolved:
            reported = predictor.best_reported(host, target, 25.0)
            assert origin == ("predicted" if reported is None else "reported")
            if reported is not None:
                assert threshold == reported["value"]
    assert values[0] != values[1]


def test_rows_of_a_list_say_their_host_and_what_they_say_alone(screen, best, space, predictor):
    frame = list_candidates(screen, best)
    assert set(frame["host"]) == set(HOSTS)
    order = ["candidate", "host"]
    assert list(frame.columns).index("host") == list(frame.columns).index("substitutions") + 1
    for start, part in zip(space.starts.tolist(), space.parts, strict=True):
        alone = Screen.of(part, predictor, Objective())
        own = list_candidates(alone, alone.run(np.arange(len(part)), len(part)))
        here = frame[frame["host"] == part.host].reset_index(drop=True)
        assert (own["candidate"] + start).tolist() == here["candidate"].tolist()
        # Sums over a longer element axis end in other last digits.
        assert np.abs(own["charge_residual"] - here["charge_residual"]).max() < 1e-9
        same = [name for name in own if name not in ("rank", "charge_residual", *order)]
        assert own[same].equals(here[same])


def test_a_summary_tells_the_hosts_apart(screen, best):
    summary = summarise(screen, best.tally, 10, 1.0)
    demands = summary["objective"]["specifications"]
    assert [line["host"] for line in demands] == [host for host in HOSTS for _ in range(2)]
    order = summary["order_inside_host"]
    assert list(order["by_host"]) == HOSTS
    least = all(told["better_than_chance"] for told in order["by_host"].values())
    assert order["better_than_chance"] == least
    assert summary["space"]["hosts"] == HOSTS


def test_a_screen_for_several_hosts_wants_the_demands_of_each(space, predictor):
    resolved = Objective().resolve(space.parts[0].host_sites, space.parts[0].host, predictor)
    with pytest.raises(ValueError, match="resolved holds 2 specifications, expected 4"):
        Screen(space, predictor, Objective(), resolved)


def test_constraints_on_the_candidate_are_counted_under_their_names(predictor):
    entry = Substitution("Zr4+", ["Mg2+", "Sc3+", "Nb5+"], [0.1, 0.2], [1, 2])
    limits = {"price_usd_per_kg": 60.0, "most_elements": 6}
    free = SubstitutionSpace(HOSTS[0], [entry])
    space = SubstitutionSpace(HOSTS[0], [entry], constraints=limits)
    everything = np.arange(len(space))
    found = Screen.of(space, predictor, Objective()).run(everything, len(space))
    whole = Screen.of(free, predictor, Objective()).run(everything, len(space))
    composition = free.decode(everything).composition
    kept = (material_price(composition) <= 60.0) & ((composition.amounts > 0).sum(axis=1) <= 6)
    assert 0 < kept.sum() < len(space)
    expected = np.isin(whole.indices, everything[kept])
    np.testing.assert_array_equal(found.indices, whole.indices[expected])
    np.testing.assert_array_equal(found.scores, whole.scores[expected])
    counts = found.tally.rejected_by_rule
    assert counts["price_usd_per_kg"] == (material_price(composition) > 60.0).sum()
    assert counts["most_elements"] == ((composition.amounts > 0).sum(axis=1) > 6).sum()
    assert found.tally.evaluated == len(space)
    assert found.tally.rejected + found.tally.no_framework + found.tally.scored == len(space)


def test_a_front_is_gathered_from_the_original_models(predictor):
    space = SubstitutionSpace.from_toml("li2zrcl6")
    with_front = Objective(selection=Selection(pareto=("conductivity_s_cm", "price_usd_per_kg")))
    assert Screen.of(space, predictor, Objective(), COMPILED_FROM).compiled
    assert not Screen.of(space, predictor, with_front, COMPILED_FROM).compiled
