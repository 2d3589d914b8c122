from __future__ import annotations

import errno
import json
from pathlib import Path

import pandas as pd
import pytest

from ssepredict.exceptions import SsePredictError
from ssepredict.report.suggestions import (
    check_suggestion_folder,
    suggestion_notes,
    write_suggestions,
)


def _how(**measured: object) -> dict[str, object]:
    best = {"value_s_cm": 4e-3, "origin": "reported", "formula": "Na3Zr2Si2PO12", "source": "10.1/x"}
    return {
        "best_known": best,
        "measured": {"used": 0, "limits_met_anyhow": 0, "ignored": {}, "surprising": []} | measured,
    }


def _frame(measured: int) -> pd.DataFrame:
    frame = pd.DataFrame({"rank": [1], "formula": ["Na3Zr2Si2PO12"]})
    frame.attrs["summary"] = {"kind": "ssepredict suggestion", "suggestion": _how()}
    frame.attrs["measured"] = [{"formula": "Na3Zr2Si2PO12"}] * measured
    return frame


def test_notes_say_what_was_beaten_conditioned_on_and_left_aside():
    assert suggestion_notes(_how()) == ["To beat: 4.0e-3 S/cm, the best reported: Na3Zr2Si2PO12 (10.1/x)."]
    notes = suggestion_notes(_how(used=1, limits_met_anyhow=2, ignored={"of grain boundaries alone": 3}))
    assert notes[1].startswith("Predictions are conditioned on 1 measured value of yours")
    assert notes[2] == "2 limits that the prediction meets anyhow say nothing new."
    assert notes[3] == "Left aside: 3 rows, of grain boundaries alone."


def test_a_surprise_is_told_with_its_place_and_its_interval():
    row = {
        "formula": "Na3.2Zr1.8Y0.2Si2PO12",
        "place": "my.csv, row 7",
        "temperature_c": 25.0,
        "conductivity_s_cm": 2e-9,
        "predicted_s_cm": 1e-3,
        "predicted_low_s_cm": 1e-4,
        "predicted_high_s_cm": 6e-3,
    }
    (_, said) = suggestion_notes(_how(surprising=[row]))
    assert said.startswith(
        "Far from its prediction: Na3.2Zr1.8Y0.2Si2PO12 (my.csv, row 7) at 25 °C, 2.0e-9 S/cm measured, "
        "1.0e-3 (1.0e-4 to 6.0e-3) predicted"
    )


def test_files_are_written_and_former_ones_replaced(tmp_path: Path):
    folder = tmp_path / "deep" / "next"
    assert [path.name for path in write_suggestions(folder, _frame(2))] == [
        "suggestions.csv",
        "measured.csv",
        "summary.json",
    ]
    assert [path.name for path in write_suggestions(folder, _frame(0))] == ["suggestions.csv", "summary.json"]
    assert sorted(path.name for path in folder.iterdir()) == ["suggestions.csv", "summary.json"]
    assert (
        json.loads((folder / "summary.json").read_text(encoding="utf-8"))["kind"] == "ssepredict suggestion"
    )


def test_a_full_disk_leaves_the_former_suggestions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "next"
    write_suggestions(folder, _frame(2))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    write = Path.write_bytes

    def full(path: Path, content: bytes) -> int:
        if path.name == "summary.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SsePredictError, match=r"cannot be written to .*next' \(No space left on device\)"):
        write_suggestions(folder, _frame(0))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_place_that_is_not_ours_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(SsePredictError, match=r"holds 'notes\.txt' and no suggestions; expected an empty"):
        write_suggestions(tmp_path, _frame(0))
    with pytest.raises(SsePredictError, match="is a file; name a folder"):
        check_suggestion_folder(tmp_path / "notes.txt")
    with pytest.raises(SsePredictError, match="cannot be written; name a folder that can"):
        check_suggestion_folder(tmp_path / "notes.txt" / "below")
    (tmp_path / "summary.json").write_text('{"kind": "ssepredict ranking"}', encoding="utf-8")
    with pytest.raises(SsePredictError, match="no suggestions"):
        check_suggestion_folder(tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["notes.txt", "summary.json"]
