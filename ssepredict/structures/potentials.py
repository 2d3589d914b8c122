"""Interatomic potentials by name, each with the weights that its package carries, on the processor."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from ssepredict.exceptions import SsePredictError, did_you_mean

CHGNET_WEIGHTS = ("0.3.0", "0.2.0", "r2scan")
"""Those used unless others are asked for; an earlier training; one carried over to another functional."""

SEVENNET_WEIGHTS: dict[str, tuple[str, str | None]] = {
    "7net-0": ("7net-0", None),
    "7net-l3i5": ("7net-l3i5", None),
    "7net-mf-0-pbe": ("7net-mf-0", "PBE"),
    "7net-mf-0-r2scan": ("7net-mf-0", "R2SCAN"),
}
"""Name to the model of the package and, for one trained on two functionals, the functional; the first is used
unless another is asked for. The package would fetch its other models from the network."""

_BETWEEN = "; "


@dataclass(frozen=True)
class Potential:
    """An interatomic potential.

    Parameters
    ----------
    name : str
        Energies of two names are never compared.
    versions : str
        Weights, packages and versions that define it.
    make : callable
        Returns a new ASE calculator.
    """

    name: str
    versions: str
    make: Callable[[], Any]


class PotentialBuilder(Protocol):
    """What `POTENTIALS` holds: a function that checks what is asked for and loads nothing."""

    def __call__(self, threads: int = 1, weights: str = "", *, stress: bool = True) -> Potential:
        """Return the potential."""


def chgnet_potential(threads: int = 1, weights: str = "", *, stress: bool = True) -> Potential:
    """Return CHGNet with weights that its package carries.

    Parameters
    ----------
    threads : int
        Threads that it may use.
    weights : str
        One of `CHGNET_WEIGHTS`; empty for the first.
    stress : bool
        Whether stresses are wanted; without them a step takes some 40 % less time.

    Raises
    ------
    SsePredictError
        When it is not installed or the weights are unknown.

    References
    ----------
    B. Deng et al., Nat. Mach. Intell. 5 (2023) 1031, doi 10.1038/s42256-023-00716-3.
    """
    weights = _known_weights("CHGNet", weights, CHGNET_WEIGHTS)
    _require("CHGNet", "chgnet", extra="structure")

    def make() -> Any:
        import torch

        with _quiet():
            from chgnet.model.dynamics import CHGNetCalculator
            from chgnet.model.model import CHGNet

            torch.set_num_threads(threads)
            model = CHGNet.load(model_name=weights, verbose=False, use_device="cpu")
            calculator = CHGNetCalculator(model, use_device="cpu")
        if not stress:
            calculator.calculate = functools.partial(calculator.calculate, task="ef")
        return calculator

    versions = f"weights {weights}, {package_versions('chgnet', 'torch', 'ase')}"
    return Potential(_name("CHGNet", weights, CHGNET_WEIGHTS), versions, make)


def sevennet_potential(threads: int = 1, weights: str = "", *, stress: bool = True) -> Potential:
    """Return SevenNet with weights that its package carries.

    Parameters
    ----------
    threads : int
        Threads that it may use.
    weights : str
        One of `SEVENNET_WEIGHTS`; empty for the first.
    stress : bool
        Stresses come with the forces: nothing is saved without them.

    Raises
    ------
    SsePredictError
        When it is not installed or the weights are unknown.

    References
    ----------
    Y. Park et al., J. Chem. Theory Comput. 20 (2024) 4857, doi 10.1021/acs.jctc.4c00190; for the weights of
    two functionals J. Kim et al., J. Am. Chem. Soc. 147 (2024) 1042, doi 10.1021/jacs.4c14455.
    """
    weights = _known_weights("SevenNet", weights, SEVENNET_WEIGHTS)
    _require("SevenNet", "sevenn", extra="sevennet")
    model, functional = SEVENNET_WEIGHTS[weights]

    def make() -> Any:
        import torch

        with _quiet():
            from sevenn.calculator import SevenNetCalculator

            torch.set_num_threads(threads)
            return SevenNetCalculator(model, device="cpu", modal=functional)

    versions = f"weights {weights}, {package_versions('sevenn', 'torch', 'ase')}"
    return Potential(_name("SevenNet", weights, SEVENNET_WEIGHTS), versions, make)


POTENTIALS: dict[str, PotentialBuilder] = {"CHGNet": chgnet_potential, "SevenNet": sevennet_potential}
"""Name to builder; the first is used unless another is asked for."""


def find_potential(name: str) -> PotentialBuilder:
    """Return the builder of a potential by its name, in any case.

    Raises
    ------
    SsePredictError
        When no potential of this name is declared.

    Examples
    --------
    >>> find_potential("sevennet") is sevennet_potential
    True
    """
    for known, builder in POTENTIALS.items():
        if known.casefold() == name.strip().casefold():
            return builder
    raise SsePredictError(
        f"potential {name!r} is unknown{did_you_mean(name, POTENTIALS)}; expected one of "
        f"{', '.join(POTENTIALS)}"
    )


def package_versions(*names: str) -> str:
    """Name packages with their versions.

    Examples
    --------
    >>> package_versions("numpy").startswith("numpy ")
    True
    """
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def method_text(method: str, potential: str) -> str:
    """Write the cell `method` of a derived table, from which `potential_names` reads the potential."""
    return f"{method}{_BETWEEN}{potential}"


def potential_names(table: pd.DataFrame) -> pd.Series[str]:
    """Name the potential of every line of ``descriptors.csv`` or ``dynamics.csv``.

    Parameters
    ----------
    table : DataFrame, n rows
        With `method`, as `method_text` writes it.

    Returns
    -------
    Series of str, n rows

    Examples
    --------
    >>> potential_names(pd.DataFrame({"method": [method_text("relaxed cell", "CHGNet r2scan")]})).tolist()
    ['CHGNet r2scan']
    """
    return table["method"].str.rsplit(_BETWEEN, n=1).str[-1].rename("potential")


def _name(potential: str, weights: str, known: Iterable[str]) -> str:
    return potential if weights == next(iter(known)) else f"{potential} {weights}"


def _known_weights(potential: str, weights: str, known: Iterable[str]) -> str:
    names = list(known)
    if weights and weights not in names:
        raise SsePredictError(
            f"{potential} carries no weights {weights!r}{did_you_mean(weights, names)}; expected one of "
            f"{', '.join(names)}"
        )
    return weights or names[0]


def _require(potential: str, package: str, *, extra: str) -> None:
    if importlib.util.find_spec(package) is None:
        raise SsePredictError(f"{potential} is not installed; run: pip install 'ssepredict[{extra}]'")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep back the deprecations of the packages' dependencies and what they print: not ours to mend."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
