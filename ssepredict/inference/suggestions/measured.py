"""The samples that a researcher has measured: read, checked, and held against what was predicted of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from ssepredict.chemistry.formula import FloatArray
from ssepredict.chemistry.hosts import composition_keys
from ssepredict.chemistry.sites import SiteTable, parse_sites
from ssepredict.data.dataset import Dataset, load_dataset
from ssepredict.data.figure_reader import FigureReader
from ssepredict.data.mapping import ColumnMapping
from ssepredict.data.refusals import Refusal
from ssepredict.data.user_table import UserTable, read_user_table
from ssepredict.exceptions import TableError
from ssepredict.inference.suggestions.process import WIDEST, Warp
from ssepredict.modeling.calibration import CONFIDENCE
from ssepredict.modeling.targets import TARGETS

if TYPE_CHECKING:
    from ssepredict.modeling.predictor import Predictor

TARGET = TARGETS["conductivity_s_cm"]

SURPRISE = 0.98
"""A value outside this central interval of its prediction is called surprising: one in fifty is by chance."""

VALUES = ("conductivity_s_cm", "predicted_s_cm", "predicted_low_s_cm", "predicted_high_s_cm")
"""A measured value and what the release predicts of it, columns of `held_against`."""

_COLUMNS = ("place", "formula", "conductivity_s_cm", "bound", "temperature_c", "contribution")
_OWN = "own measurements"


@dataclass(frozen=True, eq=False)
class Measured:
    """Measured conductivities, one row each.

    Parameters
    ----------
    frame : DataFrame, m rows
        `place` (where the row stands, for messages), `formula`, `conductivity_s_cm`, `bound`,
        `temperature_c`, `contribution`.
    ignored : dict of str to int
        Rows that are of no use here, by the reason.
    """

    frame: pd.DataFrame
    ignored: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def sites(self) -> SiteTable:
        """Sites of every row."""
        return parse_sites(self.frame["formula"].tolist())

    def keep(self, rows: npt.NDArray[np.bool_], reason: str) -> Measured:
        """Drop rows and count them under a reason."""
        dropped = {reason: int((~rows).sum())} if not rows.all() else {}
        return Measured(self.frame[rows].reset_index(drop=True), self.ignored | dropped)


def read_measured(source: str | Path | pd.DataFrame | None, predictor: Predictor) -> Measured:
    """Read what was measured.

    Parameters
    ----------
    source : str, Path or DataFrame, optional
        A CSV file or a table with the columns formula, conductivity, temperature (with their units, as for
        `ssepredict.data.ingest.add_file`) and perhaps contribution; or the folder of a dataset, of which
        those rows count that the release was not trained on.
    predictor : Predictor

    Returns
    -------
    Measured

    Raises
    ------
    TableError
        Naming every cell that cannot be used, with row and column.
    SsePredictError
        When the file or the folder cannot be read.
    """
    if source is None:
        return Measured(pd.DataFrame(columns=list(_COLUMNS)))
    if isinstance(source, pd.DataFrame):
        return _comparable(_from_table(_as_user_table(source), predictor))
    if Path(source).is_dir():
        return _comparable(_from_dataset(load_dataset(source), predictor))
    return _comparable(_from_table(read_user_table(source), predictor))


def _as_user_table(frame: pd.DataFrame) -> UserTable:
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    cells = texts.set_axis(range(texts.shape[1]), axis=1).set_axis(range(2, len(texts) + 2), axis=0)
    return UserTable("the table", [str(name) for name in frame.columns], cells)


def _from_table(table: UserTable, predictor: Predictor) -> Measured:
    reader = FigureReader(table, ColumnMapping(), {"source_id": _OWN})
    figures = reader.figures()
    refusals = [*reader.refusals, *reader.refused_formulas()]
    own = figures[figures["quantity"] == TARGET.quantity]
    refusals += [
        Refusal(int(line), "", "", "has no temperature; fill in 'temperature (°C)', e.g. 25")
        for line in own.loc[own["temperature_c"].isna(), "line"]
    ]
    refused = {refusal.line for refusal in refusals}
    _, problems = predictor.screen(own["formula"].tolist())
    refusals += [
        Refusal(int(own["line"].iloc[row]), "formula", text, f"formula {text!r}: {problem}")
        for row, text, problem in problems
        if int(own["line"].iloc[row]) not in refused
    ]
    if not refusals and own.empty:
        refusals = [Refusal(1, "", "", "no column holds a conductivity; add e.g. 'conductivity_s_cm'")]
    if refusals:
        raise _unusable(table.file, refusals)
    frame = own.rename(columns={"value": "conductivity_s_cm"})
    frame = frame.assign(place=[f"{table.file}, row {line}" for line in frame["line"]])
    other = len(figures) - len(own)
    return Measured(
        frame[list(_COLUMNS)].reset_index(drop=True), {"another quantity": other} if other else {}
    )


def _unusable(file: str, refusals: list[Refusal]) -> TableError:
    ordered = sorted(set(refusals), key=lambda refusal: (refusal.line, refusal.column))
    count = "1 failure" if len(ordered) == 1 else f"{len(ordered)} failures"
    lines = [
        f"{file}{f', row {at.line}' if at.line else ''}{f', column {at.column!r}' if at.column else ''}: "
        f"{at.problem}"
        for at in ordered
    ]
    return TableError(f"{file} cannot be used: {count}", lines)


def _from_dataset(dataset: Dataset, predictor: Predictor) -> Measured:
    """Find the rows that the release was not trained on: compositions that a work adds to the evidence."""
    rows = TARGET.frame(dataset)
    rows = rows[TARGET.scored(rows) & (rows["composite"] == 0).to_numpy()]
    work_of = dict(zip(dataset.sources["source_id"], dataset.sources["work_id"], strict=True))
    evidence = predictor.evidence_rows
    texts = evidence["formula"].drop_duplicates().tolist()
    key_of = dict(zip(texts, composition_keys(parse_sites(texts)).tolist(), strict=True))
    known = set(zip(evidence["formula"].map(key_of), evidence["source_id"].map(work_of), strict=True))
    new = [pair not in known for pair in zip(rows["composition_key"], rows["work_id"], strict=True)]
    frame = rows[new].rename(columns={"value": "conductivity_s_cm"})
    usable, _ = predictor.screen(frame["formula"].tolist())
    unusable = len(frame) - len(usable)
    frame = frame.iloc[usable].assign(place=lambda own: "measurement " + own["measurement_id"])
    return Measured(
        frame[list(_COLUMNS)].reset_index(drop=True),
        {"formula far from neutral": unusable} if unusable else {},
    )


def _comparable(measured: Measured) -> Measured:
    of_grains = (measured.frame["contribution"] != "grain_boundary").to_numpy(dtype=bool)
    return measured.keep(of_grains, "of grain boundaries alone")


def of_families(measured: Measured, families: Collection[str]) -> Measured:
    """Keep the rows of the families of a space: others say nothing about its candidates."""
    if not len(measured):
        return measured
    return measured.keep(np.isin(measured.sites.family, sorted(families)), "of another family than the space")


def held_against(measured: Measured, predictor: Predictor) -> pd.DataFrame:
    """Hold measured values against what the release predicts of their compositions.

    Parameters
    ----------
    measured : Measured, m rows
    predictor : Predictor

    Returns
    -------
    DataFrame, m rows
        The columns of `Measured.frame`; `predicted_s_cm`, `predicted_low_s_cm`, `predicted_high_s_cm` (90 %
        of unseen papers), `standard_score` (0 the median; never beyond 3), `surprising` (1 outside the
        interval of 98 %), `used` (0 for a limit that the prediction keeps anyhow).
    """
    frame = measured.frame.reset_index(drop=True)
    found = np.zeros((6, len(frame)))
    values = TARGET.forward(frame["conductivity_s_cm"].to_numpy(dtype=np.float64))
    alike = frame[["temperature_c", "contribution"]]
    for celsius, contribution in alike.drop_duplicates().itertuples(index=False, name=None):
        same = (alike["temperature_c"] == celsius) & (alike["contribution"] == contribution)
        rows = np.flatnonzero(same.to_numpy())
        stated = {"contribution": contribution} if contribution == "bulk" else {}
        distribution = predictor.distributions(
            parse_sites(frame["formula"].iloc[rows].tolist()),
            temperature_c=float(celsius),
            targets=(TARGET.name,),
            **stated,
        )[TARGET.name]
        scores = _own_scores(Warp.of(distribution), values[rows])
        far = [TARGET.forward(end) for end in distribution.interval(SURPRISE)]
        found[:, rows] = [distribution.median, *distribution.interval(CONFIDENCE), scores, *far]
    score, bound = found[3], frame["bound"].to_numpy(dtype=object)
    met = ((bound == "<") & (score >= 0.0)) | ((bound == ">") & (score <= 0.0))
    far_off = (values < found[4]) | (values > found[5])
    return frame.assign(
        **dict(zip((*VALUES[1:], "standard_score"), found, strict=False)),
        surprising=(far_off & ~met).astype(int),
        used=(~met).astype(int),
    )


def _own_scores(warp: Warp, values: FloatArray) -> FloatArray:
    """Return the standard score of each composition's own value, shape (n,)."""
    found = [warp.scores(float(value))[row] for row, value in enumerate(values)]
    return np.clip(np.array(found, dtype=np.float64), -WIDEST, WIDEST)
