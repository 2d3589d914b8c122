from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import RankingError
from ssepredict.inference.objectives.objective import Objective, Specification
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.inference.suggestion import suggest
from ssepredict.inference.suggestions import pool
from ssepredict.inference.suggestions.measured import Measured
from ssepredict.inference.suggestions.pool import SAME_WITHIN, Taken
from ssepredict.physics.checks import check_sites

REASONS = [
    "updated_conductivity_s_cm",
    "updated_conductivity_s_cm_low",
    "updated_conductivity_s_cm_high",
    "expected_improvement_decades",
    "batch_gain_decades",
    "chance_to_beat_best",
    "best_known_s_cm",
    "diversity",
    "nearest_measured",
    "nearest_measured_distance",
    "why",
]


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    dopants = Substitution("Zr4+", ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Nb5+", "Hf4+"], [0.1, 0.2, 0.4], [1, 2])
    return SubstitutionSpace("Na3Zr2Si2PO12", [dopants], silicon=[1.8, 2.0, 2.2])


@pytest.fixture(scope="module")
def suggested(space, predictor) -> pd.DataFrame:
    return suggest(space, predictor, batch=6)


def _made(rows: list[tuple[str, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["formula", "conductivity_s_cm"]).assign(temperature_c=25.0)


def _apart(formulas: list[str], others: list[str]) -> np.ndarray:
    """Largest difference of any element's amount, shape (n, m)."""
    amounts = parse_sites([*formulas, *others]).composition.amounts
    left, right = amounts[: len(formulas)], amounts[len(formulas) :]
    return np.abs(left[:, None, :] - right[None, :, :]).max(axis=2)


def test_each_row_says_why(suggested, space, predictor):
    assert suggested["rank"].tolist() == [1, 2, 3, 4, 5, 6]
    place = suggested.columns.get_loc("substitutions") + 1
    assert suggested.columns[place : place + len(REASONS)].tolist() == REASONS
    assert suggested["formula"].tolist() == space.formulas(suggested["candidate"])
    low, middle, high = (suggested[f"updated_conductivity_s_cm{end}"] for end in ("_low", "", "_high"))
    assert (low < middle).all()
    assert (middle < high).all()
    assert suggested["chance_to_beat_best"].between(0.0, 1.0).all()
    assert (suggested["expected_improvement_decades"] > 0).all()
    assert suggested["diversity"].iloc[0] == 1.0
    assert suggested["diversity"].between(0.0, 1.0).all()
    assert suggested["why"].str.contains("chance to beat").all()
    assert (suggested["evidence_distance"] > 0).all()


def test_without_measurements_the_prediction_is_that_of_the_release(suggested, predictor):
    alone = predictor.distributions(parse_sites(suggested["formula"].tolist()))["conductivity_s_cm"]
    chance = alone.probability_above(float(suggested["best_known_s_cm"].iloc[0]))
    np.testing.assert_allclose(suggested["chance_to_beat_best"], chance, atol=2e-3)
    low, high = alone.interval(0.9)
    np.testing.assert_allclose(np.log10(suggested["updated_conductivity_s_cm_low"] / low), 0.0, atol=0.06)
    np.testing.assert_allclose(np.log10(suggested["updated_conductivity_s_cm_high"] / high), 0.0, atol=0.06)


def test_to_beat_is_the_best_reported_of_what_the_space_is_made_of(suggested, predictor):
    best = suggested.attrs["summary"]["suggestion"]["best_known"]
    evidence = predictor.evidence_rows
    rows = evidence[(evidence["family"] == "na_nasicon") & evidence["temperature_c"].between(15, 35)]
    rows = rows[~rows["formula"].str.contains(r"(?:In|Ga|Fe|Al|Ca|Ti|Ge|La|Yb|Sn|Sb|Ta|W|Mo|Ni|Co)")]
    rows = rows[rows["contribution"].isin(["", "total", "unspecified"])]
    assert best["origin"] == "reported"
    assert best["value_s_cm"] <= rows["conductivity_s_cm"].max()
    assert best["formula"] in set(rows["formula"])
    assert best["value_s_cm"] >= predictor.best_reported("Na3Zr2Si2PO12", "conductivity_s_cm")["value"]


def test_a_stated_threshold_and_a_better_own_value_are_what_is_to_beat(space, predictor):
    wanted = Objective((Specification("conductivity_s_cm", "above", 1e-3),))
    frame = suggest(space, predictor, wanted, batch=2)
    assert frame.attrs["summary"]["suggestion"]["best_known"]["origin"] == "stated"
    assert frame["best_known_s_cm"].tolist() == [1e-3, 1e-3]
    own = _made([("Na3.3Zr1.7Sc0.3Si2PO12", 4e-3), ("Na3.1Zr1.9Y0.1Si2PO12", 5e-4)])
    best = suggest(space, predictor, wanted, batch=2, measured=own).attrs["summary"]["suggestion"][
        "best_known"
    ]
    assert best == {
        "value_s_cm": 4e-3,
        "origin": "measured",
        "formula": "Na3.3Zr1.7Sc0.3Si2PO12",
        "source": "the table, row 2",
    }


@pytest.mark.parametrize("strategy", ["expected_improvement", "thompson"])
def test_a_seed_decides_everything(space, predictor, strategy):
    own = _made([("Na3.3Zr1.7Sc0.3Si2PO12", 4e-3), ("Na3.1Zr1.9Y0.1Si2PO12", 5e-4)])
    first = suggest(space, predictor, batch=4, measured=own, strategy=strategy, seed=5)
    again = suggest(space, predictor, batch=4, measured=own, strategy=strategy, seed=5)
    pd.testing.assert_frame_equal(first, again)
    assert first.attrs["summary"]["suggestion"]["seed"] == 5
    turned = suggest(space, predictor, batch=4, measured=own.iloc[::-1], strategy=strategy, seed=5)
    assert turned["formula"].tolist() == first["formula"].tolist()
    assert len(pd.concat([first, again])) == 8  # pandas compares what the tables say about themselves
    others = [
        suggest(space, predictor, batch=4, strategy="thompson", seed=seed)["formula"].tolist()
        for seed in (1, 2)
    ]
    assert others[0] != others[1]


def test_what_was_made_is_never_suggested_again(space, predictor, suggested):
    top = suggested["formula"].tolist()
    # The same sample, weighed a little differently and written otherwise.
    near = top[1].replace("O12", "O11.99")
    frame = suggest(space, predictor, batch=6, measured=_made([(top[0], 1e-3), (near, 1e-3)]))
    assert set(frame["formula"]).isdisjoint(top[:2])
    evidence = predictor.evidence_rows["formula"].drop_duplicates().tolist()
    assert (_apart(frame["formula"].tolist(), [*evidence, top[0]]).min(axis=1) > SAME_WITHIN).all()
    assert frame.attrs["summary"]["suggestion"]["already_made"] > 2


def test_taken_is_a_matter_of_two_hundredths_of_an_atom(predictor):
    own = Measured(_made([("Na3.3Zr1.7Sc0.3Si2PO12", 1e-3)]))
    asked = ["Na3.3Zr1.7Sc0.3Si2PO12", "Na3.32Zr1.68Sc0.32Si2PO12", "Na3.33Zr1.67Sc0.33Si2PO12"]
    taken = Taken(own.sites)
    assert taken.holds(parse_sites(asked)).tolist() == [True, True, False]
    assert taken.holds(parse_sites(["Na3.3Zr1.7Y0.3Si2PO12", "Li3YCl6"])).tolist() == [False, False]
    assert Taken.of(predictor, own).holds(parse_sites(["Na3Zr2Si2PO12"])).tolist() == [True]


def test_what_the_rules_reject_is_never_suggested(small_space, predictor):
    frame = suggest(small_space, predictor, batch=40)
    verdicts = check_sites(parse_sites(frame["formula"].tolist()), host_ion=small_space.parts[0].replaced_ion)
    assert not verdicts.rejected.any()
    tally = frame.attrs["summary"]["candidates"]
    assert tally["rejected"] > 0
    assert tally["evaluated"] == len(small_space)


def test_measured_values_move_their_neighbourhood(space, predictor):
    """A lucky scandium series draws the next batch to scandium, an unlucky one drives it away."""
    series = ["Na3.15Zr1.85Sc0.15Si2PO12", "Na3.25Zr1.75Sc0.25Si2PO12", "Na3.45Zr1.55Sc0.45Si2PO12"]
    rest = ["Na3.1Zr1.9Y0.1Si2PO12", "Na2.85Zr1.85Nb0.15Si2PO12"]
    lucky = _made([*((text, 4e-3) for text in series), *((text, 2e-4) for text in rest)])
    unlucky = _made([*((text, 2e-5) for text in series), *((text, 1e-3) for text in rest)])
    with_sc = [
        suggest(space, predictor, batch=6, measured=own)["formula"].str.contains("Sc").sum()
        for own in (lucky, unlucky)
    ]
    assert with_sc[0] >= 3
    assert with_sc[1] <= 1
    frame = suggest(space, predictor, batch=6, measured=lucky)
    scandium = frame[frame["formula"].str.contains("Sc")]
    assert (scandium["updated_conductivity_s_cm"] > scandium["conductivity_s_cm"]).all()
    width = np.log10(frame["updated_conductivity_s_cm_high"] / frame["updated_conductivity_s_cm_low"])
    before = np.log10(frame["conductivity_s_cm_high"] / frame["conductivity_s_cm_low"])
    assert (width < 0.9 * before).all()
    assert set(frame["nearest_measured"]) <= set(lucky["formula"])
    assert (frame["nearest_measured_distance"] > 0).all()


def test_a_surprising_value_is_named(space, predictor):
    own = _made([("Na3.3Zr1.7Sc0.3Si2PO12", 1e-9), ("Na3.1Zr1.9Y0.1Si2PO12", 8e-4)])
    frame = suggest(space, predictor, batch=1, measured=own)
    said = frame.attrs["summary"]["suggestion"]["measured"]
    assert [row["formula"] for row in said["surprising"]] == ["Na3.3Zr1.7Sc0.3Si2PO12"]
    assert said["surprising"][0]["predicted_low_s_cm"] > 1e-9
    assert said["used"] == 2
    assert [row["surprising"] for row in frame.attrs["measured"]] == [1, 0]


def test_the_batch_is_chosen_from_the_best_of_the_whole_space(space, predictor, suggested):
    """The oracle scores every candidate alone, without the streaming code."""
    screen = Screen.of(space, predictor, Objective())
    alive = np.sort(screen.run(np.arange(len(space)), len(space)).indices)
    sites = space.decode(alive).sites()
    found = predictor.distributions(sites)
    best = float(suggested["best_known_s_cm"].iloc[0])
    chance = found["conductivity_s_cm"].probability_above(best)
    other = found["activation_energy_ev"].probability_below(
        predictor.best_reported("Na3Zr2Si2PO12", "activation_energy_ev")["value"]
    )
    top = alive[np.argsort(-chance * other, kind="stable")[:40]]
    assert suggested["candidate"].iloc[0] in top


def test_of_a_large_space_the_best_part_of_every_chunk_is_conditioned(space, predictor, monkeypatch):
    plain = suggest(space, predictor, batch=3)
    monkeypatch.setattr(pool, "WHOLE_UP_TO", 10)
    monkeypatch.setattr(pool, "CHUNK", 64)
    monkeypatch.setattr(pool, "KEPT_OF_CHUNK", 16)
    staged = suggest(space, predictor, batch=3)
    assert staged["candidate"].iloc[0] == plain["candidate"].iloc[0]
    assert staged.attrs["summary"]["suggestion"]["pool"] < plain.attrs["summary"]["suggestion"]["pool"]
    for name in ("evaluated", "rejected", "scored"):
        tallies = [frame.attrs["summary"]["candidates"][name] for frame in (plain, staged)]
        assert tallies[0] == tallies[1]


def test_a_limit_spreads_over_the_space_and_progress_counts(space, predictor):
    calls: list[tuple[int, int]] = []
    frame = suggest(
        space, predictor, batch=2, limit=50, progress=lambda done, total: calls.append((done, total))
    )
    assert calls == [(50, 50)]
    assert frame.attrs["summary"]["candidates"]["evaluated"] == 50


def test_a_batch_ends_with_the_space(predictor):
    tiny = SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ["Sc3+"], [0.13, 0.17])])
    assert len(suggest(tiny, predictor, batch=8)) == 2


def test_an_exhausted_space_says_so(predictor):
    tiny = SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ["Sc3+"], [0.13])])
    own = _made([("Na3.13Zr1.87Sc0.13Si2PO12", 1e-3)])
    with pytest.raises(
        RankingError, match=r"all 1 candidates that the rules let pass have been made already"
    ):
        suggest(tiny, predictor, measured=own)
    empty = SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ["Mg2+", "Zn2+"], [0.5])])
    with pytest.raises(RankingError, match="none of 2 candidates is left"):
        suggest(empty, predictor)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batch": 0}, "batch is 0; expected a whole number of 1 or more"),
        ({"batch": 5000}, "batch is 5000; expected at most 512: use rank for a longer list"),
        ({"limit": 0}, "limit is 0; expected a whole number of 1 or more"),
        ({"strategy": "thomson"}, "strategy is 'thomson'; expected one of .*; did you mean 'thompson'"),
        ({"diversity": 1.5}, "diversity is 1.5; expected a number from 0 to 1"),
    ],
)
def test_arguments_out_of_range_are_refused(space, predictor, options, said):
    with pytest.raises(RankingError, match=said):
        suggest(space, predictor, **options)


def test_an_objective_without_conductivity_is_refused(space, predictor):
    only = Objective((Specification("activation_energy_ev", "below", 0.3),))
    with pytest.raises(
        RankingError, match="demands activation_energy_ev below; suggestions improve the cond"
    ):
        suggest(space, predictor, only)
    worse = Objective((Specification("conductivity_s_cm", "below", 1e-3),))
    with pytest.raises(RankingError, match="expected a demand on conductivity_s_cm: above a threshold"):
        suggest(space, predictor, worse)


def test_a_model_that_abstains_from_the_conductivity_is_refused(space, predictor):
    models = {
        name: dataclasses.replace(model, status="abstained" if name == "conductivity_s_cm" else model.status)
        for name, model in predictor.models.items()
    }
    with pytest.raises(RankingError, match="abstains from conductivity_s_cm, so nothing can be expected"):
        suggest(space, dataclasses.replace(predictor, models=models))


def test_a_space_of_several_hosts_is_one_list(predictor):
    space = SubstitutionSpace.from_dict(
        {
            "hosts": ["LiTi2(PO4)3", "LiGe2(PO4)3"],
            "substitutions": [
                {
                    "replaces": ["Ti4+", "Ge4+"],
                    "ions": ["Al3+", "Sc3+", "Cr3+"],
                    "fractions": [0.2, 0.35, 0.5],
                }
            ],
        }
    )
    frame = suggest(space, predictor, batch=6)
    assert set(frame["host"]) <= {"LiTi2(PO4)3", "LiGe2(PO4)3"}
    best = frame.attrs["summary"]["suggestion"]["best_known"]
    alone = [
        predictor.best_reported(host, "conductivity_s_cm")["value"] for host in ("LiTi2(PO4)3", "LiGe2(PO4)3")
    ]
    assert best["value_s_cm"] >= max(alone)
    own = _made([("Li1.3Ti1.7Al0.3(PO4)3", 2e-4), ("Na3.2Zr1.8Sc0.2Si2PO12", 1e-3)])
    said = suggest(space, predictor, batch=2, measured=own).attrs["summary"]["suggestion"]["measured"]
    assert (said["used"], said["ignored"]) == (1, {"of another family than the space": 1})
