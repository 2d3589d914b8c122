"""How elements find their sites: oxidation states, frameworks, occupation, vacancies, all as arrays."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import (
    A_SITE_IONS,
    ANIONS,
    FRAMEWORKS,
    LARGE_LANTHANIDES,
    MOBILE_IONS,
    OCTAHEDRAL_OR_A_IONS,
    TETRAHEDRAL_IONS,
    TETRAHEDRAL_OR_OCTAHEDRAL_IONS,
    Counts,
    Framework,
)
from ssepredict.chemistry.ions import COMMON_OXIDATION_STATES

SITES = ("A", "M", "T", "X")
"""A mobile cation, M octahedral, T tetrahedral, X anion."""

NEUTRAL_WITHIN = 0.02
"""Largest net charge (e per formula unit) that rounding of printed amounts explains."""


def _columns(elements: Sequence[str], wanted: Sequence[str]) -> npt.NDArray[np.bool_]:
    return np.array([symbol in wanted for symbol in elements], dtype=bool)


def resolve_oxidation(elements: Sequence[str], amounts: FloatArray) -> FloatArray:
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


def recognise(elements: Sequence[str], amounts: FloatArray, oxidation: FloatArray) -> npt.NDArray[np.str_]:
    """Name the framework of every row, shape (n,); empty where none of `FRAMEWORKS` fits."""

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


def occupy(
    elements: Sequence[str], amounts: FloatArray, oxidation: FloatArray, framework: npt.NDArray[np.str_]
) -> dict[str, FloatArray]:
    """Amounts on A, M, T and X, shape (n, m) each; nothing is clipped."""
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


def mobile_ions(elements: Sequence[str], on_a: FloatArray) -> tuple[npt.NDArray[np.str_], FloatArray]:
    """Mobile ion of every row (empty without Li and Na) and its amount on A, shape (n,) each."""
    amounts = np.stack(
        [on_a[:, elements.index(ion)] if ion in elements else np.zeros(len(on_a)) for ion in MOBILE_IONS]
    )
    winner = amounts.argmax(axis=0)
    carriers = amounts.max(axis=0)
    names = np.array(MOBILE_IONS, dtype=np.str_)[winner]
    return np.where(carriers > 0, names, ""), carriers


def count_vacancies(framework: npt.NDArray[np.str_], occupancy: dict[str, FloatArray]) -> FloatArray:
    """Empty A sites of every row, shape (n,); NaN where the formula does not tell."""
    on_a, on_m = occupancy["A"].sum(axis=1), occupancy["M"].sum(axis=1)
    vacancies = np.full(len(framework), np.nan)
    for name, entry in FRAMEWORKS.items():
        rows = framework == name
        if np.isfinite(entry.a_sites):
            vacancies[rows] = entry.a_sites - on_a[rows]
        elif np.isfinite(entry.octahedra):
            vacancies[rows] = entry.octahedra - on_a[rows] - on_m[rows]
    return vacancies
