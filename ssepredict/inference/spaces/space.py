"""Spaces of candidates: addressed by index, decoded as arrays, never held in memory."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable
from ssepredict.exceptions import SpaceError
from ssepredict.inference.spaces.batch import CandidateBatch
from ssepredict.inference.spaces.constraints import refuse_candidates
from ssepredict.inference.spaces.decode import SpaceDecoder
from ssepredict.inference.spaces.description import describe_plan
from ssepredict.inference.spaces.enumeration import IntArray
from ssepredict.inference.spaces.overlap import check_overlap
from ssepredict.inference.spaces.plan import PartPlan, SpacePlan
from ssepredict.inference.spaces.schema import parse_space
from ssepredict.inference.spaces.size import check_size
from ssepredict.inference.spaces.substitution import Substitution
from ssepredict.inference.spaces.text import describe_dopants, write_formulas
from ssepredict.inference.spaces.toml_file import read_toml
from ssepredict.resources import shipped_spaces

__all__ = ["CandidateBatch", "Substitution", "SubstitutionSpace"]


class SubstitutionSpace:
    """Every way to substitute ions of one or several hosts, kept neutral by a stated site.

    One element never appears in two oxidation states or on two sites of one candidate by substitution, and no
    composition appears twice: not as A/B and B/A, not with the charges of two multivalent ions exchanged, not
    by way of two entries or two hosts. The amounts that keep the charge follow exactly from the others. More
    dopants than a site holds, or an amount below zero, are left to the rules (site_capacity).

    Parameters
    ----------
    host : str
        Formula of the undoped reference composition, e.g. ``Na3Zr2Si2PO12``.
    substitutions : sequence of Substitution or mapping
        One or more entries; a candidate makes a choice for each of those that its host takes part in.
    silicon : sequence of float, or mapping with start, stop and step
        Si per formula unit of a NASICON, with P = 3 - Si; empty keeps the host's.
    title : str
    hosts : sequence of str
        Several hosts, instead of `host`.
    neutral_by : {"A", "T", "M", "X"}
        Who takes up the charge: the mobile ion (A), the ratio of Si to P (T), the replaced M ion, beyond or
        short of its site (M), or the ratio of O to a halogen (X: F in oxides, the main halogen in halides).
    excess : sequence of float, or mapping with start, stop and step
        Mobile ions more (or, below 0, fewer) than in the host, per formula unit; needs another `neutral_by`
        than A.
    constraints : mapping
        only, exclude (element symbols), toxic and radioactive (False leaves such elements out),
        price_usd_per_kg and most_elements (limits for the candidate as a whole).

    Raises
    ------
    SpaceError
        When the description does not hold together (every failure is listed), holds no candidate or more
        than 64 bits can count, or could reach one composition in two ways.

    Examples
    --------
    >>> space = SubstitutionSpace(
    ...     "Na3Zr2Si2PO12", [Substitution("Zr4+", ["Sc3+", "Zn2+"], [0.1, 0.2], together=[1, 2])]
    ... )
    >>> len(space), space.formulas([0, 6])
    (8, ['Na3.1Zr1.9Sc0.1Si2PO12', 'Na3.4Zr1.7Sc0.2Zn0.1Si2PO12'])
    """

    def __init__(
        self,
        host: str = "",
        substitutions: Sequence[Substitution | Mapping[str, Any]] = (),
        silicon: Sequence[float] | Mapping[str, float] = (),
        title: str = "",
        *,
        hosts: Sequence[str] = (),
        neutral_by: str = "A",
        excess: Sequence[float] | Mapping[str, float] = (),
        constraints: Mapping[str, Any] | None = None,
    ) -> None:
        tables = [entry.to_dict() if isinstance(entry, Substitution) else entry for entry in substitutions]
        raw: dict[str, object] = {"title": title, "substitutions": tables}
        raw |= {"hosts": hosts} if len(hosts) else {}
        raw |= {"host": host} if host or not len(hosts) else {}
        raw |= {"silicon": silicon} if len(silicon) else {}
        raw |= {"excess": excess} if len(excess) else {}
        raw |= {"neutral_by": neutral_by} if neutral_by != "A" or len(excess) else {}
        raw |= {"constraints": constraints} if constraints else {}
        self._settle(parse_space(raw, "the space"), "the space")

    def _settle(self, plan: SpacePlan, heading: str) -> None:
        self._plan = plan
        self._decoder = SpaceDecoder(plan)
        check_size(self._decoder.parts, heading)
        check_overlap(self._decoder.parts, heading)

    @classmethod
    def from_toml(cls, path: str | Path) -> SubstitutionSpace:
        """Read a space file, given by its path or by the name of a shipped space.

        Raises
        ------
        SpaceError
            When the file is missing or unreadable, or its description does not hold together.

        Examples
        --------
        >>> SubstitutionSpace.from_toml("li2zrcl6").host
        'Li2ZrCl6'
        """
        return cls.from_dict(read_toml(path, "space", shipped_spaces()), f"space file {str(path)!r}")

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], heading: str = "the space") -> SubstitutionSpace:
        """Read a description with the keys of a space file.

        Raises
        ------
        SpaceError
            When it does not hold together; `heading` says in the message what was read.
        """
        return cls._of(parse_space(raw, heading), heading)

    @classmethod
    def _of(cls, plan: SpacePlan, heading: str = "the space") -> SubstitutionSpace:
        space = object.__new__(cls)
        space._settle(plan, heading)
        return space

    def to_dict(self) -> dict[str, Any]:
        """Return the description with every range and word written out; `from_dict` reads it back."""
        return describe_plan(self._plan)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SubstitutionSpace) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        return f"SubstitutionSpace({', '.join(self.hosts)}: {len(self):,} candidates)"

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the description without its title: equal digests number the same candidates."""
        content = {key: value for key, value in self.to_dict().items() if key != "title"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def title(self) -> str:
        """What the space is, in a line."""
        return self._plan.title

    @property
    def hosts(self) -> tuple[str, ...]:
        """Formulas of the hosts, as written."""
        return tuple(part.formula for part in self._plan.parts)

    @property
    def host(self) -> str:
        """Formula of the host.

        Raises
        ------
        SpaceError
            When there are several.
        """
        return self._only("host").formula

    @property
    def host_sites(self) -> SiteTable:
        """The host itself, a batch of one.

        Raises
        ------
        SpaceError
            When there are several.
        """
        return self._only("host_sites").host

    @property
    def substitutions(self) -> tuple[Substitution, ...]:
        """The entries with ions, ranges and hosts written out."""
        known = {entry.name for entry in fields(Substitution)}
        return tuple(
            Substitution(**{key: value for key, value in table.items() if key in known})
            for table in self.to_dict()["substitutions"]
        )

    @property
    def silicon(self) -> tuple[float, ...]:
        """Si per formula unit, where it varies."""
        return tuple(self.to_dict().get("silicon", ()))

    @functools.cached_property
    def parts(self) -> tuple[SubstitutionSpace, ...]:
        """One space per host; that of a single host is the space itself."""
        if len(self._plan.parts) == 1:
            return (self,)
        return tuple(self._of(SpacePlan(self.title, (part,), self._plan.limits)) for part in self._plan.parts)

    @property
    def starts(self) -> IntArray:
        """Position of the first candidate of each part, shape (parts,)."""
        return self._decoder.starts

    @property
    def elements(self) -> tuple[str, ...]:
        """The element axis of every batch, in the order of the atomic number."""
        return self._decoder.elements

    @property
    def ions(self) -> tuple[Ion, ...]:
        """The dopant ions, which `CandidateBatch.dopants` counts."""
        return self._decoder.ions

    @functools.cached_property
    def replaced_ion(self) -> Ion | None:
        """The one M ion that dopants replace; None where there are several or none.

        Rules that hold dopants against the ion that they replace then take the majority M ion of each
        candidate.
        """
        on_m = {entry.replaces for part in self._plan.parts for entry in part.entries if entry.site == "M"}
        return next(iter(on_m)) if len(on_m) == 1 else None

    def __len__(self) -> int:
        return self._decoder.size

    def part_of(self, indices: npt.ArrayLike) -> IntArray:
        """Position in `parts` of every candidate, shape (n,).

        Raises
        ------
        IndexError
            When a position lies outside the space.
        """
        return self._decoder.part_of(self._decoder.checked(indices))

    def decode(self, indices: npt.ArrayLike) -> CandidateBatch:
        """Turn positions into compositions.

        Parameters
        ----------
        indices : array_like of int, shape (n,)
            Positions from 0 to ``len(space) - 1``, in any order.

        Returns
        -------
        CandidateBatch

        Raises
        ------
        IndexError
            When a position lies outside the space.
        """
        return self._decoder.decode(self._decoder.checked(indices))

    def refused(self, batch: CandidateBatch) -> dict[str, npt.NDArray[np.bool_]]:
        """Tell which candidates break a constraint on the candidate as a whole.

        Parameters
        ----------
        batch : CandidateBatch
            n candidates.

        Returns
        -------
        dict of str to ndarray, shape (n,)
            By the name of the constraint; empty where there is none.
        """
        return refuse_candidates(self._plan.limits, batch.composition)

    def formulas(self, indices: npt.ArrayLike) -> list[str]:
        """Write candidates as text: A site, M host, dopants (most of them first), T site, anions.

        Parameters
        ----------
        indices : array_like of int, shape (n,)

        Returns
        -------
        list of str
        """
        return self._decoder.write(self._decoder.checked(indices), write_formulas)

    def describe(self, indices: npt.ArrayLike) -> list[str]:
        """Write what was substituted, e.g. ``Sc3+ 0.2, Zn2+ 0.1 on M; Si 2.2 on T``.

        Parameters
        ----------
        indices : array_like of int, shape (n,)

        Returns
        -------
        list of str
        """
        return self._decoder.write(self._decoder.checked(indices), describe_dopants)

    def _only(self, name: str) -> PartPlan:
        if len(self._plan.parts) > 1:
            raise SpaceError(
                f"the space has {len(self._plan.parts)} hosts ({', '.join(self.hosts)}) and {name} asks for "
                "one; take each of its parts (space.parts), or a space of one host"
            )
        return self._plan.parts[0]
