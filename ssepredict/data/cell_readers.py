"""Reads the cells of a user's columns: numbers with limits and units, categories, flags, DOIs.

Conversions are exact (rational arithmetic) and rounded once, so ``1.5`` mS/cm is 0.0015 S/cm and
``303.15`` K is 30 °C. A column repeats its cells, so each distinct text is read once.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any, NamedTuple

import pandas as pd

from ssepredict.columns import QUANTITIES, TABLES, Column
from ssepredict.data.headers import Header
from ssepredict.data.unit_names import Unit
from ssepredict.exceptions import did_you_mean

COLUMN_BY_NAME: dict[str, Column] = {
    column.name: column for columns in reversed(TABLES.values()) for column in columns
}
"""Every column of the tables by name; its range and categories are the same in each."""


class CellError(ValueError):
    """A cell that cannot be read; the message says what is expected and what to do."""


class Limited(NamedTuple):
    """A number and the sign of the limit that it is, if it is one."""

    value: float
    bound: str


_NUMBER = re.compile(r"([<>]?)([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)")
_SIGNS = str.maketrans({"−": "-", "–": "-", "≤": "<", "≥": ">", "⩽": "<", "⩾": ">"})
_POWER_OF_TEN = re.compile(r"\s*[×x·*]\s*10\s*\^?\s*([+-]?[0-9]+)$")
_C_RATE = re.compile(r"C ?/ ?([0-9.]+)|([0-9.]+) ?C?", re.IGNORECASE)
_DOI = re.compile(r"10\.[0-9]{4,9}/\S+")
_DOI_PREFIX = re.compile(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)
_FLAGS = {"0": 0, "1": 1, "no": 0, "yes": 1, "false": 0, "true": 1, "": 0}
_CATEGORY_NAMES = {
    "contribution": {"gb": "grain_boundary", "grain": "bulk", "intragrain": "bulk",
                     "not stated": "unspecified"},
    "synthesis": {"solid state reaction": "solid_state", "ssr": "solid_state", "sps": "spark_plasma",
                  "spark plasma sintering": "spark_plasma", "hot pressing": "hot_press", "sol gel": "sol_gel",
                  "ball milling": "ball_mill", "mechanochemical": "ball_mill",
                  "cold sintering": "cold_sinter",
                  "melt quenching": "melt_quench", "tape casting": "tape"},
    "bound": {"≤": "<", "≥": ">"},
}  # fmt: skip


def read_exact(text: str) -> tuple[Fraction, str]:
    """Read a number as it is written, with the sign of a limit.

    Raises
    ------
    CellError
        When the text is no number.

    Examples
    --------
    >>> read_exact("<1e-9"), read_exact("1.2×10⁻⁴")[0] == Fraction("0.00012")
    ((Fraction(1, 1000000000), '<'), True)
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).strip()
    plain = re.sub(r"^([<>])=?\s*", r"\1", _POWER_OF_TEN.sub(r"e\1", plain))
    found = _NUMBER.fullmatch(plain)
    if found is None:
        raise CellError(_number_remedy(plain))
    return Fraction(found[2]), found[1]


def _number_remedy(plain: str) -> str:
    if plain.casefold() in ("na", "n/a", "nan", "-", "none", "null", "#n/a", "n.d.", "nd", "?"):
        return "leave the cell empty if it is not known"
    if re.fullmatch(r"[<>]?[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?", plain):
        return f"the comma is no decimal sign here, write {plain.replace(',', '.')}"
    if re.match(r"(~|≈|ca\b|about\b|c\.)", plain):
        return "write the number alone, as the source prints it"
    if "±" in plain or "(" in plain or "+/-" in plain:
        return "write the number alone, without its uncertainty"
    if re.match(r"[+-]?[0-9.]+ ?[-to]+ ?[0-9.]+$", plain):
        return "write one number to a row, not a range"
    if re.match(r"[<>]?[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?\s*[^0-9\s.,eE]", plain):
        return "write the number alone; its unit belongs into the header"
    return "write it as 0.0012 or 1.2e-3"


def number_reader(header: Header, unit: Unit | None) -> Callable[[str], Limited]:
    """Return a reader of one column's numbers, in the stored unit.

    Parameters
    ----------
    header : Header
    unit : Unit, optional
        Unit of the cells; None where there is none.

    Returns
    -------
    callable
        Text to `Limited`; raises `CellError`.
    """
    in_words = f" in {unit.name}" if unit is not None else ""
    if header.log_base:
        in_words = f" (log10 or ln of a value{in_words})"

    def read(text: str) -> Limited:
        try:
            exact, bound = read_exact(text)
        except CellError as error:
            raise CellError(f"got {text!r}, expected a number{in_words}; {error}") from None
        if header.log_base:
            if abs(exact) > 300:
                raise CellError(f"got {text!r}, expected a logarithm between -300 and 300; check the column")
            power = float(exact)
            exact = Fraction(float(f"1e{exact}") if header.log_base == 10 and exact.denominator == 1
                             else header.log_base**power)  # fmt: skip
        if unit is not None:
            exact = (exact + unit.offset) * unit.factor
        try:
            value = float(exact)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise CellError(f"got {text!r}, which is too large to be a number{in_words}; check it")
        return Limited(value, bound)

    return read


def in_range(name: str, value: float, text: str, unit: Unit | None) -> None:
    """Refuse a value outside the declared range of its quantity or column.

    Raises
    ------
    CellError
    """
    if name in QUANTITIES:
        quantity = QUANTITIES[name]
        low, high, stored = quantity.minimum, quantity.maximum, quantity.unit
    else:
        column = COLUMN_BY_NAME[name]
        low = -math.inf if column.minimum is None else float(column.minimum)
        high = math.inf if column.maximum is None else float(column.maximum)
        stored = column.unit
    if not low <= value <= high:
        stored = "" if stored in ("1", "") else f" {stored}"
        converted = f" ({value:g}{stored})" if unit is not None else ""
        raise CellError(
            f"got {text!r}{converted}, expected a {name} from {low:g} to {high:g}{stored}; "
            "check the number and the unit in the header"
        )


def read_category(name: str, text: str) -> str:
    """Return the category that a text names.

    Raises
    ------
    CellError

    Examples
    --------
    >>> read_category("contribution", "Grain-boundary"), read_category("synthesis", "SPS")
    ('grain_boundary', 'spark_plasma')
    """
    allowed = COLUMN_BY_NAME[name].allowed
    plain = re.sub(r"[\s_\-]+", " ", text.strip().casefold())
    known = {value.replace("_", " "): value for value in allowed} | _CATEGORY_NAMES.get(name, {})
    if plain in known:
        return known[plain]
    hint = did_you_mean(plain.replace(" ", "_"), allowed)
    raise CellError(f"got {text!r}, expected one of {', '.join(allowed)}{hint}")


def read_flag(name: str, text: str) -> int:
    """Return 0 or 1 for a flag; an empty cell is 0.

    Raises
    ------
    CellError
    """
    value = _FLAGS.get(text.strip().casefold())
    if value is None:
        raise CellError(f"got {text!r}, expected 0 or 1 ({COLUMN_BY_NAME[name].meaning})")
    return value


def read_doi(text: str) -> str:
    """Return a DOI without its resolver, in lower case.

    Raises
    ------
    CellError

    Examples
    --------
    >>> read_doi("https://doi.org/10.1002/ADMA.201803075")
    '10.1002/adma.201803075'
    """
    doi = _DOI_PREFIX.sub("", text.strip()).casefold()
    if _DOI.fullmatch(doi) is None:
        raise CellError(f"got {text!r}, expected a DOI such as 10.1002/adma.201803075")
    return doi


def read_c_rate(text: str) -> float:
    """Return the C rate of ``C/5``, ``0.2C`` or ``0.2``, in 1/h.

    Raises
    ------
    CellError
    """
    found = _C_RATE.fullmatch(text.strip())
    try:
        if found is not None:
            return 1.0 / float(found[1]) if found[1] else float(found[2])
    except (ValueError, ZeroDivisionError):
        pass
    raise CellError(f"got {text!r}, expected a C rate such as 0.2 or C/5")


def read_column(
    cells: pd.Series[str], read: Callable[[str], Any]
) -> tuple[pd.Series[Any], dict[Hashable, tuple[str, str]]]:
    """Read every non-empty cell of a column, each distinct text once.

    Parameters
    ----------
    cells : Series of str, length n
    read : callable
        Text to value; raises `CellError`.

    Returns
    -------
    Series
        The values of the non-empty cells that could be read, by their index.
    dict
        Index of a cell that could not to its text and the problem.
    """
    filled = cells[cells != ""]
    good: dict[str, Any] = {}
    bad: dict[str, str] = {}
    for text in filled.unique():
        try:
            good[text] = read(text)
        except CellError as error:
            bad[text] = str(error)
    problems = {index: (text, bad[text]) for index, text in filled[filled.isin(bad)].items()} if bad else {}
    kept = filled[~filled.isin(bad)] if bad else filled
    return pd.Series([good[text] for text in kept], index=kept.index, dtype=object), problems
