"""Going back in time: nothing later leaks in, percentiles are what they say, poor results are printed."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.inference import backtest as backtest_module
from ssepredict.inference.backtest import FEWEST_LATER, NAMED_CASES, Backtest, backtest
from ssepredict.inference.backtests import pool as pool_module
from ssepredict.inference.backtests.history import History
from ssepredict.inference.backtests.placement import (
    grouped_interval,
    percentiles,
    sampling_error,
    top_enrichment,
)
from ssepredict.inference.backtests.pool import ORDERS, Pool, Ranking
from ssepredict.inference.ranking import rank
from ssepredict.inference.spaces.membership import membership
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling import training
from ssepredict.modeling.estimators import ESTIMATORS
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.training import train

YEAR = 2025
NB = "Li1.8Zr0.8Nb0.2Cl6"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="module")
def halide_space() -> SubstitutionSpace:
    return SubstitutionSpace.from_toml("li2zrcl6")


@pytest.fixture(scope="module")
def history(dataset: Dataset, halide_space: SubstitutionSpace) -> History:
    return History(dataset, halide_space)


@pytest.fixture(scope="module")
def run(dataset: Dataset, halide_space: SubstitutionSpace) -> tuple[Backtest, Predictor, list[str]]:
    """Two years for real, on two families and with one model to choose from; 1990 has nothing to learn."""
    part = dataset.select(family=("li_halide", "na_nasicon"), quantity=("conductivity", "activation_energy"))
    said: list[str] = []
    trained: list[Predictor] = []

    def recorded(*arguments: Any, **options: Any) -> Predictor:
        trained.append(train(*arguments, **options))
        return trained[-1]

    few = {name: ESTIMATORS[name] for name in ("family_median", "host_median", "trees_and_process")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "ESTIMATORS", few)
        patch.setattr(backtest_module, "train", recorded)
        found = backtest(halide_space, part, [YEAR, 1990], sample=300, seed=1, folds=2, progress=said.append)
    (predictor,) = trained
    return found, predictor, said


@pytest.fixture(scope="module")
def found(run: tuple[Backtest, Predictor, list[str]]) -> Backtest:
    return run[0]


@pytest.fixture(scope="module")
def predictor(run: tuple[Backtest, Predictor, list[str]]) -> Predictor:
    return run[1]


# percentiles and enrichment


def test_percentiles_against_counting():
    generator = np.random.default_rng(0)
    values, pool = generator.integers(0, 9, 20).astype(float), generator.integers(0, 9, 50).astype(float)
    counted = [100.0 * ((pool < v).sum() + 0.5 * (pool == v).sum()) / 50 for v in values]
    np.testing.assert_allclose(percentiles(values, pool), counted)
    assert percentiles(pool, pool).mean() == pytest.approx(50.0)  # whatever the ties
    assert percentiles([1.0], np.ones(7)).tolist() == [50.0]


def test_percentiles_of_nothing_are_unknown():
    assert np.isnan(percentiles([1.0, np.nan], np.zeros(0))).all()
    assert np.isnan(percentiles([np.nan], np.zeros(3))).all()


@pytest.mark.parametrize(
    ("at", "share", "expected"),
    [
        ([100.0, 99.5], 0.01, 100.0),
        ([99.0, 95.1], 0.01, 0.0),  # the edge itself is outside
        ([99.0, 95.0], 0.05, 10.0),
        ([97.0, 1.0, 2.0, np.nan], 0.05, 20.0 / 3.0),
    ],
)
def test_enrichment_in_closed_form(at, share, expected):
    assert top_enrichment(np.array(at), share) == pytest.approx(expected)


def test_enrichment_by_chance_is_one_and_of_nothing_unknown():
    even = (np.arange(2000) + 0.5) / 20.0
    assert top_enrichment(even, 0.05) == pytest.approx(1.0)
    assert np.isnan(top_enrichment(np.zeros(0), 0.05))


def test_sampling_error_is_that_of_drawing_without_replacement():
    generator = np.random.default_rng(0)
    population = np.arange(400) < 200
    shares = [100.0 * generator.choice(population, 100, replace=False).mean() for _ in range(4000)]
    assert sampling_error(100, 400) == pytest.approx(np.std(shares), rel=0.05)
    assert sampling_error(400, 400) == 0.0


def test_an_interval_over_papers_draws_papers():
    values = np.array([0.0] * 50 + [1.0, 2.0])
    papers = ["a"] * 50 + ["b", "c"]

    def highest(rows: np.ndarray) -> float:
        return float(values[rows].max())

    assert grouped_interval(highest, papers, seed=1) == grouped_interval(highest, papers, seed=1)
    low, high = grouped_interval(highest, papers)
    # 1 of 27 draws holds paper a alone, less than the tail of 5 %; of single rows it would be 13 %.
    assert (low, high) == (1.0, 2.0)
    assert np.isnan(grouped_interval(highest, ["a"] * 51 + ["b"])).all()
    assert np.isnan(grouped_interval(lambda rows: float("nan"), papers)).all()


# what belongs to a space


@pytest.mark.parametrize("name", ["na3zr2si2po12", "li2zrcl6"])
def test_every_candidate_belongs_to_its_space(name):
    space = SubstitutionSpace.from_toml(name)
    indices = np.random.default_rng(1).integers(0, len(space), 60)
    sites = space.decode(indices).sites()
    kept = sites.take(np.flatnonzero(sites.composition.amounts.min(axis=1) >= 0))
    assert set(membership(space, kept).tolist()) == {"candidate"}


@pytest.mark.parametrize(
    ("formula", "place"),
    [
        ("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "candidate"),
        ("Na6.8Zr3.4Sc0.4Zn0.2Si4P2O24", "candidate"),  # the same, doubled
        ("Na3.32Zr1.92Ta0.08Si2.4P0.6O12", "near"),  # neither amount on the grid
        ("Na3.2Zr1.8Sc0.2Si2.1P0.9O12", "near"),
        ("Na3Zr2Si2PO12", ""),  # the host is no substitution
        ("Na3.5Zr1.6Sc0.2Zn0.1Mg0.1Si2PO12", ""),  # three dopants
        ("Na3Hf2Si2PO12", ""),
        (NB, ""),
    ],
)
def test_where_a_composition_belongs(formula, place):
    space = SubstitutionSpace.from_toml("na3zr2si2po12")
    assert membership(space, parse_sites([formula])).tolist() == [place]


# what was known when


def test_training_holds_dated_earlier_sources_alone(history):
    earlier = history.before(YEAR)
    frame = earlier.training_frame("conductivity")
    assert frame["year"].max() < YEAR
    assert frame["year"].notna().all()
    counts = history.counts(YEAR)
    usable = history.measured
    assert counts["training_rows"] + counts["undated_rows"] + counts["straddling_rows"] + int(
        (usable["first"] >= YEAR).sum()
    ) == len(usable)
    assert counts["undated_rows"] == usable["year"].isna().sum() > 0


def test_nothing_later_or_undated_leaks_into_training(dataset, halide_space, history):
    source = dataset.samples.set_index("sample_id")["source_id"]
    year = dataset.sources.set_index("source_id")["year"]
    hidden = ~(dataset.transport["sample_id"].map(source).map(year) < YEAR)
    assert hidden.sum() > 100
    spoiled = dataset.transport.copy()
    spoiled.loc[hidden, "value"] *= 7.0
    other = History(dataclasses.replace(dataset, transport=spoiled), halide_space)
    assert other.before(YEAR).digest == history.before(YEAR).digest
    assert (
        other.later(YEAR)["conductivity_s_cm"].tolist() != history.later(YEAR)["conductivity_s_cm"].tolist()
    )


def test_a_work_with_years_on_both_sides_is_in_neither_part(dataset, halide_space, history):
    later = history.later(YEAR)
    work = later.loc[later["formula"] == NB, "work_id"].iloc[0]
    row = dataset.sources[dataset.sources["work_id"] == work].iloc[[0]]
    online = row.assign(source_id="online-first", year=float(YEAR - 1))
    sources = pd.concat([dataset.sources, online], ignore_index=True)
    split = History(dataclasses.replace(dataset, sources=sources), halide_space)
    assert NB not in split.later(YEAR)["formula"].to_list()
    assert work not in set(split.before(YEAR).training_frame("conductivity")["work_id"])
    assert NB in split.later(YEAR - 1)["formula"].to_list()


def test_later_compositions_are_new_and_winners_the_top_quarter(history):
    later = history.later(YEAR)
    before = set(history.before(YEAR).training_frame("conductivity")["composition_key"])
    assert NB in later["formula"].to_list()
    assert not set(later["composition_key"]) & before
    assert later["composition_key"].is_unique
    assert later["conductivity_s_cm"].is_monotonic_decreasing
    edge = np.quantile(later["conductivity_s_cm"], 0.75)
    assert later["winner"].tolist() == (later["conductivity_s_cm"] >= edge).astype(int).tolist()
    assert (later["published"] >= YEAR).all()
    own = history.measured[history.measured["composition_key"].isin(later["composition_key"])]
    assert (own.groupby("composition_key")["first"].min().dropna() >= YEAR).all()


# the ranking of a space


def test_a_draw_is_repeatable_and_takes_a_small_space_whole(small_space):
    once, again = Pool.draw(small_space, 50, seed=3), Pool.draw(small_space, 50, seed=3)
    other = Pool.draw(small_space, 50, seed=4)
    keys = [composition_keys(part.sites).tolist() for part in (once, again, other)]
    assert keys[0] == keys[1] != keys[2]
    assert len(set(keys[0])) == len(keys[0])
    whole = Pool.draw(small_space, 10**6, seed=0)
    assert (whole.drawn, whole.percentile_error) == (len(small_space), 0.0)
    assert once.percentile_error > 1.0


def test_percentiles_are_those_of_the_ranking_itself(
    small_space: SubstitutionSpace, predictor: Predictor, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pool_module, "HINDSIGHT_RULES", ())
    listed = rank(small_space, predictor, top=len(small_space))
    placed = Ranking(Pool.draw(small_space, len(small_space), 0), predictor).place(listed["formula"].tolist())
    for order, column in (("score", "score"), ("conductivity", "conductivity_s_cm")):
        values = listed[column].to_numpy()
        np.testing.assert_allclose(placed[f"percentile_{order}"], percentiles(values, values), atol=0.5)
    np.testing.assert_allclose(placed["predicted_s_cm"], listed["conductivity_s_cm"], rtol=1e-6)
    nearest = (listed["carriers"] - 3.35).abs().round(6)
    assert placed.groupby(nearest)["percentile_carriers"].first().is_monotonic_decreasing


def test_what_a_rule_refuses_has_the_last_place_by_score(small_space, predictor):
    ranking = Ranking(Pool.draw(small_space, 100, 0), predictor)
    line = ranking.place(["Na4Zr2Si3O12", "Na3.2Zr1.8Sc0.2Si2PO12"])
    assert line["rejected_by"].tolist() == ["carriers_and_vacancies", ""]
    assert line["percentile_score"].iloc[0] == 0.0 < line["percentile_score"].iloc[1]
    assert np.isfinite(line["percentile_conductivity"]).all()


def test_a_draw_out_of_range_is_refused(small_space):
    with pytest.raises(SsePredictError, match="sample is 0; expected a number of candidates"):
        Pool.draw(small_space, 0, seed=0)


# the whole


def test_progress_names_the_sample_and_the_year(run):
    said = run[2]
    assert said[0].startswith("300 of 121,454 candidates drawn")
    assert {sentence.split(":")[0] for sentence in said[1:]} == {"before 2025"}


def test_the_model_of_a_year_knows_nothing_later(run, history):
    predictor = run[1]
    assert predictor.name == "before-2025"
    assert predictor.evidence_rows["year"].max() < YEAR
    assert NB not in predictor.evidence_rows["formula"].to_list()
    reported = {row["source_id"] for rows in predictor.metrics["best_reported"].values() for row in rows}
    year = history.dataset.sources.set_index("source_id")["year"]
    assert year.loc[sorted(reported)].max() < YEAR


def test_a_year_with_enough_data_is_ranked(found):
    line = found.years.set_index("before").loc[YEAR]
    assert (line["status"], line["reason"]) == ("ok", "")
    assert line["later_compositions"] >= FEWEST_LATER
    assert line["winners"] >= 1
    own = found.compositions[found.compositions["before"] == YEAR]
    for order in ("conductivity", "score"):
        at = own[f"percentile_{order}"]
        assert at.between(0.0, 100.0).all()
        assert line[f"winner_percentile_{order}"] == pytest.approx(at[own["winner"] == 1].mean())
        assert line[f"later_percentile_{order}"] == pytest.approx(at.mean())
        expected = (at[own["winner"] == 1] > 95.0).mean() / 0.05
        assert line[f"enrichment_5pct_{order}"] == pytest.approx(expected)
        truth = own["conductivity_s_cm"].rank().corr(at.rank())
        assert line[f"spearman_{order}"] == pytest.approx(truth)
        assert line[f"spearman_{order}_low"] <= line[f"spearman_{order}_high"]
    assert own["percentile_carriers"].isna().all()  # a rule of thumb for NASICON
    assert 0.0 <= line["outside_domain_pct"] <= 100.0


def test_a_year_without_enough_data_says_why(found):
    line = found.years.set_index("before").loc[1990]
    assert line["status"] == "not_enough"
    assert "dated papers to train on, expected 20 or more" in line["reason"]
    assert np.isnan(line["winner_percentile_score"])
    assert found.compositions.loc[found.compositions["before"] == 1990, "percentile_score"].isna().all()


def test_the_named_case_has_its_line_in_every_year(found):
    cases = found.cases
    assert cases["before"].tolist() == [1990, YEAR]
    assert set(cases["formula"]) == {NB}
    assert set(cases["place"]) == {"candidate"}
    assert set(cases["in_training"]) == {0}
    assert cases["conductivity_s_cm"].tolist() == pytest.approx([1.03e-3] * 2)
    assert np.isnan(cases["percentile_score"].iloc[0])
    same = found.compositions[(found.compositions["before"] == YEAR) & (found.compositions["formula"] == NB)]
    assert cases["percentile_score"].iloc[1] == same["percentile_score"].iloc[0]


def test_each_named_case_is_a_candidate_of_a_shipped_space():
    spaces = [SubstitutionSpace.from_toml(name) for name in ("na3zr2si2po12", "li2zrcl6")]
    sites = parse_sites([case.formula for case in NAMED_CASES])
    places = [membership(space, sites).tolist() for space in spaces]
    assert places == [["candidate", ""], ["", "candidate"]]


def test_a_model_that_abstains_ranks_nothing(dataset, halide_space):
    halides = dataset.select(family="li_halide", quantity="conductivity")
    rows = halides.training_frame("conductivity").drop_duplicates("work_id")
    later = History(halides, halide_space).later(YEAR)["work_id"]
    chosen = pd.concat([rows[rows["year"] < YEAR].head(30), rows[rows["work_id"].isin(later)]])
    kept = halides.transport["measurement_id"].isin(chosen["measurement_id"])
    few = dataclasses.replace(halides, transport=halides.transport[kept]).select()
    run = backtest(halide_space, few, [YEAR], sample=50, folds=2)
    line = run.years.iloc[0]
    assert 20 <= line["training_papers"] <= 30
    assert line["later_compositions"] >= FEWEST_LATER
    assert (line["status"], line["reason"]) == ("abstained", "too few rows to learn from")
    assert run.compositions[[f"percentile_{order}" for order in ORDERS]].isna().all(axis=None)


def test_arguments_out_of_range_are_refused(dataset, halide_space):
    with pytest.raises(SsePredictError, match="folds is 1; expected 2 or more"):
        backtest(halide_space, dataset, [YEAR], folds=1)
    nothing = dataset.select(family="na_halide")
    with pytest.raises(SsePredictError, match="no dated composition of the space"):
        backtest(halide_space, nothing, sample=10)
