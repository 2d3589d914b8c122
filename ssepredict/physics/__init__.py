"""Physics without machine learning: relations between transport quantities, and the table of checks."""

from __future__ import annotations

from ssepredict.physics.bounds import VERDICTS, Bound, Judgement, Rule
from ssepredict.physics.checks import Verdicts, check, check_sites
from ssepredict.physics.claims import ClaimVerdict, check_claim, check_claims, make_claim, parse_claim
from ssepredict.physics.context import RuleContext
from ssepredict.physics.mechanism import Claim
from ssepredict.physics.rules import ADMISSIBLE_RANGES, CLAIM_RULES, PREDICTION_RULES, RULES, SITE_RULES

__all__ = [
    "ADMISSIBLE_RANGES",
    "CLAIM_RULES",
    "PREDICTION_RULES",
    "RULES",
    "SITE_RULES",
    "VERDICTS",
    "Bound",
    "Claim",
    "ClaimVerdict",
    "Judgement",
    "Rule",
    "RuleContext",
    "Verdicts",
    "check",
    "check_claim",
    "check_claims",
    "check_sites",
    "make_claim",
    "parse_claim",
]
