"""Importing the package costs little and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ssepredict

HEAVY = (
    "numpy", "pandas", "sklearn", "scipy", "pymatgen", "matminer", "mlflow", "plotly", "matplotlib",
    "pandera", "lightgbm", "skops", "pyarrow", "dask", "streamlit", "typer", "rich",
)  # fmt: skip


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )


def test_import_loads_no_heavy_library(tmp_path: Path) -> None:
    code = "import ssepredict, sys, json; print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})))"
    loaded = set(json.loads(_run(code, tmp_path).stdout))
    assert loaded.isdisjoint(HEAVY)


def test_import_takes_less_than_a_second_and_writes_nothing(tmp_path: Path) -> None:
    code = "import time; t = time.perf_counter(); import ssepredict; print(time.perf_counter() - t)"
    done = _run(code, tmp_path)
    assert float(done.stdout) < 1.0
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []


def test_help_needs_no_heavy_library(tmp_path: Path) -> None:
    code = (
        "import sys, json, ssepredict.cli as cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(json.dumps(sorted({n.split('.')[0] for n in sys.modules})), file=sys.stderr)"
    )
    loaded = set(json.loads(_run(code, tmp_path).stderr))
    assert loaded.isdisjoint(set(HEAVY) - {"typer", "rich"})


def test_public_names_resolve_and_are_listed() -> None:
    assert set(ssepredict.__all__) <= set(dir(ssepredict))
    for name in ssepredict.__all__:
        assert getattr(ssepredict, name).__name__ == name


def test_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'load_model'; it offers .*load_predictor"):
        _ = ssepredict.load_model
