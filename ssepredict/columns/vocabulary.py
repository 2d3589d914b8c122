"""The words that cells may hold: quantities, families, frameworks, syntheses, decisions and the like."""

from __future__ import annotations

from ssepredict.columns.records import Quantity

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
ACCESS = ("full_text", "table", "abstract", "compilation", "figure")
"""How a source was read, the best first; ``figure``: in a compilation that read it off a published figure."""

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
