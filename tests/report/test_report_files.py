from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ssepredict.exceptions import SsePredictError
from ssepredict.report.documents import json_text, problem_text, records
from ssepredict.report.files import formula_arguments, read_formula_file, write_table, write_whole


def test_places_are_lines_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("\ufeff# head\r\nLi3YCl6\r\n\r\n  Li2ZrCl6 # b\r\n", encoding="utf-8")
    assert read_formula_file(file).formulas == ("Li3YCl6", "Li2ZrCl6")
    assert read_formula_file(file).places == ("line 2", "line 4")


def test_short_row_of_a_table_is_an_empty_formula(tmp_path: Path) -> None:
    file = tmp_path / "a.CSV"
    file.write_text("id,formula\n1,Li3YCl6\n2\n,\n3,Li2ZrCl6\n", encoding="utf-8")
    assert read_formula_file(file).formulas == ("Li3YCl6", "", "Li2ZrCl6")
    assert read_formula_file(file).places == ("line 2", "line 3", "line 5")


def test_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "table.csv"
    target.write_text("former", encoding="utf-8")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(SsePredictError, match="cannot be written: No space left on device; check the rights"):
        write_whole(target, "new")
    assert target.read_text(encoding="utf-8") == "former"
    assert list(tmp_path.iterdir()) == [target]


def test_written_file_has_the_usual_rights(tmp_path: Path) -> None:
    mask = os.umask(0o022)
    try:
        assert write_whole(tmp_path / "a", "x").stat().st_mode & 0o777 == 0o644
    finally:
        os.umask(mask)


def test_json_table_has_null_for_missing(tmp_path: Path) -> None:
    frame = pd.DataFrame({"formula": ["Å"], "value": [np.nan], "count": np.array([3])})
    text = write_table(frame, tmp_path / "a.json").read_text(encoding="ascii")
    assert json.loads(text) == [{"formula": "Å", "value": None, "count": 3}]


def test_json_knows_every_value() -> None:
    value = {"a": np.float64("inf"), "b": np.arange(2), "c": (True, None), 1: np.str_("x"), "p": Path("q")}
    assert json.loads(json_text(value)) == {"a": None, "b": [0, 1], "c": [True, None], "1": "x", "p": "q"}
    assert records(pd.DataFrame({"flag": [True]})) == [{"flag": True}]


def test_many_problems_are_counted_on_a_terminal() -> None:
    asked = formula_arguments(["Xy"] * 30)
    problems = [(row, "Xy", "is bad") for row in range(30)]
    assert len(problem_text(asked, problems).splitlines()) == 31
    shown = problem_text(asked, problems, most=20)
    assert len(shown.splitlines()) == 22
    assert "... and 10 more" in shown
