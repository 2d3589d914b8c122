"""Files of public datasets to figures in the project's columns and units.

References
----------
OBELiX: F. Therrien et al., doi 10.1039/d5dd00441a, columns as its README declares them.
Liverpool ionics database: C. J. Hargreaves et al., npj Comput. Mater. 9 (2023) 9,
doi 10.1038/s41524-022-00951-z.
NASICON stability: B. Ouyang et al., Nat. Commun. 12 (2021) 5752, doi 10.1038/s41467-021-26006-3.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ssepredict.chemistry.formula import read_formulas
from ssepredict.data.cell_readers import CellError, read_exact
from ssepredict.exceptions import SsePredictError
from ssepredict.units import ROOM_TEMPERATURE_C

_DOI = re.compile(r"10\.[0-9]{4,9}/[^\s|,;]+")


def obelix_figures(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Read ``all.csv`` of OBELiX.

    A total and a bulk conductivity are two figures; a conductivity of which neither is said is
    ``unspecified``. The measurements are at room temperature by the dataset's own account: 25 °C.

    Parameters
    ----------
    files : mapping of str to bytes

    Returns
    -------
    DataFrame
        Columns `entry`, `formula`, `doi`, `quantity`, `value` (S/cm), `bound`, `temperature_c`,
        `contribution`, `phase`.

    Raises
    ------
    SsePredictError
        When a column is missing or a conductivity is no number.
    """
    total, bulk, any_ = "IC (Total)", "IC (Bulk)", "Ionic conductivity (S cm-1)"
    table = _table("OBELiX", files["all.csv"], ("ID", "Reduced Composition", any_, "DOI"))
    for name in (total, bulk, "Space group"):
        if name not in table:
            table[name] = ""
    neither = (table[total] == "") & (table[bulk] == "")
    parts = [
        table.assign(cell=table[total], contribution="total"),
        table.assign(cell=table[bulk], contribution="bulk"),
        table.assign(cell=table[any_].where(neither, ""), contribution="unspecified"),
    ]
    rows = pd.concat(parts).sort_index(kind="stable").query("cell != ''").reset_index(drop=True)
    return _figures("OBELiX", rows["cell"], rows.index).assign(
        entry=rows["ID"],
        formula=rows["Reduced Composition"],
        doi=_dois(rows["DOI"]),
        quantity="conductivity",
        temperature_c=ROOM_TEMPERATURE_C,
        contribution=rows["contribution"],
        phase=rows["Space group"],
    )


def liverpool_figures(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Read ``LiIonDatabase.csv``, whose terms and citation stand before its header.

    Parameters
    ----------
    files : mapping of str to bytes

    Returns
    -------
    DataFrame
        As `obelix_figures`; `temperature_c` as the file states it.

    Raises
    ------
    SsePredictError
        When the header is missing or a conductivity or temperature is no number.
    """
    content = files["LiIonDatabase.csv"]
    begin = content.find(b"ID,composition,")
    if begin < 0:
        raise SsePredictError(
            "LiIonDatabase.csv has no line 'ID,composition,...'; expected the file of the Liverpool database"
        )
    table = _table("Liverpool", content[begin:], ("ID", "composition", "source", "temperature", "target"))
    return _figures("Liverpool", table["target"], table.index).assign(
        entry=table["ID"],
        formula=table["composition"].str.strip(' "'),
        doi=_dois(table["source"]),
        quantity="conductivity",
        temperature_c=_figures("Liverpool", table["temperature"], table.index)["value"],
        contribution="unspecified",
        phase="",
    )


def stability_rows(files: Mapping[str, bytes]) -> pd.DataFrame:
    """Read ``train.csv`` and ``test.csv`` of the NASICON stability set.

    Parameters
    ----------
    files : mapping of str to bytes

    Returns
    -------
    DataFrame
        Columns `formula`, `hull_distance` (as published: positive above the hull), `split`.

    Raises
    ------
    SsePredictError
        When a column is missing or a distance is no number.
    """
    parts = []
    for name, content in files.items():
        table = _table("NASICON stability", content, ("CompName", "NewEhullLst"))
        parts.append(
            pd.DataFrame(
                {
                    "formula": table["CompName"],
                    "hull_distance": _figures("NASICON stability", table["NewEhullLst"], table.index)[
                        "value"
                    ],
                    "split": name.removesuffix(".csv"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def unreadable(formulas: Sequence[str]) -> set[str]:
    """Formulas whose text cannot be read at all."""
    return {text for _, text, _ in read_formulas(list(formulas))[1]}


def _table(title: str, content: bytes, needed: Sequence[str]) -> pd.DataFrame:
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise SsePredictError(
            f"the file of {title} is no readable UTF-8 CSV ({str(error).strip()})"
        ) from None
    missing = [name for name in needed if name not in table]
    if missing:
        raise SsePredictError(
            f"the file of {title} lacks the columns {', '.join(missing)}; got {', '.join(table.columns)}; "
            "its layout has changed, so fetch the release that this version of ssepredict knows"
        )
    stripped = {str(name): table[name].str.strip() for name in table}
    return pd.DataFrame(stripped)


def _figures(title: str, cells: pd.Series[str], index: pd.Index[int]) -> pd.DataFrame:
    """Numbers and bounds of text cells; an empty cell is NaN."""
    known: dict[str, tuple[float, str]] = {"": (np.nan, ""), "#N/A": (np.nan, "")}
    failures = []
    for text in cells.unique():
        if text not in known:
            try:
                exact, bound = read_exact(text)
                known[text] = (float(exact), bound)
            except CellError as error:
                failures.append(f"{text!r}: {error}")
    if failures:
        raise SsePredictError(f"the file of {title} has cells that are no numbers: {'; '.join(failures[:5])}")
    return pd.DataFrame(
        {"value": [known[text][0] for text in cells], "bound": [known[text][1] for text in cells]},
        index=index,
    )


def _dois(cells: pd.Series[str]) -> list[str]:
    """Read the first DOI of each cell, in lower case; empty where there is none."""
    found = [_DOI.search(text) for text in cells]
    return [match[0].casefold() if match else "" for match in found]
