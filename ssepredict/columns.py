"""Every table column of the project, declared once: name, unit, meaning, what it may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DType = Literal["text", "category", "number", "integer", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Name in the header; a stored number ends in its unit.
    meaning : str
        What a cell says, for people.
    dtype : {"text", "category", "number", "integer", "flag"}
        A category holds one of `allowed`; a flag holds 0 or 1 and is never empty.
    unit : str
        Unit of the number; empty for text and for dimensionless numbers, ``"by quantity"`` where the column
        `quantity` fixes it (see `QUANTITIES`).
    allowed : tuple of str
        Every value a category may take (an empty cell counts as missing, not as a value).
    minimum, maximum : float, optional
        Inclusive range of a number, in `unit`.
    required : bool
        Whether an empty cell is an error.
    missing : str
        What an empty cell means.
    """

    name: str
    meaning: str
    dtype: DType = "text"
    unit: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    missing: str = "not stated by the source"

    @property
    def is_numeric(self) -> bool:
        """Whether cells are numbers."""
        return self.dtype in ("number", "integer", "flag")


@dataclass(frozen=True)
class Quantity:
    """A measured quantity: the table that holds it, the unit of its `value`, its admissible range."""

    name: str
    table: Literal["transport", "cells"]
    unit: str
    meaning: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class ForeignKey:
    """A column whose every non-empty cell must be a key of another table."""

    table: str
    column: str
    to_table: str
    to_column: str


QUANTITIES: dict[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("conductivity", "transport", "S/cm", "ionic conductivity", 1e-20, 10.0),
        Quantity("activation_energy", "transport", "eV", "activation energy of ionic conduction", 0.02, 2.5),
        Quantity("electronic_conductivity", "transport", "S/cm", "electronic conductivity", 1e-20, 1.0),
        Quantity(
            "transference_number", "transport", "1", "share of the current that ions carry (0 to 1)", 0.0, 1.0
        ),
        Quantity(
            "critical_current_density",
            "cells",
            "mA/cm2",
            "current density at which a symmetric metal cell short-circuits",
            1e-4,
            100.0,
        ),
        Quantity(
            "capacity_retention",
            "cells",
            "%",
            "capacity left after `cycles` cycles, of the first capacity",
            0.0,
            120.0,
        ),
        Quantity(
            "fade_per_cycle",
            "cells",
            "%",
            "capacity lost per cycle as the source states it, (100 - retention) / cycles",
            -1.0,
            100.0,
        ),
        Quantity(
            "symmetric_life",
            "cells",
            "h",
            "hours of plating and stripping that a symmetric cell lasted",
            0,
            1e5,
        ),
        Quantity(
            "interfacial_resistance", "cells", "ohm cm2", "area-specific interface resistance", 0.0, 1e8
        ),
    )
}
"""Quantity name to unit and admissible range."""

FAMILY_NAMES = ("na_nasicon", "li_nasicon", "na_halide", "li_halide")
FRAMEWORK_NAMES = ("nasicon", "oxyhalide", "ucl3_halide", "glass", "spinel_halide", "close_packed_halide")
ACCESS = ("full_text", "table", "abstract", "compilation")
"""How a source was read, the best first."""

CONTRIBUTIONS = ("total", "bulk", "grain_boundary", "unspecified")
SYNTHESES = (
    "solid_state",
    "sol_gel",
    "melt_quench",
    "ball_mill",
    "ball_mill_anneal",
    "solution",
    "cold_sinter",
    "tape",
    "hot_press",
    "spark_plasma",
    "thin_film",
    "spray",
    "single_crystal",
    "other",
)
EXCLUSION_REASONS = {
    "binary_salt": "a binary salt without an M ion, no framework to dope",
    "tetrahedral_halide": "its M ions (Al, Ga, Zn) sit mostly in tetrahedra; no framework covered here",
    "malformed_formula": "the formula as printed lacks atoms of every framework",
    "no_framework": "readable, but its counts of anions, tetrahedral and octahedral ions fit no framework",
}
"""Why a reported figure is in `excluded.csv` and not in a table of measurements."""

DISCREPANCY_RULES = (
    # rules of physics, by the id that `ssepredict.physics` gives them
    "admissible_range",
    "arrhenius_consistency",
    "carriers_and_vacancies",
    "charge_neutrality",
    "dopant_fraction",
    "mean_site_radius",
    "nernst_einstein_ceiling",
    "polymorph",
    "radius_mismatch",
    "radius_ratio",
    "reducible_ion",
    "secondary_phase",
    "site_capacity",
    "vacancy_direction",
    # comparisons of figures with each other, see `ssepredict.audit`
    "activation_energy_ratio",
    "compilation_disagreement",
    "duplicate_figure",
    "fade_consistency",
    "family_disagreement",
    "formula",
    "spread_between_sources",
    "temperature_label",
    "unit_slip",
    # found by people
    "internal_contradiction",
    "measurement_condition",
    "radius",
    "transcription",
)
"""Rules a finding can name; a test holds the first block against `ssepredict.physics.RULES`."""

DECISIONS = {
    "kept": "the rows stay as reported and are used",
    "flagged": "the rows stay as reported, `suspect` is 1 and fits leave them out",
    "corrected": "a table holds the corrected figure; the finding holds the original",
    "excluded": "the figure is in `excluded.csv` and in no table of measurements",
}
"""What happens to the rows of a finding."""

ORIGINS = {
    "hand": "entered by a person; an audit never changes it",
    "audit": "computed; every audit writes it anew",
}
"""Where a finding comes from."""

_FLAGS = (
    Column("secondary", "1: the figure was read in another work that cites it", "flag"),
    Column("computed", "1: extrapolated with the Arrhenius equation, not measured", "flag"),
    Column("suspect", "1: contradicts its own row or another reading of the same work", "flag"),
)
_READ = (
    Column("read_in", "address or file in which the figure was read", missing="no address recorded"),
    Column("read_as", "how that was read", "category", allowed=ACCESS, required=True),
)
_MEASURED = (
    Column("measurement_id", "key of the reported figure", required=True),
    Column("sample_id", "sample on which it was measured", required=True),
)
_VALUE = (
    Column("value", "the figure as reported, never rounded", "number", "by quantity", required=True),
    Column(
        "bound", "< or > when the source gives a limit", "category", allowed=("<", ">"), missing="no limit"
    ),
    Column("temperature_c", "temperature of the measurement", "number", "°C", minimum=-273.15, maximum=2000),
)
_PRESSURE = Column("stack_pressure_mpa", "pressure on the cell", "number", "MPa", minimum=0, maximum=2000)


def _quantity_column(table: str) -> Column:
    names = tuple(name for name, quantity in QUANTITIES.items() if quantity.table == table)
    return Column(
        "quantity", "what was measured; fixes the unit of `value`", "category", "", names, required=True
    )


TABLES: dict[str, tuple[Column, ...]] = {
    "sources": (
        Column("source_id", "key of the source: one paper, or one reference of a survey", required=True),
        Column(
            "work_id",
            "source_id that stands for all sources of the same paper; the group to leave out together",
            required=True,
        ),
        Column("doi", "DOI of the source itself, never that of a survey", missing="not known"),
        Column("citation", "journal reference or title", missing="not known"),
        Column(
            "year", "year of the source itself", "integer", minimum=1900, maximum=2100, missing="not known"
        ),
        Column("access", "best way in which the source was read", "category", allowed=ACCESS, required=True),
        Column(
            "compiled_by",
            "survey or open dataset through which figures came, several separated by '; '",
            missing="read directly",
        ),
        Column("compiled_by_doi", "DOI of the same, in the same order", missing="none or not known"),
        Column("licence_note", "terms of what the figures came through", required=True),
    ),
    "samples": (
        Column("sample_id", "key of the sample", required=True),
        Column("source_id", "source that reports it", required=True),
        Column("formula", "nominal formula as first printed by the source", required=True),
        Column(
            "composition_key",
            "computed: amounts per 12 anions (halides 6) to three decimals; the same for every writing",
            required=True,
        ),
        Column("family", "computed: mobile ion and group", "category", allowed=FAMILY_NAMES, required=True),
        Column(
            "framework", "computed: crystal framework", "category", allowed=FRAMEWORK_NAMES, required=True
        ),
        Column("host", "computed: undoped reference composition", required=True),
        Column("synthesis", "route", "category", allowed=SYNTHESES),
        Column("sinter_temperature_c", "highest firing temperature", "number", "°C", minimum=0, maximum=2500),
        Column("sinter_time_h", "time at that temperature", "number", "h", minimum=0, maximum=1000),
        Column("relative_density_pct", "share of the ideal density", "number", "%", minimum=1, maximum=100),
        Column("phase", "space group or phases as stated"),
        Column("composite", "1: the sample holds an additive beside the formula", "flag"),
    ),
    "transport": (
        *_MEASURED,
        _quantity_column("transport"),
        *_VALUE,
        Column(
            "contribution",
            "what the figure describes; unspecified: the source was read and leaves it open",
            "category",
            allowed=CONTRIBUTIONS,
            missing="no contribution recorded",
        ),
        Column(
            "phase_range",
            "the polymorph's range to which an activation energy belongs",
            "category",
            allowed=("low_temperature", "high_temperature"),
            missing="one range only, or not stated",
        ),
        Column("electrodes", "contacts, first|second"),
        Column("interface", "contact layer or additive as stated"),
        _PRESSURE,
        *_READ,
        *_FLAGS,
    ),
    "cells": (
        *_MEASURED,
        _quantity_column("cells"),
        *_VALUE,
        Column("negative_electrode", "negative electrode; in a symmetric cell both are the same"),
        Column("positive_electrode", "positive electrode"),
        Column("interface", "interlayer, coating, wetting or additive as stated"),
        Column("current_density_ma_cm2", "current density", "number", "mA/cm2", minimum=0, maximum=1000),
        Column("c_rate", "current as a C rate (C/5 is 0.2)", "number", "1/h", minimum=0, maximum=1000),
        Column(
            "current_as_reported",
            "current as written, where it is neither one mA/cm2 figure nor a C rate",
            missing="given in the two columns before, or not stated",
        ),
        Column("cycles", "charge and discharge cycles", "integer", minimum=1, maximum=1e6),
        _PRESSURE,
        *_READ,
        *_FLAGS,
    ),
    "discrepancies": (
        Column("discrepancy_id", "key of the finding", required=True),
        Column("source_id", "source concerned", missing="several sources, named in the note"),
        Column("subject", "what is concerned: a formula, a figure, a statement", required=True),
        Column("reported", "what the source says", required=True),
        Column("expected", "what it should say, or what contradicts it", required=True),
        Column("rule", "check that found it", "category", allowed=DISCREPANCY_RULES, required=True),
        Column(
            "decision",
            "what happens to the rows concerned",
            "category",
            allowed=tuple(DECISIONS),
            required=True,
        ),
        Column("origin", "who found it", "category", allowed=tuple(ORIGINS), required=True),
        Column("note", "how it is handled here", missing="nothing to add"),
    ),
    "excluded": (
        Column("measurement_id", "key of the reported figure", required=True),
        Column("source_id", "source that reports it", required=True),
        Column("formula", "formula as printed", required=True),
        Column("stated_family", "family given by the collection", "category", allowed=FAMILY_NAMES),
        Column("quantity", "what was measured", "category", allowed=tuple(QUANTITIES), required=True),
        *_VALUE,
        Column("unit", "unit of `value`", required=True),
        Column("contribution", "as in transport", "category", allowed=CONTRIBUTIONS),
        Column("synthesis", "as in samples", "category", allowed=SYNTHESES),
        Column("sinter_temperature_c", "as in samples", "number", "°C", minimum=0, maximum=2500),
        Column("sinter_time_h", "as in samples", "number", "h", minimum=0, maximum=1000),
        Column("relative_density_pct", "as in samples", "number", "%", minimum=1, maximum=100),
        Column("phase", "as in samples"),
        Column("composite", "as in samples", "flag"),
        *_READ,
        *_FLAGS,
        Column("reason", "code", "category", allowed=tuple(EXCLUSION_REASONS), required=True),
        Column("explanation", "the reason in words", required=True),
    ),
}
"""Table name to its columns, in the order of the file."""

TABLE_TITLES = {
    "sources": "one row per source of figures",
    "samples": "one row per sample: a composition as one source made it",
    "transport": "one row per reported transport figure",
    "cells": "one row per reported figure of a cell test",
    "discrepancies": "contradictions and errors found in the literature",
    "excluded": "reported figures that are in no table, with the reason",
}

PRIMARY_KEYS = {
    "sources": "source_id",
    "samples": "sample_id",
    "transport": "measurement_id",
    "cells": "measurement_id",
    "discrepancies": "discrepancy_id",
    "excluded": "measurement_id",
}

FOREIGN_KEYS = (
    ForeignKey("sources", "work_id", "sources", "source_id"),
    ForeignKey("samples", "source_id", "sources", "source_id"),
    ForeignKey("transport", "sample_id", "samples", "sample_id"),
    ForeignKey("cells", "sample_id", "samples", "sample_id"),
    ForeignKey("discrepancies", "source_id", "sources", "source_id"),
    ForeignKey("excluded", "source_id", "sources", "source_id"),
)

TEMPERATURE_BANDS = {
    "room": (15.0, 45.0),
    "warm": (45.0, 150.0),
    "hot": (150.0, 600.0),
}
"""Name to lower (excluded, but for the first) and upper bound (°C)."""

FOLDS = 20
"""Folds of every protocol whose folds are frozen."""

FOLD_PROTOCOLS = ("paper", "host", "random")
"""Protocols whose folds are frozen; ``paper_purged`` shares those of ``paper``."""

DERIVED_TABLES: dict[str, tuple[Column, ...]] = {
    "reproducibility": (
        Column("quantity", "what was measured", "category", allowed=tuple(QUANTITIES), required=True),
        Column("family", "family, or all", "category", allowed=("all", *FAMILY_NAMES), required=True),
        Column(
            "contribution",
            "contribution compared; all: whatever it is, except the grain boundary alone",
            "category",
            allowed=("all", *CONTRIBUTIONS),
            required=True,
        ),
        Column(
            "temperature_band",
            "temperatures compared; any for an activation energy",
            "category",
            allowed=("any", *TEMPERATURE_BANDS),
            required=True,
        ),
        Column("unit", "unit of the differences", required=True),
        Column(
            "compositions", "compositions that two works or more report", "integer", required=True, minimum=1
        ),
        Column("works", "works that report them", "integer", required=True, minimum=2),
        Column("pairs", "pairs of works on one composition", "integer", required=True, minimum=1),
        Column(
            "median_abs_difference",
            "median over the pairs of the absolute difference",
            "number",
            "by unit",
            required=True,
            minimum=0,
        ),
        Column(
            "mae_from_other_works",
            "mean error of predicting a work by the median of the others",
            "number",
            "by unit",
            required=True,
            minimum=0,
        ),
        Column(
            "mae_low",
            "lower end of its 90 % interval, bootstrap over compositions",
            "number",
            "by unit",
            minimum=0,
            missing="fewer than three compositions",
        ),
        Column(
            "mae_high",
            "upper end of its 90 % interval",
            "number",
            "by unit",
            minimum=0,
            missing="fewer than three compositions",
        ),
    ),
    "folds": (
        Column(
            "protocol",
            "what is left out as a whole: a paper, a host or, at random, a measurement",
            "category",
            allowed=FOLD_PROTOCOLS,
            required=True,
        ),
        Column("key", "work_id, host or measurement_id", missing="samples without a host"),
        Column(
            "fold",
            "fold in which it is left out; never changed once it stands here",
            "integer",
            required=True,
            minimum=0,
            maximum=FOLDS - 1,
        ),
    ),
    "descriptors": (
        Column("host", "undoped composition whose structure was doped", required=True),
        Column("ion", "ion that replaces the M ion; the M ion itself for the undoped host", required=True),
        Column("fraction", "share of the M ions replaced", "number", required=True, minimum=0, maximum=1),
        Column("descriptor", "what was computed", required=True),
        Column("mean", "mean over the configurations", "number", "by unit", required=True),
        Column(
            "spread",
            "sample standard deviation over the configurations",
            "number",
            "by unit",
            minimum=0,
            missing="one configuration only",
        ),
        Column("configurations", "configurations that entered", "integer", required=True, minimum=1),
        Column("unit", "unit of mean and spread", required=True),
        Column("method", "how it was computed; the potential that relaxed the cell", required=True),
        Column("versions", "packages and versions used", required=True),
        Column("cell", "ions and formula units in the cell", required=True),
        Column("seed", "seeds of the configurations", required=True),
    ),
    "dynamics": (
        Column("host", "undoped composition whose structure was used", required=True),
        Column("ion", "ion that replaces the M ion; the M ion itself for the undoped host", required=True),
        Column("fraction", "share of the M ions replaced", "number", required=True, minimum=0, maximum=1),
        Column("temperature_k", "temperature of the thermostat", "number", "K", required=True, minimum=0),
        Column(
            "diffusivity_cm2_s",
            "tracer diffusivity of the mobile ion: a sixth of the slope of its mean squared displacement; "
            "negative by chance where hardly anything moves",
            "number",
            "cm2/s",
            required=True,
        ),
        Column(
            "standard_error_cm2_s",
            "standard error from the scatter between blocks",
            "number",
            "cm2/s",
            minimum=0,
            missing="one block only",
        ),
        Column("blocks", "blocks into which the trajectory was cut", "integer", required=True, minimum=1),
        Column("hops", "jumps of all mobile ions that were counted", "integer", required=True, minimum=0),
        Column("mobile_ions", "mobile ions in the cell", "integer", required=True, minimum=1),
        Column("length_ps", "time that was evaluated", "number", "ps", required=True, minimum=0),
        Column(
            "equilibration_ps", "time before it that was left out", "number", "ps", required=True, minimum=0
        ),
        Column("timestep_fs", "time step", "number", "fs", required=True, minimum=0),
        Column("lag_low_ps", "shortest time lag of the fit", "number", "ps", required=True, minimum=0),
        Column("lag_high_ps", "longest time lag of the fit", "number", "ps", required=True, minimum=0),
        Column("mean_temperature_k", "mean kinetic temperature", "number", "K", required=True, minimum=0),
        Column("method", "how the motion was computed, and the potential", required=True),
        Column("versions", "packages and versions used", required=True),
        Column("cell", "ions and formula units in the cell", required=True),
        Column("seed", "seed of the configuration and of the velocities", required=True),
    ),
    "lattice": (
        Column("formula", "composition as the source writes it", required=True),
        Column("a_angstrom", "length of the first lattice vector", "number", "Å", required=True, minimum=0),
        Column("b_angstrom", "length of the second", "number", "Å", required=True, minimum=0),
        Column("c_angstrom", "length of the third", "number", "Å", required=True, minimum=0),
        Column("alpha_deg", "angle between second and third", "number", "°", required=True, minimum=0),
        Column("beta_deg", "angle between first and third", "number", "°", required=True, minimum=0),
        Column("gamma_deg", "angle between first and second", "number", "°", required=True, minimum=0),
        Column("formula_units", "formula units in the cell", "integer", required=True, minimum=1),
        Column("source", "where the cell was read", required=True),
        Column("cites", "the work that it names for the cell", missing="none is named"),
    ),
}
"""Tables beside the measurements, computed ones and the reported cells that computed ones are held against; a
dataset is complete without them."""

DERIVED_TITLES = {
    "reproducibility": "computed: how far apart independent works report the same composition",
    "folds": "computed once and kept: the fold in which each paper, host and measurement is left out",
    "descriptors": "computed: figures of relaxed doped crystals, one per host, ion, fraction and descriptor",
    "dynamics": "computed: diffusivity of the mobile ion in short molecular dynamics of relaxed crystals",
    "lattice": "reported: lattice parameters, against which computed volumes are held",
}
