"""Physics without machine learning: relations between transport quantities, and the table of checks."""

from __future__ import annotations

from ssepredict.physics.bounds import VERDICTS, Bound, Judgement, Rule
from ssepredict.physics.checks import Verdicts, check, check_sites
from ssepredict.physics.quantities import RuleContext
from ssepredict.physics.rules import ADMISSIBLE_RANGES, PREDICTION_RULES, RULES, SITE_RULES

__all__ = [
    "ADMISSIBLE_RANGES",
    "PREDICTION_RULES",
    "RULES",
    "SITE_RULES",
    "VERDICTS",
    "Bound",
    "Judgement",
    "Rule",
    "RuleContext",
    "Verdicts",
    "check",
    "check_sites",
]
