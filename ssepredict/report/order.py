"""What the order of a ranking is worth inside its host, said plainly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssepredict.modeling.skill import is_better_than_chance, skill_of
from ssepredict.report.markup import Markup, tag

_FEW_PAIRS = 30
_NOT_BETTER = (
    "The order inside this host is not better than chance. What ranks the candidates is the probability of "
    "meeting the demands, lowered where a rule warns or cannot be judged; choose among them by the rules, "
    "the nearest measured samples and chemical judgement, not by the last digits of a predicted conductivity."
)

_CONTRADICTED = (
    "The larger number of pairs shows nothing better than chance, so that the figure for room temperature "
    "may be luck: choose by the rules, the nearest measured samples and chemical judgement too, not by the "
    "order alone."
)


def order_note(metrics: Mapping[str, Any] | None, host: str) -> Markup:
    """Say how well the order of compositions inside one host was met on left-out papers.

    Parameters
    ----------
    metrics : mapping, optional
        `Predictor.metrics`; `within_host_order` holds the lines of `ssepredict.modeling.skill.order_skill`.
        Older releases lack `hosts`, `works`, `by_difference` and some `low`, `high` and `protocol`.
    host : str
        Host of the space.
    """
    heading = tag("strong", "Read the list as a shortlist, not as an order. ")
    return tag("div", tag("p", heading, order_text(skill_of(metrics, host), host)), class_="note")


def order_text(line: Mapping[str, Any] | None, host: str) -> str:
    """Return the same as sentences.

    Parameters
    ----------
    line : mapping or None
        What `ssepredict.modeling.skill.skill_of` found for the host.
    host : str

    Examples
    --------
    >>> order_text(None, "Li2ZrCl6")
    'How well the model orders compositions of Li2ZrCl6 has not been measured.'
    """
    if line is None:
        return f"How well the model orders compositions of {host} has not been measured."
    purged = " with all its compositions" if line.get("protocol") == "paper_purged" else ""
    said = (
        f"Of {line['pairs']:,} pairs of compositions of {line['host_group']} that one paper measured "
        f"({line['series']} series, each left out of training{purged}), the model puts "
        f"{_share(line)} in the right order; 50 % is chance."
    )
    return " ".join(part for part in (said, _by_difference(line), _elsewhere(line), _judge(line)) if part)


def _share(line: Mapping[str, Any], note: str = "") -> str:
    low, high = line.get("low"), line.get("high")
    spread = "" if low is None or high is None else f"90 % interval {100 * low:.0f} to {100 * high:.0f} %"
    inside = ", ".join(part for part in (spread, note) if part)
    return f"{100 * float(line['concordance']):.0f} %" + (f" ({inside})" if inside else "")


def _by_difference(line: Mapping[str, Any]) -> str:
    """Say how often the order is right by how far apart the predictions lie."""
    bins = [part for part in line.get("by_difference") or [] if part.get("concordance") is not None]
    if not bins:
        return ""
    parts = []
    for part in bins:
        start, end = part["difference_low"], part["difference_high"]
        apart = f"{start:g} or more" if end is None else f"{start:g} to {end:g}"
        count = f"{part['pairs']:,} pairs"
        parts.append(f"{apart}: {_share(part, count)}")
    return f"By how many decades the two predictions lie apart, {'; '.join(parts)}."


def _elsewhere(line: Mapping[str, Any]) -> str:
    """Say how the same order fares on the pairs of all temperatures."""
    more = line.get("any_temperature")
    if not more:
        return ""
    return (
        f"With the pairs measured at other or unstated temperatures, {more['pairs']:,} of {more['works']} "
        f"papers, it is {_share(more)}."
    )


def _judge(line: Mapping[str, Any]) -> str:
    """Say what a share of pairs in the right order is worth; of an interval the lower end counts."""
    low = line.get("low")
    share = float(line["concordance"] if low is None else low)
    if low is not None and low <= 0.5:
        return _NOT_BETTER
    more = line.get("any_temperature")
    if more and more.get("low") is not None and more["low"] <= 0.5:
        return _CONTRADICTED
    if line["pairs"] < _FEW_PAIRS:
        return "So few pairs say next to nothing about the order."
    if low is not None and not is_better_than_chance(line):
        return f"Only {line['works']} papers hold such pairs: too few to call the order better than chance."
    if share < 0.55:
        return (
            "That is no better than a coin: the choice between candidates of this list has to come from the "
            "verdicts, the evidence and chemical judgement."
        )
    if share < 0.7:
        return (
            "That is little: the list as a whole is a better bet than a random choice, the order of two "
            "neighbours in it means next to nothing."
        )
    return "That is useful for coarse steps; the order of close neighbours still means little."
