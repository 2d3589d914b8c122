"""One entry of a space as Python callers write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Substitution:
    """Dopant ions that replace one ion of the host.

    Parameters
    ----------
    replaces : str or sequence of str
        The replaced ion of the host, e.g. ``Zr4+``; of several, each host takes the one that it holds.
    ions : "all", "plausible" or sequence of str
        Dopant ions; "all" is every ion that Shannon lists at the coordination of the site and that can sit
        there, "plausible" those of them near enough in size and charge
        (`ssepredict.inference.spaces.dopants.site_ions`).
    fractions : sequence of float, or mapping with start, stop and step
        Amounts that each dopant ion may take, per formula unit.
    together : sequence of int
        Numbers of dopant ions in one candidate, 1 to 4.
    site : {"M", "T", "A", "X"}
        The site table of a candidate has the last word: of B, V5+, Ge, Al and Ga in one NASICON the first in
        this order sit on T, as far as it has room.
    exclude : sequence of str
        Elements left out of `ions`.
    optional : bool
        Whether a candidate may go without any of these dopants.
    states : {"every", "common"}, optional
        Whether a word in `ions` takes every usual oxidation state of an element or the most common one;
        "plausible", and "all" with at most two dopants together, take every one by default.
    high_entropy : mapping with members, spread and step, optional
        Instead of `together` and `fractions`: so many ions replace all of the ion, in shares that differ
        from equal ones by at most `spread`, in steps of `step`.
    hosts : sequence of str
        The hosts that this applies to; empty for every host that holds the ion.
    """

    replaces: str | Sequence[str]
    ions: str | Sequence[str]
    fractions: Sequence[float] | Mapping[str, float] = ()
    together: Sequence[int] = (1,)
    site: str = "M"
    exclude: Sequence[str] = ()
    optional: bool = False
    states: str = ""
    high_entropy: Mapping[str, Any] | None = None
    hosts: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the keys of a space file that say more than their default."""
        table = {key: value for key, value in asdict(self).items() if key in _ALWAYS or value}
        if self.high_entropy is not None:
            table = {key: value for key, value in table.items() if key not in ("fractions", "together")}
        return table


_ALWAYS = ("site", "replaces", "ions", "fractions", "together")
