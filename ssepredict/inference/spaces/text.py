"""Candidates in words: formulas in the order of the sites, and what was substituted."""

from __future__ import annotations

from ssepredict.chemistry.formula import format_formulas
from ssepredict.chemistry.ions import Ion
from ssepredict.inference.spaces.batch import CandidateBatch
from ssepredict.inference.spaces.part import PartDecoder

_Named = dict[str, list[tuple[Ion, float]]]
"""Dopant ions with their fractions, per site."""


def write_formulas(decoder: PartDecoder, batch: CandidateBatch) -> list[str]:
    """Write candidates of one part: A site, M site, T site, anions; on each the host, then the dopants.

    Parameters
    ----------
    decoder : PartDecoder
    batch : CandidateBatch
        n candidates, `dopants` counted in the ions of the part.

    Returns
    -------
    list of str, length n
    """
    host = decoder.plan.host
    own = {
        site: [e for e, amount in zip(host.elements, host.occupancy[site][0], strict=True) if amount > 0]
        for site in ("A", "M", "T", "X")
    }
    own["A"].sort(key=lambda symbol: symbol != host.mobile_ion[0])
    own["T"] = ["Si", "P", *own["T"]]
    return [
        format_formulas(batch.composition.take([row]), list(dict.fromkeys(_order(own, dopants))))[0]
        for row, dopants in enumerate(_named(decoder, batch))
    ]


def describe_dopants(decoder: PartDecoder, batch: CandidateBatch) -> list[str]:
    """Write what was substituted, e.g. ``Sc3+ 0.2, Zn2+ 0.1 on M; Si 2.2 on T``; see `write_formulas`."""
    plan = decoder.plan
    tells_silicon = bool(plan.silicon) or plan.balance.site == "T"
    texts = []
    for row, dopants in enumerate(_named(decoder, batch)):
        pieces = [
            ", ".join(f"{ion} {amount:g}" for ion, amount in found) + f" on {site}"
            for site, found in dopants.items()
            if found
        ]
        if tells_silicon:
            pieces.append(f"Si {batch.silicon[row]:g} on T")
        if batch.excess[row]:
            pieces.append(f"{plan.mobile} {batch.excess[row]:+g} on A")
        texts.append("; ".join(pieces) or "undoped")
    return texts


def _order(own: dict[str, list[str]], dopants: _Named) -> list[str]:
    return [
        symbol
        for site in ("A", "M", "T", "X")
        for symbol in (*own[site], *(ion.element for ion, _ in dopants.get(site, ())))
    ]


def _named(decoder: PartDecoder, batch: CandidateBatch) -> list[_Named]:
    """Dopants of each candidate by site: the largest amount first, then by name."""
    sites = [entry.site for entry in decoder.plan.entries for _ in entry.ions]
    found = []
    for ions, amounts in zip(batch.dopants.tolist(), batch.fractions.tolist(), strict=True):
        named: _Named = {site: [] for site in ("M", "T", "A", "X")}
        for ion, amount in zip(ions, amounts, strict=True):
            if ion >= 0:
                named[sites[ion]].append((decoder.ions[ion], amount))
        for pairs in named.values():
            pairs.sort(key=lambda pair: (-pair[1], str(pair[0])))
        found.append(named)
    return found
