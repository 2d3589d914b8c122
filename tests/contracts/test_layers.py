"""The house: a room imports only from rooms above it, heavy libraries only where they are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import ssepredict

PACKAGE = Path(ssepredict.__file__).parent
BASE = ("columns", "units", "exceptions", "resources")
LAYERS = {
    **dict.fromkeys(BASE, 0),
    "chemistry": 1,
    "data": 2,
    "featurizers": 2,
    "physics": 2,
    "structures": 2,
    "modeling": 3,
    "audit": 4,
    "inference": 4,
    "report": 5,
    "app": 5,
    "cli": 6,
    "__main__": 7,
}
INSIDE_FUNCTIONS_ONLY = (
    "pymatgen", "matminer", "mlflow", "plotly", "matplotlib", "pandera", "lightgbm", "skops", "dask",
    "distributed", "streamlit", "impedance", "torch", "chgnet", "sevenn", "ase", "bvlain",
)  # fmt: skip
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(nodes: Iterator[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""


def _all_imports(path: Path) -> set[str]:
    return set(_imports(ast.walk(ast.parse(path.read_text(encoding="utf-8")))))


def _imports_on_import(path: Path) -> set[str]:
    """What runs when a module is imported: everything outside functions and `if TYPE_CHECKING`."""

    def statements(body: list[ast.stmt]) -> Iterator[ast.AST]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if (
                isinstance(node, ast.If)
                and isinstance(node.test, ast.Name)
                and node.test.id == "TYPE_CHECKING"
            ):
                continue
            yield node
            yield from statements(getattr(node, "body", []))

    return set(_imports(statements(ast.parse(path.read_text(encoding="utf-8")).body)))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_room_imports_only_from_rooms_above(path: Path) -> None:
    room = _room(path)
    for name in _all_imports(path):
        parts = name.split(".")
        if parts[0] != "ssepredict" or len(parts) == 1 or parts[1] == room:
            continue
        assert LAYERS[parts[1]] < LAYERS[room], f"{room} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_are_imported_where_they_are_used(path: Path) -> None:
    roots = {name.split(".")[0] for name in _imports_on_import(path)}
    assert roots.isdisjoint(INSIDE_FUNCTIONS_ONLY)


def test_only_tracking_imports_mlflow() -> None:
    users = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if any(name.split(".")[0] == "mlflow" for name in _all_imports(path))
    }
    assert users
    assert all(name.startswith("modeling/tracking") for name in users)


ROOMS_OF_INFERENCE = {
    "spaces": 0,
    "objectives": 1,
    "screening": 2,
    "backtests": 3,
    "engines": 3,
    "neighbours": 3,
    "suggestions": 3,
    "runs": 4,
}
"""What stands beside them is what they are for: no module of theirs, nor one beside them, imports it."""


def _wrong_imports_within(inference: Path) -> list[str]:
    """Imports from a room of inference to one beside or above it."""
    top = max(ROOMS_OF_INFERENCE.values()) + 1
    wrong = []
    for path in sorted(inference.rglob("*.py")):
        room = path.relative_to(inference).parts[0]
        for name in sorted(_all_imports(path)):
            if not name.startswith("ssepredict.inference"):
                continue
            other = name.removeprefix("ssepredict.inference").strip(".").split(".")[0]
            level, own = (ROOMS_OF_INFERENCE.get(place, top) for place in (other, room))
            if other != room and level >= own:
                wrong.append(f"{path.relative_to(inference).as_posix()} imports {name}")
    return wrong


def test_rooms_of_inference_import_only_from_those_below() -> None:
    inference = PACKAGE / "inference"
    assert {path.name for path in inference.iterdir() if (path / "__init__.py").exists()} == set(
        ROOMS_OF_INFERENCE
    )
    assert _wrong_imports_within(inference) == []


def test_a_wrong_import_between_rooms_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces" / "plan.py").write_text(
        "from ssepredict.inference.objectives.objective import Objective\n"
        "from ssepredict.inference.spaces.grids import Grid\n"
        "from ssepredict.inference import ranking\n"
    )
    (tmp_path / "ranking.py").write_text(
        "from ssepredict.inference.backtest import backtest\nfrom ssepredict.inference.runs.run import Run\n"
    )
    assert _wrong_imports_within(tmp_path) == [
        "ranking.py imports ssepredict.inference.backtest",
        "spaces/plan.py imports ssepredict.inference",
        "spaces/plan.py imports ssepredict.inference.objectives.objective",
    ]


def test_every_room_is_known() -> None:
    assert {_room(path) for path in FILES} <= set(LAYERS)


def test_a_wrong_import_would_be_seen(tmp_path: Path) -> None:
    file = tmp_path / "sites.py"
    file.write_text("def f():\n    from ssepredict.modeling import targets\n    import mlflow.pyfunc\n")
    assert _all_imports(file) == {"ssepredict.modeling", "mlflow.pyfunc"}
    assert _imports_on_import(file) == set()
