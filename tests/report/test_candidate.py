"""An opened row says what the parts of the package say, each figure with its source."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.exceptions import RankingError, SsePredictError
from ssepredict.inference.ranking import rank
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.modeling.explanation import explain
from ssepredict.modeling.predictor import Predictor, load_predictor
from ssepredict.report.candidate import OpenedRow
from ssepredict.report.candidate_folder import RankingRows, open_candidate
from ssepredict.report.candidate_measured import HINT_COMPOSITIONS, NEAR_CURVE
from ssepredict.report.candidate_page import render_page, write_page
from ssepredict.report.candidate_text import opened_row
from ssepredict.report.html import write_report
from ssepredict.report.ranking_folder import read_ranking
from ssepredict.report.tables import console

PAPER = "10.1039/d5eb00075k"
SPACE = {
    "title": "Sc and Zn <b>",
    "host": "Na3Zr2Si2PO12",
    "silicon": [2.0, 2.2],
    "substitutions": [
        {
            "replaces": "Zr4+",
            "ions": ["Mg2+", "Zn2+", "Sc3+", "Y3+", "Yb3+"],
            "together": [1, 2],
            "fractions": [0.1, 0.2, 0.3, 0.4],
        }
    ],
}
CHROMIUM = next((path for name in ("chromium", "google-chrome") if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return load_predictor()


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="module")
def space() -> SubstitutionSpace:
    return SubstitutionSpace.from_dict(SPACE)


@pytest.fixture(scope="module")
def folder(space: SubstitutionSpace, predictor: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("candidate") / "ranking"
    rank(space, predictor, top=7, out=place)
    return place


@pytest.fixture(scope="module")
def opened(space: SubstitutionSpace, predictor: Predictor, dataset: Dataset) -> OpenedRow:
    """The Sc/Zn composition of the paper."""
    index = space.formulas(np.arange(len(space))).index("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12")
    return open_candidate(space, index, predictor, dataset)


@pytest.fixture(scope="module")
def page(opened: OpenedRow) -> str:
    return render_page(opened)


def test_a_row_of_a_ranking_keeps_its_numbers(
    folder: Path, predictor: Predictor, dataset: Dataset, space: SubstitutionSpace
) -> None:
    rows, _ = read_ranking(folder)
    ranking = RankingRows.read(folder, predictor, dataset)
    for number in (1, 7):
        found = ranking.open(number)
        assert found.row == rows[number - 1]
        assert found.listed == 7
        alone = predictor.predict_sites(space.decode([found.row["candidate"]]).sites()).iloc[0]
        own = [point for point in found.curves[0]["points"] if point["amount"] == found.curves[0]["amount"]]
        assert own[0]["conductivity_s_cm"] == pytest.approx(alone["conductivity_s_cm"], rel=1e-12)
        assert own[0]["score"] == pytest.approx(found.row["score"], abs=2e-9)


def test_ranks_of_neighbours_are_those_of_the_list(
    folder: Path, predictor: Predictor, dataset: Dataset
) -> None:
    rows, _ = read_ranking(folder)
    by_formula = {row["formula"]: row for row in rows}
    ranking = RankingRows.read(folder, predictor, dataset)
    seen = [line for number in range(1, 5) for line in ranking.open(number).neighbours if line["rank"]]
    assert seen
    for line in seen:
        row = rows[line["rank"] - 1]
        assert line["score"] == pytest.approx(row["score"], abs=2e-9)
        assert sorted(re.findall(r"[A-Z][a-z]?[\d.]*", line["formula"])) == sorted(
            re.findall(r"[A-Z][a-z]?[\d.]*", row["formula"])
        )
    assert len(by_formula) == 7


def test_a_candidate_without_a_ranking_has_the_row_of_one(
    folder: Path, predictor: Predictor, dataset: Dataset, space: SubstitutionSpace
) -> None:
    first = read_ranking(folder)[0][0]
    found = open_candidate(space, int(first["candidate"]), predictor, dataset)
    same = {name: value for name, value in found.row.items() if name != "rank"}
    assert same == pytest.approx({name: value for name, value in first.items() if name != "rank"})
    assert found.row["rank"] is None
    assert found.listed == 0


@pytest.mark.parametrize(
    ("formula", "verdict", "said"),
    [
        ("Na4Zr1.5Mg0.4Zn0.1Si2PO12", "reject", "No score: a rule refuses it."),
        ("Na4.8Zr1.2Mg0.4Zn0.4Si2.2P0.8O12", "not_evaluable", "No score: it fits no framework known here."),
    ],
)
def test_a_hopeless_candidate_opens_without_a_score(
    space: SubstitutionSpace, predictor: Predictor, dataset: Dataset, formula: str, verdict: str, said: str
) -> None:
    index = space.formulas(np.arange(len(space))).index(formula)
    found = open_candidate(space, index, predictor, dataset)
    assert (found.row["score"], found.row["verdict"]) == (None, verdict)
    assert said in render_page(found)


def test_sites_rules_and_reasons_are_those_of_the_package(opened: OpenedRow, predictor: Predictor) -> None:
    assert opened.sites["carriers"] == pytest.approx(3.4)
    assert opened.sites["vacancies"] == pytest.approx(0.6)
    assert opened.host_sites["vacancies"] == pytest.approx(1.0)
    on_m = {ion["element"]: ion for ion in opened.sites["sites"]["M"]["ions"]}
    assert {name: ion["radius_angstrom"] for name, ion in on_m.items()} == {
        "Zr": 0.72,
        "Sc": 0.745,
        "Zn": 0.74,
    }
    rules = {line["rule"]: line for line in opened.verdicts}
    assert rules["carriers_and_vacancies"]["margin"] == pytest.approx(0.3)  # 0.6 vacancies, 0.3 is the bound
    assert rules["carriers_and_vacancies"]["unit"] == "per formula unit"
    (said,) = explain(predictor, [opened.formula])
    assert [line["value"] for line in opened.explanations] == pytest.approx([entry.value for entry in said])
    for line in opened.explanations:
        assert line["value"] == pytest.approx(opened.row[line["target"]], rel=1e-9)
        total = sum(effect["effect"] for effect in line["effects"])
        assert total == pytest.approx(line["center"] - line["reference_center"])


def test_the_nearest_sample_is_the_paper_itself(opened: OpenedRow, dataset: Dataset) -> None:
    first = opened.nearest[0]
    assert (first["doi"], first["distance"]) == (PAPER, 0.0)
    sample = dataset.samples.set_index("sample_id").loc[first["sample_id"]]
    assert first["sinter_temperature_c"] == sample["sinter_temperature_c"]
    measured = dataset.transport[dataset.transport["sample_id"] == first["sample_id"]]
    sigma = measured[(measured["quantity"] == "conductivity") & (measured["temperature_c"] == 25.0)]
    assert first["conductivity_s_cm"] in sigma["value"].tolist()
    distances = [line["distance"] for line in opened.nearest]
    assert distances == sorted(distances)


def test_hints_repeat_what_the_samples_state(
    opened: OpenedRow, dataset: Dataset, predictor: Predictor
) -> None:
    family = dataset.samples[dataset.samples["family"] == "na_nasicon"]
    distance = predictor.domain.distances_to(
        parse_sites([opened.formula]), parse_sites(family["formula"].tolist())
    )[0]
    near = family.assign(distance=distance.round(6)).sort_values("distance", kind="stable")
    keys = near["composition_key"].drop_duplicates().head(HINT_COMPOSITIONS)
    near = near[near["composition_key"].isin(keys)]
    assert opened.hints["samples"] == len(near)
    for route in opened.hints["routes"]:
        samples = near[near["synthesis"] == route["route"]]
        assert {line["source_id"] for line in route["sources"]} <= set(samples["source_id"])
        if route["route"]:
            assert route["samples"] == len(samples)
        for number in route["numbers"]:
            stated = samples[number["name"]].dropna()
            assert number["samples"] == len(stated)
            assert (number["low"], number["high"]) == (stated.min(), stated.max())
    stated = near["sinter_temperature_c"].notna().sum()
    told = [number for route in opened.hints["routes"] for number in route["numbers"]]
    assert sum(number["samples"] for number in told if number["name"] == "sinter_temperature_c") == stated > 0


def test_measured_points_lie_near_the_curve(opened: OpenedRow) -> None:
    zinc = next(curve for curve in opened.curves if curve["ion"] == "Zn2+")
    points = zinc["measured"]["conductivity_s_cm"]
    own = {(row["amount"], row["value"]) for row in points if row["source_id"] == PAPER}
    assert {(0.0, 9.8e-4), (0.1, 2.41e-3), (0.15, 1.25e-3), (0.2, 1.02e-3)} <= own  # the paper's series
    for curve in opened.curves:
        low, high = curve["points"][0]["amount"], curve["points"][-1]["amount"]
        for rows in curve["measured"].values():
            assert all(row["distance"] <= NEAR_CURVE and low <= row["amount"] <= high for row in rows)
            for row in rows:
                assert set(re.findall(r"[A-Z][a-z]?", row["formula"])) <= {*"Na Zr Sc Zn Si P O".split()}


def test_json_holds_everything(opened: OpenedRow) -> None:
    content = json.loads(json.dumps(opened.to_dict(), allow_nan=False))
    assert content["row"]["formula"] == "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"
    assert content["model"]["digest"] == load_predictor().digest
    assert content["order"]["text"].startswith("Of ")
    assert {line["element"] for line in content["supply"]["elements"]} == {*"Na Zr Sc Zn Si P O".split()}
    assert content["supply"]["elements"][0]["element"] == "Sc"  # by far the dearest


def test_the_page_needs_nothing_else(page: str, read_page: Callable[[str], Any]) -> None:
    found = read_page(page)
    assert not [a for a in found.all("script") if "src" in a]
    assert found.all("link") == found.all("img") == found.all("iframe") == []
    assert 3e6 < len(page) < 8e6
    assert page.count("Plotly.newPlot(") >= 3


def test_the_page_is_accessible(page: str, read_page: Callable[[str], Any]) -> None:
    found = read_page(page)
    assert found.all("html")[0]["lang"] == "en"
    assert len(found.all("h1")) == 1
    assert len(found.all("caption")) == len(found.all("table")) >= 8
    assert all(a.get("scope") == "col" for a in found.all("th"))
    assert len(found.all("figure")) == len(found.all("figcaption")) == 3
    groups = [a["aria-label"] for a in found.all("div") if a.get("role") == "group"]
    assert len(groups) == 3
    assert "The conductivity is highest at" in groups[0]


def test_the_page_says_what_was_found(page: str, read_page: Callable[[str], Any]) -> None:
    found = read_page(page)
    for expected in (
        "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12",
        "carriers 3.4 (host 3), vacancies 0.6 (host 1)",
        "Zr4+ 0.720 Å: +3 %",
        "+0.3 per formula unit",
        "predicted for the undoped host Na3Zr2Si2PO12",
        "carriers and vacancies",
        "Sc3+ 0.2 to 0.3",
        "Yb3+ for Sc3+ (0.2)",
        "solid state, 1100 °C",
        "highest firing temperature",
        "of other compositions, no recipe",
        "50 % is chance",
        "the scarcest is Sc",
    ):
        assert expected in found.text, expected
    assert f"https://doi.org/{PAPER}" in [a.get("href") for a in found.all("a")]
    assert not re.search(r"\b(nan|None)\b", found.text)


def test_foreign_text_is_escaped(opened: OpenedRow) -> None:
    import dataclasses

    evil = "<script>alert('x')</script>"
    nearest = ({**opened.nearest[0], "formula": evil, "phase": evil, "source_id": evil, "doi": ""},)
    row = {**opened.row, "substitutions": evil}
    changed = dataclasses.replace(opened, nearest=nearest, row=row, space={**opened.space, "title": evil})
    text = render_page(changed)
    assert evil not in text
    assert "&lt;script&gt;alert" in text


def test_nothing_stated_gives_no_hint(opened: OpenedRow) -> None:
    import dataclasses

    bare = dataclasses.replace(
        opened, hints={"samples": 5, "distance_high": 0.1, "routes": []}, neighbours=()
    )
    text = render_page(bare)
    assert "do not state how they were made" in text
    assert "The space holds no neighbour" in text


def test_a_rule_that_cannot_be_judged_is_no_pass(opened: OpenedRow) -> None:
    import dataclasses

    line = {**opened.verdicts[0], "verdict": "not_evaluable", "margin": None, "message": "no radius"}
    text = render_page(dataclasses.replace(opened, verdicts=(line,)))
    assert '<span class="badge not_evaluable">not evaluable</span></td><td>no radius</td>' in text
    assert "<td>not evaluable</td>" in text


def test_plain_text_says_the_same(opened: OpenedRow, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(opened_row(opened))
    text = capsys.readouterr().out
    assert "\x1b" not in text
    for expected in (
        "Na3.4Zr1.7Sc0.2Zn0.1Si2PO12  (score",
        "carriers 3.4 (host 3)",
        "0.2 (this)",
        "Yb3+ for Sc3+ (0.2)",
        PAPER,
        "highest firing temperature",
        "50 % is chance",
    ):
        assert expected in text, expected


def test_the_report_holds_the_first_rows_opened(
    folder: Path, predictor: Predictor, read_page: Callable[[str], Any]
) -> None:
    text = write_report(folder, predictor=predictor).read_text(encoding="utf-8")
    found = read_page(text)
    names = [a["id"] for a in found.all("details")]
    assert names == [f"candidate-{number}" for number in range(1, 6)]
    assert [f"#{name}" for name in names] == [a["href"] for a in found.all("a") if a["href"].startswith("#")]
    assert len(text) < 8e6
    assert len(found.all("caption")) == len(found.all("table"))
    assert len(found.all("figcaption")) == len(found.all("figure")) > 5


def test_a_report_that_cannot_open_rows_says_why(
    folder: Path, predictor: Predictor, tmp_path: Path, read_page: Callable[[str], Any]
) -> None:
    place = tmp_path / "ranking"
    shutil.copytree(folder, place)
    summary = json.loads((place / "summary.json").read_text(encoding="utf-8"))
    summary["space"]["digest"] = "1" * 64
    (place / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    found = read_page(write_report(place).read_text(encoding="utf-8"))
    assert found.all("details") == []
    assert "No row is opened here: the ranking in" in found.text
    assert "numbers the candidates of its space in another way; rank again" in found.text


@pytest.mark.parametrize("number", [-1, 0, 8])
def test_a_rank_out_of_range_is_refused(
    folder: Path, predictor: Predictor, dataset: Dataset, number: int
) -> None:
    with pytest.raises(RankingError, match=r"which lists 7; expected a rank from 1 to 7"):
        RankingRows.read(folder, predictor, dataset).open(number)


def test_a_folder_without_a_ranking_is_refused(
    tmp_path: Path, predictor: Predictor, dataset: Dataset
) -> None:
    with pytest.raises(RankingError, match="holds no ranking: No such file"):
        RankingRows.read(tmp_path, predictor, dataset)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model": {"name": "other", "digest": "0" * 64}}, "was made by the release other with SHA-256 0000"),
        (
            {"space": {**SPACE, "digest": "1" * 64, "size": 1}},
            "numbers the candidates of its space in another",
        ),
    ],
)
def test_another_release_or_numbering_is_refused(
    folder: Path, predictor: Predictor, dataset: Dataset, change: dict[str, Any], message: str
) -> None:
    rows, summary = read_ranking(folder)
    with pytest.raises(RankingError, match=message):
        RankingRows(rows, {**summary, **change}, predictor, dataset)


def test_a_changed_table_is_refused(folder: Path, predictor: Predictor, dataset: Dataset) -> None:
    rows, summary = read_ranking(folder)
    changed = [{**rows[0], "formula": "Na3Zr2Si2PO12"}, *rows[1:]]
    with pytest.raises(RankingError, match="another composition of its space; the table was changed"):
        RankingRows(changed, summary, predictor, dataset).open(1)


@pytest.mark.parametrize("index", [-1, 10**9])
def test_a_position_outside_the_space_is_refused(
    space: SubstitutionSpace, predictor: Predictor, dataset: Dataset, index: int
) -> None:
    with pytest.raises(
        RankingError, match="is not in the space, which holds 360; expected a position from 0"
    ):
        open_candidate(space, index, predictor, dataset)


def test_a_page_is_html(opened: OpenedRow, tmp_path: Path) -> None:
    with pytest.raises(SsePredictError, match=r"has the suffix '.txt'; expected .html"):
        write_page(tmp_path / "page.txt", opened)
    assert list(tmp_path.iterdir()) == []


def test_thresholds_are_those_of_the_ranking(folder: Path, predictor: Predictor, dataset: Dataset) -> None:
    _, summary = read_ranking(folder)
    lines = summary["objective"]["specifications"]
    lines[0] |= {"threshold": 1e-3, "origin": "stated"}
    screen = RankingRows(read_ranking(folder)[0], summary, predictor, dataset).screen
    assert isinstance(screen, Screen)
    assert [entry.threshold for entry in screen.resolved] == [line["threshold"] for line in lines]


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_draws_the_curves(opened: OpenedRow, tmp_path: Path) -> None:
    path = write_page(tmp_path / "page.html", opened)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run(
        [str(CHROMIUM), *flags, f"--user-data-dir={tmp_path / 'profile'}", path.as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    drawn = done.stdout.decode()
    assert drawn.count('class="main-svg"') >= 3 * len(opened.curves)
    assert "this candidate" in drawn
    assert "Sc3+ for Zr4+ on M, per formula unit" in drawn
