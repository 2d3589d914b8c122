"""A ranking as `ssepredict rank` left it in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from ssepredict.exceptions import RankingError
from ssepredict.inference.ranking import SUMMARY_FILE, TABLE_FILE
from ssepredict.inference.screening.summary import SUMMARY_FORMAT
from ssepredict.report.documents import records

_TEXTS = ("warnings", "unjudged", "remarks")
"""Columns of text that may be empty in every row, so that pandas takes them for numbers."""


def read_ranking(folder: str | Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Read the rows and the summary of a ranking.

    Parameters
    ----------
    folder : str or Path
        Holds ranking.csv and summary.json, as `ssepredict.rank` writes them.

    Returns
    -------
    list of dict
        Rows, the best first; at least one.
    dict
        Content of summary.json.

    Raises
    ------
    RankingError
        When the folder holds no ranking that this version can read.
    """
    place = Path(folder)
    remedy = f"expected a folder that `ssepredict rank SPACE --out {place}` wrote; rank again"
    try:
        summary = json.loads((place / SUMMARY_FILE).read_text(encoding="utf-8"))
        frame = pd.read_csv(place / TABLE_FILE, keep_default_na=True, encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"unreadable ({error})"
        raise RankingError(f"{str(place)!r} holds no ranking: {reason}; {remedy}") from None
    if not isinstance(summary, dict) or summary.get("format") != SUMMARY_FORMAT or frame.empty:
        raise RankingError(f"{str(place)!r} holds a ranking of another version, or none; {remedy}")
    texts = frame.select_dtypes(include=["object"]).columns
    empty = [column for column in _TEXTS if column in frame]
    frame = frame.astype(dict.fromkeys(empty, object)).fillna(dict.fromkeys([*texts, *empty], ""))
    return records(frame), summary
