"""Conductivities against activation energies: impossible prefactors, and ratios that belong elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from ssepredict.audit.compositions import verdict_counts
from ssepredict.audit.finding import Finding, shown
from ssepredict.audit.material import Material
from ssepredict.physics.bounds import REJECT, WARN
from ssepredict.physics.checks import check_sites
from ssepredict.physics.rules import RULES
from ssepredict.units import BOLTZMANN_EV_K

_PAIR_RULES = ("arrhenius_consistency", "nernst_einstein_ceiling")
OUTER_FENCE = 3.0 / 8.0
"""Tukey's outer fences lie 3 interquartile ranges out, the bounds 1.5: further by 3/8 of their distance."""

OWN_TOLERANCE_EV = 0.075
"""Stated and implied energies of one work agree within this: sigma or sigma*T on the axis moves the energy by
kT (0.03 to 0.05 eV), figures are rounded; 73 sound pairs of the shipped dataset stay inside."""

OTHERS_TOLERANCE_EV = 0.15
"""The same where only other works state an energy for the composition."""

RESTORED_WITHIN_EV = 0.02
_APART_K = 40.0
_ROOM_END_C = 100.0
_STANDARD_K = tuple(float(kelvin) for kelvin in range(300, 901, 100))
_STANDARD_C = (20.0, 25.0, 30.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0, 350.0, 400.0, 500.0)


class Ratio(NamedTuple):
    """Two conductivities of one sample whose ratio contradicts the activation energy."""

    row: Any
    low: tuple[float, float]
    high: tuple[float, float]
    implied_ev: float
    stated_ev: float
    own: bool
    measurements: tuple[str, ...]


def pair_findings(given: Material) -> tuple[list[Finding], pd.DataFrame]:
    """Hold every pair (conductivity, activation energy) of one sample against the rules of physics.

    Conductivities that were extrapolated with the very energy are left out.

    Parameters
    ----------
    given : Material

    Returns
    -------
    list of Finding
        A prefactor outside its range (flagged beyond the outer fence, else kept), a conductivity that the
        ceiling rejects (flagged).
    DataFrame
        Rows per rule and verdict.
    """
    pairs = _pairs(given)
    rules = {name: RULES[name] for name in _PAIR_RULES if name in RULES}
    if pairs.empty:
        return [], verdict_counts({name: np.array([], dtype=np.int8) for name in rules})
    sites = given.sites.take(pairs["site_row"].to_numpy(dtype=np.int64))
    both = [
        check_sites(
            sites,
            {
                "conductivity_s_cm": pairs["value"],
                "activation_energy_ev": pairs[energy],
                "temperature_c": pairs["temperature_c"],
            },
            rules=rules,
        )
        for energy in ("energy_low_ev", "energy_high_ev")
    ]
    findings, codes = [], {}
    for name, rule in rules.items():
        low, high = (verdicts.judgements[name] for verdicts in both)
        # Of several energies that a source states, the one that fits best decides.
        better = (high.codes < low.codes) | ((high.codes == low.codes) & (high.margins > low.margins))
        codes[name] = np.where(better, high.codes, low.codes)
        wanted = REJECT if rule.severity == "reject" else WARN
        for number in np.flatnonzero(codes[name] == wanted).tolist():
            pair, side = pairs.iloc[number], int(better[number])
            judged, context = both[side].judgements[name], both[side].context
            bound = rule.bounds[int(judged.deciding[number])]
            value = float(bound.measured.measure(context)[number])
            energy = pair["energy_high_ev"] if side else pair["energy_low_ev"]
            far = wanted == REJECT or -judged.margins[number] > OUTER_FENCE * (bound.high - bound.low)
            findings.append(
                Finding(
                    name,
                    str(pair["source_id"]),
                    f"{pair['formula']}, {pair['measurement_id']}",
                    f"{_at(pair)} with {shown(energy, 'eV')}: {bound.measured.label} "
                    f"{bound.measured.show(value)} {bound.measured.unit}".rstrip(),
                    bound.text,
                    "far outside the range: conductivity and energy cannot belong together"
                    if far
                    else "outside the usual range; the rows are kept",
                    "flagged" if far else "kept",
                    (str(pair["measurement_id"]),),
                )
            )
    return findings, verdict_counts(codes)


def _pairs(given: Material) -> pd.DataFrame:
    """Conductivities with the lowest and highest energy stated for their sample and contribution.

    Below 100 °C an energy of the high-temperature polymorph does not count, above it none of the other.
    """
    sigma = given.conductivity
    sigma = sigma[(sigma["computed"] == 0) & (sigma["contribution"] != "grain_boundary")]
    sigma = sigma[sigma["temperature_c"].notna()]
    energy = given.energy[["sample_id", "value", "contribution", "phase_range"]]
    pairs = sigma.drop(columns="phase_range").merge(energy, on="sample_id", suffixes=("", "_ea"))
    one, other = pairs["contribution"], pairs["contribution_ea"]
    open_ended = ("", "unspecified")
    room = pairs["temperature_c"] <= _ROOM_END_C
    wrong_phase = np.where(room, "high_temperature", "low_temperature")
    fits = ((one == other) | one.isin(open_ended) | other.isin(open_ended)) & (
        pairs["phase_range"] != wrong_phase
    )
    ends = pairs[fits].groupby("measurement_id")["value_ea"].agg(["min", "max"])
    found = sigma[sigma["measurement_id"].isin(ends.index)].reset_index(drop=True)
    return found.assign(
        energy_low_ev=found["measurement_id"].map(ends["min"]).astype(np.float64),
        energy_high_ev=found["measurement_id"].map(ends["max"]).astype(np.float64),
    )


def ratio_findings(given: Material) -> tuple[list[Finding], int]:
    """Find samples whose conductivities at two temperatures contradict the activation energy.

    The energy that the two imply, ``k ln(s2 T2 / s1 T1) / (1/T1 - 1/T2)``, is held against those that the
    same work states for the composition (or, without one, other works). Where it disagrees, the standard
    temperatures (multiples of 100 K, usual ones in °C) that restore the energy are looked for; of those
    that do, the pair that restores the samples of the whole dataset most closely is named.

    Parameters
    ----------
    given : Material

    Returns
    -------
    list of Finding
        All flagged.
    int
        Pairs of conductivities that could be judged.
    """
    broken, judged = _ratios(given)
    restoring = [_restoring(ratio) for ratio in broken]
    votes: dict[tuple[float, float], int] = {}
    # Several pairs restore roughly; the right one restores closely, so a vote weighs by how closely.
    weight: dict[tuple[float, float], float] = {}
    for ratio, pairs in zip(broken, restoring, strict=True):
        for temperatures, implied in pairs.items():
            votes[temperatures] = votes.get(temperatures, 0) + 1
            closeness = 1.0 - abs(implied - ratio.stated_ev) / RESTORED_WITHIN_EV
            weight[temperatures] = weight.get(temperatures, 0.0) + closeness
    findings = []
    for ratio, pairs in zip(broken, restoring, strict=True):
        best = max(pairs, key=weight.__getitem__, default=None)
        whose = "stated" if ratio.own else "stated by other works"
        findings.append(
            Finding(
                "activation_energy_ratio",
                str(ratio.row.source_id),
                f"{ratio.row.formula}, {' and '.join(ratio.measurements)}",
                f"{shown(ratio.low[1], 'S/cm')} at {shown(ratio.low[0] - 273.15, '°C')} and "
                f"{shown(ratio.high[1], 'S/cm')} at {shown(ratio.high[0] - 273.15, '°C')}, which imply "
                f"{ratio.implied_ev:.3f} eV",
                f"{ratio.stated_ev:.3g} eV, {whose}",
                f"{best[0]:.0f} K and {best[1]:.0f} K restore it ({pairs[best]:.3f} eV), as for "
                f"{votes[best]} of {len(broken)} such samples"
                if best is not None
                else "no pair of standard temperatures restores it",
                "flagged",
                ratio.measurements,
            )
        )
    return findings, judged


def _ratios(given: Material) -> tuple[list[Ratio], int]:
    sigma = given.conductivity
    sigma = sigma[sigma["temperature_c"].notna() & (sigma["kelvin"] > 0)]
    own = _ranges(given.energy, ["work_id", "key"])
    others = _ranges(given.energy, ["key"])
    found, judged = [], 0
    for (work, key, _, _), group in sigma.groupby(["work_id", "key", "sample_id", "contribution"], sort=True):
        kelvin = group["kelvin"]
        if kelvin.max() - kelvin.min() < _APART_K:
            continue
        has_own = (work, key) in own
        stated = own.get((work, key)) or others.get((key,))
        if stated is None:
            continue
        tolerance = OWN_TOLERANCE_EV if has_own else OTHERS_TOLERANCE_EV
        judged += 1
        ends = [group[kelvin == end] for end in (kelvin.min(), kelvin.max())]
        low, high = ((float(end["kelvin"].iloc[0]), float(end["value"].median())) for end in ends)
        implied = _implied_ev(low, high)
        if stated[0] - tolerance <= implied <= stated[1] + tolerance:
            continue
        nearest = stated[0] if implied < stated[0] else stated[1]
        names = tuple(sorted(pd.concat(ends)["measurement_id"]))
        row = next(group.itertuples())
        found.append(Ratio(row, low, high, implied, nearest, has_own, names))
    return found, judged


def _ranges(energy: pd.DataFrame, by: list[str]) -> dict[tuple[Any, ...], tuple[float, float]]:
    """Lowest and highest energy (eV) stated per group."""
    ends = energy.groupby(by)["value"].agg(["min", "max"]).reset_index()
    keys = ends[by].itertuples(index=False, name=None)
    return dict(zip(keys, ends[["min", "max"]].itertuples(index=False, name=None), strict=True))


def _implied_ev(low: tuple[float, float], high: tuple[float, float]) -> float:
    """Activation energy (eV) of two points (K, S/cm), sigma*T convention."""
    ratio = np.log(high[1] * high[0] / (low[1] * low[0]))
    return float(BOLTZMANN_EV_K * ratio / (1.0 / low[0] - 1.0 / high[0]))


def _restoring(ratio: Ratio) -> dict[tuple[float, float], float]:
    """Find standard temperatures (K) at which the two values imply the stated energy, and what they imply."""
    levels = sorted({*_STANDARD_K, *(celsius + 273.15 for celsius in _STANDARD_C)})
    tried = {
        (cold, hot): _implied_ev((cold, ratio.low[1]), (hot, ratio.high[1]))
        for cold, hot in ((a, b) for a in levels for b in levels if b - a >= _APART_K)
    }
    near = ratio.stated_ev - RESTORED_WITHIN_EV, ratio.stated_ev + RESTORED_WITHIN_EV
    return {pair: implied for pair, implied in tried.items() if near[0] <= implied <= near[1]}


def _at(row: pd.Series[Any]) -> str:
    return f"{shown(row['value'], 'S/cm')} at {shown(row['temperature_c'], '°C')}"


def contradicted(findings: list[Finding]) -> Iterator[str]:
    """Keys of the conductivities that a ratio contradicts."""
    for finding in findings:
        if finding.rule == "activation_energy_ratio":
            yield from finding.measurements
