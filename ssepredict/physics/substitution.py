"""How far ions go beyond what was made single-phase, and where a monoclinic polymorph is expected."""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.frameworks import FRAMEWORKS
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


def shares_beyond(context: RuleContext, site: str) -> FloatArray:
    """Share of a site that an ion takes, less the largest share reported single-phase, shape (n, m).

    -1 for the ion that names the host, which may fill the site; -inf where an ion is absent, NaN where no
    single-phase sample with it on this site of this host is known.
    """
    sites = context.sites
    occupancy = sites.occupancy[site]
    total = occupancy.sum(axis=1, keepdims=True)
    share = np.divide(occupancy, total, out=np.zeros_like(occupancy), where=total > PRESENT)
    present = occupancy > PRESENT
    if site == "T":
        present = present & ~np.isin(np.array(sites.elements, dtype=np.str_), HOST_TETRAHEDRA)[None, :]
    limit = np.full(occupancy.shape, np.nan)
    names, inverse = np.unique(context.hosts, return_inverse=True)
    for number, host in enumerate(names.tolist()):
        reported = SINGLE_PHASE_SHARES.get(host, {}).get(site, {})
        rows = np.flatnonzero(inverse.ravel() == number)
        for column in np.flatnonzero(present[rows].any(axis=0)).tolist() if reported else ():
            charges = sites.oxidation[rows, column]
            for charge in np.unique(charges[np.isfinite(charges)]).tolist():
                ion = f"{sites.elements[column]}{int(charge)}+"
                if ion in reported:
                    limit[rows[charges == charge], column] = reported[ion][0]
    beyond = np.where(limit >= 1.0, _HOST_ION, share - limit)
    return np.where(present, beyond, -np.inf)


def dopant_excess(context: RuleContext) -> FloatArray:
    """Largest share beyond what was reported, over the ions on M and T, shape (n,).

    NaN where an ion was never reported (or the row has no host) and no other one is beyond its share.
    """
    if not context.sites.elements:
        return np.full(len(context), np.nan)
    beyond = np.concatenate([shares_beyond(context, site) for site in SUBSTITUTED_SITES], axis=1)
    unknown = np.isnan(beyond).any(axis=1) | (context.hosts == "")
    worst = np.where(np.isnan(beyond), -np.inf, beyond).max(axis=1)
    return np.where((unknown & (worst <= 0.0)) | np.isinf(worst), np.nan, worst)


def _ions(context: RuleContext, row: int) -> list[tuple[float, str, str, float]]:
    """(share beyond, ion, site, share) of every ion that is held against a reported share."""
    found = []
    for site in SUBSTITUTED_SITES:
        beyond = shares_beyond(context, site)[row]
        total = context.sites.occupancy[site][row].sum()
        found += [
            (
                float(beyond[column]),
                context.ion(row, column),
                site,
                float(context.sites.occupancy[site][row, column] / total),
            )
            for column in np.flatnonzero(~np.isneginf(beyond)).tolist()
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
