"""The sections of an opened row as HTML: predictions, sites, rules, contributions, curves, neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssepredict.report.candidate import OpenedRow
from ssepredict.report.candidate_plot import curve_plot, curve_words
from ssepredict.report.demands import demand_words
from ssepredict.report.markup import Markup, badge, formula, join, table, tag
from ssepredict.report.plots import as_html
from ssepredict.report.wording import (
    BALANCED_BY,
    SHOWN,
    SITE_NAMES,
    STATUS_NOTES,
    show_charge,
    show_effect,
    show_interval,
    show_ion,
    show_number,
    show_target,
    targets_of,
)

SEVERITIES = ("reject", "warn", "not_evaluable", "inform", "pass")
"""Verdicts in the order of a table of rules."""

_LEAST_SHOWN = 0.005
_SIGMA, _EA = "conductivity_s_cm", "activation_energy_ev"


def predicted(opened: OpenedRow) -> Markup:
    """Predicted values with intervals and status, beside the demands and the undoped host."""
    row = opened.row
    demands = {line["target"]: line for line in opened.specifications}
    hosts = {line["target"]: line for line in opened.explanations if line["reference_is_host"]}
    lines = []
    for target in targets_of(row):
        status = str(row.get(f"{target}_status", row["status"]))
        demand, host = demands.get(target), hosts.get(target)
        lines.append(
            [
                SHOWN[target].label,
                show_target(row, target),
                show_interval(row, target),
                badge(status),
                show_target({target: host["reference_value"]}, target) if host else "–",
                demand_words(demand) if demand else "–",
                _chance(row.get(f"probability_{target}")),
            ]
        )
    head = ["target", "predicted", f"{100 * opened.confidence:g} % interval", "status"]
    head += ["undoped host, predicted", "demand", "chance to meet it"]
    caption = f"Predictions at {show_number(row['temperature_c'])} °C"
    distance = show_number(row["domain_distance"], ".2f")
    score = show_number(row["score"], ".3f")
    said = f"Score {score}; distance to the measured compositions {distance}."
    if score == "–":
        why = "a rule refuses it" if opened.sites["framework"] else "it fits no framework known here"
        said = f"No score: {why}. Distance to the measured compositions {distance}."
    statuses = {str(row.get(f"{target}_status")) for target in targets_of(row)}
    notes = [tag("p", note, class_="small") for name, note in STATUS_NOTES.items() if name in statuses]
    return join([table(caption, head, lines), tag("p", said), *notes])


def _chance(probability: object) -> str:
    return f"{100 * probability:.0f} %" if isinstance(probability, float) else "–"


def who_sits_where(opened: OpenedRow) -> Markup:
    """Ions on their sites with charges and radii; carriers and vacancies beside those of the host."""
    replaced = {curve["ion"]: curve["replaces"] for curve in opened.curves}
    radii = {
        show_ion(ion["element"], ion["oxidation_state"]): ion["radius_angstrom"]
        for content in opened.host_sites["sites"].values()
        for ion in content["ions"]
    }
    lines = []
    for site, content in opened.sites["sites"].items():
        for ion in content["ions"]:
            name = show_ion(ion["element"], ion["oxidation_state"])
            lines.append(
                [
                    SITE_NAMES[site],
                    name,
                    show_number(ion["amount"], ".6g"),
                    f"{100 * ion['amount'] / content['total']:.3g} %",
                    show_number(ion["radius_angstrom"], ".3f"),
                    _against(ion["radius_angstrom"], replaced.get(name), radii),
                ]
            )
    head = [
        "site",
        "ion",
        "per formula unit",
        "of the ions there",
        "Shannon radius (Å)",
        "against what it replaces",
    ]
    counts = tag("p", count_words(opened))
    return join(
        [table("Ions by site, with the radius at the site's coordination", head, lines, (2, 3, 4)), counts]
    )


def _against(radius: float | None, replaced: str | None, radii: Mapping[str, float | None]) -> str:
    host = radii.get(replaced or "")
    if replaced is None:
        return ""
    if radius is None or host is None:
        return replaced
    return f"{replaced} {host:.3f} Å: {100 * (radius / host - 1):+.0f} %"


def count_words(opened: OpenedRow) -> str:
    """Carriers, vacancies and charge, each beside the host's."""
    here, host = opened.sites, opened.host_sites
    vacancies = "not countable in this framework"
    if here["vacancies"] is not None:
        vacancies = f"{show_number(here['vacancies'])} (host {show_number(host['vacancies'])})"
    return (
        f"Mobile {here['mobile_ion']}+: carriers {show_number(here['carriers'])} "
        f"(host {show_number(host['carriers'])}), vacancies {vacancies} per formula unit; "
        f"net charge {show_charge(here['charge_residual'])} e."
    )


def rules(opened: OpenedRow) -> Markup:
    """Every rule with its verdict, its sentence and its margin; what cannot be judged is said."""
    ordered = sorted(opened.verdicts, key=lambda line: SEVERITIES.index(line["verdict"]))
    lines = [
        [line["rule"].replace("_", " "), badge(line["verdict"]), line["message"], margin_words(line)]
        for line in ordered
    ]
    caption = "Rules; the margin is the distance to the nearest bound, positive where the rule is satisfied"
    return table(caption, ["rule", "verdict", "what it says", "margin"], lines)


def margin_words(line: Mapping[str, Any]) -> str:
    """Margin of a rule with its unit.

    Examples
    --------
    >>> margin_words({"verdict": "pass", "margin": 0.5, "unit": "e"})
    '+0.5 e'
    >>> margin_words({"verdict": "not_evaluable", "margin": None, "unit": "e"})
    'not evaluable'
    """
    if line["margin"] is None:
        return "not evaluable"
    return f"{line['margin']:+.3g} {line['unit']}".rstrip()


def contributions(opened: OpenedRow) -> Markup:
    """Tell what moved each prediction away from that of the undoped host."""
    parts: list[object] = []
    for line in opened.explanations:
        shown = SHOWN[line["target"]]
        kind = "the undoped host" if line["reference_is_host"] else "the most measured other host"
        caption = (
            f"{shown.label.capitalize()}: {show_number(line['value'], shown.format)} {shown.unit} against "
            f"{show_number(line['reference_value'], shown.format)} predicted for {kind} {line['reference']}"
        )
        told = [effect for effect in line["effects"] if abs(effect["effect"]) >= _LEAST_SHOWN]
        rest = sum(effect["effect"] for effect in line["effects"] if abs(effect["effect"]) < _LEAST_SHOWN)
        lines = [
            [effect["group"], show_effect(effect["effect"], line["unit"]), effect["difference"]]
            for effect in told
        ]
        if rest:
            lines.append(["everything else", show_effect(rest, line["unit"]), ""])
        together = line["center"] - line["reference_center"]
        lines.append([tag("strong", "together"), tag("strong", show_effect(together, line["unit"])), ""])
        parts.append(table(caption, ["because of", "effect", "how it differs from the reference"], lines))
    if not parts:
        return tag("p", "There is no reference composition in this family to compare with.")
    parts.append(
        tag(
            "p",
            "Exact Shapley values of groups of features: the effects of a table multiply (conductivity) or "
            "add up (energy) to the last line. They explain the model, not the material.",
            class_="small",
        )
    )
    return join(parts)


def curves(opened: OpenedRow, with_library: bool) -> Markup:
    """Plot the predictions over the grid of every amount, with what was measured near."""
    if not opened.curves:
        return tag("p", "The space varies no amount of this candidate.")
    figures = [
        tag(
            "figure",
            tag(
                "div",
                Markup(
                    as_html(curve_plot(curve, opened.confidence), with_library=with_library and not place)
                ),
                role="group",
                aria_label=f"Composition curve. {curve_words(curve, opened.confidence)}",
            ),
            tag("figcaption", curve_words(curve, opened.confidence)),
        )
        for place, curve in enumerate(opened.curves)
    ]
    said = (
        f"Everything else is held; {BALANCED_BY[opened.space['neutral_by']]} keeps the charge. Diamonds were "
        "measured on samples of the same elements that lie near the curve; they may differ a little in the "
        "other amounts."
    )
    return join([tag("p", said), *figures])


def neighbours(opened: OpenedRow) -> Markup:
    """Neighbours in the space: a step or two of each amount, and other ions in a dopant's place."""
    if not opened.neighbours:
        return tag("p", "The space holds no neighbour of this candidate.")
    own = opened.row[_SIGMA]
    lines = [
        [
            join([line["change"], tag("div", formula(line["formula"]), class_="small formula")]),
            _value(line, _SIGMA),
            show_number(line[_SIGMA] / own, ".2f"),
            _value(line, _EA),
            show_number(line["score"], ".3f"),
            join([*map(badge, _judged(line)), tag("div", _rules_of(line), class_="small rules")]),
            "–" if line["rank"] is None else str(line["rank"]),
        ]
        for line in opened.neighbours
    ]
    head = ["change", "conductivity (S/cm)", "of this", "activation energy (eV)", "score", "verdict", "rank"]
    caption = (
        f"One change at a time; {BALANCED_BY[opened.space['neutral_by']]} keeps the charge. A dash for the "
        "rank: not in the list"
    )
    said = tag("p", "Where intervals overlap, the data cannot tell neighbours apart.", class_="small")
    return join([table(caption, head, lines, numeric=(2, 4, 6)), said])


def _value(line: Mapping[str, Any], target: str) -> Markup:
    value = tag("span", show_target(line, target, unit=False), class_="number")
    return join([value, tag("div", show_interval(line, target), class_="small number")])


def _judged(line: Mapping[str, Any]) -> list[str]:
    """Verdict, and the status where it is worth a word."""
    return [line["verdict"], *([line["status"]] if line["status"] != "ok" else [])]


def _rules_of(line: Mapping[str, Any]) -> str:
    named = [
        name for column in ("rejected", "warnings", "unjudged") for name in line[column].split(";") if name
    ]
    return ", ".join(named).replace("_", " ")
