"""The model card, rendered from what was measured, so that text and figures cannot drift apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.modeling.card_descriptors import descriptors_text
from ssepredict.modeling.card_parts import (
    gains_text,
    intervals_text,
    number_text,
    probabilities_text,
    table_text,
)
from ssepredict.modeling.skill import is_better_than_chance
from ssepredict.modeling.targets import TARGETS

_PROTOCOL_TEXT = {
    "paper": "whole papers left out",
    "paper_purged": "whole papers left out, their compositions purged from training",
    "dopant": "every composition with one minority M ion left out",
    "host": "whole hosts left out",
    "framework": "a whole framework of one mobile ion left out",
    "time": "trained before 2021, tested from 2021 on (dated rows only)",
    "random": "random folds: for comparison only, they flatter",
}


def render_card(metrics: Mapping[str, Any]) -> str:
    """Markdown card of a release.

    Parameters
    ----------
    metrics : mapping
        `Predictor.metrics`.
    """
    parts = [
        f"# Model card: {metrics['name']}",
        "Conductivity, activation energy, critical current density and cycling fade of doped NASICON and "
        "halide solid electrolytes (Li, Na), from the composition and the conditions of measurement. Meant "
        "for choosing what to make next among many compositions, as a coarse screen; not a substitute for "
        "measuring, not for other frameworks.",
        f"Trained on the dataset with SHA-256 `{metrics['dataset_digest'][:16]}`, seed {metrics['seed']}, "
        f"{metrics['folds'] or 'leave-one-out'} folds of whole papers. Estimators and settings were chosen "
        "on left-out papers too, the settings on folds of other seeds; the papers are the same, so the "
        "figures are somewhat on the bright side.",
    ]
    # Releases of before the noise floor was measured lack it.
    floors: Mapping[str, Sequence[Mapping[str, Any]]] = metrics.get("noise_floor") or {}
    parts += [
        _target_section(name, figures, floors.get(TARGETS[name].quantity) or ())
        for name, figures in metrics["targets"].items()
    ]
    parts += [
        _domain_section(metrics["domain"]),
        _order_section(metrics["within_host_order"]),
        _agreement_text(metrics.get("order_agreement") or ()),  # not measured in earlier releases
        descriptors_text(metrics.get("descriptors") or {}),  # releases of before they were computed lack them
        _LIMITS,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _target_section(name: str, figures: Mapping[str, Any], floor: Sequence[Mapping[str, Any]]) -> str:
    target = TARGETS[name]
    gain = figures["gain_over_baseline"]
    status = (
        f"Released estimator: {figures['estimator']}, {number_text(gain['mean'])} {figures['error_unit']} "
        f"better than {figures['best_baseline']} ({gain['confidence']:.0%} interval "
        f"{number_text(gain['low'])} to "
        f"{number_text(gain['high'])}, bootstrap over papers)."
        if figures["status"] == "ok"
        else f"**Abstained**: {figures['reason']}. Predictions carry the {figures['estimator']}."
    )
    lines = [
        f"## {target.label}",
        status,
        f"{figures['rows']} rows from {figures['papers']} papers; errors are measured on "
        f"{figures['rows_scored']} rows (own, exact, unsuspected). Rows used: {figures['row_policy']}"
        f"{_policies(figures)}.",
        f"Mean absolute error in {figures['error_unit']}, synthesis, sintering and density withheld (as "
        "for a candidate):",
        _comparison(figures["comparison"]),
        _noise_floor(floor),
        "The same with them as stated, protocol `paper`:",
        _table_of([row for row in figures["comparison_as_stated"] if row["protocol"] == "paper"]),
        gains_text(figures.get("gains") or (), figures["estimator"], figures["error_unit"]),
        intervals_text(figures["intervals"], "processing withheld"),
        intervals_text(figures["intervals_as_stated"], "processing as stated"),
        probabilities_text(figures["intervals"], target.definition.unit),
    ]
    return "\n\n".join(line for line in lines if line)


def _policies(figures: Mapping[str, Any]) -> str:
    tried = ", ".join(f"{name} {number_text(error)}" for name, error in figures["row_policies"].items())
    return f" (left-out-paper error of each policy: {tried})" if tried else ""


def _comparison(rows: Sequence[Mapping[str, Any]]) -> str:
    used = dict.fromkeys(row["protocol"] for row in rows)
    notes = "; ".join(f"`{name}`: {_PROTOCOL_TEXT[name]}" for name in used)
    counts = {row["scope"]: row["rows"] for row in rows if row["protocol"] == "paper"}
    sizes = ", ".join(f"{scope} {count}" for scope, count in counts.items())
    return f"{_table_of(rows)}\n\nProtocols: {notes}. Rows by scope under `paper`: {sizes}."


def _table_of(rows: Sequence[Mapping[str, Any]]) -> str:
    scopes = list(dict.fromkeys(row["scope"] for row in rows))
    head = ["protocol", "estimator", *scopes]
    body = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        for estimator in dict.fromkeys(row["estimator"] for row in rows):
            found = {
                row["scope"]: row["mae"]
                for row in rows
                if row["protocol"] == protocol and row["estimator"] == estimator
            }
            if not found:
                continue  # not every estimator runs under every protocol
            body.append([protocol, estimator, *(number_text(found.get(scope)) for scope in scopes)])
    return table_text(head, body)


def _noise_floor(lines: Sequence[Mapping[str, Any]]) -> str:
    """Say how far the works themselves are apart; nothing where it was not measured."""
    if not lines:
        return ""
    body = [
        [
            str(line["family"]),
            number_text(line["mae_from_other_works"]),
            ""
            if line.get("mae_low") is None
            else f"{number_text(line['mae_low'])} to {number_text(line['mae_high'])}",
            number_text(line["median_abs_difference"]),
            str(line["compositions"]),
            str(line["works"]),
        ]
        for line in lines
    ]
    band = lines[0]["temperature_band"]
    where = "" if band == "any" else f" at {band} temperature"
    head = ["scope", "error of the other works' median", "90% interval", "median difference of two works"]
    return (
        f"Noise floor ({lines[0]['unit']}): the error with which the median of the other works predicts a "
        f"work on the same composition{where}; no model can be much better on a known composition.\n\n"
        + table_text([*head, "compositions", "works"], body)
    )


def _domain_section(curve: Mapping[str, Any]) -> str:
    body = [
        [
            f"{number_text(line['distance_low'])} to {number_text(line['distance_high'])}",
            str(line["rows"]),
            str(line["papers"]),
            number_text(line["error"]),
            number_text(line["baseline_error"]),
        ]
        for line in curve["bins"]
    ]
    low, high = number_text(curve["threshold_low"]), number_text(curve["threshold_high"])
    between = f" ({curve['confidence']:.0%} interval {low} to {high}, bootstrap over papers)" if low else ""
    return (
        "## Domain\n\nDistance to the compositions trained on, and error of the conductivity "
        f"({curve['unit']}) with whole groups left out ({', '.join(curve['protocols']) or 'not measured'}). "
        f"The line is drawn at {number_text(curve['threshold'])}{between}: there the error, smoothed to rise "
        f"with the distance, reaches the mean error of {curve['baseline']}, {number_text(curve['level'])}; "
        "never beyond the 95 % quantile of the distances between papers.\n\n"
        + table_text(["distance", "rows", "papers", "error", f"error of {curve['baseline']}"], body)
    )


def _order_section(lines: Sequence[Mapping[str, Any]]) -> str:
    body = []
    for line in lines:
        bins = [part for part in line.get("by_difference") or () if part["pairs"]]
        body.append(
            [
                line["host_group"],
                line.get("temperature", "room"),
                number_text(line["concordance"]),
                f"{number_text(line['low'])} to {number_text(line['high'])}" if line["pairs"] else "none",
                str(line["pairs"]),
                str(line.get("works", "")),
                "yes" if is_better_than_chance(line) else "no",
                "; ".join(
                    f"{part['difference_low']:g}{'+' if part['difference_high'] is None else ''}: "
                    f"{number_text(part['concordance'])} ({part['pairs']})"
                    for part in bins
                ),
            ]
        )
    head = ["hosts", "temperature", "concordance", "90% interval", "pairs", "works", "better than chance"]
    return (
        "## Order inside one host\n\nShare of pairs of compositions of one left-out paper (its compositions "
        "purged from training, processing withheld; conductivity at 15 to 35 °C or at any temperature, "
        "within 5 K, same contribution and synthesis, more than 0.15 decades apart; grain boundaries and "
        "composites left out) that are put in the right order; 0.5 is chance, the interval is a bootstrap "
        "over works. By difference: the share "
        "(pairs) where the two predictions lie that many decades apart or more, up to the next. Where the "
        "order is not better than chance, read a ranking as a shortlist by the probability of meeting the "
        "demands, the rules and the evidence.\n\n" + table_text([*head, "by difference"], body)
    )


def _agreement_text(lines: Sequence[Mapping[str, Any]]) -> str:
    """Say what such a share can be held against: how often papers agree, what reported values alone tell."""
    said = []
    for line in lines:
        if line.get("comparisons"):
            said.append(
                f"{line['host_group']}: two papers that both measured the same pair agree on its order in "
                f"{_share_text(line, 'agreement')} of {line['comparisons']} comparisons of "
                f"{line['repeated_pairs']} pairs"
            )
        if line.get("known_pairs"):
            said.append(
                f"{line['host_group']}: the values that other papers report for the same two compositions "
                f"put {_share_text(line, 'known')} of {line['known_pairs']} pairs of {line['known_works']} "
                "papers in the right order"
            )
    if not said:
        return ""
    return "How far an order repeats from paper to paper:\n\n" + "\n".join(f"- {one}." for one in said)


def _share_text(line: Mapping[str, Any], name: str) -> str:
    low, high = (line.get(f"{name}{end}") for end in ("_low", "_high"))
    spread = f" ({number_text(low)} to {number_text(high)})" if low is not None and low == low else ""
    return f"{number_text(line[name])}{spread}"


_LIMITS = """## Limits

- A new host is hardly predicted better than by the median of its family: `outside_domain` says so.
- Values of different papers differ by processing: synthesis, sintering and density explain part of it and are
  often not stated.
- `outside_domain` marks compositions beyond the line of the section Domain, and temperatures outside the
  training range."""
