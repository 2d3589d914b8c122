"""Relations between transport and cell quantities: one door to the rooms that hold them.

Conduction and its ceiling are in `conduction`, fits of an Arrhenius line in `arrhenius`, what a cell test
is worth in `cell_relations`.
"""

from __future__ import annotations

from ssepredict.physics.arrhenius import ArrheniusFit, fit_arrhenius
from ssepredict.physics.cell_relations import (
    FADE_CONVENTIONS,
    Estimate,
    area_specific_resistance,
    bruce_vincent_transference,
    conductivity_from_resistance,
    fade_per_cycle,
    retention_after,
    work_of_adhesion,
)
from ssepredict.physics.conduction import (
    ATTEMPT_FREQUENCY_HZ,
    conductivity_at_temperature,
    log10_prefactor,
    nernst_einstein_ceiling,
    thermal_energy_ev,
)

__all__ = [
    "ATTEMPT_FREQUENCY_HZ",
    "FADE_CONVENTIONS",
    "ArrheniusFit",
    "Estimate",
    "area_specific_resistance",
    "bruce_vincent_transference",
    "conductivity_at_temperature",
    "conductivity_from_resistance",
    "fade_per_cycle",
    "fit_arrhenius",
    "log10_prefactor",
    "nernst_einstein_ceiling",
    "retention_after",
    "thermal_energy_ev",
    "work_of_adhesion",
]
