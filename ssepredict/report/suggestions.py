"""Suggested experiments for people, machines and files."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Group, RenderableType
from rich.text import Text

from ssepredict.exceptions import SsePredictError
from ssepredict.report.documents import json_text, records
from ssepredict.report.tables import coloured, table_of
from ssepredict.report.wording import show_interval, show_number, show_target

TABLE_FILE, MEASURED_FILE, SUMMARY_FILE = "suggestions.csv", "measured.csv", "summary.json"

_SCRATCH = ".writing-"
_KIND = "ssepredict suggestion"
_UPDATED = "updated_conductivity_s_cm"
_SIGMA = "conductivity_s_cm"


def suggestion_document(frame: pd.DataFrame) -> dict[str, Any]:
    """Return suggestions for a machine: the summary, the rows, and what was measured against predictions."""
    return {
        "summary": frame.attrs["summary"],
        "suggestions": records(frame),
        "measured": frame.attrs["measured"],
    }


def suggestion_table(frame: pd.DataFrame) -> RenderableType:
    """Show suggestions at a terminal, as `ssepredict.suggest` gives them."""
    table = table_of(
        "next",
        "formula",
        "S/cm",
        "interval",
        "chance\nto beat",
        "gain\n(decades)",
        "unlike\nabove",
        "status",
        "verdict",
        "nearest measured",
    )
    for row in records(frame):
        updated = {
            _SIGMA: row[_UPDATED],
            f"{_SIGMA}_low": row[f"{_UPDATED}_low"],
            f"{_SIGMA}_high": row[f"{_UPDATED}_high"],
        }
        table.add_row(
            str(row["rank"]),
            str(row["formula"]),
            show_target(updated, _SIGMA, unit=False),
            show_interval(updated, _SIGMA),
            show_number(row["chance_to_beat_best"], ".0%"),
            show_number(row["batch_gain_decades"], ".3f"),
            show_number(row["diversity"], ".2f"),
            coloured(str(row["status"])),
            coloured(str(row["verdict"])),
            f"{row['evidence_formula']} ({show_number(row['evidence_distance'], '.2f')})",
        )
    said = suggestion_notes(frame.attrs["summary"]["suggestion"])
    return Group(table, Text(""), *(Text(line) for line in said))


def suggestion_notes(how: Mapping[str, Any]) -> list[str]:
    """Say what was to be beaten, what was conditioned on, and which measured values surprise.

    Parameters
    ----------
    how : mapping
        ``summary["suggestion"]``.

    Returns
    -------
    list of str
    """
    best, measured = how["best_known"], how["measured"]
    whose = {
        "stated": "as the objective states",
        "reported": f"the best reported: {best['formula']} ({best['source']})",
        "measured": f"the best of your own: {best['formula']} ({best['source']})",
        "predicted": f"predicted for {best['formula']}, as nothing is reported",
    }[best["origin"]]
    lines = [f"To beat: {show_number(best['value_s_cm'], '.1e')} S/cm, {whose}."]
    used = measured["used"]
    if used:
        lines.append(
            f"Predictions are conditioned on {used} measured value{'s' if used > 1 else ''} of yours, and "
            "hold for your next samples."
        )
    if measured["limits_met_anyhow"]:
        lines.append(
            f"{measured['limits_met_anyhow']} limits that the prediction meets anyhow say nothing new."
        )
    lines += [f"Left aside: {count} rows, {reason}." for reason, count in measured["ignored"].items()]
    return lines + [_surprise(row) for row in measured["surprising"]]


def _surprise(row: Mapping[str, Any]) -> str:
    measured, predicted, low, high = (
        show_number(row[name], ".1e")
        for name in ("conductivity_s_cm", "predicted_s_cm", "predicted_low_s_cm", "predicted_high_s_cm")
    )
    return (
        f"Far from its prediction: {row['formula']} ({row['place']}) at {row['temperature_c']:g} °C, "
        f"{measured} S/cm measured, {predicted} ({low} to {high}) predicted; look at the sample and at the "
        "unit before you trust what follows from it."
    )


def check_suggestion_folder(folder: Path | None) -> None:
    """Refuse a place that suggestions must not be written to, before any work is done.

    Raises
    ------
    SsePredictError
        When it is a file, holds something else, or cannot be written.
    """
    if folder is None:
        return
    if folder.exists() and not folder.is_dir():
        raise SsePredictError(f"{str(folder)!r} is a file; name a folder for the suggestions")
    names = sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []
    names = [name for name in names if not name.startswith(_SCRATCH)]  # what a killed run left behind
    if names and not _is_suggestion(folder):
        raise SsePredictError(
            f"{str(folder)!r} holds {names[0]!r} and no suggestions; expected an empty folder, a new one or "
            "former suggestions: name another folder"
        )
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise SsePredictError(f"{str(nearest)!r} cannot be written; name a folder that can")


def write_suggestions(folder: Path, frame: pd.DataFrame) -> list[Path]:
    """Write suggestions.csv, measured.csv where something was measured, and summary.json, all or none.

    Former suggestions are replaced once everything new is on the disk.

    Returns
    -------
    list of Path

    Raises
    ------
    SsePredictError
        When the folder holds something else or cannot be written; it is as it was before.
    """
    check_suggestion_folder(folder)
    contents = {TABLE_FILE: _as_csv(frame)}
    if frame.attrs["measured"]:
        contents[MEASURED_FILE] = _as_csv(pd.DataFrame(frame.attrs["measured"]))
    contents[SUMMARY_FILE] = (json_text(frame.attrs["summary"]) + "\n").encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as scratch:
            for name, content in contents.items():
                Path(scratch, name).write_bytes(content)
            for name in contents:
                os.replace(Path(scratch, name), folder / name)
        if MEASURED_FILE not in contents:
            (folder / MEASURED_FILE).unlink(missing_ok=True)
    except OSError as error:
        raise SsePredictError(
            f"suggestions cannot be written to {str(folder)!r} ({error.strerror or error}); name a folder "
            "that can be written"
        ) from None
    return [folder / name for name in contents]


def _as_csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False, lineterminator="\n").encode()


def _is_suggestion(folder: Path) -> bool:
    try:
        summary = json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(summary, dict) and summary.get("kind") == _KIND
