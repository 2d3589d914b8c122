"""Hosts inside which doping is compared: each group by the hosts that name it and by all of their kind."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WIDTHS = ("narrow", "wide")
"""Narrow: the hosts that name a group. Wide: every host of their kind."""


@dataclass(frozen=True)
class HostGroup:
    """Hosts whose doped compositions are put in one order.

    Parameters
    ----------
    name : str
    hosts : tuple of str
        The narrow group, hosts as `ssepredict.chemistry.hosts.hosts_of` names them.
    kind : str
        What the wide group holds, for people.
    pattern : str
        Regular expression that the name of every host of the wide group matches.
    """

    name: str
    hosts: tuple[str, ...]
    kind: str
    pattern: str

    def holds(self, hosts: npt.ArrayLike, width: str = "narrow") -> npt.NDArray[np.bool_]:
        """Which hosts belong to the group, shape of `hosts` (n,).

        Examples
        --------
        >>> HOST_GROUPS["Na3Zr2Si2PO12"].holds(["NaZr2(PO4)3", "NaTi2(PO4)3"], "wide").tolist()
        [True, False]
        """
        names = np.asarray(hosts).astype(str)
        if width == "narrow":
            return np.isin(names, self.hosts)
        known, inverse = np.unique(names, return_inverse=True)
        matches = np.array([re.fullmatch(self.pattern, name) is not None for name in known], dtype=bool)
        return np.asarray(matches[inverse.ravel()])


HOST_GROUPS: dict[str, HostGroup] = {
    group.name: group
    for group in (
        HostGroup(
            "Na3Zr2Si2PO12",
            ("Na3Zr2Si2PO12",),
            "Na NASICON with mostly Zr or Hf on M: the whole series Na1+xM2SixP3-xO12",
            r"Na3?(Zr|Hf)2(Si2PO12|\(PO4\)3)",
        ),
        HostGroup(
            "LiTi2(PO4)3 and LiGe2(PO4)3",
            ("LiTi2(PO4)3", "LiGe2(PO4)3"),
            "Li NASICON with mostly tetravalent ions on M: Ti, Ge, Sn, Zr, Hf",
            r"Li3?(Ti|Ge|Sn|Zr|Hf)2(Si2PO12|\(PO4\)3)",
        ),
        HostGroup(
            "Li2ZrCl6",
            ("Li2ZrCl6",),
            "Li2MX6: halides with mostly tetravalent ions on M",
            r"Li2[A-Z][a-z]?(F|Cl|Br|I)6",
        ),
        HostGroup(
            "Li3MX6",
            ("Li3YCl6", "Li3InCl6", "Li3ScCl6", "Li3ErCl6", "Li3HoCl6", "Li3YBr6", "Li3InBr6"),
            "Li3MX6: halides with mostly trivalent ions on M, fluorides too",
            r"Li3[A-Z][a-z]?(F|Cl|Br|I)6",
        ),
    )
}
"""Groups by name, in the order in which they are shown."""
