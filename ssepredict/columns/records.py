"""What a column, a measured quantity and a key between tables are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DType = Literal["text", "category", "number", "integer", "flag"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Name in the header; a stored number ends in its unit.
    meaning : str
        What a cell says, for people.
    dtype : {"text", "category", "number", "integer", "flag"}
        A category holds one of `allowed`; a flag holds 0 or 1 and is never empty.
    unit : str
        Unit of the number; empty for text and for dimensionless numbers, ``"by quantity"`` where the column
        `quantity` fixes it (see `QUANTITIES`).
    allowed : tuple of str
        Every value a category may take (an empty cell counts as missing, not as a value).
    minimum, maximum : float, optional
        Inclusive range of a number, in `unit`.
    required : bool
        Whether an empty cell is an error.
    missing : str
        What an empty cell means.
    """

    name: str
    meaning: str
    dtype: DType = "text"
    unit: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    missing: str = "not stated by the source"

    @property
    def is_numeric(self) -> bool:
        """Whether cells are numbers."""
        return self.dtype in ("number", "integer", "flag")


@dataclass(frozen=True)
class Quantity:
    """A measured quantity: the table that holds it, the unit of its `value`, its admissible range."""

    name: str
    table: Literal["transport", "cells"]
    unit: str
    meaning: str
    minimum: float
    maximum: float


@dataclass(frozen=True)
class ForeignKey:
    """A column whose every non-empty cell must be a key of another table."""

    table: str
    column: str
    to_table: str
    to_column: str
