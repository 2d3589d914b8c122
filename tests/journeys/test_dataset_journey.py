"""A contributor looks at the dataset, evaluates and trains."""

from __future__ import annotations

import functools
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from ssepredict.modeling import evaluation, tracking, training
from ssepredict.resources import shipped_folder


def test_summary_for_people(process) -> None:
    done = process("data", "summary")
    assert done.status == 0
    for expected in (
        "measurements by family",
        "sources by decade",
        "sources by access",
        "na_nasicon",
        "digest: ",
    ):
        assert expected in done.out


def test_summary_for_machines(ssepredict) -> None:
    document = json.loads(ssepredict("data", "summary", "--json").out)
    assert document["measurements_by_quantity"]["conductivity"] > 1000
    assert sum(document["measurements_by_family"].values()) == (
        document["tables"]["transport"] + document["tables"]["cells"]
    )


def test_shipped_dataset_is_valid(ssepredict) -> None:
    done = ssepredict("data", "validate")
    assert done.status == 0
    assert "every rule and key holds" in done.out


def test_broken_dataset_names_file_row_and_column(ssepredict, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(shipped_folder("datasets"), folder)
    samples = (folder / "samples.csv").read_text(encoding="utf-8").splitlines()
    header = samples[0].split(",")
    cells = samples[4].split(",")
    cells[header.index("framework")] = "nasicom"
    samples[4] = ",".join(cells)
    (folder / "samples.csv").write_text("\n".join(samples) + "\n", encoding="utf-8")
    done = ssepredict("data", "validate", "broken")
    assert (done.status, done.out) == (1, "")
    assert "samples.csv, row 5, column framework: got 'nasicom'" in done.err
    assert "did you mean 'nasicon'" in done.err


def test_evaluate(ssepredict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = functools.partial(
        evaluation.evaluate, targets=("activation_energy_ev",), estimators=("dummy_median", "host_median")
    )
    monkeypatch.setattr(evaluation, "evaluate", quick)
    done = ssepredict("evaluate", "--protocol", "time", "--folds", "3", "--json", "--out", "table.csv")
    document = json.loads(done.out)
    assert document["protocol"] == "time"
    assert {row["estimator"] for row in document["results"]} == {"dummy_median", "host_median"}
    assert (tmp_path / "table.csv").exists()
    assert "host_median" in ssepredict("evaluate", "--folds", "3").out


@pytest.mark.parametrize(("option", "runs"), [("--tracking", 1), ("--no-tracking", 0)])
def test_train_writes_the_release_and_logs_it(
    ssepredict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, runs: int
) -> None:
    """The wiring alone; training itself has tests of its own."""
    logged = []

    def fake_train(dataset, *, name, seed, folds, progress):
        progress(f"{name} {seed} {folds} {len(dataset) > 1000}")
        return SimpleNamespace(save=lambda folder: Path(folder).mkdir(parents=True))

    monkeypatch.setattr(training, "train", fake_train)
    monkeypatch.setattr(tracking, "log_training", lambda *given: logged.append(given) or "run-1")
    done = ssepredict("train", "--name", "mine", "--out", "releases", "--seed", "7", "--folds", "5", option)
    assert (done.status, done.out) == (0, "")
    assert "mine 7 5 True" in done.err
    assert (tmp_path / "releases" / "mine").is_dir()
    assert len(logged) == runs


def test_version(ssepredict) -> None:
    from ssepredict import __version__  # the fixture of the same name is the command

    done = ssepredict("--version")
    assert (done.status, done.out) == (0, f"ssepredict {__version__}\n")
