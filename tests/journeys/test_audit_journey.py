"""A researcher audits a folder of tables and looks at its page."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ssepredict.resources import shipped_folder


def test_audit_for_people(ssepredict) -> None:
    done = ssepredict("data", "audit")
    assert done.status == 0
    for expected in ("charge_neutrality", "activation_energy_ratio", "flagged", "measurements are doubtful"):
        assert expected in done.out


def test_audit_for_machines(ssepredict, tmp_path: Path) -> None:
    done = ssepredict("data", "audit", "--json", "--out", "findings.csv")
    document = json.loads(done.out)
    assert {"rule", "source_id", "subject", "reported", "expected", "decision", "origin", "note"} <= set(
        document["findings"][0]
    )
    assert document["rules"]["charge_neutrality"]["findings"] > 30
    assert sum(document["decisions"].values()) == len(document["findings"])
    assert (tmp_path / "findings.csv").read_text(encoding="utf-8").count("\n") == len(
        document["findings"]
    ) + 1


def test_writing_needs_a_folder_and_renews_its_findings(ssepredict, tmp_path: Path) -> None:
    assert ssepredict("data", "audit", "--write").status == 2
    folder = shutil.copytree(shipped_folder("datasets"), tmp_path / "mine")
    before = (folder / "discrepancies.csv").read_bytes()
    (folder / "discrepancies.csv").unlink()
    done = ssepredict("data", "audit", "mine", "--write")
    assert (done.status, "wrote" in done.err) == (0, True)
    assert (folder / "discrepancies.csv").read_bytes() != before  # nobody's hand is in it
    assert ssepredict("data", "validate", "mine").status == 0
    assert ssepredict("data", "refresh", "mine").status == 0


def test_the_page(ssepredict, tmp_path: Path) -> None:
    done = ssepredict("data", "report", "--out", "page.html")
    assert (done.status, done.out.strip()) == (0, "page.html")
    assert (tmp_path / "page.html").stat().st_size > 1_000_000


def test_a_folder_that_is_no_dataset(ssepredict, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for command in ("audit", "report"):
        done = ssepredict("data", command, "empty")
        assert (done.status, done.out) == (1, "")
        assert "expected the files sources.csv" in done.err
