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
from ssepredict.physics.rules import RULES
from ssepredict.report.documents import records
from ssepredict.report.files import write_whole
from ssepredict.report.markup import Markup, badge, formula, join, safe, section, source_link, table, tag
from ssepredict.report.plots import as_html, conductivity_plot, energy_plot
from ssepredict.report.trust import metrics_of, trust_section
from ssepredict.report.wording import (
    SHOWN,
    STATUS_NOTES,
    VERDICT_NOTES,
    show_interval,
    show_number,
    show_target,
)

SHOWN_CANDIDATES = 25
"""Candidates in the table and the first plot; ranking.csv holds all."""

_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_SIGMA, _EA = "conductivity_s_cm", "activation_energy_ev"


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
                _tiles(summary),
                _asked(summary),
                _candidates(rows),
                _plots(rows, summary),
                trust_section(metrics, host),
                _rejections(summary),
                _reading(rows, summary),
                _provenance(summary),
            ),
            tag("footer", tag("p", "Written by ssepredict ", summary["versions"]["ssepredict"], ".")),
        ]
    )
    style = resources.files("ssepredict.report").joinpath("report.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Which dopants next: {safe(host)}</title><style>{style}</style>"
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


def _tiles(summary: Mapping[str, Any]) -> Markup:
    counts = summary["candidates"]
    figures = (
        (f"{counts['evaluated']:,}", "candidates looked at"),
        (f"{counts['rejected']:,}", "rejected by rules"),
        (f"{counts['scored']:,}", "scored"),
        (f"{counts['listed']:,}", "listed in ranking.csv"),
        (f"{summary['time']['seconds']:.0f} s", "wall time"),
    )
    return tag(
        "div",
        *(tag("div", tag("strong", value), tag("span", name), class_="tile") for value, name in figures),
        class_="tiles",
    )


def _asked(summary: Mapping[str, Any]) -> Markup:
    space, objective = summary["space"], summary["objective"]
    (entry,) = space["substitutions"]
    content: list[tuple[str, object]] = [
        ("host", formula(space["host"])),
        ("replaced ion", f"{entry['replaces']} on {entry['site']}"),
        (f"{len(entry['ions'])} dopant ions", ", ".join(entry["ions"])),
        ("ions together", " or ".join(map(str, entry["together"]))),
        ("amounts per formula unit", ", ".join(f"{amount:g}" for amount in entry["fractions"])),
    ]
    if space.get("silicon"):
        content.append(("Si per formula unit", ", ".join(f"{amount:g}" for amount in space["silicon"])))
    content.append(("charge", "balanced by the mobile ion"))
    content.append(("temperature", f"{objective['temperature_c']:g} °C"))
    demands = table(
        "What a candidate should meet; the score is the probability of meeting all of it, lowered for doubts",
        ["target", "demand", "where the number comes from", "used"],
        [
            [
                SHOWN[line["target"]].label,
                f"{line['direction']} {show_target({line['target']: line['threshold']}, line['target'])}",
                _origin(line),
                "yes" if line["used"] else "no: the model abstains",
            ]
            for line in objective["specifications"]
        ],
    )
    return section("What was asked", demands, _definitions(content))


def _origin(line: Mapping[str, Any]) -> Markup:
    if line["origin"] == "reported":
        return join(["best value reported for the host: ", source_link(str(line["source_id"]))])
    return safe({"stated": "stated by the user", "predicted": "predicted for the host"}[line["origin"]])


def _candidates(rows: Sequence[Mapping[str, Any]]) -> Markup:
    lines = [
        [
            row["rank"],
            join(
                [
                    tag("span", formula(row["formula"]), class_="formula"),
                    tag("div", row["substitutions"], class_="small"),
                ]
            ),
            show_number(row["score"], ".3f"),
            _with_interval(row, _SIGMA),
            _with_interval(row, _EA),
            show_number(row["vacancies"]),
            badge(str(row["status"])),
            _verdict(row),
            _evidence(row),
        ]
        for row in rows[:SHOWN_CANDIDATES]
    ]
    head = [
        "rank",
        "candidate",
        "score",
        "conductivity (S/cm)",
        "activation energy (eV)",
        "vacancies",
        "status",
    ]
    head += ["verdict", "nearest measured sample"]
    caption = (
        f"The best {len(lines)} of {len(rows)} listed candidates, with 90 % intervals at "
        f"{show_number(rows[0]['temperature_c'])} °C"
    )
    return section("Candidates", table(caption, head, lines, numeric=(0, 2, 5)))


def _with_interval(row: Mapping[str, Any], target: str) -> Markup:
    value = tag("span", show_target(row, target, unit=False), class_="number")
    return join([value, tag("div", show_interval(row, target), class_="small number")])


def _verdict(row: Mapping[str, Any]) -> Markup:
    rules = [
        name for column in ("warnings", "unjudged", "remarks") for name in str(row[column]).split(";") if name
    ]
    return join([badge(str(row["verdict"])), tag("div", ", ".join(rules).replace("_", " "), class_="small")])


def _evidence(row: Mapping[str, Any]) -> Markup:
    value = show_number(row["evidence_conductivity_s_cm"], ".1e")
    temperature = show_number(row["evidence_temperature_c"])
    where = f" at {temperature} °C" if temperature != "–" else ""
    known = tag("strong", " (the same composition)") if row["known"] else ""
    return join(
        [
            formula(str(row["evidence_formula"])),
            known,
            tag(
                "div",
                f"{value} S/cm{where}, distance {show_number(row['evidence_distance'], '.2f')}, ",
                source_link(str(row["evidence_source_id"]), str(row["evidence_doi"])),
                class_="small",
            ),
        ]
    )


def _plots(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> Markup:
    thresholds = {
        line["target"]: float(line["threshold"])
        for line in summary["objective"]["specifications"]
        if line["threshold"] is not None
    }
    best = rows[:SHOWN_CANDIDATES]
    first = conductivity_plot(best, thresholds.get(_SIGMA), "demanded")
    second = energy_plot(rows, thresholds, "demanded values")
    return section(
        "Predictions",
        _figure(
            as_html(first, with_library=True),
            f"Predicted conductivity of the best {len(best)} candidates; bars are 90 % intervals. "
            "Where bars overlap, "
            "the data cannot tell candidates apart.",
        ),
        _figure(
            as_html(second, with_library=False),
            f"Predicted conductivity against activation energy of all {len(rows)} listed candidates; "
            "diamonds lie "
            "outside the domain.",
        ),
    )


def _figure(plot: str, caption: str) -> Markup:
    return tag("figure", Markup(plot), tag("figcaption", caption))


def _rejections(summary: Mapping[str, Any]) -> Markup:
    counts = summary["candidates"]
    rejected: Mapping[str, int] = counts["rejected_by_rule"]
    total = max(int(counts["evaluated"]), 1)
    ordered = sorted(rejected.items(), key=lambda pair: -pair[1])
    lines = [
        [
            name.replace("_", " "),
            RULES[name].statement if name in RULES else "",
            f"{count:,}",
            tag("div", Markup("&nbsp;"), class_="bar", style=f"width: {100 * count / total:.1f}px"),
        ]
        for name, count in ordered
    ]
    said = tag("p", "A candidate that breaks several rules counts in each.")
    if counts["no_framework"]:
        said = join([said, tag("p", f"{counts['no_framework']:,} more fit no framework that is known here.")])
    if not lines:
        return section("Rejected candidates", tag("p", "No rule rejected a candidate."))
    caption = f"{counts['rejected']:,} of {counts['evaluated']:,} candidates were rejected"
    return section(
        "Rejected candidates",
        table(caption, ["rule", "statement", "rejected", "share"], lines, numeric=(2,)),
        said,
    )


def _reading(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> Markup:
    objective = summary["objective"]
    notes = [
        "Intervals hold their promised coverage on papers that training has not seen, on average "
        "over all of them, "
        "not for every single composition.",
        "The score multiplies the probabilities of meeting the demands, as if their errors were "
        "independent, by "
        f"{objective['warning_factor']:g} for every rule that warns, {objective['unjudged_factor']:g} "
        "for every rule "
        f"that cannot be judged, and {objective['outside_domain_factor']:g} outside the domain.",
        *STATUS_NOTES.values(),
        *VERDICT_NOTES.values(),
    ]
    return section("How to read it", tag("ul", *(tag("li", note) for note in notes)))


def _provenance(summary: Mapping[str, Any]) -> Markup:
    model, time = summary["model"], summary["time"]
    versions = ", ".join(f"{name} {version}" for name, version in summary["versions"].items())
    content = [
        ("model", f"{model['name']}, SHA-256 {model['digest']}"),
        ("dataset", f"SHA-256 {model['dataset_digest']}"),
        ("space", f"{summary['space']['size']:,} candidates, SHA-256 {summary['space']['digest']}"),
        ("time", f"{time['seconds']:.1f} s, {time['candidates_per_second']:,.0f} candidates per second"),
        ("seeds", summary["seeds"]),
        ("versions", versions),
    ]
    return section("Provenance", _definitions(content))


def _definitions(pairs: Sequence[tuple[str, object]]) -> Markup:
    return tag("dl", *(join([tag("dt", name), tag("dd", value)]) for name, value in pairs))
