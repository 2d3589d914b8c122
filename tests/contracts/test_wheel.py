"""The wheel carries code, data, model and spaces: installed elsewhere, it predicts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from ssepredict.resources import shipped_spaces

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, ssepredict
from ssepredict.resources import shipped_folder, shipped_spaces
row = ssepredict.load_predictor().predict("Na3Zr2Si2PO12").iloc[0]
print(json.dumps({
    "package": ssepredict.__file__,
    "datasets": str(shipped_folder("datasets")),
    "models": str(shipped_folder("models")),
    "spaces": {name: str(path) for name, path in shipped_spaces().items()},
    "measurements": len(ssepredict.load_dataset()),
    "conductivity_s_cm": row["conductivity_s_cm"],
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def interpreter(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Python of an environment of its own that holds this wheel; dependencies come from here."""
    home = tmp_path_factory.mktemp("elsewhere") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / ("Scripts" if os.name == "nt" else "bin") / "python"
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = Path(
        subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def _run(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for needed in (
        "ssepredict/chemistry/supply.csv",
        "ssepredict/inference/objectives/cautious.toml",
        "ssepredict/py.typed",
        "ssepredict/report/report.css",
        "ssepredict/datasets/transport.csv",
        "ssepredict/datasets/datapackage.json",
        "ssepredict/inference/spaces/li2zrcl6.toml",
    ):
        assert needed in names
    assert any(name.startswith("ssepredict/models/") and name.endswith("/model.skops") for name in names)
    assert not [
        name for name in names if name.endswith((".pkl", ".pickle", ".pyc")) or name.startswith("tests")
    ]


def test_installed_elsewhere_it_predicts(interpreter: Path, tmp_path: Path) -> None:
    done = _run(interpreter, tmp_path, "-c", PROGRAM)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    home = str(interpreter.parents[1])
    for path in (found["package"], found["datasets"], found["models"], *found["spaces"].values()):
        assert path.startswith(home)
    assert set(found["spaces"]) == set(shipped_spaces())
    assert found["measurements"] > 1000
    assert 1e-5 < found["conductivity_s_cm"] < 1e-1


def test_installed_elsewhere_the_command_runs(interpreter: Path, tmp_path: Path) -> None:
    done = _run(interpreter, tmp_path, "-m", "ssepredict", "predict", "Li3YCl6", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["predictions"][0]["formula"] == "Li3YCl6"
