"""The targets of prediction: column, transform, unit, admissible range and the conditions that matter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.columns import QUANTITIES, Quantity
from ssepredict.data.dataset import Dataset

PROCESSING = ("synthesis", "sinter_temperature_c", "sinter_time_h", "relative_density_pct")
"""Conditions that are known of a measured sample and not of a candidate."""

SAMPLE_CONDITIONS = (*PROCESSING, "composite")
ROOM_TEMPERATURE_C = (15.0, 35.0)


@dataclass(frozen=True)
class Target:
    """What a model predicts.

    Parameters
    ----------
    name : str
        Column of the predictions; the unit ends the name.
    quantity : str
        Quantity of the dataset.
    log10 : bool
        Whether models see the decimal logarithm; errors are then in decades.
    conditions : tuple of str
        Columns of `ssepredict.featurizers.conditions.CONDITIONS` that enter as features. The number of
        cycles is none of them: it stands in the definition of fade and would predict it by itself.
    needs_temperature : bool
        Whether a row without a stated temperature can be scored.
    label : str
        For tables and plots.
    falls_with : tuple of str
        Features that can only lower the target: boosted models are held to it.
    """

    name: str
    quantity: str
    log10: bool
    conditions: tuple[str, ...]
    needs_temperature: bool
    label: str
    falls_with: tuple[str, ...] = ()

    @property
    def definition(self) -> Quantity:
        """Unit and admissible range as the dataset declares them."""
        return QUANTITIES[self.quantity]

    @property
    def error_unit(self) -> str:
        """Unit of errors and interval widths."""
        return "decades" if self.log10 else self.definition.unit

    def forward(self, values: npt.ArrayLike) -> FloatArray:
        """Physical values to what models see, same shape."""
        array = np.asarray(values, dtype=np.float64)
        return np.log10(array) if self.log10 else array

    def inverse(self, values: npt.ArrayLike) -> FloatArray:
        """Back to physical values, kept inside the admissible range, same shape."""
        array = np.asarray(values, dtype=np.float64)
        physical = 10.0**array if self.log10 else array
        return np.clip(physical, self.definition.minimum, self.definition.maximum)

    def scored(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Rows on which errors are measured: own, exact, unsuspected, at a stated temperature, shape (n,)."""
        keep = (frame["bound"] == "") & (frame["suspect"] == 0) & (frame["computed"] == 0)
        if self.needs_temperature:
            keep &= frame["temperature_c"].notna()
        return np.asarray(keep.to_numpy(dtype=bool))

    def frame(self, dataset: Dataset) -> pd.DataFrame:
        """Rows of a dataset that hold an exact, unsuspected value of this target.

        Limits ("< 1e-10") and suspect rows are left out, never used as values. A fade that repeats a
        retention of the same test counts once.
        """
        rows = dataset.training_frame(self.quantity)
        keep = (rows["bound"] == "") & (rows["suspect"] == 0)
        if "restated" in rows:
            keep &= rows["restated"] == 0
        if self.log10:
            keep &= rows["value"] > 0
        return rows[keep].reset_index(drop=True)


TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        Target(
            "conductivity_s_cm",
            "conductivity",
            True,
            ("temperature_c", "contribution", *SAMPLE_CONDITIONS),
            True,
            "ionic conductivity (S/cm)",
            falls_with=("inverse_temperature_1000_per_k",),
        ),
        Target(
            "activation_energy_ev",
            "activation_energy",
            False,
            ("contribution", "phase_range", *SAMPLE_CONDITIONS),
            False,
            "activation energy (eV)",
        ),
        Target(
            "ccd_ma_cm2",
            "critical_current_density",
            True,
            ("temperature_c", "interface", "stack_pressure_mpa"),
            False,
            "critical current density (mA/cm²)",
        ),
        Target(
            "fade_pct_per_cycle",
            "fade_per_cycle",
            False,
            ("temperature_c", "interface", "c_rate", "current_density_ma_cm2"),
            False,
            "cycling fade (% per cycle)",
        ),
    )
}
