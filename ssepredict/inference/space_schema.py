"""The rules of a space description: reads loosely typed values, collects every failure, raises once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.formula import ATOMIC_INDEX, ELEMENTS
from ssepredict.chemistry.frameworks import A_SITE_IONS, ANIONS, FRAMEWORKS, TETRAHEDRAL_IONS
from ssepredict.chemistry.ions import Ion, shannon_radii
from ssepredict.chemistry.sites import NEUTRAL_WITHIN, SiteTable, read_sites
from ssepredict.exceptions import SpaceError, SsePredictError, did_you_mean
from ssepredict.inference.dopants import plausible_dopants, sort_ions
from ssepredict.inference.grids import UNIT, check_keys, read_grid

SPACE_KEYS = ("title", "host", "substitutions", "silicon")
SUBSTITUTION_KEYS = ("site", "replaces", "ions", "exclude", "together", "fractions")

MOST_TOGETHER = 4
_MOST_TUPLES = 5_000_000
_WHERE = "substitutions[1]."


@dataclass(frozen=True)
class SpacePlan:
    """A description that holds together; amounts in millionths per formula unit.

    Parameters
    ----------
    title : str
    host : SiteTable
        One row.
    replaces : Ion
        The M ion of the host that dopants replace.
    ions : tuple of Ion
        The dopants, in the order of `sort_ions`.
    together : tuple of int
        Numbers of dopant ions in one candidate.
    fractions : tuple of int
        Amounts of each dopant ion.
    silicon : tuple of int
        Amounts of Si on T; empty leaves T as in the host.
    """

    title: str
    host: SiteTable
    replaces: Ion
    ions: tuple[Ion, ...]
    together: tuple[int, ...]
    fractions: tuple[int, ...]
    silicon: tuple[int, ...]


def parse_space(raw: Mapping[str, object], heading: str) -> SpacePlan:
    """Read the description of a space.

    Parameters
    ----------
    raw : mapping
        Keys `SPACE_KEYS`; `substitutions` holds one mapping with the keys `SUBSTITUTION_KEYS`.
    heading : str
        What the description is, for the message.

    Raises
    ------
    SpaceError
        When anything is missing, unknown or impossible; every failure is listed.
    """
    failures: list[str] = []
    check_keys(raw, SPACE_KEYS, ("host", "substitutions"), "", failures)
    title = raw.get("title", "")
    if not isinstance(title, str):
        failures.append(f"title: got {title!r}; expected text")
    host = _host(raw["host"], failures) if "host" in raw else None
    silicon = _silicon(raw["silicon"], host, failures) if "silicon" in raw else ()
    table = _only_table(raw["substitutions"], failures) if "substitutions" in raw else {}
    replaces = _replaced(table["replaces"], host, failures) if "replaces" in table else None
    exclude = _excluded(table.get("exclude", ()), failures)
    ions = _ions(table["ions"], host, replaces, exclude, failures) if "ions" in table else ()
    grid = read_grid(table["fractions"], _WHERE + "fractions", failures) if "fractions" in table else ()
    together = _together(table.get("together", (1,)), ions, len(grid), failures)
    if host is not None and replaces is not None:
        _check_fractions(grid, host, replaces, failures)
    if failures or host is None or replaces is None:
        raise SpaceError(f"{heading} cannot be used\n  " + "\n  ".join(failures))
    return SpacePlan(str(title), host, replaces, ions, together, grid, silicon)


def _host(value: object, failures: list[str]) -> SiteTable | None:
    if not isinstance(value, str):
        failures.append(f"host: got {value!r}; expected a formula as text, e.g. 'Na3Zr2Si2PO12'")
        return None
    table, problems = read_sites([value])
    if problems:
        failures.append(f"host: formula {value!r} {problems[0][2]}")
        return None
    residual = float(table.charge_residual[0])
    if not abs(residual) <= NEUTRAL_WITHIN:
        failures.append(
            f"host: {value} has a net charge of {residual:+.3g} e; expected a neutral formula, "
            "e.g. Na3Zr2Si2PO12: correct the amounts"
        )
        return None
    return table


def _only_table(value: object, failures: list[str]) -> Mapping[str, object]:
    tables = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if len(tables) != 1 or not isinstance(tables[0], Mapping):
        got = f"{len(tables)} tables" if len(tables) != 1 else repr(tables[0])
        failures.append(
            f"substitutions: got {got}; expected exactly one [[substitutions]] table, on the M site; "
            "put other replaced ions into files of their own"
        )
        return {}
    table: Mapping[str, object] = tables[0]
    check_keys(table, SUBSTITUTION_KEYS, ("replaces", "ions", "fractions"), _WHERE, failures)
    if table.get("site", "M") != "M":
        failures.append(
            f"{_WHERE}site: got {table['site']!r}; expected 'M' (dopants replace octahedral ions; "
            "Si and P on T vary by the key silicon)"
        )
    return table


def _replaced(value: object, host: SiteTable | None, failures: list[str]) -> Ion | None:
    ion = _ion(value, "replaces", failures)
    if ion is None or host is None:
        return ion
    present = {
        Ion(element, int(host.oxidation[0, column])): float(host.occupancy["M"][0, column])
        for column, element in enumerate(host.elements)
        if host.occupancy["M"][0, column] > 0
    }
    if ion not in present:
        names = ", ".join(map(str, present))
        failures.append(f"{_WHERE}replaces: {ion} is not on the M site of the host; expected one of {names}")
        return None
    return ion


def _ion(value: object, key: str, failures: list[str]) -> Ion | None:
    if not isinstance(value, str):
        failures.append(f"{_WHERE}{key}: got {value!r}; expected an ion as text, e.g. 'Sc3+'")
        return None
    try:
        return Ion.parse(value)
    except SsePredictError as error:
        failures.append(f"{_WHERE}{key}: {error}")
        return None


def _excluded(value: object, failures: list[str]) -> tuple[str, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        failures.append(f"{_WHERE}exclude: got {value!r}; expected a list of elements, e.g. ['Cd', 'Hg']")
        return ()
    for symbol in value:
        if symbol not in ATOMIC_INDEX:
            hint = did_you_mean(str(symbol), ELEMENTS) or "; expected element symbols, e.g. 'Cd'"
            failures.append(f"{_WHERE}exclude: unknown element {symbol!r}{hint}")
    return tuple(map(str, value))


def _ions(
    value: object,
    host: SiteTable | None,
    replaces: Ion | None,
    exclude: Sequence[str],
    failures: list[str],
) -> tuple[Ion, ...]:
    coordination = FRAMEWORKS[str(host.framework[0])].coordination["M"] if host is not None else 6
    held = host.elements if host is not None else ()
    if value == "all":
        if replaces is None:
            return ()
        every = plausible_dopants(replaces, coordination, [*exclude, *held])
        if not every:
            failures.append(f"{_WHERE}ions: 'all' less exclude leaves no ion; exclude fewer elements")
        return every
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        failures.append(
            f"{_WHERE}ions: got {value!r}; expected 'all' or a list of ions, e.g. ['Sc3+', 'Zn2+']"
        )
        return ()
    nasicon = host is not None and host.framework[0] == "nasicon"
    read = [ion for ion in (_ion(text, "ions", failures) for text in value) if ion is not None]
    for number, ion in enumerate(read):
        reason = _unfit(ion, coordination, held, nasicon)
        if ion in read[:number]:
            reason = "is listed twice; name it once"
        if reason:
            failures.append(f"{_WHERE}ions: {ion} {reason}")
    left = sort_ions([ion for ion in read if ion.element not in exclude])
    if read and not left:
        failures.append(f"{_WHERE}ions: exclude leaves no ion; exclude fewer elements")
    return left


def _unfit(ion: Ion, coordination: int, held: Sequence[str], nasicon: bool) -> str:
    """Why an ion cannot be a dopant on M, in words; empty when it can."""
    if ion.element in A_SITE_IONS:
        return "sits on the A site; expected ions of the M site, e.g. Sc3+"
    if ion.element in ANIONS or ion.charge < 1:
        return "is an anion; expected ions of the M site, e.g. Sc3+"
    if ion.element in held:
        return "is an element of the host already; name other elements"
    if nasicon and ion.element in TETRAHEDRAL_IONS:
        return "sits on the T site of a NASICON; vary Si and P by the key silicon"
    if np.isnan(shannon_radii([ion.element], [ion.charge], coordination, nearest=False)[0]):
        charges = [
            charge
            for charge in range(1, 9)
            if np.isfinite(shannon_radii([ion.element], [charge], coordination, nearest=False)[0])
        ]
        listed = ", ".join(str(Ion(ion.element, charge)) for charge in charges) or "none of this element"
        return f"has no Shannon radius at coordination {coordination}; listed there: {listed}"
    return ""


def _check_fractions(grid: Sequence[int], host: SiteTable, replaces: Ion, failures: list[str]) -> None:
    room = float(host.occupancy["M"][0, host.elements.index(replaces.element)])
    beyond = [amount for amount in grid if amount > round(room * UNIT)]
    if beyond:
        failures.append(
            f"{_WHERE}fractions: {beyond[0] / UNIT:g} is beyond the site, {replaces} has {room:g} per "
            f"formula unit of the host; expected amounts above 0 and at most {room:g}"
        )


def _together(value: object, ions: Sequence[Ion], grid: int, failures: list[str]) -> tuple[int, ...]:
    where = _WHERE + "together"
    numbers = (value,) if isinstance(value, int) else value
    if (
        not isinstance(numbers, Sequence)
        or isinstance(numbers, str)
        or not numbers
        or not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
        or not all(1 <= number <= MOST_TOGETHER for number in numbers)
        or len(set(numbers)) < len(numbers)
    ):
        failures.append(
            f"{where}: got {value!r}; expected distinct whole numbers from 1 to {MOST_TOGETHER}, e.g. [1, 2]"
        )
        return ()
    elements = len({ion.element for ion in ions})
    if ions and max(numbers) > elements:
        failures.append(
            f"{where}: {max(numbers)} dopants together need as many elements, ions holds {elements}; "
            "add ions or lower together"
        )
    if grid ** max(numbers) > _MOST_TUPLES:
        failures.append(
            f"{where}: {max(numbers)} dopants on a grid of {grid} fractions are {grid ** max(numbers):,} "
            f"mixtures for every choice of ions; expected at most {_MOST_TUPLES:,}: coarsen the grid"
        )
    return tuple(sorted(numbers))


def _silicon(value: object, host: SiteTable | None, failures: list[str]) -> tuple[int, ...]:
    grid = read_grid(value, "silicon", failures, zero=True)
    if grid and grid[-1] > 3 * UNIT:
        failures.append(f"silicon: {grid[-1] / UNIT:g} is beyond the T site; expected amounts from 0 to 3")
    if host is None:
        return grid
    if host.framework[0] != "nasicon":
        failures.append(f"silicon: the host is a {host.framework[0]}, without Si and P on T; remove the key")
        return grid
    on_t = {
        element: float(amount)
        for element, amount in zip(host.elements, host.occupancy["T"][0], strict=True)
        if amount > 0
    }
    if set(on_t) - {"Si", "P"} or abs(sum(on_t.values()) - 3.0) > 1e-9:
        held = ", ".join(f"{element} {amount:g}" for element, amount in on_t.items())
        failures.append(f"silicon: the T site of the host holds {held}; expected Si + P = 3 and nothing else")
    return grid
