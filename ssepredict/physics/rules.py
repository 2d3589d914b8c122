"""The declared table of physics checks: text, bounds, verdicts and messages come from the same record.

Bounds that come from data were measured on the shipped dataset; the tests compute them again.
"""

from __future__ import annotations

import numpy as np

from ssepredict.chemistry.frameworks import FRAMEWORKS
from ssepredict.chemistry.sites import NEUTRAL_WITHIN
from ssepredict.physics.bounds import Bound, Rule
from ssepredict.physics.competitors import COMPETITORS
from ssepredict.physics.context import REDUCIBLE_IONS
from ssepredict.physics.mechanism import COUNT_RESOLUTION
from ssepredict.physics.quantities import QUANTITIES
from ssepredict.physics.substitution import MONOCLINIC_SILICON, MONOCLINIC_SUBSTITUTED

HALIDES = tuple(name for name, framework in FRAMEWORKS.items() if framework.group == "halide")
CLOSE_PACKED = tuple(name for name, framework in FRAMEWORKS.items() if np.isfinite(framework.octahedra))
COUNTED = tuple(name for name, framework in FRAMEWORKS.items() if framework.counts_vacancies)

_ROOM = 1.06  # oxygen-deficient formulas scaled to 12 anions, and analysed compositions
_NASICON = FRAMEWORKS["nasicon"]
_PAIRS = (
    "Tukey's fences (quartiles -/+ 1.5 interquartile ranges, to 0.1) of the measured pairs at 15 to 45 °C, "
    "per family: {}"
)
_POLYMORPHS = (
    "distinct Na compositions with one stated phase: 39 of 40 inside the field are monoclinic; with the same "
    "Si and more of M replaced 8 of 14. That larger M ions favour R-3c is not seen: the compositions with "
    "La, Ca and Ba are monoclinic"
)

ADMISSIBLE_RANGES: dict[str, tuple[float, float]] = {
    "conductivity_s_cm": (1e-16, 3.0),
    "activation_energy_ev": (0.03, 2.0),
    "ccd_ma_cm2": (0.0, 100.0),
    "fade_pct_per_cycle": (0.0, 100.0),
}
"""Physical range of each target, in the target's own unit."""

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule(
            "charge_neutrality",
            "absolute net charge per formula unit {0}, after the best common oxidation states",
            (Bound("net_charge", "reject", high=NEUTRAL_WITHIN),),
            unit="e",
            reference="D. W. Davies et al., Chem 1 (2016) 617, doi 10.1016/j.chempr.2016.09.010",
        ),
        Rule(
            "site_capacity",
            f"no site holds more than its multiplicity and {100 * (_ROOM - 1):.0f} % (formulas that lack "
            "oxygen, analysed compositions): NASICON M {0}, T {1}, A {2}; octahedra of close-packed halides "
            "{3}; none negative",
            (
                Bound("m_ions", "reject", high=_ROOM * _NASICON.m_sites, frameworks=("nasicon",)),
                Bound("t_ions", "reject", high=_ROOM * _NASICON.t_sites, frameworks=("nasicon",)),
                Bound("a_ions", "reject", high=_ROOM * _NASICON.a_sites, frameworks=("nasicon",)),
                Bound("octahedral_ions", "reject", high=_ROOM * 6, frameworks=CLOSE_PACKED),
                Bound("negative_ions", "reject", low=0.0, frameworks=COUNTED),
            ),
            unit="ions per formula unit",
            reference="H. Y-P. Hong, Mater. Res. Bull. 11 (1976) 173, doi 10.1016/0025-5408(76)90073-8",
            measured_on="per 12 anions Na3Zr1.8Zn0.2Si2PO11.8 holds 3.05 T ions and the analysed "
            "Na3.47Zr1.93Co0.18Si1.97P0.91O12 2.11 M ions; of 1092 neutral samples 1 is above the bounds",
        ),
        Rule(
            "carriers_and_vacancies",
            "conduction needs both: vacancies {0} and (NASICON) carriers {1}; better {2} and {3}",
            (
                Bound("vacancies", "reject", low=0.1),
                Bound("carriers", "reject", low=0.5, frameworks=("nasicon",)),
                Bound("vacancies", "warn", low=0.3),
                Bound("carriers", "warn", low=0.8, frameworks=COUNTED),
            ),
            unit="per formula unit",
            reference="J. B. Goodenough et al., Mater. Res. Bull. 11 (1976) 203, "
            "doi 10.1016/0025-5408(76)90077-5",
        ),
        Rule(
            "vacancy_direction",
            "vacancies or carriers move from the host to the composition as the stated mechanism says: by "
            "{0} in the claimed direction, or by {1} where they are said to stay",
            (
                Bound("claimed_change", "inform", low=COUNT_RESOLUTION),
                Bound("claimed_constancy", "inform", high=COUNT_RESOLUTION),
            ),
            unit="per formula unit",
            reference="site counts: H. Y-P. Hong, Mater. Res. Bull. 11 (1976) 173, "
            "doi 10.1016/0025-5408(76)90073-8; T. Asano et al., Adv. Mater. 30 (2018) 1803075, "
            "doi 10.1002/adma.201803075",
            needs="claim",
            any_suffices=True,
        ),
        Rule(
            "radius_mismatch",
            "M ions against the host ion on their site, Shannon ionic radii at the site's coordination: {0} "
            "passes, {1} has been made at small fractions, more is refused",
            (
                Bound("radius_mismatch", "warn", high=0.15),
                Bound("radius_mismatch", "reject", high=0.60),
            ),
            unit="fraction of the host radius",
            reference="U. Mizutani, Hume-Rothery Rules for Structurally Complex Alloy Phases (2010)",
            measured_on="of 1092 neutral samples 45 % would refuse 38 (also Y in Ti, In in Ge phosphates), "
            "60 % refuses 18 (Ca and La in Ti, Sr in Hf, Sr and Ba in Zr phosphates)",
        ),
        Rule(
            "mean_site_radius",
            "mean M-site radius inside the range of the known compositions: Na NASICON {0}, Li NASICON {1}, "
            "Na halides {2}, Li halides {3}",
            (
                Bound("mean_m_radius", "warn", 0.53, 0.85, ("nasicon",), "Na"),
                Bound("mean_m_radius", "warn", 0.53, 0.76, ("nasicon",), "Li"),
                Bound("mean_m_radius", "warn", 0.72, 0.90, CLOSE_PACKED, "Na"),
                Bound("mean_m_radius", "warn", 0.57, 0.92, CLOSE_PACKED, "Li"),
            ),
            unit="Å",
            reference="M. Guin, F. Tietz, J. Power Sources 273 (2015) 1056, "
            "doi 10.1016/j.jpowsour.2014.09.137 (NASICON conductivity peaks near 0.72 Å)",
            measured_on="1st to 99th percentile over distinct neutral compositions (the whole range where "
            "there are fewer than 50), to 0.01 Å",
        ),
        Rule(
            "radius_ratio",
            "mean M over mean X radius {0}: the octahedral window, Shannon crystal radii",
            (Bound("radius_ratio", "warn", 0.414, 0.732, CLOSE_PACKED),),
            unit="",
            reference="L. Pauling, J. Am. Chem. Soc. 51 (1929) 1010, doi 10.1021/ja01379a006; "
            "R. D. Shannon, Acta Cryst. A 32 (1976) 751, doi 10.1107/S0567739476001551",
            frameworks=HALIDES,
        ),
        Rule(
            "polymorph",
            f"NASICON lie {{0}} outside the field that is monoclinic at room temperature: Na, Si "
            f"{MONOCLINIC_SILICON[0]:g} to {MONOCLINIC_SILICON[1]:g} per formula unit, at most "
            f"{100 * MONOCLINIC_SUBSTITUTED:g} % of M replaced",
            (Bound("monoclinic_distance", "inform", low=0.01, frameworks=("nasicon",)),),
            unit="per formula unit",
            reference="H. Y-P. Hong, Mater. Res. Bull. 11 (1976) 173, doi 10.1016/0025-5408(76)90073-8; "
            "Si 1.8 to 2.2: O. Bohnke et al., Solid State Ionics 122 (1999) 127",
            frameworks=("nasicon",),
            measured_on=_POLYMORPHS,
        ),
        Rule(
            "dopant_fraction",
            "share of every ion on its site beyond the largest share reported without a second phase for "
            "that ion, site and host: {0}",
            (Bound("dopant_excess", "warn", high=0.0),),
            unit="share of the site",
            reference="the shipped dataset, with the source of every sample; its range of NASICON: M. Guin, "
            "F. Tietz, J. Power Sources 273 (2015) 1056, doi 10.1016/j.jpowsour.2014.09.137",
            measured_on="neutral samples without additive whose stated phase names no second one; two of "
            "three samples state no phase, so the table is where a fraction was tried, not a proof of purity",
        ),
        Rule(
            "secondary_phase",
            "below the amounts at which a second phase is to be looked for: "
            + ", ".join(
                f"{entry.phase} with {entry.feeds} {{{number}}}" for number, entry in enumerate(COMPETITORS)
            ),
            tuple(
                Bound(entry.quantity, "inform", high=entry.above, mobile_ion=entry.mobile_ion)
                for entry in COMPETITORS
            ),
            unit="per formula unit",
            reference="ZrO2, Na3PO4: F. Tietz, AIMS Mater. Sci. 4 (2017) 1305, "
            "doi 10.3934/matersci.2017.6.1305; A. Clearfield et al., Solid State Ionics 9-10 (1983) 895; "
            "monazite: N. Clavier et al., J. Eur. Ceram. Soc. 31 (2011) 941, "
            "doi 10.1016/j.jeurceramsoc.2010.12.019; AlPO4: D. Campanella et al., Influence of AlPO4 "
            "Impurity on the Electrochemical Properties of NASICON-Type Li1.5Al0.5Ti1.5(PO4)3 Solid "
            "Electrolyte",
            frameworks=("nasicon",),
            measured_on="Na and Li: 95th percentile over distinct neutral NASICON compositions, to 0.1; Zr "
            "and Al are set by hand below the compositions in which the phase was found (2.0 and 0.5)",
        ),
        Rule(
            "reducible_ion",
            f"no ion that an alkali-metal electrode reduces ({', '.join(map(str, REDUCIBLE_IONS))}; in "
            "halides every M ion): {0}, otherwise an interlayer is needed",
            (Bound("reducible_ions", "inform", high=0.0),),
            unit="ions per formula unit",
            reference="Y. Zhu, X. He, Y. Mo, ACS Appl. Mater. Interfaces 7 (2015) 23685, "
            "doi 10.1021/acsami.5b07517",
        ),
        Rule(
            "admissible_range",
            "values inside their physical range: conductivity {0}, activation energy {1}, critical current "
            "density {2}, fade {3}",
            tuple(
                Bound(name, "reject", QUANTITIES[name].scaled(low), QUANTITIES[name].scaled(high))
                for name, (low, high) in ADMISSIBLE_RANGES.items()
            ),
            unit="fraction of the range (conductivity in decades)",
            reference="conductivity up to that of AgI: K. Funke, Prog. Solid State Chem. 11 (1976) 345",
            needs="prediction",
            any_suffices=True,
            relative=True,
        ),
        Rule(
            "arrhenius_consistency",
            "pre-exponential of the pair (conductivity, activation energy) inside the family's observed "
            "range: Na NASICON {0}, Li NASICON {1}, Na halides {2}, Li halides {3}",
            (
                Bound("prefactor", "warn", 2.3, 6.4, ("nasicon",), "Na"),
                Bound("prefactor", "warn", 0.9, 7.7, ("nasicon",), "Li"),
                Bound("prefactor", "warn", 3.7, 7.3, HALIDES, "Na"),
                Bound("prefactor", "warn", 3.7, 7.3, HALIDES, "Li"),
            ),
            unit="decades",
            reference="M. A. Kraft et al., J. Am. Chem. Soc. 139 (2017) 10909, doi 10.1021/jacs.7b06327 "
            "(pre-exponential and activation energy)",
            needs="prediction",
            measured_on=_PAIRS.format(
                "39 Na NASICON, 141 Li NASICON, 46 Li halides; Na halides, with one "
                "pair, take the range of the Li halides"
            ),
        ),
        Rule(
            "nernst_einstein_ceiling",
            "log10 of conductivity over what carriers, vacancies, hop length and activation energy allow at "
            "1e13 Hz: {0} passes, {1} warns, more is refused (migration entropy lifts real values)",
            (
                Bound("above_ceiling", "warn", high=1.5, frameworks=COUNTED),
                Bound("above_ceiling", "reject", high=2.5, frameworks=COUNTED),
            ),
            unit="decades",
            reference="H. Mehrer, Diffusion in Solids, Springer (2007)",
            needs="prediction",
        ),
    )
}
"""The rules by name; those that need no prediction come first."""

SITE_RULES = {name: rule for name, rule in RULES.items() if rule.needs == "sites"}
"""Rules that judge a composition alone."""

CLAIM_RULES = {name: rule for name, rule in RULES.items() if rule.needs == "claim"}
"""Rules that judge a stated mechanism."""

PREDICTION_RULES = {name: rule for name, rule in RULES.items() if rule.needs == "prediction"}
"""Rules that judge measured or predicted values."""
