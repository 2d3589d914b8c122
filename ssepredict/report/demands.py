"""What was asked of a ranking: the space, the demands, and what else goes into the score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ssepredict.report.markup import (
    Markup,
    definitions,
    formula,
    join,
    safe,
    section,
    source_link,
    table,
    tag,
)
from ssepredict.report.wording import BALANCED_BY, SHOWN, show_target


def hosts_of_space(space: Mapping[str, Any]) -> list[str]:
    """Hosts of the space of a summary.

    Examples
    --------
    >>> hosts_of_space({"host": "Li2ZrCl6"}), hosts_of_space({"hosts": ["Li2ZrCl6", "Li3YCl6"]})
    (['Li2ZrCl6'], ['Li2ZrCl6', 'Li3YCl6'])
    """
    return [str(host) for host in space.get("hosts") or [space["host"]]]


def partial_note(summary: Mapping[str, Any]) -> Markup:
    """Say first when a run was interrupted; nothing for a complete ranking."""
    if not summary.get("partial"):
        return Markup("")
    done, total = summary["candidates"]["evaluated"], summary["candidates"].get("asked_for")
    of = "" if total is None else f" of {total:,}"
    said = f"The run was interrupted after {done:,}{of} candidates: better ones may not have been looked at. "
    remedy = "Rank again with --resume to go on."
    return tag("div", tag("p", tag("strong", "This ranking is partial. "), said, remedy), class_="note")


def asked(summary: Mapping[str, Any]) -> Markup:
    """Say what the space and the demands were."""
    space, objective = summary["space"], summary["objective"]
    hosts = hosts_of_space(space)
    content: list[tuple[str, object]] = [
        ("host" if len(hosts) == 1 else "hosts", join(map(formula, hosts), ", "))
    ]
    content += [("substitution", _substitution(entry, len(hosts) > 1)) for entry in space["substitutions"]]
    if space.get("silicon"):
        content.append(("Si per formula unit", _amounts(space["silicon"])))
    if space.get("excess"):
        content.append(("mobile ions beyond the host's", _amounts(space["excess"])))
    content.append(("charge", f"balanced by {BALANCED_BY[space.get('neutral_by', 'A')]}"))
    limits = space.get("constraints") or {}
    content += [(name.replace("_", " "), f"at most {limit:g}") for name, limit in limits.items()]
    content.append(("temperature", f"{objective['temperature_c']:g} °C"))
    demands = table(
        "What a candidate should meet; the score is the probability of meeting all of it, lowered for doubts",
        ["target", "demand", "where the number comes from", "used"],
        [
            [
                SHOWN[line["target"]].label + (f" ({line['host']})" if "host" in line else ""),
                demand_words(line),
                _origin(line),
                "yes" if line["used"] else "no: the model abstains",
            ]
            for line in objective["specifications"]
        ],
    )
    return section("What was asked", demands, definitions(content))


def _substitution(entry: Mapping[str, Any], several: bool) -> str:
    """One substitution in words."""
    ions = (
        f"{len(entry['ions'])} ions ({', '.join(entry['ions'])})"
        if len(entry["ions"]) > 1
        else entry["ions"][0]
    )
    shared = entry.get("high_entropy")
    if shared:
        members = " or ".join(map(str, shared["members"]))
        how = f"{members} of them filling the site, shares within {shared['spread']:g} of equal"
    else:
        together = " or ".join(map(str, entry["together"]))
        how = f"{together} together, {_amounts(entry['fractions'])} per formula unit"
    where = f" of {', '.join(entry['hosts'])}" if several and entry.get("hosts") else ""
    may = "; or none" if entry.get("optional") else ""
    return f"for {entry['replaces']} on {entry['site']}{where}: {ions}; {how}{may}"


def _amounts(amounts: Sequence[float]) -> str:
    return ", ".join(f"{amount:g}" for amount in amounts)


def demand_words(line: Mapping[str, Any]) -> str:
    """Write a demand with its numbers.

    Examples
    --------
    >>> demand_words({"target": "activation_energy_ev", "direction": "below", "threshold": 0.25})
    'below 0.25 eV'
    >>> line = {"target": "activation_energy_ev", "direction": "minimise", "threshold": 0.3, "reach": 0.2}
    >>> demand_words(line)
    'minimise from 0.30 eV to 0.20 eV'
    """
    target = line["target"]
    start = show_target({target: line["threshold"]}, target)
    weight = "" if line.get("weight", 1.0) == 1.0 else f", weight {line['weight']:g}"
    if line.get("reach") is None:
        return f"{line['direction']} {start}{weight}"
    return f"{line['direction']} from {start} to {show_target({target: line['reach']}, target)}{weight}"


def _origin(line: Mapping[str, Any]) -> Markup:
    if line["origin"] == "reported":
        return join(["best value reported for the host: ", source_link(str(line["source_id"]))])
    return safe({"stated": "stated by the user", "predicted": "predicted for the host"}[line["origin"]])


def score_notes(objective: Mapping[str, Any]) -> list[str]:
    """Say what else goes into the score, where the objective asks for it."""
    notes = []
    if len({line.get("weight", 1.0) for line in objective["specifications"]}) > 1:
        notes.append("The weights raise the probabilities to powers: the score orders and is no probability.")
    if objective.get("risk", "mean") != "mean":
        end = "worse" if objective["risk"] == "lower_bound" else "better"
        share = 100 * objective["risk_confidence"]
        notes.append(f"Predictions count at the {end} end of their {share:g} % interval.")
    if objective.get("supply"):
        factors = ", ".join(
            f"{name.replace('_', ' ')} {value:g}" for name, value in objective["supply"].items()
        )
        notes.append(f"The score is lowered for the supply of the elements: {factors}.")
    if objective.get("selection", {}).get("pareto"):
        names = ", ".join(objective["selection"]["pareto"])
        notes.append(f"The front of the whole space over {names} stands in front.csv.")
    return notes
