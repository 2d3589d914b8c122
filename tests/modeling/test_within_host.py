"""Orders with a known answer: a perfect score, its reverse, chance; series that must not mix."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.evaluation import evaluate
from ssepredict.modeling.gain_models import GAIN_MODELS
from ssepredict.modeling.left_out import left_out_predictions
from ssepredict.modeling.protocols import TrainingTable, prepare
from ssepredict.modeling.scopes import at_room_temperature
from ssepredict.modeling.series import TEMPERATURES, Points, pairs_of, points_of, rightness
from ssepredict.modeling.skill import is_better_than_chance, order_skill, skill_of
from ssepredict.modeling.targets import TARGETS
from ssepredict.modeling.within_host import METRICS, Draws, interval, order_table, trivial_scores

GROUP = HOST_GROUPS["Na3Zr2Si2PO12"]


@pytest.fixture(scope="module")
def table(dataset: Dataset) -> TrainingTable:
    return prepare(TARGETS["conductivity_s_cm"], dataset)


@pytest.fixture(scope="module")
def small(table: TrainingTable) -> TrainingTable:
    """Na3Zr2Si2PO12 and Li3MX6 at room temperature."""
    hosts = table.frame["host"].to_numpy(dtype=str)
    rows = at_room_temperature(table.target, table.frame)
    rows &= GROUP.holds(hosts) | HOST_GROUPS["Li3MX6"].holds(hosts)
    return taken(table, np.flatnonzero(rows))


def taken(table: TrainingTable, rows: np.ndarray) -> TrainingTable:
    return dataclasses.replace(
        table,
        frame=table.frame.iloc[rows].reset_index(drop=True),
        sites=table.sites.take(rows),
        X=table.X[rows],
        X_withheld=table.X_withheld[rows],
        y=table.y[rows],
    )


def points(series: list[int], true: list[float], score: list[float]) -> Points:
    frame = pd.DataFrame({"work_id": series, "series": series, "true": true})
    return Points(frame, {"score": np.array(score, dtype=float)})


def test_pairs_put_the_better_one_first_and_leave_out_what_is_equal():
    made = points([0, 0, 0, 1, 1], [0.0, 1.0, 1.1, 5.0, 3.0], [0.0, 1.0, 2.0, 7.0, 7.0])
    better, worse = pairs_of(made)
    assert sorted(zip(better.tolist(), worse.tolist(), strict=True)) == [(1, 0), (2, 0), (3, 4)]
    assert sorted(rightness(made, "score", (better, worse))) == [0.5, 1.0, 1.0]


def test_a_difference_of_the_minimum_is_no_pair():
    assert len(pairs_of(points([0, 0], [0.0, 0.15], [0.0, 0.0]))[0]) == 0


@pytest.mark.parametrize("width", ["narrow", "wide"])
def test_series_hold_one_work_way_and_composition_once(table, width):
    made = points_of(table, {"score": np.arange(len(table.y), dtype=float)}, GROUP, width)
    frame = made.frame
    assert not frame.duplicated(["series", "composition"]).any()
    ways = frame[["series", "work_id", "contribution"]].drop_duplicates()
    assert not ways["series"].duplicated().any()
    assert "grain_boundary" not in set(frame["contribution"])


def test_rows_without_a_score_are_left_out_for_all(small):
    score = np.arange(len(small.y), dtype=float)
    missing = np.where(small.papers == small.papers[0], np.nan, score)
    kept = points_of(small, {"a": score, "b": missing}, GROUP)
    assert small.papers[0] not in set(kept.frame["work_id"])
    assert np.isfinite(kept.scores["a"]).all()


def test_composites_are_no_composition(small):
    frame = small.frame.assign(composite=1)
    hidden = dataclasses.replace(small, frame=frame)
    assert len(points_of(hidden, {"a": small.y}, GROUP).frame) == 0


def test_the_truth_orders_perfectly_and_its_reverse_not_at_all(small):
    found = order_table(
        small, {"truth": small.y, "reverse": -small.y}, widths=["narrow"], temperatures=["room"]
    )
    lines = found[found["host_group"] == GROUP.name].set_index("estimator")
    truth, reverse, chance = (lines.loc[name] for name in ("truth", "reverse", "chance"))
    assert truth["pairs"] > 20
    assert truth["concordance"] == truth["concordance_low"] == truth["concordance_high"] == 1.0
    assert truth["spearman_in_paper"] == pytest.approx(1.0)
    assert truth["spearman_over_host"] == pytest.approx(1.0)
    assert truth["regret"] == 0.0
    assert reverse["concordance"] == 0.0
    assert reverse["spearman_in_paper"] == pytest.approx(-1.0)
    assert chance["concordance"] == chance["concordance_doped"] == 0.5
    assert chance["spearman_in_paper"] == 0.0
    assert 0.0 < chance["regret"] < reverse["regret"]
    assert truth["gain_over_rule"] > 0
    assert lines.loc[truth["best_rule"], "gain_over_rule"] == 0.0


def test_a_group_without_pairs_has_no_figures(small):
    found = order_table(small, {"truth": small.y}, widths=["narrow"])
    lines = found[found["host_group"] == "Li2ZrCl6"]
    assert (lines["pairs"] == 0).all()
    assert lines[[*METRICS]].isna().all(axis=None)


def test_intervals_repeat_and_hold_the_figure(small):
    score = trivial_scores(small)["carriers_nearest_optimum"]
    options = {"seed": 3, "widths": ["narrow"], "temperatures": ["room"]}
    first, again = (order_table(small, {"a": score}, **options) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    known = first[first["pairs"] > 0]
    for metric in METRICS:
        inside = (known[f"{metric}_low"] <= known[metric] + 1e-9) & (
            known[metric] <= known[f"{metric}_high"] + 1e-9
        )
        assert inside.mean() > 0.9


def test_series_at_any_temperature_hold_those_of_room_temperature_and_more(table):
    score = {"truth": table.y}
    room, every = (points_of(table, score, GROUP, "wide", temperature) for temperature in TEMPERATURES)
    pairs = [len(pairs_of(points)[0]) for points in (room, every)]
    assert 0 < pairs[0] < pairs[1]
    assert set(room.frame["work_id"]) < set(every.frame["work_id"])


def test_figures_without_a_temperature_share_it_only_where_one_place_of_one_paper_gives_them(table):
    rows = np.flatnonzero(GROUP.holds(table.frame["host"]) & (table.frame["composite"] == 0))[:6]
    part = taken(table, rows)
    bare = part.frame.assign(
        temperature_c=np.nan, work_id="10.1/x", access="compilation", contribution="total", synthesis="",
        bound="", suspect=0, computed=0, composition_key=[f"c{number}" for number in range(6)],
        host=GROUP.hosts[0], read_in=["here"] * 3 + ["there"] * 3,
    )  # fmt: skip
    hidden = dataclasses.replace(part, frame=bare)
    assert len(points_of(hidden, {"a": part.y}, GROUP).frame) == 0
    made = points_of(hidden, {"a": part.y}, GROUP, temperature="any").frame
    assert made.groupby("series").size().tolist() == [3, 3]
    nameless = dataclasses.replace(part, frame=bare.assign(work_id="text/collection.csv"))
    assert len(points_of(nameless, {"a": part.y}, GROUP, temperature="any").frame) == 0
    doubtful = dataclasses.replace(part, frame=bare.assign(suspect=1))
    assert len(points_of(doubtful, {"a": part.y}, GROUP, temperature="any").frame) == 0


def test_values_of_several_temperatures_have_no_rank_over_the_host(table):
    found = order_table(table, {"truth": table.y}, widths=["wide"])
    line = found[(found["host_group"] == GROUP.name) & (found["estimator"] == "truth")]
    line = line.set_index("temperature")
    assert line.loc["room", "spearman_over_host"] == pytest.approx(1.0)
    assert np.isnan(line.loc["any", "spearman_over_host"])
    assert line.loc["any", "spearman_in_paper"] == pytest.approx(1.0)


def test_paper_by_paper_every_paper_counts_once(small):
    # One paper with many pairs in the wrong order does not outweigh the others.
    lines = order_table(small, {"truth": small.y}, widths=["narrow"], temperatures=["room"])
    assert (lines.loc[lines["estimator"] == "truth", "concordance_by_paper"].dropna() == 1.0).all()
    points = points_of(small, {"a": small.y}, GROUP)
    largest = points.frame["work_id"].iloc[pairs_of(points)[0]].value_counts().index[0]
    wrong = np.where(small.papers == largest, -small.y, small.y)
    line = order_table(small, {"a": wrong}, widths=["narrow"], temperatures=["room"])
    line = line[(line["host_group"] == GROUP.name) & (line["estimator"] == "a")].iloc[0]
    assert line["concordance_by_paper"] == pytest.approx(1.0 - 1.0 / line["works"])
    assert line["concordance"] < line["concordance_by_paper"]


def test_draws_weigh_works_not_values():
    draws = Draws(3, seed=0, draws=50)
    assert draws.counts[0].tolist() == [1.0, 1.0, 1.0]
    assert (draws.counts.sum(axis=1) == 3.0).all()
    mean = draws.mean(np.array([0, 0, 1]), np.array([1.0, 1.0, 0.0]))
    assert mean[0] == pytest.approx(2.0 / 3.0)
    only_third = draws.counts[:, 2] == 3.0
    assert np.isnan(mean[only_third]).all()


def test_one_work_has_no_interval():
    figure, low, high = interval(np.array([0.7, 0.7, 0.7]), 1)
    assert figure == 0.7
    assert np.isnan([low, high]).all()


def test_skill_of_the_truth_and_of_a_constant(small):
    lines = [line for line in order_skill(small, small.y) if line["temperature"] == "room"]
    by_truth = {line["host_group"]: line for line in lines if line["width"] == "narrow"}
    line = by_truth[GROUP.name]
    assert line["better_than_chance"]
    assert line["hosts"] == ["Na3Zr2Si2PO12"]
    assert sum(part["pairs"] for part in line["by_difference"]) == line["pairs"]
    assert {part["concordance"] for part in line["by_difference"]} == {1.0}
    assert by_truth["Li2ZrCl6"]["by_difference"] == []
    constant = order_skill(small, np.zeros(len(small.y)))[0]
    assert constant["concordance"] == 0.5
    assert not constant["better_than_chance"]
    (part,) = constant["by_difference"]
    assert (part["difference_low"], part["pairs"]) == (0.0, constant["pairs"])


def test_pairs_fall_into_bins_by_predicted_difference(small):
    line = order_skill(small, 0.05 * small.y)[0]
    assert [part["difference_low"] for part in line["by_difference"]] == [0.0]


def line_of(**others: object) -> dict[str, object]:
    return {"host_group": "g", "hosts": ["Li2ZrCl6"], "concordance": 0.6, "pairs": 9, **others}


def test_skill_falls_back_to_the_wide_group():
    narrow, wide = (
        line_of(pairs=0, concordance=None),
        line_of(host_group="wide", hosts=["Li2ZrCl6", "Li2HfCl6"]),
    )
    metrics = {"within_host_order": [narrow, wide]}
    assert skill_of(metrics, "Li2ZrCl6") == wide
    assert skill_of(metrics, "Li2HfCl6") == wide
    assert skill_of(metrics, "Li3YCl6") is None
    assert skill_of(None, "Li3YCl6") is None


def test_more_pairs_of_the_same_hosts_at_any_temperature_come_along():
    labels = {"width": "narrow", "temperature": "any"}
    room, more = line_of(width="narrow", temperature="room"), line_of(pairs=20, works=4, **labels)
    wide = line_of(host_group="wide", pairs=99, **labels)
    assert skill_of({"within_host_order": [room, wide, more]}, "Li2ZrCl6") == room | {"any_temperature": more}
    same = line_of(**labels)
    assert "any_temperature" not in skill_of({"within_host_order": [room, same]}, "Li2ZrCl6")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (None, False),
        (line_of(low=0.6, any_temperature=line_of(low=0.42)), False),
        (line_of(low=0.6, any_temperature=line_of(low=None)), False),
        (line_of(low=0.6, any_temperature=line_of(low=0.55)), True),
        (line_of(), False),
        (line_of(low=0.5), False),
        (line_of(low=0.51), True),
        (line_of(low=0.51, better_than_chance=False), False),
    ],
)
def test_better_than_chance_needs_a_lower_end_above_a_half(line, expected):
    assert is_better_than_chance(line) is expected


@pytest.mark.parametrize("name", GAIN_MODELS)
def test_candidates_predict_left_out_rows(small, name):
    found = left_out_predictions(small, GAIN_MODELS[name], "paper_purged", folds=2)
    assert sorted(found["row"]) == list(range(len(small.y)))
    assert np.isfinite(found["predicted_withheld"]).all()
    assert np.ptp(found["predicted_withheld"]) > 0


def test_models_of_differences_ignore_the_level_of_a_paper(small):
    shift = pd.factorize(small.frame["work_id"])[0] * 3.0
    for name in ("centred_trees", "pair_difference"):
        plain, shifted = (
            GAIN_MODELS[name].build(0).fit(small.frame, values).predict(small.frame)
            for values in (small.y, small.y + shift)
        )
        np.testing.assert_allclose(plain, shifted, atol=1e-6)


def test_pair_difference_gives_the_host_no_gain(small):
    model = GAIN_MODELS["pair_difference"].build(0).fit(small.frame, small.y)
    undoped = small.frame[small.frame["formula"] == "Na3Zr2Si2PO12"].head(1)
    np.testing.assert_allclose(model.predict(undoped), 0.0, atol=1e-9)


def test_evaluate_measures_orders_beside_rules_and_candidates(li_halides):
    found = evaluate(li_halides, "within_host", estimators=["host_median", "extra_trees"], folds=2, workers=1)
    orders = found.within_host
    assert set(found.table["target"]) == {"conductivity_s_cm"}
    assert set(found.table["protocol"]) == {"paper_purged"}
    assert set(orders["estimator"]) == {"host_median", "extra_trees", *GAIN_MODELS, *trivial_rules()}
    assert set(orders["temperature"]) == {"room", "any"}
    assert found.order_agreement["host_group"].nunique() == 8
    orders = orders[orders["temperature"] == "room"]
    halides = orders[(orders["host_group"] == "Li3MX6") & (orders["width"] == "narrow")]
    assert (halides["pairs"] > 0).all()
    medians = halides.set_index("estimator").loc["host_median"]
    assert medians["concordance"] == 0.5


def test_orders_are_not_measured_where_papers_are_not_purged(li_halides):
    found = evaluate(li_halides, "host", targets=["conductivity_s_cm"], estimators=["host_median"], workers=1)
    assert found.within_host.empty


def trivial_rules() -> set[str]:
    return {"chance", "more_carriers", "carriers_nearest_optimum", "radius_nearest_optimum"}


@pytest.mark.parametrize("name", ["centred_trees", "pair_difference"])
def test_without_any_series_no_gain_is_predicted(small, name):
    alone = small.frame.drop_duplicates("work_id")
    model = GAIN_MODELS[name].build(0).fit(alone, np.arange(len(alone), dtype=float))
    assert not model.predict(small.frame).any()
