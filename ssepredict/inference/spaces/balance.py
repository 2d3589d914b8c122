"""Who keeps a candidate neutral, and mobile ions beyond what neutrality gives."""

from __future__ import annotations

from collections.abc import Mapping

from ssepredict.chemistry.formula import ATOMIC_INDEX
from ssepredict.chemistry.frameworks import HALOGENS
from ssepredict.chemistry.ions import Ion
from ssepredict.inference.spaces.grids import read_grid
from ssepredict.inference.spaces.plan import Balance, PartPlan

NEUTRAL_BY = ("A", "T", "M", "X")
"""Mobile ion; Si for P; replaced M ion; O for a halogen."""


def read_excess(raw: Mapping[str, object], failures: list[str]) -> tuple[int, ...]:
    """Read the mobile ions beyond the host's (millionths), and refuse an excess that nothing makes up for."""
    if "excess" not in raw:
        return ()
    if raw.get("neutral_by", "A") == "A":
        failures.append(
            "excess: mobile ions that are given cannot keep the charge as well; add neutral_by = 'T' (Si for "
            "P), 'M' (replaced M ion) or 'X' (O for a halogen)"
        )
    return read_grid(raw["excess"], "excess", failures, negative=True)


def plan_balance(site: object, part: PartPlan, failures: list[str]) -> Balance:
    """Say which atoms make up for a charge.

    Amounts below zero that follow from it are left to the rules, which reject them (site_capacity).

    Parameters
    ----------
    site : object
        One of `NEUTRAL_BY`, as found in a description.
    part : PartPlan
        The host with its entries.
    failures : list of str
        Takes a message where the site cannot take up charge.
    """
    if site == "A":
        return Balance("A", ((part.mobile, -1),))
    if site not in NEUTRAL_BY:
        failures.append(
            f"neutral_by: got {site!r}; expected 'A' (mobile ion), 'T' (Si for P), 'M' (replaced M ion) or "
            "'X' (O for a halogen)"
        )
        return Balance("A", ((part.mobile, -1),))
    return {"T": _by_silicon, "M": _by_metal, "X": _by_anion}[str(site)](part, failures)


def varied_elements(site: object, part: PartPlan) -> dict[str, str]:
    """Elements that something else than the entries varies, and the key that does: they cannot be dopants."""
    found = dict.fromkeys(("Si", "P"), "silicon") if part.silicon else {}
    if site == "T":
        found |= dict.fromkeys(("Si", "P"), "neutral_by")
    if site == "X":
        found |= dict.fromkeys(("O", _halogen(part)), "neutral_by")
    return found


def _by_silicon(part: PartPlan, failures: list[str]) -> Balance:
    on_t = {ion.element for ion in part.held("T")}
    if not on_t or on_t - {"Si", "P"}:
        held = ", ".join(sorted(on_t)) or "nothing"
        failures.append(
            f"neutral_by: 'T' is the ratio of Si to P and the T site of {part.formula} holds {held}; take "
            "another site"
        )
    if part.silicon:
        failures.append(
            "silicon: follows from the charge with neutral_by = 'T'; leave silicon out or take another site"
        )
    return Balance("T", (("P", -1), ("Si", 1)))


def _by_metal(part: PartPlan, failures: list[str]) -> Balance:
    on_m = part.held("M")
    replaced = [entry.replaces for entry in part.entries if entry.site == "M"]
    ion: Ion = replaced[0] if replaced else max(on_m, key=lambda metal: on_m[metal])
    if any(entry.replaces == ion and entry.spread is not None for entry in part.entries):
        failures.append(
            f"neutral_by: 'M' is the amount of {ion}, all of which high_entropy replaces; take another site"
        )
    return Balance("M", ((ion.element, -1),), ion.charge)


def _by_anion(part: PartPlan, failures: list[str]) -> Balance:
    del failures  # every host has an anion that another can stand for
    pair = sorted((("O", 1), (_halogen(part), -1)), key=lambda entry: ATOMIC_INDEX[entry[0]])
    return Balance("X", tuple(pair))


def _halogen(part: PartPlan) -> str:
    """Name the halogen that O is exchanged for: the most frequent one, F in an oxide."""
    anions = {ion.element: amount for ion, amount in part.held("X").items()}
    return max(HALOGENS, key=lambda symbol: anions.get(symbol, 0.0))
