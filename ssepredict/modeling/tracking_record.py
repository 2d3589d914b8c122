"""What is written beside a release so that its run can be sent to a tracking server at any later time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pandas as pd

from ssepredict.exceptions import ModelError
from ssepredict.modeling.predictor import Predictor

LEFT_OUT_FILE = "left_out.csv"
"""Left-out predictions of a release, in its folder."""

_RELEASE_COLUMN = "release"
_DIGEST_LENGTH = 16


def keep_left_out(predictor: Predictor, folder: str | Path) -> Path:
    """Write the left-out predictions into the release they belong to.

    Parameters
    ----------
    predictor : Predictor
        As `train` returns it.
    folder : str or Path
        Where `Predictor.save` wrote it.

    Returns
    -------
    Path
        Of the file, whose column `release` names the model file that it belongs to.

    Raises
    ------
    ModelError
        When the predictor holds no left-out predictions or the folder no release.
    """
    place = Path(folder)
    if predictor.left_out.empty:
        raise ModelError(
            f"predictor {predictor.name!r} holds no left-out predictions, expected one that `train` returned"
        )
    try:
        model = (place / "model.skops").read_bytes()
    except OSError as error:
        raise ModelError(f"{place} holds no release ({error.strerror}); call Predictor.save first") from error
    belongs = hashlib.sha256(model).hexdigest()[:_DIGEST_LENGTH]
    text = predictor.left_out.assign(**{_RELEASE_COLUMN: belongs}).to_csv(index=False, lineterminator="\n")
    written = place / f".{LEFT_OUT_FILE}.{os.getpid()}"
    written.write_text(text, encoding="utf-8")
    os.replace(written, place / LEFT_OUT_FILE)
    return place / LEFT_OUT_FILE


def read_left_out(folder: str | Path, model_sha256: str) -> pd.DataFrame:
    """Left-out predictions of a release.

    Parameters
    ----------
    folder : str or Path
    model_sha256 : str
        Of the release's model file.

    Returns
    -------
    DataFrame
        Columns of `Predictor.left_out`; `true` and `predicted` in the space that models see.

    Raises
    ------
    ModelError
        When the file is missing, damaged, or belongs to another model.
    """
    path = Path(folder) / LEFT_OUT_FILE
    try:
        rows = pd.read_csv(path)
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read ({error.strerror}); `ssepredict train` writes it beside the release"
        ) from error
    except ValueError as error:  # pandas' parser errors are among them
        raise ModelError(f"{path} is no table ({error}); train again") from error
    expected = {"target", "measurement_id", "work_id", "family", "true", "predicted", "scored"}
    missing = sorted({_RELEASE_COLUMN, *expected} - set(rows))
    if missing:
        raise ModelError(f"{path} lacks columns {', '.join(missing)}; train again")
    found = rows[_RELEASE_COLUMN].astype(str).unique().tolist()
    if found != [model_sha256[:_DIGEST_LENGTH]]:
        raise ModelError(
            f"{path} belongs to the model {', '.join(found) or 'of no row'}, expected "
            f"{model_sha256[:_DIGEST_LENGTH]}; the release was overwritten without it: train again"
        )
    return rows.drop(columns=_RELEASE_COLUMN)


def release_digest(folder: str | Path) -> str:
    """SHA-256 over the names and contents of a release's files: the identity of what is sent."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).iterdir()):
        if path.is_file() and not path.name.startswith("."):
            digest.update(f"{path.name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
