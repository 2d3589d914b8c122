"""An opened row for people at a terminal; plain text wherever the output is not a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from ssepredict.report.candidate import OpenedRow
from ssepredict.report.candidate_evidence import hint_caption, hint_lines, making_words
from ssepredict.report.candidate_sections import SEVERITIES, count_words, margin_words
from ssepredict.report.candidate_supply import supply_words
from ssepredict.report.tables import coloured, table_of
from ssepredict.report.wording import (
    SHOWN,
    SITE_NAMES,
    show_effect,
    show_interval,
    show_ion,
    show_number,
    show_target,
    targets_of,
)

_SIGMA, _EA = "conductivity_s_cm", "activation_energy_ev"
_LEAST_SHOWN = 0.005


def opened_row(opened: OpenedRow) -> RenderableType:
    """Show everything that stands behind a candidate, from the predictions to how such samples were made."""
    return Group(*_parts(opened))


def _parts(opened: OpenedRow) -> Iterator[RenderableType]:
    row = opened.row
    place = f"rank {row['rank']} of {opened.listed:,}, " if opened.listed else ""
    yield Text.assemble((opened.formula, "bold"), f"  ({place}score {show_number(row['score'], '.3f')})")
    yield Text(f"{row['substitutions']}, in place of ions of the host {opened.space['host']}")
    yield from _under("Predicted", _predictions(opened))
    yield from _under("Who sits where", _sites(opened), Text(count_words(opened)))
    yield from _under("Rules", _rules(opened))
    yield from _under("Why", *_contributions(opened))
    yield from _under("Composition curves", *_curves(opened))
    yield from _under("Neighbours in the space", *_neighbours(opened))
    yield from _under("Nearest published samples", _nearest(opened))
    yield from _under("How such samples were made", *_hints(opened))
    yield from _under("What its elements cost", Text(supply_words(opened)))
    yield from _under("What the order is worth", Text(str(opened.order["text"])))


def _under(title: str, *content: RenderableType) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(title, style="bold")
    yield from content


def _predictions(opened: OpenedRow) -> RenderableType:
    row = opened.row
    table = table_of("target", "value", "interval", "status", "chance to meet the demand")
    for target in targets_of(row):
        chance = row.get(f"probability_{target}")
        table.add_row(
            SHOWN[target].label,
            show_target(row, target),
            show_interval(row, target),
            coloured(str(row[f"{target}_status"])),
            f"{100 * chance:.0f} %" if isinstance(chance, float) else "–",
        )
    return table


def _sites(opened: OpenedRow) -> RenderableType:
    table = table_of("site", "ion", "per formula unit", "radius (Å)")
    for site, content in opened.sites["sites"].items():
        for ion in content["ions"]:
            table.add_row(
                SITE_NAMES[site],
                show_ion(ion["element"], ion["oxidation_state"]),
                show_number(ion["amount"], ".6g"),
                show_number(ion["radius_angstrom"], ".3f"),
            )
    return table


def _rules(opened: OpenedRow) -> RenderableType:
    table = table_of("rule", "verdict", "margin", "what it says")
    for line in sorted(opened.verdicts, key=lambda line: SEVERITIES.index(line["verdict"])):
        table.add_row(line["rule"], coloured(line["verdict"]), margin_words(line), line["message"])
    return table


def _contributions(opened: OpenedRow) -> Iterator[RenderableType]:
    for line in opened.explanations:
        shown = SHOWN[line["target"]]
        yield Text(
            f"{shown.label} {show_number(line['value'], shown.format)} {shown.unit} against "
            f"{show_number(line['reference_value'], shown.format)} predicted for {line['reference']}"
        )
        table = table_of("because of", "effect", "difference")
        for effect in line["effects"]:
            if abs(effect["effect"]) >= _LEAST_SHOWN:
                table.add_row(
                    effect["group"], show_effect(effect["effect"], line["unit"]), effect["difference"]
                )
        yield table
    if not opened.explanations:
        yield Text("There is no reference composition in this family to compare with.")


def _curves(opened: OpenedRow) -> Iterator[RenderableType]:
    for curve in opened.curves:
        table = table_of(
            curve["label"], "S/cm", "interval", "eV", "interval", "status", "verdict", "measured near (S/cm)"
        )
        for point in curve["points"]:
            own = " (this)" if point["amount"] == curve["amount"] else ""
            table.add_row(
                f"{point['amount']:g}{own}",
                *_values(point),
                coloured(point["status"]),
                coloured(point["verdict"]),
                _measured_at(curve, point["amount"]),
            )
        yield table


def _measured_at(curve: Mapping[str, Any], amount: float) -> str:
    """Measured conductivities whose amount is nearest to this point of the curve."""
    amounts = [point["amount"] for point in curve["points"]]
    here = [
        show_number(row["value"], ".1e")
        for row in curve["measured"].get(_SIGMA, ())
        if min(amounts, key=lambda other, row=row: abs(other - row["amount"])) == amount  # type: ignore[misc]
    ]
    return ", ".join(here)


def _neighbours(opened: OpenedRow) -> Iterator[RenderableType]:
    if not opened.neighbours:
        yield Text("The space holds no neighbour of this candidate.")
        return
    table = table_of(
        "change", "formula", "S/cm", "interval", "eV", "interval", "score", "status", "verdict", "rank"
    )
    for line in opened.neighbours:
        rank = "–" if line["rank"] is None else str(line["rank"])
        judged = (coloured(line["status"]), coloured(line["verdict"]), rank)
        score = show_number(line["score"], ".3f")
        table.add_row(line["change"], line["formula"], *_values(line), score, *judged)
    yield table


def _values(line: Mapping[str, Any]) -> Iterator[str]:
    for target in (_SIGMA, _EA):
        yield show_target(line, target, unit=False)
        yield show_interval(line, target)


def _nearest(opened: OpenedRow) -> RenderableType:
    table = table_of("nearest measured", "distance", "S/cm", "°C", "eV", "made", "source")
    for row in opened.nearest:
        table.add_row(
            row["formula"],
            show_number(row["distance"], ".2f"),
            show_number(row["conductivity_s_cm"], ".1e"),
            show_number(row["temperature_c"]),
            show_number(row["activation_energy_ev"], ".2f"),
            making_words(row),
            row["doi"] or row["source_id"],
        )
    return table


def _hints(opened: OpenedRow) -> Iterator[RenderableType]:
    lines = hint_lines(opened.hints)
    if not lines:
        yield Text("The sources of the nearest samples do not state how they were made.")
        return
    yield Text(hint_caption(opened.hints))
    table = table_of("route", "what", "reported", "samples", "sources")
    for route, what, said, samples, sources in lines:
        named = ", ".join(source["doi"] or source["source_id"] for source in sources)
        table.add_row(route, what, said, str(samples), named)
    yield table
