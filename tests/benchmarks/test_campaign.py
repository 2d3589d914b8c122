"""The simulated campaigns: what the model may know, and that chance comes out as chance."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.host_groups import HOST_GROUPS
from ssepredict.data.dataset import Dataset

ROOT = Path(__file__).resolve().parents[2]
GROUP = HOST_GROUPS["Li3MX6"]


@pytest.fixture(scope="module")
def campaign() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        return importlib.import_module("benchmarks.campaign")


@pytest.fixture(scope="module")
def rows(campaign: ModuleType, dataset: Dataset) -> pd.DataFrame:
    return campaign.comparable_rows(dataset)


@pytest.fixture(scope="module")
def board(campaign: ModuleType, rows: pd.DataFrame):
    return campaign.board_of(rows, GROUP)


def test_a_composition_has_the_median_over_its_works(rows, board):
    own = rows[GROUP.holds(rows["host"].to_numpy(dtype=str), "wide")]
    expected = own.groupby("composition_key")["log"].median().sort_values()
    np.testing.assert_allclose(np.sort(board.logs), expected.to_numpy())
    assert len(board.composition) == len(own)


def test_works_that_report_a_candidate_are_purged(campaign, rows, board):
    """Other compositions of such a work, on other hosts, must not tell anything."""
    here = GROUP.holds(rows["host"].to_numpy(dtype=str), "wide")
    shared = ~here & rows["work_id"].isin(rows.loc[here, "work_id"])
    assert shared.any()
    shifted = rows.assign(log=rows["log"].where(~shared, 5.0))
    again = campaign.board_of(shifted, GROUP)
    np.testing.assert_array_equal(again.mean, board.mean)
    np.testing.assert_array_equal(again.covariance, board.covariance)
    other = rows.assign(log=rows["log"].where(here | shared, rows["log"] + 1.0))
    assert not np.allclose(campaign.board_of(other, GROUP).mean, board.mean)


def test_no_reported_value_of_the_group_is_known_before_it_is_revealed(board):
    revealed = np.zeros(len(board.logs), dtype=bool)
    revealed[:5] = True
    hidden = ~revealed[board.composition]
    lied = dataclasses.replace(board, reported=np.where(hidden, 7.0, board.reported))
    for left, right in zip(board.after(revealed), lied.after(revealed), strict=True):
        np.testing.assert_array_equal(left, right)
    told = dataclasses.replace(board, reported=np.where(hidden, board.reported, 7.0))
    assert (told.after(revealed)[0] > board.after(revealed)[0]).any()


def test_revealing_narrows(board):
    revealed = np.zeros(len(board.logs), dtype=bool)
    revealed[::4] = True
    _, covariance = board.after(revealed)
    before, after = np.diag(board.covariance), np.diag(covariance)
    assert (after < before).all()
    assert (after[revealed] < 0.6 * before[revealed]).all()
    assert np.linalg.eigvalsh(covariance).min() > -1e-9


@pytest.mark.parametrize("strategy", ["random", "best predicted", "expected improvement", "thompson"])
def test_a_campaign_asks_nothing_twice_and_ends_with_the_best(campaign, board, strategy):
    played = campaign.play(board, strategy, seed=3)
    assert played.start < board.logs.max()
    assert board.logs.max() in played.logs[-campaign.BATCH :]
    assert board.logs.max() not in played.logs[: -campaign.BATCH]
    assert len(played.logs) <= played.left
    np.testing.assert_array_equal(played.logs, campaign.play(board, strategy, seed=3).logs)


def test_all_strategies_start_alike(campaign, board):
    starts = {campaign.play(board, name, seed=4).start for name in campaign.STRATEGIES}
    assert len(starts) == 1


def test_chance_needs_half_of_what_is_left(campaign, board):
    places = []
    for seed in range(150):
        played = campaign.play(board, "random", seed)
        places.append((np.argmax(played.logs == board.logs.max()) + 1) / (played.left + 1))
    # Uniform on (0, 1]: the mean of 150 has a standard error of 0.024.
    assert np.mean(places) == pytest.approx(0.5, abs=0.08)


def test_less_literature_is_a_board_of_its_own(campaign, board):
    works = np.unique(board.work)[::2]
    part = board.only(works)
    kept = np.isin(board.work, works)
    assert len(part.logs) == len(np.unique(board.composition[kept]))
    for row, formula in enumerate(part.formulas):
        before = board.formulas.index(formula)
        assert part.mean[row] == board.mean[before]
        own = board.reported[kept & (board.composition == before)]
        assert part.logs[row] == pytest.approx(np.median(own))


def test_the_summary_counts_and_compares_with_chance(campaign):
    lines = campaign.campaigns(3, ("Li2ZrCl6",))
    found = campaign.summary(lines)
    assert len(lines) == 2 * 3 * 4
    assert len(found) == 2 * 4
    chance = found[found["strategy"] == "random"]
    assert (chance["experiments_to_best_saved"] == 0).all()
    for line in found.to_dict(orient="records"):
        part = lines[(lines["literature"] == line["literature"]) & (lines["strategy"] == line["strategy"])]
        assert line["experiments_to_best"] == pytest.approx(part["experiments_to_best"].mean())
        assert (
            line["experiments_to_best_low"] <= line["experiments_to_best"] <= line["experiments_to_best_high"]
        )
        assert line["experiments_to_near_best"] <= line["experiments_to_best"]
    assert (lines["gap_0"] >= 0).all()
    assert (lines["gap_180"] == 0).all()


def test_the_plot_is_written_alike_every_time(campaign, tmp_path: Path):
    found = campaign.summary(campaign.campaigns(2, ("Li2ZrCl6",)))
    for name in ("a.svg", "b.svg"):
        campaign.write_plot(found, tmp_path / name)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert text == (tmp_path / "b.svg").read_text(encoding="utf-8")
    assert "expected improvement" in text
    assert "Li2ZrCl6" in text
