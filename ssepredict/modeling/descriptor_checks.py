"""Computed descriptors held against what was reported, before a model may use them.

A descriptor is used inside a host where its configurations agree (reliability) and where it orders what was
reported of the dopants in the direction that physics expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import LARGE_LANTHANIDES
from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.chemistry.sites import parse_sites
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.reported_cells import volume_errors
from ssepredict.modeling.single_phase import reported_shares
from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES
from ssepredict.structures.hosts import HOSTS, find_host
from ssepredict.structures.potentials import potential_names

LEVEL = 0.05
"""Largest one-sided p-value at which a check is passed."""

LEAST_RELIABILITY = 0.5
"""Least share of the variance between dopants that is not scatter between configurations."""

FEWEST = 5
"""Pairs below which a check is not evaluable."""

PERMUTATIONS = 10_000


@dataclass(frozen=True)
class Check:
    """What a descriptor should order, and in which direction."""

    descriptor: str
    against: str
    expected: int
    between_hosts: bool = False


CHECKS = (
    Check("volume", "reported volume", 1, between_hosts=True),
    Check("volume_strain", "Shannon radius", 1),
    Check("volume_strain", "reported volume", 1),
    Check("barrier_1d", "reported activation energy", 1, between_hosts=True),
    Check("barrier_3d", "reported activation energy", 1, between_hosts=True),
    Check("barrier_1d", "reported activation energy", 1),
    Check("barrier_3d", "reported activation energy", 1),
    Check("bottleneck_area", "reported activation energy", -1),
    Check("bottleneck_smallest", "reported activation energy", -1),
    Check("site_energy_spread", "reported activation energy", 1),
    Check("mixing_energy", "largest single-phase share", -1),
    Check("mixing_energy", "monazite former", 1),
)
"""Descriptors without a check of their own (`c_strain`) are never used."""


def check_descriptors(
    table: pd.DataFrame, dataset: Dataset, lattice: pd.DataFrame, *, seed: int = 0
) -> pd.DataFrame:
    """Hold every descriptor of every potential against what was reported.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.
    dataset : Dataset
    lattice : DataFrame
        ``lattice.csv``.
    seed : int
        Of the permutations.

    Returns
    -------
    DataFrame
        One row per potential, check and host: `potential`, `descriptor`, `against`, `host` (``between hosts``
        where hosts are compared), `n`, `expected` (sign), `spearman`, `p_value` (one-sided, by permutation;
        NaN below `FEWEST` pairs), `reliability`, `passed`. Inside a host no check is passed while the
        reliability is unknown.
    """
    cells = volume_errors(table, lattice)
    medians = cells.groupby(["host", "ion", "fraction"])["reported"].median().reset_index()
    volumes = {(row[0], row[1], row[2]): float(row[3]) for row in medians.to_numpy().tolist()}
    reported = _Reported(reported_activation_energies(dataset), volumes)
    rows = [
        (str(potential), *row)
        for potential, lines in table.groupby(potential_names(table))
        for row in _check_potential(lines, reported, seed)
    ]
    names = [
        "potential", "descriptor", "against", "host", "n", "expected", "spearman", "p_value", "reliability",
        "passed",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names)


def used_descriptors(checks: pd.DataFrame) -> dict[str, dict[str, tuple[str, ...]]]:
    """Name what models may use: descriptors that pass a check inside a host and fail none there.

    Parameters
    ----------
    checks : DataFrame
        As `check_descriptors` gives it.

    Returns
    -------
    dict of str to dict of str to tuple of str
        Potential to host to descriptors; what is missing is not used.
    """
    judged = checks[(checks["host"] != "between hosts") & checks["p_value"].notna()]
    sound = judged.groupby(["potential", "host", "descriptor"])["passed"].all()
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for potential, host, descriptor in sorted(sound[sound].index):
        of_potential = found.setdefault(potential, {})
        of_potential[host] = (*of_potential.get(host, ()), descriptor)
    return found


def reported_activation_energies(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Median reported activation energy of the undoped host and of each dopant that is alone on the M site.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of str to dict of str to float
        Host to ion to eV; the undoped host, where its structure is declared, under ``""``.
    """
    samples = dataset.samples.reset_index(drop=True)
    shares = reported_shares(samples)
    dopants = shares[(shares["site"] == "M") & (shares["share"] < 1.0)].groupby("sample")["ion"]
    names = {sample: set(ions) for sample, ions in dopants}
    ion = [_only(names.get(row, {""})) for row in range(len(samples))]
    known = pd.DataFrame({"host": samples["host"], "ion": ion}).set_index(samples["sample_id"])
    rows = dataset.transport
    rows = rows[(rows["quantity"] == "activation_energy") & (rows["suspect"] == 0) & (rows["secondary"] == 0)]
    joined = rows[["sample_id", "value"]].join(known, on="sample_id").dropna(subset=["ion", "host"])
    # An undoped host is one composition; others without an M dopant (excess Na, Si/P) differ from it.
    keys = samples.set_index("sample_id")["composition_key"]
    plain = dict(zip(HOSTS, composition_keys(parse_sites(list(HOSTS))).tolist(), strict=True))
    keep = (joined["ion"] != "") | (joined["sample_id"].map(keys) == joined["host"].map(plain))
    medians = joined[keep].groupby(["host", "ion"])["value"].median()
    found: dict[str, dict[str, float]] = {}
    for host, name, value in medians.reset_index().itertuples(index=False):
        found.setdefault(str(host), {})[str(name)] = float(value)
    return found


def rank_correlation(
    computed: FloatArray, reported: FloatArray, expected: int, *, seed: int = 0
) -> tuple[float, float]:
    """Spearman's rank correlation and how often chance gives one as far in the expected direction.

    Parameters
    ----------
    computed, reported : ndarray of float, shape (n,)
    expected : int
        1 or -1.
    seed : int

    Returns
    -------
    tuple of float
        Coefficient (NaN for a constant side) and one-sided p-value (NaN below `FEWEST` pairs).

    References
    ----------
    C. Spearman, Am. J. Psychol. 15 (1904) 72, doi 10.2307/1412159.

    Examples
    --------
    >>> import numpy as np
    >>> rank_correlation(np.arange(6.0), np.arange(6.0) ** 3, 1)[0]
    1.0
    """
    if len(computed) < 2 or np.ptp(computed) == 0 or np.ptp(reported) == 0:
        return np.nan, np.nan
    first, second = (pd.Series(side).rank().to_numpy() for side in (computed, reported))
    first, second = first - first.mean(), second - second.mean()
    scale = np.sqrt((first @ first) * (second @ second))
    rho = float(np.clip(first @ second / scale, -1.0, 1.0))
    if len(computed) < FEWEST:
        return rho, np.nan
    rng = np.random.default_rng(seed)
    drawn = np.array([rng.permutation(second) for _ in range(PERMUTATIONS)]) @ first / scale
    beyond = int((expected * drawn >= expected * rho - 1e-12).sum())
    return rho, (1 + beyond) / (1 + PERMUTATIONS)


def reliability(rows: pd.DataFrame) -> float:
    """Share of the variance of a descriptor between dopants that is not scatter between configurations.

    Parameters
    ----------
    rows : DataFrame
        Lines of one descriptor and host: `mean`, `spread`, `configurations`.

    Returns
    -------
    float
        At most 1, negative where scatter exceeds the differences; NaN without at least three lines that have
        a spread.
    """
    rows = rows[rows["spread"].notna()]
    if len(rows) < 3 or np.ptp(rows["mean"]) == 0:
        return float("nan")
    scatter = (rows["spread"] ** 2 / rows["configurations"]).mean()
    return float(1.0 - scatter / rows["mean"].var())


def _only(names: set[str]) -> str | None:
    return next(iter(names)) if len(names) == 1 else None


def _check_potential(table: pd.DataFrame, reported: _Reported, seed: int) -> Iterator[tuple[object, ...]]:
    for check in CHECKS:
        values = table[table["descriptor"] == check.descriptor]
        for host, pairs in _pairs(check, values, reported):
            both = np.array(pairs, dtype=float)
            rho, p_value = rank_correlation(both[:, 0], both[:, 1], check.expected, seed=seed)
            doped = values[(values["host"] == host) & values["fraction"].between(0, 0.5, inclusive="neither")]
            steady = np.nan if check.between_hosts else reliability(doped)
            passed = p_value <= LEVEL and (check.between_hosts or steady >= LEAST_RELIABILITY)
            yield (
                check.descriptor, check.against, host, len(pairs), check.expected, rho, p_value, steady,
                passed,
            )  # fmt: skip


def _pairs(
    check: Check, values: pd.DataFrame, reported: _Reported
) -> Iterable[tuple[str, list[tuple[float, float]]]]:
    """Pair what is computed and reported for undoped hosts and end members, or for the dopants of a host."""
    fractions = values["fraction"]
    if check.between_hosts:
        groups = [("between hosts", values[(fractions == 0) | (fractions >= 0.5)])]
    else:
        groups = [
            (str(host), rows) for host, rows in values[fractions.between(0, 0.5, "neither")].groupby("host")
        ]
    for name, rows in groups:
        lines = zip(rows["host"], rows["ion"], rows["fraction"], rows["mean"], strict=True)
        found = [(mean, reported.value(check.against, host, ion, part)) for host, ion, part, mean in lines]
        pairs = [(mean, value) for mean, value in found if value is not None]
        if pairs:
            yield name, pairs


@dataclass(frozen=True, eq=False)
class _Reported:
    """What is reported, looked up by host, ion and fraction."""

    energies: Mapping[str, Mapping[str, float]]
    volumes: Mapping[tuple[str, str, float], float]

    def value(self, against: str, host: str, ion: str, fraction: float) -> float | None:
        if against == "reported volume":
            return self.volumes.get((host, ion, fraction))
        if against == "reported activation energy":  # an end member is no doped host
            return self.energies.get(host, {}).get(ion if fraction else "") if fraction < 0.5 else None
        if against == "largest single-phase share":
            shares = SINGLE_PHASE_SHARES.get(host, {}).get("M", {})
            return shares[ion][0] if ion in shares else None
        parsed = Ion.parse(ion)
        if against == "monazite former":
            phosphate = any(tetrahedral.element == "P" for tetrahedral, _ in find_host(host).tetrahedral)
            former = parsed.charge == 3 and parsed.element in LARGE_LANTHANIDES
            return float(former) if phosphate else None
        radius = float(shannon_radii([parsed.element], np.array([[parsed.charge]]), 6)[0, 0])
        return radius if np.isfinite(radius) else None
