"""Whether a composition belongs to a substitution space: one of its candidates, near them, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.hosts import composition_keys, hosts_of
from ssepredict.chemistry.sites import SiteTable
from ssepredict.inference.spaces.search import narrow_space
from ssepredict.inference.spaces.space import SubstitutionSpace

CANDIDATE, NEAR, ELSEWHERE = "candidate", "near", ""
"""A composition of the space itself; one between its grid points or just beyond them; any other."""


def membership(space: SubstitutionSpace, sites: SiteTable) -> npt.NDArray[np.str_]:
    """Tell which compositions belong to a space.

    A composition is near when it derives from the same host, holds no element that the space lacks, and has
    as many dopants of every entry as some candidate has; its amounts may lie off the grid.

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
    hosts, keys = hosts_of(sites), composition_keys(sites)
    found = np.full(len(sites), ELSEWHERE, dtype="<U9")
    for part in space.parts:
        tables = part.to_dict()["substitutions"]
        host, known = str(hosts_of(part.host_sites)[0]), set(part.elements)
        for row in np.flatnonzero(found != CANDIDATE).tolist():
            row_amounts = zip(sites.elements, sites.composition.amounts[row].tolist(), strict=True)
            amounts = {symbol: amount for symbol, amount in row_amounts if amount > 0}
            if not set(amounts) <= known or not all(_fits(table, amounts, part) for table in tables):
                continue
            # Where dopants outnumber the ion they replace, the host gets another name: still a candidate.
            if _is_candidate(part, amounts, keys[row]):
                found[row] = CANDIDATE
            elif hosts[row] == host:
                found[row] = NEAR
    return found


def _fits(table: Mapping[str, Any], amounts: Mapping[str, float], part: SubstitutionSpace) -> bool:
    """Whether a composition holds as many dopants of an entry as a candidate may."""
    own = set(part.host_sites.elements)
    dopants = {str(ion).rstrip("+-0123456789") for ion in table["ions"]} & set(amounts)
    if "high_entropy" in table:
        return len(dopants) in table["high_entropy"]["members"]
    return len(dopants - own) in table["together"] or (table.get("optional", False) and not dopants)


def _is_candidate(part: SubstitutionSpace, amounts: Mapping[str, float], key: str) -> bool:
    few = narrow_space(part, amounts)
    return few is not None and key in composition_keys(few.decode(np.arange(len(few))).sites())
