"""The crystal frameworks as declared tables: sites, multiplicities, occupants, how one is recognised.

References
----------
NASICON: H. Y-P. Hong, Mater. Res. Bull. 11 (1976) 173, doi 10.1016/0025-5408(76)90073-8.
Close-packed halides: T. Asano et al., Adv. Mater. 30 (2018) 1803075, doi 10.1002/adma.201803075.
Halide spinels: L. Zhou et al., Nat. Energy 7 (2022) 83, doi 10.1038/s41560-021-00952-0.
UCl3-type halides: Y.-C. Yin et al., Nature 616 (2023) 77, doi 10.1038/s41586-023-05899-8; of several M ions:
Angew. Chem. Int. Ed. 62 (2023) e202306433, doi 10.1002/anie.202306433; the chlorides Li3MCl6 of the small
lanthanides: A. Bohnsack et al., Z. Anorg. Allg. Chem. (1997), doi 10.1002/zaac.19976230710.
Oxyhalides and AMX6 glasses: Y. Tanaka et al., Angew. Chem. Int. Ed. 62 (2023) e202217581,
doi 10.1002/anie.202217581; Y. Hu et al., Nat. Energy 8 (2023) 1221, doi 10.1038/s41560-023-01356-y.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ssepredict.chemistry.formula import FloatArray

BoolArray = npt.NDArray[np.bool_]

HALOGENS = ("F", "Cl", "Br", "I")
ANIONS = ("O", *HALOGENS)
MOBILE_IONS = ("Li", "Na")
A_SITE_IONS = ("Li", "Na", "K", "Rb", "Cs", "Ag", "H", "Tl")
"""Ions that always sit on A."""

TETRAHEDRAL_IONS = ("P", "Si", "As")
"""Ions that always sit on T in an oxide framework."""

TETRAHEDRAL_OR_OCTAHEDRAL_IONS = ("B", "V", "Ge", "Al", "Ga")
"""Ions that fill what P, Si and As leave free on T, in this order; V only as V5+."""

OCTAHEDRAL_OR_A_IONS = ("Ca", "La", "Sr", "Pb", "Ba")
"""Large ions that fill what is left of M, in the order of their Shannon radius, and then A."""

LARGE_LANTHANIDES = ("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd")
"""Chlorides MCl3 of these crystallise in the UCl3 type (CN 9); Li3MCl6 is close-packed from Tb on."""

UCL3_LANTHANIDE_FROM = 0.25
"""Share of large lanthanides among the M ions from which a metal-rich halide counts as UCl3 type."""

UCL3_METAL_ABOVE = 1.05
"""M ions per 6 halogens above which it does; a close-packed AxMX6 holds one."""


@dataclass(frozen=True)
class Counts:
    """What a formula holds, per formula unit; every field has shape (n,).

    `oxygen` and `halogen` are fractions of all anions, `mean_m_charge` is in e, `divalent` and
    `lanthanide` are fractions of the M ions.
    """

    anions: FloatArray
    oxygen: FloatArray
    fluorine: FloatArray
    alkali: FloatArray
    tetrahedral: FloatArray
    metal: FloatArray
    mean_m_charge: FloatArray
    divalent: FloatArray
    lanthanide: FloatArray
    light_tetrahedral_halide: FloatArray


@dataclass(frozen=True)
class Framework:
    """A crystal framework.

    Parameters
    ----------
    name : str
        The word used everywhere.
    group : {"nasicon", "halide"}
        Family group; family = mobile ion + group.
    anions : int
        Anions per formula unit, to which every formula is scaled.
    a_sites, m_sites, t_sites : float
        Multiplicities per formula unit; NaN where the framework fixes none. `m_sites` is NaN in the
        halides, where A and M share the octahedra.
    octahedra : float
        Octahedra per formula unit shared by A and M; NaN where A and M have sites of their own.
    coordination : dict of str to int
        Coordination number at which radii are taken, per site.
    recognise : callable
        Which rows of `Counts` belong here; the first framework of the table that says yes wins.
    needs : str
        The same in words, for messages.
    """

    name: str
    group: str
    anions: int
    a_sites: float
    m_sites: float
    t_sites: float
    octahedra: float
    coordination: dict[str, int]
    recognise: Callable[[Counts], BoolArray]
    needs: str

    @property
    def counts_vacancies(self) -> bool:
        """Whether vacancies follow from the formula alone."""
        return bool(np.isfinite(self.a_sites) or np.isfinite(self.octahedra))


def _is_halide(c: Counts) -> BoolArray:
    return (c.oxygen < 1e-9) & (c.metal > 0) & (c.alkali > 0)


_HALIDE_SITES = {"A": 6, "M": 6, "T": 4, "X": 6}

FRAMEWORKS: dict[str, Framework] = {
    framework.name: framework
    for framework in (
        Framework(
            name="nasicon",
            group="nasicon",
            anions=12,
            a_sites=4,
            m_sites=2,
            t_sites=3,
            octahedra=np.nan,
            coordination={"A": 6, "M": 6, "T": 4, "X": 4},
            recognise=lambda c: (
                (c.oxygen + c.fluorine > 0.999)
                & (c.oxygen >= 0.8)
                & (c.tetrahedral >= 2.5)
                & (c.tetrahedral <= 3.3)
                & (c.metal >= 1.2)
                & (c.metal <= 2.6)
                & (c.alkali <= 4.6)
            ),
            needs="12 anions (O, at most a fifth F), about 3 tetrahedral (P, Si) and 2 octahedral ions",
        ),
        Framework(
            name="oxyhalide",
            group="halide",
            anions=6,
            a_sites=np.nan,
            m_sites=np.nan,
            t_sites=np.nan,
            octahedra=np.nan,
            coordination=_HALIDE_SITES,
            recognise=lambda c: (c.oxygen > 0) & (c.oxygen <= 0.5) & (c.metal > 0) & (c.alkali > 0),
            needs="halogens with at most half O, a metal and an alkali ion",
        ),
        Framework(
            name="ucl3_halide",
            group="halide",
            anions=6,
            a_sites=np.nan,
            m_sites=np.nan,
            t_sites=np.nan,
            octahedra=np.nan,
            coordination=_HALIDE_SITES | {"M": 9},
            # La to Gd need not be the majority: P63/m is reported for equal parts of five or six M ions, two
            # of them La and Ce (share 1/3 or more, 1.13 M or more per 6 Cl). A share alone does not decide:
            # Li2.375Zr0.625Nd0.375Cl6 is trigonal at 3/8, with one M per 6 Cl. A bound on the mobile ions
            # adds nothing, neutrality ties them to M. Smaller shares above 1.05 M are not in the dataset;
            # the bound is where a mixture with M5+ turns into AMX6, so that none passes for close-packed.
            recognise=lambda c: (
                _is_halide(c) & (c.lanthanide >= UCL3_LANTHANIDE_FROM - 1e-9) & (c.metal > UCL3_METAL_ABOVE)
            ),
            needs="halogens and M ions, a quarter or more of them La to Gd, more than one M per 6 halogens",
        ),
        Framework(
            name="glass",
            group="halide",
            anions=6,
            a_sites=np.nan,
            m_sites=np.nan,
            t_sites=np.nan,
            octahedra=np.nan,
            coordination=_HALIDE_SITES,
            recognise=lambda c: _is_halide(c) & (c.mean_m_charge > 4.5),
            needs="AMX6 of pentavalent M (NaTaCl6, LiTaCl6)",
        ),
        Framework(
            name="spinel_halide",
            group="halide",
            anions=6,
            a_sites=np.nan,
            m_sites=np.nan,
            t_sites=np.nan,
            octahedra=6,
            coordination=_HALIDE_SITES,
            recognise=lambda c: (
                _is_halide(c)
                & (c.divalent >= 0.5)
                & (c.alkali + c.metal >= 3.95)
                & (c.alkali + c.metal <= 4.9)
                & (c.light_tetrahedral_halide < 0.5)
            ),
            needs="Li2MX4 of divalent M",
        ),
        Framework(
            name="close_packed_halide",
            group="halide",
            anions=6,
            a_sites=np.nan,
            m_sites=np.nan,
            t_sites=np.nan,
            octahedra=6,
            coordination=_HALIDE_SITES,
            # Al, Ga and Zn are tetrahedral in chlorides to iodides (LiAlCl4), octahedral only in fluorides.
            recognise=lambda c: (
                _is_halide(c)
                & (c.metal >= 0.25)
                & (c.alkali + c.metal <= 6.3)
                & ((c.light_tetrahedral_halide < 0.5) | (c.fluorine > 0.5))
            ),
            needs="Li3MX6 or Li2MX6: halogens, octahedral M ions (0.25 or more per 6 halogens), an alkali",
        ),
    )
}
"""The frameworks by name, in the order in which they are tried."""

FAMILIES = tuple(f"{ion.lower()}_{group}" for group in ("nasicon", "halide") for ion in reversed(MOBILE_IONS))
