"""A plan written back as the plain values of a space file, every range and word written out."""

from __future__ import annotations

from typing import Any

from ssepredict.inference.spaces.grids import UNIT
from ssepredict.inference.spaces.plan import EntryPlan, PartPlan, SpacePlan


def describe_plan(plan: SpacePlan) -> dict[str, Any]:
    """Return the description of a space; `parse_space` reads it back into an equal plan."""
    several = len(plan.parts) > 1
    tables = [_table(entry, part, several) for part in plan.parts for entry in part.entries]
    described: dict[str, Any] = {"title": plan.title}
    described |= {"hosts": [part.formula for part in plan.parts]} if several else {}
    described |= {} if several else {"host": plan.parts[0].formula}
    described["substitutions"] = tables
    first = next((part for part in plan.parts if part.silicon), plan.parts[0])
    if first.silicon:
        described["silicon"] = _amounts(first.silicon)
    if first.excess:
        described["excess"] = _amounts(first.excess)
    if first.balance.site != "A":
        described["neutral_by"] = first.balance.site
    limits = {
        "price_usd_per_kg": plan.limits.price_usd_per_kg,
        "most_elements": plan.limits.most_elements,
    }
    if any(value is not None for value in limits.values()):
        described["constraints"] = {key: value for key, value in limits.items() if value is not None}
    return described


def _table(entry: EntryPlan, part: PartPlan, several: bool) -> dict[str, Any]:
    table: dict[str, Any] = {
        "site": entry.site,
        "replaces": str(entry.replaces),
        "ions": [str(ion) for ion in entry.ions],
    }
    if entry.spread is None:
        table |= {"together": list(entry.together), "fractions": _amounts(entry.fractions)}
    else:
        table["high_entropy"] = {
            "members": list(entry.together),
            "spread": entry.spread.width / UNIT,
            "step": entry.spread.step / UNIT,
        }
    table |= {"optional": True} if entry.optional else {}
    return table | ({"hosts": [part.formula]} if several else {})


def _amounts(millionths: tuple[int, ...]) -> list[float]:
    return [amount / UNIT for amount in millionths]
