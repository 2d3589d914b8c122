"""Every table column of the project, declared once: name, unit, meaning, what it may hold."""

from __future__ import annotations

from ssepredict.columns.derived import DERIVED_TABLES, DERIVED_TITLES
from ssepredict.columns.measured import FOREIGN_KEYS, PRIMARY_KEYS, TABLE_TITLES, TABLES
from ssepredict.columns.records import Column, DType, ForeignKey, Quantity
from ssepredict.columns.supply import SUPPLY_COLUMNS
from ssepredict.columns.vocabulary import (
    ACCESS,
    CONTRIBUTIONS,
    DECISIONS,
    DISCREPANCY_RULES,
    EXCLUSION_REASONS,
    FAMILY_NAMES,
    FOLD_PROTOCOLS,
    FOLDS,
    FRAMEWORK_NAMES,
    ORIGINS,
    QUANTITIES,
    SYNTHESES,
    TEMPERATURE_BANDS,
)

__all__ = [
    "ACCESS",
    "CONTRIBUTIONS",
    "DECISIONS",
    "DERIVED_TABLES",
    "DERIVED_TITLES",
    "DISCREPANCY_RULES",
    "EXCLUSION_REASONS",
    "FAMILY_NAMES",
    "FOLDS",
    "FOLD_PROTOCOLS",
    "FOREIGN_KEYS",
    "FRAMEWORK_NAMES",
    "ORIGINS",
    "PRIMARY_KEYS",
    "QUANTITIES",
    "SUPPLY_COLUMNS",
    "SYNTHESES",
    "TABLES",
    "TABLE_TITLES",
    "TEMPERATURE_BANDS",
    "Column",
    "DType",
    "ForeignKey",
    "Quantity",
]
