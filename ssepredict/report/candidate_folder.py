"""Opens rows of a ranking in a folder, or any candidate of a space, after checking that all of it fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ssepredict.exceptions import RankingError
from ssepredict.inference.neighbours.neighbourhood import Neighbourhood
from ssepredict.inference.objectives.objective import Objective
from ssepredict.inference.screening.listing import list_candidates
from ssepredict.inference.screening.reopening import screen_of, space_of
from ssepredict.inference.screening.screen import Screen
from ssepredict.inference.screening.screened import Screened
from ssepredict.inference.spaces.space import SubstitutionSpace
from ssepredict.report.candidate import OpenedRow, describe
from ssepredict.report.documents import records
from ssepredict.report.ranking_folder import read_ranking

if TYPE_CHECKING:
    from ssepredict.data.dataset import Dataset
    from ssepredict.modeling.predictor import Predictor

_SHOWN_DIGITS = 12


@dataclass(frozen=True, eq=False)
class RankingRows:
    """The rows of a ranking, ready to be opened.

    Parameters
    ----------
    rows : sequence of dict
        As `read_ranking` gives them.
    summary : mapping
        Content of summary.json.
    predictor : Predictor
        The release that ranked.
    dataset : Dataset
        Where measured values are looked up.
    name : str
        What the ranking is called in messages.

    Raises
    ------
    RankingError
        When another release ranked, or this version numbers the candidates of the space differently.
    """

    rows: Sequence[Mapping[str, Any]] = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)
    predictor: Predictor
    dataset: Dataset = field(repr=False)
    name: str = "the ranking"

    def __post_init__(self) -> None:
        ranked, held = str(self.summary["model"]["digest"]), self.predictor.digest
        if ranked != held:
            raise RankingError(
                f"{self.name} was made by the release {self.summary['model']['name']} with SHA-256 "
                f"{ranked[:_SHOWN_DIGITS]}..., and the release at hand is {self.predictor.name} with "
                f"{held[:_SHOWN_DIGITS]}...; name the folder of that release by --model, or rank again"
            )
        if self.space.digest != self.summary["space"]["digest"]:
            raise RankingError(
                f"{self.name} was made by ssepredict {self.summary['versions']['ssepredict']}, which numbers "
                "the candidates of its space in another way; rank again"
            )

    @classmethod
    def read(cls, folder: str | Path, predictor: Predictor, dataset: Dataset) -> RankingRows:
        """Read the ranking of a folder.

        Raises
        ------
        RankingError
            When the folder holds no ranking, or one that does not fit; see the class.
        """
        rows, summary = read_ranking(folder)
        return cls(rows, summary, predictor, dataset, f"the ranking in {str(folder)!r}")

    @cached_property
    def space(self) -> SubstitutionSpace:
        """The space that was ranked."""
        return space_of(self.summary, f"the space of {self.name}")

    @cached_property
    def screen(self) -> Screen:
        """What judged its candidates."""
        return screen_of(self.summary, self.space, self.predictor)

    def open(self, rank: int) -> OpenedRow:
        """Open a row.

        Parameters
        ----------
        rank : int
            From 1.

        Raises
        ------
        RankingError
            When there is no such rank, or the row does not belong to the space.
        """
        if not 1 <= rank <= len(self.rows):
            raise RankingError(
                f"rank {rank} is not in {self.name}, which lists {len(self.rows):,}; "
                f"expected a rank from 1 to {len(self.rows):,}"
            )
        row = self.rows[rank - 1]
        index = int(row["candidate"])
        if not 0 <= index < len(self.space) or self.space.formulas([index]) != [row["formula"]]:
            raise RankingError(
                f"row {rank} of {self.name} holds {row['formula']} as candidate {index:,}, which is another "
                "composition of its space; the table was changed: rank again"
            )
        return describe(Neighbourhood(self.screen, index), self.dataset, row, self.rows)


def open_candidate(
    space: SubstitutionSpace,
    index: int,
    predictor: Predictor,
    dataset: Dataset,
    objective: Objective | None = None,
) -> OpenedRow:
    """Open a candidate of a space that was not ranked.

    Parameters
    ----------
    space : SubstitutionSpace
    index : int
        Position in the space, from 0.
    predictor : Predictor
    dataset : Dataset
    objective : Objective, optional
        As for `ssepredict.rank`.

    Returns
    -------
    OpenedRow
        Its row has no rank; the score is missing where a rule rejects the candidate.

    Raises
    ------
    RankingError
        When the space has no such position, or the predictor can score nothing.
    """
    if not 0 <= index < len(space):
        raise RankingError(
            f"candidate {index:,} is not in the space, which holds {len(space):,}; expected a position from "
            f"0 to {len(space) - 1:,}"
        )
    screen = Screen.of(space, predictor, Objective() if objective is None else objective)
    found = screen.run([index], 1)
    kept = found if len(found.indices) else Screened(np.array([index]), np.array([np.nan]))
    (row,) = records(list_candidates(screen, kept))
    return describe(Neighbourhood(screen, index), dataset, {**row, "rank": None})
