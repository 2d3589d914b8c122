"""The public datasets that are known by name: their files, terms and readers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from ssepredict.data.downloads import RemoteFile
from ssepredict.data.external_formats import liverpool_figures, obelix_figures, stability_rows
from ssepredict.exceptions import SsePredictError, did_you_mean


@dataclass(frozen=True)
class ExternalDataset:
    """A public dataset.

    Parameters
    ----------
    name : str
        Its name on the command line.
    title : str
        Its name in the column `compiled_by`.
    doi : str
        Of the work that describes it.
    licence_note : str
        Terms and attribution, in every source row that comes from it.
    files : tuple of RemoteFile
    read : callable
        File name to content -> figures (`measured`) or other rows.
    read_in : str
        What the column `read_in` says of its figures.
    measured : bool
        Whether it holds measurements; otherwise nothing can be trained on it.
    """

    name: str
    title: str
    doi: str
    licence_note: str
    files: tuple[RemoteFile, ...]
    read: Callable[[Mapping[str, bytes]], pd.DataFrame]
    read_in: str
    measured: bool = True


_STABILITY = "https://raw.githubusercontent.com/Jeff-oakley/NASICON_Predictor_Data/HEAD/RawData"

EXTERNAL: dict[str, ExternalDataset] = {
    entry.name: entry
    for entry in (
        ExternalDataset(
            "obelix",
            "OBELiX (NRC-Mila)",
            "10.1039/d5dd00441a",
            "CC BY 4.0, attribute OBELiX (NRC-Mila)",
            (
                RemoteFile(
                    "all.csv",
                    "https://raw.githubusercontent.com/NRC-Mila/OBELiX/main/data/downloads/all.csv",
                ),
            ),
            obelix_figures,
            "NRC-Mila/OBELiX:data/downloads/all.csv",
        ),
        ExternalDataset(
            "liverpool",
            "Liverpool ionics database (Hargreaves et al. 2023)",
            "10.1038/s41524-022-00951-z",
            "attribute the University of Liverpool and Hargreaves et al., npj Comput. Mater. 9, 9 (2023); "
            "commercial use only under licence by the University of Liverpool",
            (RemoteFile("LiIonDatabase.csv", "https://pcwww.liv.ac.uk/~msd30/lmds/LiIonDatabase.csv"),),
            liverpool_figures,
            "Liverpool ionics database:LiIonDatabase.csv",
        ),
        ExternalDataset(
            "nasicon-stability",
            "NASICON stability (Ouyang et al. 2021)",
            "10.1038/s41467-021-26006-3",
            "MIT, copyright (c) 2021 Bin Ouyang; attribute Ouyang et al., Nat. Commun. 12, 5752 (2021)",
            (
                RemoteFile("train.csv", f"{_STABILITY}/train.csv"),
                RemoteFile("test.csv", f"{_STABILITY}/test.csv"),
            ),
            stability_rows,
            "Jeff-oakley/NASICON_Predictor_Data:RawData",
            measured=False,
        ),
    )
}
"""Public datasets by name. A checksum is declared only for content that has been read and hashed."""


def external_dataset(name: str) -> ExternalDataset:
    """Return a public dataset by name.

    Raises
    ------
    SsePredictError
        When the name is unknown.
    """
    if name not in EXTERNAL:
        hint = did_you_mean(name, EXTERNAL)
        raise SsePredictError(
            f"public dataset {name!r} is unknown{hint}; expected one of {', '.join(EXTERNAL)}"
        )
    return EXTERNAL[name]


def stated_checksums(name: str, texts: Sequence[str]) -> dict[str, str]:
    """Read checksums as a user states them, ``HEX`` or ``FILE=HEX``.

    Parameters
    ----------
    name : str
        Public dataset.
    texts : sequence of str

    Returns
    -------
    dict of str to str
        File name to checksum.

    Raises
    ------
    SsePredictError
        When a checksum of several files does not say of which.

    Examples
    --------
    >>> stated_checksums("obelix", ["ab12"])
    {'all.csv': 'ab12'}
    """
    files = external_dataset(name).files
    stated = {}
    for text in texts:
        file, equals, checksum = text.rpartition("=")
        if not equals and len(files) > 1:
            names = ", ".join(entry.name for entry in files)
            raise SsePredictError(f"--sha256 is {text!r}, expected FILE=HEX for one of the files {names}")
        stated[file if equals else files[0].name] = checksum
    return stated
