"""A small release, trained once for every test that needs one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.modeling.predictor import Predictor
from ssepredict.modeling.tracking_record import keep_left_out
from ssepredict.modeling.training import train

REDUCED = {"name": "reduced", "targets": ("conductivity_s_cm",), "folds": 4, "protocols": ("paper",)}


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    return load_dataset()


@pytest.fixture(scope="session")
def li_halides(dataset: Dataset) -> Dataset:
    return dataset.select(family="li_halide")


@pytest.fixture(scope="session")
def reduced(li_halides: Dataset) -> Predictor:
    """Train for real, on one family and one target."""
    return train(li_halides, **REDUCED)


@pytest.fixture(scope="session")
def reduced_folder(reduced: Predictor, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("releases") / "reduced"
    reduced.save(folder)
    keep_left_out(reduced, folder)
    return folder
