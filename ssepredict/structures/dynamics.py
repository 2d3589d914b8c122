"""Molecular dynamics of a relaxed crystal at constant volume and temperature, in chunks that can be resumed.

A chunk is one record; the next one starts from its places and velocities with a random stream of its own, so
that an interrupted run ends where an uninterrupted one does.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.ions import Ion
from ssepredict.exceptions import SsePredictError
from ssepredict.structures.campaign import Record, Task
from ssepredict.structures.hosts import find_host
from ssepredict.structures.potentials import Potential
from ssepredict.units import BOLTZMANN_EV_K

TIMESTEP_FS = 2.0
SAMPLE_STEPS = 10
CHUNK_STEPS = 50
COUPLING_FS = 100.0
"""Time constant of the thermostat."""

METHOD = "velocity Verlet, stochastic velocity rescaling"
"""G. Bussi, D. Donadio, M. Parrinello, J. Chem. Phys. 126 (2007) 014101, arXiv 0803.4060: all velocities are
scaled together, so that no friction slows the ions."""


@dataclass(frozen=True)
class Run:
    """One crystal at one temperature.

    Parameters
    ----------
    task : Task
        Undoped or doped crystal that was relaxed.
    temperature_k : float
    timestep_fs : float
    """

    task: Task
    temperature_k: float
    timestep_fs: float = TIMESTEP_FS

    @property
    def name(self) -> str:
        """Text that names the run."""
        return f"dynamics|{self.task.key}|{self.temperature_k:g} K|{self.timestep_fs:g} fs"

    def key(self, chunk: int) -> str:
        """Name a chunk; a record of the same key makes it done."""
        return f"{self.name}|{chunk}"

    def chunks(self, picoseconds: float) -> int:
        """Chunks that make up at least a time."""
        return int(np.ceil(1000.0 * picoseconds / (CHUNK_STEPS * self.timestep_fs) - 1e-9))


def simulate(
    runs: Sequence[Run], picoseconds: float, potential: Potential, done: Mapping[str, Record]
) -> Iterator[tuple[Run, Record]]:
    """Compute the chunks that no record covers yet, the temperatures in turn.

    Parameters
    ----------
    runs : sequence of Run
    picoseconds : float
        Length of every run.
    potential : Potential
    done : mapping of str to dict
        Records so far by key, the relaxed crystals among them.

    Yields
    ------
    tuple of (Run, dict)

    Raises
    ------
    SsePredictError
        When a relaxed crystal is missing or has changed since the run began, or the dynamics runs away.
    """
    known = dict(done)
    calculator = None
    for chunk in range(max((run.chunks(picoseconds) for run in runs), default=0)):
        for run in runs:
            key = run.key(chunk)
            if key in known or chunk >= run.chunks(picoseconds):
                continue
            calculator = calculator or potential.make()
            known[key] = _advance(run, chunk, potential, calculator, known)
            yield run, known[key]


def trajectory(records: Sequence[Record], equilibration_ps: float) -> tuple[FloatArray, float]:
    """Positions of the mobile ions relative to the framework.

    Parameters
    ----------
    records : sequence of dict
        Chunks of one run, in order, without a gap.
    equilibration_ps : float
        Time at the start that is left out (ps).

    Returns
    -------
    tuple of (ndarray, float)
        Positions (Å), shape (frames, ions, 3), and the time between frames (ps).

    Raises
    ------
    SsePredictError
        When a chunk is missing or nothing is left.
    """
    if [record["chunk"] for record in records] != list(range(len(records))):
        raise SsePredictError(
            f"chunks of {records[0]['run']} are missing; run `ssepredict descriptors dynamics` again"
        )
    step_ps = SAMPLE_STEPS * records[0]["timestep_fs"] / 1000.0
    frames = np.concatenate([np.array(record["frames"], dtype=float) for record in records])
    kept = frames[round(equilibration_ps / step_ps) :]
    if not len(kept):
        raise SsePredictError(f"{records[0]['run']} is no longer than {equilibration_ps:g} ps; compute more")
    return kept, step_ps


def _advance(
    run: Run, chunk: int, potential: Potential, calculator: Any, known: Mapping[str, Record]
) -> Record:
    started = time.perf_counter()
    relaxed = known.get(run.task.key)
    if relaxed is None or "problem" in relaxed:
        raise SsePredictError(f"the relaxed cell {run.task.key} is missing; relax it first")
    mobile = np.array([ion == str(find_host(run.task.host).mobile) for ion in relaxed["ions"]])
    rng = np.random.default_rng((run.task.seed, round(1000 * run.temperature_k), chunk))
    atoms = _atoms(relaxed)
    if chunk:
        before = known[run.key(chunk - 1)]
        if before.get("lattice") != relaxed["lattice"]:
            raise SsePredictError(
                f"{run.name} began in another cell than the relaxed one of today; begin in a new file"
            )
        atoms.set_positions(before["positions"])
        atoms.set_velocities(before["velocities"])
    else:
        atoms.set_velocities(_thermal(atoms.get_masses(), run.temperature_k, rng))
    atoms.calc = calculator
    frames, temperatures = _integrate(atoms, run, rng, mobile)
    if not (np.isfinite(frames).all() and max(temperatures) < 10 * run.temperature_k):
        raise SsePredictError(
            f"{run.name} runs away (up to {max(temperatures):.0f} K); take a shorter time step"
        )
    return {
        "key": run.key(chunk), "kind": "dynamics", "run": run.name, "chunk": chunk,
        "host": run.task.host, "ion": run.task.ion, "count": run.task.count, "seed": run.task.seed,
        "metal_sites": relaxed["metal_sites"], "potential": potential.name, "versions": potential.versions,
        "temperature_k": run.temperature_k, "timestep_fs": run.timestep_fs, "steps": CHUNK_STEPS,
        "mean_temperature_k": round(float(np.mean(temperatures)), 1),
        "atoms": len(mobile), "formula_units": relaxed["formula_units"], "lattice": relaxed["lattice"],
        "frames": np.round(frames, 4).tolist(),
        "positions": atoms.get_positions().tolist(), "velocities": atoms.get_velocities().tolist(),
        "seconds": round(time.perf_counter() - started, 1),
    }  # fmt: skip


def _integrate(
    atoms: Any, run: Run, rng: np.random.Generator, mobile: npt.NDArray[np.bool_]
) -> tuple[FloatArray, list[float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations between ASE's own modules
        from ase import units
        from ase.md.bussi import Bussi

        motion = Bussi(
            atoms,
            timestep=run.timestep_fs * units.fs,
            temperature_K=run.temperature_k,
            taut=COUPLING_FS * units.fs,
            rng=rng,
        )
        frames, temperatures = [], []
        for _ in range(CHUNK_STEPS // SAMPLE_STEPS):
            motion.run(SAMPLE_STEPS)
            places = atoms.get_positions()
            frames.append(places[mobile] - places[~mobile].mean(axis=0))
            temperatures.append(float(atoms.get_temperature()))
    return np.array(frames), temperatures


def _atoms(relaxed: Record) -> Any:
    from ase import Atoms

    symbols = [Ion.parse(ion).element for ion in relaxed["ions"]]
    return Atoms(symbols, scaled_positions=relaxed["fractional"], cell=relaxed["lattice"], pbc=True)


def _thermal(masses: FloatArray, temperature_k: float, rng: np.random.Generator) -> FloatArray:
    """Draw velocities (ASE's unit) from Maxwell's distribution, the whole at rest."""
    spread = np.sqrt(BOLTZMANN_EV_K * temperature_k / masses)[:, None]
    velocities = rng.standard_normal((len(masses), 3)) * spread
    drift = (masses[:, None] * velocities).sum(axis=0) / masses.sum()
    return np.asarray(velocities - drift)
