"""Diffusivity from the positions of mobile ions over time: displacement, fit, error, jumps, Arrhenius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.formula import FloatArray
from ssepredict.exceptions import SsePredictError
from ssepredict.units import BOLTZMANN_EV_K

LAGS_PS = (0.4, 1.0)
"""Window of time lags to which the line is fitted: beyond the rattling in a cage, short enough to average."""

BLOCK_PER_LAG = 1.25
"""Least length of a block, in longest lags of the window."""

JUMP_ANGSTROM = 2.0
"""Way after which an ion counts as jumped: more than it rattles, less than two sites are apart."""

SMOOTHING_PS = 0.2
"""Time over which positions are averaged before jumps are counted."""

CM2_S_PER_ANGSTROM2_PS = 1e-4
"""1 Å2/ps in cm2/s."""


@dataclass(frozen=True)
class Diffusion:
    """What a trajectory says about diffusion.

    Parameters
    ----------
    diffusivity_cm2_s : float
        Slope of the mean squared displacement over the window of lags, divided by 6; negative by chance where
        hardly anything moves.
    standard_error_cm2_s : float
        From the scatter between blocks; NaN for a single block. Rather too large (some 1.4 times for a random
        walk), because a displacement from one block to the next counts for none.
    blocks : int
    hops : int
        Jumps that were counted.
    picoseconds : float
    """

    diffusivity_cm2_s: float
    standard_error_cm2_s: float
    blocks: int
    hops: int
    picoseconds: float


def diffusion(positions: FloatArray, step_ps: float, lags_ps: tuple[float, float] = LAGS_PS) -> Diffusion:
    """Tracer diffusivity of ions that move through a framework at rest.

    Parameters
    ----------
    positions : ndarray of float, shape (frames, ions, 3)
        Å, not wrapped into the cell.
    step_ps : float
        Time between frames (ps).
    lags_ps : tuple of float
        Shortest and longest time lag of the fit (ps).

    Returns
    -------
    Diffusion

    Raises
    ------
    SsePredictError
        When the trajectory is too short for one block.
    """
    length = (len(positions) - 1) * step_ps
    blocks = int(length / (BLOCK_PER_LAG * lags_ps[1]) + 1e-9)
    if not blocks:
        raise SsePredictError(
            f"a trajectory of {length:g} ps is too short for time lags up to {lags_ps[1]:g} ps; expected at "
            f"least {BLOCK_PER_LAG * lags_ps[1]:g} ps: compute more, or fit to shorter lags"
        )
    longest = round(lags_ps[1] / step_ps)
    slope, *each = (
        fitted_slope(mean_squared_displacement(part, longest), step_ps, lags_ps)
        for part in (positions, *np.array_split(positions, blocks))
    )
    error = np.std(each, ddof=1) / np.sqrt(blocks) if blocks > 1 else np.nan
    scale = CM2_S_PER_ANGSTROM2_PS / 6.0
    return Diffusion(slope * scale, float(error) * scale, blocks, count_hops(positions, step_ps), length)


def mean_squared_displacement(positions: FloatArray, longest: int | None = None) -> FloatArray:
    """Mean squared displacement at every time lag, over all ions and all origins of time.

    Parameters
    ----------
    positions : ndarray of float, shape (frames, ions, 3)
        Å, not wrapped.
    longest : int, optional
        Longest lag in frames; all where none is given.

    Returns
    -------
    ndarray of float, shape (longest + 1,)
        Å2; 0 at lag 0.

    Examples
    --------
    >>> import numpy as np
    >>> straight = np.arange(4.0)[:, None, None] * np.array([[[1.0, 0.0, 0.0]]])
    >>> mean_squared_displacement(straight).tolist()
    [0.0, 1.0, 4.0, 9.0]
    """
    last = len(positions) - 1
    squared = np.zeros(1 + (last if longest is None else min(longest, last)))
    for lag in range(1, len(squared)):
        step = positions[lag:] - positions[:-lag]
        squared[lag] = (step**2).sum(axis=2).mean()
    return squared


def fitted_slope(displacement: FloatArray, step_ps: float, lags_ps: tuple[float, float]) -> float:
    """Slope of the straight line through the squared displacements of a window of lags.

    Parameters
    ----------
    displacement : ndarray of float, shape (frames,)
        Å2.
    step_ps : float
    lags_ps : tuple of float

    Returns
    -------
    float
        Å2/ps.

    Raises
    ------
    SsePredictError
        When fewer than two lags lie in the window.
    """
    lags = np.arange(len(displacement)) * step_ps
    used = (lags >= lags_ps[0] - 1e-9) & (lags <= lags_ps[1] + 1e-9)
    if used.sum() < 2:
        raise SsePredictError(
            f"{used.sum()} frames lie at time lags of {lags_ps[0]:g} to {lags_ps[1]:g} ps; expected at least "
            "2: keep frames more often, or fit to a wider window"
        )
    return float(np.polyfit(lags[used], displacement[used], 1)[0])


def count_hops(positions: FloatArray, step_ps: float) -> int:
    """Count jumps: smoothed positions that leave their last place of rest by more than `JUMP_ANGSTROM`.

    Parameters
    ----------
    positions : ndarray of float, shape (frames, ions, 3)
        Å, not wrapped.
    step_ps : float

    Returns
    -------
    int
        Over all ions; a jump and its way back count as two.

    Examples
    --------
    >>> import numpy as np
    >>> there_and_back = np.repeat([0.0, 3.5, 0.0], 40)[:, None, None] * np.array([[[1.0, 0.0, 0.0]]])
    >>> count_hops(there_and_back, 0.02)
    2
    """
    window = min(max(1, round(SMOOTHING_PS / step_ps)), len(positions))
    summed = np.concatenate([np.zeros((1, *positions.shape[1:])), np.cumsum(positions, axis=0)])
    smooth = (summed[window:] - summed[:-window]) / window
    rest, hops = smooth[0].copy(), 0
    for places in smooth[::window]:
        away = np.linalg.norm(places - rest, axis=1) > JUMP_ANGSTROM
        rest[away] = places[away]
        hops += int(away.sum())
    return hops


def arrhenius_energy(
    temperatures_k: tuple[float, float], diffusivities: tuple[float, float], errors: tuple[float, float]
) -> tuple[float, float]:
    """Activation energy between two temperatures, with the error that those of the diffusivities cause.

    Parameters
    ----------
    temperatures_k : tuple of float
        Two different ones (K).
    diffusivities, errors : tuple of float
        At these temperatures, in one unit.

    Returns
    -------
    tuple of float
        Energy and standard error (eV); NaN where a diffusivity is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> pair = tuple(np.exp(-0.3 / (8.617333262e-5 * t)) for t in (800.0, 1000.0))
    >>> [round(float(x), 6) for x in arrhenius_energy((800.0, 1000.0), pair, (0.0, 0.0))]
    [0.3, 0.0]
    """
    low, high = diffusivities
    if low <= 0 or high <= 0:
        return np.nan, np.nan
    scale = BOLTZMANN_EV_K / (1.0 / temperatures_k[0] - 1.0 / temperatures_k[1])
    error = abs(scale) * np.hypot(errors[0] / low, errors[1] / high)
    return float(scale * np.log(high / low)), float(error)
