"""Importing the package loads no heavy library and changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ssepredict

HEAVY = (
    "numpy", "pandas", "sklearn", "scipy", "pymatgen", "matminer", "mlflow", "plotly", "matplotlib",
    "pandera", "lightgbm", "skops", "pyarrow", "dask", "distributed", "streamlit", "typer", "rich",
)  # fmt: skip


def _run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )


def _changes(module: str, folder: Path) -> dict[str, list[str]]:
    """What importing a module changed in a fresh process: libraries loaded, and everything else."""
    code = f"""
import json, locale, logging, os, signal, sys, threading, warnings

def state():
    loggers = [logging.root, *(l for l in logging.root.manager.loggerDict.values() if hasattr(l, "handlers"))]
    return {{
        "warnings filters": list(map(repr, warnings.filters)),
        "logging handlers": [repr(handler) for logger in loggers for handler in logger.handlers],
        "root level": [str(logging.root.level)],
        "environment": [f"{{key}}={{value}}" for key, value in sorted(os.environ.items())],
        "working folder": [os.getcwd()],
        "search path": list(sys.path),
        "locale": [locale.setlocale(locale.LC_ALL)],
        "threads": [thread.name for thread in threading.enumerate()],
        "hooks": [repr(sys.excepthook), repr(sys.displayhook), repr(signal.getsignal(signal.SIGINT))],
    }}

before, loaded = state(), set(sys.modules)
import {module}
after = state()
changed = {{name: after[name] for name in after if after[name] != before[name]}}
print(json.dumps({{"libraries": sorted({{n.split(".")[0] for n in set(sys.modules) - loaded}}), **changed}}))
"""
    done = _run(code, folder)
    assert done.stderr == ""
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    ("module", "allowed"), [("ssepredict", set()), ("ssepredict.cli", {"typer", "rich"})]
)
def test_import_loads_no_heavy_library_and_changes_nothing(
    tmp_path: Path, module: str, allowed: set[str]
) -> None:
    changes = _changes(module, tmp_path)
    assert set(changes.pop("libraries")).isdisjoint(set(HEAVY) - allowed)
    assert changes == {}
    assert list(tmp_path.iterdir()) == []


def test_a_change_on_import_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "rude.py").write_text(
        "import logging, os, sqlite3, warnings\nwarnings.simplefilter('ignore')\nlogging.basicConfig()\n"
        "os.environ['OMP_NUM_THREADS'] = '99'\n"
    )
    changes = _changes("rude", tmp_path)
    assert "sqlite3" in changes.pop("libraries")
    assert set(changes) == {"warnings filters", "logging handlers", "environment"}


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
