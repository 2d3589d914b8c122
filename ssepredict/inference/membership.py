"""Whether a composition belongs to a substitution space: one of its candidates, near them, or neither."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.hosts import KEY_DECIMALS, composition_keys, hosts_of
from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.space import SubstitutionSpace

CANDIDATE, NEAR, ELSEWHERE = "candidate", "near", ""
"""A composition of the space itself; one between its grid points or just beyond them; any other."""

_WITHIN = 10.0**-KEY_DECIMALS


def membership(space: SubstitutionSpace, sites: SiteTable) -> npt.NDArray[np.str_]:
    """Tell which compositions belong to a space.

    A composition is near when it derives from the same host, holds no element that the space lacks, and has
    as many dopants on M as some candidate has; its amounts may lie off the grid.

    Parameters
    ----------
    space : SubstitutionSpace
    sites : SiteTable
        n compositions.

    Returns
    -------
    ndarray of str, shape (n,)
        ``candidate``, ``near`` or empty.

    Examples
    --------
    >>> from ssepredict.chemistry.sites import parse_sites
    >>> formulas = ["Li1.8Zr0.8Nb0.2Cl6", "Li1.78Zr0.78Nb0.22Cl6", "Li2ZrCl6", "Li1.8Zr0.8Nb0.2Br6"]
    >>> membership(SubstitutionSpace.from_toml("li2zrcl6"), parse_sites(formulas)).tolist()
    ['candidate', 'near', '', '']
    """
    same_host = hosts_of(sites) == hosts_of(space.host_sites)[0]
    keys = composition_keys(sites)
    found = np.full(len(sites), ELSEWHERE, dtype="<U9")
    for row in range(len(sites)):
        dopants = _dopants(space, sites, row)
        if dopants is None:
            continue
        # Where dopants outnumber the ion that they replace, the host takes another name: still a candidate.
        if _is_candidate(space, sites, row, dopants, keys[row]):
            found[row] = CANDIDATE
        elif same_host[row]:
            found[row] = NEAR
    return found


def _dopants(space: SubstitutionSpace, sites: SiteTable, row: int) -> dict[str, float] | None:
    """Dopants on M with their amounts; None where the composition is not of the space."""
    amounts = dict(zip(sites.elements, sites.composition.amounts[row].tolist(), strict=True))
    if not {symbol for symbol, amount in amounts.items() if amount > 0} <= set(space.elements):
        return None
    host = space.host_sites
    own = {symbol for symbol, amount in zip(host.elements, host.occupancy["M"][0], strict=True) if amount > 0}
    on_m = dict(zip(sites.elements, sites.occupancy["M"][row].tolist(), strict=True))
    dopants = {symbol: amount for symbol, amount in on_m.items() if amount > 0 and symbol not in own}
    known = {ion.element for ion in space.ions}
    allowed = space.to_dict()["substitutions"][0]["together"]
    return dopants if set(dopants) <= known and len(dopants) in allowed else None


def _is_candidate(
    space: SubstitutionSpace, sites: SiteTable, row: int, dopants: dict[str, float], key: str
) -> bool:
    """Whether the composition is among the few candidates that have its dopants and amounts."""
    description = space.to_dict()
    table = description["substitutions"][0]
    fractions = [grid for grid in table["fractions"] if _holds(dopants.values(), grid)]
    silicon = [
        grid for grid in description.get("silicon", []) if _holds(sites.composition.amount("Si")[[row]], grid)
    ]
    if not fractions or ("silicon" in description and not silicon):
        return False
    ions = [str(ion) for ion in space.ions if ion.element in dopants]
    few = table | {"ions": ions, "fractions": fractions, "together": [len(dopants)]}
    part = description | {"substitutions": [few]} | ({"silicon": silicon} if silicon else {})
    candidates = SubstitutionSpace.from_dict(part)
    return key in composition_keys(candidates.decode(np.arange(len(candidates))).sites())


def _holds(values: Any, grid: float) -> bool:
    return any(abs(value - grid) <= _WITHIN for value in values)
