"""A stated mechanism: which count it moves, where to, and what the counts themselves say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

COUNT_RESOLUTION = 0.01
"""Change of a count per formula unit that printed amounts can tell from none."""

_MOVES = {"up": "rise", "down": "fall", "same": "stay"}


@dataclass(frozen=True, eq=False)
class Claim:
    """What a mechanism is said to do to a count, against the host of every row.

    Parameters
    ----------
    quantity : {"vacancies", "carriers"}
        The count.
    direction : {"up", "down", "same", ""}
        Where it is said to go from the host to the composition; empty when nothing is claimed.
    hosts : tuple of str, length n
        Host of every row.
    host_values : ndarray, shape (n,)
        The count in the host, per formula unit; NaN where its formula does not tell.
    """

    quantity: str
    direction: str
    hosts: tuple[str, ...]
    host_values: npt.NDArray[np.float64]

    def judge(self, row: int, value: float) -> tuple[str, str, str]:
        """Hold the claim against the count of one row.

        Parameters
        ----------
        row : int
        value : float
            The count in the composition, per formula unit.

        Returns
        -------
        tuple of str
            Computed direction (empty where it cannot be counted), verdict, and a sentence with the numbers.
        """
        before = float(self.host_values[row])
        if not (np.isfinite(before) and np.isfinite(value)):
            return (
                "",
                "not_evaluable",
                (
                    f"{self.quantity} cannot be counted in both the composition and its host "
                    f"{self.hosts[row] or '(none found)'}: the framework fixes no number of sites, or "
                    "there is no alkali ion; give the host, or judge by structure data"
                ),
            )
        computed, sentence = describe_change(self.quantity, before, value)
        if not self.direction:
            return computed, "pass", sentence
        agrees = self.direction == computed
        said = f"{sentence}; the claim says {self.direction}: {'agrees' if agrees else 'contradicted'}"
        return computed, "pass" if agrees else "inform", said


def describe_change(quantity: str, host_value: float, value: float) -> tuple[str, str]:
    """Direction of a change and the change in words; a change within the resolution is none.

    Examples
    --------
    >>> describe_change("vacancies", 1.0, 0.6)
    ('down', 'vacancies fall from 1.0 to 0.6 per formula unit')
    """
    change = value - host_value
    moved = abs(change) > COUNT_RESOLUTION + 1e-9
    direction = "same" if not moved else "up" if change > 0 else "down"
    where = f"from {_amount(host_value)} to {_amount(value)}" if moved else f"at {_amount(value)}"
    return direction, f"{quantity} {_MOVES[direction]} {where} per formula unit"


def _amount(value: float) -> str:
    return str(round(value, 3) + 0.0)
