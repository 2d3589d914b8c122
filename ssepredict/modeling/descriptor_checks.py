"""Computed descriptors held against what was reported, before a model may use them.

A descriptor is used inside a host where its configurations agree (reliability) and where it orders what was
reported of the dopants in the direction that physics expects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.data.dataset import Dataset
from ssepredict.modeling.single_phase import reported_shares
from ssepredict.physics.single_phase import SINGLE_PHASE_SHARES

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
    Check("barrier_1d", "reported activation energy", 1, between_hosts=True),
    Check("barrier_3d", "reported activation energy", 1, between_hosts=True),
    Check("barrier_1d", "reported activation energy", 1),
    Check("barrier_3d", "reported activation energy", 1),
    Check("bottleneck_area", "reported activation energy", -1),
    Check("bottleneck_smallest", "reported activation energy", -1),
    Check("site_energy_spread", "reported activation energy", 1),
    Check("mixing_energy", "largest single-phase share", -1),
)
"""Descriptors without a check of their own (`c_strain`) are never used."""


@dataclass(frozen=True)
class ReportedCell:
    """A measured cell: lattice (Å, degrees), formula units in it, where it was read."""

    host: str
    ion: str
    fraction: float
    lattice: tuple[float, float, float, float, float, float]
    formula_units: int
    source: str

    @property
    def volume(self) -> float:
        """Å3 per formula unit."""
        a, b, c, *angles = self.lattice
        cosines = np.cos(np.radians(angles))
        shape = 1.0 - (cosines**2).sum() + 2.0 * cosines.prod()
        return float(a * b * c * np.sqrt(shape)) / self.formula_units


_STRUKTUR_V = "doi 10.1016/0022-5088(88)90074-4"
REPORTED_CELLS = (
    ReportedCell(
        "Na3Cr2(PO4)3", "Cr3+", 0.0, (8.6476, 8.6476, 21.6169, 90, 90, 120), 6,
        "http://crystallography.net/cod/1008846.cif",
    ),
    ReportedCell("NaZr2(PO4)3", "Mg2+", 0.5, (8.907, 8.907, 22.22, 90, 90, 120), 6, _STRUKTUR_V),
    ReportedCell("NaZr2(PO4)3", "Mn2+", 0.5, (9.0, 9.0, 22.393, 90, 90, 120), 6, _STRUKTUR_V),
    ReportedCell(  # the triclinic polymorph; the computed one is rhombohedral
        "LiZr2(PO4)3", "Zr4+", 0.0, (15.0718, 8.8556, 9.1234, 89.660, 123.912, 90.429), 4,
        "Solid State Ionics 123 (1999) 173, abstract at https://impact.ornl.gov/en/publications/"
        "lithium-location-in-nasicon-type-lisupsup-conductors-by-neutron-d/",
    ),
    ReportedCell(
        "Li3ErCl6", "Er3+", 0.0, (11.177, 11.177, 6.036, 90, 90, 120), 3, "https://acemap.info/paper/209608584"
    ),
)  # fmt: skip
"""Measured cells of what the table of descriptors holds."""


def check_descriptors(table: pd.DataFrame, dataset: Dataset, *, seed: int = 0) -> pd.DataFrame:
    """Hold every descriptor against what was reported.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.
    dataset : Dataset
    seed : int
        Of the permutations.

    Returns
    -------
    DataFrame
        One row per check and host: `descriptor`, `against`, `host` (``between hosts`` where hosts are
        compared), `n`, `expected` (sign), `spearman`, `p_value` (one-sided, by permutation; NaN below
        `FEWEST` pairs), `reliability`, `passed`.
    """
    energies = reported_activation_energies(dataset)
    rows = []
    for check in CHECKS:
        values = table[table["descriptor"] == check.descriptor]
        for host, pairs in _pairs(check, values, energies):
            computed, reported = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
            rho, p_value = rank_correlation(computed, reported, check.expected, seed=seed)
            steady = np.nan if check.between_hosts else reliability(values[values["host"] == host])
            passed = p_value <= LEVEL and not steady < LEAST_RELIABILITY
            rows.append(
                (
                    check.descriptor,
                    check.against,
                    host,
                    len(pairs),
                    check.expected,
                    rho,
                    p_value,
                    steady,
                    passed,
                )
            )
    names = ["descriptor", "against", "host", "n", "expected", "spearman", "p_value", "reliability", "passed"]
    return pd.DataFrame(rows, columns=names)


def used_descriptors(checks: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """Descriptors that passed a check inside a host, by host; all others are not used."""
    passed = checks[checks["passed"] & (checks["host"] != "between hosts")]
    return {
        str(host): tuple(sorted(set(names)))
        for host, names in passed.groupby("host")["descriptor"]
        if len(names)
    }


def volume_errors(table: pd.DataFrame) -> pd.DataFrame:
    """Compare computed with reported volumes.

    Parameters
    ----------
    table : DataFrame
        ``descriptors.csv``.

    Returns
    -------
    DataFrame
        `host`, `ion`, `fraction`, `computed` and `reported` (Å3 per formula unit), `error_pct`, `source`.
    """
    volumes = table[table["descriptor"] == "volume"].set_index(["host", "ion", "fraction"])["mean"]
    rows = [
        (cell.host, cell.ion, cell.fraction, volumes[key], cell.volume, cell.source)
        for cell in REPORTED_CELLS
        if (key := (cell.host, cell.ion, cell.fraction)) in volumes.index
    ]
    found = pd.DataFrame(rows, columns=["host", "ion", "fraction", "computed", "reported", "source"])
    found.insert(5, "error_pct", 100.0 * (found["computed"] / found["reported"] - 1.0))
    return found


def reported_activation_energies(dataset: Dataset) -> dict[str, dict[str, float]]:
    """Median reported activation energy of the undoped host and of each dopant that is alone on the M site.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict of str to dict of str to float
        Host to ion to eV; the undoped host under ``""``.
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
    plain = samples.set_index("sample_id")["formula"]
    keep = (joined["ion"] != "") | (joined["sample_id"].map(plain) == joined["host"])
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


def _pairs(
    check: Check, values: pd.DataFrame, energies: Mapping[str, Mapping[str, float]]
) -> Iterable[tuple[str, list[tuple[float, float]]]]:
    if check.against == "reported volume":
        found = volume_errors(values)
        pairs = list(zip(found["computed"], found["reported"], strict=True))
        if pairs:
            yield "between hosts", pairs
        return
    if check.between_hosts:
        undoped = values[values["fraction"] == 0]
        known = zip(undoped["host"], undoped["mean"], strict=True)
        pairs = [(value, energies[host][""]) for host, value in known if "" in energies.get(host, {})]
        if pairs:
            yield "between hosts", pairs
        return
    doped = values[values["fraction"].between(0, 0.5, inclusive="neither")]
    for name, rows in doped.groupby("host"):
        host = str(name)
        reported = _reported(check.against, host, rows["ion"].tolist(), energies)
        pairs = [
            (v, reported[ion]) for ion, v in zip(rows["ion"], rows["mean"], strict=True) if ion in reported
        ]
        if pairs:
            yield host, pairs


def _reported(
    against: str, host: str, ions: list[str], energies: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    if against == "Shannon radius":
        parsed = [Ion.parse(ion) for ion in ions]
        radii = shannon_radii([ion.element for ion in parsed], np.diag([ion.charge for ion in parsed]), 6)
        return {ion: float(r) for ion, r in zip(ions, np.diag(radii), strict=True) if np.isfinite(r)}
    if against == "largest single-phase share":
        return {ion: share for ion, (share, _) in SINGLE_PHASE_SHARES.get(host, {}).get("M", {}).items()}
    return dict(energies.get(host, {}))
