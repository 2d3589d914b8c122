"""The sections of the report, each made from the rows and the summary of a ranking."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ssepredict.physics.rules import RULES
from ssepredict.report.demands import score_notes
from ssepredict.report.markup import (
    Markup,
    anchor,
    badge,
    definitions,
    formula,
    join,
    safe,
    section,
    source_link,
    table,
    tag,
)
from ssepredict.report.plots import as_html, conductivity_plot, energy_plot
from ssepredict.report.wording import (
    STATUS_NOTES,
    VERDICT_NOTES,
    show_interval,
    show_number,
    show_target,
)

SHOWN_CANDIDATES = 25
"""Candidates in the table and the first plot; ranking.csv holds all."""

_SIGMA, _EA = "conductivity_s_cm", "activation_energy_ev"


def tiles(summary: Mapping[str, Any]) -> Markup:
    """Show the counts at a glance."""
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


def candidates(
    rows: Sequence[Mapping[str, Any]], note: Markup, opened: Collection[int] = frozenset()
) -> Markup:
    """List the best candidates, under a note on how far their order can be trusted.

    Parameters
    ----------
    rows : sequence of dict
        Rows of a ranking.
    note : Markup
    opened : collection of int
        Ranks that the page shows opened, to link them.
    """
    lines = [
        [
            _rank(int(row["rank"]), opened),
            join(
                [
                    tag("span", formula(row["formula"]), class_="formula"),
                    tag("div", row["substitutions"], _host(row), class_="small"),
                ]
            ),
            show_number(row["score"], ".3f"),
            _with_interval(row, _SIGMA),
            _with_interval(row, _EA),
            show_number(row["vacancies"]),
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
        "verdict",
        "nearest measured sample",
    ]
    caption = (
        f"The best {len(lines)} of {len(rows)} listed candidates, with 90 % intervals at "
        f"{show_number(rows[0]['temperature_c'])} °C"
    )
    said = tag(
        "p",
        "What stands behind a row (reasons, rules with margins, neighbours, how near samples were made): ",
        tag("code", "ssepredict candidate DIR RANK"),
        ", where DIR is the folder of this report.",
    )
    return section("Candidates", note, table(caption, head, lines, numeric=(0, 2, 5)), said)


def _host(row: Mapping[str, Any]) -> str:
    """Host of a row in a ranking of several."""
    return f" of {row['host']}" if row.get("host") else ""


def _rank(rank: int, opened: Collection[int]) -> Markup:
    return tag("a", rank, href=f"#{anchor(rank)}") if rank in opened else safe(rank)


def _with_interval(row: Mapping[str, Any], target: str) -> Markup:
    value = tag("span", show_target(row, target, unit=False), class_="number")
    return join([value, tag("div", show_interval(row, target), class_="small number")])


def _verdict(row: Mapping[str, Any]) -> Markup:
    rules = [
        name for column in ("warnings", "unjudged", "remarks") for name in str(row[column]).split(";") if name
    ]
    words = [str(row["verdict"]), *([str(row["status"])] if row["status"] != "ok" else [])]
    names = tag("div", ", ".join(rules).replace("_", " "), class_="small rules")
    return join([*map(badge, words), names])


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


def plots(rows: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> Markup:
    """Plot predicted conductivities with intervals, and against activation energies."""
    thresholds = {
        line["target"]: float(line["threshold"])
        for line in summary["objective"]["specifications"]
        if line["threshold"] is not None and "host" not in line  # every host has its own
    }
    best = rows[:SHOWN_CANDIDATES]
    first = conductivity_plot(best, thresholds.get(_SIGMA), "value demanded")
    second = energy_plot(rows, thresholds, "values demanded")
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


def rejections(summary: Mapping[str, Any]) -> Markup:
    """Count why candidates were rejected, rule by rule."""
    counts = summary["candidates"]
    rejected: Mapping[str, int] = counts["rejected_by_rule"]
    total = max(int(counts["evaluated"]), 1)
    ordered = sorted(rejected.items(), key=lambda pair: -pair[1])
    lines = [
        [
            name.replace("_", " "),
            RULES[name].statement if name in RULES else "",
            f"{count:,}",
            f"{100 * count / total:.1f} %",
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
        table(caption, ["rule", "statement", "rejected", "of all"], lines, numeric=(2, 3)),
        said,
    )


def reading(summary: Mapping[str, Any]) -> Markup:
    """Explain the words in the tables."""
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
        *score_notes(objective),
        *STATUS_NOTES.values(),
        *VERDICT_NOTES.values(),
    ]
    return section("How to read it", tag("ul", *(tag("li", note) for note in notes)))


def provenance(summary: Mapping[str, Any]) -> Markup:
    """State what is needed to do it again."""
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
    return section("Provenance", definitions(content))
