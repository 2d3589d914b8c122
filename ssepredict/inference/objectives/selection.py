"""Which of the best candidates are listed, and what is marked among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ssepredict.exceptions import SpaceError
from ssepredict.inference.objectives.pareto import axes_of
from ssepredict.inference.objectives.schema import check_factor, check_keys


@dataclass(frozen=True)
class Selection:
    """Variety in the list, and the front that is marked in it; by default the best by score and no front.

    Parameters
    ----------
    per_dopants : int, optional
        Candidates with the same dopants listed at most; exact over the whole space.
    relevance : float, default 1
        Below 1 the list is drawn from a pool of the best by maximal marginal relevance: this share for the
        score, the rest for being unlike what is listed already.
    pool : int, default 10
        Size of that pool, in lists: 10 keeps the ten times as many best candidates to draw from.
    pareto : tuple of str
        Columns over which the front of the whole space is gathered; empty for none. It is exact up to
        `ssepredict.inference.objectives.pareto.CAP` candidates.
    coarse : bool, default False
        Gather it by boxes (0.01 decades, 0.001 eV ...): its size is then bounded whatever the space.

    Raises
    ------
    SpaceError
        When a number is impossible, or a column is none that has a front.

    Examples
    --------
    >>> Selection(relevance=0.7).pool_size(100)
    1000
    """

    per_dopants: int | None = None
    relevance: float = 1.0
    pool: int = 10
    pareto: tuple[str, ...] = ()
    coarse: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.pareto, str) or not all(isinstance(name, str) for name in self.pareto):
            raise SpaceError(f"objective: pareto is {self.pareto!r}; expected a list of columns")
        object.__setattr__(self, "pareto", tuple(self.pareto))
        check_factor("relevance", self.relevance)
        for name in ("per_dopants", "pool"):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 1
            if not whole and not (name == "per_dopants" and value is None):
                raise SpaceError(f"objective: {name} is {value!r}; expected a whole number of 1 or more")
        if self.pareto:
            axes_of(self.pareto)
        if not isinstance(self.coarse, bool):
            raise SpaceError(f"objective: coarse is {self.coarse!r}; expected true or false")

    def pool_size(self, top: int) -> int:
        """Candidates to keep so that `top` can be listed."""
        return top if self.relevance == 1.0 else top * self.pool

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for a file: what differs from the default."""
        found = {
            entry.name: getattr(self, entry.name)
            for entry in fields(self)
            if getattr(self, entry.name) != entry.default
        }
        return found | ({"pareto": list(self.pareto)} if self.pareto else {})


def parse_selection(raw: object) -> Selection:
    """Read a selection from plain values.

    Raises
    ------
    SpaceError
        When it is no table, or a key or a value is impossible.
    """
    if isinstance(raw, Selection):
        return raw
    if not isinstance(raw, Mapping):
        raise SpaceError(f"objective: selection is {raw!r}; expected a table, e.g. per_dopants = 2")
    check_keys(raw, Selection, "selection has ")
    return Selection(**raw)
