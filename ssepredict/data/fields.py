"""What a column of a user's table can be, with the names under which people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["quantity", "number", "integer", "category", "flag", "text", "c_rate", "doi"]


@dataclass(frozen=True)
class Field:
    """A meaning that a header can have.

    Parameters
    ----------
    name : str
        The column of `ssepredict.columns.TABLES` that it fills, or the quantity that it measures.
    kind : str
        How its cells are read.
    names : tuple of str
        Other names, as `plain_name` writes them.
    dimensions : tuple of str
        What its unit must measure, the stored unit's first; empty for what has no unit.
    stem : str
        The name without the stored unit (``sinter_temperature`` of ``sinter_temperature_c``).
    """

    name: str
    kind: Kind
    names: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    stem: str = ""

    @property
    def words(self) -> str:
        """The name as words, without its unit."""
        return plain_name(self.stem or self.name)


def plain_name(text: str) -> str:
    """Lower case, every run of spaces, underscores and hyphens one space.

    Examples
    --------
    >>> plain_name("Sintering_Temperature ")
    'sintering temperature'
    """
    return re.sub(r"[\s_\-]+", " ", text.casefold()).strip(" .:,;")


_FIELDS = (
    Field("formula", "text", ("composition", "compound", "material", "chemical formula", "electrolyte",
                              "nominal formula", "nominal composition", "reduced composition")),
    Field("conductivity", "quantity",
          ("ionic conductivity", "sigma", "σ", "sigma ion", "σ ion", "σion", "sigma i", "ion conductivity",
           "conductivity σ", "ionic conductivity σ", "li ion conductivity", "na ion conductivity",
           "lithium ion conductivity", "sodium ion conductivity"), ("conductivity",)),
    Field("electronic_conductivity", "quantity",
          ("electron conductivity", "sigma e", "σ e", "σe", "sigma el", "σ el", "sigma electronic"),
          ("conductivity",)),
    Field("activation_energy", "quantity",
          ("ea", "e a", "e act", "eact", "activation energy ea", "activation energy e a"), ("energy",)),
    Field("transference_number", "quantity",
          ("ion transference number", "ionic transference number", "transport number", "t ion", "t+", "t na+",
           "t li+", "tna+", "tli+", "t na", "t li")),
    Field("critical_current_density", "quantity", ("ccd", "critical current", "critical current density ccd"),
          ("current_density",)),
    Field("capacity_retention", "quantity", ("retention", "cycling retention"), ("percent",)),
    Field("fade_per_cycle", "quantity",
          ("fade", "capacity fade", "fade rate", "capacity fade rate", "capacity fade per cycle",
           "fade pct per cycle", "capacity loss per cycle", "decay per cycle"), ("percent_per_cycle",)),
    Field("symmetric_life", "quantity", ("symmetric cell life", "symmetric cell lifetime", "symmetric hours"),
          ("time",)),
    Field("interfacial_resistance", "quantity",
          ("interface resistance", "asr", "area specific resistance", "interfacial asr"),
          ("area_resistance",)),
    Field("temperature_c", "number",
          ("t", "temp", "measurement temperature", "test temperature", "t meas", "operating temperature"),
          ("temperature",), "temperature"),
    Field("sinter_temperature_c", "number",
          ("sintering temperature", "sintering temp", "firing temperature", "t sinter", "tsinter",
           "annealing temperature"), ("temperature",), "sinter_temperature"),
    Field("sinter_time_h", "number",
          ("sintering time", "firing time", "dwell time", "annealing time", "sintering duration"), ("time",),
          "sinter_time"),
    Field("relative_density_pct", "number", ("density", "rel density", "rel. density"), ("percent",),
          "relative_density"),
    Field("stack_pressure_mpa", "number", ("pressure", "applied pressure", "cell pressure"), ("pressure",),
          "stack_pressure"),
    Field("current_density_ma_cm2", "number", ("j", "cycling current density", "applied current density"),
          ("current_density",), "current_density"),
    Field("c_rate", "c_rate", ("crate", "rate", "cycling rate")),
    Field("cycles", "integer", ("number of cycles", "cycle number", "no. of cycles", "n cycles", "cycle")),
    Field("year", "integer", ("publication year", "published")),
    Field("doi", "doi", ("doi link", "doi url", "source doi")),
    Field("source_id", "text", ("source", "source id")),
    Field("citation", "text", ("reference", "ref", "paper")),
    Field("contribution", "category", ("conductivity type", "kind", "type")),
    Field("phase_range", "category"),
    Field("synthesis", "category", ("synthesis route", "synthesis method", "route", "preparation")),
    Field("bound", "category"),
    Field("phase", "text", ("space group", "crystal system")),
    Field("electrodes", "text", ("contacts", "blocking electrodes")),
    Field("interface", "text", ("interlayer", "interface layer", "coating")),
    Field("negative_electrode", "text", ("anode", "negative")),
    Field("positive_electrode", "text", ("cathode", "positive")),
    Field("current_as_reported", "text"),
    Field("read_in", "text", ("url", "address", "link")),
    Field("read_as", "category", ("access",)),
    Field("secondary", "flag"),
    Field("computed", "flag"),
    Field("suspect", "flag"),
    Field("composite", "flag"),
    Field("quantity", "text", ("property",)),
    Field("value", "number", ("figure",)),
    Field("unit", "text", ("units",)),
)  # fmt: skip

FIELDS = {field.name: field for field in _FIELDS}
"""Field name to field."""

FIELD_BY_WORDS = {
    words: field for field in _FIELDS for words in (field.words, plain_name(field.name), *field.names)
}
"""Every name, as `plain_name` writes it, to its field."""

UNIT_SUFFIXES = {
    "s cm": "S/cm", "ms cm": "mS/cm", "us cm": "µS/cm", "s m": "S/m", "ms m": "mS/m", "ev": "eV",
    "mev": "meV", "kj mol": "kJ/mol", "c": "°C", "k": "K", "h": "h", "min": "min", "s": "s", "pct": "%",
    "percent": "%", "fraction": "fraction", "mpa": "MPa", "bar": "bar", "ma cm2": "mA/cm2",
    "a m2": "A/m2", "ua cm2": "µA/cm2", "ohm cm2": "ohm cm2", "pct per cycle": "%/cycle",
}  # fmt: skip
"""End of a plain name to the unit that it stands for: ``conductivity_ms_cm``, ``temperature_k``."""
