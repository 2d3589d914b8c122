"""A researcher's own measurements, from the template to a training frame; a public dataset by name."""

from __future__ import annotations

import hashlib
import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.data.dataset import load_dataset
from ssepredict.modeling.protocols import prepare
from ssepredict.modeling.targets import TARGETS
from ssepredict.resources import shipped_folder

MINE = """formula,conductivity (mS/cm),T (K),contribution,operator
Na3.4Zr1.7Sc0.2Zn0.1Si2PO12,1.53,298.15,total,me
Na3.2Zr1.8Sc0.2Si2PO12,1.21,298.15,total,me
"""


def test_template_add_validate_summarise_and_train_on(ssepredict, tmp_path: Path) -> None:
    template = ssepredict("data", "template")
    assert template.out.startswith("formula,doi,")
    (tmp_path / "template.csv").write_text(template.out, encoding="utf-8")
    done = ssepredict("data", "add", "template.csv", "--dataset", "mine")
    assert done.status == 1
    assert "repeats F" in done.err  # the example of the template is in the shipped tables

    (tmp_path / "mine.csv").write_text(MINE, encoding="utf-8")
    done = ssepredict("data", "add", "mine.csv", "--dataset", "mine", "--source-id", "me/lab-book-7")
    assert (done.status, done.out) == (1, "")
    assert "mine.csv, row 1, column 'operator': is unknown" in done.err
    assert not (tmp_path / "mine").exists()

    (tmp_path / "map.toml").write_text('ignore = ["operator"]\n', encoding="utf-8")
    options = ("--dataset", "mine", "--mapping", "map.toml", "--source-id", "me/lab-book-7", "--year", "2026")
    done = ssepredict("data", "add", "mine.csv", *options, "--json")
    document = json.loads(done.out)
    assert done.status == 0
    assert (document["measurements_added"], document["rows"]["samples"], document["made"]) == (2, 2, True)

    assert ssepredict("data", "validate", "mine").status == 0
    counts = json.loads(ssepredict("data", "summary", "mine", "--json").out)["tables"]
    shipped = json.loads(ssepredict("data", "summary", "--json").out)["tables"]
    assert counts["transport"] == shipped["transport"] + 2
    table = prepare(TARGETS["conductivity_s_cm"], load_dataset(tmp_path / "mine"))
    assert "me/lab-book-7" in set(table.papers)


def test_failures_are_in_the_json_document_too(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("formula,Ea (eV),doi\nAl2O3,0.3,10.1000/x\n", encoding="utf-8")
    done = ssepredict("data", "add", "bad.csv", "--dataset", "mine", "--json")
    (failure,) = json.loads(done.out)["failures"]
    assert done.status == 1
    assert (failure["file"], failure["row"], failure["column"], failure["got"]) == (
        "bad.csv",
        2,
        "formula",
        "Al2O3",
    )
    assert done.err.startswith("error: bad.csv cannot be added: 1 failure, nothing was written\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.csv", "--dataset", "mine"), "'absent.csv' does not exist"),
        (
            ("mine.csv", "--dataset", "mine", "--mapping", "absent.toml"),
            "mapping 'absent.toml' does not exist",
        ),
        (("mine.csv", "--dataset", str(shipped_folder("datasets"))), "which is never changed"),
        (("mine.csv", "--dataset", "mine.csv"), "is a file; name a folder"),
        (
            ("mine.csv", "--dataset", "mine", "--doi", "nature"),
            "column '--doi': got 'nature', expected a DOI",
        ),
        (
            ("mine.csv", "--dataset", "mine", "--year", "next"),
            "column '--year': got 'next', expected a number",
        ),
    ],
)
def test_wrong_arguments_end_with_a_message(ssepredict, tmp_path: Path, arguments, words: str) -> None:
    (tmp_path / "mine.csv").write_text(MINE, encoding="utf-8")
    done = ssepredict("data", "add", *arguments)
    assert (done.status, done.out) == (1, "")
    assert words in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]


def test_a_dataset_is_named(ssepredict) -> None:
    assert ssepredict("data", "add", "mine.csv").status == 2


def test_a_public_dataset_by_name(ssepredict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "ID,Reduced Composition,Ionic conductivity (S cm-1),DOI\naaa,Li2ZrCl6,4.1E-4,10.1000/new\n"
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "all.csv").write_text(content, encoding="utf-8")
    checksum = hashlib.sha256(content.encode()).hexdigest()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("SSEPREDICT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *arguments: None)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        refused = ssepredict("data", "fetch", "obelix", "--url", url)
        assert refused.status == 1
        assert "give --sha256 all.csv=HEX" in refused.err
        wrong = ssepredict("data", "fetch", "obelix", "--url", url, "--sha256", "0" * 64)
        assert wrong.status == 1
        assert "has another SHA-256 than expected" in wrong.err
        done = ssepredict("data", "fetch", "obelix", "--url", url, "--sha256", checksum, "--out", "obelix")
        server.shutdown()
    assert done.status == 0
    assert "obelix: 1 measurements, 0 figures excluded" in done.out
    assert ssepredict("data", "validate", "obelix").status == 0
    assert ssepredict("data", "fetch", "obelics").status == 1


def test_training_takes_a_dataset_of_ones_own_and_a_public_one(
    ssepredict, small: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSEPREDICT_CACHE", str(tmp_path / "cache"))
    content = "ID,Reduced Composition,Ionic conductivity (S cm-1),DOI\naaa,Li2ZrCl6,4.1E-4,10.1000/new\n"
    (tmp_path / "cache" / "obelix").mkdir(parents=True)
    (tmp_path / "cache" / "obelix" / "all.csv").write_text(content, encoding="utf-8")
    accepted = {"all.csv": hashlib.sha256(content.encode()).hexdigest()}
    (tmp_path / "cache" / "obelix" / "accepted-checksums.json").write_text(
        json.dumps(accepted), encoding="utf-8"
    )
    literature = len(load_dataset(tmp_path / small).transport)
    (tmp_path / "mine.csv").write_text(MINE.replace(",operator", "").replace(",me", ""), encoding="utf-8")
    assert ssepredict("data", "add", "mine.csv", "--dataset", small, "--source-id", "me").status == 0

    options = ("--target", "conductivity_s_cm", "--folds", "2", "--no-tracking", "--out", "models")
    done = ssepredict("train", "--dataset", small, "--with", "obelix", *options, "--name", "joined")
    assert (done.status, done.out) == (0, "")
    assert "obelix: 1 measurements added, 0 were there already" in done.err
    release = tmp_path / "models" / "joined"
    trained_on = json.loads((release / "metrics.json").read_text(encoding="utf-8"))["dataset"]["tables"]
    assert trained_on["transport"] == literature + 2 + 1
    evidence = pd.read_csv(release / "evidence.csv")
    assert (evidence["source_id"] == "me").sum() == 2
    assert evidence.query("source_id == '10.1000/new'")["formula"].to_list() == ["Li2ZrCl6"]
    predicted = ssepredict("predict", "Li2ZrCl6", "--model", "models/joined", "--json")
    assert json.loads(predicted.out)["model"]["name"] == "joined"
    assert ssepredict("train", "--with", "obelics", "--no-tracking").status == 1
