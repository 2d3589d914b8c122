from __future__ import annotations

import dataclasses
import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.exceptions import RankingError
from ssepredict.inference.objectives.objective import Objective, Specification
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening.ranges import iter_chunks
from ssepredict.inference.spaces.space import Substitution, SubstitutionSpace
from ssepredict.physics.checks import check_sites
from ssepredict.physics.rules import SITE_RULES


@pytest.fixture(scope="module")
def halides() -> SubstitutionSpace:
    entry = Substitution("Zr4+", ["Nb5+", "Sc3+", "Y3+", "Mg2+", "Zn2+"], [0.1, 0.2, 0.3, 0.6], [1, 2])
    return SubstitutionSpace("Li2ZrCl6", [entry])


@pytest.fixture(scope="module")
def ranked(halides, predictor) -> pd.DataFrame:
    return rank(halides, predictor, top=30)


def test_the_list_is_that_of_scoring_every_candidate_by_hand(halides, predictor, ranked):
    """The same steps over the whole space at once, written out without the streaming code."""
    sites = halides.decode(np.arange(len(halides))).sites()
    passed = ~check_sites(sites, None, SITE_RULES, halides.replaced_ion).rejected & (sites.framework != "")
    numbers = np.flatnonzero(passed)
    sites = sites.take(numbers)
    found = predictor.distributions(sites)
    medians = {name: entry.median for name, entry in found.items() if entry.status == "ok"}
    verdicts = check_sites(sites, {**medians, "temperature_c": 25.0}, host_ion=halides.replaced_ion)
    chance = np.ones(len(sites))
    for target, meets in (
        ("conductivity_s_cm", "probability_above"),
        ("activation_energy_ev", "probability_below"),
    ):
        if found[target].status == "ok":
            best = predictor.best_reported("Li2ZrCl6", target, 25.0)["value"]
            chance *= getattr(found[target], meets)(best)
    unjudged = sum((verdicts.codes[name] == 2).astype(int) for name in SITE_RULES)
    chance *= 0.8**verdicts.warnings * 0.8**unjudged
    chance *= np.where(predictor.domain_distance(sites) > predictor.domain_threshold, 0.5, 1.0)
    rows = [
        (-round(float(score), 9), int(number))
        for score, number, refused in zip(chance, numbers, verdicts.rejected, strict=True)
        if not refused
    ]
    expected = sorted(rows)[:30]
    assert ranked["candidate"].tolist() == [number for _, number in expected]
    np.testing.assert_allclose(ranked["score"], [-score for score, _ in expected], atol=1e-9)


def test_rows_carry_predictions_verdicts_and_evidence(halides, predictor, ranked):
    assert ranked["rank"].tolist() == list(range(1, 31))
    assert ranked["formula"].tolist() == halides.formulas(ranked["candidate"])
    assert ranked["score"].is_monotonic_decreasing
    assert not ranked["verdict"].eq("reject").any()
    ok = ranked[ranked["conductivity_s_cm_status"] != "abstained"]
    assert (ok["conductivity_s_cm_low"] < ok["conductivity_s_cm"]).all()
    assert (ok["conductivity_s_cm"] < ok["conductivity_s_cm_high"]).all()
    for row in ranked.itertuples():
        assert set(filter(None, row.warnings.split(";"))) <= set(
            check_sites(parse_sites(["Li2ZrCl6"]), {}).rules
        )
        assert (row.verdict == "warn") == bool(row.warnings)
        assert row.evidence.count("distance") == 3
        assert row.evidence_formula in row.evidence
    outside = ranked["domain_distance"] > predictor.domain_threshold
    assert (ranked["status"] == "outside_domain").equals(outside)


def test_predictions_are_those_of_the_formula(predictor, ranked):
    alone = predictor.predict(ranked["formula"].tolist())
    for name in ("conductivity_s_cm", "activation_energy_ev_high", "vacancies", "domain_distance"):
        np.testing.assert_allclose(ranked[name], alone[name], rtol=1e-9, atol=1e-6)


def test_a_measured_composition_is_flagged_as_known(predictor):
    entry = Substitution("Zr4+", ["Nb5+", "Sc3+"], [0.2, 0.371])
    frame = rank(SubstitutionSpace("Li2ZrCl6", [entry]), predictor)
    known = dict(zip(frame["formula"], frame["known"], strict=True))
    assert known["Li1.8Zr0.8Nb0.2Cl6"] == 1
    assert known["Li2.371Zr0.629Sc0.371Cl6"] == 0


def test_summary_says_what_the_order_inside_the_host_is_worth(reduced):
    dopant = Substitution("Y3+", ["Zr4+"], [0.1, 0.2])
    known = rank(SubstitutionSpace("Li3YCl6", [dopant]), reduced).attrs["summary"]["order_inside_host"]
    assert known["measured"]["host_group"] == "Li3MX6"
    assert known["better_than_chance"] == (known["measured"]["low"] > 0.5)
    foreign = Substitution("La3+", ["Y3+"], [0.1, 0.2])  # nobody has reported a series on this host
    unknown = rank(SubstitutionSpace("Li3LaCl6", [foreign]), reduced).attrs["summary"]["order_inside_host"]
    assert unknown == {"better_than_chance": False, "measured": None}


def test_rejections_are_counted_by_rule(small_space, predictor):
    tally = rank(small_space, predictor, top=1).attrs["summary"]["candidates"]
    verdicts = check_sites(
        small_space.decode(np.arange(len(small_space))).sites(), None, SITE_RULES, small_space.replaced_ion
    )
    expected = {name: int((codes == 4).sum()) for name, codes in verdicts.codes.items() if (codes == 4).any()}
    assert expected
    for name, count in expected.items():
        assert tally["rejected_by_rule"][name] == count
    assert tally["evaluated"] == len(small_space)
    assert tally["rejected"] + tally["no_framework"] + tally["scored"] == len(small_space)


def test_files_hold_the_ranking_and_how_it_came_about(halides, predictor, tmp_path):
    out = tmp_path / "new" / "ranking"
    frame = rank(halides, predictor, top=5, out=out)
    assert sorted(path.name for path in out.iterdir()) == ["ranking.csv", "ranking.parquet", "summary.json"]
    assert [path.name for path in out.parent.iterdir()] == ["ranking"]
    pd.testing.assert_frame_equal(pd.read_parquet(out / "ranking.parquet"), frame, check_dtype=False)
    table = pd.read_csv(out / "ranking.csv", keep_default_na=False)
    assert table["formula"].tolist() == frame["formula"].tolist()
    np.testing.assert_array_equal(table["score"], frame["score"])
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["space"]["digest"] == halides.digest
    assert (
        SubstitutionSpace.from_dict(
            {key: summary["space"][key] for key in ("title", "host", "substitutions")}
        )
        == halides
    )
    assert summary["space"]["size"] == summary["candidates"]["evaluated"] == len(halides)
    assert summary["model"] == {
        "name": predictor.name,
        "digest": predictor.digest,
        "dataset_digest": predictor.dataset_digest,
    }
    assert summary["time"]["candidates_per_second"] > 0
    assert {"python", "numpy", "scikit-learn", "lightgbm", "ssepredict"} <= set(summary["versions"])
    assert summary["seeds"].startswith("none")


def test_a_former_ranking_is_replaced_and_its_report_removed(halides, predictor, tmp_path):
    rank(halides, predictor, top=5, out=tmp_path)
    (tmp_path / "report.html").write_text("about five rows", encoding="utf-8")
    (tmp_path / "my notes.txt").write_text("keep me", encoding="utf-8")
    rank(halides, predictor, top=2, out=tmp_path)
    assert len(pd.read_csv(tmp_path / "ranking.csv")) == 2
    assert not (tmp_path / "report.html").exists()
    assert (tmp_path / "my notes.txt").read_text(encoding="utf-8") == "keep me"


def test_a_folder_of_something_else_is_refused_before_any_work(halides, predictor, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work", encoding="utf-8")
    calls: list[int] = []
    with pytest.raises(RankingError, match=r"holds 'thesis\.tex' and no ranking; expected an empty folder"):
        rank(halides, predictor, out=tmp_path, progress=lambda done, total: calls.append(done))
    assert calls == []
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_place_of_the_folder_is_refused(halides, predictor, tmp_path):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(RankingError, match="is a file; name a folder for the ranking"):
        rank(halides, predictor, out=tmp_path / "out")
    with pytest.raises(RankingError, match="cannot be written; name a folder that can"):
        rank(halides, predictor, out=tmp_path / "out" / "below")


@pytest.mark.parametrize("name", ["ranking.csv", "ranking.parquet", "summary.json"])
def test_a_failed_move_leaves_the_former_ranking_as_it_was(halides, predictor, tmp_path, monkeypatch, name):
    out = tmp_path / "ranking"
    rank(halides, predictor, top=5, out=out)
    (out / "report.html").write_text("about five rows", encoding="utf-8")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    move = os.replace

    def full(source: Path, target: Path) -> None:
        if target == out / name and source.parent.name == "new":
            raise OSError(errno.ENOSPC, "No space left on device")
        move(source, target)

    monkeypatch.setattr("ssepredict.inference.runs.files.os.replace", full)
    with pytest.raises(RankingError, match=r"cannot be written to .* \(No space left on device\); name a"):
        rank(halides, predictor, top=2, out=out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    out = tmp_path / "fresh"
    with pytest.raises(RankingError, match="No space left on device"):
        rank(halides, predictor, top=2, out=out)
    assert not out.exists()


def test_what_a_killed_run_left_behind_does_not_stand_in_the_way(halides, predictor, tmp_path):
    (tmp_path / ".writing-abc").mkdir()
    (tmp_path / "ranking.csv").write_text("half a ta", encoding="utf-8")
    frame = rank(halides, predictor, top=2, out=tmp_path)
    assert pd.read_csv(tmp_path / "ranking.csv")["formula"].tolist() == frame["formula"].tolist()


def test_progress_counts_every_candidate(halides, predictor):
    calls: list[tuple[int, int]] = []
    rank(halides, predictor, top=1, chunk=64, progress=lambda done, total: calls.append((done, total)))
    size = len(halides)
    assert calls == [(min(done, size), size) for done in range(64, size + 64, 64)]


def test_a_limit_spreads_over_the_space(halides, predictor):
    frame = rank(halides, predictor, top=3, limit=10)
    assert frame.attrs["summary"]["candidates"]["evaluated"] == 10
    spread = np.concatenate(list(iter_chunks(len(halides), 10, 4)))
    assert set(frame["candidate"]) <= set(spread.tolist())
    assert rank(halides, predictor, top=3, limit=10**9).equals(rank(halides, predictor, top=3))


def test_targets_that_are_abstained_from_are_listed_and_do_not_count(halides, predictor):
    models = {
        name: dataclasses.replace(model, status="ok" if name == "conductivity_s_cm" else "abstained")
        for name, model in predictor.models.items()
    }
    frame = rank(halides, dataclasses.replace(predictor, models=models), top=5)
    assert frame.attrs["summary"]["objective"]["not_used"] == ["activation_energy_ev"]
    assert "probability_activation_energy_ev" not in frame
    best = predictor.best_reported("Li2ZrCl6", "conductivity_s_cm", 25.0)["value"]
    only = Objective((Specification("conductivity_s_cm", "above", best),))
    assert (
        frame["score"].tolist()
        == rank(halides, dataclasses.replace(predictor, models=models), only, top=5)["score"].tolist()
    )


def test_a_space_without_survivors_says_which_rules_refuse(predictor):
    space = SubstitutionSpace("Na3Zr2Si2PO12", [Substitution("Zr4+", ["Mg2+", "Zn2+"], [0.5])])
    with pytest.raises(
        RankingError, match=r"none of 2 candidates is left \(carriers_and_vacancies refuses 2\)"
    ):
        rank(space, predictor)


@pytest.mark.parametrize("argument", ["top", "chunk", "limit"])
def test_arguments_below_one_are_refused(halides, predictor, argument):
    with pytest.raises(RankingError, match=f"{argument} is 0; expected a whole number of 1 or more"):
        rank(halides, predictor, **{argument: 0})
