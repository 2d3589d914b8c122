"""Potentials whose results are known without computing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes

from ssepredict.structures import descriptors
from ssepredict.structures.potentials import Potential

ELEMENT_EV = {"Li": -1.0, "Na": -1.5, "Y": -8.0, "Zr": -9.0, "Er": -8.5, "In": -4.0, "Sc": -7.0, "Cl": -2.0}


class SumOfElements(Calculator):
    """No forces; the energy is a sum over the elements, so that nothing moves and nothing mixes."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        symbols = self.atoms.get_chemical_symbols()
        self.results = {
            "energy": sum(ELEMENT_EV.get(symbol, -5.0) for symbol in symbols),
            "forces": np.zeros((len(symbols), 3)),
            "stress": np.zeros(6),
        }


@pytest.fixture(scope="session")
def sum_of_elements() -> Potential:
    return Potential("sum of elements", "none 0", SumOfElements)


@pytest.fixture(autouse=True, scope="session")
def _coarse_landscape() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(descriptors, "BVSE_RESOLUTION_ANGSTROM", 0.6)
        yield
