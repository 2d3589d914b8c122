"""How far ions go beyond what was made single-phase, and where a monoclinic polymorph is expected."""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.held_ions import HeldIons
from ssepredict.physics.context import PRESENT, FloatArray, RuleContext
from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES

SUBSTITUTED_SITES = ("M", "T")
"""Sites whose ions are held against the reported shares; A mixes alkali ions, X halogens, at any share."""

HOST_TETRAHEDRA = ("P", "Si")
"""Tetrahedral ions that every NASICON may mix; they are no dopants."""

MONOCLINIC_SILICON = (1.8, 2.3)
"""Si per formula unit between which a Na NASICON is monoclinic at room temperature."""

MONOCLINIC_SUBSTITUTED = 0.125
"""Share of M that may be replaced before R-3c is met as often."""


_HOST_ION = -1.0
_CHARGES = 9


def shares_beyond(context: RuleContext, site: str) -> tuple[HeldIons, FloatArray]:
    """Ions held against reported shares, and the share that each takes less the largest one reported.

    The largest is that of a single-phase sample of this host with the ion on this site; NaN where none is
    known, -1 for the ion that names the host, which may fill the site. P and Si on T are left out.
    """
    sites = context.sites
    held = sites.held(site)
    wanted = held.amounts > PRESENT
    if site == "T":
        wanted &= ~np.isin(np.array(sites.elements, dtype=np.str_), HOST_TETRAHEDRA)[held.columns]
    held = held.take(wanted)
    total = context.site_totals[site][held.rows]
    share = np.divide(held.amounts, total, out=np.zeros(len(total)), where=total > PRESENT)
    names, number = context.host_numbers
    limits = np.full((len(names), len(sites.elements), _CHARGES), np.nan)
    for row, host in enumerate(names.tolist()):
        reported = SINGLE_PHASE_SHARES.get(host, {}).get(site, {})
        for column, symbol in enumerate(sites.elements if reported else ()):
            for charge in range(_CHARGES):
                limits[row, column, charge] = reported.get(f"{symbol}{charge}+", (np.nan,))[0]
    charges = sites.oxidation[held.rows, held.columns]
    known = (charges >= 0) & (charges < _CHARGES)
    limit = limits[number[held.rows], held.columns, np.where(known, charges, 0).astype(np.intp)]
    return held, np.where(known, np.where(limit >= 1.0, _HOST_ION, share - limit), np.nan)


def dopant_excess(context: RuleContext) -> FloatArray:
    """Largest share beyond what was reported, over the ions on M and T, shape (n,).

    NaN where an ion was never reported (or the row has no host) and no other one is beyond its share.
    """
    names, number = context.host_numbers
    unknown = (names == "")[number] if len(names) else np.zeros(len(context), dtype=bool)
    worst = np.full(len(context), -np.inf)
    for site in SUBSTITUTED_SITES if context.sites.elements else ():
        held, beyond = shares_beyond(context, site)
        missing = np.isnan(beyond)
        unknown[held.rows[missing]] = True
        known = np.where(missing, -np.inf, beyond)
        worst = np.maximum(worst, held.extreme(known, len(context), largest=True, empty=-np.inf))
    return np.where((unknown & (worst <= 0.0)) | np.isinf(worst), np.nan, worst)


def _ions(context: RuleContext, row: int) -> list[tuple[float, str, str, float]]:
    """(share beyond, ion, site, share) of every ion that is held against a reported share."""
    found = []
    for site in SUBSTITUTED_SITES:
        held, beyond = shares_beyond(context, site)
        total = context.site_totals[site][row]
        found += [
            (
                float(beyond[place]),
                context.ion(row, int(held.columns[place])),
                site,
                float(held.amounts[place] / total),
            )
            for place in np.flatnonzero(held.rows == row).tolist()
        ]
    return found


def say_dopant_excess(context: RuleContext, row: int) -> str:
    """Name the ion that goes furthest, what was reported of it, and in how many compositions."""
    beyond, ion, site, share = max(entry for entry in _ions(context, row) if not np.isnan(entry[0]))
    host = str(context.hosts[row])
    if beyond == _HOST_ION:
        return f"no ion on M or T beside those of {host}"
    largest, count = SINGLE_PHASE_SHARES[host][site][ion]
    return (
        f"{ion} takes {share:.3g} of {site}; the largest share reported without a second phase in {host} is "
        f"{largest:.3g} ({count} composition{'s' if count > 1 else ''} with {ion})"
    )


def say_unreported(context: RuleContext, row: int) -> str:
    """Name the ions of which no single-phase sample is known."""
    host = str(context.hosts[row])
    if not host:
        return "dopant fractions need a host and this formula has none"
    names = [f"{ion} on {site}" for beyond, ion, site, _ in _ions(context, row) if np.isnan(beyond)]
    return f"no single-phase sample of {host} with {' or '.join(names)} is in the dataset"


def monoclinic_distance(context: RuleContext) -> FloatArray:
    """Distance to the monoclinic field of Na NASICON, per formula unit, shape (n,); 0 inside.

    Outside it is how far Si is from the window or, in the window, how much more of M is replaced than the
    field allows. Compositions without Na are taken as far away: their polymorphs have other causes.
    """
    silicon = (
        context.sites.occupancy["T"][:, context.sites.elements.index("Si")]
        if ("Si" in context.sites.elements)
        else np.zeros(len(context))
    )
    low, high = MONOCLINIC_SILICON
    from_window = np.maximum(low - silicon, silicon - high)
    replaced = _replaced(context) - MONOCLINIC_SUBSTITUTED
    distance = np.maximum(np.maximum(from_window, replaced * FRAMEWORKS["nasicon"].m_sites), 0.0)
    distance = np.where(context.sites.mobile_ion == "Na", distance, low)
    return np.where(context.site_totals["M"] > PRESENT, np.round(distance, 9), np.nan)


def _replaced(context: RuleContext) -> FloatArray:
    """Share of M that is not the majority ion, shape (n,); NaN without M ions."""
    on_m, total = context.sites.occupancy["M"], context.site_totals["M"]
    most = on_m.max(axis=1) if on_m.shape[1] else np.zeros(len(context))
    kept: FloatArray = np.divide(most, total, out=np.full(len(context), np.nan), where=total > PRESENT)
    return 1.0 - kept


def say_polymorph(context: RuleContext, row: int) -> str:
    """Name the polymorph expected at room temperature, with Si and the share of M replaced."""
    sites = context.sites
    silicon = float(sites.occupancy["T"][row, sites.elements.index("Si")]) if "Si" in sites.elements else 0.0
    replaced = float(_replaced(context)[row])
    counts = f"Si {silicon:.3g} per formula unit, {100 * replaced:.3g} % of M replaced"
    if float(monoclinic_distance(context)[row]) > 0:
        return f"{counts}: outside the monoclinic field, R-3c is usual"
    return (
        f"{counts}: monoclinic (C2/c) is expected at room temperature; its conductivity does not follow the "
        "Arrhenius line of the R-3c phase above the transition"
    )
