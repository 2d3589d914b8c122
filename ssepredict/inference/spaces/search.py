"""The few candidates of a space that could be a given composition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ssepredict.chemistry.hosts import KEY_DECIMALS
from ssepredict.inference.spaces.space import SubstitutionSpace

_WITHIN = 10.0**-KEY_DECIMALS
"""Amounts of published formulas are met within this much, as in their keys."""


def narrow_space(space: SubstitutionSpace, amounts: Mapping[str, float]) -> SubstitutionSpace | None:
    """Keep the candidates of a space of one host whose dopants and amounts are those of a composition.

    Parameters
    ----------
    space : SubstitutionSpace
        Of one host; one of `SubstitutionSpace.parts`.
    amounts : mapping of str to float
        Atoms per formula unit of the elements that are present.

    Returns
    -------
    SubstitutionSpace or None
        A small space, to be compared candidate by candidate; None where no candidate can be the composition.

    Raises
    ------
    SpaceError
        When the space has several hosts.

    Examples
    --------
    >>> space = SubstitutionSpace.from_toml("li2zrcl6")
    >>> few = narrow_space(space, {"Li": 1.8, "Zr": 0.8, "Nb": 0.2, "Cl": 6.0})
    >>> few.formulas(range(len(few)))
    ['Li1.8Zr0.8Nb0.2Cl6', 'Li2Zr0.8Nb0.2Cl6']
    """
    host = set(space.host_sites.elements)
    description = space.to_dict()
    tables, spare = [], []
    for table in description["substitutions"]:
        kept = _narrowed(table, amounts)
        if kept is not None:
            tables.append(kept)
        elif not table.get("optional", False):
            return None
        else:
            spare.append(table | {"ions": table["ions"][:1], "together": [1]})
    named = {ion.rstrip("+-0123456789") for table in tables for ion in table["ions"]}
    follows = host | {"Si", "P", "O", "F"}
    if set(amounts) - named - follows:
        return None
    silicon = [value for value in description.get("silicon", ()) if _is_near(value, [amounts.get("Si", 0.0)])]
    # A T site that gives Si away holds less than the grid says: then every value is tried.
    kept_silicon = {"silicon": silicon or description["silicon"]} if "silicon" in description else {}
    return SubstitutionSpace.from_dict(
        description | kept_silicon | {"substitutions": tables or spare[:1]}, "a part of the space"
    )


def _narrowed(table: Mapping[str, Any], amounts: Mapping[str, float]) -> dict[str, Any] | None:
    """Return an entry with the ions and amounts that are present, or None where it is not made use of."""
    ions = [ion for ion in table["ions"] if amounts.get(ion.rstrip("+-0123456789"), 0.0) > 0]
    elements = {ion.rstrip("+-0123456789") for ion in ions}
    shape = table.get("high_entropy")
    counts = table["together"] if shape is None else shape["members"]
    fitting = [count for count in counts if count == len(elements)]
    if not fitting:
        return None
    if shape is not None:
        return {**table, "ions": ions, "high_entropy": {**shape, "members": fitting}}
    held = [amounts[element] for element in elements]
    fractions = [value for value in table["fractions"] if _is_near(value, held)]
    return {**table, "ions": ions, "together": fitting, "fractions": fractions} if fractions else None


def _is_near(value: float, held: list[float]) -> bool:
    return any(abs(value - amount) <= _WITHIN for amount in held)
