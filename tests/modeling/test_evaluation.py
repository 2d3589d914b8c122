"""Nothing that is predicted was seen: shown fold by fold, and by a model that remembers its rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from ssepredict.data.dataset import Dataset
from ssepredict.data.folds import complete_folds, no_folds
from ssepredict.exceptions import SsePredictError
from ssepredict.modeling import cross_calibration
from ssepredict.modeling.calibration import calibrate
from ssepredict.modeling.estimators import ESTIMATORS, EstimatorSpec
from ssepredict.modeling.evaluation import ALL, Evaluation, evaluate
from ssepredict.modeling.left_out import fit_estimator, fold_distances, left_out_predictions
from ssepredict.modeling.protocols import PROTOCOLS, SPLIT_YEAR, TrainingTable, prepare
from ssepredict.modeling.scopes import DISTANCE_QUARTILES, score, series_of
from ssepredict.modeling.targets import PROCESSING, TARGETS


class Memory:
    """Predicts 1 for a row it was fitted on, else 0; the first feature is the row's number."""

    def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> Memory:
        self.seen, self.weight = X[:, 0], sample_weight
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        return np.isin(X[:, 0], self.seen).astype(float)


MEMORY = EstimatorSpec("memory", "reference", "features", lambda seed: Memory())


@pytest.fixture(scope="module", params=["conductivity_s_cm", "activation_energy_ev"])
def table(request: pytest.FixtureRequest, dataset: Dataset) -> TrainingTable:
    return prepare(TARGETS[request.param], dataset)


@pytest.fixture(scope="module")
def conductivity(dataset: Dataset) -> TrainingTable:
    return prepare(TARGETS["conductivity_s_cm"], dataset)


def numbered(table: TrainingTable) -> TrainingTable:
    rows = np.arange(len(table.y), dtype=float)[:, None]
    return dataclasses.replace(table, X=rows, X_withheld=rows)


def folds_of(table: TrainingTable, protocol: str, folds: int = 20) -> list[tuple[np.ndarray, np.ndarray]]:
    found = list(PROTOCOLS[protocol](table, 0, folds))
    assert found
    return found


@pytest.mark.parametrize("folds", [0, 5, 20])
def test_no_paper_stands_on_both_sides(table, folds):
    parts = folds_of(table, "paper", folds)
    assert len(parts) == (folds or len(np.unique(table.papers)))
    for train, test in parts:
        assert not set(table.papers[train]) & set(table.papers[test])
    tested = np.concatenate([test for _, test in parts])
    assert sorted(tested) == list(range(len(table.y)))


def test_purged_training_holds_no_composition_that_is_tested(table):
    keys = table.frame["composition_key"].to_numpy()
    removed = 0
    for (train, test), (all_train, all_test) in zip(
        folds_of(table, "paper_purged"), folds_of(table, "paper"), strict=True
    ):
        assert not set(keys[train]) & set(keys[test])
        assert not set(table.papers[train]) & set(table.papers[test])
        np.testing.assert_array_equal(test, all_test)
        removed += len(all_train) - len(train)
    assert removed > 0


def test_a_left_out_dopant_is_absent_from_training(table):
    on_m = table.sites.occupancy["M"]
    amounts = table.sites.composition.amounts
    for train, test in folds_of(table, "dopant"):
        minority = (on_m[test] > 0) & (on_m[test] < 0.5 * on_m[test].sum(axis=1, keepdims=True))
        absent = (amounts[train] == 0).all(axis=0)
        assert (minority.all(axis=0) & absent).any()
        assert len(np.unique(table.papers[test])) >= 2
        assert table.scored[test].all()


def test_no_host_stands_on_both_sides(table):
    hosts = table.frame["host"].to_numpy()
    for train, test in folds_of(table, "host"):
        assert not set(hosts[train]) & set(hosts[test])


def test_a_left_out_framework_of_one_mobile_ion_is_absent_from_training(table):
    kind = (table.frame["framework"] + table.frame["family"]).to_numpy()
    tested = []
    for train, test in folds_of(table, "framework"):
        assert len(set(kind[test])) == 1
        assert not set(kind[train]) & set(kind[test])
        assert len(np.unique(table.papers[test])) >= 2
        tested.append(kind[test][0])
    assert len(tested) == len(set(tested)) >= 5


@pytest.mark.parametrize("year", [2005, 2015])
def test_the_year_of_the_split_can_be_set(table, year):
    found = left_out_predictions(table, ESTIMATORS["family_median"], "time", split_year=year)
    years = table.frame["year"].to_numpy()
    assert sorted(found["row"]) == np.flatnonzero(years >= year).tolist()


@pytest.mark.parametrize(
    ("protocol", "key"), [("paper", "work_id"), ("host", "host"), ("random", "measurement_id")]
)
def test_frozen_folds_are_used_unless_others_are_asked_for(conductivity, dataset, protocol, key):
    frozen = complete_folds(no_folds(), dataset.tables)
    table = dataclasses.replace(conductivity, folds=frozen)
    mine = frozen[frozen["protocol"] == protocol].set_index("key")["fold"]
    fold = conductivity.frame[key].map(mine).to_numpy()
    parts = folds_of(table, protocol)
    assert len(parts) == len(np.unique(fold))
    for train, test in parts:
        assert len(set(fold[test])) == 1
        assert not set(fold[train]) & set(fold[test])
    for other in ((1, 20), (0, 5)):
        moment = list(PROTOCOLS[protocol](conductivity, *other))
        for one, same in zip(PROTOCOLS[protocol](table, *other), moment, strict=True):
            np.testing.assert_array_equal(one[1], same[1])


def test_frozen_folds_do_not_move_when_rows_are_added(dataset):
    part = dataset.select(family=("na_nasicon", "li_halide"))
    early = complete_folds(no_folds(), part.tables)
    first, grown = (
        prepare(TARGETS["conductivity_s_cm"], dataclasses.replace(some, folds=early))
        for some in (part, dataset)
    )
    assert len(grown.y) > len(first.y)
    works = set(first.papers)
    before, after = (
        {frozenset(set(table.papers[test]) & works) for _, test in folds_of(table, "paper")}
        for table in (first, grown)
    )
    assert before == after


def test_the_past_predicts_the_future(table):
    year = table.frame["year"].to_numpy()
    ((train, test),) = folds_of(table, "time")
    assert year[train].max() < SPLIT_YEAR <= year[test].min()
    assert len(train) + len(test) == np.isfinite(year).sum()  # an undated row is on neither side


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_row_is_predicted_by_a_model_that_saw_it(table, protocol):
    found = left_out_predictions(numbered(table), MEMORY, protocol, folds=7)
    assert len(found)
    assert found["predicted"].max() == 0.0
    assert found["predicted_withheld"].max() == 0.0


@pytest.mark.parametrize("protocol", ["paper", "paper_purged", "host", "random"])
def test_every_row_is_predicted_once(table, protocol):
    found = left_out_predictions(table, ESTIMATORS["family_median"], protocol, folds=7)
    assert sorted(found["row"]) == list(range(len(table.y)))
    assert found["predicted"].notna().all()


def test_rows_of_no_weight_are_predicted_but_not_learned(conductivity):
    weights = np.ones(len(conductivity.y))
    weights[::2] = 0.0
    fitted: list[np.ndarray] = []

    class Recorder(Memory):
        def fit(self, X: np.ndarray, y: np.ndarray, sample_weight: np.ndarray) -> Recorder:
            fitted.append(X[:, 0])
            assert (sample_weight == 0.5).all()
            super().fit(X, y, sample_weight)
            return self

    spec = EstimatorSpec("recorder", "reference", "features", lambda seed: Recorder())
    found = left_out_predictions(numbered(conductivity), spec, "paper", folds=4, weights=weights)
    assert len(found) == len(weights)
    assert (np.concatenate(fitted) % 2 == 1).all()


def test_each_row_is_learned_with_and_without_its_processing(conductivity):
    named = [any(name.startswith(column) for column in PROCESSING) for name in conductivity.feature_names]
    rest = ~np.array(named)
    np.testing.assert_array_equal(conductivity.X_withheld[:, rest], conductivity.X[:, rest])
    hidden = conductivity.X_withheld[:, named]
    assert ((hidden == 0) | np.isnan(hidden)).all()
    model = fit_estimator(numbered(conductivity), MEMORY, np.array([3, 5]), seed=0)
    assert sorted(model.seen) == [3, 3, 5, 5]
    assert model.weight.tolist() == [0.5] * 4


@pytest.mark.parametrize(("name", "slack"), [("lightgbm", 0.0), ("hist_gradient_boosting", 0.1)])
def test_boosted_models_are_held_to_what_heat_does(li_halides, name, slack):
    table = prepare(TARGETS["conductivity_s_cm"], li_halides)
    model = fit_estimator(table, ESTIMATORS[name], np.arange(len(table.y)), seed=0)
    X = table.X_withheld.copy()
    curve = []
    for celsius in (-20.0, 25.0, 60.0, 100.0, 200.0):
        X[:, table.feature_names.index("inverse_temperature_1000_per_k")] = 1000.0 / (celsius + 273.15)
        curve.append(model.predict(X))
    assert (np.diff(np.array(curve), axis=0) >= -slack - 1e-12).all()  # decades


def test_same_seed_same_predictions(conductivity):
    first, second = (
        left_out_predictions(conductivity, ESTIMATORS["host_median"], "paper", seed=3, folds=5) for _ in "ab"
    )
    pd.testing.assert_frame_equal(first, second)


def test_perfect_and_constant_predictions_are_scored_in_closed_form(conductivity):
    rows = np.arange(len(conductivity.y))
    perfect = pd.DataFrame({"row": rows, "predicted_withheld": conductivity.y, "predicted": 0.0})
    scores = score(conductivity, perfect).set_index("scope")
    assert list(scores.index[:2]) == ["all", "room_temperature"]
    assert (scores["mae"] == 0).all()
    assert scores["concordance"].dropna().eq(1.0).all()
    assert scores.loc["all", "rows"] == conductivity.scored.sum()
    families = scores.drop(index=["all", "room_temperature"])
    assert families["rows"].sum() == scores.loc["room_temperature", "rows"]
    # UCl3-type hosts are named without the mobile ion: a few pairs of one paper join two families
    assert 0 < families["pairs"].sum() <= scores.loc["all", "pairs"]
    constant = score(conductivity, perfect, "predicted").set_index("scope")
    expected = np.abs(conductivity.y[conductivity.scored]).mean()
    assert constant.loc["all", "mae"] == pytest.approx(expected)
    assert constant.loc["all", "concordance"] == 0.5


def test_unscored_rows_are_flagged_limited_or_undated_in_temperature(conductivity):
    left = conductivity.frame[~conductivity.scored]
    assert len(left)
    assert ((left["computed"] == 1) | left["temperature_c"].isna() | (left["suspect"] == 1)).all()
    assert (conductivity.frame["bound"] == "").all()


def test_a_series_is_one_paper_one_host_one_contribution(conductivity):
    series, items = series_of(conductivity.frame)
    for column in ("work_id", "host", "contribution"):
        assert conductivity.frame.groupby(series)[column].nunique().max() == 1
    np.testing.assert_array_equal(items, conductivity.frame["composition_key"])


def test_cells_form_series_too(dataset):
    cells = prepare(TARGETS["fade_pct_per_cycle"], dataset).frame  # without a contribution
    assert len(series_of(cells)[0]) == len(cells) > 0


def test_evaluate_reports_every_target_estimator_and_processing(dataset):
    targets = ("conductivity_s_cm", "activation_energy_ev")
    named = ("dummy_median", "host_median")
    found = evaluate(dataset, "paper", targets=targets, estimators=named, folds=5, workers=1)
    labels = found.table[["target", "estimator", "processing"]].drop_duplicates()
    assert len(labels) == 2 * 2 * 2
    overall = found.table[(found.table["scope"] == "all") & (found.table["processing"] == "withheld")]
    errors = overall.set_index(["target", "estimator"])["mae"]
    assert errors["conductivity_s_cm", "host_median"] < errors["conductivity_s_cm", "dummy_median"]
    rows = found.predictions[found.predictions["scored"] == 1]
    rows = rows[(rows["target"] == "conductivity_s_cm") & (rows["estimator"] == "host_median")]
    assert rows["measurement_id"].is_unique
    expected = (rows["true"] - rows["predicted_withheld"]).abs().mean()
    assert errors["conductivity_s_cm", "host_median"] == pytest.approx(expected)


@pytest.fixture(scope="module")
def compared(li_halides: Dataset) -> Evaluation:
    """Two medians and a peer under a shifted protocol, on one family."""
    names = ("dummy_median", "family_median", "host_median", "nearest_1")
    return evaluate(li_halides, "host", targets=["conductivity_s_cm"], estimators=names, folds=4, workers=1)


def test_intervals_and_noise_floor_stand_beside_every_error(compared):
    lines = compared.table[compared.table["processing"] == "withheld"]
    whole = lines[lines["scope"] == "all"]
    assert whole["coverage"].between(0.5, 1.0).all()
    assert (whole["crps"] < whole["mae"]).all()  # a distribution is never worse than its median for long
    assert whole["brier"].between(0.0, 0.5).all()
    assert lines["noise_floor"].gt(0.1).all()
    quarters = lines[lines["scope"].isin(DISTANCE_QUARTILES)].groupby("estimator")["rows"]
    np.testing.assert_array_equal(quarters.sum(), whole["rows"])
    # Compositions at the same distance are not torn apart.
    assert quarters.max().max() - quarters.min().min() <= 0.1 * quarters.mean().max()


def test_coverage_is_that_of_the_printed_intervals(compared):
    rows = compared.predictions[compared.predictions["scored"] == 1]
    inside = (rows["true"] >= rows["low"]) & (rows["true"] <= rows["high"])
    by_hand = inside.groupby(rows["estimator"]).mean()
    lines = compared.table.query("scope == 'all' and processing == 'withheld'").set_index("estimator")
    pd.testing.assert_series_equal(lines["coverage"].sort_index(), by_hand, check_names=False)
    bins = compared.reliability.groupby("estimator")["rows"].sum()
    assert (bins == lines["rows"]).all()


def test_gains_are_differences_of_errors(compared):
    lines = compared.table.query("scope == 'all' and processing == 'withheld'").set_index("estimator")
    (best,) = set(lines["baseline"])
    assert best == lines.drop(index="nearest_1")["mae"].idxmin()
    others = lines.drop(index=best)
    np.testing.assert_allclose(others["gain_over_baseline"], lines.loc[best, "mae"] - others["mae"])
    assert (others["gain_over_baseline_low"] <= others["gain_over_baseline"]).all()
    assert np.isnan(lines.loc[best, "gain_over_baseline"])
    assert (lines["leader"] == "").all()  # no boosted one takes part


@pytest.mark.parametrize("learned", [False, True])
def test_a_row_is_calibrated_on_other_papers_only(li_halides, learned):
    table = prepare(TARGETS["conductivity_s_cm"], li_halides)
    found = left_out_predictions(table, ESTIMATORS["family_median"], "paper", folds=4)
    found["distance"] = fold_distances(table, "paper", folds=4)
    seen: list[set[str]] = []

    def spy(prepared: TrainingTable, left_out: object, rows: np.ndarray, *rest: object) -> object:
        seen.append(set(prepared.papers[rows]))
        return calibrate(prepared, left_out, rows, *rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cross_calibration, "calibrate", spy)
        done = cross_calibration.cross_calibrated(table, found, {"paper": found}, learn_scale=learned)
    assert len(seen) == cross_calibration.PARTS
    scored = set(table.papers[table.scored])
    left = [scored - papers for papers in seen]
    assert sum(map(len, left)) == len(scored)  # every paper is left out of one calibration
    assert done["paper"][["low", "high", "crps", "probability"]].notna().all(axis=None)


def test_all_protocols_run_for_every_target_with_rows_enough(dataset):
    said: list[str] = []
    small = dataset.select(family=("na_halide", "na_nasicon"))
    found = evaluate(
        small, ALL, estimators=("family_median", "host_median"), folds=3, workers=1, progress=said.append
    )
    conductivity = found.table[found.table["target"] == "conductivity_s_cm"]
    assert set(conductivity["protocol"]) == set(PROTOCOLS)
    assert "ccd_ma_cm2" not in set(found.table["target"])
    rows = prepare(TARGETS["ccd_ma_cm2"], small).scored.sum()
    assert any(f"ccd_ma_cm2 is left out: {rows} scored rows" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"protocol": "papers"}, r"protocol 'papers' is unknown; did you mean 'paper'\?; expected one of"),
        ({"targets": ["conductivity"]}, r"target 'conductivity' is unknown; did you mean '\w+'\?"),
        ({"leader": "lightgmb"}, r"estimator 'lightgmb' is unknown; did you mean 'lightgbm'\?"),
        ({"estimators": ["lightgmb"]}, r"estimator 'lightgmb' is unknown; did you mean 'lightgbm'\?"),
    ],
)
def test_unknown_names_are_named(dataset, arguments, message):
    with pytest.raises(SsePredictError, match=message):
        evaluate(dataset, **arguments)


def test_a_target_without_papers_is_named(li_halides):
    with pytest.raises(SsePredictError, match=r"ccd_ma_cm2 has 0 usable rows .* name other targets"):
        prepare(TARGETS["ccd_ma_cm2"], li_halides)
