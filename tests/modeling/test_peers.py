"""Peers: what is nearest, in which temperature band, and the element mover's distance itself."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ssepredict.exceptions import SsePredictError
from ssepredict.modeling import peers
from ssepredict.modeling.evaluation import COMPARED
from ssepredict.modeling.peers import PEERS, NearestComposition

FORMULAS = {
    "Li3YCl6": "Cl6 Li3 Y1",
    "Li3ErCl6": "Cl6 Er1 Li3",
    "Na3Zr2Si2PO12": "Na3 O12 P1 Si2 Zr2",
    "Na3.1Zr1.9Sc0.1Si2PO12": "Na3.1 O12 P1 Sc0.1 Si2 Zr1.9",
}


def frame_of(*rows: tuple[str, float]) -> pd.DataFrame:
    formulas, temperatures = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "formula": formulas,
            "composition_key": [FORMULAS[formula] for formula in formulas],
            "temperature_c": temperatures,
        }
    )


@pytest.fixture(params=["sites", "elmd"])
def space(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_a_composition_is_nearest_to_its_like(space):
    known = frame_of(("Li3YCl6", 25.0), ("Na3Zr2Si2PO12", 25.0))
    model = NearestComposition(space, neighbours=1).fit(known, [-3.0, -4.0])
    asked = frame_of(("Na3.1Zr1.9Sc0.1Si2PO12", 25.0), ("Li3ErCl6", 25.0), ("Li3YCl6", 25.0))
    assert model.predict(asked).tolist() == [-4.0, -3.0, -3.0]


def test_a_composition_counts_once_per_band_with_its_median(space):
    known = frame_of(*[("Li3YCl6", 25.0)] * 3, ("Li3YCl6", 100.0), ("Na3Zr2Si2PO12", 25.0))
    model = NearestComposition(space, neighbours=2).fit(known, [-3.0, -3.2, -9.0, -1.0, -4.0])
    near, hot, cold = model.predict(
        frame_of(("Li3YCl6", 20.0), ("Li3YCl6", 120.0), ("Li3YCl6", -40.0))
    ).tolist()
    assert near == pytest.approx((-3.2 - 4.0) / 2)
    assert hot == -1.0  # nothing else is measured there
    assert cold == pytest.approx((-3.1 - 4.0) / 2)  # no band: medians over all temperatures


def test_a_distance_of_elmd_is_the_librarys_own():
    from ElMD import ElMD

    vectors = peers._elmd_vectors(frame_of(*((formula, 25.0) for formula in FORMULAS)))
    for first, one in enumerate(FORMULAS):
        for second, other in enumerate(FORMULAS):
            found = np.abs(vectors[first] - vectors[second]).sum()
            assert found == pytest.approx(ElMD(one).elmd(other), abs=1e-9)


def test_a_missing_elmd_is_named_with_its_extra(monkeypatch):
    real = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "ElMD":
            raise ImportError("No module named 'ElMD'")
        return real(name, *arguments, **named)

    peers._elmd_vector.cache_clear()
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SsePredictError, match=r"needs the package ElMD.*ssepredict\[peers\]"):
        NearestComposition("elmd").fit(frame_of(("Li3YCl6", 25.0)), [-3.0])


def test_the_forest_reads_matminers_numbers_and_the_temperature():
    from matminer.featurizers.composition import ElementProperty
    from pymatgen.core import Composition

    frame = frame_of(("Li3YCl6", 25.0), ("Na3Zr2Si2PO12", 300.0))
    found = peers._magpie_and_temperature(frame)
    assert found[:, -1].tolist() == [25.0, 300.0]
    oracle = ElementProperty.from_preset("magpie", impute_nan=False)
    expected = [oracle.featurize(Composition(formula)) for formula in frame["formula"]]
    np.testing.assert_allclose(found[:, :-1], expected, rtol=1e-9, atol=1e-9)


def test_the_forest_learns_where_no_temperature_is_stated():
    frame = frame_of(*((formula, float("nan")) for formula in FORMULAS))
    model = PEERS["random_forest_magpie"].build(0).set_params(randomforestregressor__n_estimators=5)
    assert np.isfinite(model.fit(frame, [0.1, 0.2, 0.3, 0.4]).predict(frame)).all()


def test_peers_are_compared_and_never_released():
    assert COMPARED.keys() >= PEERS.keys()
    assert {spec.kind for spec in PEERS.values()} == {"reference"}
    assert all(PEERS[name].name == name for name in PEERS)
