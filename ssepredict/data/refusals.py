"""What is wrong with a user's table: one refusal per cell, all of them raised at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ssepredict.exceptions import TableError


class Refusal(NamedTuple):
    """One cell, row or column that cannot be added.

    Parameters
    ----------
    line : int
        Line of the file as an editor counts it; the header is line 1, 0 means the whole file.
    column : str
        Header as the file has it, empty where the whole row is concerned.
    got : str
        The cell.
    problem : str
        What was got, what is expected and what to do.
    """

    line: int
    column: str
    got: str
    problem: str


class IngestError(TableError):
    """A user's table that cannot be added; nothing was written.

    Parameters
    ----------
    file : str
        Name of the user's file.
    refusals : sequence of Refusal
        In any order.

    Examples
    --------
    >>> print(IngestError("my.csv", [Refusal(4, "T (K)", "warm", "got 'warm', expected a number in K")]))
    my.csv cannot be added: 1 failure, nothing was written
      my.csv, row 4, column 'T (K)': got 'warm', expected a number in K
    """

    def __init__(self, file: str, refusals: Sequence[Refusal]) -> None:
        self.file = file
        self.refusals = sorted(set(refusals), key=lambda refusal: (refusal.line, refusal.column))
        count = "1 failure" if len(self.refusals) == 1 else f"{len(self.refusals)} failures"
        super().__init__(
            f"{file} cannot be added: {count}, nothing was written",
            [f"{self._place(refusal)}: {refusal.problem}" for refusal in self.refusals],
        )

    def _place(self, refusal: Refusal) -> str:
        line = f", row {refusal.line}" if refusal.line else ""
        column = f", column {refusal.column!r}" if refusal.column else ""
        return f"{self.file}{line}{column}"

    def document(self) -> dict[str, Any]:
        """Return the failures for a machine: file, row, column, got, problem."""
        return {
            "file": self.file,
            "measurements_added": 0,
            "failures": [
                {"file": self.file, "row": at.line, "column": at.column, "got": at.got, "problem": at.problem}
                for at in self.refusals
            ],
        }
