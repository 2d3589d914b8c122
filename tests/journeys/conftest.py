from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from ssepredict.cli import main
from ssepredict.data.dataset import load_dataset
from ssepredict.data.ingest import as_text
from ssepredict.data.store import write_folder


class Done(NamedTuple):
    status: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def ssepredict(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Command:
    """Run the command line inside this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main(arguments)
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Done(int(end.value.code or 0), out, err)

    return run


@pytest.fixture
def process(tmp_path: Path) -> Command:
    """Run the command line as a process of its own, in an empty folder."""

    def run(*arguments: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "ssepredict", *arguments], cwd=tmp_path, capture_output=True, check=False
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def small(tmp_path: Path) -> str:
    """Folder of 15 works on sodium NASICONs, spread evenly over the years: few, so that training is quick."""
    whole = load_dataset().select(family="na_nasicon", quantity=("conductivity", "activation_energy"))
    works = whole.sources.sort_values(["year", "work_id"])["work_id"].drop_duplicates().to_list()
    chosen = whole.sources["work_id"].isin(works[:: len(works) // 15][:15])
    samples = whole.samples["source_id"].isin(whole.sources.loc[chosen, "source_id"])
    rows = whole.transport["sample_id"].isin(whole.samples.loc[samples, "sample_id"])
    part = dataclasses.replace(whole, transport=whole.transport[rows]).select()
    write_folder(tmp_path / "small", {name: as_text(name, table) for name, table in part.tables.items()})
    return "small"
