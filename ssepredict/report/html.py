"""The report of a ranking: one HTML file that needs nothing else, online or offline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import pandas as pd

from ssepredict.exceptions import RankingError
from ssepredict.inference.ranking import REPORT_FILE, SUMMARY_FILE, TABLE_FILE
from ssepredict.inference.summary import SUMMARY_FORMAT
from ssepredict.report.documents import records
from ssepredict.report.files import write_whole
from ssepredict.report.markup import Markup, formula, join, safe, tag
from ssepredict.report.order import order_note
from ssepredict.report.sections import (
    asked,
    candidates,
    plots,
    provenance,
    reading,
    rejections,
    tiles,
)
from ssepredict.report.trust import metrics_of, trust_section

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


def write_report(folder: str | Path, metrics: Mapping[str, Any] | None = None) -> Path:
    """Write report.html into the folder of a ranking.

    Parameters
    ----------
    folder : str or Path
        Holds ranking.csv and summary.json, as `ssepredict.rank` writes them.
    metrics : mapping, optional
        `Predictor.metrics` of the model that ranked; the shipped release's when omitted and its digest fits.

    Returns
    -------
    Path

    Raises
    ------
    RankingError
        When the folder holds no ranking that this version can read.
    SsePredictError
        When the report cannot be written.
    """
    place = Path(folder)
    rows, summary = _read_ranking(place)
    known = metrics if metrics is not None else metrics_of(str(summary["model"]["digest"]))
    return write_whole(place / REPORT_FILE, render_report(rows, summary, known))


def render_report(
    rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], metrics: Mapping[str, Any] | None = None
) -> str:
    """Return the page.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a ranking; at least one.
    summary : mapping
        Content of summary.json.
    metrics : mapping, optional
        `Predictor.metrics` of the model.
    """
    host = str(summary["space"]["host"])
    body = join(
        [
            tag(
                "header",
                tag("h1", "Which dopants next: ", formula(host)),
                tag("p", str(summary["space"].get("title") or ""), class_="lead"),
            ),
            tag(
                "main",
                tiles(summary),
                asked(summary),
                candidates(rows, order_note(metrics, host)),
                plots(rows, summary),
                trust_section(metrics),
                rejections(summary),
                reading(summary),
                provenance(summary),
            ),
            tag("footer", tag("p", "Written by ssepredict ", summary["versions"]["ssepredict"], ".")),
        ]
    )
    return page(f"Which dopants next: {host}", body)


def page(title: str, body: Markup) -> str:
    """Wrap a body in a page that loads nothing from anywhere."""
    style = resources.files("ssepredict.report").joinpath("report.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{safe(title)}</title><style>{style}</style>"
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _read_ranking(place: Path) -> tuple[list[dict[str, Any]], dict[str, Any]]:
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
    empty = [column for column in ("warnings", "unjudged", "remarks") if column in frame]
    frame = frame.astype(dict.fromkeys(empty, object)).fillna(dict.fromkeys([*texts, *empty], ""))
    return records(frame), summary
