"""Files are read and written in few places; everything else takes and returns values."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ssepredict

PACKAGE = Path(ssepredict.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

ALLOWED = {
    "chemistry/supply.py": "the table of element prices travels beside it",
    "data/": "the literature on the disk: datasets, tables of users, spectra, downloads",
    "inference/engines/job.py": "a release travels to workers as its files; the digest of the code",
    "inference/engines/local_workers.py": "what a worker process says before it dies",
    "inference/runs/": "the folder of a ranking: its files, its progress, its lock",
    "inference/spaces/toml_file.py": "spaces and objectives as people write them",
    "modeling/release.py": "the folder of a release",
    "modeling/tracking.py": "artefacts on their way to MLflow",
    "modeling/tracking_model.py": "the model of a run as code",
    "modeling/tracking_plots.py": "figures of a run",
    "modeling/tracking_record.py": "which release a run belongs to, and its left-out predictions",
    "modeling/tracking_registry.py": "a release on its way to and from the registry",
    "report/": "what a reader opens: tables, plots, pages, and the folders they are made from",
}
"""Rooms and modules that touch the disk, and what for."""

FUNCTIONS = re.compile(
    r"""(
    open | io\.(open | FileIO) | codecs\.open | fileinput\..* | mmap\..* | shutil\..* | tempfile\..*
    | os\.(link | makedirs | mkdir | open | remove | removedirs | rename | renames | replace | rmdir
        | symlink | truncate | unlink)
    | (bz2 | gzip | lzma | tarfile)\.open | zipfile\.ZipFile | sqlite3\.connect | shelve\.open
    | urllib\.request\.(urlopen | urlretrieve) | pooch\.(create | retrieve)
    | (json | joblib | marshal | pickle | skops\.io | tomllib)\.(dump | load) | torch\.(load | save)
    | numpy\.(fromfile | genfromtxt | load | loadtxt | memmap | save | savetxt | savez | savez_compressed)
    | pandas\.(read_\w+ | ExcelFile | ExcelWriter | HDFStore) | pyarrow\.(csv | feather | parquet)\..*
    )""",
    re.VERBOSE,
)
METHODS = {
    "hardlink_to", "mkdir", "read_bytes", "read_text", "rmdir", "savefig", "symlink_to", "to_excel",
    "to_feather", "to_hdf", "to_parquet", "to_pickle", "to_sql", "tofile", "touch", "unlink", "write_bytes",
    "write_html", "write_image", "write_text",
}  # fmt: skip
TO_TEXT = {"to_csv": "path_or_buf", "to_html": "buf", "to_json": "path_or_buf", "to_markdown": "buf"}
"""Methods that return a text unless they are told where to write it."""


def _uses(path: Path) -> list[str]:
    """List what a module does with files, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = dict(_imported(tree))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            dotted = _dotted(node, names)
            if FUNCTIONS.fullmatch(dotted):
                found.add((node.lineno, dotted))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _touches(node, node.func):
            found.add((node.lineno, f".{node.func.attr}"))
    return [f"line {line}: {name}" for line, name in sorted(found)]


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Names that imports bind, wherever they stand, and what they are in full."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield (alias.asname, alias.name) if alias.asname else (alias.name.split(".")[0],) * 2
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _dotted(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, names)}.{node.attr}"
    return names.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def _touches(call: ast.Call, method: ast.Attribute) -> bool:
    """Whether a method call touches a file, by its name and by how it is called."""
    first = call.args[0] if call.args else None
    if method.attr == "open":  # of a path: nothing but a mode; rows of a report are opened by number
        return first is None or (isinstance(first, ast.Constant) and isinstance(first.value, str))
    if method.attr in TO_TEXT:
        named = [word.value for word in call.keywords if word.arg == TO_TEXT[method.attr]]
        target = first if first is not None else named[0] if named else None
        return target is not None and not (isinstance(target, ast.Constant) and target.value is None)
    return method.attr in METHODS


def _place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=_place)
def test_files_are_touched_where_the_table_says(path: Path) -> None:
    if not _place(path).startswith(tuple(ALLOWED)):
        assert _uses(path) == [], f"{_place(path)} touches files; hand it values, or name it in ALLOWED"


@pytest.mark.parametrize("place", ALLOWED)
def test_every_entry_of_the_table_is_needed(place: str) -> None:
    assert any(_uses(path) for path in FILES if _place(path).startswith(place))


@pytest.mark.parametrize(
    "code",
    [
        "open('x')",
        "with open('x') as file: pass",
        "texts = map(open, names)",
        "path.open()",
        "path.open('rb')",
        "path.open(encoding='utf-8')",
        "Path('x').read_text()",
        "path.write_bytes(content)",
        "(folder / 'x').mkdir(parents=True)",
        "frame.to_csv(path, index=False)",
        "frame.to_csv(path_or_buf=path)",
        "frame.to_parquet(path)",
        "import json\njson.dump(document, file)",
        "import numpy as np\nnp.save('x', values)",
        "import pandas as pd\npd.read_parquet(path)",
        "def f():\n    from skops import io as files\n    return files.load('x')",
        "from os import replace as move\nmove(old, new)",
        "import os.path\nos.remove('x')",
        "from tempfile import TemporaryDirectory\nTemporaryDirectory()",
    ],
)
def test_a_wrong_use_would_be_seen(tmp_path: Path, code: str) -> None:
    (tmp_path / "pure.py").write_text(code, encoding="utf-8")
    assert len(_uses(tmp_path / "pure.py")) == 1


@pytest.mark.parametrize(
    "code",
    [
        "rows.open(3)",
        "rows.open(rank)",
        "frame.to_csv(index=False)",
        "frame.to_csv(None, index=False)",
        "import json\njson.loads(text), json.dumps(document)",
        "text.replace('a', 'b')",
        "import os\nos.replace_me, os.environ",
        "class Rows:\n    def open(self, rank): ...",
        "import numpy as np\nnp.loads_of_memory",
    ],
)
def test_values_are_not_files(tmp_path: Path, code: str) -> None:
    (tmp_path / "pure.py").write_text(code, encoding="utf-8")
    assert _uses(tmp_path / "pure.py") == []
