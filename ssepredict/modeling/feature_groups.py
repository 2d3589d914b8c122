"""The features in a chemist's groups, and how a difference between two compositions is put into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.frameworks import A_SITE_IONS, ANIONS, TETRAHEDRAL_IONS
from ssepredict.units import ZERO_CELSIUS_K


@dataclass(frozen=True)
class Quantity:
    """A feature that is named when it differs: words for more and for less of it, unit, format."""

    feature: str
    more: str
    less: str
    unit: str = ""
    form: str = ".3g"


@dataclass(frozen=True)
class FeatureGroup:
    """Features that mean one thing to a chemist.

    Parameters
    ----------
    name : str
    label : str
    prefixes : tuple of str
        A feature belongs to the group when its name starts with one of them (first group that matches).
    told : tuple of Quantity
        What the sentence names, the most telling first.
    """

    name: str
    label: str
    prefixes: tuple[str, ...]
    told: tuple[Quantity, ...] = ()


def _amounts(symbols: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"amount_{symbol}$" for symbol in symbols)


GROUPS: tuple[FeatureGroup, ...] = (
    FeatureGroup("framework", "framework and mobile ion", ("framework_", "mobile_")),
    FeatureGroup(
        "carriers",
        "carriers and vacancies",
        ("carriers", "vacancies", "a_total", *_amounts(A_SITE_IONS)),
        (
            Quantity("vacancies", "more vacancies", "fewer vacancies", " per formula unit"),
            Quantity("carriers", "more carriers", "fewer carriers", " per formula unit"),
        ),
    ),
    FeatureGroup(
        "m_size",
        "size of the M ions",
        (
            "m_radius_mean", "m_radius_off_optimum", "m_radius_largest", "m_radius_smallest",
            "m_to_x_radius",
        ),
        (
            Quantity("m_radius_mean", "larger M ions on average", "smaller M ions on average", " Å", ".3f"),
            Quantity("m_radius_largest", "a larger largest M ion", "a smaller largest M ion", " Å", ".3f"),
            Quantity("m_radius_smallest", "a larger smallest M ion", "a smaller smallest M ion", " Å", ".3f"),
        ),
    ),
    FeatureGroup(
        "m_charge",
        "charge on M",
        ("m_charge_mean", "m_total", "charge_residual"),
        (
            Quantity("m_charge_mean", "higher mean charge on M", "lower mean charge on M", " e"),
            Quantity("m_total", "more ions on M", "fewer ions on M", " per formula unit"),
        ),
    ),
    FeatureGroup(
        "m_disorder",
        "disorder on M",
        ("m_radius_spread", "m_charge_spread", "m_electronegativity_spread", "m_entropy"),
        (
            Quantity("m_entropy", "more mixing on M", "less mixing on M", " k_B"),
            Quantity("m_radius_spread", "more spread of M radii", "less spread of M radii", " Å", ".3f"),
        ),
    ),
    FeatureGroup(
        "m_bonding",
        "bonding of the M ions",
        ("m_electronegativity_mean",),
        (
            Quantity(
                "m_electronegativity_mean", "more electronegative M ions", "less electronegative M ions"
            ),
        ),
    ),
    FeatureGroup(
        "t_site",
        "tetrahedral site",
        ("t_", *_amounts(TETRAHEDRAL_IONS[:2])),
        (
            Quantity("t_fraction_Si", "more Si on T", "less Si on T", " of the site"),
            Quantity("t_radius_mean", "larger T ions", "smaller T ions", " Å", ".3f"),
        ),
    ),
    FeatureGroup(
        "anion",
        "anions",
        ("x_", *_amounts(ANIONS)),
        (
            Quantity("x_radius_mean", "larger anions", "smaller anions", " Å", ".3f"),
            Quantity("x_fraction_O", "more O on X", "less O on X", " of the site"),
            Quantity("x_entropy", "more mixing on X", "less mixing on X", " k_B"),
        ),
    ),
    FeatureGroup("elements", "the elements themselves", ("amount_",)),
    FeatureGroup("temperature", "temperature", ("inverse_temperature_1000_per_k",)),
    FeatureGroup("contribution", "contribution measured", ("contribution_", "phase_range_")),
    FeatureGroup(
        "processing",
        "processing",
        ("synthesis_", "sinter_", "relative_density_pct", "composite"),
        (
            Quantity("sinter_temperature_c", "fired hotter", "fired less hot", " °C", ".4g"),
            Quantity("sinter_time_h", "fired longer", "fired shorter", " h"),
            Quantity("relative_density_pct", "denser", "less dense", " %"),
        ),
    ),
    FeatureGroup(
        "cell",
        "cell and test",
        ("interface_", "current_", "c_rate", "cycles", "stack_"),
        (Quantity("stack_pressure_mpa", "more stack pressure", "less stack pressure", " MPa"),),
    ),
)  # fmt: skip
"""Every feature of every target, first match wins; `$` ends a name that has to match whole."""

OTHER = FeatureGroup("other", "other features", ("",))
"""Keeps the sum whole should a feature be in no group."""


def group_of(feature: str) -> FeatureGroup:
    """Group of a feature.

    Examples
    --------
    >>> group_of("vacancies").name, group_of("amount_Na").name, group_of("amount_Nb").name
    ('carriers', 'carriers', 'elements')
    """
    for group in GROUPS:
        if any(f"{feature}$".startswith(prefix) for prefix in group.prefixes):
            return group
    return OTHER


def columns_by_group(names: Sequence[str]) -> dict[FeatureGroup, npt.NDArray[np.intp]]:
    """Columns of each group that the features hold, in the order of `GROUPS`."""
    groups = [group_of(name) for name in names]
    return {
        group: np.array([column for column, here in enumerate(groups) if here is group], dtype=np.intp)
        for group in (*GROUPS, OTHER)
        if group in groups
    }


def sentence(group: FeatureGroup, asked: Mapping[str, float], reference: Mapping[str, float]) -> str:
    """Say how two rows of features differ within a group.

    Parameters
    ----------
    group : FeatureGroup
    asked, reference : mapping of str to float
        Feature name to value; NaN where it is not defined or not stated.

    Examples
    --------
    >>> carriers = group_of("vacancies")
    >>> sentence(carriers, {"vacancies": 0.6, "carriers": 3.4}, {"vacancies": 1.0, "carriers": 3.0})
    'fewer vacancies (0.6 against 1 per formula unit), more carriers (3.4 against 3)'
    """
    if group.name == "temperature":
        kelvin = [1000.0 / row["inverse_temperature_1000_per_k"] for row in (asked, reference)]
        warm, cold = (value - ZERO_CELSIUS_K for value in kelvin)
        return f"{'warmer' if warm > cold else 'colder'} ({warm:.4g} against {cold:.4g} °C)"
    parts: list[str] = []
    units: set[str] = set()
    for quantity in group.told:
        unit = "" if quantity.unit in units else quantity.unit
        text = _told(quantity, asked, reference, unit)
        if text:
            parts.append(text)
            units.add(quantity.unit)
    told = {quantity.feature for quantity in group.told}
    rest = [name for name in asked if name not in told]
    parts += _switched(group, rest, asked, reference)
    return ", ".join(parts or _numbers(rest, asked, reference))


def _told(quantity: Quantity, asked: Mapping[str, float], reference: Mapping[str, float], unit: str) -> str:
    here, there = asked.get(quantity.feature, np.nan), reference.get(quantity.feature, np.nan)
    texts = [format(value, quantity.form) if np.isfinite(value) else "unknown" for value in (here, there)]
    if texts[0] == texts[1]:
        return ""
    if not np.isfinite(here + there):
        noun = quantity.feature.removesuffix("_c").removesuffix("_h").removesuffix("_pct").replace("_", " ")
        return f"{noun} ({texts[0]} against {texts[1]}{unit})"
    return f"{quantity.more if here > there else quantity.less} ({texts[0]} against {texts[1]}{unit})"


def _switched(
    group: FeatureGroup, names: Sequence[str], asked: Mapping[str, float], reference: Mapping[str, float]
) -> list[str]:
    """Name indicators that are on on one side only."""
    changed = [name for name in names if {asked[name], reference[name]} == {0.0, 1.0}]
    changed = [name for name in changed if not name.startswith("amount_")]
    here, there = (
        " and ".join(_level(group, name) for name in changed if row[name]) for row in (asked, reference)
    )
    return [f"{here or 'nothing stated'} against {there or 'nothing stated'}"] if changed else []


def _level(group: FeatureGroup, name: str) -> str:
    for prefix in group.prefixes:
        name = name.removeprefix(prefix) if prefix.endswith("_") else name
    return name.replace("_", " ")


def _numbers(names: Sequence[str], asked: Mapping[str, float], reference: Mapping[str, float]) -> list[str]:
    return [
        f"{name.removeprefix('amount_').replace('_', ' ')} {asked[name]:.4g} against {reference[name]:.4g}"
        for name in names
        if asked[name] != reference[name] and not np.isnan([asked[name], reference[name]]).all()
    ]


def differing(x: FloatArray, reference: FloatArray) -> npt.NDArray[np.bool_]:
    """Columns in which two rows differ; NaN equals NaN."""
    both_missing = np.isnan(x) & np.isnan(reference)
    return np.asarray((x != reference) & ~both_missing)
