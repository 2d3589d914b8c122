"""Who sits where: elements to sites, oxidation states, carriers and vacancies, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.assignment import (
    NEUTRAL_WITHIN,
    SITES,
    count_vacancies,
    mobile_ions,
    occupy,
    recognise,
    resolve_oxidation,
)
from ssepredict.chemistry.formula import ATOMIC_INDEX, CompositionMatrix, FloatArray, Problem, read_formulas
from ssepredict.chemistry.frameworks import (
    A_SITE_IONS,
    ANIONS,
    FRAMEWORKS,
    HALOGENS,
    MOBILE_IONS,
    TETRAHEDRAL_IONS,
)
from ssepredict.chemistry.held_ions import HeldIons
from ssepredict.chemistry.ions import radii_of
from ssepredict.exceptions import FormulaError

__all__ = ["NEUTRAL_WITHIN", "SITES", "SiteTable", "assign_sites", "parse_sites", "read_sites"]

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
    _known: dict[tuple[str, ...], FloatArray] = field(default_factory=dict, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.composition)

    @property
    def elements(self) -> tuple[str, ...]:
        """Element symbols of the columns."""
        return self.composition.elements

    @property
    def group(self) -> npt.NDArray[np.str_]:
        """Family group, ``nasicon`` or ``halide``, shape (n,); empty where no framework fits."""
        groups = np.array(["", *dict.fromkeys(entry.group for entry in FRAMEWORKS.values())], dtype=np.str_)
        number = np.zeros(len(self), dtype=np.intp)
        for name, entry in FRAMEWORKS.items():
            number[self.framework == name] = groups.tolist().index(entry.group)
        return groups[number]

    @cached_property
    def family(self) -> npt.NDArray[np.str_]:
        """Mobile ion and group (``na_nasicon``), shape (n,); empty where either is missing."""
        group = self.group
        found = np.full(len(self), "", dtype="<U16")
        for ion in MOBILE_IONS:
            mobile = self.mobile_ion == ion
            if mobile.any():
                for name in dict.fromkeys(entry.group for entry in FRAMEWORKS.values()):
                    found[mobile & (group == name)] = f"{ion.lower()}_{name}"
        return found

    @cached_property
    def _held(self) -> dict[str, HeldIons]:
        return {}

    def held(self, site: str) -> HeldIons:
        """Return the ions on a site as a list; computed once."""
        if site not in self._held:
            amounts = self.occupancy[site]
            rows, columns = np.nonzero(amounts > 0)
            self._held[site] = HeldIons(rows, columns, amounts[rows, columns])
        return self._held[site]

    def site_total(self, site: str) -> FloatArray:
        """Ions on a site per formula unit, shape (n,); computed once."""
        return self._once(("total", site), lambda: np.asarray(self.occupancy[site].sum(axis=1)))

    def site_mean(self, site: str, values: FloatArray) -> FloatArray:
        """Mean of a per-ion value over the ions on a site, shape (n,); NaN for an empty site.

        An ion whose value is NaN makes the mean NaN: an unknown radius is not averaged away.

        Parameters
        ----------
        site : str
        values : ndarray, shape (n, m), or shape (e,) for the ions of `held`
        """
        held = self.held(site)
        known = values if values.ndim == 1 else values[held.rows, held.columns]
        total = self._once(("weight", site), lambda: held.total(held.amounts, len(self)))
        weighted = held.total(held.amounts * known, len(self))
        mean: FloatArray = np.divide(weighted, total, out=np.full(len(self), np.nan), where=total > 0)
        return mean

    def mean_radius(self, site: str, kind: str = "ionic") -> FloatArray:
        """Mean Shannon radius (Å) of the ions on a site, shape (n,); computed once."""
        return self._once(
            ("mean radius", site, kind), lambda: self.site_mean(site, self.held_radii(site, kind))
        )

    def radii(self, site: str, kind: str = "ionic") -> FloatArray:
        """Shannon radii (Å) at the coordination of a site, shape (n, m); NaN where an ion is absent."""
        held = self.held(site)
        radii = np.full(self.oxidation.shape, np.nan)
        radii[held.rows, held.columns] = self.held_radii(site, kind)
        return radii

    @cached_property
    def _held_radii(self) -> dict[tuple[str, str], FloatArray]:
        return {}

    def held_radii(self, site: str, kind: str = "ionic") -> FloatArray:
        """Shannon radii (Å) of the ions of `held`, shape (e,); computed once."""
        if (site, kind) not in self._held_radii:
            held = self.held(site)
            charges = self.oxidation[held.rows, held.columns]
            number = self._once(("coordination", site), lambda: self._coordination(site))[held.rows]
            found = np.full(len(charges), np.nan)
            for coordination in sorted({entry.coordination[site] for entry in FRAMEWORKS.values()}):
                here = np.flatnonzero(number == coordination)
                if len(here):
                    elements = self._atomic_index[held.columns[here]]
                    found[here] = radii_of(elements, charges[here], coordination, kind=kind)
            self._held_radii[site, kind] = found
        return self._held_radii[site, kind]

    @cached_property
    def _atomic_index(self) -> npt.NDArray[np.intp]:
        return np.array([ATOMIC_INDEX[symbol] for symbol in self.elements], dtype=np.intp)

    def _coordination(self, site: str) -> FloatArray:
        number = np.full(len(self), np.nan)
        for name, framework in FRAMEWORKS.items():
            number[self.framework == name] = framework.coordination[site]
        return number

    def _once(self, key: tuple[str, ...], compute: Callable[[], FloatArray]) -> FloatArray:
        """Values per row that are computed once and follow the rows that `take` takes."""
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

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
            {key: values[index] for key, values in self._known.items()},
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
        resolve_oxidation(elements, amounts)
        if oxidation is None
        else np.broadcast_to(np.asarray(oxidation, dtype=np.float64), amounts.shape)
    )
    framework = recognise(elements, amounts, states)
    occupancy = occupy(elements, amounts, states, framework)
    mobile_ion, carriers = mobile_ions(elements, occupancy["A"])
    return SiteTable(
        CompositionMatrix(elements, amounts),
        states,
        framework,
        occupancy,
        mobile_ion,
        carriers,
        count_vacancies(framework, occupancy),
        np.where(amounts > 0, amounts * states, 0.0).sum(axis=1),
    )


def _explain_misfit(composition: CompositionMatrix, row: int) -> str:
    """Why a formula fits no framework, in the formula's own numbers."""
    here = composition.take([row])
    anions = float(here.total(ANIONS)[0])
    oxygen, halogen = float(here.amount("O")[0]), float(here.total(HALOGENS)[0])
    tetrahedral = float(here.total(TETRAHEDRAL_IONS)[0])
    if anions == 0:
        return "has no O or halogen; expected a NASICON (12 O) or a Li/Na halide, e.g. Li2ZrCl6"
    alkali = float(here.total(A_SITE_IONS)[0])
    metal = float(here.amounts.sum()) - anions - tetrahedral - alkali
    if oxygen > halogen and abs(anions - _OXIDE_UNIT) < 0.5 and 2.5 <= tetrahedral <= 3.3:
        return (
            f"has {metal:.4g} octahedral ions and {alkali:.4g} mobile ions per 12 anions where nasicon holds "
            "about 2 and at most 4; check the amounts, e.g. Na3Zr2Si2PO12"
        )
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
