"""Who sits where: elements to sites, oxidation states, carriers and vacancies, for a whole batch at once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import CompositionMatrix, FloatArray, Problem, read_formulas
from ssepredict.chemistry.frameworks import (
    A_SITE_IONS,
    ANIONS,
    FRAMEWORKS,
    HALOGENS,
    LARGE_LANTHANIDES,
    MOBILE_IONS,
    OCTAHEDRAL_OR_A_IONS,
    TETRAHEDRAL_IONS,
    TETRAHEDRAL_OR_OCTAHEDRAL_IONS,
    Counts,
    Framework,
)
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES, shannon_radii
from ssepredict.exceptions import FormulaError

SITES = ("A", "M", "T", "X")
"""A mobile cation, M octahedral, T tetrahedral, X anion."""

NEUTRAL_WITHIN = 0.02
"""Largest net charge (e per formula unit) that rounding of printed amounts explains."""

_OXIDE_UNIT, _HALIDE_UNIT = 12.0, 6.0


@dataclass(frozen=True)
class SiteTable:
    """Site occupation of n compositions, every amount per formula unit (12 anions, in halides 6).

    Parameters
    ----------
    composition : CompositionMatrix
        Amounts per formula unit, shape (n, m).
    oxidation : ndarray, shape (n, m)
        Oxidation states (e).
    framework : ndarray of str, shape (n,)
        Name of the framework; empty where none fits.
    occupancy : dict of str to ndarray, shape (n, m)
        Amounts on the sites A, M, T and X; they add up to `composition.amounts`.
    mobile_ion : ndarray of str, shape (n,)
        ``Li`` or ``Na``, whichever is more; empty where there is neither.
    carriers : ndarray, shape (n,)
        Mobile ions on A.
    vacancies : ndarray, shape (n,)
        Empty A sites (NASICON: 4 - A; close-packed halides: 6 - A - M); NaN where the formula does not
        tell.
    charge_residual : ndarray, shape (n,)
        Net charge (e); 0 for a neutral formula, NaN when an element has no known oxidation state.
    """

    composition: CompositionMatrix
    oxidation: FloatArray
    framework: npt.NDArray[np.str_]
    occupancy: dict[str, FloatArray]
    mobile_ion: npt.NDArray[np.str_]
    carriers: FloatArray
    vacancies: FloatArray
    charge_residual: FloatArray
    _radii: dict[tuple[str, str], FloatArray] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.composition)

    @property
    def elements(self) -> tuple[str, ...]:
        """Element symbols of the columns."""
        return self.composition.elements

    @property
    def group(self) -> npt.NDArray[np.str_]:
        """Family group, ``nasicon`` or ``halide``, shape (n,); empty where no framework fits."""
        groups = {"": ""} | {name: framework.group for name, framework in FRAMEWORKS.items()}
        names, inverse = np.unique(self.framework, return_inverse=True)
        return np.array([groups[name] for name in names.tolist()], dtype=np.str_)[inverse]

    @property
    def family(self) -> npt.NDArray[np.str_]:
        """Mobile ion and group (``na_nasicon``), shape (n,); empty where either is missing."""
        names = np.char.add(np.char.add(np.char.lower(self.mobile_ion), "_"), self.group)
        return np.where((self.mobile_ion == "") | (self.framework == ""), "", names)

    def site_total(self, site: str) -> FloatArray:
        """Ions on a site per formula unit, shape (n,)."""
        return np.asarray(self.occupancy[site].sum(axis=1), dtype=np.float64)

    def site_mean(self, site: str, values: FloatArray) -> FloatArray:
        """Mean of a per-ion value over the ions on a site, shape (n,); NaN for an empty site.

        An ion whose value is NaN makes the mean NaN: an unknown radius is not averaged away.
        """
        weights = self.occupancy[site]
        occupied = weights > 0
        total = np.where(occupied, weights, 0.0).sum(axis=1)
        weighted = np.where(occupied, weights * np.where(occupied, values, 0.0), 0.0).sum(axis=1)
        mean: FloatArray = np.divide(weighted, total, out=np.full(len(self), np.nan), where=total > 0)
        return mean

    def radii(self, site: str, kind: str = "ionic") -> FloatArray:
        """Shannon radii (Å) of every ion at the coordination of a site, shape (n, m); computed once."""
        if (site, kind) not in self._radii:
            self._radii[site, kind] = self._look_up_radii(site, kind)
        return self._radii[site, kind]

    def _look_up_radii(self, site: str, kind: str) -> FloatArray:
        coordination = {name: framework.coordination[site] for name, framework in FRAMEWORKS.items()}
        radii = np.full(self.oxidation.shape, np.nan)
        for number in set(coordination.values()):
            rows = np.isin(self.framework, [name for name, value in coordination.items() if value == number])
            if rows.any():
                radii[rows] = shannon_radii(self.elements, self.oxidation[rows], number, kind=kind)
        return radii

    def take(self, rows: npt.ArrayLike) -> SiteTable:
        """Return the given rows (indices or mask)."""
        index = np.asarray(rows)
        return SiteTable(
            self.composition.take(index),
            self.oxidation[index],
            self.framework[index],
            {site: amounts[index] for site, amounts in self.occupancy.items()},
            self.mobile_ion[index],
            self.carriers[index],
            self.vacancies[index],
            self.charge_residual[index],
        )


def read_sites(texts: Sequence[str]) -> tuple[SiteTable, list[Problem]]:
    """Read formulas and assign their sites; rows that cannot be used are named, not raised.

    Parameters
    ----------
    texts : sequence of str, length n

    Returns
    -------
    SiteTable
        n rows; a row with a problem has an empty framework or an empty mobile ion.
    list of (int, str, str)
        Row, formula as given, problem (unreadable, no framework, no Li or Na).

    Examples
    --------
    >>> table, problems = read_sites(["Li1.8Zr0.8Nb0.2Cl6", "Al2O3"])
    >>> table.framework[0].item(), round(float(table.vacancies[0]), 9)
    ('close_packed_halide', 3.2)
    >>> problems[0][0]
    1
    """
    composition, problems = read_formulas(texts)
    table = assign_sites(composition)
    unread = {row for row, _, _ in problems}
    for row in np.flatnonzero(table.framework == "").tolist():
        if row not in unread:
            problems.append((row, str(texts[row]), _explain_misfit(composition, row)))
    for row in np.flatnonzero((table.framework != "") & (table.mobile_ion == "")).tolist():
        problems.append(
            (row, str(texts[row]), "has no mobile Li or Na; only Li and Na conductors are covered")
        )
    return table, sorted(problems)


def parse_sites(texts: Sequence[str]) -> SiteTable:
    """Read formulas and assign their sites.

    Parameters
    ----------
    texts : sequence of str, length n

    Raises
    ------
    FormulaError
        When any formula is unreadable or fits no framework; every bad row is named.

    Examples
    --------
    >>> table = parse_sites(["Na3.4Zr1.7Sc0.2Zn0.1Si2PO12"])
    >>> round(float(table.carriers[0]), 9), round(float(table.vacancies[0]), 9)
    (3.4, 0.6)
    >>> bool(abs(table.charge_residual[0]) < 1e-9)
    True
    """
    table, problems = read_sites(texts)
    if problems:
        raise FormulaError(problems)
    return table


def assign_sites(composition: CompositionMatrix, oxidation: npt.ArrayLike | None = None) -> SiteTable:
    """Recognise frameworks, scale to the formula unit and put every element on its site.

    T is filled with P, Si and As, then with B, V5+, Ge, Al, Ga; Ca, La, Sr, Pb, Ba fill what is left of M
    and then A; everything else that is no alkali ion sits on M. Nothing is clipped: a site that holds too
    much is left for the rules to see.

    Parameters
    ----------
    composition : CompositionMatrix
        Amounts as written, shape (n, m); any multiple of the formula unit.
    oxidation : array_like, shape (m,) or (n, m), optional
        Oxidation states (e), when they are known; otherwise the most common states that balance.

    Returns
    -------
    SiteTable
        n rows; rows that fit no framework have an empty name, NaN vacancies and everything on M.
    """
    elements = composition.elements
    anions = composition.total(ANIONS)
    oxide = composition.amount("O") > 0.5 * anions
    unit = np.where(oxide, _OXIDE_UNIT, _HALIDE_UNIT)
    # An exact formula unit is left untouched, so that 3.4 stays 3.4 to the last bit.
    scale = np.divide(
        unit, anions, out=np.ones(len(composition)), where=(anions > 0) & (np.abs(anions - unit) > 1e-9)
    )
    amounts = composition.amounts * scale[:, None]
    states = (
        _resolve_oxidation(elements, amounts)
        if oxidation is None
        else np.broadcast_to(np.asarray(oxidation, dtype=np.float64), amounts.shape)
    )
    framework = _recognise(elements, amounts, states)
    occupancy = _occupy(elements, amounts, states, framework)
    mobile_ion, carriers = _mobile(elements, occupancy["A"])
    return SiteTable(
        CompositionMatrix(elements, amounts),
        states,
        framework,
        occupancy,
        mobile_ion,
        carriers,
        _vacancies(framework, occupancy),
        np.where(amounts > 0, amounts * states, 0.0).sum(axis=1),
    )


def _columns(elements: Sequence[str], wanted: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([symbol in wanted for symbol in elements], dtype=bool)


def _resolve_oxidation(elements: Sequence[str], amounts: FloatArray) -> FloatArray:
    """Most common oxidation states that leave the smallest net charge.

    Among the combinations that balance within `NEUTRAL_WITHIN` the one nearest to the most common states is
    taken; when none balances, the one with the smallest net charge.
    """
    options = [COMMON_OXIDATION_STATES.get(symbol, ()) for symbol in elements]
    first = np.array([states[0] if states else np.nan for states in options], dtype=np.float64)
    oxidation = np.broadcast_to(first, amounts.shape).copy()
    charge = amounts @ np.nan_to_num(first)
    several = [column for column, states in enumerate(options) if len(states) > 1]
    if not several:
        return oxidation
    present = amounts[:, several] > 0
    open_rows = np.flatnonzero((np.abs(charge) > NEUTRAL_WITHIN) & present.any(axis=1))
    patterns, inverse = np.unique(present[open_rows], axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        rows = open_rows[inverse.ravel() == number]
        columns = [column for column, here in zip(several, pattern, strict=True) if here]
        choices = np.array(
            list(itertools.product(*(options[column] for column in columns))), dtype=np.float64
        )
        rank = np.array(list(itertools.product(*(range(len(options[column])) for column in columns)))).sum(
            axis=1
        )
        residual = charge[rows, None] + amounts[np.ix_(rows, columns)] @ (choices - first[columns]).T
        size = np.abs(residual)
        cost = np.where(size <= NEUTRAL_WITHIN, rank[None, :], 1e3 + np.round(size, 9) + 1e-6 * rank[None, :])
        oxidation[np.ix_(rows, columns)] = choices[cost.argmin(axis=1)]
    return oxidation


def _recognise(elements: Sequence[str], amounts: FloatArray, oxidation: FloatArray) -> npt.NDArray[np.str_]:
    def total(wanted: Sequence[str]) -> FloatArray:
        return amounts @ _columns(elements, wanted).astype(np.float64)

    anions, oxygen = total(ANIONS), total(("O",))
    is_oxide = oxygen > 0.5 * anions
    not_metal = _columns(elements, (*ANIONS, *A_SITE_IONS, "N", "S", "Se", "Te", "C"))
    tetrahedral = np.where(is_oxide, total(TETRAHEDRAL_IONS), 0.0)
    metals = np.where(not_metal[None, :], 0.0, amounts)
    metals[np.ix_(np.flatnonzero(is_oxide), np.flatnonzero(_columns(elements, TETRAHEDRAL_IONS)))] = 0.0
    metal = metals.sum(axis=1)
    foreign = total([symbol for symbol in elements if symbol in ("N", "S", "Se", "Te", "C")]) > 0
    safe_metal, safe_anions = np.where(metal > 0, metal, 1.0), np.where(anions > 0, anions, 1.0)
    counts = Counts(
        anions=anions,
        oxygen=oxygen / safe_anions,
        fluorine=total(("F",)) / safe_anions,
        alkali=total(A_SITE_IONS),
        tetrahedral=tetrahedral,
        metal=metal,
        mean_m_charge=(metals * np.nan_to_num(oxidation)).sum(axis=1) / safe_metal,
        divalent=np.where(oxidation == 2, metals, 0.0).sum(axis=1) / safe_metal,
        lanthanide=metals @ _columns(elements, LARGE_LANTHANIDES).astype(np.float64) / safe_metal,
        light_tetrahedral_halide=metals @ _columns(elements, ("Al", "Ga", "Zn", "B")) / safe_metal,
    )
    framework = np.full(len(amounts), "", dtype="<U24")
    for name, entry in FRAMEWORKS.items():
        fits = entry.recognise(counts) & (anions > 0) & ~foreign
        framework[(framework == "") & fits] = name
    return framework


def _occupy(
    elements: Sequence[str], amounts: FloatArray, oxidation: FloatArray, framework: npt.NDArray[np.str_]
) -> dict[str, FloatArray]:
    occupancy = {site: np.zeros_like(amounts) for site in SITES}
    alkali, anion = _columns(elements, A_SITE_IONS), _columns(elements, ANIONS)
    occupancy["A"][:, alkali] = amounts[:, alkali]
    occupancy["X"][:, anion] = amounts[:, anion]
    rest = ~alkali & ~anion
    occupancy["M"][:, rest] = amounts[:, rest]
    for name, entry in FRAMEWORKS.items():
        if np.isfinite(entry.t_sites):
            rows = np.flatnonzero(framework == name)
            if rows.size:
                _fill_tetrahedra(elements, oxidation, occupancy, rows, entry)
                _spill_large_ions(elements, occupancy, rows, entry)
    return occupancy


def _fill_tetrahedra(
    elements: Sequence[str],
    oxidation: FloatArray,
    occupancy: dict[str, FloatArray],
    rows: npt.NDArray[np.intp],
    framework: Framework,
) -> None:
    room = np.full(len(rows), framework.t_sites)
    for symbol in (*TETRAHEDRAL_IONS, *TETRAHEDRAL_OR_OCTAHEDRAL_IONS):
        if symbol not in elements:
            continue
        column = elements.index(symbol)
        here = occupancy["M"][rows, column]
        always = symbol in TETRAHEDRAL_IONS
        moved = here if always else np.clip(np.minimum(here, room), 0.0, None)
        if symbol == "V":
            moved = np.where(oxidation[rows, column] == 5, moved, 0.0)
        if not always:
            moved = np.where(moved > 1e-9, moved, 0.0)  # room left by floating-point sums is no room
        occupancy["T"][rows, column] = moved
        occupancy["M"][rows, column] = here - moved
        room = room - moved


def _spill_large_ions(
    elements: Sequence[str],
    occupancy: dict[str, FloatArray],
    rows: npt.NDArray[np.intp],
    framework: Framework,
) -> None:
    """Large ions stay on M as far as it has room (the smallest first); the rest sits on A."""
    excess = occupancy["M"][rows].sum(axis=1) - framework.m_sites
    for symbol in reversed(OCTAHEDRAL_OR_A_IONS):
        if symbol not in elements:
            continue
        column = elements.index(symbol)
        here = occupancy["M"][rows, column]
        moved = np.clip(np.minimum(here, excess), 0.0, None)
        moved = np.where(moved > 1e-9, moved, 0.0)
        occupancy["A"][rows, column] += moved
        occupancy["M"][rows, column] = here - moved
        excess = excess - moved


def _mobile(elements: Sequence[str], on_a: FloatArray) -> tuple[npt.NDArray[np.str_], FloatArray]:
    amounts = np.stack(
        [on_a[:, elements.index(ion)] if ion in elements else np.zeros(len(on_a)) for ion in MOBILE_IONS]
    )
    winner = amounts.argmax(axis=0)
    carriers = amounts.max(axis=0)
    names = np.array(MOBILE_IONS, dtype=np.str_)[winner]
    return np.where(carriers > 0, names, ""), carriers


def _vacancies(framework: npt.NDArray[np.str_], occupancy: dict[str, FloatArray]) -> FloatArray:
    on_a, on_m = occupancy["A"].sum(axis=1), occupancy["M"].sum(axis=1)
    vacancies = np.full(len(framework), np.nan)
    for name, entry in FRAMEWORKS.items():
        rows = framework == name
        if np.isfinite(entry.a_sites):
            vacancies[rows] = entry.a_sites - on_a[rows]
        elif np.isfinite(entry.octahedra):
            vacancies[rows] = entry.octahedra - on_a[rows] - on_m[rows]
    return vacancies


def _explain_misfit(composition: CompositionMatrix, row: int) -> str:
    """Why a formula fits no framework, in the formula's own numbers."""
    here = composition.take([row])
    anions = float(here.total(ANIONS)[0])
    oxygen, halogen = float(here.amount("O")[0]), float(here.total(HALOGENS)[0])
    tetrahedral = float(here.total(TETRAHEDRAL_IONS)[0])
    if anions == 0:
        return "has no O or halogen; expected a NASICON (12 O) or a Li/Na halide, e.g. Li2ZrCl6"
    if oxygen > halogen and tetrahedral > 0:
        anion = "O" if halogen == 0 else "anions"
        return (
            f"has {anions:g} {anion} and {tetrahedral:g} tetrahedral ions (P, Si) where nasicon needs "
            "12 anions, 3 tetrahedral and about 2 octahedral ions; "
            "write the full formula, e.g. Na3Zr2Si2PO12"
        )
    if oxygen > halogen:
        return "is an oxide without P or Si, no framework known here; expected a NASICON, e.g. Na3Zr2Si2PO12"
    return (
        "is a halide that fits no framework known here (close-packed Li3MX6 or Li2MX6, spinel Li2MX4, "
        "UCl3 type, oxyhalide, AMX6); it needs Li or Na and octahedral metal ions, e.g. Li2ZrCl6"
    )
