"""The sections of an opened row that show what was published near it, each figure with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.report.candidate import OpenedRow
from ssepredict.report.markup import Markup, formula, join, source_link, table, tag
from ssepredict.report.wording import show_number

SHOWN_SOURCES = 6
"""Sources named for one hint; the rest is counted."""


def nearest(opened: OpenedRow) -> Markup:
    """Nearest published samples, with what is stated of them and their sources."""
    if not opened.nearest:
        return tag("p", "No sample of this family has a published conductivity.")
    lines = [
        [
            formula(row["formula"]),
            show_number(row["distance"], ".2f"),
            show_number(row["conductivity_s_cm"], ".1e"),
            _where(row),
            show_number(row["activation_energy_ev"], ".2f"),
            making_words(row),
            join([source_link(row["source_id"], row["doi"]), _year(row), _citation(row)]),
        ]
        for row in opened.nearest
    ]
    head = ["sample", "distance", "S/cm", "measured", "eV", "made", "source"]
    caption = "Nearest published samples with a conductivity; distance 0 is the same composition"
    return join([table(caption, head, lines, numeric=(1, 2, 4)), _other_data(opened)])


def _where(row: Mapping[str, Any]) -> str:
    at = show_number(row["temperature_c"])
    parts = ["temperature not stated" if at == "–" else f"{at} °C"]
    if row["contribution"] in ("bulk", "grain_boundary", "total"):
        parts.append(row["contribution"].replace("_", " "))
    if row["composite"]:
        parts.append("composite")
    return ", ".join(parts)


def making_words(row: Mapping[str, Any]) -> str:
    """How a sample was made, as far as it is stated.

    Examples
    --------
    >>> making_words({"synthesis": "solid_state", "sinter_temperature_c": 1100.0, "sinter_time_h": 12.0,
    ...               "relative_density_pct": None, "phase": "R-3c"})
    'solid state, 1100 °C, 12 h, R-3c'
    """
    parts = [str(row["synthesis"]).replace("_", " ")]
    for name, form in (
        ("sinter_temperature_c", "{} °C"),
        ("sinter_time_h", "{} h"),
        ("relative_density_pct", "{} % dense"),
    ):
        number = show_number(row[name], ".4g")
        parts.append("" if number == "–" else form.format(number))
    parts.append(str(row["phase"]))
    return ", ".join(part for part in parts if part) or "–"


def _year(row: Mapping[str, Any]) -> str:
    year = show_number(row["year"], ".0f")
    return "" if year == "–" else f" ({year})"


def _citation(row: Mapping[str, Any]) -> Markup:
    """Citation of a source that has no address."""
    named = row["citation"] and not row["doi"]
    return tag("div", row["citation"], class_="small") if named else Markup("")


def _other_data(opened: OpenedRow) -> Markup:
    if opened.model["dataset_digest"] == opened.model["measured_digest"]:
        return Markup("")
    said = (
        "The measured values come from another dataset than the one that the model was trained on: "
        "name that one by --dataset to see what the predictions lean on."
    )
    return tag("p", said, class_="small")


def hints(opened: OpenedRow) -> Markup:
    """How the nearest samples were made, with the number of samples and the sources of every figure."""
    lines = [
        [route, what, said, f"{samples} of {opened.hints['samples']}", _sources(sources)]
        for route, what, said, samples, sources in hint_lines(opened.hints)
    ]
    if not lines:
        return tag("p", "The sources of the nearest samples do not state how they were made.")
    head = ["route", "what", "reported", "samples that state it", "sources"]
    return table(f"{hint_caption(opened.hints)}.", head, lines, numeric=(3,))


def hint_caption(found: Mapping[str, Any]) -> str:
    """Whose making it is."""
    distance = show_number(found["distance_high"], ".2f")
    return (
        f"Stated of the {found['samples']} nearest published samples (distance up to {distance}); reported "
        "of other compositions, no recipe for this one"
    )


def hint_lines(found: Mapping[str, Any]) -> list[tuple[str, str, str, int, Sequence[Mapping[str, str]]]]:
    """Tell what the nearest samples say: route, what, value in words, samples that state it, sources.

    Examples
    --------
    >>> number = {"label": "relative density", "unit": "%", "low": 91.0, "median": 93.0, "high": 95.0,
    ...           "samples": 2, "sources": []}
    >>> route = {"route": "solid_state", "samples": 3, "sources": [], "numbers": [number]}
    >>> for line in hint_lines({"routes": [route]}):
    ...     print(line)
    ('solid state', 'samples', '', 3, [])
    ('solid state', 'relative density', '91 to 95 %, median 93 %', 2, [])
    """
    lines = []
    for line in found["routes"]:
        route = line["route"].replace("_", " ") or "not stated"
        if line["route"]:
            lines.append((route, "samples", "", line["samples"], line["sources"]))
        for number in line["numbers"]:
            low, median, high = (format(number[name], ".4g") for name in ("low", "median", "high"))
            unit = number["unit"]
            said = f"{low} {unit}" if low == high else f"{low} to {high} {unit}, median {median} {unit}"
            lines.append((route, number["label"], said, number["samples"], number["sources"]))
    return lines


def _sources(sources: Sequence[Mapping[str, str]]) -> Markup:
    shown = [source_link(source["source_id"], source["doi"]) for source in sources[:SHOWN_SOURCES]]
    more = len(sources) - len(shown)
    return join([*shown, *([f"and {more} more"] if more > 0 else [])], ", ")
