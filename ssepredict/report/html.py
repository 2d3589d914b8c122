"""The report of a ranking: one HTML file that needs nothing else, online or offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ssepredict.data.dataset import load_dataset
from ssepredict.exceptions import SsePredictError
from ssepredict.inference.ranking import REPORT_FILE
from ssepredict.modeling.predictor import load_predictor
from ssepredict.report.candidate_folder import RankingRows
from ssepredict.report.candidate_page import opened_rows
from ssepredict.report.demands import asked, hosts_of_space, partial_note
from ssepredict.report.files import write_whole
from ssepredict.report.markup import formula, join, tag
from ssepredict.report.order import order_note
from ssepredict.report.page import page
from ssepredict.report.ranking_folder import read_ranking
from ssepredict.report.sections import (
    candidates,
    plots,
    provenance,
    reading,
    rejections,
    tiles,
)
from ssepredict.report.trust import metrics_of, trust_section

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor
    from ssepredict.report.candidate import OpenedRow


OPENED = 5
"""Rows of a ranking that its report holds opened, folded up; `ssepredict candidate` opens any of them."""


def write_report(
    folder: str | Path, metrics: Mapping[str, Any] | None = None, predictor: Predictor | None = None
) -> Path:
    """Write report.html into the folder of a ranking.

    Parameters
    ----------
    folder : str or Path
        Holds ranking.csv and summary.json, as `ssepredict.rank` writes them.
    metrics : mapping, optional
        `Predictor.metrics` of the model that ranked; the shipped release's when omitted and its digest fits.
    predictor : Predictor, optional
        The model that ranked, with which the first rows are opened; the shipped release when omitted and its
        digest fits. Where that is missing or numbers the candidates differently, the report says why it opens
        no row.

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
    rows, summary = read_ranking(place)
    digest = str(summary["model"]["digest"])
    shipped = metrics_of(digest)
    if predictor is None and shipped is not None:
        predictor = load_predictor()
    known = metrics or (shipped if predictor is None else predictor.metrics)
    opened: list[OpenedRow] = []
    closed = "" if predictor is not None else "the release that ranked is not at hand"
    if predictor is not None:
        try:
            ranking = RankingRows(rows, summary, predictor, load_dataset(), f"the ranking in {str(folder)!r}")
            opened = [ranking.open(rank) for rank in range(1, min(OPENED, len(rows)) + 1)]
        except SsePredictError as error:  # a former version's table is still worth reading
            closed = str(error)
    return write_whole(place / REPORT_FILE, render_report(rows, summary, known, opened, closed))


def render_report(
    rows: Sequence[Mapping[str, Any]],
    summary: Mapping[str, Any],
    metrics: Mapping[str, Any] | None = None,
    opened: Sequence[OpenedRow] = (),
    closed: str = "",
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
    opened : sequence of OpenedRow
        Rows to show with everything that stands behind them, folded up.
    closed : str
        Why no row is opened.
    """
    hosts = hosts_of_space(summary["space"])
    body = join(
        [
            tag(
                "header",
                tag("h1", "Which dopants next: ", join(map(formula, hosts), ", ")),
                tag("p", str(summary["space"].get("title") or ""), class_="lead"),
            ),
            tag(
                "main",
                partial_note(summary),
                tiles(summary),
                asked(summary),
                candidates(
                    rows,
                    join(order_note(metrics, host) for host in hosts),
                    {int(row.row["rank"]) for row in opened},
                ),
                plots(rows, summary),
                opened_rows(opened, closed),
                trust_section(metrics),
                rejections(summary),
                reading(summary),
                provenance(summary),
            ),
            tag("footer", tag("p", "Written by ssepredict ", summary["versions"]["ssepredict"], ".")),
        ]
    )
    return page(f"Which dopants next: {', '.join(hosts)}", body)
