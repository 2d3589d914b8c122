"""The tables beside the measurements, most of them computed."""

from __future__ import annotations

from ssepredict.columns.records import Column
from ssepredict.columns.vocabulary import (
    CONTRIBUTIONS,
    FAMILY_NAMES,
    FOLD_PROTOCOLS,
    FOLDS,
    QUANTITIES,
    TEMPERATURE_BANDS,
)

_DOPANT = (
    Column("ion", "ion that replaces the M ion; the M ion itself for the undoped host", required=True),
    Column("fraction", "share of the M ions replaced", "number", required=True, minimum=0, maximum=1),
)
_COMPUTED = (
    Column("versions", "packages and versions used", required=True),
    Column("cell", "ions and formula units in the cell", required=True),
)

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
        *_DOPANT,
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
        *_COMPUTED,
        Column("seed", "seeds of the configurations", required=True),
    ),
    "dynamics": (
        Column("host", "undoped composition whose structure was used", required=True),
        *_DOPANT,
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
        *_COMPUTED,
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
