"""An opened row as a page of its own, or folded into the report of its ranking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ssepredict.exceptions import SsePredictError
from ssepredict.report import candidate_evidence, candidate_sections, candidate_supply
from ssepredict.report.candidate import OpenedRow
from ssepredict.report.files import write_whole
from ssepredict.report.markup import Markup, anchor, badge, definitions, formula, join, section, tag
from ssepredict.report.page import page
from ssepredict.report.wording import STATUS_NOTES, VERDICT_NOTES, show_number, show_target

_SUFFIXES = (".html", ".htm")

_UNFOLD = """
document.querySelectorAll("details.opened").forEach((row) => row.addEventListener("toggle", () => {
  if (row.open) row.querySelectorAll(".plotly-graph-div").forEach((plot) => Plotly.Plots.resize(plot));
}));
function unfold() {
  const row = document.getElementById(location.hash.slice(1));
  if (row && row.tagName === "DETAILS") { row.open = true; row.scrollIntoView(); }
}
addEventListener("hashchange", unfold);
addEventListener("load", unfold);
"""
"""A plot that was drawn while folded up has no width yet; a link to a row unfolds it."""

Section = Callable[[OpenedRow], Markup]

_BEFORE_CURVES: tuple[tuple[str, Section], ...] = (
    ("What is predicted", candidate_sections.predicted),
    ("Who sits where", candidate_sections.who_sits_where),
    ("What the rules say", candidate_sections.rules),
    ("Why the model predicts this", candidate_sections.contributions),
)
_AFTER_CURVES: tuple[tuple[str, Section], ...] = (
    ("Neighbours in the space", candidate_sections.neighbours),
    ("Nearest published samples", candidate_evidence.nearest),
    ("How such samples were made", candidate_evidence.hints),
    ("What its elements cost", candidate_supply.supply),
)


def write_page(path: str | Path, opened: OpenedRow) -> Path:
    """Write the page of an opened row, whole or not at all.

    Raises
    ------
    SsePredictError
        When the suffix is not .html or the place cannot be written.
    """
    check_page_path(path)
    return write_whole(path, render_page(opened))


def check_page_path(path: str | Path | None) -> None:
    """Refuse a suffix that is not of a page, before any work is done.

    Raises
    ------
    SsePredictError
        When the suffix is not .html.
    """
    if path is not None and Path(path).suffix.lower() not in _SUFFIXES:
        raise SsePredictError(
            f"{str(path)!r} has the suffix {Path(path).suffix!r}; expected {_SUFFIXES[0]}, or --json for a "
            "machine"
        )


def render_page(opened: OpenedRow) -> str:
    """Return the page: one HTML file that needs nothing else, online or offline."""
    host = str(opened.space["host"])
    lead = f"{opened.row['substitutions']}, in place of ions of the host "
    body = join(
        [
            tag(
                "header",
                tag("h1", _place(opened), formula(opened.formula)),
                tag("p", lead, formula(host), ".", class_="lead"),
            ),
            tag(
                "main",
                _tiles(opened),
                *(section(title, content) for title, content in _parts(opened, with_library=True)),
                section("What the order is worth", tag("p", opened.order["text"])),
                _reading(),
                _provenance(opened),
            ),
        ]
    )
    return page(f"{opened.formula}: why it stands in the list", body)


def opened_rows(opened: Sequence[OpenedRow], closed: str = "") -> Markup:
    """Return a section of a report with opened rows, folded up, or with why there is none.

    Plotly has to be on the page already.
    """
    if not opened:
        return (
            section("The first rows opened", tag("p", f"No row is opened here: {closed}."))
            if closed
            else Markup("")
        )
    folded = [_folded(row) for row in opened]
    said = tag("p", "Click a row to see everything that stands behind it.")
    return section("The first rows opened", said, *folded, tag("script", Markup(_UNFOLD)))


def _folded(opened: OpenedRow) -> Markup:
    parts = [join([tag("h3", title), content]) for title, content in _parts(opened, with_library=False)]
    rank, verdict = int(opened.row["rank"]), badge(str(opened.row["verdict"]))
    head = tag("summary", f"{rank}. ", formula(opened.formula), " ", verdict)
    return tag("details", head, *parts, id=anchor(rank), class_="opened")


def _parts(opened: OpenedRow, with_library: bool) -> Iterator[tuple[str, Markup]]:
    yield from ((title, part(opened)) for title, part in _BEFORE_CURVES)
    yield "Composition curves", candidate_sections.curves(opened, with_library)
    yield from ((title, part(opened)) for title, part in _AFTER_CURVES)


def _place(opened: OpenedRow) -> str:
    if not opened.listed:
        return ""
    return f"Rank {opened.row['rank']} of {opened.listed:,}: "


def _tiles(opened: OpenedRow) -> Markup:
    row = opened.row
    figures = (
        (show_target(row, "conductivity_s_cm"), "predicted conductivity"),
        (show_target(row, "activation_energy_ev"), "predicted activation energy"),
        (show_number(row["score"], ".3f"), "score"),
        (str(row["verdict"]).replace("_", " "), "worst verdict of the rules"),
        (show_number(row["vacancies"]), "vacancies per formula unit"),
    )
    return tag(
        "div",
        *(tag("div", tag("strong", value), tag("span", name), class_="tile") for value, name in figures),
        class_="tiles",
    )


def _reading() -> Markup:
    notes = [
        "Intervals hold their promised coverage on papers that training has not seen, on average over all of "
        "them, not for every single composition; along a curve they are not independent of each other.",
        *STATUS_NOTES.values(),
        *VERDICT_NOTES.values(),
    ]
    return section("How to read it", tag("ul", *(tag("li", note) for note in notes)))


def _provenance(opened: OpenedRow) -> Markup:
    model, space = opened.model, opened.space
    content = [
        ("model", f"{model['name']}, SHA-256 {model['digest']}"),
        ("dataset", f"SHA-256 {model['measured_digest']}"),
        ("space", f"{space['size']:,} candidates, SHA-256 {space['digest']}"),
        ("candidate", f"{opened.row['candidate']:,} of the space"),
    ]
    return section("Provenance", definitions(content))
