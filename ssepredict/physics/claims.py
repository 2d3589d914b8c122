"""Stated mechanisms against computed counts: whether vacancies or carriers move as claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ssepredict.chemistry.hosts import hosts_of
from ssepredict.chemistry.sites import SiteTable, parse_sites, read_sites
from ssepredict.exceptions import FormulaError, SsePredictError, did_you_mean
from ssepredict.physics.context import FloatArray
from ssepredict.physics.mechanism import Claim

CLAIM_QUANTITIES = ("vacancies", "carriers")
"""Counts that a mechanism may be about."""

CLAIM_DIRECTIONS = ("up", "down", "same")
"""Where a count is said to go from the host to the composition."""


@dataclass(frozen=True)
class ClaimVerdict:
    """Whether a stated mechanism agrees with the counts of one composition.

    Parameters
    ----------
    formula, host : str
        The composition and what it is held against.
    quantity : {"vacancies", "carriers"}
        The count.
    claimed : {"up", "down", "same", ""}
        The claim; empty where none was made.
    computed : {"up", "down", "same", ""}
        What the formulas say; empty where they do not tell.
    host_value, value : float
        The count per formula unit, in the host and in the composition; NaN where the formula does not tell.
    verdict : {"pass", "inform", "not_evaluable"}
        ``inform`` for a claim that the counts contradict, as the rule `vacancy_direction` gives it.
    sentence : str
        The same in words, with the numbers.
    """

    formula: str
    host: str
    quantity: str
    claimed: str
    computed: str
    host_value: float
    value: float
    verdict: str
    sentence: str

    @property
    def agrees(self) -> bool | None:
        """Whether the counts agree with the claim; None where nothing was claimed or can be counted."""
        return self.claimed == self.computed if self.claimed and self.computed else None


def parse_claim(text: str) -> tuple[str, str]:
    """Read a claim as it is typed, ``vacancies=up``.

    Returns
    -------
    tuple of str
        Quantity and direction.

    Raises
    ------
    SsePredictError
        When the text is no claim, or names an unknown quantity or direction.

    Examples
    --------
    >>> parse_claim("vacancies=up")
    ('vacancies', 'up')
    """
    quantity, sign, direction = (part.strip().lower() for part in str(text).partition("="))
    if not sign:
        raise SsePredictError(
            f"claim {text!r} cannot be read; expected QUANTITY=DIRECTION, e.g. vacancies=up"
        )
    return _known("quantity", quantity, CLAIM_QUANTITIES), _known("direction", direction, CLAIM_DIRECTIONS)


def make_claim(sites: SiteTable, quantity: str, direction: str, host: str | None = None) -> Claim:
    """Bind a claim to the rows of a batch, for `check_sites`.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    quantity : {"vacancies", "carriers"}
        The count.
    direction : {"up", "down", "same", ""}
        Where it is said to go; empty when only the change is asked for.
    host : str, optional
        Formula of the undoped host of all rows; otherwise each row's own, see `hosts_of`.

    Returns
    -------
    Claim

    Raises
    ------
    FormulaError
        When the host cannot be read or fits no framework.
    SsePredictError
        When quantity or direction is unknown, or host and composition count per different formula units.
    """
    _known("quantity", quantity, CLAIM_QUANTITIES)
    if direction:
        _known("direction", direction, CLAIM_DIRECTIONS)
    names = [host] * len(sites) if host is not None else hosts_of(sites).tolist()
    unique = sorted(set(names) - {""})
    counts: dict[str, tuple[str, float]] = {}
    for name in unique:
        try:
            table = parse_sites([name])
        except FormulaError as error:
            if host is None:  # a host such as LaCl3 holds no alkali ion to count
                continue
            raise SsePredictError(f"host of the claim: {error}") from error
        counts[name] = (str(table.group[0]), float(getattr(table, quantity)[0]))
    values = np.full(len(sites), np.nan)
    for row, (name, group) in enumerate(zip(names, sites.group.tolist(), strict=True)):
        if name not in counts or not group:
            continue
        if counts[name][0] != group:
            raise SsePredictError(
                f"host {name!r} is a {counts[name][0]} and row {row + 1} a {group}: their counts per formula "
                "unit cannot be compared; give a host of the same framework"
            )
        values[row] = counts[name][1]
    return Claim(quantity, direction, tuple(names), values)


def judge_claim(sites: SiteTable, claim: Claim, formulas: Sequence[str]) -> list[ClaimVerdict]:
    """Hold a claim against every row.

    Parameters
    ----------
    sites : SiteTable
        n compositions.
    claim : Claim
        Bound to the same rows.
    formulas : sequence of str, length n
        Names of the rows.

    Returns
    -------
    list of ClaimVerdict, length n
    """
    values: FloatArray = getattr(sites, claim.quantity)
    verdicts = []
    for row, (formula, value) in enumerate(zip(formulas, values.tolist(), strict=True)):
        computed, verdict, sentence = claim.judge(row, value)
        before = float(claim.host_values[row])
        verdicts.append(
            ClaimVerdict(
                formula,
                claim.hosts[row],
                claim.quantity,
                claim.direction,
                computed,
                before,
                value,
                verdict,
                sentence,
            )
        )
    return verdicts


def check_claims(
    formulas: Sequence[str], claims: Sequence[str] = (), host: str | None = None
) -> list[ClaimVerdict]:
    """Hold claims as they are typed against many formulas; a formula that cannot be used is left out.

    Parameters
    ----------
    formulas : sequence of str
    claims : sequence of str
        E.g. ``vacancies=up``; with none the change of every count is told.
    host : str, optional
        Host of all; each formula's own when omitted.

    Returns
    -------
    list of ClaimVerdict
        Claims of the first formula, then of the second, and so on.

    Raises
    ------
    SsePredictError
        When a claim cannot be read or the host cannot be used.
    """
    stated = [parse_claim(text) for text in claims] or [(name, "") for name in CLAIM_QUANTITIES]
    table, problems = read_sites(formulas)
    refused = {row for row, _, _ in problems}
    usable = [row for row in range(len(formulas)) if row not in refused]
    sites, names = table.take(usable), [formulas[row] for row in usable]
    per_claim = [
        judge_claim(sites, make_claim(sites, quantity, direction, host), names)
        for quantity, direction in stated
    ]
    return [verdict for row in zip(*per_claim, strict=True) for verdict in row]


def check_claim(
    formula: str, host: str | None = None, quantity: str = "vacancies", direction: str = ""
) -> ClaimVerdict:
    """Tell whether a stated mechanism agrees with the computed counts.

    Parameters
    ----------
    formula : str
        The doped composition.
    host : str, optional
        The undoped host; the composition's own (`hosts_of`) when omitted.
    quantity : {"vacancies", "carriers"}
        What the mechanism is about: empty A sites, or mobile ions on A.
    direction : {"up", "down", "same", ""}
        Where it is said to go; empty to be told only.

    Returns
    -------
    ClaimVerdict

    Raises
    ------
    FormulaError, SsePredictError
        When a formula cannot be used, a word is unknown, or the two count per different formula units.

    Examples
    --------
    >>> check_claim("Na3.4Zr1.7Sc0.2Zn0.1Si2PO12", "Na3Zr2Si2PO12", "vacancies", "up").sentence
    'vacancies fall from 1.0 to 0.6 per formula unit; the claim says up: contradicted'
    >>> check_claim("Li1.8Zr0.8Nb0.2Cl6", "Li2ZrCl6", "vacancies", "up").sentence
    'vacancies rise from 3.0 to 3.2 per formula unit; the claim says up: agrees'
    """
    sites = parse_sites([formula])
    claim = make_claim(sites, quantity, direction, host)
    return judge_claim(sites, claim, [formula])[0]


def _known(what: str, word: str, known: tuple[str, ...]) -> str:
    if word not in known:
        raise SsePredictError(
            f"claim has the unknown {what} {word!r}{did_you_mean(word, known)}; expected one of "
            f"{', '.join(known)}, e.g. vacancies=up"
        )
    return word
