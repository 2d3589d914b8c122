"""A release that is damaged, changed or foreign is refused by name, and nothing in it is executed."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from pathlib import Path

import pytest
from skops import io as skops_io

from ssepredict.exceptions import ModelError
from ssepredict.modeling.predictor import load_predictor
from ssepredict.resources import shipped_folder


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.marker,)


class Foreign:
    """Some estimator that this project does not know."""

    def __setstate__(self, state: dict[str, Path]) -> None:
        state["marker"].touch()


@pytest.fixture
def release(tmp_path: Path) -> Path:
    (shipped,) = {path.parent for path in shipped_folder("models").glob("*/model.skops")}
    return Path(shutil.copytree(shipped, tmp_path / "release"))


def put_model(release: Path, content: bytes) -> None:
    """Replace the model and, as an attacker would, the digest that guards it."""
    (release / "model.skops").write_bytes(content)
    metrics = json.loads((release / "metrics.json").read_text(encoding="utf-8"))
    metrics["model_sha256"] = hashlib.sha256(content).hexdigest()
    (release / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")


def test_the_release_that_the_faults_are_made_from_is_good(release):
    packed = (release / "model.skops").read_bytes()
    assert load_predictor(release).digest == hashlib.sha256(packed).hexdigest()
    put_model(release, packed)
    assert load_predictor(str(release)).live_targets


@pytest.mark.parametrize("name", ["model.skops", "metrics.json", "evidence.csv", "cells.csv"])
def test_a_missing_file_is_named(release, name):
    (release / name).unlink()
    with pytest.raises(ModelError, match=f"lacks {name}, expected a release written by `ssepredict train`"):
        load_predictor(release)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere lacks model\.skops, expected a release"):
        load_predictor(tmp_path / "nowhere")


def test_one_changed_byte_is_noticed(release):
    packed = bytearray((release / "model.skops").read_bytes())
    packed[len(packed) // 2] ^= 1
    (release / "model.skops").write_bytes(packed)
    with pytest.raises(ModelError, match=r"has SHA-256 .* metrics\.json states .* was changed"):
        load_predictor(release)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_model_is_noticed(release, share):
    packed = (release / "model.skops").read_bytes()
    (release / "model.skops").write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(ModelError, match="was changed or is incomplete: install again"):
        load_predictor(release)


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_a_truncated_model_with_a_fitting_digest_cannot_be_read(release, share):
    packed = (release / "model.skops").read_bytes()
    put_model(release, packed[: int(len(packed) * share)])
    with pytest.raises(ModelError, match=r"model\.skops cannot be read \(BadZipFile"):
        load_predictor(release)


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_pickle_is_never_loaded(release, tmp_path, protocol):
    marker = tmp_path / "executed"
    put_model(release, pickle.dumps(Trap(marker), protocol=protocol))
    with pytest.raises(ModelError, match="is no skops file; pickles and other formats are never loaded"):
        load_predictor(release)
    assert not marker.exists()


def test_a_foreign_type_is_named_and_not_built(release, tmp_path):
    foreign = Foreign()
    foreign.marker = tmp_path / "executed"
    put_model(release, skops_io.dumps({"format": 2, "domain": foreign}))
    with pytest.raises(ModelError, match=r"holds types that are not trusted: .*Foreign"):
        load_predictor(release)
    assert not (tmp_path / "executed").exists()


def test_a_dangerous_function_is_named_and_not_called(release, tmp_path):
    marker = tmp_path / "executed"
    put_model(release, skops_io.dumps({"format": 2, "domain": marker.touch}))
    with pytest.raises(ModelError, match=r"types that are not trusted|cannot be read"):
        load_predictor(release)
    assert not marker.exists()


@pytest.mark.parametrize("content", [{"format": 1, "models": []}, {"models": []}, [1, 2], "text"])
def test_another_format_is_named(release, content):
    put_model(release, skops_io.dumps(content))
    with pytest.raises(ModelError, match="has another format than 2, which this version reads; train again"):
        load_predictor(release)


@pytest.mark.parametrize("text", ["", "{", "model_sha256: 1", "[]", "3", "{}", '{"model_sha256": null}'])
def test_unusable_metrics_are_named(release, text):
    (release / "metrics.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"metrics\.json (is no JSON|states|holds)"):
        load_predictor(release)


@pytest.mark.parametrize("content", [b"", b"measurement_id,source_id\nm1,s1\n", b'a,"', b"\xff\xfe"])
def test_unusable_evidence_is_named(release, content):
    (release / "evidence.csv").write_bytes(content)
    with pytest.raises(ModelError, match=r"evidence\.csv .*(install|train) again"):
        load_predictor(release)


def test_evidence_that_lost_lines_is_named(release):
    lines = (release / "evidence.csv").read_text(encoding="utf-8").splitlines()
    (release / "evidence.csv").write_text("\n".join(lines[: len(lines) // 2]), encoding="utf-8")
    with pytest.raises(ModelError, match=r"evidence\.csv has \d+ lines .* train or install again"):
        load_predictor(release)
