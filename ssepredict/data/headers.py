"""Reads headers: ``sigma_gb [S/m]``, ``T (K)``, ``log10 conductivity at 60 °C (S/cm)``, ``Ea / kJ mol⁻¹``."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ssepredict.data.fields import FIELD_BY_WORDS, FIELDS, UNIT_SUFFIXES, Field, plain_name
from ssepredict.data.unit_names import STORED_UNITS, Unit, find_unit, units_of
from ssepredict.exceptions import SsePredictError, did_you_mean

_CONTRIBUTIONS = {
    "total": "total",
    "bulk": "bulk",
    "grain": "bulk",
    "intragrain": "bulk",
    "grain boundary": "grain_boundary",
    "gb": "grain_boundary",
}
_CONTRIBUTION = re.compile(r"\b(grain boundary|intragrain|grain|total|bulk|gb)\b")
_TEMPERATURE = re.compile(r"(?:\bat |@ ?|\b)(-?[0-9]+(?:\.[0-9]+)?) ?(°c|c|k)\b")
_CYCLES = re.compile(r"\b(?:after|at|over) ([0-9]+) cycles\b")
_GROUP = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_LOG = re.compile(r"^(log10|log 10|lg|ln|log)(?=[ (\[_σ])", re.IGNORECASE)
_BASES = {"log10": 10.0, "log 10": 10.0, "lg": 10.0, "ln": math.e}


@dataclass(frozen=True)
class Header:
    """What a column of a user's table holds.

    Parameters
    ----------
    field : Field
    unit : Unit, optional
        None for what has no unit, and for the column `value`, whose unit may stand in a column of its own.
    log_base : float
        10 or e where cells are logarithms, else 0.
    fixed : tuple of (str, str)
        What the header says of every cell: contribution, temperature_c, cycles.
    """

    field: Field
    unit: Unit | None = None
    log_base: float = 0.0
    fixed: tuple[tuple[str, str], ...] = ()


def parse_header(text: str) -> Header:
    """Understand one header.

    Parameters
    ----------
    text : str
        Name and unit: in brackets, after a slash, as a suffix (``temperature_k``), or the name of a column
        of the dataset.

    Returns
    -------
    Header

    Raises
    ------
    SsePredictError
        When the name is unknown, the unit is unknown, missing or of the wrong kind, or a logarithm lacks
        its base.

    Examples
    --------
    >>> header = parse_header("bulk conductivity at 60 °C (mS/cm)")
    >>> header.field.name, header.unit.name, dict(header.fixed)
    ('conductivity', 'mS/cm', {'contribution': 'bulk', 'temperature_c': '60'})
    >>> parse_header("log10 sigma (S/cm)").log_base
    10.0
    """
    clean = " ".join(unicodedata.normalize("NFKC", text).replace("\ufeff", "").split())
    body, base = _without_logarithm(clean)
    for header in _readings(body):
        return _checked(replace(header, log_base=base), clean)
    words = {plain_name(_GROUP.sub(" ", body)), plain_name(body.split("/")[0])}
    plain = [field.words for field in FIELDS.values()]
    hints = [did_you_mean(word, names) for names in (plain, FIELD_BY_WORDS) for word in sorted(words)]
    raise SsePredictError(f"is unknown{next(filter(None, hints), '')}")


def _without_logarithm(text: str) -> tuple[str, float]:
    found = _LOG.match(text)
    if found is None:
        return text, 0.0
    base = _BASES.get(found[1].casefold())
    if base is None:
        raise SsePredictError("is a logarithm without a base; write log10 or ln")
    rest = text[found.end() :].strip(" _")
    if rest[:1] + rest[-1:] in ("()", "[]") and rest.count(rest[0]) == 1 + rest[1:].count(rest[0]):
        inside = rest[1:-1]
        # "(sigma) (S/cm)" also begins and ends with brackets, but they are not one pair
        if _balanced(inside):
            rest = inside
    return rest, base


def _balanced(text: str) -> bool:
    depth = 0
    for sign in text:
        depth += (sign in "([") - (sign in ")]")
        if depth < 0:
            return False
    return depth == 0


def _readings(text: str) -> Iterator[Header]:
    """Every way to split a header into name, unit and what else it says; the plainest first."""
    if (field := FIELD_BY_WORDS.get(plain_name(text))) is not None:
        yield Header(field, _own_unit(field, text))
    groups = _GROUP.findall(text)
    if groups:
        bare = _GROUP.sub(" ", text)
        units = [group for group in groups if find_unit(group) is not None]
        others = " ".join(group for group in groups if group not in units)
        if len(units) == 1 and (header := _named(f"{bare} {others}", find_unit(units[0]))) is not None:
            yield header
        if not units and (header := _named(f"{bare} {others}", None)) is not None:
            yield header
        # an unknown unit in the last brackets of a known name is named as such
        if not units and (header := _named(bare, None)) is not None:
            expected = ", ".join(units_of(header.field.dimensions[0])) if header.field.dimensions else "none"
            raise SsePredictError(f"has the unknown unit {groups[-1]!r}; expected {expected}")
    plain = plain_name(text)
    for suffix, unit_name in UNIT_SUFFIXES.items():
        if plain.endswith(f" {suffix}"):
            header = _named(plain.removesuffix(f" {suffix}"), find_unit(unit_name))
            if header is not None and header.unit and header.unit.dimension in header.field.dimensions:
                yield header
    for split in re.finditer(r"\s*/\s*|,\s*|\s+in\s+|\s+", text):
        name, unit_text = text[: split.start()], text[split.end() :]
        unit = find_unit(unit_text)
        if unit is not None and (header := _named(name, unit)) is not None:
            yield header
    if (header := _named(text, None)) is not None:
        yield header


def _named(text: str, unit: Unit | None) -> Header | None:
    """Find the field of a name, taking out what the header says of every cell."""
    name = plain_name(text)
    fixed: list[tuple[str, str]] = []
    field = FIELD_BY_WORDS.get(name)
    if field is None and (found := _CYCLES.search(name)):
        fixed.append(("cycles", found[1]))
        name = plain_name(name[: found.start()] + name[found.end() :])
        field = FIELD_BY_WORDS.get(name)
    if field is None and (found := _TEMPERATURE.search(name)):
        degrees = float(found[1]) - (273.15 if found[2] == "k" else 0.0)
        fixed.append(("temperature_c", f"{degrees:.10g}"))
        name = plain_name(name[: found.start()] + name[found.end() :])
        field = FIELD_BY_WORDS.get(name)
    if field is None and (found := _CONTRIBUTION.search(name)):
        fixed.append(("contribution", _CONTRIBUTIONS[found[1]]))
        name = plain_name(name[: found.start()] + name[found.end() :])
        field = FIELD_BY_WORDS.get(name)
    if field is None or (fixed and field.kind != "quantity"):
        return None
    return Header(field, unit, fixed=tuple(sorted(fixed)))


def _own_unit(field: Field, text: str) -> Unit | None:
    """Return the unit that the dataset's own column name carries (``temperature_c``)."""
    if field.stem and plain_name(text) == plain_name(field.name):
        return find_unit(STORED_UNITS[field.dimensions[0]])
    if plain_name(text) == "fade pct per cycle":
        return find_unit("%/cycle")
    return None


def _checked(header: Header, text: str) -> Header:
    field, unit = header.field, header.unit
    if field.name == "value":
        return header
    if field.kind == "c_rate" and unit is not None and unit.name in ("°C", "1/h"):
        return replace(header, unit=None)  # "C rate (C)"
    if unit is None and field.dimensions:
        example = STORED_UNITS[field.dimensions[0]]
        raise SsePredictError(
            f"has no unit; write '{field.words} ({example})' or another of "
            f"{', '.join(units_of(field.dimensions[0]))}"
        )
    if unit is not None and unit.dimension == "percent" and field.name == "fade_per_cycle":
        if "cycle" not in text.casefold():
            raise SsePredictError(
                "may be a loss in all or per cycle; write '%/cycle' or 'fade per cycle (%)'"
            )
        return replace(header, unit=replace(unit, dimension="percent_per_cycle"))
    if unit is not None and unit.dimension not in field.dimensions:
        expected = (
            f"one of {', '.join(units_of(field.dimensions[0]))}"
            if field.dimensions
            else "none: it has no unit"
        )
        raise SsePredictError(f"has the unit {unit.name} of {unit.dimension.replace('_', ' ')}; "
                              f"expected {expected}")  # fmt: skip
    if header.log_base and field.kind != "quantity":
        raise SsePredictError("is a logarithm; only measured quantities are read from logarithms")
    return header
