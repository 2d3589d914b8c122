"""How far a ranking can be trusted: the measured errors of the model, said plainly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.report.markup import Markup, section, table, tag
from ssepredict.report.wording import SHOWN, show_number
from ssepredict.resources import shipped_folder

_BASELINES = ("dummy_median", "family_median", "host_median")
_FEW_PAIRS = 30


def metrics_of(digest: str) -> Mapping[str, Any] | None:
    """Metrics of the shipped release with this digest, None when there is none."""
    for path in sorted(shipped_folder("models").glob("*/metrics.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict) and found.get("model_sha256") == digest:
            return found
    return None


def trust_section(metrics: Mapping[str, Any] | None, host: str) -> Markup:
    """Excerpt of the model card: order inside one host, errors by family, coverage.

    Parameters
    ----------
    metrics : mapping, optional
        `Predictor.metrics`; without them the section says that they are missing.
    host : str
        Host of the space.
    """
    title = "How far this can be trusted"
    if metrics is None:
        return section(
            title,
            tag("p", "The measured errors of this model are not at hand; see the card of its release."),
        )
    parts = [order_note(metrics.get("within_host_order") or [], host)]
    parts += [
        _target_part(target, figures)
        for target, figures in metrics.get("targets", {}).items()
        if target in SHOWN and figures.get("status") == "ok"
    ]
    abstained = [
        SHOWN[target].label
        for target, figures in metrics.get("targets", {}).items()
        if target in SHOWN and figures.get("status") != "ok"
    ]
    if abstained:
        said = " and ".join(abstained)
        parts.append(
            tag("p", f"The model abstains from {said}: nothing beats the median of the literature there.")
        )
    return section(title, *parts)


def order_note(lines: Sequence[Mapping[str, Any]], host: str) -> Markup:
    """Say how well the order of compositions inside one host was met on left-out papers.

    Parameters
    ----------
    lines : sequence of dict
        `host_group`, `concordance` (share of pairs in the right order), `pairs`, `papers`.
    host : str
        The group that holds it comes first.
    """
    own = [line for line in lines if host in str(line["host_group"]).split(" and ")]
    known = [line for line in own if line.get("concordance") is not None and line["pairs"]]
    if not known:
        return tag(
            "div",
            tag(
                "p",
                tag("strong", "The order inside one host is not established. "),
                f"No left-out paper holds enough compositions of {host} to measure it. Read the list "
                "as a shortlist.",
            ),
            class_="note",
        )
    line = known[0]
    share = float(line["concordance"])
    said = (
        f"Of {line['pairs']:,} pairs of compositions of {line['host_group']} that one paper measured "
        f"({line['papers']} papers, each left out of training), the model puts {share:.0%} in the "
        "right order; "
        "50 % is chance."
    )
    return tag(
        "div",
        tag(
            "p",
            tag("strong", "Read the list as a shortlist, not as an order. "),
            said,
            " ",
            _judge(share, line["pairs"]),
        ),
        class_="note",
    )


def _judge(share: float, pairs: int) -> str:
    few = " The figure rests on few pairs and can be off by far." if pairs < _FEW_PAIRS else ""
    if share < 0.55:
        return (
            "That is no better than a coin: two neighbours in this list may as well stand the other "
            "way round, and "
            "the choice between them has to come from the verdicts, the evidence and chemical judgement."
            + few
        )
    if share < 0.7:
        return (
            "That is little: the top of the list as a whole is a better bet than a random choice, "
            "the order of two "
            "neighbours in it means next to nothing." + few
        )
    return "That is useful for coarse steps; the order of close neighbours still means little." + few


def _target_part(target: str, figures: Mapping[str, Any]) -> Markup:
    shown = SHOWN[target]
    unit = str(figures.get("error_unit", ""))
    estimator = str(figures["estimator"])
    rows = [row for row in figures["comparison"] if row["protocol"] == "paper"]
    error = {(row["scope"], row["estimator"]): row["mae"] for row in rows}
    size = {row["scope"]: row for row in rows if row["estimator"] == estimator}
    baselines = [name for name in _BASELINES if any(row["estimator"] == name for row in rows)]
    intervals = figures.get("intervals", {})
    lines = []
    for scope, row in size.items():
        covered = intervals.get(scope) if isinstance(intervals.get(scope), Mapping) else {}
        coverage = covered.get("coverage")
        lines.append(
            [
                scope.replace("_", " "),
                row["rows"],
                row["papers"],
                show_number(row["mae"], ".2f"),
                *(show_number(error.get((scope, name)), ".2f") for name in baselines),
                "–" if coverage is None else f"{coverage:.0%}",
                show_number(covered.get("mean_width"), ".2f"),
            ]
        )
    confidence = intervals.get("confidence", 0.9)
    head = ["rows of", "rows", "papers", f"{estimator.replace('_', ' ')}"]
    head += [name.replace("_", " ") for name in baselines]
    head += [f"coverage of {confidence:.0%}", f"interval width ({unit})"]
    caption = (
        f"{shown.label.capitalize()}: mean absolute error ({unit}), whole papers left out, against medians"
    )
    return table(caption, head, lines, numeric=range(1, len(head)))
