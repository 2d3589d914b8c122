"""The model card, rendered from what was measured, so that text and figures cannot drift apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ssepredict.modeling.targets import TARGETS

_PROTOCOL_TEXT = {
    "paper": "whole papers left out",
    "paper_purged": "whole papers left out, their compositions purged from training",
    "dopant": "every composition with one minority M ion left out",
    "host": "whole hosts left out",
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
        f"{metrics['folds'] or 'leave-one-out'} folds of whole papers.",
    ]
    # Releases of before the noise floor was measured lack it.
    floors: Mapping[str, Sequence[Mapping[str, Any]]] = metrics.get("noise_floor") or {}
    parts += [
        _target_section(name, figures, floors.get(TARGETS[name].quantity) or ())
        for name, figures in metrics["targets"].items()
    ]
    parts += [_order_section(metrics["within_host_order"]), _LIMITS]
    return "\n\n".join(parts) + "\n"


def _target_section(name: str, figures: Mapping[str, Any], floor: Sequence[Mapping[str, Any]]) -> str:
    target = TARGETS[name]
    gain = figures["gain_over_baseline"]
    status = (
        f"Released estimator: {figures['estimator']}, {_number(gain['mean'])} {figures['error_unit']} better "
        f"than {figures['best_baseline']} ({gain['confidence']:.0%} interval {_number(gain['low'])} to "
        f"{_number(gain['high'])}, bootstrap over papers)."
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
        _intervals(figures["intervals"], "processing withheld"),
        _intervals(figures["intervals_as_stated"], "processing as stated"),
    ]
    return "\n\n".join(line for line in lines if line)


def _policies(figures: Mapping[str, Any]) -> str:
    tried = ", ".join(f"{name} {_number(error)}" for name, error in figures["row_policies"].items())
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
            body.append([protocol, estimator, *(_number(found.get(scope)) for scope in scopes)])
    return _table(head, body)


def _noise_floor(lines: Sequence[Mapping[str, Any]]) -> str:
    """Say how far the works themselves are apart; nothing where it was not measured."""
    if not lines:
        return ""
    body = [
        [
            str(line["family"]),
            _number(line["mae_from_other_works"]),
            ""
            if line.get("mae_low") is None
            else f"{_number(line['mae_low'])} to {_number(line['mae_high'])}",
            _number(line["median_abs_difference"]),
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
        + _table([*head, "compositions", "works"], body)
    )


def _intervals(figures: Mapping[str, Any], view: str) -> str:
    body = [
        [scope, str(entry["rows"]), _number(entry["coverage"]), _number(entry["mean_width"])]
        for scope, entry in figures.items()
        if isinstance(entry, Mapping)
    ]
    head = ["scope", "rows", "coverage", f"mean width ({figures['unit']})"]
    title = f"Intervals at {figures['confidence']:.0%}, on left-out papers, calibrated on others, {view}:"
    return f"{title}\n\n{_table(head, body)}"


def _order_section(lines: Sequence[Mapping[str, Any]]) -> str:
    body = [
        [
            line["host_group"],
            _number(line["concordance"]),
            f"{_number(line['low'])} to {_number(line['high'])}",
            str(line["pairs"]),
            str(line["series"]),
        ]
        for line in lines
    ]
    return (
        "## Order inside one host\n\nShare of pairs of compositions of one left-out paper (its compositions "
        "purged from training, processing withheld; conductivity at 15 to 35 °C, same contribution, more "
        "than 0.15 decades apart) that are put in the right order; 0.5 is chance, the interval is a "
        "bootstrap over series. Read a ranking inside one host as a shortlist, not as an order.\n\n"
        + _table(["hosts", "concordance", "90% interval", "pairs", "series"], body)
    )


_LIMITS = """## Limits

- A new host is hardly predicted better than by the median of its family: `outside_domain` says so.
- Values of different papers differ by processing: synthesis, sintering and density explain part of it and are
  often not stated.
- `outside_domain` marks compositions farther from the measured ones than 95 % of the measured ones lie from
  those of other papers, and temperatures outside the training range."""


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def _number(value: float | None) -> str:
    return "" if value is None or not np.isfinite(value) else f"{value:.3f}"
