"""Spaces of candidates: addressed by index, decoded as arrays, never held in memory."""

from __future__ import annotations

import functools
import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import ATOMIC_INDEX, CompositionMatrix, FloatArray, format_formulas
from ssepredict.chemistry.ions import Ion
from ssepredict.chemistry.sites import SiteTable, assign_sites
from ssepredict.exceptions import SpaceError, did_you_mean
from ssepredict.inference.enumeration import Block, IntArray, count_choices
from ssepredict.inference.grids import UNIT
from ssepredict.inference.space_schema import SpacePlan, parse_space
from ssepredict.resources import shipped_spaces


@dataclass(frozen=True)
class Substitution:
    """Dopant ions that replace one ion of the host.

    Parameters
    ----------
    replaces : str
        The replaced ion of the host, e.g. ``Zr4+``.
    ions : "all" or sequence of str
        Dopant ions; "all" is `ssepredict.inference.dopants.plausible_dopants`.
    fractions : sequence of float, or mapping with start, stop and step
        Amounts that each dopant ion may take, per formula unit.
    together : sequence of int
        Numbers of dopant ions in one candidate.
    site : {"M"}
    exclude : sequence of str
        Elements left out of `ions`.
    """

    replaces: str
    ions: str | Sequence[str]
    fractions: Sequence[float] | Mapping[str, float]
    together: Sequence[int] = (1,)
    site: str = "M"
    exclude: Sequence[str] = ()


@dataclass(frozen=True)
class CandidateBatch:
    """Decoded candidates.

    Parameters
    ----------
    indices : ndarray of int, shape (n,)
        Positions in the space.
    composition : CompositionMatrix
        Amounts per formula unit, shape (n, m), on the element axis of the space.
    oxidation : ndarray, shape (n, m)
        Oxidation states (e).
    dopants : ndarray of int, shape (n, k)
        Positions in `SubstitutionSpace.ions`; -1 where a candidate has fewer dopants.
    fractions : ndarray, shape (n, k)
        Dopant ions per formula unit; 0 where there is none.
    silicon : ndarray, shape (n,)
        Si on T per formula unit.
    """

    indices: IntArray
    composition: CompositionMatrix
    oxidation: FloatArray
    dopants: IntArray
    fractions: FloatArray
    silicon: FloatArray

    def __len__(self) -> int:
        return len(self.indices)

    def sites(self) -> SiteTable:
        """Assign the sites, with the oxidation states of the dopant ions as they were chosen."""
        return assign_sites(self.composition, self.oxidation)


@dataclass(frozen=True)
class SubstitutionSpace:
    """Every way to replace an ion of a host by dopants, kept neutral by the mobile ion.

    One element never appears in two oxidation states in one candidate, and no composition appears twice: not
    as A/B and B/A, and not with the charges of two multivalent ions exchanged. The amount of the mobile ion
    follows exactly from the others. More dopants than the site holds, or a mobile ion below zero, are left to
    the rules.

    Parameters
    ----------
    host : str
        Formula of the undoped reference composition, e.g. ``Na3Zr2Si2PO12``.
    substitutions : sequence of Substitution or mapping
        One entry, on the M site.
    silicon : sequence of float, or mapping with start, stop and step
        Si per formula unit of a NASICON, with P = 3 - Si; empty keeps the host's.
    title : str

    Raises
    ------
    SpaceError
        When the description does not hold together; every failure is listed.

    Examples
    --------
    >>> space = SubstitutionSpace(
    ...     "Na3Zr2Si2PO12", [Substitution("Zr4+", ["Sc3+", "Zn2+"], [0.1, 0.2], together=[1, 2])]
    ... )
    >>> len(space), space.formulas([0, 6])
    (8, ['Na3.1Zr1.9Sc0.1Si2PO12', 'Na3.4Zr1.7Sc0.2Zn0.1Si2PO12'])
    """

    host: str
    substitutions: Sequence[Substitution | Mapping[str, Any]]
    silicon: Sequence[float] | Mapping[str, float] = ()
    title: str = ""
    _plan: SpacePlan = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        tables = [asdict(entry) if isinstance(entry, Substitution) else entry for entry in self.substitutions]
        raw: dict[str, object] = {"title": self.title, "host": self.host, "substitutions": tables}
        plan = parse_space(raw | ({"silicon": self.silicon} if len(self.silicon) else {}), "the space")
        self._settle(plan)

    def _settle(self, plan: SpacePlan) -> None:
        """Keep the plan, and put ranges and ``all`` into plain lists, so that equal spaces compare equal."""
        resolved = Substitution(
            str(plan.replaces),
            tuple(map(str, plan.ions)),
            tuple(amount / UNIT for amount in plan.fractions),
            plan.together,
        )
        object.__setattr__(self, "substitutions", (resolved,))
        object.__setattr__(self, "silicon", tuple(amount / UNIT for amount in plan.silicon))
        object.__setattr__(self, "_plan", plan)

    @classmethod
    def from_toml(cls, path: str | Path) -> SubstitutionSpace:
        """Read a space file.

        Parameters
        ----------
        path : str or Path
            A TOML file, or the name of a shipped space.

        Raises
        ------
        SpaceError
            When the file is missing or unreadable, or its description does not hold together.

        Examples
        --------
        >>> SubstitutionSpace.from_toml("li2zrcl6").host
        'Li2ZrCl6'
        """
        shipped = shipped_spaces()
        file = Path(path)
        if not file.is_file() and str(path) in shipped:
            file = shipped[str(path)]
        try:
            raw = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            hint = did_you_mean(str(path), shipped)
            raise SpaceError(
                f"space file {str(path)!r} does not exist; give the path of a TOML file or one of the "
                f"shipped spaces {', '.join(shipped)}{hint}"
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SpaceError(
                f"space file {str(path)!r} cannot be read ({error}); give a UTF-8 TOML file"
            ) from None
        except tomllib.TOMLDecodeError as error:
            raise SpaceError(f"space file {str(path)!r} is no TOML: {error}; correct that place") from None
        return cls.from_dict(raw, f"space file {str(path)!r}")

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], heading: str = "the space") -> SubstitutionSpace:
        """Read a description with the keys of a space file.

        Raises
        ------
        SpaceError
            When it does not hold together; `heading` says in the message what was read.
        """
        plan = parse_space(raw, heading)
        space = object.__new__(cls)
        object.__setattr__(space, "host", raw["host"])
        object.__setattr__(space, "title", plan.title)
        space._settle(plan)
        return space

    def to_dict(self) -> dict[str, Any]:
        """Return the description with every range and ``all`` written out; `from_dict` reads it back."""
        entry = self._plan
        table = {
            "site": "M",
            "replaces": str(entry.replaces),
            "ions": [str(ion) for ion in entry.ions],
            "together": list(entry.together),
            "fractions": [amount / UNIT for amount in entry.fractions],
        }
        silicon = {"silicon": [amount / UNIT for amount in entry.silicon]} if entry.silicon else {}
        return {"title": self.title, "host": self.host, "substitutions": [table], **silicon}

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the description without its title: equal digests number the same candidates."""
        content = {key: value for key, value in self.to_dict().items() if key != "title"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def ions(self) -> tuple[Ion, ...]:
        """The dopant ions, which `CandidateBatch.dopants` counts."""
        return self._plan.ions

    @property
    def replaced_ion(self) -> Ion:
        """The M ion of the host that dopants replace."""
        return self._plan.replaces

    @property
    def host_sites(self) -> SiteTable:
        """The host itself, a batch of one."""
        return self._plan.host

    @functools.cached_property
    def elements(self) -> tuple[str, ...]:
        """The element axis of every batch, in the order of the atomic number."""
        tetrahedral = {"Si", "P"} if self._plan.silicon else set()
        present = {*self._plan.host.elements, *tetrahedral, *(ion.element for ion in self.ions)}
        return tuple(sorted(present, key=ATOMIC_INDEX.__getitem__))

    @functools.cached_property
    def _blocks(self) -> tuple[Block, ...]:
        return tuple(count_choices(self.ions, self._plan.fractions, k) for k in self._plan.together)

    @property
    def _silicon_steps(self) -> int:
        return max(len(self._plan.silicon), 1)

    def __len__(self) -> int:
        return sum(map(len, self._blocks)) * self._silicon_steps

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
        positions = np.asarray(indices, dtype=np.int64)
        if positions.size and (positions.min() < 0 or positions.max() >= len(self)):
            raise IndexError(
                f"candidates go from 0 to {len(self) - 1}, got {positions.min()} to {positions.max()}"
            )
        number, step = np.divmod(positions, self._silicon_steps)
        dopants = np.full((len(positions), self._plan.together[-1]), -1, dtype=np.int64)
        amounts = np.zeros(dopants.shape, dtype=np.int64)
        grid = np.array(self._plan.fractions, dtype=np.int64)
        start = 0
        for block in self._blocks:
            rows = np.flatnonzero((number >= start) & (number < start + len(block)))
            if rows.size:
                members, places = block.decode(number[rows] - start)
                dopants[rows, : members.shape[1]] = members
                amounts[rows, : members.shape[1]] = grid[places]
            start += len(block)
        return self._compose(positions, dopants, amounts, step)

    def _compose(
        self, positions: IntArray, dopants: IntArray, amounts: IntArray, step: IntArray
    ) -> CandidateBatch:
        column = {symbol: index for index, symbol in enumerate(self.elements)}
        base, states = self._base
        counts = np.tile(base, (len(positions), 1))
        oxidation = np.tile(states, (len(positions), 1))
        mobile = column[str(self._plan.host.mobile_ion[0])]
        columns = np.array([column[ion.element] for ion in self.ions], dtype=np.int64)
        charges = np.array([ion.charge for ion in self.ions], dtype=np.int64)
        for place in range(dopants.shape[1]):
            rows = np.flatnonzero(dopants[:, place] >= 0)
            ion, amount = dopants[rows, place], amounts[rows, place]
            counts[rows, columns[ion]] = amount
            oxidation[rows, columns[ion]] = charges[ion]
            counts[rows, column[self.replaced_ion.element]] -= amount
            counts[rows, mobile] += amount * (self.replaced_ion.charge - charges[ion])
        silicon = np.full(len(positions), base[column["Si"]] if "Si" in column else 0, dtype=np.int64)
        if self._plan.silicon:
            silicon = np.array(self._plan.silicon, dtype=np.int64)[step]
            counts[:, mobile] += silicon - base[column["Si"]]
            counts[:, column["Si"]], counts[:, column["P"]] = silicon, 3 * UNIT - silicon
        # Whole millionths over a million is the double nearest to the decimal: 1.7 is 1.7 to the last bit.
        return CandidateBatch(
            positions,
            CompositionMatrix(self.elements, counts / UNIT),
            oxidation,
            dopants,
            amounts / UNIT,
            silicon / UNIT,
        )

    @functools.cached_property
    def _base(self) -> tuple[IntArray, FloatArray]:
        """Host amounts in millionths and oxidation states (e) on the axis of the space, exactly neutral."""
        host = self._plan.host
        amounts = host.composition.on_axis(self.elements).amounts[0]
        counts = np.rint(amounts * UNIT).astype(np.int64)
        known = dict(zip(host.elements, host.oxidation[0], strict=True))
        first = {ion.element: float(ion.charge) for ion in reversed(self.ions)} | {"Si": 4.0, "P": 5.0}
        states = np.array(
            [known.get(symbol, first.get(symbol)) for symbol in self.elements], dtype=np.float64
        )
        # Rounded amounts of the host (Na1.333) may leave a thousandth of a charge: the mobile ion takes it.
        residual = int(np.rint((counts * states).sum()))
        counts[self.elements.index(str(host.mobile_ion[0]))] -= residual
        return counts, states

    def formulas(self, indices: npt.ArrayLike) -> list[str]:
        """Write candidates as text: A site, M host, dopants (most of them first), T site, anions.

        Parameters
        ----------
        indices : array_like of int, shape (n,)

        Returns
        -------
        list of str
        """
        batch = self.decode(indices)
        host = self._plan.host
        named = {
            site: [e for e, amount in zip(host.elements, host.occupancy[site][0], strict=True) if amount > 0]
            for site in ("A", "M", "T", "X")
        }
        named["A"].sort(key=lambda symbol: symbol != host.mobile_ion[0])
        tail = list(dict.fromkeys(["Si", "P", *named["T"], *named["X"]]))
        return [
            format_formulas(
                batch.composition.take([row]),
                [*named["A"], *named["M"], *(ion.element for ion, _ in dopants), *tail],
            )[0]
            for row, dopants in enumerate(self._named_dopants(batch))
        ]

    def describe(self, indices: npt.ArrayLike) -> list[str]:
        """Write what was substituted, e.g. ``Sc3+ 0.2, Zn2+ 0.1 on M; Si 2.2 on T``.

        Parameters
        ----------
        indices : array_like of int, shape (n,)

        Returns
        -------
        list of str
        """
        batch = self.decode(indices)
        texts = [
            ", ".join(f"{ion} {amount:g}" for ion, amount in dopants) + " on M"
            for dopants in self._named_dopants(batch)
        ]
        if not self._plan.silicon:
            return texts
        return [f"{text}; Si {amount:g} on T" for text, amount in zip(texts, batch.silicon, strict=True)]

    def _named_dopants(self, batch: CandidateBatch) -> list[list[tuple[Ion, float]]]:
        """Dopant ions with their fractions, per candidate: the largest first, then by name."""
        return [
            sorted(
                ((self.ions[ion], amount) for ion, amount in zip(ions, amounts, strict=True) if ion >= 0),
                key=lambda pair: (-pair[1], str(pair[0])),
            )
            for ions, amounts in zip(batch.dopants.tolist(), batch.fractions.tolist(), strict=True)
        ]
