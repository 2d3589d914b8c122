"""Substitution entries as people write them, before they meet a host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SITES
from ssepredict.exceptions import SsePredictError
from ssepredict.inference.spaces.constraints import read_elements
from ssepredict.inference.spaces.dopants import ALL, COMMON, EVERY, STATES, WORDS
from ssepredict.inference.spaces.grids import UNIT, check_keys, read_grid
from ssepredict.inference.spaces.plan import Spread

SUBSTITUTION_KEYS = (
    "site",
    "replaces",
    "ions",
    "exclude",
    "together",
    "fractions",
    "optional",
    "states",
    "high_entropy",
    "hosts",
)
HIGH_ENTROPY_KEYS = ("members", "spread", "step")

MOST_TOGETHER = 4
MOST_MEMBERS = 8


@dataclass(frozen=True)
class Entry:
    """One substitution as written; amounts in millionths.

    Parameters
    ----------
    where : str
        Name of the entry, for messages.
    site : {"A", "M", "T", "X"}
    replaces : tuple of Ion
        A host takes the one that it holds.
    ions : str or tuple of Ion
        A word, or the ions.
    exclude : tuple of str
    together, fractions : tuple of int
    optional : bool
    states : {"every", "common"}
    spread : Spread, optional
    hosts : tuple of str
        Empty for every host.
    """

    where: str
    site: str
    replaces: tuple[Ion, ...]
    ions: str | tuple[Ion, ...]
    exclude: tuple[str, ...]
    together: tuple[int, ...]
    fractions: tuple[int, ...]
    optional: bool
    states: str
    spread: Spread | None
    hosts: tuple[str, ...]


def read_entries(value: object, failures: list[str]) -> list[Entry]:
    """Read the tables ``[[substitutions]]``; entries with faults of their own are left out.

    Parameters
    ----------
    value : object
        One mapping with the keys `SUBSTITUTION_KEYS`, or a sequence of them.
    failures : list of str
        Takes one message for everything that is wrong.
    """
    tables = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    expected = "expected one or more [[substitutions]] tables, each with replaces, ions and fractions"
    if not tables:
        failures.append(f"substitutions: got 0 tables; {expected}")
    entries = []
    for number, table in enumerate(tables, start=1):
        if not isinstance(table, Mapping):
            failures.append(f"substitutions: got {table!r}; {expected}")
            continue
        entry = _entry(table, f"substitutions[{number}].", failures)
        if entry is not None:
            entries.append(entry)
    return entries


def _entry(table: Mapping[str, object], where: str, failures: list[str]) -> Entry | None:
    high = table.get("high_entropy")
    required = ("replaces", "ions") if high is not None else ("replaces", "ions", "fractions")
    check_keys(table, SUBSTITUTION_KEYS, required, where, failures)
    site = table.get("site", "M")
    if site not in SITES:
        failures.append(f"{where}site: got {site!r}; expected 'M', 'T', 'A' or 'X'")
    replaces = _replaced(table["replaces"], where, failures) if "replaces" in table else ()
    ions = _ions(table["ions"], where, failures) if "ions" in table else ()
    exclude = read_elements(table.get("exclude", ()), where + "exclude", failures)
    spread: Spread | None = None
    fractions: tuple[int, ...] = ()
    if high is None:
        if "fractions" in table:
            fractions = read_grid(table["fractions"], where + "fractions", failures)
        together = _whole(table.get("together", (1,)), where + "together", MOST_TOGETHER, failures)
    else:
        together, spread = _high_entropy(high, where + "high_entropy", failures)
        failures += [
            f"{where}{key}: does not go with high_entropy, which says how many ions and how much; remove it"
            for key in ("fractions", "together")
            if key in table
        ]
    optional = table.get("optional", False)
    if not isinstance(optional, bool):
        failures.append(f"{where}optional: got {optional!r}; expected true or false")
    states = _states(table.get("states"), ions, together, where, failures)
    hosts = table.get("hosts", ())
    if not isinstance(hosts, Sequence) or isinstance(hosts, str):
        failures.append(f"{where}hosts: got {hosts!r}; expected a list of formulas")
        hosts = ()
    if site not in SITES or not replaces or not ions:
        return None
    return Entry(
        where, str(site), replaces, ions, exclude, together or (1,), fractions, bool(optional), states,
        spread, tuple(map(str, hosts)),
    )  # fmt: skip


def _ion(value: object, where: str, failures: list[str]) -> Ion | None:
    if not isinstance(value, str):
        failures.append(f"{where}: got {value!r}; expected an ion as text, e.g. 'Sc3+'")
        return None
    try:
        return Ion.parse(value)
    except SsePredictError as error:
        failures.append(f"{where}: {error}")
        return None


def _replaced(value: object, where: str, failures: list[str]) -> tuple[Ion, ...]:
    texts = list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    if not texts:
        failures.append(f"{where}replaces: got {value!r}; expected an ion of the host, e.g. 'Zr4+'")
    read = [_ion(text, where + "replaces", failures) for text in texts]
    return tuple(ion for ion in read if ion is not None)


def _ions(value: object, where: str, failures: list[str]) -> str | tuple[Ion, ...]:
    if isinstance(value, str) and value in WORDS:
        return value
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        failures.append(
            f"{where}ions: got {value!r}; expected 'all' or a list of ions, e.g. ['Sc3+', 'Zn2+'], or "
            "'plausible' for those of near size and charge"
        )
        return ()
    read = [ion for ion in (_ion(text, where + "ions", failures) for text in value) if ion is not None]
    failures += [
        f"{where}ions: {ion} is listed twice; name it once"
        for number, ion in enumerate(read)
        if ion in read[:number]
    ]
    return tuple(dict.fromkeys(read))


def _whole(value: object, where: str, most: int, failures: list[str]) -> tuple[int, ...]:
    numbers = (value,) if isinstance(value, int) else value
    if (
        not isinstance(numbers, Sequence)
        or isinstance(numbers, str)
        or not numbers
        or not all(isinstance(number, int) and not isinstance(number, bool) for number in numbers)
        or not all(1 <= number <= most for number in numbers)
        or len(set(numbers)) < len(numbers)
    ):
        failures.append(
            f"{where}: got {value!r}; expected distinct whole numbers from 1 to {most}, e.g. [1, 2]"
        )
        return ()
    return tuple(sorted(numbers))


def _high_entropy(value: object, where: str, failures: list[str]) -> tuple[tuple[int, ...], Spread | None]:
    if not isinstance(value, Mapping):
        failures.append(
            f"{where}: got {value!r}; expected a table, e.g. {{members = 5, spread = 0.1, step = 0.05}}"
        )
        return (), None
    check_keys(value, HIGH_ENTROPY_KEYS, ("members",), where + ".", failures)
    members = _whole(value.get("members", (5,)), where + ".members", MOST_MEMBERS, failures)
    before = len(failures)
    width, step = (
        read_grid([value.get(key, default)], f"{where}.{key}", failures, zero=True)
        for key, default in (("spread", 0.0), ("step", value.get("spread", 0.0)))
    )
    if len(failures) > before:
        return members, None
    if width[0] and (not step[0] or width[0] % step[0]):
        failures.append(
            f"{where}.step: spread {width[0] / UNIT:g} is no whole number of steps of {step[0] / UNIT:g}; "
            "write a step that divides it"
        )
        return members, None
    return members, Spread(width[0], step[0])


def _states(
    value: object, ions: str | tuple[Ion, ...], together: tuple[int, ...], where: str, failures: list[str]
) -> str:
    if value is None:
        return COMMON if ions == ALL and together and together[-1] > 2 else EVERY
    if value not in STATES or not isinstance(ions, str):
        failures.append(
            f"{where}states: got {value!r}; expected 'every' or 'common', beside a word for the ions"
        )
    return str(value)
