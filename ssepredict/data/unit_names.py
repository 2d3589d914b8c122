"""Units as people write them in a header: ``mS/cm``, ``S cm⁻¹``, ``Ω·cm²``, ``kJ mol^-1``, ``degC``."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from ssepredict.exceptions import SsePredictError, did_you_mean

_FARADAY_C_MOL = Fraction("1.602176634e-19") * Fraction("6.02214076e23")
_CALORIE_J = Fraction("4.184")


@dataclass(frozen=True)
class Unit:
    """A unit and how its numbers become numbers of the stored unit: (number + offset) * factor, exactly.

    Parameters
    ----------
    name : str
        How it is written here.
    dimension : str
        What it measures; units of one dimension convert into one another.
    factor, offset : Fraction
    """

    name: str
    dimension: str
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


STORED_UNITS = {
    "conductivity": "S/cm",
    "energy": "eV",
    "temperature": "°C",
    "current_density": "mA/cm2",
    "time": "h",
    "percent": "%",
    "percent_per_cycle": "%/cycle",
    "pressure": "MPa",
    "area_resistance": "ohm cm2",
    "rate": "1/h",
    "energy_per_atom": "meV/atom",
}
"""Dimension to the unit in which the tables hold it."""


def _unit(name: str, dimension: str, factor: str | Fraction = "1", offset: str = "0") -> Unit:
    return Unit(name, dimension, Fraction(factor), Fraction(offset))


_SPELLINGS: tuple[tuple[Unit, tuple[str, ...]], ...] = (
    (_unit("S/cm", "conductivity"), ("ohm-1 cm-1", "1/ohm/cm")),
    (_unit("mS/cm", "conductivity", "1e-3"), ()),
    (_unit("µS/cm", "conductivity", "1e-6"), ("us/cm",)),
    (_unit("nS/cm", "conductivity", "1e-9"), ()),
    (_unit("S/m", "conductivity", "1e-2"), ("ohm-1 m-1",)),
    (_unit("mS/m", "conductivity", "1e-5"), ()),
    (_unit("µS/m", "conductivity", "1e-8"), ()),
    (_unit("eV", "energy"), ()),
    (_unit("meV", "energy", "1e-3"), ()),
    (_unit("kJ/mol", "energy", Fraction(1000) / _FARADAY_C_MOL), ()),
    (_unit("J/mol", "energy", Fraction(1) / _FARADAY_C_MOL), ()),
    (_unit("kcal/mol", "energy", 1000 * _CALORIE_J / _FARADAY_C_MOL), ()),
    (_unit("°C", "temperature"), ("c", "degc", "deg c", "celsius", "degree celsius", "degrees celsius")),
    (_unit("K", "temperature", "1", "-273.15"), ("kelvin",)),
    (_unit("mA/cm2", "current_density"), ()),
    (_unit("µA/cm2", "current_density", "1e-3"), ()),
    (_unit("A/cm2", "current_density", "1e3"), ()),
    (_unit("A/m2", "current_density", "0.1"), ()),
    (_unit("mA/m2", "current_density", "1e-4"), ()),
    (_unit("h", "time"), ("hr", "hrs", "hour", "hours")),
    (_unit("min", "time", Fraction(1, 60)), ("mins", "minute", "minutes")),
    (_unit("s", "time", Fraction(1, 3600)), ("sec", "second", "seconds")),
    (_unit("d", "time", "24"), ("day", "days")),
    (_unit("%", "percent"), ("pct", "percent")),
    (_unit("fraction", "percent", "100"), ()),
    (_unit("%/cycle", "percent_per_cycle"), ("pct/cycle", "% cycle-1")),
    (_unit("MPa", "pressure"), ()),
    (_unit("kPa", "pressure", "1e-3"), ()),
    (_unit("GPa", "pressure", "1e3"), ()),
    (_unit("Pa", "pressure", "1e-6"), ()),
    (_unit("bar", "pressure", "0.1"), ()),
    (_unit("atm", "pressure", "0.101325"), ()),
    (_unit("ohm cm2", "area_resistance"), ("ohms cm2",)),
    (_unit("kohm cm2", "area_resistance", "1e3"), ()),
    (_unit("ohm m2", "area_resistance", "1e4"), ()),
    (_unit("1/h", "rate"), ("h-1",)),
    (_unit("meV/atom", "energy_per_atom"), ()),
    (_unit("eV/atom", "energy_per_atom", "1e3"), ()),
)

_TOKEN = re.compile(r"([A-Za-z°%]+)([+-]?[0-9]+)?")
_SIGNS = str.maketrans(
    {
        "μ": "u",
        "Ω": " ohm",
        "ω": "ohm",
        "−": "-",
        "–": "-",
        **dict.fromkeys("^{}$()", ""),
        **dict.fromkeys("·⋅∙•*", " "),
    }
)

_Factors = tuple[tuple[str, int], ...]


def _factors(text: str) -> _Factors | None:
    """Symbols and powers of a unit, sorted; None when the text is no product of symbols."""
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    plain = re.sub(r"(?<=[A-Za-z])\.(?=[A-Za-z])", " ", plain).strip()
    plain = re.sub(r"\s+per\s+", "/", plain)
    powers: dict[str, int] = {}
    for index, part in enumerate(plain.split("/")):
        if index == 0 and part.strip() == "1":
            continue
        for token in part.split():
            found = _TOKEN.fullmatch(token)
            if found is None:
                return None
            power = int(found[2] or 1) * (1 if index == 0 else -1)
            powers[found[1]] = powers.get(found[1], 0) + power
    return tuple(sorted(powers.items())) or None


def _glued(factors: _Factors) -> _Factors | None:
    """``Scm-1`` for ``S cm-1``: how the unit reads when a typesetter lost the space."""
    if len(factors) != 2:
        return None
    first, second = sorted(factors, key=lambda item: item[1] != 1)
    return ((first[0] + second[0], second[1]),) if first[1] == 1 else None


def _tables() -> tuple[dict[_Factors, Unit], dict[_Factors, Unit]]:
    exact: dict[_Factors, Unit] = {}
    folded: dict[_Factors, Unit] = {}
    for unit, others in _SPELLINGS:
        for spelling in (unit.name, *others):
            factors = _factors(spelling)
            if factors is None:
                raise ValueError(f"unit {spelling!r} cannot be read")
            for form in (factors, _glued(factors)):
                if form is not None:
                    exact.setdefault(form, unit)
                    folded.setdefault(_fold(form), unit)
    return exact, folded


def _fold(factors: _Factors) -> _Factors:
    return tuple(sorted((symbol.casefold(), power) for symbol, power in factors))


_EXACT, _FOLDED = _tables()
_MEGA = re.compile(r"M[A-Z]")


def find_unit(text: str) -> Unit | None:
    """Return the unit that a text names, or None.

    Case is forgiven where it changes nothing (``ms/cm``, ``KJ/mol``); ``MS/cm`` is not taken for mS/cm.

    Examples
    --------
    >>> find_unit("mS cm⁻¹").name, find_unit("kJ mol^-1").dimension
    ('mS/cm', 'energy')
    >>> find_unit("furlong") is None, find_unit("MS/cm") is None
    (True, True)
    """
    factors = _factors(text)
    if factors is None:
        return None
    if factors in _EXACT:
        return _EXACT[factors]
    mega = any(_MEGA.match(symbol) and not symbol.startswith("MP") for symbol, _ in factors)
    return None if mega else _FOLDED.get(_fold(factors))


def units_of(dimension: str) -> tuple[str, ...]:
    """Names of the units of one dimension, the stored unit first."""
    return tuple(unit.name for unit, _ in _SPELLINGS if unit.dimension == dimension)


def parse_unit(text: str, dimension: str = "") -> Unit:
    """Return the unit that a text names.

    Parameters
    ----------
    text : str
    dimension : str, optional
        What it must measure.

    Raises
    ------
    SsePredictError
        When the unit is unknown or measures something else.
    """
    unit = find_unit(text)
    known = units_of(dimension) if dimension else tuple(unit.name for unit, _ in _SPELLINGS)
    if unit is None:
        raise SsePredictError(
            f"unit {text!r} is unknown; expected one of {', '.join(known)}{did_you_mean(text, known)}"
        )
    if dimension and unit.dimension != dimension:
        raise SsePredictError(
            f"unit {text!r} measures {unit.dimension.replace('_', ' ')}, expected one of {', '.join(known)}"
        )
    return unit
